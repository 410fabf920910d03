"""Measurements of all three dialects, and what boards send where they have nothing to say."""

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.daly.common import cells, completed, current, milliamperes, probes, soc, text
from custom_components.smart_bms.bms.daly.decode import (
    a5_frames_needed,
    decode_a5,
    decode_d2,
    decode_p81,
    decode_p81_state,
    decode_p81_uptime,
    joined,
)
from custom_components.smart_bms.bms.daly.frames import Dialect, RegisterAnswer
from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.trust import possible
from custom_components.smart_bms.simulator.daly import d2 as daly_d2, p81 as daly_p81
from custom_components.smart_bms.simulator.daly.a5 import Uart
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from tests.support.daly_telegrams import block, d2_status, p81_live, p81_state
from tests.support.packs import daly_pack


def d2(cells_of_it=(3300, 3310, 3305, 3320), more=(), **changes):
    return decode_d2(block(0, 62, d2_status(cells_of_it, **changes)), more)


def p81(cells_of_it=(3300, 3310, 3305, 3320), **changes):
    return decode_p81(block(0, 65, p81_live(cells_of_it, **changes)))


def state(**changes):
    return decode_p81_state(block(0x41, 62, p81_state(**changes)))


def a5(answers, **options):
    frames = {
        command: [bytes.fromhex(data) for data in ([found] if isinstance(found, str) else found)]
        for command, found in answers.items()
    }
    return decode_a5(frames, **options)


# D2.


def test_a_d2_status() -> None:
    values = d2(r29=29975, r2F=2, r30=1178, r34=1, r36=0)
    assert values["voltage"] == 13.2
    assert values["current"] == -2.5
    assert values["power"] == -33.0
    assert values["soc"] == 50.0
    assert values["remaining_capacity"] == 117.8
    assert values["cycles"] == 12
    assert values["cell_voltages"] == (3.3, 3.31, 3.305, 3.32)
    assert values["cell_range"] == (3.3, 3.32)
    assert values["temperatures"] == {"temperature_1": 22.0, "temperature_2": 22.0}
    assert (values["balancing"], values["charging_enabled"], values["discharging_enabled"]) == (True, True, False)
    assert (values["alarms"], values["alarm_mask"]) == ((), 0)
    assert values["details"] == {
        "state": "discharging",
        "stated_cells": 4,
        "probe_count": 2,
        "stated_cell_delta": 0.02,
        "opened_by_command": False,
    }


@pytest.mark.parametrize(("raw", "expected"), [(0, "idle"), (1, "charging"), (2, "discharging"), (3, "unknown_3")])
def test_the_state(raw, expected) -> None:
    assert d2(r2F=raw)["details"]["state"] == expected
    assert state(r48=raw)["details"]["state"] == expected
    assert a5({0x93: f"{raw:02x}01010000000000"})["details"]["state"] == expected


@pytest.mark.parametrize(
    ("raw", "expected"), [(30000, 0.0), (30031, 3.1), (29969, -3.1), (0, None), (0xFFFF, None), (60000, 3000.0)]
)
def test_the_current_is_positive_above_30000_on_the_wire(raw, expected) -> None:
    assert d2(r29=raw)["current"] == expected
    assert p81(r39=raw)["current"] == expected
    assert a5({0x90: f"02120000{raw:04x}0200"})["current"] == expected
    assert ("power" in d2(r29=raw)) is (expected is not None)


def test_a_current_is_told_as_it_stands_whether_or_not_it_can_be() -> None:
    assert current(1) == -2999.9
    assert current(65534) == 3553.4


@pytest.mark.parametrize(("raw", "expected"), [(0, 0.0), (1000, 100.0), (0xFFFF, None)])
def test_the_state_of_charge(raw, expected) -> None:
    assert d2(r2A=raw)["soc"] == p81(r3A=raw)["soc"] == expected
    assert soc(raw) == expected


def test_one_value_that_cannot_be_does_not_take_the_others_and_the_alarms_away() -> None:
    for values in (d2(r2A=1001), p81(r3A=1001), a5({0x90: "02120000753003e9"})):
        shown = possible(Reading.of(values | {"measured_at": 0.0}))
        assert shown.soc is None
        assert shown.implausible == ("soc",)
        assert shown.voltage is not None
    assert cells([5000, 6501]) == (5.0, 6.501)
    assert cells([]) == ()
    for values in (d2((3300, 6501)), p81((3300, 0xFFFF))):
        shown = possible(Reading.of(values | {"measured_at": 0.0}))
        assert shown.cell_voltages == (3.3, None)
        assert shown.implausible == ("cell_voltage_2",)


