"""One target: written seldom, checked, repeated, and never fought over."""

from dataclasses import replace
from datetime import date
import random

import pytest

from custom_components.smart_bms.steering.demand import Demand, FallbackAction, FallbackSettings
from custom_components.smart_bms.steering.target import Unit
from tests.support.equipment import Site


def values(writes) -> list[float]:
    return [write.value for write in writes]


def following(**target) -> Site:
    site = Site(**target)
    assert values(site.run(10)) == [50.0]
    assert site.state == "following"
    return site


def test_what_is_asked_is_written_once_and_proven_by_what_is_shown():
    site = following()
    assert site.device.shown == 50
    assert site.run(3600) == []
    assert site.steering.writes_today == 1
    assert site.steering.followers[0].deviation == 0


def test_a_limit_that_falls_by_much_is_written_at_once_and_one_that_rises_waits():
    site = following()
    site.ask(20)
    writes = site.run(2)
    assert values(writes) == [20.0]
    assert writes[0].falls
    site.ask(40)
    assert site.run(27) == []
    assert values(site.run(5)) == [40.0]


def test_small_changes_are_not_worth_a_write_but_the_last_amperes_are():
    site = following(smallest_change=3.0)
    site.ask(48)
    assert site.run(600) == []
    site.ask(47)
    assert values(site.run(60)) == [47.0]
    site.ask(0)
    assert values(site.run(5)) == [0.0]


def test_a_falling_ramp_lags_by_a_tenth_at_most_and_needs_few_writes():
    site = following()
    count = 0
    for step in range(600):
        site.ask(50 - 50 * step / 600)
        count += len(site.run(1))
        shown = site.device.shown
        assert shown is not None
        assert shown - site.asked.charge_current <= 0.1 * shown + 1.6
    assert count < 45


def test_what_does_not_arrive_is_written_again_a_few_times_then_seldom():
    site = Site()
    site.device.ignores = True
    assert len(site.run(60)) == 3
    assert site.state == "not_following"
    assert len(site.run(299)) <= 1
    site.device.ignores = False
    site.run(600)
    assert site.state == "following"


def test_equipment_that_keeps_to_less_is_left_there():
    site = Site()
    site.device.most = 30
    assert len(site.run(60)) == 3
    assert site.state == "limited_by_equipment"
    assert len(site.run(290)) <= 1
    site.ask(10)
    assert values(site.run(5)) == [10.0]
    assert site.run(10) == []
    assert site.state == "following"


def test_equipment_that_rounds_is_not_accused():
    site = Site(step=0.1, smallest_change=0.1, interval=1.0)
    site.device.rounds_to = 0.1
    site.ask(33.333)
    site.run(60)
    assert site.state == "following"
    assert len(site.device.written) == 1


def test_a_stricter_value_of_somebody_else_is_left_alone_for_an_hour():
    site = following()
    site.device.shown = 15
    assert site.run(600) == []
    assert site.state == "yielded"
    site.ask(10)
    assert values(site.run(5)) == [10.0]
    site.ask(50)
    site.run(60)
    site.device.shown = 15
    assert site.run(3500) == []
    assert values(site.run(200)) == [50.0]


def test_a_laxer_value_of_somebody_else_is_corrected_twice_an_hour_and_then_left():
    site = following()
    for _ in range(2):
        site.device.shown = 90
        assert values(site.run(30)) == [50.0]
    site.device.shown = 90
    assert site.run(600) == []
    assert site.state == "other_master"
    site.steering.release()
    assert values(site.run(30)) == [50.0]
    assert site.state == "following"


def test_another_master_who_gives_way_is_forgotten():
    site = following()
    for _ in range(3):
        site.device.shown = 90
        site.run(30)
    assert site.state == "other_master"
    site.device.shown = 50
    site.run(2)
    assert site.state == "following"


def test_a_value_that_flickers_for_a_moment_is_nobodys():
    site = following()
    for _ in range(20):
        site.device.shown = 49 if site.device.shown == 50 else 50
        assert site.run(3) == []
        site.device.shown = 90
        assert site.run(4) == []
        site.device.shown = 50
        assert site.run(2) == []
    assert site.state == "following"


