"""Whole days with steered equipment, against simulated firmware: nothing trips, the target is held, cells get even."""

from dataclasses import replace
import random

import pytest

from custom_components.smart_bms.protection.soc_plan import SocPlan
from tests.support.steered_day import DAY, KINDS, TARGETS, House, Site, site_of

SUN = 3000.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 5])
def test_nothing_trips_on_a_day_on_which_full_currents_trip_something(kind, seed):
    house = House.of(seed)
    naive = site_of(kind, house, steered=False)
    while naive.now < DAY and not naive.trips:
        naive.run(1800)
    assert naive.trips
    steered = site_of(kind, house)
    steered.run(DAY)
    assert steered.trips == []
    assert 0 < steered.count <= DAY / 30 * len(TARGETS)


def test_a_target_is_held_within_a_percent_for_a_week_in_spite_of_noise():
    """A generator that could always charge, and a house that takes more now and then."""
    house = replace(House.of(3), soc=0.75, temperature=22, ambient=21, spread=0.004)
    site = site_of("jk", house, plan=SocPlan(target=80))
    site.packs[0].noise = 0.4

    def weather(second: float) -> tuple[float, float]:
        return 1000.0, random.Random(second // 300).choice((0.0, 300.0, 800.0, 1200.0))

    site.house.weather = lambda: weather
    site.run(DAY)
    found = []
    for _ in range(7 * 24 * 6):
        site.run(600)
        found.append(site.soc)
    assert 79 <= min(found) <= max(found) <= 81
    assert site.trips == []
    assert site.count < 7 * 200


def charged_to_the_top(ahead: float, hold: float) -> tuple[Site, float, float, float]:
    """Charge a pack with one cell ahead by a share of its charge, from a charger without a voltage entity.

    Return the minutes after which the cells stay even, the V of the highest cell and the largest difference until then.
    """
    house = replace(
        House.of(1), capacity=100.0, soc=0.93, spread=0.0, temperature=25, ambient=25, minimum_current=0.0, lag=2.0
    )
    site = site_of("jk", house, balance_hold_time=hold)
    site.targets = (TARGETS[0],)
    site.__post_init__()
    site.inverter.settings["charge_voltage"] = 57.6
    battery = site.packs[0].board.battery
    battery.cells[4].soc += ahead
    site.house.weather = lambda: lambda _: (SUN, 0.0)
    minutes, highest, widest = 0.0, 0.0, 0.0
    while site.now < 3 * 3600:
        site.run(10)
        voltages = [cell.voltage for cell in battery.cells]
        spread = max(voltages) - min(voltages)
        if spread > 0.0101:
            minutes, highest, widest = site.now / 60, max(highest, *voltages), max(widest, spread)
    return site, minutes, highest, widest


@pytest.mark.parametrize(("ahead", "uneven"), [(0.013, 0.060), (0.02, 0.112)])
def test_held_for_balancing_a_pack_gets_even_with_its_cells_lower_than_without(ahead, uneven):
    """The same charger without it drives the cell that is ahead to where its current has faded."""
    free, minutes_free, highest_free, widest_free = charged_to_the_top(ahead, 0)
    held, minutes_held, highest_held, widest_held = charged_to_the_top(ahead, 7200)
    assert widest_free == pytest.approx(uneven, abs=0.002)
    assert widest_held < 0.7 * widest_free
    assert minutes_held <= minutes_free * 1.1
    assert minutes_free < 60
    assert highest_free > 3.57
    assert highest_held < 3.52
    assert held.trips == free.trips == []
