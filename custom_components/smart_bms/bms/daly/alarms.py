"""Daly alarm words into alarms: those of D2 (and of A5, byte by byte the same), and the fault codes of 81.

Level 1 is a warning, level 2 a protection. What only says how things stand (a charger is connected, a switch was opened
by command) is no alarm; it becomes a detail.
"""

from functools import lru_cache
from typing import Final

from ..alarm import Alarm
from .frames import Dialect

D2_BITS: Final[dict[int, Alarm]] = {
    0: Alarm.CELL_OVERVOLTAGE_WARNING,
    1: Alarm.CELL_OVERVOLTAGE,
    2: Alarm.CELL_UNDERVOLTAGE_WARNING,
    3: Alarm.CELL_UNDERVOLTAGE,
    4: Alarm.PACK_OVERVOLTAGE_WARNING,
    5: Alarm.PACK_OVERVOLTAGE,
    6: Alarm.PACK_UNDERVOLTAGE_WARNING,
    7: Alarm.PACK_UNDERVOLTAGE,
    8: Alarm.CHARGE_OVERTEMPERATURE_WARNING,
    9: Alarm.CHARGE_OVERTEMPERATURE,
    10: Alarm.CHARGE_UNDERTEMPERATURE_WARNING,
    11: Alarm.CHARGE_UNDERTEMPERATURE,
    12: Alarm.DISCHARGE_OVERTEMPERATURE_WARNING,
    13: Alarm.DISCHARGE_OVERTEMPERATURE,
    14: Alarm.DISCHARGE_UNDERTEMPERATURE_WARNING,
    15: Alarm.DISCHARGE_UNDERTEMPERATURE,
    16: Alarm.CHARGE_OVERCURRENT_WARNING,
    17: Alarm.CHARGE_OVERCURRENT,
    18: Alarm.DISCHARGE_OVERCURRENT_WARNING,
    19: Alarm.DISCHARGE_OVERCURRENT,
    20: Alarm.SOC_HIGH_WARNING,
    21: Alarm.SOC_HIGH,
    22: Alarm.SOC_LOW_WARNING,
    23: Alarm.SOC_LOW,
    24: Alarm.CELL_IMBALANCE_WARNING,
    25: Alarm.CELL_IMBALANCE,
    26: Alarm.TEMPERATURE_IMBALANCE_WARNING,
    27: Alarm.TEMPERATURE_IMBALANCE,
    32: Alarm.MOSFET_OVERTEMPERATURE,
    33: Alarm.MOSFET_OVERTEMPERATURE,
    34: Alarm.MOSFET_SENSOR_FAULT,
    35: Alarm.MOSFET_SENSOR_FAULT,
    36: Alarm.CHARGE_MOSFET_FAULT,
    37: Alarm.DISCHARGE_MOSFET_FAULT,
    38: Alarm.CHARGE_MOSFET_FAULT,
    39: Alarm.DISCHARGE_MOSFET_FAULT,
    40: Alarm.FRONT_END_FAULT,
    41: Alarm.CELL_WIRE_OPEN,
    42: Alarm.TEMPERATURE_SENSOR_FAULT,
    43: Alarm.MEMORY_FAULT,
    44: Alarm.CLOCK_FAULT,
    45: Alarm.PRECHARGE_FAILED,
    46: Alarm.EXTERNAL_COMMUNICATION_FAULT,
    47: Alarm.INTERNAL_COMMUNICATION_FAULT,
    48: Alarm.CURRENT_SENSOR_FAULT,
    49: Alarm.VOLTAGE_SENSOR_FAULT,
    50: Alarm.SHORT_CIRCUIT,
    51: Alarm.CHARGING_FORBIDDEN,
    53: Alarm.EXTERNAL_COMMUNICATION_FAULT,
}
"""By bit of the four words, the first of them lowest."""
D2_OPENED_BY_COMMAND: Final = 52
"""A switch was opened by command: a state."""

_FAULT_LEVELS: Final[tuple[tuple[int, int, Alarm, Alarm], ...]] = (
    (0, 0, Alarm.CELL_OVERVOLTAGE_WARNING, Alarm.CELL_OVERVOLTAGE),
    (0, 3, Alarm.CELL_UNDERVOLTAGE_WARNING, Alarm.CELL_UNDERVOLTAGE),
    (0, 8, Alarm.CELL_IMBALANCE_WARNING, Alarm.CELL_IMBALANCE),
    (0, 11, Alarm.CHARGE_OVERTEMPERATURE_WARNING, Alarm.CHARGE_OVERTEMPERATURE),
    (1, 0, Alarm.CHARGE_UNDERTEMPERATURE_WARNING, Alarm.CHARGE_UNDERTEMPERATURE),
    (1, 3, Alarm.DISCHARGE_OVERTEMPERATURE_WARNING, Alarm.DISCHARGE_OVERTEMPERATURE),
    (1, 8, Alarm.DISCHARGE_UNDERTEMPERATURE_WARNING, Alarm.DISCHARGE_UNDERTEMPERATURE),
    (1, 11, Alarm.TEMPERATURE_IMBALANCE_WARNING, Alarm.TEMPERATURE_IMBALANCE),
    (2, 0, Alarm.PACK_OVERVOLTAGE_WARNING, Alarm.PACK_OVERVOLTAGE),
    (2, 3, Alarm.PACK_UNDERVOLTAGE_WARNING, Alarm.PACK_UNDERVOLTAGE),
    (2, 8, Alarm.CHARGE_OVERCURRENT_WARNING, Alarm.CHARGE_OVERCURRENT),
    (2, 11, Alarm.DISCHARGE_OVERCURRENT_WARNING, Alarm.DISCHARGE_OVERCURRENT),
    (3, 0, Alarm.SOC_LOW_WARNING, Alarm.SOC_LOW),
    (3, 3, Alarm.SOH_LOW_WARNING, Alarm.SOH_LOW),
    (3, 8, Alarm.MOSFET_OVERTEMPERATURE_WARNING, Alarm.MOSFET_OVERTEMPERATURE),
    (3, 11, Alarm.THERMAL_RUNAWAY, Alarm.THERMAL_RUNAWAY),
)
"""Word of the fault codes, lowest of three bits, and the alarms of level 1 and from level 2 on."""
_LEVEL_MASK: Final = 0b111