def test_only_the_stated_sensors_count_and_missing_ones_are_left_out() -> None:
    values = d2(r32=4, r20=40, r21=0x00FF, r22=0, r23=0xFFFF, r24=0x84, r25=3)
    assert values["temperatures"] == {"temperature_1": 0.0}
    assert d2(r32=0)["temperatures"] == {}
    assert len(d2(r32=200, **{f"r{place:X}": 50 for place in range(0x20, 0x29)})["temperatures"]) == 8
    assert dict(probes([1, 39, 40, 130])) == {
        "temperature_1": -39.0,
        "temperature_2": -1.0,
        "temperature_3": 0.0,
        "temperature_4": 90.0,
    }


@pytest.mark.parametrize(("register", "key"), [("r35", "charging_enabled"), ("r36", "discharging_enabled")])
@pytest.mark.parametrize(("raw", "expected"), [(0, False), (1, True), (2, None), (0xFFFF, None)])
def test_switches_of_d2(register, key, raw, expected) -> None:
    assert d2(**{register: raw})[key] is expected


@pytest.mark.parametrize(("raw", "expected"), [(0, False), (1, True), (2, True), (3, None), (7, None), (0xFFFF, None)])
def test_balancing(raw, expected) -> None:
    assert d2(r34=raw)["balancing"] is expected
    assert state(r4D=raw)["balancing"] is expected


def test_registers_that_a_board_does_not_have_are_no_values() -> None:
    values = d2(r30=0xFFFF, r33=0xFFFF, r38=0xFFFF)
    assert values["remaining_capacity"] is None
    assert values["cycles"] is None
    assert "stated_cell_delta" not in values["details"]
    values = state(r4B=0xFFFF, r4C=0xFFFF, r4E=0xFFFF, r52=0xFFFF, r42=0xFFFF)
    assert [values[key] for key in ("remaining_capacity", "cycles", "balance_current", "charging_enabled")] == [
        None
    ] * 4
    assert "stated_cell_delta" not in values["details"]


def test_alarm_words_of_d2() -> None:
    values = d2(r3A=0x8000, r3B=0x0080, r3D=0x0010)
    assert values["alarms"] == (Alarm.DISCHARGE_UNDERTEMPERATURE, Alarm.SOC_LOW)
    assert values["alarm_mask"] == 0x8000_0080_0000_0010
    assert values["details"]["opened_by_command"] is True
    assert d2(r3D=1)["alarm_mask"] == 1


def test_the_extended_block_comes_apart_or_behind_the_status() -> None:
    more = {0x3E: 0x0081, 0x3F: 1, 0x40: 30250, 0x42: 55, 0x43: 0}
    apart = d2(more=block(0x3E, 9, more))
    behind = decode_d2(block(0, 80, d2_status() | more))
    for values in (apart, behind):
        assert values["balance_current"] == 0.25
        assert values["temperatures"]["mosfet"] == 15.0
        assert "board" not in values["temperatures"]
        assert values["details"]["balance_mask"] == 0x1_0081
    assert "balance_current" not in d2()
    assert "balance_current" not in d2(more=block(0x3E, 8, more))


@pytest.mark.parametrize("raw", [0, 0xFF, 0xFFFF])
def test_an_extended_block_without_content(raw) -> None:
    values = d2(more=block(0x3E, 9, {0x42: raw, 0x43: raw}))
    assert set(values["temperatures"]) == {"temperature_1", "temperature_2"}
    assert values["balance_current"] is None
    assert "balance_mask" not in values["details"]


@pytest.mark.parametrize(("raw", "expected"), [(30000, 0.0), (29000, -1.0), (0, None), (0xFFFF, None)])
def test_the_balance_current_is_in_milliamperes(raw, expected) -> None:
    assert milliamperes(raw) == expected
    assert state(r4E=raw)["balance_current"] == expected


@pytest.mark.parametrize("count", [33, 40, 48])
def test_cells_from_the_33rd_on_are_in_the_extended_block(count) -> None:
    volts = tuple(3200 + number for number in range(count))
    more = block(0x3E, 25, {0x47 + place: volt for place, volt in enumerate(volts[32:])})
    values = d2(volts, more)
    assert values["cell_voltages"] == tuple(volt / 1000 for volt in volts)
    assert len(d2(volts, more[:9])["cell_voltages"]) == 32
    assert len(d2(volts)["cell_voltages"]) == 32


