"""The role of a cache server at its start, with watchers and server replaced by small scripts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "images" / "redis" / "redis-start.sh"
OWN, OTHER = "redis-1.redis-headless.shop.svc.cluster.local", "redis-2.redis-headless.shop.svc.cluster.local"
WAITS_S = 1.5  # a script that still asks after this is waiting, as it should

# Answers as redis-cli does: `-h <watcher>` names the file with the watcher's answer.
REDIS_CLI = """#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 == -h ]] && watcher=$2; [[ $1 == --raw ]] && shift || shift 2; done
file="$ANSWERS/${watcher%%.*}"
[[ -s $file ]] || exit 1
read -r master flags < "$file"
case "$2" in
  MASTER) printf 'name\\nmymaster\\nip\\n%s\\nport\\n6379\\nflags\\n%s\\n' "$master" "$flags" ;;
  GET-MASTER-ADDR-BY-NAME) printf '%s\\n6379\\n' "$master" ;;
esac
"""


def start(folder: Path, answers: list[str], **settings: str) -> str | None:
    """Configuration that the server was started with; None if the script went on waiting."""
    programs, told = folder / "bin", folder / "answers"
    programs.mkdir()
    told.mkdir()
    for name, text in (("redis-cli", REDIS_CLI), ("redis-server", "#!/bin/bash\ncat\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for number, answer in enumerate(answers):
        (told / f"redis-sentinel-{number}").write_text(answer and f"{answer}\n")
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "ANSWERS": str(told),
        "POD_NAME": "redis-1",
        "POD_NAMESPACE": "shop",
        "POD_IP": "10.0.0.7",
        "CLUSTER_DOMAIN": "cluster.local",
        "REDISCLI_AUTH": "word",
        "REDIS_START_ROLE": "sentinel",
        "REDIS_PERSISTENCE": "yes",
        "REDIS_MIN_REPLICAS": "1",
        "REDIS_MAX_LAG_S": "3",
        "REDIS_MASTER_NAME": "mymaster",
        **settings,
    }
    try:
        done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=WAITS_S, check=True)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout


def test_two_watchers_that_name_itself_make_it_master(tmp_path):
    told = start(tmp_path, [f"{OWN} master", f"{OWN} master", ""])
    assert told is not None
    assert "replicaof" not in told
    assert "appendonly yes" in told


def test_its_own_address_is_itself_too(tmp_path):
    told = start(tmp_path, ["10.0.0.7 master", "10.0.0.7 master", ""])
    assert told is not None
    assert "replicaof" not in told


def test_another_master_makes_it_a_follower(tmp_path):
    told = start(tmp_path, [f"{OTHER} master", f"{OWN} master", f"{OTHER} master"])
    assert told is not None
    assert f"replicaof {OTHER} 6379" in told


@pytest.mark.parametrize(
    "answers",
    [
        ["", "", ""],
        [f"{OWN} master", "", ""],
        [f"{OWN} master", f"{OTHER} master", ""],
        [f"{OWN} master,s_down,o_down,failover_in_progress", f"{OWN} master", f"{OWN} master"],
    ],
    ids=["nobody answers", "one alone", "no agreement", "failover under way"],
)
def test_it_waits_rather_than_guesses(tmp_path, answers):
    assert start(tmp_path, answers) is None


def test_sabotage_takes_the_first_server_whatever_the_watchers_say(tmp_path):
    told = start(tmp_path, [f"{OWN} master"] * 3, REDIS_START_ROLE="by-name")
    assert told is not None
    assert "replicaof redis-0.redis-headless.shop.svc.cluster.local 6379" in told
