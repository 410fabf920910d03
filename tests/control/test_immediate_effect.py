"""Immediate effect: which protections a change would trip at once, by the model of the pack's rules."""

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.settings import Catalog
from custom_components.smart_bms.control.immediate_effect import immediate_effect_issues
from custom_components.smart_bms.protection.families import rules_at_once

NOTHING = Catalog(settings={}, known=frozenset(), presets={})
CHARGING, DISCHARGING, BOTH, OFF = (
    "would_stop_charging", "would_stop_discharging", "would_stop_both", "would_power_off")  # fmt: skip


def found(rules, changes, before, **values) -> list[str]:
    measured = {"cell_voltages": (3.3, 3.31, 3.4, 3.3), "voltage": 13.31, "current": 0.0,
                "temperatures": {"temperature_1": 8.0, "temperature_2": 18.0}, "alarms": ()} | values  # fmt: skip
    issues = immediate_effect_issues(
        NOTHING, changes, before, Reading(measured_at=1.0, **measured), rules_at_once(*rules)
    )
    return [issue.code for issue in issues]


JK, JBD, DALY = ("jk", "JK02_32S"), ("jbd", "extended"), ("daly", "D2")
OLD, GENERATION_3, BALANCER = ("smart123", "gen2"), ("smart123", "gen3"), ("jk", "JK04")


@pytest.mark.parametrize(
    ("rules", "key", "old", "new", "code"),
    [
        (DALY, "cell_imbalance", 0.5, 0.1, BOTH),
        (DALY, "cell_imbalance", 0.5, 0.11, None),
        (DALY, "temperature_imbalance", 15, 10, BOTH),
        (DALY, "mosfet_overtemperature", 90, 40, BOTH),
        (DALY, "cell_overvoltage_warning", 3.6, 3.3, None),
        # Where equality trips, and where it does not.
        (DALY, "cell_overvoltage", 3.65, 3.4, CHARGING),
        (JBD, "cell_overvoltage", 3.65, 3.4, CHARGING),
        (GENERATION_3, "cell_overvoltage", 3.65, 3.4, CHARGING),
        (JK, "cell_overvoltage", 3.65, 3.4, None),
        (JK, "cell_overvoltage", 3.65, 3.399, CHARGING),
        (JBD, "pack_undervoltage", 10.0, 13.31, DISCHARGING),
        # Frost, at rest.
        (JK, "charge_undertemperature", 0, 9, CHARGING),
        (JBD, "charge_undertemperature", 0, 9, CHARGING),
        (DALY, "charge_undertemperature", 0, 9, CHARGING),
        (GENERATION_3, "charge_undertemperature", 0, 9, CHARGING),
        (OLD, "charge_undertemperature", 0, 9, BOTH),
        (JBD, "discharge_undertemperature", -20, 8, DISCHARGING),
        (GENERATION_3, "discharge_undertemperature", -20, 9, DISCHARGING),
        (JK, "power_off_voltage", 2.6, 3.3, OFF),
        (BALANCER, "power_off_voltage", 2.6, 3.3, OFF),
        # What is passed already may be moved.
        (JK, "cell_overvoltage", 3.35, 3.3, None),
        (JK, "max_charge_current", 100, 1, None),
    ],
)
def test_one_limit(rules, key, old, new, code) -> None:
    temperatures = {"temperature_1": 8.0, "temperature_2": 18.0, "mosfet": 50.0}
    before = {"discharge_undertemperature": -20, key: old}
    assert found(rules, {key: new}, before, temperatures=temperatures) == ([code] if code else [])


@pytest.mark.parametrize(("current", "key", "code"), [(30.0, "charge", CHARGING), (-30.0, "discharge", DISCHARGING)])
def test_a_current_trips_however_long_its_delay(current, key, code) -> None:
    limit, delay = f"max_{key}_current", f"{key}_overcurrent_delay"
    assert found(JK, {limit: 20}, {limit: 100, delay: 600}, current=current) == [code]


def test_what_the_pack_does_not_measure_trips_nothing() -> None:
    assert found(DALY, {"mosfet_overtemperature": 40}, {"mosfet_overtemperature": 90}) == []
    assert found(OLD, {"cell_undervoltage": 3.4}, {"cell_undervoltage": 2.8}, cell_voltages=()) == []


def test_what_the_pack_complains_about_is_no_matter_of_other_parameters() -> None:
    assert found(JK, {"max_charge_current": 50}, {"max_charge_current": 100}, alarms=(Alarm.CHARGE_OVERCURRENT,)) == []


@pytest.mark.parametrize(
    ("changes", "critical", "codes"),
    [
        ({"balance_start_voltage": 3.3}, False, [CHARGING]),
        ({"balance_start_voltage": 3.31}, False, []),
        ({"balance_start_voltage": 3.3}, True, []),
        ({"balance_start_voltage": 3.3}, None, []),
        ({"critical_mode": False, "balance_start_voltage": 3.3}, True, [CHARGING]),
    ],
)
def test_relays_open_by_their_tables(changes, critical, codes) -> None:
    current = {"balance_start_voltage": 3.45, "cell_overvoltage": 3.65, "cell_undervoltage": 2.8}
    mode = {} if critical is None else {"critical_mode": critical}
    assert found(OLD, changes, current | mode) == codes


def test_a_mode_in_which_the_pack_is_full_stops_it() -> None:
    current = {"balance_start_voltage": 3.3, "cell_overvoltage": 3.65, "cell_undervoltage": 2.8, "critical_mode": True}
    assert found(OLD, {"critical_mode": False}, current) == [CHARGING]
