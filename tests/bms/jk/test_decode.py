"""Runtime frames become readings."""

import math
import struct

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jk.decode import decode_reading, detect_variant, variant_of
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.trust import possible
from tests.support.jk_readings import decoded
from tests.support.packs import cell_info, changed, jk_pack, sealed

VARIANTS = list(Variant)


def steady(current: float):
    return lambda _: current


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("current", [-37.5, 0.0, 20.25])
def test_readings_agree_with_the_simulated_battery(variant, current) -> None:
    pack = jk_pack(variant, cells=14, profile=steady(current))
    pack.board.step(30)
    reading = decoded(sealed(pack.cell_info(), 0x02), variant)
    battery = pack.board.battery
    assert reading.measured_at == 12.5
    assert reading.cell_voltages == pytest.approx([cell.voltage for cell in battery.cells], abs=0.0006)
    assert reading.voltage == pytest.approx(battery.voltage, abs=0.02)
    assert reading.runtime == int(pack.board.runtime)
    assert len(reading.cell_resistances) == 14
    if variant is Variant.JK04:
        assert reading.current is reading.power is reading.soc is reading.alarms is reading.charging_enabled is None
        assert reading.temperatures == {}
        return
    assert reading.current == pytest.approx(current)
    assert reading.power == pytest.approx(current * battery.voltage, abs=0.6)
    assert reading.soc == round(pack.board.soc * 100)
    assert reading.remaining_capacity == pytest.approx(pack.board.soc * 100, abs=0.001)
    assert reading.full_capacity == 100
    assert reading.cycles == pack.board.cycles
    assert reading.throughput == pytest.approx(pack.board.throughput, abs=0.001)
    assert reading.soh == 99
    assert reading.temperatures["temperature_1"] == pytest.approx(battery.cells[0].temperature, abs=0.06)
    assert reading.temperatures["mosfet"] > battery.ambient
    assert reading.charging_enabled is True
    assert reading.discharging_enabled is True
    assert reading.heating is False
    assert reading.alarms == ()


def test_only_probes_that_are_fitted_are_there() -> None:
    assert set(decoded(cell_info(probes=4)).temperatures) == {
        "mosfet",
        "temperature_1",
        "temperature_2",
        "temperature_4",
        "temperature_5",
    }
    assert set(decoded(cell_info(probes=1)).temperatures) == {"mosfet", "temperature_1"}


def test_a_sensor_mask_with_gaps_hides_probes_and_an_empty_one_does_not() -> None:
    frame = cell_info()
    assert set(decoded(changed(frame, 214, b"\x02")).temperatures) == {"temperature_1"}
    assert "temperature_1" in decoded(changed(frame, 214, b"\x00")).temperatures


def test_fields_without_their_bit_do_not_exist() -> None:
    frame = cell_info()
    indispensable = (1 << 10 | 1 << 12 | 1 << 18).to_bytes(12, "little")
    bare = decoded(changed(frame, 287, indispensable))
    assert bare.voltage is not None
    assert bare.heating is None
    assert bare.charge_stage is None
    assert bare.power is None
    assert bare.balancing is None
    assert bare.balancing_cells is None
    assert bare.alarms == ()
    assert "clock" not in bare.details


def test_a_frame_with_a_bitmap_that_no_pack_has_is_refused() -> None:
    frame = cell_info()
    with pytest.raises(FrameError, match="spliced"):
        decoded(changed(frame, 287, struct.pack("<6H", *[3300] * 6)))


def test_firmware_without_a_bitmap_has_the_basic_fields_only() -> None:
    reading = decoded(changed(cell_info(), 287, bytes(12)))
    assert set(reading.temperatures) == {"mosfet", "temperature_1", "temperature_2"}
    assert reading.heating is False
    assert reading.charge_stage is None
    assert reading.precharging is None
    assert "heater_current" not in reading.details


def test_newer_fields() -> None:
    frame = changed(cell_info(), 278, struct.pack("<HBB", 677, 2, 0b101))
    reading = decoded(frame)
    assert reading.charge_stage == "float"
    assert reading.details["charge_stage_time"] == 677
    assert reading.details["chemistry"] == "lfp"
    assert reading.details["buzzer"] is True
    assert reading.details["dry_contact_1"] is False
    assert reading.details["dry_contact_2"] is True
    assert decoded(changed(frame, 280, b"\x07")).charge_stage is None
    assert decoded(changed(frame, 275, b"\x09")).details["chemistry"] == "unknown"


def test_a_float_that_is_no_number_is_left_out() -> None:
    frame = changed(cell_info(), 287, b"\xff" * 12)
    assert decoded(changed(frame, 226, struct.pack("<f", 1.25))).details["voltage_correction"] == 1.25
    assert "voltage_correction" not in decoded(changed(frame, 226, struct.pack("<f", math.nan))).details


def test_health_of_zero_means_never_computed() -> None:
    assert decoded(changed(cell_info(), 190, b"\x00")).soh is None


def test_remaining_capacity_may_be_below_zero() -> None:
    reading = decoded(changed(cell_info(), 174, struct.pack("<i", -1234)))
    assert reading.remaining_capacity == -1.234
    assert reading.stored_energy == 0


@pytest.mark.parametrize(("state", "cells"), [(0, ()), (1, (6,)), (2, (3,)), (9, None)])
def test_the_balancer_works_on_the_cell_that_the_pack_names(state, cells) -> None:
    frame = changed(changed(cell_info(), 78, bytes((2, 5))), 172, bytes((state,)))
    reading = decoded(frame)
    assert reading.balancing is (None if state == 9 else state != 0)
    assert reading.balancing_cells == cells


