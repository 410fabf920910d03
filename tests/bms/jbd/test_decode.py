"""Answers of the board become readings."""

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jbd.decode import (
    COUNTERS,
    decode_basic,
    decode_cells,
    decode_counters,
    decode_date,
    decode_version,
    reading_of,
)
from custom_components.smart_bms.bms.jbd.identity import Variant, variant_of
from custom_components.smart_bms.bms.reading import Reading, reading_values
from custom_components.smart_bms.bms.trust import check
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from tests.support.jbd_messages import basic, tail
from tests.support.packs import jbd_pack

LABELS = {"SP04S034": SP04S034, "DP16S020": DP16S020, "LEGACY": LEGACY, "WATTCYCLE": WATTCYCLE}


def steady(current: float):
    return lambda _: current


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("current", [-37.5, 0.0, 20.25])
@pytest.mark.parametrize("coarse", [False, True])
def test_readings_agree_with_the_simulated_battery(name, current, coarse) -> None:
    pack = jbd_pack(LABELS[name], cells=15, profile=steady(current), hundred_ma=coarse)
    pack.firmware.step(30)
    pack.firmware.registers.full = 97.5
    battery, board = pack.board.battery, pack.board
    values = decode_basic(pack.firmware.basic_info())
    reading = reading_of(values, decode_cells(pack.firmware.read(0x04)[1]), {}, 12.5)
    check(reading)
    unit = 0.1 if coarse else 0.01
    assert reading.measured_at == 12.5
    assert reading.voltage == pytest.approx(battery.voltage, abs=0.006)
    assert reading.current == pytest.approx(current, abs=unit / 2 + 1e-9)
    assert reading.power == pytest.approx(reading.voltage * reading.current, abs=0.006)
    assert reading.soc == pytest.approx(board.soc * 100, abs=0.51)
    assert reading.remaining_capacity == pytest.approx(board.soc * 97.5, abs=unit)
    assert reading.full_capacity == pytest.approx(97.5)
    assert reading.design_capacity == (100 if pack.label.tail else None)
    assert reading.cycles == board.cycles
    assert reading.cell_voltages == pytest.approx([cell.voltage for cell in battery.cells], abs=0.0006)
    assert list(reading.temperatures) == [f"temperature_{number}" for number in range(1, pack.label.ntcs + 1)]
    assert reading.temperatures["temperature_1"] == pytest.approx(battery.cells[0].temperature, abs=0.06)
    assert reading.charging_enabled is True
    assert reading.discharging_enabled is True
    assert reading.alarms == ()
    assert reading.heating is (False if pack.label.tail else None)
    assert reading.precharging is (False if pack.label.tail == 16 else None)
    assert reading.details["manufacturing_date"] == "2022-03-28"
    assert reading.details["stated_cells"] == 15
    assert reading.details["probe_count"] == pack.label.ntcs
    assert reading.details["coarse_units"] is coarse
    assert reading.details["charge_lock"] is False
    assert reading.details["discharge_lock"] is False


@pytest.mark.parametrize("charge", [True, False])
@pytest.mark.parametrize("discharge", [True, False])
def test_commanded_switches_of_the_simulated_pack_are_seen(charge, discharge) -> None:
    pack = jbd_pack()
    pack.firmware.change(0xE1, bytes((0, (not charge) | (not discharge) << 1)))
    values = decode_basic(pack.firmware.basic_info())
    assert values["charging_enabled"] is charge
    assert values["discharging_enabled"] is discharge
    assert values["details"]["charge_lock"] is not charge
    assert values["details"]["discharge_lock"] is not discharge
    assert (Alarm.SOFTWARE_LOCK in values["alarms"]) is not (charge and discharge)


def test_a_simulated_pack_that_balances_names_the_cell() -> None:
    pack = jbd_pack(cells=20, profile=steady(5.0))
    pack.board.battery.cells[18].soc += 0.3
    pack.firmware.registers.words[0x2D] |= 0x0C
    pack.firmware.step(1)
    pack.firmware.step(1)
    values = decode_basic(pack.firmware.basic_info())
    assert values["balancing"] is True
    assert values["balancing_cells"] == (19,)


def test_an_overcharged_simulated_pack_says_so() -> None:
    pack = jbd_pack(soc=1.0, profile=steady(30.0))
    for _ in range(600):
        pack.firmware.step(10)
        pack.firmware.count()
    values = decode_basic(pack.firmware.basic_info())
    assert Alarm.CELL_OVERVOLTAGE in values["alarms"]
    assert values["charging_enabled"] is False
    assert values["details"]["charge_lock"] is False
    assert decode_counters(pack.firmware.read(0xAA)[1])["cell_overvoltage"] == 1


