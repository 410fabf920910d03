"""Registers become parameters, and parameters become the same registers again."""

import math

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jbd.hardware_protection import CHOICES
from custom_components.smart_bms.bms.jbd.parameters import BY_KEY, BY_REGISTER, REGISTERS
from custom_components.smart_bms.bms.jbd.settings import (
    CHARGE_SWITCH,
    decode_settings,
    encode_register,
    encode_remaining_capacity,
    encode_switches,
    factory_exit,
    is_coarse,
    registers_of,
)
from custom_components.smart_bms.bms.settings import SettingKind
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from tests.support.jbd_messages import REAL, REAL_VALUES, one
from tests.support.packs import jbd_pack

WORDS = [row for row in REGISTERS if not row.coding.is_text and not row.coding.is_shunt]
ids = {"ids": lambda item: getattr(item, "key", None)}


def dump(**changes: str) -> dict[int, bytes]:
    return {number: bytes.fromhex(data) for number, data in REAL.items()} | {
        int(number[1:], 16): bytes.fromhex(data) for number, data in changes.items()
    }


# Reading.


def test_a_real_board_s_parameters() -> None:
    settings = decode_settings(dump(), "classic", 3.0)
    assert settings.values == REAL_VALUES
    assert settings.measured_at == 3.0
    assert settings.variant == "classic"


@pytest.mark.parametrize("label", [SP04S034, DP16S020, LEGACY, WATTCYCLE])
@pytest.mark.parametrize("coarse", [False, True])
def test_parameters_agree_with_the_simulated_board(label, coarse) -> None:
    pack = jbd_pack(label, cells=14, hundred_ma=coarse)
    pack.factory_mode = True
    version = f"{label.sw_version >> 4}.{label.sw_version & 15}"
    found = {number: pack.firmware.read(number)[1] for number in registers_of(version)}
    assert is_coarse(found) is coarse
    values = decode_settings(found, pack.variant, 0.0).values
    limits = pack.board.limits
    assert values["design_capacity"] == 100
    assert values["cycle_capacity"] == 80
    assert values["max_charge_current"] == limits.charge_current
    assert values["max_discharge_current"] == limits.discharge_current
    assert values["cell_overvoltage"] == limits.cell_overvoltage
    assert values["cell_undervoltage_release"] == limits.cell_undervoltage_release
    assert values["charge_undertemperature_release"] == limits.charge_undertemperature_release
    assert values["discharge_overtemperature"] == limits.discharge_overtemperature
    assert values["balance_trigger"] == limits.balance_trigger
    assert values["charge_overcurrent_release"] == limits.charge_overcurrent_release
    assert values["discharge_overcurrent_delay"] == limits.discharge_overcurrent_delay
    assert values["pack_overvoltage"] == pytest.approx(14 * 3.65)
    assert values["cell_count"] == 14
    assert values["balance_switch"] is True
    assert values["balance_only_charging"] is False
    assert [values[f"temperature_sensor_{number}"] for number in range(1, 9)].count(True) == label.ntcs
    assert values["cycle_count"] == pack.board.cycles
    assert values["manufacturer_name"] == "DGJBD"
    assert values["model_name"] == label.model
    assert values["barcode"] == ""
    assert ("soc_50_voltage" in values) is (label.sw_version >= 0x20)


@pytest.mark.parametrize("label", [SP04S034, DP16S020])
@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("cell_overvoltage", 3.55, "cell_overvoltage", 3.55),
        ("charge_undertemperature", -5.5, "charge_undertemperature", -5.5),
        ("max_charge_current", 88.8, "charge_current", 88.8),
        ("max_discharge_current", 99.9, "discharge_current", 99.9),
        ("discharge_overcurrent_release", 45, "discharge_overcurrent_release", 45),
        ("balance_trigger", 0.025, "balance_trigger", 0.025),
    ],
)
@pytest.mark.parametrize("coarse", [False, True])
def test_what_is_written_is_what_the_simulated_board_acts_upon(label, key, value, attribute, expected, coarse) -> None:
    pack = jbd_pack(label, hundred_ma=coarse)
    pack.factory_mode = True
    before = {number: pack.firmware.read(number)[1] for number in BY_REGISTER if pack.firmware.read(number)[1]}
    number = BY_KEY[key].register
    register, data = encode_register(key, before[number], value, coarse=coarse)
    assert register == number
    assert pack.firmware.change(register, data)
    assert getattr(pack.board.limits, attribute) == pytest.approx(expected)
    after = {number: pack.firmware.read(number)[1] for number in before}
    old, new = (decode_settings(found, "classic", 0.0).values for found in (before, after))
    assert {key for key in new if new[key] != old[key]} == {key}


