"""Where a Daly board shows its alarms: four words in D2 and A5, seven fault codes in 81.

An alarm's name with "_warning" behind it stands for level 1, the bare name for level 2. Single bits know no level.
"""

from typing import Final

# Two bits each, level 1 first.
_D2_LEVELS: Final = {
    "cell_overvoltage": (0x3A, 0),
    "cell_undervoltage": (0x3A, 2),
    "pack_overvoltage": (0x3A, 4),
    "pack_undervoltage": (0x3A, 6),
    "charge_overtemperature": (0x3A, 8),
    "charge_undertemperature": (0x3A, 10),
    "discharge_overtemperature": (0x3A, 12),
    "discharge_undertemperature": (0x3A, 14),
    "charge_overcurrent": (0x3B, 0),
    "discharge_overcurrent": (0x3B, 2),
    "soc_high": (0x3B, 4),
    "soc_low": (0x3B, 6),
    "cell_imbalance": (0x3B, 8),
    "temperature_imbalance": (0x3B, 10),
}
_D2_BITS: Final = {
    "mosfet_overtemperature": (0x3C, 0),
    "mosfet_sensor_fault": (0x3C, 2),
    "charge_mosfet_fault": (0x3C, 4),
    "discharge_mosfet_fault": (0x3C, 5),
    "front_end_fault": (0x3C, 8),
    "cell_wire_open": (0x3C, 9),
    "temperature_sensor_fault": (0x3C, 10),
    "memory_fault": (0x3C, 11),
    "clock_fault": (0x3C, 12),
    "precharge_failed": (0x3C, 13),
    "internal_communication_fault": (0x3C, 15),
    "current_sensor_fault": (0x3D, 0),
    "voltage_sensor_fault": (0x3D, 1),
    "short_circuit": (0x3D, 2),
}
_D2_SWITCHED_OFF: Final = 1 << 4
"""Of 0x3D: a switch was opened by command."""

# Three bits each: the level.
_P81_LEVELS: Final = {
    "cell_overvoltage": (0x6D, 0),
    "cell_undervoltage": (0x6D, 3),
    "cell_imbalance": (0x6D, 8),
    "charge_overtemperature": (0x6D, 11),
    "charge_undertemperature": (0x6E, 0),
    "discharge_overtemperature": (0x6E, 3),
    "discharge_undertemperature": (0x6E, 8),
    "temperature_imbalance": (0x6E, 11),
    "pack_overvoltage": (0x6F, 0),
    "pack_undervoltage": (0x6F, 3),
    "charge_overcurrent": (0x6F, 8),
    "discharge_overcurrent": (0x6F, 11),
    "soc_low": (0x70, 0),
    "mosfet_overtemperature": (0x70, 8),
}
_P81_BITS: Final = {
    "mosfet_sensor_fault": (0x6E, 7),
    "short_circuit": (0x6F, 6),
    "parallel_module_fault": (0x70, 7),
    "front_end_fault": (0x72, 8),
    "internal_communication_fault": (0x72, 9),
    "cell_wire_open": (0x72, 12),
    "voltage_sensor_fault": (0x72, 13),
    "current_sensor_fault": (0x72, 14),
    "temperature_sensor_fault": (0x72, 15),
    "memory_fault": (0x73, 1),
    "clock_fault": (0x73, 3),
    "charge_mosfet_fault": (0x73, 4),
    "discharge_mosfet_fault": (0x73, 5),
    "precharge_failed": (0x73, 7),
}


def d2_words(alarms: set[str], *, charge_switch: bool, discharge_switch: bool) -> dict[int, int]:
    """Return the alarm words 0x3A to 0x3D."""
    words = dict.fromkeys(range(0x3A, 0x3E), 0)
    for name, (register, bit) in _D2_LEVELS.items():
        words[register] |= (f"{name}_warning" in alarms) << bit | (name in alarms) << bit + 1
    for name, (register, bit) in _D2_BITS.items():
        words[register] |= (name in alarms) << bit
    if not (charge_switch and discharge_switch):
        words[0x3D] |= _D2_SWITCHED_OFF
    return words


def p81_codes(alarms: set[str], *, charge_switch: bool, discharge_switch: bool, forced: bool) -> dict[int, int]:
    """Return the fault codes 0x6D to 0x73."""
    codes = dict.fromkeys(range(0x6D, 0x74), 0)
    for name, (register, bit) in _P81_LEVELS.items():
        codes[register] |= (2 if name in alarms else f"{name}_warning" in alarms) << bit
    for name, (register, bit) in _P81_BITS.items():
        codes[register] |= (name in alarms) << bit
    codes[0x72] |= forced << 2
    codes[0x73] |= (not charge_switch) << 8 | (not discharge_switch) << 9
    return codes