def test_every_field_has_its_unit() -> None:
    values = decode_basic(basic(current=-2012, date=0x3054, version=0x2A, soc=61, cycles=258))
    assert values["voltage"] == 13.3
    assert values["current"] == -20.12
    assert values["power"] == -267.6
    assert values["remaining_capacity"] == 60.0
    assert values["full_capacity"] == 100.0
    assert "design_capacity" not in values
    assert values["soc"] == 61.0
    assert values["cycles"] == 258
    assert values["temperatures"] == {"temperature_1": 25.0, "temperature_2": 22.0}
    assert values["alarm_mask"] == 0
    assert values["details"] == {
        "nominal_capacity": 100.0,
        "stated_cells": 4,
        "probe_count": 2,
        "manufacturing_date": "2024-02-20",
        "sw_version": "2.10",
        "switch_byte": 3,
        "coarse_units": False,
        "charge_lock": False,
        "discharge_lock": False,
    }


def test_the_document_s_own_example() -> None:
    values = decode_basic(bytes.fromhex("1700000002d003e8000020780000000000001048030f020b760b82"))
    assert values["voltage"] == 58.88
    assert values["details"]["manufacturing_date"] == "2016-03-24"
    assert values["details"]["sw_version"] == "1.0"
    assert values["soc"] == 72.0
    assert values["details"]["stated_cells"] == 15
    assert values["temperatures"] == {"temperature_1": 20.3, "temperature_2": 21.5}


@pytest.mark.parametrize(("flag", "reported"), [(0x83, False), (0x03, True), (0x83, True)])
def test_coarse_units_are_told_in_two_ways(flag, reported) -> None:
    values = decode_basic(basic(tail(full=9000), switches=flag, current=-201), coarse=reported)
    assert values["current"] == -20.1
    assert values["power"] == -267.33
    assert values["remaining_capacity"] == 600.0
    assert values["full_capacity"] == 900.0
    assert values["design_capacity"] == 1000.0
    assert values["details"]["nominal_capacity"] == 1000.0
    assert values["details"]["coarse_units"] is True
    assert values["voltage"] == 13.3


def test_the_largest_values_fit() -> None:
    values = decode_basic(basic(current=-32768, remaining=65535, nominal=65535, voltage=65535))
    assert values["current"] == -327.68
    assert values["remaining_capacity"] == 655.35
    assert values["voltage"] == 655.35


def test_temperatures_below_zero_and_missing_probes_keep_their_numbers() -> None:
    values = decode_basic(basic(probes=(2731, 0, 2331, 3984)))
    assert values["temperatures"] == {"temperature_1": 0.0, "temperature_3": -40.0, "temperature_4": 125.3}
    assert decode_basic(basic(probes=()))["temperatures"] == {}
    assert len(decode_basic(basic(probes=(2981,) * 255))["temperatures"]) == 255


@pytest.mark.parametrize(
    ("low", "high", "cells"),
    [(0, 0, ()), (1, 0, (1,)), (0x8001, 0, (1, 16)), (0, 0x8001, (17, 32)), (0xFFFF, 0xFFFF, tuple(range(1, 33)))],
)
def test_bit_zero_of_the_balancer_is_cell_one(low, high, cells) -> None:
    values = decode_basic(basic(balance_low=low, balance_high=high))
    assert values["balancing_cells"] == cells
    assert values["balancing"] is bool(cells)


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (0, ""),
        (0x2C7C, "2022-03-28"),
        (0x2078, "2016-03-24"),
        (0x2C1C, ""),
        (0x2C60, ""),
        (22 << 9 | 13 << 5 | 1, ""),
        (22 << 9 | 12 << 5 | 31, "2022-12-31"),
        (127 << 9 | 1 << 5 | 1, "2127-01-01"),
        (0x0021, "2000-01-01"),
    ],
)
def test_dates(packed, text) -> None:
    assert decode_date(packed) == text


@pytest.mark.parametrize(
    ("packed", "text"), [(0x00, "0.0"), (0x80, "8.0"), (0x25, "2.5"), (0x2A, "2.10"), (0xFF, "15.15")]
)
def test_versions_are_nibbles(packed, text) -> None:
    assert decode_version(packed) == text


# Protections and warnings.


# The tail.


def test_a_tail_separates_learned_from_design_capacity() -> None:
    values = decode_basic(basic(tail(humidity=45, full=10100, remaining=6000, balance=-150)))
    assert values["full_capacity"] == 101.0
    assert values["design_capacity"] == 100.0
    assert values["remaining_capacity"] == 60.0
    assert values["balance_current"] == -0.15
    assert values["details"]["humidity"] == 45
    assert "protocol_version" not in values["details"]
    assert "precharging" not in values


@pytest.mark.parametrize(
    ("raw", "amperes"), [(0, 0.0), (5000, 5.0), (-5000, -5.0), (5001, None), (-5001, None), (-32768, None)]
)
def test_a_balance_current_that_is_nonsense_is_left_out(raw, amperes) -> None:
    assert decode_basic(basic(tail(balance=raw))).get("balance_current") == amperes


