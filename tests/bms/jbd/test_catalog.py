"""What can be set on a JBD pack, within which limits, and how dangerous it is."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bms.jbd.catalog import CHAINS, MAY_EQUAL, catalog_of
from custom_components.smart_bms.bms.jbd.decode import decode_basic
from custom_components.smart_bms.bms.jbd.parameters import BY_KEY, REGISTERS
from custom_components.smart_bms.bms.jbd.settings import decode_settings, encode_register, registers_of
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.control.constraints import broken_orders, order_issues, value_issues
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from tests.support.jbd_messages import REAL_VALUES, basic
from tests.support.packs import jbd_pack

ALL = tuple(BY_KEY)
SWITCHES = ("charge_switch", "discharge_switch")


def identity(*, coarse: bool = False, cells: int | None = 4, front_end: int | None = 0) -> Identity:
    reported = {} if front_end is None else {"front_end": front_end}
    details = {"coarse_units": coarse, **reported}
    return Identity(family="jbd", variant="classic", model="X", max_cells=cells, details=details)


def catalog(stated=ALL, **options):
    return catalog_of(identity(**options), stated)


def reading(**fields) -> Reading:
    return Reading(measured_at=0.0, **decode_basic(basic(**fields)))


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("cells", [1, 4, 32, None])
def test_every_parameter_has_a_range_that_its_unit_and_wire_allow(coarse, cells) -> None:
    for key, setting in catalog(coarse=coarse, cells=cells).settings.items():
        assert setting.key == key
        assert bool(setting.options) is (setting.kind is SettingKind.CHOICE)
        if setting.kind is not SettingKind.NUMBER:
            continue
        assert setting.minimum < setting.maximum
        assert setting.resolution
        assert setting.step >= setting.resolution * 0.999, key
        for value in (setting.minimum, setting.maximum):
            assert not list(value_issues(setting, value, exact=True)), (key, value)
            if key in BY_KEY and not BY_KEY[key].coding.is_shunt and setting.proof is not Proof.READ_ONLY:
                _, wire = encode_register(key, bytes(2), value, coarse=coarse)
                assert BY_KEY[key].value(wire, coarse=coarse) == pytest.approx(value)
        for value in (setting.minimum - setting.step, setting.maximum + setting.step):
            assert list(value_issues(setting, value)), (key, value)


@pytest.mark.parametrize("label", [SP04S034, DP16S020, LEGACY, WATTCYCLE])
def test_what_a_simulated_board_states_is_offered_and_already_valid(label) -> None:
    pack = jbd_pack(label, cells=8)
    pack.factory_mode = True
    version = f"{label.sw_version >> 4}.{label.sw_version & 15}"
    found = {number: pack.firmware.read(number)[1] for number in registers_of(version)}
    values = decode_settings(found, pack.variant, 0.0).values
    offered = catalog(values, cells=8)
    assert set(values) <= set(offered.settings)
    for key, value in values.items():
        if offered.settings[key].proof is not Proof.READ_ONLY:
            assert not list(value_issues(offered.settings[key], value, exact=True)), (key, value)
    assert not list(broken_orders(values, CHAINS, MAY_EQUAL))


def test_a_real_board_is_in_order() -> None:
    offered = catalog(REAL_VALUES)
    for key, value in REAL_VALUES.items():
        if offered.settings[key].proof is not Proof.READ_ONLY:
            assert not list(value_issues(offered.settings[key], value, exact=True)), (key, value)
    assert not list(order_issues(offered, REAL_VALUES))


@pytest.mark.parametrize(
    "change",
    [
        {"hardware_cell_overvoltage": 3.65},
        {"cell_overvoltage_release": 3.65},
        {"cell_undervoltage_release": 2.5},
        {"cell_undervoltage_release": 3.55},
        {"hardware_cell_undervoltage": 2.5},
        {"soc_100_voltage": 3.66},
        {"soc_80_voltage": 3.51},
        {"soc_60_voltage": 3.41},
        {"soc_40_voltage": 3.36},
        {"soc_20_voltage": 3.31},
        {"soc_0_voltage": 3.1},
        {"soc_0_voltage": 2.5},
        {"balance_start_voltage": 3.66},
        {"pack_overvoltage_release": 14.6},
        {"pack_undervoltage": 10.8},
        {"charge_overtemperature_release": 75.0},
        {"charge_undertemperature_release": -10.0},
        {"discharge_overtemperature_release": 75.0},
        {"discharge_undertemperature_release": -10.0},
        {"cycle_capacity": 280.01},
        {"pack_overvoltage": 16.3},
        {"pack_undervoltage": 8.9},
        {"soc_90_voltage": 3.39},
        {"soc_50_voltage": 3.36},
    ],
    ids=str,
)
def test_limits_never_cross(change) -> None:
    assert list(order_issues(catalog(REAL_VALUES | change), REAL_VALUES | change))


@pytest.mark.parametrize(
    "change",
    [
        {"soc_100_voltage": 3.65},
        {"soc_80_voltage": 3.5},
        {"soc_40_voltage": 3.35},
        {"soc_20_voltage": 3.3},
        {"cycle_capacity": 280.0},
        {"balance_start_voltage": 3.65},
        {"soc_90_voltage": 3.45, "soc_70_voltage": 3.4, "soc_50_voltage": 3.3, "soc_10_voltage": 3.0},
    ],
    ids=str,
)
def test_some_may_be_the_same(change) -> None:
    assert not list(order_issues(catalog(REAL_VALUES | change), REAL_VALUES | change))


def test_every_name_in_a_chain_exists() -> None:
    assert {key for chain in CHAINS for key in chain} | MAY_EQUAL <= set(BY_KEY)


@pytest.mark.parametrize(
    ("key", "minimum", "maximum", "step"),
    [
        ("design_capacity", 1, 655.35, 0.01),
        ("soc_100_voltage", 2.5, 4.5, 0.001),
        ("soc_0_voltage", 1.5, 3.5, 0.001),
        ("charge_overtemperature", 0, 120, 0.1),
        ("discharge_overtemperature_release", 0, 120, 0.1),
        ("charge_undertemperature", -40, 30, 0.1),
        ("discharge_undertemperature_release", -40, 30, 0.1),
        ("pack_overvoltage", 10, 18, 0.01),
        ("pack_undervoltage_release", 6, 14, 0.01),
        ("cell_overvoltage", 2.5, 4.5, 0.001),
        ("cell_undervoltage_release", 1.5, 3.5, 0.001),
        ("max_charge_current", 1, 327.67, 0.01),
        ("balance_start_voltage", 2.5, 4.5, 0.001),
        ("balance_trigger", 0.02, 0.5, 0.001),
        ("hardware_cell_overvoltage", 2.5, 4.8, 0.001),
        ("hardware_cell_undervoltage", 1.0, 3.5, 0.001),
        ("cell_count", 1, 32, 1),
        ("charge_overcurrent_delay", 0, 255, 1),
        ("charge_overtemperature_delay", 0, 255, 1),
        ("short_circuit_release", 0, 255, 1),
        ("switch_delay", 0, 65535, 1),
    ],
)
def test_ranges_are_those_of_the_documents(key, minimum, maximum, step) -> None:
    setting = catalog().settings[key]
    assert (setting.minimum, setting.maximum, setting.step) == (minimum, maximum, step)


def test_coarse_boards_have_coarse_ranges_where_they_count_so() -> None:
    fine, coarse = catalog().settings, catalog(coarse=True).settings
    assert (coarse["design_capacity"].maximum, coarse["design_capacity"].resolution) == (6553.5, 0.1)
    assert (coarse["max_charge_current"].maximum, coarse["max_charge_current"].step) == (pytest.approx(3276.7), 0.1)
    assert coarse["cell_overvoltage"] == fine["cell_overvoltage"]


def test_the_remaining_capacity_is_never_offered_beyond_what_its_register_holds() -> None:
    for coarse in (False, True):
        setting = catalog(coarse=coarse).settings["remaining_capacity_calibration"]
        assert (setting.minimum, setting.maximum) == (0, 655.35)
        assert setting.dangerous


def test_a_text_has_the_longest_that_its_register_takes() -> None:
    setting = catalog().settings["model_name"]
    assert (setting.kind, setting.maximum) == (SettingKind.TEXT, 31)
    assert catalog().settings["barcode"].personal
    assert not setting.personal


def test_what_takes_a_second_word() -> None:
    settings = catalog().settings
    dangerous = {key for key, setting in settings.items() if setting.dangerous}
    assert dangerous >= {
        *("cell_count", "design_capacity", "switch_input", "remaining_capacity_calibration"),
        *("hardware_cell_overvoltage", "hardware_cell_undervoltage", "short_circuit_delay", "short_circuit_threshold"),
        *("short_circuit_release", "discharge_overcurrent_2_delay", "discharge_overcurrent_2_threshold"),
        *("hardware_cell_overvoltage_delay", "hardware_cell_undervoltage_delay"),
        *(f"temperature_sensor_{number}" for number in range(1, 9)),
    }
    assert all(settings[row.key].clears_history for row in REGISTERS)
    assert not any(settings[key].clears_history for key in SWITCHES)


def test_what_is_only_read_and_what_is_behind_the_gate_of_experts() -> None:
    settings = catalog().settings
    read_only = {key for key, setting in settings.items() if setting.proof is Proof.READ_ONLY}
    assert read_only == {
        *("register_0x14", "board_serial_number", "cycle_count", "shunt_resistance", "function_word"),
    }
    experimental = {key for key, setting in settings.items() if setting.proof is Proof.EXPERIMENTAL}
    assert experimental == {
        *("cell_count", "short_circuit_delay", "short_circuit_threshold", "short_circuit_release"),
        *("discharge_overcurrent_2_delay", "discharge_overcurrent_2_threshold"),
        *("hardware_cell_overvoltage_delay", "hardware_cell_undervoltage_delay", "soc_100_voltage_fine"),
    }


@pytest.mark.parametrize("front_end", [None, 3])
def test_the_short_circuit_word_of_an_unknown_front_end_is_never_written(front_end) -> None:
    settings = catalog(front_end=front_end).settings
    for key in ("short_circuit_delay", "discharge_overcurrent_2_threshold"):
        assert settings[key].proof is Proof.READ_ONLY


def test_what_a_board_does_not_state_is_not_offered() -> None:
    few = catalog(("cell_overvoltage",))
    assert set(few.settings) == {*SWITCHES, "cell_overvoltage"}
    assert few.known >= {"design_capacity", "remaining_capacity_calibration", *SWITCHES}
    assert "remaining_capacity_calibration" in catalog(("design_capacity",)).settings


def test_the_remaining_capacity_shows_in_the_reading() -> None:
    setting = catalog().settings["remaining_capacity_calibration"]
    assert setting.seen(reading(remaining=4711)) == 47.11


@pytest.mark.parametrize(
    ("fields", "charge", "discharge"),
    [
        ({}, True, True),
        ({"protections": 0x1000, "switches": 2}, False, True),
        ({"protections": 0x1000, "switches": 1}, True, False),
        ({"protections": 0x1001, "switches": 2}, None, True),
        ({"protections": 0x1002, "switches": 1}, True, None),
        ({"protections": 0x0001, "switches": 2}, True, True),
    ],
)
def test_a_switch_is_what_was_commanded_and_cannot_be_set_while_the_other_cannot_be_seen(
    fields, charge, discharge
) -> None:
    settings, now = catalog().settings, reading(**fields)
    assert settings["charge_switch"].seen(now) is charge
    assert settings["discharge_switch"].seen(now) is discharge
    assert settings["charge_switch"].hidden(now) is (discharge is None)
    assert settings["discharge_switch"].hidden(now) is (charge is None)


def test_a_switch_of_a_reading_without_locks_is_not_known() -> None:
    bare = replace(reading(), details={})
    assert catalog().settings["charge_switch"].seen(bare) is None
    assert catalog().settings["charge_switch"].hidden(bare) is True
