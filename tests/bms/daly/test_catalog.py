"""What can be set on a pack follows from what it states, from its chemistry, and from what is proven."""

import pytest

from custom_components.smart_bms.bms.daly.catalog import catalog_of
from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.parameters import BY_KEY, PARAMETERS
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.control.constraints import broken_orders, order_issues, value_issues
from tests.support.catalogs import proofs
from tests.support.daly_parameters import D2_LFP, D2_NMC, D2_ROWS, P81_K, P81_ROWS, P81_STORAGE


def identity(dialect="D2", chemistry: str | None = "lfp", cells: int | None = 16, **details) -> Identity:
    if chemistry is not None:
        details["battery_type"] = chemistry
    return Identity(family="daly", variant=dialect, model="Daly", max_cells=cells, details=details)


def catalog(dialect="D2", stated=None, **options):
    keys = {row.key for row in PARAMETERS[Dialect(dialect)]}
    return catalog_of(identity(dialect, **options), keys if stated is None else stated)


D2_READ_ONLY = {"nominal_cell_voltage", "cell_count_1", "cell_count_2", "cell_count_3", "battery_type", "register_0xa8"}
P81_READ_ONLY = {
    "cell_count",
    "design_capacity",
    "charged_total",
    "discharged_total",
    "nominal_cell_voltage",
    "max_balance_current",
    "key_logic",
    "forced_closure_time",
    "short_circuit_current",
}


def test_what_was_recorded_is_proven() -> None:
    # Reference 6.2 and 7.5.
    assert proofs(catalog("D2"), Proof.PROVEN) == {"charge_switch", "discharge_switch", "balance_switch"}
    assert proofs(catalog("81"), Proof.PROVEN) == {"charge_switch", "discharge_switch"}
    assert proofs(catalog("A5"), Proof.PROVEN) == {"charge_switch", "discharge_switch", "soc_calibration"}


def test_what_only_documents_or_one_source_say_is_experimental() -> None:
    experimental = {key for _, key, *_ in D2_ROWS} - D2_READ_ONLY
    assert proofs(catalog("D2"), Proof.EXPERIMENTAL) == experimental - {
        "charge_switch",
        "discharge_switch",
        "balance_switch",
    }
    experimental = {key for _, key, *_ in P81_ROWS} - P81_READ_ONLY
    assert proofs(catalog("81"), Proof.EXPERIMENTAL) == experimental - {"charge_switch", "discharge_switch"}
    assert proofs(catalog("A5"), Proof.EXPERIMENTAL) == set()


def test_what_must_not_be_written_is_only_read() -> None:
    assert proofs(catalog("D2"), Proof.READ_ONLY) == D2_READ_ONLY
    assert proofs(catalog("81"), Proof.READ_ONLY) == P81_READ_ONLY
    assert proofs(catalog("A5"), Proof.READ_ONLY) == {row.key for row in PARAMETERS[Dialect.A5]}


@pytest.mark.parametrize("dialect", ["D2", "81", "A5"])
def test_nothing_dangerous_beside_the_list_is_offered(dialect) -> None:
    found = catalog(dialect)
    forbidden = {"restart", "shut_down", "zero_current", "factory_reset", "password", "clock", "forced_closure"}
    assert not forbidden & {*found.settings, *found.known}
    assert not any(setting.kind is SettingKind.COMMAND for setting in found.settings.values())
    assert {"charge_switch", "discharge_switch", "soc_calibration"} <= found.known


def test_only_what_the_board_states_is_there() -> None:
    found = catalog("D2", {"cell_overvoltage", "something_else"})
    assert set(found.settings) == {"cell_overvoltage"}
    assert "balance_switch" in found.known
    assert set(catalog("A5", ()).settings) == {"charge_switch", "discharge_switch", "soc_calibration"}


# Reference 9.1.
CELL_WINDOWS = {
    "lfp": ((3.3, 3.8), (2.0, 3.1), (3.0, 3.65)),
    "nmc": ((3.9, 4.3), (2.5, 3.5), (3.5, 4.25)),
    "lto": ((2.5, 2.9), (1.5, 2.2), (2.0, 2.8)),
}
SPREAD, TEMPERATURE, DEGREES, SOC = (0.005, 2.0), (-40, 90), (1, 60), (0, 100)


def limits(found, key):
    return found.settings[key].minimum, found.settings[key].maximum