def test_the_newest_firmware_tells_its_protocol() -> None:
    more = bytes.fromhex("0000190000") + bytes(2)
    values = decode_basic(basic(tail(more=more), switches=0x07))
    assert values["details"]["protocol_version"] == 2.5
    assert values["precharging"] is True
    assert values["heating"] is False
    assert decode_basic(basic(tail(more=more), switches=0x0B))["heating"] is True


ANOTHER_MAKER = bytes.fromhex("0b870b9464000000")
"""What follows the announced probes of a board that only speaks the language: two more of them, a percentage, zeros."""


def told_by_its_tail(data: bytes) -> dict:
    """Return what basic information tells only if it has a tail that is understood."""
    values = decode_basic(data)
    details = values["details"].keys() & {"humidity", "warning_mask", "protocol_version"}
    reported = values.keys() & {"heating", "precharging", "balance_current", "design_capacity"}
    return {**{key: values[key] for key in reported}, **{key: values["details"][key] for key in details}}


@pytest.mark.parametrize("length", range(25))
def test_a_tail_of_another_length_is_another_makers(length) -> None:
    whole = tail(humidity=1, alarms=0x0C01, full=9000, balance=100, more=bytes.fromhex("00001900000000") + bytes(8))
    data = basic(whole[:length], switches=0x0B)
    assert bool(told_by_its_tail(data)) is (length in (9, 16))
    values = decode_basic(data)
    assert (Alarm.CELL_OVERVOLTAGE_WARNING in values["alarms"]) is (length in (9, 16))
    assert values["full_capacity"] == (90.0 if length in (9, 16) else 100.0)


@pytest.mark.parametrize(
    ("appended", "known"),
    [
        pytest.param(tail(), True, id="as all boards have it"),
        pytest.param(tail(remaining=6100), True, id="counted on in between"),
        pytest.param(tail(remaining=6101), False, id="another remaining capacity"),
        pytest.param(tail(full=2000), True, id="a pack that is worn out"),
        pytest.param(tail(full=1999), False, id="too little was learned"),
        pytest.param(tail(full=20000), True, id="a nominal capacity that was never set"),
        pytest.param(tail(full=20001), False, id="too much was learned"),
        pytest.param(tail(alarms=0x0003), False, id="cells high and low"),
        pytest.param(tail(alarms=0x000C), False, id="pack high and low"),
        pytest.param(tail(alarms=0x0300), False, id="charging and discharging too much"),
        pytest.param(tail(alarms=0xFCF5), True, id="what can be together"),
        pytest.param(ANOTHER_MAKER, False, id="another maker"),
        pytest.param(ANOTHER_MAKER + b"\0", False, id="another maker, by chance as long"),
        pytest.param(ANOTHER_MAKER + bytes(8), False, id="another maker, by chance longer"),
    ],
)
def test_a_tail_counts_if_what_it_says_can_be(appended, known) -> None:
    assert bool(told_by_its_tail(basic(appended, switches=0x0B))) is known


def test_a_board_of_another_maker_tells_what_the_language_has_and_no_more() -> None:
    data = basic(
        ANOTHER_MAKER,
        probes=(2943, 2944, 2943, 2940),
        voltage=5259,
        current=-832,
        remaining=8398,
        nominal=12000,
        cycles=170,
        soc=69,
        switches=0x0B,
        cells=16,
    )
    values = decode_basic(data)
    assert values["temperatures"] == {
        "temperature_1": 21.2,
        "temperature_2": 21.3,
        "temperature_3": 21.2,
        "temperature_4": 20.9,
    }
    assert (values["full_capacity"], values["remaining_capacity"]) == (120.0, 83.98)
    assert values["alarms"] == ()
    assert not told_by_its_tail(data)
    assert variant_of(values) is Variant.CLASSIC


# Locks.


@pytest.mark.parametrize(
    ("protections", "switches", "current", "charge", "discharge"),
    [
        (0x0000, 3, 0, False, False),
        (0x0000, 0, 0, False, False),
        (0x0001, 2, 0, False, False),
        (0x1000, 2, 0, True, False),
        (0x1000, 1, 0, False, True),
        (0x1000, 0, 0, True, True),
        (0x1000, 3, 0, None, None),
        (0x1001, 2, 0, None, False),
        (0x1002, 1, 0, False, None),
        (0x1002, 0, 0, True, None),
        (0x1001, 0, 0, None, True),
        (0x1400, 0, 0, None, None),
        (0x1800, 0, 0, None, None),
        (0x1000, 3, -500, None, False),
        (0x1000, 3, 500, False, None),
        (0x1000, 1, 500, False, True),
        (0x1000, 2, -500, True, False),
        (0x0000, 3, -500, False, False),
    ],
)
def test_a_lock_is_seen_or_unknown_but_never_guessed(protections, switches, current, charge, discharge) -> None:
    details = decode_basic(basic(protections=protections, switches=switches, current=current))["details"]
    assert details.get("charge_lock") is charge
    assert details.get("discharge_lock") is discharge