def test_more_cells_than_there_are_registers_for_are_not_made_up() -> None:
    registers = d2_status((3300,) * 32, r31=60) | {0x47 + place: 3300 for place in range(16)} | {0x57: 0x00A5}
    assert len(decode_d2(block(0, 110, registers))["cell_voltages"]) == 48
    assert len(p81((3300,) * 48, r3C=60)["cell_voltages"]) == 48


def test_no_cells() -> None:
    for values in (d2(r31=0), p81(r3C=0)):
        assert values["cell_voltages"] == ()
        assert "cell_range" not in values


@pytest.mark.parametrize(
    ("decode", "count"),
    [(decode_d2, 61), (decode_p81, 63), (decode_p81_state, 61), (decode_p81_uptime, 9), (decode_d2, 0)],
)
def test_a_block_that_is_too_short_is_refused(decode, count) -> None:
    with pytest.raises(FrameError, match="length"):
        decode((0,) * count)


# 81.


def test_the_first_block_of_81() -> None:
    values = p81(r39=29911, r3A=864, r3D=4, r32=0xFF, r33=0)
    assert values["current"] == -8.9
    assert values["soc"] == 86.4
    assert values["temperatures"] == {"temperature_1": 22.0, "temperature_2": 23.0}
    assert values["details"] == {"stated_cells": 4, "probe_count": 4, "heartbeat": 7, "probes_missing": 2}
    assert decode_p81(block(0, 64, p81_live())) == p81()


def test_the_recorded_storage_board() -> None:
    # The worked check of the reference.
    values = p81((3313,) * 16, r38=530, r39=0x74D7, r3A=0x0360)
    assert (values["voltage"], values["current"], values["soc"], values["power"]) == (53.0, -8.9, 86.4, -471.7)
    assert state(r4B=0x0A98)["remaining_capacity"] == 271.2


def test_the_second_block_of_81() -> None:
    values = state(r48=1, r4D=2, r4E=30500, r4F=1, r51=0x8000, r52=0, r54=1, r55=1, r59=1234, r5B=70)
    assert values["details"] == {
        "state": "charging",
        "balance_state": 2,
        "stated_cell_delta": 0.02,
        "energy": 1234,
        "balance_mask": 1 | 0x8000 << 32,
    }
    assert (values["charging_enabled"], values["discharging_enabled"]) == (False, True)
    assert (values["precharging"], values["heating"]) == (True, True)
    assert values["temperatures"] == {"mosfet": 24.0, "board": 30.0}
    assert (values["balance_current"], values["remaining_capacity"], values["cycles"]) == (0.5, 50.0, 3)


@pytest.mark.parametrize("raw", [0, 0xFFFF])
def test_energy_that_is_not_counted(raw) -> None:
    assert "energy" not in state(r59=raw)["details"]


def test_faults_and_states_of_81() -> None:
    values = state(r6D=2, r70=0x80, r72=0x8004, r73=0x0100)
    assert values["alarms"] == (Alarm.CELL_OVERVOLTAGE, Alarm.PARALLEL_MODULE_FAULT, Alarm.TEMPERATURE_SENSOR_FAULT)
    assert values["alarm_mask"] == 0x0002_0000_0000_0080_0000_8004_0100
    assert values["details"]["forced_closure"] is True
    assert values["details"]["charge_off_by_command"] is True


def test_uptime() -> None:
    words = block(0xA4, 10, {0xA9: 2, 0xAA: 0x8E7F, 0xAB: 0, 0xAC: 99})
    assert decode_p81_uptime(words) == 0x2_8E7F
    assert decode_p81_uptime((0xFFFF,) * 10) is None


def test_two_blocks_make_one_reading() -> None:
    values = joined(p81(), state())
    assert values["temperatures"] == {"temperature_1": 22.0, "temperature_2": 23.0, "mosfet": 24.0}
    assert {"heartbeat", "state"} <= values["details"].keys()
    assert (values["soc"], values["cycles"]) == (50.0, 3)
    assert joined({"soc": 1.0}, {"soc": 2.0}) == {"soc": 2.0, "temperatures": {}, "details": {}}


def test_a_block_that_the_board_does_not_have_is_no_measurement() -> None:
    with pytest.raises(FrameError):
        decode_d2((0xFFFF,) * 62)
    with pytest.raises(FrameError):
        decode_p81((0xFFFF,) * 65)
    nothing = decode_p81_state((0xFFFF,) * 62)
    wanted = ("remaining_capacity", "cycles", "balancing", "balance_current", "charging_enabled", "heating")
    assert [nothing[key] for key in wanted] == [None] * len(wanted)