@pytest.mark.parametrize("dialect", ["D2", "81"])
@pytest.mark.parametrize("chemistry", ["lfp", "nmc", "lto"])
def test_windows_by_chemistry(dialect, chemistry) -> None:
    high, low, balance = CELL_WINDOWS[chemistry]
    found = catalog(dialect, chemistry=chemistry, cells=16)
    for key in found.settings:
        if found.settings[key].unit != "V":
            continue
        if key.startswith("cell_overvoltage"):
            assert limits(found, key) == high, key
        elif key.startswith("cell_undervoltage"):
            assert limits(found, key) == low, key
        elif key.startswith("pack_overvoltage"):
            assert limits(found, key) == pytest.approx((16 * high[0], 16 * high[1])), key
        elif key.startswith("pack_undervoltage"):
            assert limits(found, key) == pytest.approx((16 * low[0], 16 * low[1])), key
    assert limits(found, "balance_start_voltage") == balance


@pytest.mark.parametrize("dialect", ["D2", "81"])
def test_windows_of_all_else(dialect) -> None:
    found = catalog(dialect)
    for key, setting in found.settings.items():
        if setting.proof is Proof.READ_ONLY or setting.kind is not SettingKind.NUMBER:
            continue
        if key.startswith("cell_imbalance") and setting.unit == "V":
            assert limits(found, key) == SPREAD, key
        elif key.startswith("temperature_imbalance") and setting.unit == "°C":
            assert limits(found, key) == DEGREES, key
        elif key.startswith("mosfet") and setting.unit == "°C":
            assert limits(found, key) == (-40, 130), key
        elif setting.unit == "°C":
            assert limits(found, key) == TEMPERATURE, key
        elif setting.unit == "%":
            assert limits(found, key) == SOC, key
        elif setting.unit == "A":
            low, high = limits(found, key)
            assert 0 < low < high <= 3000, key
    assert limits(found, "balance_trigger") == (0.005, 0.5)
    assert limits(found, "sleep_time") == (60, {"D2": 65534, "81": 65520}[dialect])
    if dialect == "D2":
        assert limits(found, "design_capacity") == (1, 2000)


@pytest.mark.parametrize(
    ("chemistry", "nominal", "expected"),
    [
        ("nmc", 3.2, "nmc"),
        ("unknown_7", 3.2, "lfp"),
        (None, 2.3, "lto"),
        (None, 3.2, "lfp"),
        (None, 3.7, "nmc"),
        (None, 3.6, "nmc"),
    ],
)
def test_the_nominal_voltage_tells_the_chemistry_where_the_board_does_not(chemistry, nominal, expected) -> None:
    found = catalog(chemistry=chemistry, nominal_cell_voltage=nominal)
    assert limits(found, "cell_overvoltage") == CELL_WINDOWS[expected][0]


@pytest.mark.parametrize("nominal", [None, "3.2", 0, 0.0, 1.0, 4.0, 12.8])
def test_of_unknown_cells_all_chemistries_are_possible(nominal) -> None:
    details = {} if nominal is None else {"nominal_cell_voltage": nominal}
    found = catalog(chemistry=None, **details)
    assert limits(found, "cell_overvoltage") == (2.5, 4.3)
    assert limits(found, "cell_undervoltage") == (1.5, 3.5)
    assert limits(found, "balance_start_voltage") == (2.0, 4.25)


def test_without_a_count_of_cells_a_pack_can_have_any() -> None:
    found = catalog(cells=None)
    assert limits(found, "pack_overvoltage") == pytest.approx((3.3, 48 * 3.8))
    assert limits(found, "pack_undervoltage") == pytest.approx((2.0, 48 * 3.1))


@pytest.mark.parametrize("dialect", ["D2", "81", "A5"])
@pytest.mark.parametrize("chemistry", ["lfp", "nmc", "lto", None])
def test_every_parameter_has_a_range_that_its_unit_and_wire_allow(dialect, chemistry) -> None:
    for key, setting in catalog(dialect, chemistry=chemistry).settings.items():
        assert bool(setting.options) is (setting.kind is SettingKind.CHOICE)
        if setting.kind is not SettingKind.NUMBER or setting.proof is Proof.READ_ONLY:
            continue
        assert setting.minimum < setting.maximum, key
        assert setting.step > 0
        assert not list(value_issues(setting, setting.minimum)), key
        assert not list(value_issues(setting, setting.maximum)), key