def test_equipment_that_was_away_begins_anew_and_nobody_is_blamed():
    site = following()
    site.device.shown = None
    assert site.run(60) == []
    assert site.state == "missing"
    site.device.shown = 100
    assert values(site.run(5)) == [50.0]
    assert site.state == "following"


def test_a_slow_device_is_given_its_time():
    site = Site(interval=60.0)
    site.device.lag = 25
    assert len(site.run(60)) == 1
    assert site.state == "following"


def test_a_limit_that_falls_further_does_not_wait_for_the_proof():
    site = following()
    site.device.lag = 10
    site.ask(30)
    assert values(site.run(3)) == [30.0]
    site.ask(0)
    assert values(site.run(3)) == [0.0]


def test_after_a_restart_what_is_shown_is_where_it_begins():
    site = following()
    site.restart()
    site.device.shown = 60
    assert values(site.run(5)) == [50.0]
    for _ in range(3):
        site.device.shown = 90
        site.run(30)
    assert site.state == "other_master"
    site.restart()
    assert site.run(60) == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_asked_the_writes_of_a_day_stay_under_the_bound(seed):
    """Limits that jump up and down all day: each fall needs a rise before it, and those are counted."""
    chance = random.Random(seed)
    site = Site(interval=30.0, writes_per_day=200)
    site.device.lag = 1.0
    for _ in range(24 * 360):
        site.ask(chance.choice((0.0, 20.0, 50.0, 100.0)))
        site.run(10, step=5)
        left = 86_400 - (site.now - 1000)
        site.steering.update_day(date(2026, 1, 1), left)
    assert site.steering.writes_today <= 201
    assert site.device.shown is not None
    # The second half is spread: late in the day it still follows.
    assert [at for at, _ in site.device.written if at > 80_000]


def test_a_value_below_the_lowest_stands_for_no_limit():
    site = Site(step=50.0, smallest_change=100.0, maximum=8000.0)
    site.device.shown = -1.0
    assert site.steering.followers[0].deviation is None
    site.ask(0)
    assert values(site.run(10)) == [0.0]
    assert site.device.shown == 0
    site.device.shown = -1.0
    writes = site.run(20)
    assert [(write.old, write.falls) for write in writes] == [(-1.0, True)]
    assert site.steering.followers[0].deviation == 0
    volts = Site("charge_voltage", unit=Unit.VOLT, minimum=48.0, maximum=58.0, step=0.1, smallest_change=0.2)
    volts.device.shown = 0.0
    assert values(volts.run(10)) == [55.0]
    volts.device.shown = 0.0
    lowest = FallbackSettings(on_stop=FallbackAction.OFF)
    stopped = Site("discharge_current", fallback=lowest)
    assert values(stopped.steering.at_stop({"number.one": -1.0})) == [0.0]


@pytest.mark.parametrize("kind", ["charge_switch", "discharge_switch"])
def test_a_switch_goes_off_at_once_and_on_after_a_while(kind):
    site = Site(kind, minimum=5.0, smallest_change=2.0)
    assert values(site.run(10)) == [1.0]
    site.lose()
    assert values(site.run(3)) == [0.0]
    site.ask(50)
    assert site.run(20) == []
    assert values(site.run(15)) == [1.0]
    site.device.ignores = True
    site.lose()
    site.run(120)
    assert site.state == "not_following"


def test_when_the_writes_of_a_day_are_used_up_limits_only_fall():
    site = following(writes_per_day=3, interval=1.0)
    for current in (60, 70):
        site.ask(current)
        site.run(20)
    site.ask(80)
    assert site.run(100) == []
    site.ask(30)
    assert values(site.run(5)) == [30.0]
    site.steering._writes.clear()
    site.ask(80)
    assert values(site.run(30)) == [80.0]


# What an attack on it has found.


def beside_another_master(**target) -> Site:
    site = following(**target)
    for _ in range(3):
        site.device.shown = 90
        site.run(30)
    assert site.state == "other_master"
    return site


def test_beside_another_master_nothing_flows_while_nothing_may():
    site = beside_another_master()
    site.ask(0)
    assert values(site.run(90)) == [0.0]
    site.device.shown = 90
    assert values(site.run(120)) == [0.0]
    site.ask(50)
    site.device.shown = 90
    assert site.run(300) == []
    site.lose()
    assert values(site.run(90)) == [0.0]


