"""JK alarms: what the bits of the alarm mask in a runtime frame (0x02) say."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ..alarm import Alarm
from .layouts import Variant

ALARM_BITS: Final[Mapping[int, Alarm]] = {
    0: Alarm.BALANCE_WIRE_RESISTANCE,
    1: Alarm.MOSFET_OVERTEMPERATURE,
    2: Alarm.CELL_COUNT_MISMATCH,
    3: Alarm.CURRENT_SENSOR_FAULT,
    4: Alarm.CELL_OVERVOLTAGE,
    5: Alarm.PACK_OVERVOLTAGE,
    6: Alarm.CHARGE_OVERCURRENT,
    7: Alarm.CHARGE_SHORT_CIRCUIT,
    8: Alarm.CHARGE_OVERTEMPERATURE,
    9: Alarm.CHARGE_UNDERTEMPERATURE,
    10: Alarm.INTERNAL_COMMUNICATION_FAULT,
    11: Alarm.CELL_UNDERVOLTAGE,
    12: Alarm.PACK_UNDERVOLTAGE,
    13: Alarm.DISCHARGE_OVERCURRENT,
    14: Alarm.DISCHARGE_SHORT_CIRCUIT,
    15: Alarm.DISCHARGE_OVERTEMPERATURE,
    16: Alarm.CHARGE_MOSFET_FAULT,
    17: Alarm.DISCHARGE_MOSFET_FAULT,
    18: Alarm.GPS_DISCONNECTED,
    19: Alarm.DEFAULT_PASSWORD,
    20: Alarm.DISCHARGE_ON_FAILED,
    21: Alarm.BATTERY_OVERTEMPERATURE_WARNING,
    22: Alarm.TEMPERATURE_SENSOR_FAULT,
    23: Alarm.PARALLEL_MODULE_FAULT,
    24: Alarm.SHORT_CIRCUIT_RELEASE_FAILED,
    25: Alarm.DISCHARGE_OVERCURRENT_2,
    26: Alarm.DISCHARGE_OVERCURRENT_3,
    27: Alarm.DISCHARGE_UNDERTEMPERATURE,
    28: Alarm.GPS_LOCKED,
}
"""By bit of the mask."""

_MASKS: Final = {Variant.JK02_32S: 0xFFFF_FFFF, Variant.JK02_24S: 0xFFFF, Variant.JK04: 0}
"""All that the mask of a layout has room for; active balancers have none."""


@lru_cache(maxsize=64)
def alarms(mask: int) -> tuple[Alarm, ...]:
    """Return the alarms that the mask reports."""
    return tuple(alarm for bit, alarm in ALARM_BITS.items() if mask >> bit & 1)


def possible_alarms(variant: str) -> tuple[Alarm, ...]:
    """Return what a pack of this layout can report."""
    return alarms(_MASKS[Variant(variant)])
