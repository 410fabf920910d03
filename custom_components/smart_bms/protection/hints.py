"""Hints: what follows from a pack's rules and is worth a sentence, beyond yes and no. Text only, never an action."""

from typing import Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .jbd_fullness import is_empty, is_full
from .mirror_state import Moment
from .mirror_view import MirrorView
from .monitor import ProtectionState
from .permission import Reason
from .quantities import sensor_fails
from .rules import ProtectedQuantity
from .smart123 import BYPASS, RESTARTS, contradictions
from .wiring import MAX_SIGN, WiringFault, signs

SHUTDOWN: Final = "shutdown_ahead"
SENSOR_MISSING: Final = "temperature_sensor_missing"
FULL: Final = "pack_full"
EMPTY: Final = "pack_empty"
HEATED_BY_BALANCING: Final = "heated_by_balancing"
RESTARTS_CROSSED: Final = "restarts_crossed"
CONTRADICTION: Final = "settings_contradict"
CODES: Final = (
    SHUTDOWN,
    SENSOR_MISSING,
    FULL,
    EMPTY,
    HEATED_BY_BALANCING,
    RESTARTS_CROSSED,
    CONTRADICTION,
    "wires_in_wrong_order",
    "wire_between_cells",
    "front_end_error",
)
_NEAR_SHUTDOWN: Final = 0.1
"""V above the limit within which the shutdown is hinted at. Our judgment."""
_IN_A_ROW: Final = 900.0
"""s after which two readings are not in a row any more: longer than the slowest poll."""


class Hints:
    """Follows what needs two readings in a row."""

    def __init__(self, family: str) -> None:
        """`family`: key of the pack's make."""
        self._family = family
        self._signs: list[WiringFault] = []
        self._seen_at = float("-inf")
        self.wiring: tuple[WiringFault, ...] = ()
        """What the cells showed in two readings in a row."""

    def update(self, reading: Reading) -> None:
        """Update with a reading."""
        if self._family != "jbd":
            return
        if reading.measured_at - self._seen_at > _IN_A_ROW:
            self._signs = []
        self._seen_at = reading.measured_at
        lowest = reading.cell_voltage_min
        if lowest is not None and lowest > MAX_SIGN and not reading.alarms:
            self._signs, self.wiring = [], ()
            return
        error = None if reading.alarms is None else Alarm.FRONT_END_FAULT in reading.alarms
        now = signs(reading.cell_voltages, front_end_error=error) or []
        self.wiring = tuple(found for found in now if found in self._signs)
        self._signs = now

    def of(self, mirror: MirrorView) -> list[Reason]:
        """Return the hints of this moment."""
        moment = mirror.moment
        if moment is None:
            return []
        found = [Reason(sign.sign.value, ", ".join(str(cell) for cell in sign.cells)) for sign in self.wiring]
        if self._family in ("daly", "jk") and sensor_fails(moment.reading):
            found.append(Reason(SENSOR_MISSING))
        found += _shutdown(mirror)
        if self._family == "jbd":
            if is_full(moment.reading, mirror.values):
                found.append(Reason(FULL))
            if is_empty(moment.reading, mirror.values):
                found.append(Reason(EMPTY))
        if self._family == "smart123":
            found += _of_smart123(mirror, moment)
        return found


def _shutdown(mirror: MirrorView) -> list[Reason]:
    for monitor in mirror.active:
        margin = monitor.margin
        if monitor.rule.powers_off and margin is not None and margin <= _NEAR_SHUTDOWN:
            return [Reason(SHUTDOWN, "", {"limit": monitor.limit, "value": monitor.value, "unit": "V"})]
    return []


def _of_smart123(mirror: MirrorView, moment: Moment) -> list[Reason]:
    found = []
    hot, highest, bypass = (
        mirror.monitors["cell_overtemperature"],
        ProtectedQuantity.CELL_HIGHEST,
        mirror.values.get(BYPASS),
    )
    voltage = moment.measured[highest]
    if hot.state is ProtectionState.TRIPPED and bypass is not None and voltage is not None and voltage >= bypass:
        found.append(Reason(HEATED_BY_BALANCING))
    if contradictions(mirror.values):
        high, low = contradictions(mirror.values)[0]
        found.append(Reason(CONTRADICTION, f"{high}, {low}"))
    charge, discharge = (mirror.values.get(key) for key in RESTARTS.values())
    if charge is not None and discharge is not None and charge <= discharge:
        found.append(Reason(RESTARTS_CROSSED, "", {"charge": charge, "discharge": discharge, "unit": "%"}))
    return found
