"""Daly alarm words into alarms: those of D2 (and of A5, byte by byte the same), and the fault codes of 81.

Level 1 is a warning, level 2 a protection. What only says how things stand (a charger is connected, a switch was opened
by command) is no alarm; it becomes a detail.
"""

from functools import lru_cache
from typing import Final

from ..alarm import Alarm

_PAIRS: Final[tuple[tuple[Alarm, Alarm], ...]] = (
    (Alarm.CELL_OVERVOLTAGE_WARNING, Alarm.CELL_OVERVOLTAGE),
    (Alarm.CELL_UNDERVOLTAGE_WARNING, Alarm.CELL_UNDERVOLTAGE),
    (Alarm.PACK_OVERVOLTAGE_WARNING, Alarm.PACK_OVERVOLTAGE),
    (Alarm.PACK_UNDERVOLTAGE_WARNING, Alarm.PACK_UNDERVOLTAGE),
    (Alarm.CHARGE_OVERTEMPERATURE_WARNING, Alarm.CHARGE_OVERTEMPERATURE),
    (Alarm.CHARGE_UNDERTEMPERATURE_WARNING, Alarm.CHARGE_UNDERTEMPERATURE),
    (Alarm.DISCHARGE_OVERTEMPERATURE_WARNING, Alarm.DISCHARGE_OVERTEMPERATURE),
    (Alarm.DISCHARGE_UNDERTEMPERATURE_WARNING, Alarm.DISCHARGE_UNDERTEMPERATURE),
    (Alarm.CHARGE_OVERCURRENT_WARNING, Alarm.CHARGE_OVERCURRENT),
    (Alarm.DISCHARGE_OVERCURRENT_WARNING, Alarm.DISCHARGE_OVERCURRENT),
    (Alarm.SOC_HIGH_WARNING, Alarm.SOC_HIGH),
    (Alarm.SOC_LOW_WARNING, Alarm.SOC_LOW),
    (Alarm.CELL_IMBALANCE_WARNING, Alarm.CELL_IMBALANCE),
    (Alarm.TEMPERATURE_IMBALANCE_WARNING, Alarm.TEMPERATURE_IMBALANCE),
)

D2_BITS: Final[dict[int, Alarm]] = {
    **{2 * place + level: pair[level] for place, pair in enumerate(_PAIRS) for level in (0, 1)},
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

_HIGH: Final = 8
_LEVELS: Final[tuple[tuple[int, int, Alarm, Alarm], ...]] = tuple(
    (word, shift, *pair)
    for word, shift, pair in (
        (0, 0, _PAIRS[0]),
        (0, 3, _PAIRS[1]),
        (0, _HIGH, _PAIRS[12]),
        (0, _HIGH + 3, _PAIRS[4]),
        (1, 0, _PAIRS[5]),
        (1, 3, _PAIRS[6]),
        (1, _HIGH, _PAIRS[7]),
        (1, _HIGH + 3, _PAIRS[13]),
        (2, 0, _PAIRS[2]),
        (2, 3, _PAIRS[3]),
        (2, _HIGH, _PAIRS[8]),
        (2, _HIGH + 3, _PAIRS[9]),
        (3, 0, _PAIRS[11]),
        (3, 3, (Alarm.SOH_LOW_WARNING, Alarm.SOH_LOW)),
        (3, _HIGH, (Alarm.MOSFET_OVERTEMPERATURE_WARNING, Alarm.MOSFET_OVERTEMPERATURE)),
        (3, _HIGH + 3, (Alarm.THERMAL_RUNAWAY, Alarm.THERMAL_RUNAWAY)),
    )
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
    dict.fromkeys([alarm for *_, first, second in _LEVELS for alarm in (first, second)] + [*P81_BITS.values()])
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
    for word, shift, warning, protection in _LEVELS:
        if level := words[word] >> shift & _LEVEL_MASK:
            found.append(warning if level == 1 else protection)
    found += [alarm for (word, bit), alarm in P81_BITS.items() if words[word] >> bit & 1]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=64)
def p81_states(words: tuple[int, ...]) -> dict[str, bool]:
    """Return what the fault codes of 81 say that is no alarm."""
    return {name: bool(words[word] >> bit & 1) for (word, bit), name in P81_STATES.items() if words[word] >> bit & 1}