@pytest.mark.parametrize("dialect", ["D2", "81"])
@pytest.mark.parametrize("chemistry", ["lfp", "nmc", "lto", None])
def test_whatever_may_be_chosen_is_confirmed_when_it_is_read_back(dialect, chemistry) -> None:
    apart = []
    for key, setting in catalog(dialect, chemistry=chemistry, cells=13).settings.items():
        if setting.kind is not SettingKind.NUMBER or setting.proof is Proof.READ_ONLY or key == "sleep_time":
            continue
        row, steps = BY_KEY[Dialect(dialect)][key], round((setting.maximum - setting.minimum) / setting.step)
        for number in {0, 1, 2, steps, *range(0, steps, max(1, steps // 200))}:
            value = round(setting.minimum + number * setting.step, 6)
            assert not list(value_issues(setting, value)), (key, value)
            found = row.value(row.encode(value).to_bytes(2))
            if not setting.same(value, found):
                apart.append((key, value, found))
    assert apart == []


@pytest.mark.parametrize("dialect", ["D2", "81"])
@pytest.mark.parametrize("seconds", [60, 61, 65, 66, 69, 3600, 3605, 3606, 3609, 36000, 65520, 65535])
def test_a_sleep_time_that_may_be_chosen_is_confirmed_when_it_is_read_back(dialect, seconds) -> None:
    setting, row = catalog(dialect).settings["sleep_time"], BY_KEY[Dialect(dialect)]["sleep_time"]
    if issues := list(value_issues(setting, seconds)):
        assert [issue.code for issue in issues] == ["off_step"]
        assert dialect == "81"
        assert seconds % 10
        return
    raw = row.encode(seconds)
    stored = 65535 if dialect == "81" and raw == 6553 else raw
    assert setting.same(seconds, row.value(stored.to_bytes(2)))


def test_units_and_steps() -> None:
    found = catalog("D2").settings
    assert (found["cell_overvoltage"].unit, found["cell_overvoltage"].step) == ("V", 0.001)
    assert (found["pack_overvoltage"].unit, found["pack_overvoltage"].step) == ("V", 0.1)
    assert (found["max_charge_current"].unit, found["max_charge_current"].step) == ("A", 0.1)
    assert (found["charge_overtemperature"].unit, found["charge_overtemperature"].step) == ("°C", 1.0)
    assert (found["design_capacity"].unit, found["design_capacity"].step) == ("Ah", 0.1)
    assert (found["sleep_time"].unit, found["sleep_time"].step, found["sleep_time"].resolution) == ("s", 1.0, 1.0)
    slow = catalog("81").settings["sleep_time"]
    assert (slow.minimum, slow.maximum, slow.step, slow.special) == (60, 65_520, 10, 65_535)
    assert (found["sleep_time"].maximum, found["sleep_time"].special) == (65_534, 65_535)
    assert catalog("81").settings["cell_overvoltage_delay"].unit == "s"
    assert found["battery_type"].options == ("lfp", "nmc", "lto")


@pytest.mark.parametrize("dialect", ["D2", "81", "A5"])
def test_the_state_of_charge_is_seen_in_the_reading(dialect) -> None:
    setting = catalog(dialect).settings["soc_calibration"]
    assert setting.seen is not None
    assert setting.seen(Reading(measured_at=0.0, soc=42.0)) == 42.0
    assert setting.tolerance == 0.5
    assert setting.dangerous


def test_switches_of_a5_are_seen_in_the_reading() -> None:
    reading = Reading(measured_at=0.0, charging_enabled=True, discharging_enabled=False)
    found = catalog("A5").settings
    assert found["charge_switch"].seen(reading) is True
    assert found["discharge_switch"].seen(reading) is False
    assert catalog("D2").settings["charge_switch"].seen is None


@pytest.mark.parametrize("dialect", ["D2", "81"])
def test_what_can_do_harm_takes_a_second_word(dialect) -> None:
    dangerous = {key for key, setting in catalog(dialect).settings.items() if setting.dangerous}
    third = {"charge_overcurrent_2", "discharge_overcurrent_2"} if dialect == "81" else set()
    assert dangerous == {"design_capacity", "soc_calibration", "max_charge_current", "max_discharge_current"} | third


def test_what_the_board_changes_by_itself_is_announced() -> None:
    assert catalog("D2").settings["cell_overvoltage"].also_changes == {"cell_overvoltage_warning"}
    assert catalog("81").settings["cell_overvoltage"].also_changes == frozenset()


# Orders, reference 9.1.


def broken(dialect, values) -> set[tuple[str, str]]:
    found = catalog(dialect)
    return set(broken_orders(values, found.chains, found.may_equal))


@pytest.mark.parametrize(
    ("dialect", "values", "expected"),
    [
        ("D2", D2_LFP, set()),
        ("D2", D2_NMC, set()),
        ("81", P81_K, set()),
        # The storage board itself is inconsistent there, as the reference says.
        ("81", P81_STORAGE, {("discharge_undertemperature_warning", "discharge_undertemperature")}),
    ],
    ids=["16S LFP", "13S NMC", "4S K", "storage"],
)
def test_real_boards_are_in_order(dialect, values, expected) -> None:
    assert broken(dialect, values) == expected


def test_equal_levels_are_in_order() -> None:
    equal = {"cell_overvoltage": 3.6, "cell_overvoltage_warning": 3.6, "cell_overvoltage_release": 3.6}
    equal |= {"cell_undervoltage_release": 2.5, "cell_undervoltage_warning": 2.5, "cell_undervoltage": 2.5}
    equal |= {"max_charge_current": 100.0, "charge_overcurrent_warning": 100.0, "charge_overcurrent_2": 100.0}
    equal |= {"charge_overtemperature": 60, "charge_overtemperature_warning": 60}
    equal |= {"cell_imbalance": 0.5, "cell_imbalance_warning": 0.5}
    assert broken("81", equal) == set()


@pytest.mark.parametrize(
    ("higher", "lower"),
    [
        ("cell_overvoltage", "cell_overvoltage_warning"),
        ("cell_overvoltage_warning", "cell_overvoltage_release"),
        ("cell_overvoltage_release", "cell_undervoltage_release"),
        ("cell_undervoltage_release", "cell_undervoltage_warning"),
        ("cell_undervoltage_warning", "cell_undervoltage"),
        ("cell_overvoltage_2", "cell_overvoltage"),
        ("cell_undervoltage", "cell_undervoltage_2"),
        ("pack_overvoltage", "pack_overvoltage_warning"),
        ("pack_undervoltage_warning", "pack_undervoltage"),
        ("pack_overvoltage_warning", "pack_undervoltage_warning"),
        ("charge_overcurrent_2", "max_charge_current"),
        ("max_charge_current", "charge_overcurrent_warning"),
        ("discharge_overcurrent_2", "max_discharge_current"),
        ("max_discharge_current", "discharge_overcurrent_warning"),
        ("charge_overtemperature", "charge_overtemperature_warning"),
        ("charge_overtemperature_warning", "charge_undertemperature_warning"),
        ("charge_undertemperature_warning", "charge_undertemperature"),
        ("discharge_overtemperature", "discharge_overtemperature_warning"),
        ("discharge_overtemperature_warning", "discharge_undertemperature_warning"),
        ("discharge_undertemperature_warning", "discharge_undertemperature"),
        ("cell_imbalance", "cell_imbalance_warning"),
        ("temperature_imbalance", "temperature_imbalance_warning"),
    ],
)
def test_levels_in_the_wrong_order_are_found(higher, lower) -> None:
    assert (higher, lower) in broken("81", {higher: 10.0, lower: 20.0})
    assert broken("81", {higher: 20.0, lower: 10.0}) == set()


def test_without_releases_a_cell_may_not_be_too_full_and_too_empty_at_once() -> None:
    pair = {"cell_overvoltage_warning": 3.0, "cell_undervoltage_warning": 3.0}
    assert broken("D2", pair) == {("cell_overvoltage_warning", "cell_undervoltage_warning")}


def test_limits_of_the_pack_fit_to_those_of_its_cells() -> None:
    found = catalog("D2")
    assert list(order_issues(found, D2_LFP | {"cell_count": 16})) == []
    codes = [issue.code for issue in order_issues(found, D2_LFP | {"cell_count": 15})]
    assert "pack_limit_apart" not in codes  # one cell in sixteen is within the tolerance
    codes = [issue.code for issue in order_issues(found, D2_LFP | {"cell_count": 8})]
    assert codes == ["pack_limit_apart"] * 2
