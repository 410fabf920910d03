"""Parameter check: questionable values of present parameters."""

import pytest

from custom_components.smart_bms.bms.daly.catalog import catalog_of as daly_catalog
from custom_components.smart_bms.bms.jbd.catalog import catalog_of as jbd_catalog
from custom_components.smart_bms.bms.jk.catalog import catalog_of
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.control.parameter_check import check_parameters
from custom_components.smart_bms.control.validation_issue import IssueSeverity
from tests.support.jk_parameters import CATALOG, VALUES

SOUND = {"balance_trigger": 0.005, "max_balance_current": 1.0}


def codes(changes=None, chemistry=None) -> list[str]:
    return [issue.code for issue in check_parameters(CATALOG, VALUES | SOUND | (changes or {}), chemistry)]


def test_a_sound_pack_has_nothing_to_say() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cell_overvoltage": 3.4}, "order_broken"),
        ({"power_off_voltage": 2.7}, "order_broken"),
        ({"requested_charge_voltage": 3.6}, "not_sensible"),
        ({"soc_100_voltage": 3.7}, "not_sensible"),
        ({"soc_0_voltage": 2.5}, "not_sensible"),
        ({"requested_float_voltage": 3.5}, "not_sensible"),
        ({"heating_start_temperature": 8}, "not_sensible"),
        ({"smart_sleep_voltage": 3.5}, "not_sensible"),
        ({"cell_overvoltage": 4.38}, "outside_manual"),
        ({"design_capacity": 2}, "outside_manual"),
        ({"charge_undertemperature": -40}, "outside_manual"),
        ({"max_charge_current": 250}, "outside_manual"),
        ({"cell_overvoltage_release": 3.58}, "release_too_close"),
        ({"charge_undertemperature_release": 1}, "release_too_close"),
        ({"discharge_overtemperature_release": 59}, "release_too_close"),
        ({"max_balance_current": 2.0, "design_capacity": 15}, "balance_current_high"),
        ({"balance_trigger": 0.01}, "balance_trigger_advice"),
        ({"balance_trigger": 0.005, "design_capacity": 40}, "balance_trigger_advice"),
        ({"short_circuit_delay": 0}, "short_circuit_off"),
        ({"disable_temperature_sensors": True}, "temperature_sensors_off"),
    ],
)
def test_each_rule_finds_what_it_looks_for(changes, code) -> None:
    assert code in codes(changes)


def test_equal_targets_and_unused_fields_are_fine() -> None:
    assert codes({"requested_float_voltage": 3.45, "requested_charge_voltage": 3.45}) == []
    assert codes({"requested_float_voltage": 0.0, "soc_0_voltage": 0.0, "smart_sleep_voltage": 0.0}) == []


def test_the_worst_comes_first() -> None:
    issues = check_parameters(CATALOG, VALUES | {"cell_overvoltage": 3.4, "balance_trigger": 0.02})
    severities = [issue.severity for issue in issues]
    assert severities[0] is IssueSeverity.ERROR
    assert severities[-1] is IssueSeverity.ADVICE
    assert severities == sorted(severities, key=list(IssueSeverity).index)


def test_differences_from_a_preset_are_told_if_asked_for() -> None:
    found = check_parameters(CATALOG, VALUES | SOUND, "lfp")
    assert {issue.parameters[0] for issue in found} == {"balance_trigger"}
    assert "cell_overvoltage" in {issue.parameters[0] for issue in check_parameters(CATALOG, VALUES | SOUND, "nmc")}
    assert codes(chemistry="lead") == []


def test_a_balancer_without_capacity_is_not_advised_on_it() -> None:
    catalog = catalog_of(Identity(family="jk", variant="JK04", model="JK-B5A24S"), ("balance_trigger",))
    assert check_parameters(catalog, {"balance_trigger": 0.01}) == []


def advice_for(dialect: str, changes: dict[str, object]) -> list[str]:
    values = {"cell_overvoltage": 3.6, "balance_trigger": 0.1, "design_capacity": 100.0} | changes
    identity = Identity(family="daly", variant=dialect, model="H2", details={"battery_type": "lfp"}, max_cells=4)
    return [issue.code for issue in check_parameters(daly_catalog(identity, values), values)]


def test_what_no_manual_says_is_not_called_its_advice() -> None:
    assert advice_for("D2", {}) == []
    assert advice_for("D2", {"cell_overvoltage": 4.0}) == ["outside_limits"]


JBD = Identity(family="jbd", variant="extended", model="JBD-SP04S", max_cells=4)
JBD_SOUND = {
    "cell_overvoltage": 3.65,
    "balance_start_voltage": 3.4,
    "balance_trigger": 0.03,
    "balance_switch": True,
    "balance_only_charging": False,
    "design_capacity": 100.0,
}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"balance_trigger": 0.019}, ["outside_limits", "balance_trigger_advice"]),
        ({"balance_trigger": 0.02}, ["balance_trigger_advice"]),
        ({"balance_trigger": 0.029}, ["balance_trigger_advice"]),
        ({"balance_start_voltage": 3.66}, ["order_broken"]),
        ({"balance_start_voltage": 3.29}, ["balances_in_the_middle"]),
        ({"balance_start_voltage": 3.29, "balance_only_charging": True}, []),
        ({"balance_start_voltage": 3.29, "balance_switch": False}, []),
        ({"balance_start_voltage": 3.29, "cell_overvoltage": 4.2}, []),
        ({"balance_start_voltage": 3.3}, []),
    ],
)
def test_what_the_manual_of_jbd_advises_about_balancing(changes, codes) -> None:
    values = JBD_SOUND | changes
    assert [issue.code for issue in check_parameters(jbd_catalog(JBD, values), values)] == codes
