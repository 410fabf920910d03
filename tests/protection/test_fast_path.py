"""Fast path: readings that change nothing are not evaluated, and whatever could change something ends it at once."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.fast_path import FastPath
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.limits import Limiter
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.smart123 import SMART123
from tests.support.protection_life import Life, reading
from tests.support.random_lives import FAMILIES, live
from tests.support.rule_books import DALY_D2, JK_LFP, SMART123_SETTINGS

LIVES = 10_000
PARTS = 2
"""So that they can run side by side."""

STEADY = {"highest": 3.32, "lowest": 3.28, "current": -12.0, "soc": 61}


def steady_life() -> Life:
    life = Life(JK, JK_LFP)
    life.see(1, **STEADY)
    assert life.mirror.steady is not None
    return life


def test_what_is_shown_is_that_of_the_newest_reading() -> None:
    life = steady_life()
    before = life.mirror.nearest
    life.see(1, **STEADY | {"highest": 3.35, "stage": 44.0})
    assert life.mirror.steady is not None
    assert life.mirror.monitors["cell_overvoltage"].value == 3.35
    assert life.mirror.monitors["mosfet_overtemperature"].margin == 31
    assert before is not None
    life.see(1, **STEADY | {"highest": 3.34})
    assert life.mirror.nearest.monitor.value == life.mirror.moment.measured[life.mirror.nearest.monitor.rule.quantity]
    for _ in range(4):
        life.see(9, **STEADY)
    assert life.mirror.nearest.monitor.value == life.mirror.moment.measured[life.mirror.nearest.monitor.rule.quantity]


@pytest.mark.parametrize(
    "change",
    [
        {"highest": 3.46},
        {"lowest": 2.9},
        {"current": 60.0},
        {"current": -90.0},
        {"hottest": 50.0},
        {"coldest": 7.0},
        {"stage": 61.0},
        {"alarms": ("charge_mosfet_fault",)},
        {"alarms": None},
        {"charging": False},
        {"discharging": None},
        {"current": None},
    ],
)
def test_what_could_change_something_is_evaluated(change) -> None:
    life = steady_life()
    life.see(1, **STEADY | change)
    whole = Life(JK, JK_LFP, began=False)
    whole.see(1, **STEADY | change)
    assert life.mirror.charge.answer == whole.mirror.charge.answer
    assert life.mirror.discharge.answer == whole.mirror.discharge.answer


def test_on_the_way_to_a_limit_only_the_trend_goes_on() -> None:
    life = Life(JK, JK_LFP)
    for second in range(60):
        life.see(1, current=20.0, highest=3.46 + second * 0.001)
    steady = life.mirror.steady
    assert [monitor.rule.protection for monitor in life.plain.near] == ["cell_overvoltage"]
    for second in range(60, 130):
        life.see(1, current=20.0, highest=3.46 + second * 0.001)
        assert life.mirror.steady is steady
        assert life.mirror.nearest.monitor.value == life.mirror.moment.measured["cell_highest"]
    # 3.589 V at 1 mV/s: 3.6 V in 11 s.
    assert life.mirror.nearest.predicted_trip.seconds == pytest.approx(11, abs=2.5)
    life.see(1, current=20.0, highest=3.601)
    assert life.mirror.steady is None
    assert life.answer("charge") == "no"


def test_what_has_gone_away_from_its_limit_is_no_longer_followed() -> None:
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.5)
    assert life.plain.near
    life.see(1, highest=3.43)
    assert life.plain.near
    life.see(1, highest=3.4)
    assert not life.plain.near


def test_a_probe_that_vanishes_ends_the_steady_state() -> None:
    life = steady_life()
    life.see(1, **STEADY | {"hottest": None, "coldest": None})
    assert life.answer("charge") == life.answer("discharge") == "unknown"


def test_other_parameters_and_gaps_are_evaluated() -> None:
    life = steady_life()
    life.settings = JK_LFP | {"cell_overvoltage": 3.3, "cell_overvoltage_release": 3.2}
    life.see(1, **STEADY)
    assert life.answer("charge") == "no"
    life = steady_life()
    life.see(60, **STEADY | {"alarms": None})
    assert life.answer("charge") == "unknown"


def test_a_probe_that_appears_is_evaluated() -> None:
    life = Life(JK, JK_LFP, began=False)
    life.see(1, **STEADY, hottest=None, coldest=None)
    assert life.mirror.steady is not None
    life.see(1, **STEADY, hottest=70.0)
    assert life.answer("discharge") == "no"


def test_a_pack_that_only_warns_is_steady_without_a_nearest_protection() -> None:
    life = Life(replace(DALY, rules=tuple(rule for rule in DALY.rules if rule.is_warning)), DALY_D2)
    for _ in range(3):
        life.see(1, **STEADY)
    assert life.mirror.steady is not None
    assert life.mirror.nearest is None


def test_a_relay_is_steady_only_clearly_on_one_side() -> None:
    shown = {"full_is_fine": False, "stage": None, "soc": 60}
    life = Life(SMART123, SMART123_SETTINGS, began=False)
    life.see(1, **shown)
    assert life.mirror.steady is not None
    life.see(1, **shown | {"soc": 90})
    assert life.mirror.steady is None
    life.see(1, **shown | {"soc": 95})
    assert life.answer("charge") == "yes"
    life.see(1, **shown | {"soc": 95, "highest": 3.65, "charging": False})
    life.see(1, **shown | {"soc": 95, "charging": False})
    assert life.answer("charge") == "no"
    few = {key: value for key, value in SMART123_SETTINGS.items() if key != "charge_restart_soc"}
    life = Life(SMART123, few, began=False)
    life.see(1, **shown)
    assert life.mirror.steady is None


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("family", FAMILIES)
def test_with_and_without_it_every_life_is_the_same(family, part) -> None:
    lives = LIVES // (PARTS * len(FAMILIES))
    skipped = sum(live(family, seed) for seed in range(part * lives, (part + 1) * lives))
    # It was not always the plain mirror that was compared with itself.
    assert skipped > lives


@pytest.mark.parametrize(
    "changes",
    [
        [{"soc": 100, "alarms": ("cell_overvoltage",)}, *[{"soc": 99, "alarms": ("cell_overvoltage",)}] * 12],
        [{"cells": (3.3, None, 3.3, None)}, {}, {"cells": (3.3, None, 3.3, None)}],
    ],
)
def test_what_no_limit_shows_is_evaluated_too(changes) -> None:
    life, plain = Life(JK, JK_LFP, began=False), Mirror(JK)
    for change in changes:
        events = life.see(1, **change)
        assert events == plain.update(reading(life.now, **change), JK_LFP)
        assert life.mirror.charge == plain.charge
    assert life.mirror.mismatches == plain.mismatches


def test_the_numbers_of_a_reason_are_those_of_the_newest_reading() -> None:
    shown = {"full_is_fine": False, "stage": None, "charging": False}
    life = Life(SMART123, SMART123_SETTINGS, began=False)
    life.see(1, **shown, soc=98, highest=3.65)
    for soc in (97, 96):
        life.see(1, **shown, soc=soc)
        assert life.mirror.steady is not None
        (reason,) = [reason for reason in life.mirror.charge.reasons if reason.code == "waits_for_charge_restart"]
        assert reason.numbers["value"] == soc


def test_limits_settle_and_wake() -> None:
    mirror, limiter = FastPath(Mirror(JK)), Limiter("jk", LimitOptions())
    for second in range(60):
        mirror.update(reading(1000.0 + second, soc=60), JK_LFP)
        limiter.update(mirror, mirror.steady)
    assert limiter._settled is not None
    # Another number of cells is another pack.
    mirror.update(reading(1060.0, soc=60, cells=(3.3, 3.29, 3.3)), JK_LFP)
    assert limiter.update(mirror, mirror.steady).charge_voltage == 10.5


def test_a_limit_of_nothing_stays_down_for_a_while_however_steady() -> None:
    mirror, limiter = FastPath(Mirror(JK)), Limiter("jk", LimitOptions())
    off = JK_LFP | {"charge_switch": False}
    for second in range(60):
        mirror.update(reading(1000.0 + second, soc=60), off)
        limiter.update(mirror, mirror.steady)
    assert limiter._settled is not None
    mirror.update(reading(1060.0, soc=60), JK_LFP)
    assert limiter.update(mirror, mirror.steady).charge_current == 0


def test_without_probes_limits_settle_too() -> None:
    mirror, limiter = FastPath(Mirror(JK)), Limiter("jk", LimitOptions())
    for second in range(3):
        mirror.update(reading(1000.0 + second, soc=60, hottest=None, coldest=None, stage=None), JK_LFP)
        limiter.update(mirror, mirror.steady)
    assert limiter._settled is not None
    mirror.update(reading(1003.0, soc=None, hottest=None, coldest=None, stage=None), JK_LFP)
    assert limiter.update(mirror, mirror.steady).charge_current == 90
