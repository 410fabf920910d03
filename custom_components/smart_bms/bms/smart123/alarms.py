"""Status: the flags of a pack, which the vendor documents, and what users see of them."""

from typing import Final

from ..alarm import Alarm
from .generation import Variant

CHARGE_ALLOWED: Final = 1 << 0
DISCHARGE_ALLOWED: Final = 1 << 1
COMMUNICATION_FAULT: Final = 1 << 2
NOT_CALIBRATED: Final = 1 << 7
"""Not an alarm: the state of charge counts from where nobody knows."""

CHARGE_RELAY: Final = 1 << 4
LOAD_RELAY: Final = 1 << 5

LAMPS: Final = (
    (COMMUNICATION_FAULT, Alarm.CELL_COMMUNICATION_FAULT),
    (1 << 3, Alarm.CELL_UNDERVOLTAGE),
    (1 << 4, Alarm.CELL_OVERVOLTAGE),
    (1 << 5, Alarm.CELL_UNDERTEMPERATURE),
    (1 << 6, Alarm.CELL_OVERTEMPERATURE),
)
"""Status byte 1: the lamps E, Vl, Vh, Tl and Th of the vendor's display."""
WARNINGS: Final = (
    (1 << 1, Alarm.EARLY_WARNING),
    (1 << 2, Alarm.CHARGE_UNDERTEMPERATURE),
    (1 << 3, Alarm.DISCHARGE_UNDERTEMPERATURE),
)
"""Status byte 2, which only generation 3 and the newer firmware of the frame tell."""
_TELL_BOTH: Final = frozenset({Variant.GENERATION_3, Variant.FRAME_KEYS})


def possible_alarms(variant: str) -> tuple[Alarm, ...]:
    """Return what a unit can report."""
    warnings = WARNINGS if variant in _TELL_BOTH else ()
    return tuple(alarm for _, alarm in (*LAMPS, *warnings))


def alarms(status: int, status_2: int | None) -> tuple[Alarm, ...]:
    """Return the alarms that both bytes report."""
    return (
        *(alarm for mask, alarm in LAMPS if status & mask),
        *(alarm for mask, alarm in WARNINGS if (status_2 or 0) & mask),
    )
