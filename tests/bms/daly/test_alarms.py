"""Alarm words: every row of the reference, and nothing for what is no row or only a state."""

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.daly.alarms import D2_ALARMS, P81_ALARMS, d2_alarms, p81_alarms, p81_states
from custom_components.smart_bms.simulator.daly import alarms as simulated

# Reference 4.3: register, bit, alarm.
D2_ROWS = [
    (0x3A, 0, "cell_overvoltage_warning"),
    (0x3A, 1, "cell_overvoltage"),
    (0x3A, 2, "cell_undervoltage_warning"),
    (0x3A, 3, "cell_undervoltage"),
    (0x3A, 4, "pack_overvoltage_warning"),
    (0x3A, 5, "pack_overvoltage"),
    (0x3A, 6, "pack_undervoltage_warning"),
    (0x3A, 7, "pack_undervoltage"),
    (0x3A, 8, "charge_overtemperature_warning"),
    (0x3A, 9, "charge_overtemperature"),
    (0x3A, 10, "charge_undertemperature_warning"),
    (0x3A, 11, "charge_undertemperature"),
    (0x3A, 12, "discharge_overtemperature_warning"),
    (0x3A, 13, "discharge_overtemperature"),
    (0x3A, 14, "discharge_undertemperature_warning"),
    (0x3A, 15, "discharge_undertemperature"),
    (0x3B, 0, "charge_overcurrent_warning"),
    (0x3B, 1, "charge_overcurrent"),
    (0x3B, 2, "discharge_overcurrent_warning"),
    (0x3B, 3, "discharge_overcurrent"),
    (0x3B, 4, "soc_high_warning"),
    (0x3B, 5, "soc_high"),
    (0x3B, 6, "soc_low_warning"),
    (0x3B, 7, "soc_low"),
    (0x3B, 8, "cell_imbalance_warning"),
    (0x3B, 9, "cell_imbalance"),
    (0x3B, 10, "temperature_imbalance_warning"),
    (0x3B, 11, "temperature_imbalance"),
    *((0x3B, bit, None) for bit in range(12, 16)),
    (0x3C, 0, "mosfet_overtemperature"),
    (0x3C, 1, "mosfet_overtemperature"),
    (0x3C, 2, "mosfet_sensor_fault"),
    (0x3C, 3, "mosfet_sensor_fault"),
    (0x3C, 4, "charge_mosfet_fault"),
    (0x3C, 5, "discharge_mosfet_fault"),
    (0x3C, 6, "charge_mosfet_fault"),
    (0x3C, 7, "discharge_mosfet_fault"),
    (0x3C, 8, "front_end_fault"),
    (0x3C, 9, "cell_wire_open"),
    (0x3C, 10, "temperature_sensor_fault"),
    (0x3C, 11, "memory_fault"),
    (0x3C, 12, "clock_fault"),
    (0x3C, 13, "precharge_failed"),
    (0x3C, 14, "external_communication_fault"),
    (0x3C, 15, "internal_communication_fault"),
    (0x3D, 0, "current_sensor_fault"),
    (0x3D, 1, "voltage_sensor_fault"),
    (0x3D, 2, "short_circuit"),
    (0x3D, 3, "charging_forbidden"),
    (0x3D, 4, None),
    (0x3D, 5, "external_communication_fault"),
    *((0x3D, bit, None) for bit in range(6, 16)),
]

# Reference 5.3: register, lowest of three bits, what is wrong.
P81_LEVELS = [
    (0x6D, 0, "cell_overvoltage"),
    (0x6D, 3, "cell_undervoltage"),
    (0x6D, 8, "cell_imbalance"),
    (0x6D, 11, "charge_overtemperature"),
    (0x6E, 0, "charge_undertemperature"),
    (0x6E, 3, "discharge_overtemperature"),
    (0x6E, 8, "discharge_undertemperature"),
    (0x6E, 11, "temperature_imbalance"),
    (0x6F, 0, "pack_overvoltage"),
    (0x6F, 3, "pack_undervoltage"),
    (0x6F, 8, "charge_overcurrent"),
    (0x6F, 11, "discharge_overcurrent"),
    (0x70, 0, "soc_low"),
    (0x70, 3, "soh_low"),
    (0x70, 8, "mosfet_overtemperature"),
]
# Register, bit, alarm, state.
P81_ROWS = [
    (0x6D, 6, None, "charger_connected"),
    (0x6D, 7, "external_communication_fault", None),
    (0x6D, 14, None, "discharger_connected"),
    (0x6D, 15, "external_communication_fault", None),
    (0x6E, 6, "mosfet_overtemperature", None),
    (0x6E, 7, "mosfet_sensor_fault", None),
    (0x6E, 14, "mosfet_overtemperature", None),
    (0x6E, 15, "mosfet_sensor_fault", None),
    (0x6F, 6, "short_circuit", None),
    (0x6F, 7, None, None),
    (0x6F, 14, "charging_forbidden", None),
    (0x6F, 15, "discharging_forbidden", None),
    (0x70, 6, None, "parallel_connected"),
    (0x70, 7, "parallel_module_fault", None),
    (0x70, 14, None, None),
    (0x70, 15, None, None),
    *((0x71, bit, None, None) for bit in range(16)),
    (0x72, 0, None, None),
    (0x72, 1, None, None),
    (0x72, 2, None, "forced_closure"),
    *((0x72, bit, None, None) for bit in range(3, 8)),
    (0x72, 8, "front_end_fault", None),
    (0x72, 9, "front_end_fault", None),
    (0x72, 10, "front_end_fault", None),
    (0x72, 11, "voltage_sensor_fault", None),
    (0x72, 12, "cell_wire_open", None),
    (0x72, 13, "voltage_sensor_fault", None),
    (0x72, 14, "current_sensor_fault", None),
    (0x72, 15, "temperature_sensor_fault", None),
    (0x73, 0, "temperature_sensor_fault", None),
    (0x73, 1, "memory_fault", None),
    (0x73, 2, "memory_fault", None),
    (0x73, 3, "clock_fault", None),
    (0x73, 4, "charge_mosfet_fault", None),
    (0x73, 5, "discharge_mosfet_fault", None),
    (0x73, 6, "precharge_failed", None),
    (0x73, 7, "precharge_failed", None),
    (0x73, 8, None, "charge_off_by_command"),
    (0x73, 9, None, "discharge_off_by_command"),
    (0x73, 10, None, "charge_off_by_switch"),
    (0x73, 11, None, "discharge_off_by_switch"),
    (0x73, 12, None, "fan"),
    (0x73, 13, None, "heater"),
    (0x73, 14, None, "current_limiter"),
    (0x73, 15, "heater_fault", None),
]


