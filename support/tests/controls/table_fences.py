"""Controls of the ways between the parts: those that are needed, and those that must be closed."""

from __future__ import annotations

from support.systems.jewelry_shop.fences import Attempts
from support.tests.controls.control import Control, thing
from support.tests.test_shop_fences import OK, OUTSIDER, SILENT, WATCHER, attempt

_NEEDED = [attempt(OK), attempt(OK, caller=WATCHER, part="watcher")]
_CLOSED = [attempt(SILENT, caller=OUTSIDER), attempt(SILENT, part="supervisor")]

CONTROLS: dict[str, Control] = {
    "needed ways": thing(Attempts(_NEEDED), Attempts([*_NEEDED, attempt(SILENT, "no answer in time")])),
    "speed of needed ways": thing(Attempts(_NEEDED), Attempts([*_NEEDED, attempt(OK, seconds=3.1)])),
    "closed ways": thing(Attempts(_CLOSED), Attempts([*_CLOSED, attempt(OK, caller=OUTSIDER, part="database")])),
}