# A5.


def test_the_example_of_the_reference() -> None:
    values = a5({0x90: "0212000075300200"})
    assert values == {
        "temperatures": {},
        "voltage": 53.0,
        "current": 0.0,
        "soc": 51.2,
        "power": 0.0,
        "details": {},
    }


FOUR = {
    0x90: "00850000753001e4",
    0x93: "0201002500009de9",
    0x94: "0402000000000a43",
    0x95: ["010ce40ce50ce643", "020ce70ce50ce643"],
    0x96: ["013e3f0102030405"],
    0x97: "0a00000000009de9",
    0x98: "0200000000001007",
}


def test_all_answers_make_a_reading() -> None:
    values = a5(FOUR)
    assert values["cell_voltages"] == (3.3, 3.301, 3.302, 3.303)
    assert values["temperatures"] == {"temperature_1": 22.0, "temperature_2": 23.0}
    assert (values["charging_enabled"], values["discharging_enabled"]) == (True, False)
    assert values["remaining_capacity"] == 40.425
    assert values["cycles"] == 10
    assert (values["balancing"], values["balancing_cells"]) == (True, (2, 4))
    assert values["alarms"] == (Alarm.CELL_OVERVOLTAGE,)
    assert values["alarm_mask"] == 0x0002_0000_0000_0010
    assert values["details"] == {
        "state": "discharging",
        "heartbeat": 37,
        "stated_cells": 4,
        "charger_connected": False,
        "load_connected": False,
        "probe_count": 2,
        "opened_by_command": True,
        "fault_code": 7,
    }


def test_the_bytes_of_a5_are_the_words_of_d2() -> None:
    words = (0x8421, 0x0842, 0x1284, 0x0025)
    data = b"".join(word.to_bytes(2, "little") for word in words)[:7] + b"\0"
    found = decode_a5({0x98: [data]})
    same = d2(r3A=words[0], r3B=words[1], r3C=words[2], r3D=words[3])
    assert (found["alarms"], found["alarm_mask"]) == (same["alarms"], same["alarm_mask"])
    assert "fault_code" not in found["details"]


def test_nothing_comes_of_nothing() -> None:
    assert a5({}) == {"temperatures": {}, "details": {}}
    assert decode_a5({0x90: [], 0x94: [], 0x98: []}) == {"temperatures": {}, "details": {}}


def test_a_stale_byte_is_no_temperature_of_the_power_stage() -> None:
    assert "mosfet" not in a5(FOUR)["temperatures"]
    assert a5(FOUR, mosfet=True)["temperatures"]["mosfet"] == 27.0
    for raw in ("00", "09", "a1", "ff"):
        assert "mosfet" not in a5({0x94: f"04020000000000{raw}"}, mosfet=True)["temperatures"]
    assert a5({0x94: "040200000000000a"}, mosfet=True)["temperatures"]["mosfet"] == -30.0
    assert a5({0x94: "04020000000000a0"}, mosfet=True)["temperatures"]["mosfet"] == 120.0


def test_cycles_that_are_not_counted() -> None:
    assert a5({0x94: "0402000000ffff00"})["cycles"] is None


def test_frames_of_cells_in_any_order_twice_and_beyond_the_last_cell() -> None:
    frames = ["020ce70ce80ce900", "ff11111111111111", "010ce40ce50ce600", "010ce40ce50ce600", "03eeeeeeeeeeee00"]
    assert a5({0x94: "0500000000000000", 0x95: frames})["cell_voltages"] == (3.3, 3.301, 3.302, 3.303, 3.304)


def test_an_index_from_zero_counts_from_there() -> None:
    frames = ["000ce40ce50ce600", "010ce70000000000"]
    assert a5({0x94: "0400000000000000", 0x95: frames})["cell_voltages"] == (3.3, 3.301, 3.302, 3.303)
    assert a5({0x94: "0009000000000000", 0x96: ["003e3e3e3e3e3e3e", "013f400000000000"]})["temperatures"] == {
        **{f"temperature_{number}": 22.0 for number in range(1, 8)},
        "temperature_8": 23.0,
        "temperature_9": 24.0,
    }


def test_a_missing_frame_of_cells_is_no_reading() -> None:
    for frames in ([], ["010ce40ce50ce600"], ["010ce40ce50ce600", "030ce70ce70ce700"]):
        with pytest.raises(FrameError, match="incomplete"):
            a5({0x94: "0600000000000000", 0x95: frames})


