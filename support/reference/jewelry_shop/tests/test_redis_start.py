"""The role of a cache server at its start, with watchers and server replaced by small scripts."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "images" / "redis" / "redis-start.sh"
OWN, OTHER = "redis-1.redis-headless.shop.svc.cluster.local", "redis-2.redis-headless.shop.svc.cluster.local"
WAITS_S = 1.5  # a script that still asks after this is waiting, as it should

# Answers as redis-cli does: `-h <watcher>` names the file with the watcher's answer.
# Without a watcher it answers as the server in the container; `clients` has the watchers that are connected to it.
REDIS_CLI = """#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 == -h ]] && watcher=$2; [[ $1 == --raw ]] && shift || shift 2; done
case "$1" in
  ROLE) cat "$ANSWERS/role"; exit ;;
  CLIENT) for one in $(cat "$ANSWERS/clients"); do echo "id=1 name=sentinel-${one}0000000-cmd age=1"; done; exit ;;
  CONFIG) echo "$*" >> "$ANSWERS/set"; echo OK; exit ;;
esac
file="$ANSWERS/${watcher%%.*}"
[[ -s $file ]] || exit 1
read -r master flags < "$file"
case "$2" in
  MASTER) printf 'name\\nmymaster\\nip\\n%s\\nport\\n6379\\nflags\\n%s\\n' "$master" "$flags" ;;
  MYID) number=${watcher#redis-sentinel-}; echo "${number:0:1}000000000000000000000000000000000000000" ;;
  GET-MASTER-ADDR-BY-NAME) printf '%s\\n6379\\n' "$master" ;;
esac
"""


def start(folder: Path, answers: list[str], *, role: str = "slave", connected: str = "", **settings: str) -> str | None:
    """Configuration that the server was started with; None if the script went on waiting."""
    programs, told = folder / "bin", folder / "answers"
    programs.mkdir()
    told.mkdir()
    for name, text in (("redis-cli", REDIS_CLI), ("redis-server", "#!/bin/bash\ncat\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for number, answer in enumerate(answers):
        (told / f"redis-sentinel-{number}").write_text(answer and f"{answer}\n")
    (told / "role").write_text(f"{role}\n")
    (told / "clients").write_text(connected)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "ANSWERS": str(told),
        "REDIS_FOLDER": str(folder),
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
    with (folder / "output").open("w") as output:
        process = subprocess.Popen([SCRIPT], env=environment, stdout=output, start_new_session=True)
    try:
        process.wait(timeout=WAITS_S)
        deadline = time.monotonic() + WAITS_S
        while not (told / "set").exists() and time.monotonic() < deadline:
            time.sleep(0.05)  # seconds between two looks
    except subprocess.TimeoutExpired:
        return None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 0
    return (folder / "output").read_text()


def commands(folder: Path) -> str:
    """What the server was told after its start."""
    told = folder / "answers" / "set"
    return told.read_text() if told.exists() else ""


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


def test_a_follower_is_open_for_writes_at_once(tmp_path):
    told = start(tmp_path, [f"{OTHER} master"] * 3, role="slave")
    assert told is not None
    assert "min-replicas-to-write 3" in told
    assert commands(tmp_path) == "CONFIG SET min-replicas-to-write 1\n"


@pytest.mark.parametrize(
    ("answers", "connected", "opens"),
    [
        ([f"{OWN} master"] * 3, "0 1", True),
        ([f"{OWN} master", f"{OWN} master", f"{OWN} master,s_down,disconnected"], "0 1", True),
        (["10.0.0.7 master", "10.0.0.7 master", ""], "0 1", True),
        ([f"{OWN} master"] * 3, "0", False),
        ([f"{OWN} master"] * 3, "", False),
        ([f"{OWN} master", f"{OWN} master,s_down", f"{OWN} master"], "0 1", False),
        ([f"{OWN} master,s_down", f"{OWN} master,s_down,o_down", f"{OWN} master"], "0 1 2", False),
    ],
    ids=["all", "two of three", "by address", "one connected", "none connected", "others see it", "down for two"],
)
def test_a_master_is_open_for_writes_when_two_watchers_are_connected_and_see_it(tmp_path, answers, connected, opens):
    assert start(tmp_path, answers, role="master", connected=connected) is not None
    assert bool(commands(tmp_path)) == opens


def test_a_master_whose_successor_has_been_chosen_stays_closed(tmp_path):
    answers = [f"{OTHER} master"] * 3
    assert start(tmp_path, answers, role="master", connected="0 1 2", REDIS_START_ROLE="by-name") is not None
    assert commands(tmp_path) == ""