def test_another_master_is_corrected_again_after_an_hour():
    site = beside_another_master()
    assert site.run(3400, step=5) == []
    assert values(site.run(300, step=5)) == [50.0]
    assert site.state == "following"
    again = beside_another_master()
    again.restart()
    assert again.run(3500, step=5) == []
    assert values(again.run(200, step=5)) == [50.0]


def test_another_master_who_is_stricter_is_let_be():
    site = beside_another_master()
    site.device.shown = 10
    assert site.run(600) == []


def test_equipment_that_does_not_follow_is_told_much_lower_values_at_once():
    site = Site(interval=5.0)
    site.device.ignores = True
    site.run(60)
    assert site.state == "not_following"
    site.device.shown = 50
    site.ask(0)
    assert values(site.run(4)) == [0.0]
    site.device.ignores = False
    site.run(300)
    assert site.device.shown == 0


def test_a_limit_below_what_was_written_is_written_although_the_equipment_shows_less():
    site = Site()
    site.ask(80)
    site.device.most = 30
    site.run(60)
    assert site.state == "limited_by_equipment"
    site.ask(40)
    assert values(site.run(35)) == [40.0]
    site.run(60)
    site.device.most = 200
    site.device.shown = 40
    site.run(60)
    assert site.device.shown == 40


@pytest.mark.parametrize("step", [5.0, 10.0])
def test_one_coarse_step_too_much_is_not_taken_for_arrived(step):
    site = Site(step=step, smallest_change=step)
    site.device.shown, site.device.ignores = step, True
    site.ask(0)
    site.run(120)
    assert site.state == "not_following"
    other = Site(step=step, smallest_change=step)
    other.device.shown = step
    other.ask(0)
    other.run(30)
    assert other.device.shown == 0
    other.device.shown = step
    assert values(other.run(30)) == [0.0]


def test_equipment_that_ignores_or_rounds_up_is_not_written_without_end():
    for device in ({"ignores": True}, {"rounds_to": 7.0}):
        chance, site = random.Random(1), Site(interval=30.0, writes_per_day=50)
        for key, value in device.items():
            setattr(site.device, key, value)
        for _ in range(24 * 60):
            site.ask(chance.uniform(30, 90))
            site.run(60, step=5)
        assert len(site.device.written) < 400, device


def test_an_entity_that_comes_and_goes_is_not_written_each_time():
    site = Site()
    for _ in range(2000):
        site.device.shown = None
        site.run(5, step=5)
        site.device.shown = 90
        site.run(5, step=5)
    assert len(site.device.written) < 20_000 / 30 + 2


def test_a_voltage_that_falls_by_a_little_does_not_wait():
    site = Site("charge_voltage", unit=Unit.VOLT, minimum=40.0, step=0.1, smallest_change=0.1, interval=90.0)
    site.device.shown = 56.4
    site.asked = replace(site.asked, charge_voltage=56.4)
    site.run(10)
    site.asked = replace(site.asked, charge_voltage=56.1)
    assert values(site.run(3)) == [56.1]


def test_what_is_off_below_its_lowest_value_is_not_raised_to_it():
    site = Site(minimum=6.0)
    site.ask(3)
    assert site.run(600) == []
    assert site.device.shown == 0
    assert site.steering.at_stop({"number.one": 0.0}) == []


def test_at_stop_what_is_on_its_way_is_taken_back():
    site = Site(fallback=FallbackSettings(on_stop=FallbackAction.OFF))
    site.device.lag = 30
    assert values(site.run(5)) == [50.0]
    assert site.device.shown == 0
    assert values(site.steering.at_stop({"number.one": 0.0})) == [0.0]


def test_without_a_limit_it_goes_back_to_what_the_owner_allows():
    site = Site(maximum=70.0)
    site.asked = Demand(voltage=52.0)
    site.device.shown = 70
    assert site.run(60) == []
    site.lose()
    site.run(5)
    assert site.device.shown == 0
    site.asked = Demand(voltage=52.0)
    site.run(60)
    assert site.device.shown == 70
    endless = Site()
    endless.asked = Demand(voltage=52.0)
    assert endless.run(60) == []