@pytest.mark.parametrize(
    ("register", "data", "coarse", "expected"),
    [
        (0x10, "0064", True, {"design_capacity": 10.0}),
        (0x11, "ffff", True, {"cycle_capacity": 6553.5}),
        (0x28, "0064", True, {"max_charge_current": 10.0}),
        (0x29, "ff9c", True, {"max_discharge_current": 10.0}),
        (0x29, "d8f0", False, {"max_discharge_current": 100.0}),
        (0x29, "8000", False, {"max_discharge_current": 327.68}),
        (0x28, "7fff", False, {"max_charge_current": 327.67}),
        (0x20, "05b4", True, {"pack_overvoltage": 14.6}),
        (0x2C, "0003", False, {"shunt_resistance": 0.0003}),
        (0x2C, "8019", False, {"shunt_resistance": 0.00025}),
        (0x2C, "0019", True, {"shunt_resistance": 0.00025}),
        (0x2C, "8019", True, {"shunt_resistance": 0.00025}),
        (0x15, "2c7c", False, {"manufacturing_date": "2022-03-28"}),
        (0x16, "ffff", False, {"board_serial_number": 65535}),
        (0x1A, "0000", False, {"charge_undertemperature": -273.1}),
        (0x31, "0005", False, {"led_time": 5}),
        (0x42, "0d7a", False, {"soc_90_voltage": 3.45}),
        (0x43, "0d2f", False, {"soc_70_voltage": 3.375}),
        (0x44, "0cfd", False, {"soc_50_voltage": 3.325}),
        (0x45, "0c80", False, {"soc_30_voltage": 3.2}),
        (0x46, "0b54", False, {"soc_10_voltage": 2.9}),
        (0x47, "0dac", False, {"soc_100_voltage_fine": 3.5}),
        (0x3A, "0102", False, {"charge_undertemperature_delay": 1, "charge_overtemperature_delay": 2}),
        (0x3B, "0102", False, {"discharge_undertemperature_delay": 1, "discharge_overtemperature_delay": 2}),
        (0x3C, "0102", False, {"pack_undervoltage_delay": 1, "pack_overvoltage_delay": 2}),
        (0x3D, "0102", False, {"cell_undervoltage_delay": 1, "cell_overvoltage_delay": 2}),
        (0x3E, "01ff", False, {"charge_overcurrent_delay": 1, "charge_overcurrent_release": 255}),
        (0x3F, "ff02", False, {"discharge_overcurrent_delay": 255, "discharge_overcurrent_release": 2}),
        (0xA0, "0544474a4244", False, {"manufacturer_name": "DGJBD"}),
        (0xA1, "1f" + "41" * 31, False, {"model_name": "A" * 31}),
        (0xA2, "00", False, {"barcode": ""}),
        (0xA2, "0441420000", False, {"barcode": "AB"}),
        (0xA2, "0241424344", False, {"barcode": "AB"}),
        (0xA2, "0241ff", False, {"barcode": "A\ufffd"}),
    ],
)
def test_units_and_places(register, data, coarse, expected) -> None:
    assert one(register, data, coarse=coarse) == expected


@pytest.mark.parametrize("bit", range(16))
def test_function_bits_are_those_on_which_the_sources_agree(bit) -> None:
    keys = ["switch_input", "load_detection", "balance_switch", "balance_only_charging", "led", "led_shows_soc"]
    values = one(0x2D, f"{1 << bit:04x}")
    assert values.pop("function_word") == 1 << bit
    assert [key for key, value in values.items() if value] == keys[bit : bit + 1]
    assert set(values) == set(keys)
    assert is_coarse({0x2D: (1 << bit).to_bytes(2)}) is (bit == 12)


def test_probes_need_not_be_contiguous() -> None:
    values = one(0x2E, "0019")
    assert [key[-1] for key, value in values.items() if value] == ["1", "4", "5"]


@pytest.mark.parametrize(
    ("register", "data", "reason"),
    [
        (0x24, "", "length"),
        (0x24, "0e", "length"),
        (0x24, "0e4200", "length"),
        (0x15, "2c", "unknown_register"),
        (0x48, "0000", "unknown_register"),
        (0x03, "0000", "unknown_register"),
        (0xA3, "0141", "unknown_register"),
        (0xA0, "", "length"),
        (0xA0, "01", "length"),
        (0xA0, "ff41", "length"),
    ],
)
def test_registers_that_make_no_sense_are_refused(register, data, reason) -> None:
    with pytest.raises(FrameError, match=reason):
        one(register, data)