def d2_words(register: int, bit: int) -> tuple[int, ...]:
    return tuple(1 << bit if place == register else 0 for place in range(0x3A, 0x3E))


def p81_words(register: int, value: int) -> tuple[int, ...]:
    return tuple(value if place == register else 0 for place in range(0x6D, 0x74))


def test_the_tables_cover_every_bit() -> None:
    assert len(D2_ROWS) == 64
    assert len({(register, bit) for register, bit, _ in D2_ROWS}) == 64
    bits = {(register, bit) for register, bit, *_ in P81_ROWS}
    bits |= {(register, bit + more) for register, bit, _ in [*P81_LEVELS, (0x70, 11, "")] for more in range(3)}
    assert len(bits) == 7 * 16


@pytest.mark.parametrize(("register", "bit", "alarm"), D2_ROWS)
def test_each_bit_of_d2(register, bit, alarm) -> None:
    assert d2_alarms(d2_words(register, bit)) == ((Alarm(alarm),) if alarm else ())


@pytest.mark.parametrize(("register", "bit", "alarm"), P81_LEVELS)
def test_each_level_of_81(register, bit, alarm) -> None:
    assert p81_alarms(p81_words(register, 1 << bit)) == (Alarm(f"{alarm}_warning"),)
    for level in range(2, 8):
        assert p81_alarms(p81_words(register, level << bit)) == (Alarm(alarm),)
    assert p81_states(p81_words(register, 7 << bit)) == {}


def test_thermal_runaway_is_never_a_mere_warning() -> None:
    for level in range(1, 8):
        assert p81_alarms(p81_words(0x70, level << 11)) == (Alarm.THERMAL_RUNAWAY,)


@pytest.mark.parametrize(("register", "bit", "alarm", "state"), P81_ROWS)
def test_each_bit_of_81(register, bit, alarm, state) -> None:
    words = p81_words(register, 1 << bit)
    assert p81_alarms(words) == ((Alarm(alarm),) if alarm else ())
    assert p81_states(words) == ({state: True} if state else {})


def test_nothing_wrong_and_everything_wrong() -> None:
    assert d2_alarms((0, 0, 0, 0)) == ()
    assert p81_alarms((0,) * 7) == ()
    assert p81_states((0,) * 7) == {}
    for found, known in ((d2_alarms((0xFFFF,) * 4), D2_ALARMS), (p81_alarms((0xFFFF,) * 7), P81_ALARMS)):
        assert len(set(found)) == len(found)
        assert set(found) <= set(known)
    assert set(d2_alarms((0xFFFF,) * 4)) == set(D2_ALARMS)


def test_recorded_words() -> None:
    assert d2_alarms((0, 0x80, 0, 0)) == (Alarm.SOC_LOW,)
    assert p81_alarms(p81_words(0x70, 2)) == (Alarm.SOC_LOW,)
    assert p81_alarms(p81_words(0x72, 0x8000)) == (Alarm.TEMPERATURE_SENSOR_FAULT,)
    assert p81_alarms(p81_words(0x70, 0x80)) == (Alarm.PARALLEL_MODULE_FAULT,)


# 0x0072 bit 9 is the communication with the front end: the simulated board calls it internal communication.
@pytest.mark.parametrize("alarm", [alarm for alarm in D2_ALARMS])  # noqa: C416
def test_the_simulated_board_puts_d2_alarms_where_we_look(alarm) -> None:
    words = simulated.d2_words({alarm.value}, charge_switch=True, discharge_switch=True)
    found = d2_alarms(tuple(words.values()))
    assert found in ((alarm,), ())
    assert found or alarm in (Alarm.EXTERNAL_COMMUNICATION_FAULT, Alarm.CHARGING_FORBIDDEN)


@pytest.mark.parametrize("alarm", list(P81_ALARMS))
def test_the_simulated_board_puts_81_alarms_where_we_look(alarm) -> None:
    words = simulated.p81_codes({alarm.value}, charge_switch=True, discharge_switch=True, forced=False)
    assert p81_alarms(tuple(words.values())) in ((alarm,), ())
