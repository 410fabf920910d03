"""When a JBD board takes its pack for full and for empty, by its manual. True, false or not known."""

from collections.abc import Mapping
from typing import Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .quantities import number

TAIL_CURRENT: Final = 0.5
"""A below which a pack at its full voltage is full (the vendor fixed it)."""
_FULL: Final = frozenset({Alarm.CELL_OVERVOLTAGE, Alarm.PACK_OVERVOLTAGE})
_EMPTY: Final = frozenset({Alarm.CELL_UNDERVOLTAGE, Alarm.PACK_UNDERVOLTAGE})

type Truth = bool | None


def either(*truths: Truth) -> Truth:
    """Return whether any holds: unknown only if that could still make a difference."""
    return True if True in truths else None if None in truths else False


def both(*truths: Truth) -> Truth:
    """Return whether all hold: unknown only if that could still make a difference."""
    return False if False in truths else None if None in truths else True


def is_full(reading: Reading, values: Mapping[str, float | None]) -> Truth:
    """Return whether the pack is full: the mean cell is at its full voltage and less than 0.5 A still flows in, or an
    overvoltage protection tripped.
    """
    mean, full = reading.cell_voltage_mean, number(values.get("soc_100_voltage"))
    current = None if reading.current is None else round(reading.current, 3)
    at_voltage = None if mean is None or full is None else mean >= full
    tail = None if current is None else 0 <= current < TAIL_CURRENT
    return either(both(at_voltage, tail), _reported(reading, _FULL))


def is_empty(reading: Reading, values: Mapping[str, float | None]) -> Truth:
    """Return whether the pack is empty: the mean cell is at the undervoltage limit, or an undervoltage protection tripped."""
    mean, limit = reading.cell_voltage_mean, number(values.get("cell_undervoltage"))
    reached = None if mean is None or limit is None else mean <= limit
    return either(reached, _reported(reading, _EMPTY))


def _reported(reading: Reading, alarms: frozenset[Alarm]) -> Truth:
    return None if reading.alarms is None else not alarms.isdisjoint(reading.alarms)