@pytest.mark.parametrize("bit", [0, 2, 4, 5, 8, 10, 11])
def test_protections_that_open_the_charge_switch_hide_its_lock(bit) -> None:
    assert "charge_lock" not in decode_basic(basic(protections=0x1000 | 1 << bit, switches=0))["details"]


@pytest.mark.parametrize("bit", [1, 3, 6, 7, 9, 10, 11])
def test_protections_that_open_the_discharge_switch_hide_its_lock(bit) -> None:
    assert "discharge_lock" not in decode_basic(basic(protections=0x1000 | 1 << bit, switches=0))["details"]


# Cells and counters.


def test_cells_in_volts_a_zero_is_a_reading() -> None:
    assert decode_cells(bytes.fromhex("0d4900000d4a")) == (3.401, 0.0, 3.402)
    assert decode_cells(bytes.fromhex("0e10") * 32) == (3.6,) * 32


@pytest.mark.parametrize("data", [b"", b"\x0d", b"\x0d\x49\x0d"])
def test_half_a_cell_is_refused(data) -> None:
    with pytest.raises(FrameError, match="length"):
        decode_cells(data)


def test_counters_in_the_order_of_the_documents() -> None:
    data = b"".join(number.to_bytes(2) for number in range(1, 13))
    expected = {
        "short_circuit": 1,
        "charge_overcurrent": 2,
        "discharge_overcurrent": 3,
        "cell_overvoltage": 4,
        "cell_undervoltage": 5,
        "charge_overtemperature": 6,
        "charge_undertemperature": 7,
        "discharge_overtemperature": 8,
        "discharge_undertemperature": 9,
        "pack_overvoltage": 10,
        "pack_undervoltage": 11,
    }
    assert decode_counters(data[:22]) == expected
    assert decode_counters(data) == expected | {"restarts": 12}
    assert len(COUNTERS) == 11


@pytest.mark.parametrize("length", [0, 2, 21, 23, 26])
def test_other_counters_are_refused(length) -> None:
    with pytest.raises(FrameError, match="length"):
        decode_counters(bytes(length))


# Bad input.


@pytest.mark.parametrize("length", range(27))
def test_truncated_basic_information_is_refused(length) -> None:
    with pytest.raises(FrameError, match="length"):
        decode_basic(basic()[:length])


@given(st.binary(max_size=250))
@hypothesis_settings(max_examples=300)
def test_whatever_comes_is_a_reading_or_refused(data) -> None:
    for decode in (decode_basic, decode_cells, decode_counters):
        try:
            decoded = decode(data)
        except FrameError:
            continue
        if decode is decode_basic:
            reading_values(reading_of(decoded, (3.3,), {}, 0.0))


# Readings.


def test_a_reading_is_all_that_one_poll_told() -> None:
    reading = reading_of(decode_basic(basic()), (3.3, 3.4, 3.2, 3.3), {"short_circuit": 2}, 5.0)
    assert reading.measured_at == 5.0
    assert reading.cell_range == (3.2, 3.4)
    assert reading.counters == {"short_circuit": 2}
    again = Reading(**{key: value for key, value in vars(reading).items() if key != "cell_range"})
    assert reading_values(reading) == reading_values(again)


def test_without_cells_and_counters_it_has_none() -> None:
    reading = reading_of(decode_basic(basic()), (), {}, 5.0)
    assert reading.cell_range is None
    assert reading.cell_count is None
    assert "counters" not in vars(reading)


@pytest.mark.parametrize(
    ("voltage", "cells"),
    [
        (0, (3.6,) * 4),
        (0, (3.6,) * 15 + (0.0,)),
        (0, (0.0,) * 4),
        (0, ()),
        (37, (3.6,) * 16),
    ],
)
def test_a_board_without_a_pack_gives_no_reading(voltage, cells) -> None:
    with pytest.raises(FrameError, match="no_cells"):
        reading_of(decode_basic(basic(voltage=voltage)), cells, {}, 0.0)


def test_a_full_pack_whose_cells_all_read_the_same_is_one() -> None:
    assert reading_of(decode_basic(basic(voltage=1440)), (3.6,) * 4, {}, 0.0).cell_count == 4


def test_a_broken_wire_is_shown() -> None:
    assert reading_of(decode_basic(basic()), (3.3, 0.0, 3.3, 3.3), {}, 0.0).cell_voltage_min == 0.0


# Identity.