P81_BITS: Final[dict[tuple[int, int], Alarm]] = {
    (0, 7): Alarm.EXTERNAL_COMMUNICATION_FAULT,
    (0, 15): Alarm.EXTERNAL_COMMUNICATION_FAULT,
    (1, 6): Alarm.MOSFET_OVERTEMPERATURE,
    (1, 7): Alarm.MOSFET_SENSOR_FAULT,
    (1, 14): Alarm.MOSFET_OVERTEMPERATURE,
    (1, 15): Alarm.MOSFET_SENSOR_FAULT,
    (2, 6): Alarm.SHORT_CIRCUIT,
    (2, 14): Alarm.CHARGING_FORBIDDEN,
    (2, 15): Alarm.DISCHARGING_FORBIDDEN,
    (3, 7): Alarm.PARALLEL_MODULE_FAULT,
    (5, 8): Alarm.FRONT_END_FAULT,
    (5, 9): Alarm.FRONT_END_FAULT,
    (5, 10): Alarm.FRONT_END_FAULT,
    (5, 11): Alarm.VOLTAGE_SENSOR_FAULT,
    (5, 12): Alarm.CELL_WIRE_OPEN,
    (5, 13): Alarm.VOLTAGE_SENSOR_FAULT,
    (5, 14): Alarm.CURRENT_SENSOR_FAULT,
    (5, 15): Alarm.TEMPERATURE_SENSOR_FAULT,
    (6, 0): Alarm.TEMPERATURE_SENSOR_FAULT,
    (6, 1): Alarm.MEMORY_FAULT,
    (6, 2): Alarm.MEMORY_FAULT,
    (6, 3): Alarm.CLOCK_FAULT,
    (6, 4): Alarm.CHARGE_MOSFET_FAULT,
    (6, 5): Alarm.DISCHARGE_MOSFET_FAULT,
    (6, 6): Alarm.PRECHARGE_FAILED,
    (6, 7): Alarm.PRECHARGE_FAILED,
    (6, 15): Alarm.HEATER_FAULT,
}
"""By word of the fault codes and bit."""

P81_STATES: Final[dict[tuple[int, int], str]] = {
    (0, 6): "charger_connected",
    (0, 14): "discharger_connected",
    (3, 6): "parallel_connected",
    (5, 2): "forced_closure",
    (6, 8): "charge_off_by_command",
    (6, 9): "discharge_off_by_command",
    (6, 10): "charge_off_by_switch",
    (6, 11): "discharge_off_by_switch",
    (6, 12): "fan",
    (6, 13): "heater",
    (6, 14): "current_limiter",
}

D2_ALARMS: Final = tuple(dict.fromkeys(D2_BITS.values()))
P81_ALARMS: Final = tuple(
    dict.fromkeys([alarm for *_, first, second in _FAULT_LEVELS for alarm in (first, second)] + [*P81_BITS.values()])
)


@lru_cache(maxsize=64)
def d2_alarms(words: tuple[int, ...]) -> tuple[Alarm, ...]:
    """Return the alarms in the four words of D2, or in those that the bytes of A5 make."""
    bits = sum(word << 16 * place for place, word in enumerate(words))
    return tuple(dict.fromkeys(alarm for bit, alarm in D2_BITS.items() if bits >> bit & 1))


@lru_cache(maxsize=64)
def p81_alarms(words: tuple[int, ...]) -> tuple[Alarm, ...]:
    """Return the alarms in the seven fault codes of 81."""
    found = []
    for word, shift, warning, protection in _FAULT_LEVELS:
        if level := words[word] >> shift & _LEVEL_MASK:
            found.append(warning if level == 1 else protection)
    found += [alarm for (word, bit), alarm in P81_BITS.items() if words[word] >> bit & 1]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=64)
def p81_states(words: tuple[int, ...]) -> dict[str, bool]:
    """Return what the fault codes of 81 say that is no alarm."""
    return {name: bool(words[word] >> bit & 1) for (word, bit), name in P81_STATES.items() if words[word] >> bit & 1}


def possible_alarms(variant: str) -> tuple[Alarm, ...]:
    """Return what a board that speaks this dialect can report."""
    return P81_ALARMS if variant == Dialect.P81 else D2_ALARMS
