"""Settings frames and register writes become parameters."""

import math
import struct

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import REGISTERS
from custom_components.smart_bms.bms.jk.settings import decode_settings, decode_write, detect_settings_variant
from tests.support.packs import changed, sealed, settings

VARIANTS = list(Variant)


def decoded(frame: bytes, variant: str = "JK02_32S"):
    return decode_settings(frame, Variant(variant), 3.0).values


@pytest.mark.parametrize("variant", ["JK02_24S", "JK02_32S"])
def test_settings_agree_with_the_simulated_board(variant) -> None:
    values = decoded(settings(variant, cells=14), variant)
    expected = {
        "cell_undervoltage": 2.7,
        "cell_overvoltage": 3.6,
        "cell_overvoltage_release": 3.5,
        "balance_trigger": 0.01,
        "max_charge_current": 100,
        "charge_overcurrent_delay": 30,
        "charge_undertemperature": 0,
        "mosfet_overtemperature": 90,
        "cell_count": 14,
        "charge_switch": True,
        "balance_switch": True,
        "design_capacity": 100,
        "short_circuit_delay": 1500,
        "balance_start_voltage": 3.3,
        "wire_resistances": (0.0,) * 14,
    }
    assert {key: values[key] for key in expected} == expected


def test_jk04_settings() -> None:
    assert decoded(settings("JK04", cells=14), "JK04") == {
        "cell_count": 14,
        "power_off_voltage": 2.7,
        "voltage_calibration": 3.03,
        "balance_start_voltage": 3.3,
        "balance_trigger": 0.01,
        "max_balance_current": 2.0,
        "balance_switch": True,
    }


def test_only_registers_that_the_pack_claims_are_there() -> None:
    values = decoded(settings())
    assert values["float_mode"] is True
    assert values["heating_start_temperature"] == 3
    assert values["discharge_undertemperature"] == -20
    assert "gps_heartbeat" not in values
    assert "device_address" not in values
    assert "port_mode" not in values


def test_firmware_without_a_bitmap_has_the_basic_registers_only() -> None:
    values = decoded(changed(settings(), 287, bytes(9)))
    assert values["balance_start_voltage"] == 3.3
    assert "device_address" not in values
    assert "heating_start_temperature" not in values
    assert "float_mode" not in values


def test_an_enumeration_has_words() -> None:
    frame = changed(settings(), 287, b"\xff" * 9)
    assert decoded(changed(frame, 282, b"\x08\x00"))["port_mode"] == "rs485"
    assert decoded(changed(frame, 282, b"\x00\x00"))["port_mode"] == "can"


def test_wire_resistances_are_in_ohm() -> None:
    frame = changed(settings(cells=2), 142, struct.pack("<2I", 1500, 250_000))
    assert decoded(frame)["wire_resistances"] == (0.0015, 0.25)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("filler", [0x00, 0xFF])
def test_blank_settings_are_refused(variant, filler) -> None:
    with pytest.raises(FrameError, match="implausible_settings"):
        decoded(sealed(bytes((filler,)) * 300, 0x01), variant)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("cells", [2, 16, 24])
def test_the_content_tells_the_layout(variant, cells) -> None:
    assert detect_settings_variant(settings(variant, cells=cells)) is variant


@pytest.mark.parametrize(
    ("variant", "register", "payload", "expected"),
    [
        ("JK02_32S", 0x04, struct.pack("<I", 3650), ("cell_overvoltage", 3.65)),
        ("JK02_32S", 0x18, struct.pack("<i", -205), ("charge_undertemperature", -20.5)),
        ("JK02_32S", 0x1D, struct.pack("<I", 1), ("charge_switch", True)),
        ("JK02_32S", 0x25, struct.pack("<I", 5), ("precharge_time", 5)),
        ("JK02_32S", 0x2A, struct.pack("<I", 1), ("port_mode", "rs485")),
        ("JK02_32S", 0x2A, struct.pack("<I", 7), ("port_mode", "unknown_7")),
        ("JK02_32S", 0x37, struct.pack("<b", -5), ("heating_start_temperature", -5)),
        ("JK02_32S", 0x68, b"", ("load_preset_nmc", None)),
        ("JK02_32S", 0x6C, struct.pack("<I", 100), ("clock", 100)),
        ("JK02_32S", 0x9F, b"shed\0\0", ("user_data", "shed")),
        ("JK02_32S", 0xB3, b"\x19", ("requested_charge_time", 2.5)),
        ("JK02_24S", 0x25, struct.pack("<I", 1500), ("short_circuit_delay", 1500)),
        ("JK02_24S", 0x28, struct.pack("<I", 250_000), ("wire_resistance_2", 0.25)),
        ("JK02_24S", 0x26, struct.pack("<I", 3300), ("balance_start_voltage", 3.3)),
        ("JK04", 0x1C, struct.pack("<H", 17), ("cell_count", 17)),
        ("JK04", 0x20, struct.pack("<f", 3.2), ("power_off_voltage", 3.2)),
        ("JK04", 0x6C, b"\x01", ("balance_switch", True)),
    ],
)
def test_the_same_id_means_what_it_means_on_this_layout(variant, register, payload, expected) -> None:
    assert decode_write(register, payload, Variant(variant)) == expected


@pytest.mark.parametrize(
    ("variant", "register", "payload", "reason"),
    [
        ("JK02_32S", 0xF0, b"", "unknown_register"),
        ("JK02_24S", 0x64, struct.pack("<I", 1), "unknown_register"),
        ("JK02_32S", 0x1D, struct.pack("<I", 2), "implausible_value"),
        ("JK02_32S", 0x65, b"\x01", "length"),
        ("JK02_32S", 0x04, b"\x01\x02", "length"),
        ("JK04", 0x20, struct.pack("<f", math.nan), "not_a_number"),
    ],
)
def test_writes_that_mean_nothing_are_refused(variant, register, payload, reason) -> None:
    with pytest.raises(FrameError, match=reason):
        decode_write(register, payload, Variant(variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_key_and_no_id_stands_twice_in_a_table(variant) -> None:
    rows = REGISTERS[variant]
    keys = [row.key for row in rows]
    ids = [row.number for row in rows]
    assert len(set(keys)) == len(keys)
    assert len(set(ids)) == len(ids)


def test_the_content_overrules_what_was_expected_where_it_can() -> None:
    assert detect_settings_variant(settings(), Variant.JK02_24S) is Variant.JK02_32S
    assert detect_settings_variant(settings("JK04"), Variant.JK02_24S) is Variant.JK04
    bare = changed(settings(), 287, bytes(9))
    assert detect_settings_variant(bare, Variant.JK02_32S) is Variant.JK02_32S
    assert detect_settings_variant(bare, Variant.JK04) is Variant.JK02_24S


def test_wire_resistances_are_gated_like_all_else() -> None:
    assert "wire_resistances" not in decoded(changed(settings(), 287, b"\xfe" + bytes(2) + b"\x10" + bytes(5)))
