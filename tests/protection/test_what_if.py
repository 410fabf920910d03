"""What if: what trips, when, and what releases it."""

import pytest

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.smart123 import SMART123
from custom_components.smart_bms.protection.what_if import what_if
from tests.support.protection_life import reading
from tests.support.rule_books import DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS


def prospect(rules, settings, seconds, protection, **shown):
    """Return the outcome, and what becomes of one protection."""
    outcome = what_if(rules, settings, reading(0.0, **shown), seconds)
    return outcome, next(item for item in outcome.prospects if item.protection == protection)


@pytest.mark.parametrize(
    ("rules", "settings", "protection", "shown", "seconds", "trips_after", "released", "release"),
    [
        (JK, JK_LFP, "discharge_overcurrent", {"current": -200}, 60, 30.0, "after", 60.0),
        (JK, JK_LFP, "discharge_overcurrent", {"current": -200}, 30, 30.0, "after", 60.0),
        (JK, JK_LFP, "discharge_overcurrent", {"current": -200}, 29, None, "after", 60.0),
        (JK, JK_LFP, "cell_overvoltage", {"highest": 3.65}, 0, 0.0, "below", 3.5),
        (JK, JK_LFP, "cell_undervoltage", {"lowest": 2.65}, 0, 0.0, "above", 2.9),
        (JK, JK_LFP, "automatic_shutdown", {"lowest": 2.5}, 0, 0.0, "charger_connected", None),
        (JBD, JBD_REAL, "cell_overvoltage", {"highest": 3.65}, 60, 2.0, "below", 3.55),
        (DALY, DALY_D2, "charge_overcurrent", {"current": 250}, 1, 0.0, "opposite_current", None),
        (DALY, DALY_D2, "soc_low_warning", {"soc": 8}, 1, 0.0, "condition_ends", None),
        (SMART123, SMART123_SETTINGS, "cell_overvoltage", {"highest": 3.65}, 1, 0.0, "condition_ends", None),
    ],
)
def test_what_trips_when_and_what_releases_it(
    rules, settings, protection, shown, seconds, trips_after, released, release
):
    outcome, found = prospect(rules, settings, seconds, protection, **shown)
    assert (found.trips_after, found.released, found.release, found.known) == (trips_after, released, release, True)
    for side in found.blocks:
        assert (getattr(outcome, side) == "no") is (trips_after is not None)


def test_what_is_missing_is_said():
    limits = {
        key: value for key, value in JK_LFP.items() if key not in ("cell_overvoltage", "cell_undervoltage_release")
    }
    outcome, found = prospect(JK, limits, 60, "cell_overvoltage", highest=3.7)
    assert (found.known, found.trips_after, found.margin) == (False, None, None)
    assert outcome.charge == "unknown"
    _, found = prospect(JK, limits, 60, "cell_undervoltage", lowest=2.65)
    assert (found.released, found.release) == ("not_stated", None)
    limits = {key: value for key, value in JK_LFP.items() if key != "charge_overcurrent_release"}
    assert prospect(JK, limits, 60, "charge_overcurrent", current=110)[1].released == "not_stated"


def test_a_calm_pack_may_do_both():
    outcome = what_if(JK, JK_LFP, reading(0.0), 3600)
    assert (outcome.charge, outcome.discharge) == ("yes", "yes")
    assert all(item.trips_after is None for item in outcome.prospects)