@pytest.mark.parametrize("cells", ["0000", "0021", "ffff"])
def test_settings_of_no_board_are_refused(cells) -> None:
    with pytest.raises(FrameError, match="implausible_settings"):
        decode_settings(dump(x2F=cells), "classic", 0.0)


def test_a_part_of_the_registers_is_enough() -> None:
    assert decode_settings({}, "classic", 0.0).values == {}
    assert decode_settings({0x24: b"\x0e\x42"}, "classic", 0.0).values == {"cell_overvoltage": 3.65}


def test_finer_points_that_a_board_does_not_use_are_left_out() -> None:
    values = decode_settings(dump(x42="0000", x43="0d2f", x31="0000"), "classic", 0.0).values
    assert "soc_90_voltage" not in values
    assert values["soc_70_voltage"] == 3.375
    assert values["led_time"] == 0


def test_coarse_units_hold_for_all_registers_that_are_scaled() -> None:
    fine, coarse = (decode_settings(dump(x2D=word), "classic", 0.0).values for word in ("0006", "1006"))
    scaled = {"design_capacity", "cycle_capacity", "max_charge_current", "max_discharge_current"}
    assert {key: coarse[key] for key in scaled} == {key: pytest.approx(fine[key] * 10) for key in scaled}
    assert {key for key in fine if fine[key] != coarse[key]} == scaled | {"function_word", "shunt_resistance"}


def test_the_protection_word_of_another_front_end_is_not_guessed() -> None:
    values = decode_settings(dump(), "classic", 0.0, front_end=3).values
    assert not {choice.key for choice in CHOICES if choice.register == 0x38} & set(values)
    assert values["short_circuit_release"] == 100


@pytest.mark.parametrize(
    ("version", "finer"),
    [("", False), ("1.5", False), ("1.15", False), ("2.0", True), ("2.1", True), ("8.0", True), ("15.15", True)],
)
def test_only_registers_that_are_safe_to_ask_for_are_asked_for(version, finer) -> None:
    asked = registers_of(version)
    safe = {*range(0x10, 0x40), 0xA0, 0xA1, 0xA2}
    assert set(asked) - safe == (set(range(0x42, 0x48)) if finer else set())
    assert safe - set(asked) == {0x15}
    assert len(set(asked)) == len(asked)


# Hardware protection.


# Writing.


def values_of(row, coarse: bool):
    """Return a strategy for all values that a parameter can have on the wire."""
    if row.coding.is_text:
        return st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=31)
    if row.bit is not None:
        return st.booleans()
    return st.binary(min_size=2, max_size=2).map(lambda data: row.value(data, coarse=coarse))


@pytest.mark.parametrize("row", [row for row in REGISTERS if not row.coding.is_shunt], **ids)
@pytest.mark.parametrize("coarse", [False, True])
@hypothesis_settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_encoded_is_decoded_again_and_neighbors_stay(row, coarse, data) -> None:
    value = data.draw(values_of(row, coarse))
    old = data.draw(st.binary(min_size=2, max_size=2))
    if row.coding.choice is not None:
        # Its range belongs to the neighbors.
        old = bytes((old[0] & 0x7F, old[1]))
        value = data.draw(
            st.sampled_from(row.coding.choice.ranges[0]).map(lambda number: f"{number}_{row.coding.choice.unit}")
        )
    register, wire = encode_register(row.key, old, value, coarse=coarse)
    assert register == row.register
    assert row.value(wire, coarse=coarse) == value
    if row.coding.is_text:
        return
    assert len(wire) == 2
    for other in BY_REGISTER[register]:
        if other is not row and other.key != "function_word" and row.key != "function_word":
            assert other.value(wire) == other.value(old), other.key


@pytest.mark.parametrize("row", [row for row in WORDS if row.bit is not None], **ids)
@pytest.mark.parametrize("old", [0x0000, 0xFFFF, 0x1006, 0xAAAA, 0x5555])
@pytest.mark.parametrize("value", [True, False])
def test_a_switch_changes_its_own_bit_only(row, old, value) -> None:
    _, wire = encode_register(row.key, old.to_bytes(2), value)
    assert int.from_bytes(wire) == (old | 1 << row.bit if value else old & ~(1 << row.bit))