def test_without_a_count_the_cells_end_at_the_first_that_is_zero() -> None:
    assert a5({0x95: ["010ce40ce5000000", "020ce70000000000"]})["cell_voltages"] == (3.3, 3.301)


def test_the_most_cells_and_sensors() -> None:
    frames = [bytes((number, *(12, 228) * 3, 0)).hex() for number in range(1, 17)]
    assert len(a5({0x94: "ff00000000000000", 0x95: frames})["cell_voltages"]) == 48
    sensors = [bytes((number, *(62,) * 7)).hex() for number in range(1, 4)]
    assert len(a5({0x94: "04ff000000000000", 0x96: sensors})["temperatures"]) == 16


def test_sensors_that_are_missing() -> None:
    assert a5({0x94: "0404000000000000", 0x96: "013e00ff3f505050"})["temperatures"] == {
        "temperature_1": 22.0,
        "temperature_4": 23.0,
    }
    assert a5({0x94: "0400000000000000", 0x96: "0132323232323232"})["temperatures"] == {}
    assert a5({0x94: "0402000000000000", 0x96: []})["temperatures"] == {}


@pytest.mark.parametrize(
    ("data", "count", "balancing", "cells_balancing"),
    [
        ("0000000000000000", 16, False, ()),
        ("000000000000ffff", 16, False, ()),
        ("9000000000000000", 8, True, (5, 8)),
        ("0080000000000000", 16, True, (16,)),
        ("0101000000000000", 16, True, None),
        ("0005000000000000", 16, True, None),
        ("0110000000000000", 16, True, None),
        ("0011000000000000", 16, True, (9, 13)),
        ("0100000000000000", 16, True, (1,)),
        ("0201000000000000", 16, True, (2, 9)),
        ("0001010000000000", 24, True, (9, 17)),
        ("0001000000000000", 8, True, None),
        ("0000000000800000", 48, True, (48,)),
        ("0000010000000000", 16, True, None),
    ],
)
def test_who_is_balanced_where_that_can_be_told(data, count, balancing, cells_balancing) -> None:
    values = a5({0x94: f"{count:02x}00000000000000", 0x97: data})
    assert values["balancing"] is balancing
    assert values.get("balancing_cells") == cells_balancing


def test_how_many_frames_hold_how_many_values() -> None:
    assert [a5_frames_needed(count, 3) for count in (0, 1, 3, 4, 14, 16, 48)] == [0, 1, 1, 2, 5, 6, 16]
    assert [a5_frames_needed(count, 7) for count in (0, 1, 7, 8)] == [0, 1, 1, 2]


# Whatever comes.


@given(st.lists(st.integers(0, 0xFFFF), max_size=130), st.lists(st.integers(0, 0xFFFF), max_size=40))
@hypothesis_settings(max_examples=200, deadline=None)
def test_registers_become_values_or_a_reason(words, more) -> None:
    registers = tuple(words)
    for decode in (lambda: decode_d2(registers, tuple(more)), lambda: decode_p81(registers)):
        try:
            values = decode()
        except FrameError:
            continue
        assert len(values["cell_voltages"]) <= 48
        assert all(0 <= volts <= 5 for volts in values["cell_voltages"])
    for decode_other in (decode_p81_state, decode_p81_uptime):
        if len(registers) >= 62:
            decode_other(registers)


@given(
    st.dictionaries(st.integers(0x90, 0x98), st.lists(st.binary(min_size=8, max_size=8), max_size=20)), st.booleans()
)
@hypothesis_settings(max_examples=200, deadline=None)
def test_answers_of_a5_become_values_or_a_reason(answers, mosfet) -> None:
    try:
        values = decode_a5(answers, mosfet=mosfet)
    except FrameError:
        return
    assert len(values.get("cell_voltages", ())) <= 48
    assert len(values["temperatures"]) <= 17


@given(st.binary(max_size=40))
@hypothesis_settings(max_examples=200, deadline=None)
def test_a_text_is_only_text(data) -> None:
    assert text(data).isprintable()
    assert text(data) == text(data).strip()


def test_texts() -> None:
    assert text(b"T00K_321042_11\0\0") == "T00K_321042_11"
    assert text(b"   BMS  \0old") == "BMS"
    assert text(b"\xff" * 8) == text(b"\0" * 8) == text(b"") == ""


