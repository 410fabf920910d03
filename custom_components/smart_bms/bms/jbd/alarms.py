"""JBD alarms: what the protection bits of basic information (0x03), and the warning bits in its tail, say."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ..alarm import Alarm
from .identity import Variant

PROTECTIONS: Final[Mapping[int, Alarm]] = {
    0: Alarm.CELL_OVERVOLTAGE,
    1: Alarm.CELL_UNDERVOLTAGE,
    2: Alarm.PACK_OVERVOLTAGE,
    3: Alarm.PACK_UNDERVOLTAGE,
    4: Alarm.CHARGE_OVERTEMPERATURE,
    5: Alarm.CHARGE_UNDERTEMPERATURE,
    6: Alarm.DISCHARGE_OVERTEMPERATURE,
    7: Alarm.DISCHARGE_UNDERTEMPERATURE,
    8: Alarm.CHARGE_OVERCURRENT,
    9: Alarm.DISCHARGE_OVERCURRENT,
    10: Alarm.SHORT_CIRCUIT,
    11: Alarm.FRONT_END_FAULT,
    12: Alarm.SOFTWARE_LOCK,
}
"""By protection bit."""

WARNINGS: Final[Mapping[int, Alarm]] = {
    0: Alarm.CELL_OVERVOLTAGE_WARNING,
    1: Alarm.CELL_UNDERVOLTAGE_WARNING,
    2: Alarm.PACK_OVERVOLTAGE_WARNING,
    3: Alarm.PACK_UNDERVOLTAGE_WARNING,
    4: Alarm.CHARGE_OVERTEMPERATURE_WARNING,
    5: Alarm.CHARGE_UNDERTEMPERATURE_WARNING,
    6: Alarm.DISCHARGE_OVERTEMPERATURE_WARNING,
    7: Alarm.DISCHARGE_UNDERTEMPERATURE_WARNING,
    8: Alarm.CHARGE_OVERCURRENT_WARNING,
    9: Alarm.DISCHARGE_OVERCURRENT_WARNING,
    10: Alarm.CELL_IMBALANCE_WARNING,
    11: Alarm.SOC_LOW_WARNING,
}
"""By bit of the warnings in the tail; the higher ones are one source's or always on."""

_UNNAMED_PROTECTIONS: Final = (13, 14, 15)
"""Bits whose meaning the sources dispute: shown as they are."""
SOFTWARE_LOCK: Final = 1 << 12
"""The protection bit of switches that a command has locked."""
_TELL_WARNINGS: Final = frozenset({Variant.EXTENDED, Variant.NEWER})


@lru_cache(maxsize=64)
def alarms(protections: int, warnings: int) -> tuple[Alarm, ...]:
    """Return the alarms that both masks report."""
    found = [alarm for bit, alarm in PROTECTIONS.items() if protections >> bit & 1]
    if unnamed_bits(protections):
        found.append(Alarm.UNNAMED_PROTECTION)
    return (*found, *(alarm for bit, alarm in WARNINGS.items() if warnings >> bit & 1))


def unnamed_bits(protections: int) -> tuple[int, ...]:
    """Return the protection bits that are set and have no name."""
    return tuple(bit for bit in _UNNAMED_PROTECTIONS if protections >> bit & 1)


def possible_alarms(variant: str) -> tuple[Alarm, ...]:
    """Return what a board of this dialect can report."""
    warnings = WARNINGS.values() if variant in _TELL_WARNINGS else ()
    return (*PROTECTIONS.values(), Alarm.UNNAMED_PROTECTION, *warnings)
