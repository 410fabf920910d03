"""Charge voltage, charge current and discharge current: where they come from, how they fade, fall, rise and fail safe."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.smart_bms.bms.reading import Extremes, Reading
from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.limits import Limiter, Limits
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.rules import BOTH, RuleSet
from custom_components.smart_bms.protection.smart123 import SMART123, SMART123_GENERATION_3
from custom_components.smart_bms.protection.soc_plan import SocPlan
from tests.support.protection_life import Life
from tests.support.rule_books import DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS

HALF = {"soc": 60, "hottest": 25.0, "coldest": 24.0}


class Limited(Life):
    """A pack and its limits."""

    def __init__(self, family: str, rules: RuleSet, settings: dict[str, Any] | None, **options: float) -> None:
        self.limiter = Limiter(family, LimitOptions(**options))
        super().__init__(rules, settings, began=False)

    def limits(self, seconds: float = 1.0, **values: Any) -> Limits:
        self.see(seconds, **HALF | values)
        return self.limiter.update(self.mirror)


def jk(settings: dict[str, Any] = JK_LFP, **options: float) -> Limited:
    return Limited("jk", JK, settings, **options)


@pytest.mark.parametrize(
    ("family", "rules", "settings", "options", "voltage", "charge", "discharge"),
    [
        ("jk", JK, JK_LFP, {}, 14.0, 90.0, 135.0),  # 3.6 V less 0.1 V for four cells
        ("jk", JK, JK_LFP | {"requested_charge_voltage": 3.45}, {}, 13.8, 90.0, 135.0),
        ("jk", JK, JK_LFP | {"requested_charge_voltage": 3.59}, {}, 14.0, 90.0, 135.0),
        ("jk", JK, JK_LFP, {"charge_cell_voltage": 3.42}, 13.68, 90.0, 135.0),
        # Meant for other cells, or not meant at all: as if nothing were chosen.
        ("jk", JK, JK_LFP, {"charge_cell_voltage": 0.03}, 14.0, 90.0, 135.0),
        ("jk", JK, JK_LFP, {"charge_cell_voltage": 2.6}, 14.0, 90.0, 135.0),
        ("jk", JK, JK_LFP, {"charge_cell_voltage": 3.7}, 14.0, 90.0, 135.0),  # never nearer than the distance
        ("jk", JK, JK_LFP, {"max_charge_current": 50, "max_discharge_current": 400}, 14.0, 50.0, 135.0),
        ("jk", JK, JK_LFP, {"current_share": 50}, 14.0, 50.0, 75.0),
        ("jbd", JBD, JBD_REAL | {"soc_100_voltage": 3.5}, {}, 14.0, 207.0, 207.0),
        ("jbd", JBD, JBD_REAL, {}, 14.2, 207.0, 207.0),
        ("jbd", JBD, JBD_REAL | {"pack_overvoltage": 14.0}, {}, 13.6, 207.0, 207.0),
        ("daly", DALY, DALY_D2, {}, 14.0, 180.0, 180.0),
        ("smart123", SMART123, SMART123_SETTINGS, {}, 14.0, None, None),
        ("smart123", SMART123, SMART123_SETTINGS, {"max_charge_current": 80}, 14.0, 80.0, None),
    ],
)
def test_limits_come_from_the_packs_own_parameters(family, rules, settings, options, voltage, charge, discharge):
    limits = Limited(family, rules, settings, **options).limits()
    assert (limits.charge_voltage, limits.charge_current, limits.discharge_current) == (voltage, charge, discharge)
    assert limits.charge_limited_by == limits.discharge_limited_by == ""


@pytest.mark.parametrize(
    ("shown", "charge", "by"),
    [
        ({"highest": 3.5}, 90.0, ""),
        ({"highest": 3.54}, 45.0, "cell_highest"),
        ({"highest": 3.58}, 0.0, "cell_highest"),
        ({"coldest": 12.0}, 90.0, ""),
        ({"coldest": 7.0}, 45.0, "coldest"),
        ({"coldest": 2.0}, 0.0, "coldest"),
        ({"coldest": -1.0}, 0.0, "charge_undertemperature"),
        ({"hottest": 48.0}, 90.0, ""),
        ({"hottest": 53.0}, 45.0, "hottest"),
        ({"hottest": 58.0}, 0.0, "hottest"),
        ({"stage": 65.5}, 45.0, "power_stage"),
        ({"soc": 95}, 90.0, ""),
        ({"soc": 97.5}, 54.0, "soc"),
        ({"soc": 100}, 18.0, "soc"),
        ({"highest": 3.54, "coldest": 3.0}, 9.0, "coldest"),  # the least counts
        ({"highest": 3.61}, 0.0, "cell_overvoltage"),
        ({"charging": False}, 0.0, "pack_blocks_silently"),
        ({"alarms": None}, 0.0, "not_known"),
    ],
)
def test_charging_fades_near_every_limit_of_the_pack(shown, charge, by):
    limits = jk().limits(**shown)
    assert (limits.charge_current, limits.charge_limited_by) == (charge, by)


@pytest.mark.parametrize(
    ("shown", "discharge", "by"),
    [
        ({"lowest": 2.95}, 135.0, ""),
        ({"lowest": 2.85}, 67.5, "cell_lowest"),
        ({"lowest": 2.75}, 0.0, "cell_lowest"),
        ({"soc": 15}, 135.0, ""),
        ({"soc": 10}, 67.5, "soc"),
        ({"soc": 5}, 0.0, "soc"),
        ({"soc": None}, 135.0, ""),
        ({"hottest": 53.0}, 67.5, "hottest"),
        ({"stage": 65.5}, 67.5, "power_stage"),
        ({"coldest": -5.0}, 135.0, ""),  # this pack may be discharged in the cold
        ({"lowest": 2.69}, 0.0, "cell_undervoltage"),
    ],
)
def test_discharging_fades_near_every_limit_of_the_pack(shown, discharge, by):
    limits = jk().limits(**shown)
    assert (limits.discharge_current, limits.discharge_limited_by) == (discharge, by)


def test_a_temperature_span_of_nothing_is_a_plain_limit():
    assert jk(temperature_span=0).limits(coldest=2.0).charge_current == 0
    assert jk(temperature_span=0).limits(coldest=2.1).charge_current == 90


def test_the_spread_of_temperatures_limits_nothing_by_itself():
    assert Limited("daly", DALY, DALY_D2).limits(coldest=20.0).charge_current == 180


def test_a_cell_above_the_target_takes_its_excess_off_the_charge_voltage():
    limited = jk()
    assert limited.limits(cells=(3.54, 3.4, 3.4, 3.4)).charge_voltage == 13.7  # 3.5 + 3 * 3.4


def test_while_not_all_cells_are_known_the_highest_takes_its_excess_off():
    limited = Limited("smart123", SMART123, SMART123_SETTINGS)
    limited.mirror.update(
        Reading(
            measured_at=1000.0,
            cell_voltages=(None, 3.4),
            cell_times=(None, 999.0),
            extremes=Extremes(3.4, 2, 3.54, 1),
            voltage=6.94,
            alarms=(),
        ),
        SMART123_SETTINGS,
    )
    assert limited.limiter.update(limited.mirror).charge_voltage == pytest.approx(6.96)


def test_without_cells_a_charge_is_limited_by_what_else_is_known():
    rule = next(rule for rule in JK.rules if rule.protection == "discharge_overtemperature")
    rules = RuleSet(rules=(replace(rule, blocks=BOTH),), longest_gap=10, grace=10)
    limits = Limited("jk", rules, JK_LFP).limits(highest=None, hottest=53.0)
    assert (limits.charge_current, limits.discharge_current) == (45.0, 67.5)


def test_a_limit_falls_at_once_and_rises_slowly_after_a_while():
    limited = jk()
    assert limited.limits().charge_current == 90
    assert limited.limits(coldest=7.0).charge_current == 45
    for _ in range(29):
        assert limited.limits().charge_current == 45
    assert [limited.limits().charge_current for _ in range(4)] == [50, 55, 60, 65]
    for _ in range(10):
        limited.limits()
    assert limited.limits().charge_current == 90


def test_small_changes_are_not_told():
    limited = jk()
    limited.limits(coldest=10.0)
    assert limited.limits(coldest=9.9).charge_current == limited.limits(coldest=10.1).charge_current == 72
    assert limited.limits(coldest=9.5).charge_current == 67.5


def test_what_reaches_zero_is_told_however_small_the_step():
    limited = jk()
    limited.limits(coldest=2.1)
    assert limited.limits(coldest=2.0).charge_current == 0


def test_the_charge_voltage_rises_slowly_too():
    limited = jk()
    limited.limits(cells=(3.55, 3.5, 3.5, 3.5))
    assert limited.limits(cells=(3.55, 3.4, 3.4, 3.4)).charge_voltage == 13.7
    for _ in range(59):
        assert limited.limits().charge_voltage == 13.7
    assert limited.limits().charge_voltage == pytest.approx(13.7)  # 4 mV a second
    for _ in range(10):
        limited.limits()
    assert limited.limits().charge_voltage == pytest.approx(13.74, abs=0.011)


def test_after_silence_a_limit_begins_where_it_fell_to():
    limited = jk()
    limited.limits()
    safe = limited.limiter.fail_safe(limited.mirror)
    assert (safe.charge_voltage, safe.charge_current, safe.discharge_current) == (13.6, None, None)
    assert safe.charge_limited_by == "no_data"
    assert limited.limits(60).charge_current == 0
    for _ in range(29):
        assert limited.limits().charge_current == 0
    assert limited.limits().charge_current == 5


def test_after_a_gap_nothing_is_made_up_for():
    limited = jk()
    limited.limits(coldest=7.0)
    assert limited.limits(300).charge_current == 45


def test_what_to_keep_to_without_data_is_the_owners_choice():
    limited = jk(failsafe_charge_current=5, failsafe_discharge_current=20)
    silent = limited.limiter.update(Mirror(JK))
    assert (silent.charge_voltage, silent.charge_current, silent.discharge_current) == (None, 5, 20)
    limited.settings = None
    assert limited.limits().charge_current == 5
    limited.settings = JK_LFP
    assert limited.limits(alarms=None).charge_current == 5


def test_a_pack_that_tells_no_limit_gets_none():
    limited = Limited("jk", JK, {key: value for key, value in JK_LFP.items() if key != "cell_overvoltage"})
    limits = limited.limits()
    assert limits.charge_voltage is None
    assert limits.charge_current == 0  # unknown is never yes
    assert limits.discharge_current == 135
    assert Limited("jk", JK, JK_LFP).limits(highest=None, pack=13.2).charge_voltage is None


# Absorption, float and charging again, as the documented defaults of Venus' serial-battery driver have it.


def charged(**options: float) -> Limited:
    """Return a pack at its charge voltage."""
    limited = jk(JK_LFP | {"requested_charge_voltage": 3.45}, **options)
    limited.limits(pack=13.2, soc=90)
    assert limited.limits(cells=(3.45, 3.445, 3.445, 3.45), pack=13.8, soc=99).stage == "absorption"
    return limited


FULL = {"cells": (3.45, 3.445, 3.445, 3.45), "pack": 13.8, "soc": 99}


def test_it_floats_after_900_s_with_even_cells():
    limited = charged()
    for _ in range(89):
        assert limited.limits(10, **FULL).stage == "absorption"
    limits = limited.limits(10, **FULL)
    assert limits.stage == "float"
    assert limits.charge_voltage == pytest.approx(13.4)


def test_uneven_cells_keep_it_absorbing():
    limited = charged()
    for _ in range(200):
        assert limited.limits(10, **FULL | {"cells": (3.46, 3.445, 3.445, 3.45)}).stage == "absorption"


def test_a_cloud_stops_the_clock_but_not_the_absorption():
    limited = charged()
    for _ in range(80):
        limited.limits(10, **FULL)
    assert limited.limits(10, pack=13.5, soc=99).stage == "absorption"
    for _ in range(90):
        assert limited.limits(10, **FULL).stage == "absorption"
    assert limited.limits(10, **FULL).stage == "float"


@pytest.mark.parametrize(
    ("shown", "stage"),
    [
        ({"soc": 81, "pack": 13.3}, "float"),
        ({"soc": 80, "pack": 13.3}, "bulk"),
        ({"soc": 95, "pack": 13.3, "cells": (3.379, 3.3, 3.3, 3.3)}, "float"),
        ({"soc": 95, "pack": 13.3, "cells": (3.38, 3.3, 3.3, 3.3)}, "bulk"),
        ({"soc": 95, "pack": None, "highest": None}, "float"),
    ],
)
def test_it_charges_again_when_low_or_uneven(shown, stage):
    limited = charged()
    for _ in range(91):
        limited.limits(10, **FULL)
    assert limited.limits(10, **shown).stage == stage


def test_the_pack_may_ask_for_its_own_float_voltage():
    for asked, floating in ((3.375, 13.5), (3.2, 13.4), (3.6, 13.4)):
        limited = charged()
        limited.settings = limited.settings | {"requested_float_voltage": asked}
        for _ in range(91):
            limited.limits(10, **FULL)
        assert limited.limits(10, **FULL).charge_voltage == pytest.approx(floating)


def test_the_stage_outlives_a_restart():
    limited = charged()
    for _ in range(80):
        limited.limits(10, **FULL)
    kept = limited.limiter.dump()
    again = Limiter("jk", LimitOptions())
    again.restore(kept, -5.0)
    limited.limiter = again
    limited.restart(shift=-5.0)
    for _ in range(9):
        assert limited.limits(10, **FULL).stage == "absorption"
    assert limited.limits(10, **FULL).stage == "float"
    fresh = Limiter("jk", LimitOptions())
    fresh.restore({"stage": "no_such"}, 0.0)
    assert fresh.dump() == Limiter("jk", LimitOptions()).dump()


def test_a_pack_that_lets_current_pass_and_tells_little_is_limited_by_what_it_tells():
    have = {"cell_overvoltage": 3.65, "balance_start_voltage": 3.5, "cell_overtemperature": 50.0}
    have |= {"charge_undertemperature": 0.0, "discharge_undertemperature": 0.0, "cell_undervoltage": 2.8}
    little = Limited(
        "smart123", SMART123_GENERATION_3, have, max_charge_current=80, max_discharge_current=100, full_soc=100
    )
    limits = little.limits(soc=None, stage=None)
    assert (limits.charge_current, limits.discharge_current) == (80, 100)
    del have["cell_undervoltage"]
    assert Limited("smart123", SMART123_GENERATION_3, have, max_discharge_current=100).limits().discharge_current == 0


def test_silence_is_no_absorption():
    limited = charged()
    for _ in range(60):
        limited.limits(10, **FULL)
    assert limited.limits(3600, **FULL).stage == "absorption"
    for _ in range(60):
        limited.limits(10, **FULL)
    limited.limiter.fail_safe(limited.mirror)
    for _ in range(60):
        assert limited.limits(10, **FULL).stage == "absorption"


def test_without_data_no_more_flows_than_at_other_times():
    limited = jk(failsafe_charge_current=50, max_charge_current=10)
    limited.limits()
    assert limited.limiter.fail_safe(limited.mirror).charge_current == 10
    # What the owner chose for that is told, what nobody chose is not known.
    assert limited.limiter.limits.discharge_current is None
    limited = jk(failsafe_charge_current=20)
    assert limited.limits(cells=(3.7, 3.1, 3.1, 3.1)).charge_current == 0
    before = limited.limiter.limits.charge_voltage
    safe = limited.limiter.fail_safe(limited.mirror)
    assert (safe.charge_current, safe.charge_voltage) == (0, before)


@pytest.mark.parametrize("distance", [0.0, 0.01, 0.02])
def test_some_distance_is_always_kept(distance):
    limited = jk(voltage_distance=distance)
    assert limited.limits(highest=3.3).charge_current == 90
    assert jk(voltage_distance=distance).limits(highest=3.585).charge_current == 0


def test_currents_fade_towards_the_limits_of_the_pack_too():
    low = Limited("jbd", JBD, JBD_REAL | {"pack_undervoltage": 12.0})
    assert low.limits(pack=12.1).discharge_current == 0
    assert low.limiter.limits.discharge_limited_by == "pack_voltage"
    high = Limited("jbd", JBD, JBD_REAL | {"pack_overvoltage": 13.8})
    assert high.limits(pack=13.75).charge_current == 0


@pytest.mark.parametrize("stated", [0, -50])
def test_a_limit_of_nothing_is_nothing(stated):
    limits = jk(JK_LFP | {"max_discharge_current": stated}).limits()
    assert limits.discharge_current == 0


def test_the_charge_voltage_takes_up_where_it_was_without_cells():
    limited = jk()
    limited.limits(cells=(3.55, 3.4, 3.4, 3.4))
    assert limited.limits(highest=None).charge_voltage is None
    assert limited.limits().charge_voltage == 13.7


@pytest.mark.parametrize(("options", "interval"), [({"recovery_hold": 0}, 1), ({}, 60)])
def test_a_limit_rises_however_rarely_the_pack_is_asked(options, interval):
    limited = Limited("daly", DALY, DALY_D2, **options)
    limited.mirror = Mirror(DALY, interval)
    limited.limits()
    limited.limiter.fail_safe(limited.mirror)
    assert limited.limits(interval).charge_current == 0
    for _ in range(60):
        limited.limits(interval)
    assert limited.limiter.limits.charge_current == 180


def test_only_known_options_are_taken():
    assert LimitOptions.of({"current_share": 50, "no_such": 1}) == LimitOptions(current_share=50.0)


def wanting(limited: Limited, **plan: float) -> Limited:
    limited.limiter.plan = SocPlan(**plan)
    return limited


def test_the_target_ends_charging_and_says_so():
    limited = wanting(jk(), target=80)
    assert limited.limits(soc=60).charge_limited_by == ""
    limits = limited.limits(soc=79)
    assert (limits.charge_current, limits.charge_limited_by) == (45.0, "target_soc")
    limits = limited.limits(soc=80)
    assert (limits.charge_current, limits.charge_limited_by, limits.discharge_current) == (0.0, "target_soc", 135.0)


def test_the_floor_ends_discharging_and_says_so():
    limits = wanting(jk(), floor=30).limits(soc=30)
    assert (limits.discharge_current, limits.discharge_limited_by, limits.charge_current) == (
        0.0,
        "discharge_floor",
        90.0,
    )


def test_a_target_held_by_voltage_lowers_the_charge_voltage_to_where_it_was_reached():
    limited = wanting(jk(target_by_voltage=True), target=80)
    assert limited.limits(soc=70, pack=13.3).charge_voltage == 14.0
    for pack in (13.32, 13.5):
        limits = limited.limits(soc=80, pack=pack)
        assert (limits.charge_voltage, limits.voltage_limited_by) == (13.32, "target_soc")
        assert (limits.charge_current, limits.charge_limited_by) == (4.5, "target_soc")
    assert limited.limits(soc=80, pack=None).voltage_limited_by == ""
    assert limited.limits(soc=70, pack=13.3).voltage_limited_by == ""


def test_at_the_top_the_current_follows_the_balancer_until_the_cells_are_even():
    settings = JK_LFP | {"max_balance_current": 2.0}
    top = {"soc": 90, "pack": 14.0}
    even, uneven = ({"cells": (3.5, 3.5, 3.5, lowest)} for lowest in (3.495, 3.45))
    limited = jk(settings)
    assert limited.limits(**top, **even).charge_limited_by == ""
    limits = limited.limits(**top, **uneven)
    assert (limits.charge_current, limits.charge_limited_by) == (2.0, "balance_hold")
    assert limits.is_held_for_balance
    assert limits.balance_spread == pytest.approx(0.05)
    assert limited.limits(**top | {"cells": (3.42, 3.42, 3.42, 3.37)}).is_held_for_balance
    assert not limited.limits(**top | {"cells": (3.39, 3.39, 3.39, 3.34)}).is_held_for_balance
    assert not limited.limits(**top, **even).is_held_for_balance
    assert limited.limits(**top, **uneven).is_held_for_balance
    assert not limited.limits(soc=70, **uneven).is_held_for_balance
    assert not jk(settings, balance_hold_time=0).limits(**top, **uneven).is_held_for_balance


def test_a_plan_that_changes_counts_from_the_next_reading_even_in_a_steady_state():
    limited = jk(target_by_voltage=False)
    steady = Limited("jk", JK, JK_LFP)
    for _ in range(30):
        steady.see(1, **HALF)
        steady.limiter.update(steady.mirror, steady.mirror.steady)
    steady.limiter.plan = SocPlan(target=50)
    steady.see(1, **HALF)
    assert steady.limiter.update(steady.mirror, steady.mirror.steady).charge_current == 0
    assert limited.limits(soc=60).charge_current == 90


@pytest.mark.parametrize("soc", [55, 60, 76.9, 77.5, 80, 79.9, 20.0, 24.0])
def test_steady_or_not_the_same_limits_follow_from_a_plan(soc):
    quick, slow = (wanting(Limited("jk", JK, JK_LFP), target=80, floor=20) for _ in range(2))
    for each in (60, 61, 62, soc, soc):
        for one in (quick, slow):
            one.see(40, **HALF | {"soc": each})
        fast = quick.limiter.update(quick.mirror, quick.mirror.steady)
        assert fast == slow.limiter.update(slow.mirror)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({}, []),
        ({"rebulk_spread": 0.01, "float_spread": 0.01}, ["rebulk_spread_low"]),
        ({"rebulk_soc": 95}, ["rebulk_soc_high"]),
        ({"empty_soc": 80}, ["empty_soc_high"]),
        ({"max_charge_current": 10, "failsafe_charge_current": 11}, ["failsafe_charge_high"]),
        ({"failsafe_charge_current": 11}, []),
        ({"max_discharge_current": 10, "failsafe_discharge_current": 11}, ["failsafe_discharge_high"]),
    ],
)
def test_options_that_contradict_each_other_are_named(options, codes):
    assert LimitOptions.of(options).contradictions() == codes