@pytest.mark.parametrize(
    ("key", "value", "coarse", "expected"),
    [
        ("cell_overvoltage", 3.65, False, "0e42"),
        ("cell_overvoltage", 3, False, "0bb8"),
        ("pack_overvoltage", 14.6, False, "05b4"),
        ("charge_undertemperature", -10, False, "0a47"),
        ("charge_overtemperature", 75.0, False, "0d99"),
        ("max_charge_current", 230, False, "59d8"),
        ("max_discharge_current", 230, False, "a628"),
        ("max_discharge_current", 100, False, "d8f0"),
        ("max_discharge_current", 100, True, "fc18"),
        ("max_discharge_current", 327.68, False, "8000"),
        ("design_capacity", 280, False, "6d60"),
        ("design_capacity", 280, True, "0af0"),
        ("balance_trigger", 0.03, False, "001e"),
        ("manufacturer_name", "DGJBD", False, "0544474a4244"),
        ("barcode", "", False, "00"),
        ("short_circuit_release", 100, False, "ff64"),
        ("charge_overcurrent_delay", 10, False, "0aff"),
        ("charge_overcurrent_release", 30, False, "ff1e"),
    ],
)
def test_writes_have_the_bytes_of_the_documents(key, value, coarse, expected) -> None:
    assert encode_register(key, b"\xff\xff", value, coarse=coarse)[1].hex() == expected


@pytest.mark.parametrize("key", ["cell_overvoltage", "max_discharge_current", "short_circuit_release"])
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, True, None, "3.6", (1.0,), 1e308, -1e308, pytest.param(10**400, id="huge")]
)
def test_what_is_no_number_is_refused(key, value) -> None:
    with pytest.raises(ValueError, match=key):
        encode_register(key, bytes(2), value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cell_overvoltage", -0.001),
        ("cell_overvoltage", 65.536),
        ("design_capacity", 655.36),
        ("max_charge_current", 327.68),
        ("max_discharge_current", 327.69),
        ("charge_undertemperature", -274),
        ("charge_overcurrent_delay", 256),
        ("charge_overcurrent_delay", -1),
        ("short_circuit_release", 256),
        ("switch_delay", 65536),
        ("balance_switch", 1),
        ("balance_switch", "true"),
        ("balance_switch", None),
        ("temperature_sensor_1", 0),
        ("short_circuit_delay", "71_us"),
        ("short_circuit_delay", None),
        ("barcode", "x" * 32),
        ("barcode", "ü"),
        ("barcode", 5),
        ("barcode", None),
        ("shunt_resistance", 0.0001),
        ("nonsense", 1),
        (CHARGE_SWITCH, True),
    ],
)
def test_what_does_not_fit_is_refused(key, value) -> None:
    with pytest.raises(ValueError):
        encode_register(key, bytes(2), value)


@pytest.mark.parametrize("old", [b"", b"\x0f", b"\x00\x0f\x00"])
@pytest.mark.parametrize(
    "key", ["balance_switch", "temperature_sensor_1", "short_circuit_threshold", "charge_overcurrent_delay", "led"]
)
def test_what_shares_a_register_is_never_made_up(old, key) -> None:
    row = BY_KEY[key]
    value = True if row.bit is not None else row.coding.choice.options()[0] if row.coding.choice else 1
    with pytest.raises(ValueError):
        encode_register(key, old, value)


@pytest.mark.parametrize(
    ("charge", "discharge", "expected"),
    [(True, True, "0000"), (False, True, "0001"), (True, False, "0002"), (False, False, "0003")],
)
def test_a_set_bit_locks_a_switch(charge, discharge, expected) -> None:
    assert encode_switches(charge=charge, discharge=discharge).hex() == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "0000"), (60, "1770"), (655.35, "ffff")])
def test_the_remaining_capacity_is_in_steps_of_a_hundredth_whatever_the_rest_is_in(value, expected) -> None:
    assert encode_remaining_capacity(value).hex() == expected


@pytest.mark.parametrize(
    "value", [None, "5", True, math.nan, math.inf, -1, 10_000, 1e308, pytest.param(10**400, id="huge")]
)
def test_a_remaining_capacity_that_cannot_be_is_refused(value) -> None:
    with pytest.raises(ValueError):
        encode_remaining_capacity(value)


def test_the_factory_mode_is_left_as_documented() -> None:
    assert factory_exit(keeping=False).hex() == "dd5a01020000fffd77"
    assert factory_exit(keeping=True).hex() == "dd5a01022828ffad77"


def test_every_row_is_found_by_key_and_by_register() -> None:
    assert len(BY_KEY) == len(REGISTERS)
    assert sum(map(len, BY_REGISTER.values())) == len(REGISTERS)
    assert {row.kind for row in REGISTERS} == {
        SettingKind.NUMBER,
        SettingKind.SWITCH,
        SettingKind.CHOICE,
        SettingKind.TEXT,
    }