def test_power_needs_voltage_and_current() -> None:
    assert completed({"voltage": 50.0, "current": -2.0})["power"] == -100.0
    assert "power" not in completed({"voltage": None, "current": 1.0})
    assert "power" not in completed({"voltage": 50.0})


# The simulated board, written by another hand, is the second opinion.


def check(values, firmware) -> None:
    assert values["voltage"] == firmware.voltage / 10
    assert values["soc"] == pytest.approx(firmware.board.soc * 100, abs=0.05)
    assert values["cell_voltages"] == tuple(cell / 1000 for cell in firmware.cells)
    assert values["remaining_capacity"] == pytest.approx(firmware.remaining, abs=0.05)
    assert values["charging_enabled"] is firmware.charge_mos
    assert values["discharging_enabled"] is firmware.discharge_mos
    assert values["cycles"] == firmware.board.cycles
    probes_there = [value for key, value in values["temperatures"].items() if key.startswith("temperature_")]
    assert probes_there == [raw - 40 for raw in firmware.probes]
    assert values["alarms"] == (() if firmware.label.ntcs_plugged else (Alarm.TEMPERATURE_SENSOR_FAULT,))
    assert values["details"]["state"] == ("idle", "charging", "discharging")[firmware.state]


def running(label, amperes, cell_count=8):
    pack = daly_pack(label, cells=cell_count, profile=lambda _: amperes)
    pack.firmware.step(5)
    return pack.firmware


def registers_of(image, first, count):
    return RegisterAnswer(
        Dialect.D2, b"".join(image.get(first + place, 0xFFFF).to_bytes(2) for place in range(count))
    ).words


@pytest.mark.parametrize("label", [K_D2, LAYOUT_B], ids=["K", "B"])
@pytest.mark.parametrize(("amperes", "cell_count"), [(0.0, 4), (20.0, 16), (-20.0, 24), (-3.0, 40)])
def test_d2_agrees_with_the_simulated_board(label, amperes, cell_count) -> None:
    firmware = running(label, amperes, cell_count)
    image = daly_d2.image(firmware)
    values = decode_d2(registers_of(image, 0, 62), registers_of(image, 0x3E, 25))
    check(values, firmware)
    assert values["current"] == firmware.current / 10
    assert values["temperatures"].get("mosfet") == (
        firmware.mos_temperature - 40 if label.supports_mos_temperature else None
    )


@pytest.mark.parametrize("label", [ESS_81, K_81_NO_NTC], ids=["storage", "no NTC"])
@pytest.mark.parametrize("amperes", [0.0, 20.0, -20.0])
def test_81_agrees_with_the_simulated_board(label, amperes) -> None:
    firmware = running(label, amperes, 16)
    image = daly_p81.image(firmware)
    values = joined(decode_p81(registers_of(image, 0, 65)), decode_p81_state(registers_of(image, 0x41, 62)))
    check(values, firmware)
    assert values["current"] == firmware.current / 10
    assert values["details"]["probes_missing"] == (0 if label.ntcs_plugged else label.ntcs)
    uptime = decode_p81_uptime(registers_of(image, 0xA4, 10))
    assert uptime == (int(firmware.board.runtime) if label.storage else None)


@pytest.mark.parametrize("label", [LEGACY_A5, R24_A5], ids=["legacy", "R24"])
@pytest.mark.parametrize(("amperes", "cell_count"), [(0.0, 4), (20.0, 16), (-20.0, 14)])
def test_a5_agrees_with_the_simulated_board(label, amperes, cell_count) -> None:
    firmware = running(label, amperes, cell_count)
    uart = Uart(firmware)
    commands = (0x94, 0x90, 0x93, 0x95, 0x96, 0x97, 0x98)
    answers = {command: [frame[4:12] for frame in uart.read(command)] for command in commands}
    values = decode_a5(answers)
    check(values, firmware)
    assert values["current"] == (-1 if label.inverted else 1) * firmware.current / 10


@pytest.mark.parametrize(
    ("data", "reported"),
    [
        ("1001000000000000", {"charger_connected": False, "load_connected": False}),
        ("1001010000000000", {"charger_connected": True, "load_connected": False}),
        ("1001000100000000", {"charger_connected": False, "load_connected": True}),
        ("1001070100000000", {"load_connected": True}),
    ],
)
def test_old_boards_tell_what_is_connected(data, reported) -> None:
    details = decode_a5({0x94: [bytes.fromhex(data)]})["details"]
    assert {key: details[key] for key in ("charger_connected", "load_connected") if key in details} == reported
