"""Controls of what runs quietly: parts that do not fail, and volumes under the data of the stores."""

from __future__ import annotations

from dataclasses import replace

from support.systems.jewelry_shop.quiet import End
from support.systems.jewelry_shop.volumes import Claims, DataFolder
from support.tests.controls.control import Control, Later, thing
from support.tests.test_quiet import KILLED, LIFE, lives
from support.tests.test_shop_budget import CLAIM, USER

ELSEWHERE = replace(USER, folders=[DataFolder("/tmp/pg", "/")])

CONTROLS: dict[str, Control] = {
    "lives since delivery": thing(lives(LIFE), lives(replace(LIFE, last=End("OOMKilled", 137, KILLED.at)))),
    "undisturbed lives": Control(
        "quiet.read_lives",
        lambda: lives(LIFE),
        lambda: Later(lives(LIFE), lives(replace(LIFE, restarts=2))),
        (lives(LIFE),),
    ),
    "volumes of the stores": thing(Claims([CLAIM], []), Claims([replace(CLAIM, users=[ELSEWHERE])], [])),
}