def test_a_balancer_that_names_no_cell_of_the_pack_works_on_none_that_we_know() -> None:
    frame = changed(changed(cell_info(), 78, bytes((200, 255))), 172, b"\x01")
    assert decoded(frame).balancing_cells == ()


def test_an_uneven_pack_is_balanced() -> None:
    pack = jk_pack("JK04", cells=8)
    pack.board.battery.cells[2].soc += 0.3
    pack.board.step(1)
    pack.board.step(1)
    reading = decoded(sealed(pack.cell_info(), 0x02), "JK04")
    assert reading.balancing is True
    assert reading.balancing_cells == (3,)
    assert reading.balance_current == -2.0


def test_cells_with_a_gap_keep_their_numbers() -> None:
    frame = changed(cell_info(cells=4), 8, b"\0\0")
    frame = changed(frame, 70, struct.pack("<I", 0b1101))
    reading = decoded(frame)
    assert reading.cell_voltages[1] is None
    assert reading.cell_resistances[1] is None
    assert reading.cell_count == 3
    assert len(reading.cell_voltages) == 4


def test_a_cell_that_reads_although_its_bit_is_clear_is_shown() -> None:
    frame = changed(cell_info(cells=4), 70, struct.pack("<I", 0b0111))
    assert decoded(frame).cell_count == 4


def test_a_mask_beyond_the_slots_adds_no_cells() -> None:
    frame = changed(cell_info("JK02_24S", cells=4), 54, struct.pack("<I", 0xFFFFFFFF))
    assert len(decoded(frame, "JK02_24S").cell_voltages) == 24


def test_a_dead_sense_wire_reads_zero() -> None:
    frame = changed(cell_info("JK04", cells=4), 10, struct.pack("<f", 0.0))
    assert decoded(frame, "JK04").cell_voltages[1] == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_jk04_cell_that_is_no_number_is_taken_away_alone(value) -> None:
    whole = decoded(cell_info("JK04"), "JK04")
    reading = decoded(changed(cell_info("JK04"), 6, struct.pack("<f", value)), "JK04")
    shown = possible(reading)
    assert shown.implausible == ("cell_voltage_1",)
    assert shown.cell_voltages == (None, *whole.cell_voltages[1:])
    assert shown.voltage is None  # it is the sum of all of them
    assert shown.temperatures == whole.temperatures


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_jk04_slot_without_a_cell_stays_empty_whatever_stands_there(value) -> None:
    reading = decoded(changed(cell_info("JK04"), 6 + 4 * 20, struct.pack("<f", value)), "JK04")
    assert reading.cell_voltages == decoded(cell_info("JK04"), "JK04").cell_voltages


def test_a_jk04_balance_current_that_is_no_number_is_absent() -> None:
    reading = decoded(changed(cell_info("JK04"), 222, struct.pack("<f", math.nan)), "JK04")
    assert reading.balance_current is None
    assert reading.cell_voltages


def test_a_jk04_resistance_that_is_no_number_is_absent() -> None:
    reading = decoded(changed(cell_info("JK04"), 102, struct.pack("<f", math.nan)), "JK04")
    assert reading.cell_resistances[0] is None


def test_jk04_without_cells_has_no_voltage() -> None:
    assert decoded(sealed(bytes(300), 0x02), "JK04").voltage is None


@pytest.mark.parametrize(
    ("model", "version", "variant"),
    [
        ("JK-B2A16S", "3.3.0", "JK04"),
        ("JK-B5A24S", "8.0.3M", "JK04"),
        ("JK_B5A24S", "8.0.3M", "JK04"),
        ("JK-B2A24S15P", "3.1", "JK02_24S"),
        ("JK-BD6A17S6P", "7.1.0H", "JK02_24S"),
        ("JK-B2A20S20P", "10.08", "JK02_24S"),
        ("JK_B2A20S20P", "11.288H", "JK02_32S"),
        ("JK_PB2A16S20P", "19.27", "JK02_32S"),
        ("JK-BD4A8S4P", "", "JK02_24S"),
        ("JK_PB2A16S20P", "V15.38", "JK02_32S"),
    ],
)
def test_the_identity_tells_the_layout(model, version, variant) -> None:
    assert variant_of(model, version) == variant


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("cells", [1, 2, 8, 16, 24])
@pytest.mark.parametrize("claimed", [None, *VARIANTS])
def test_the_content_tells_the_layout_and_overrules_the_version(variant, cells, claimed) -> None:
    assert detect_variant(cell_info(variant, cells=cells), claimed) is variant


def test_without_cells_the_version_decides_or_else_the_bitmap() -> None:
    blank = sealed(bytes(300), 0x02)
    assert detect_variant(blank, Variant.JK02_24S) is Variant.JK02_24S
    assert detect_variant(blank, Variant.JK04) is Variant.JK04
    assert detect_variant(changed(blank, 287, b"\xfe"), None) is Variant.JK02_32S
    assert detect_variant(changed(blank, 287, b"\xfe"), Variant.JK02_24S) is Variant.JK02_32S
    with pytest.raises(FrameError, match="layout_unknown"):
        detect_variant(blank)


@pytest.mark.parametrize(("variant", "offset"), [("JK02_32S", 8), ("JK02_24S", 8), ("JK04", 10)])
def test_a_cell_that_reads_zero_does_not_hide_the_layout(variant, offset) -> None:
    frame = changed(cell_info(variant, cells=8), offset, bytes(4 if variant == "JK04" else 2))
    assert detect_variant(frame) == variant


def test_no_current_is_no_negative_power() -> None:
    frame = changed(cell_info(), 154, struct.pack("<Ii", 0, -4))
    assert str(decoded(frame).power) == "0.0"


def test_a_frame_without_cells_has_none() -> None:
    assert decode_reading(sealed(bytes(300), 0x02), Variant.JK02_32S, 0.0).cell_voltages == ()
