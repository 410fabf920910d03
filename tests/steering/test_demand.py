"""What is asked of the equipment while the battery is not known."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bank.member import MemberLimits
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.protection.rules import Side
from custom_components.smart_bms.steering.demand import Demand, Fallback, FallbackAction, FallbackSettings, demand_of

KNOWN = Demand(charge_voltage=55.0, charge_current=50.0, discharge_current=80.0, voltage=52.0)
LOST = Demand(charge_limited_by="no_data", discharge_limited_by="no_data", voltage_limited_by="no_data")


def asked(action: str, *, known: bool = True, **more) -> Fallback:
    fallback = Fallback(FallbackSettings(on_loss=FallbackAction(action), **more))
    if known:
        assert fallback.demand(0, KNOWN) == KNOWN
    return fallback


def currents(demand: Demand) -> tuple[float | None, float | None]:
    return demand.charge_current, demand.discharge_current


def test_reduced_at_once_never_to_more_than_before():
    assert currents(asked("reduce").demand(1, LOST)) == (0, 0)
    found = asked("reduce", charge_current=60, discharge_current=10).demand(1, LOST)
    assert currents(found) == (50, 10)
    assert (found.charge_voltage, found.voltage) == (55.0, 52.0)
    assert (found.charge_limited_by, found.discharge_limited_by) == ("no_data", "no_data")
    assert currents(asked("off", charge_current=60).demand(1, LOST)) == (0, 0)


@pytest.mark.parametrize(("longest", "until"), [(60, 60), (1e9, 3600)])
def test_held_for_a_limited_time_then_reduced(longest, until):
    fallback = asked("hold", longest_hold=longest, charge_current=5)
    assert currents(fallback.demand(1, LOST)) == (50, 80)
    assert currents(fallback.demand(until + 0.9, LOST)) == (50, 80)
    assert currents(fallback.demand(until + 1, LOST)) == (5, 0)
    assert fallback.is_lost(Side.CHARGE)
    assert fallback.demand(until + 2, KNOWN) == KNOWN
    assert not fallback.is_lost(Side.CHARGE)
    assert currents(fallback.demand(until + 3, LOST)) == (50, 80)


def test_after_a_start_nothing_is_known_that_could_be_held():
    fallback = asked("hold", known=False)
    assert currents(fallback.demand(0, LOST)) == (None, None)
    assert currents(fallback.demand(60, LOST)) == (0, 0)


@pytest.mark.parametrize("cause", ["no_data", "no_settings", "no_rules", "not_known", "pack_does_not_say"])
def test_a_side_that_cannot_be_judged_counts_as_lost_and_the_other_goes_on(cause):
    one_side = Demand(
        charge_voltage=55.0, charge_current=20.0, discharge_current=80.0, charge_limited_by=cause, voltage=52.0
    )
    assert currents(asked("reduce").demand(1, one_side)) == (0, 80)


@pytest.mark.parametrize(("action", "found"), [("hold", None), ("reduce", (5.0, 0.0)), ("off", (0.0, 0.0))])
def test_before_nobody_looks_any_more(action, found):
    fallback = Fallback(FallbackSettings(on_stop=FallbackAction(action), charge_current=5.0))
    demand = fallback.at_stop()
    assert (None if demand is None else currents(demand)) == found


def test_each_side_is_held_at_what_it_asked_for_last():
    """One side that was unknown for hours must not bring back what the other asked for before that."""
    fallback = asked("hold")
    half = replace(KNOWN, charge_current=3.0, charge_voltage=54.0, discharge_limited_by="not_known")
    fallback.demand(1, half)
    held = fallback.demand(2, LOST)
    assert (held.charge_current, held.charge_voltage) == (3.0, 54.0)
    assert currents(asked("reduce", charge_current=20).demand(1, replace(LOST, charge_voltage=53.0))) == (20, 0)


def test_after_a_short_hold_it_goes_on_where_it_was_as_far_as_the_battery_can_take_it():
    fallback = asked("hold")
    fallback.demand(1, LOST)
    rising = replace(KNOWN, charge_current=2.0, charge_limited_by="recovering", charge_aim=90.0)
    assert fallback.demand(2, rising).charge_current == 50
    assert fallback.demand(3, replace(rising, charge_aim=30.0)).charge_current == 30
    assert fallback.demand(4, replace(rising, charge_limited_by="coldest")).charge_current == 2
    assert fallback.demand(5, rising).charge_current == 2  # the hold is over
    reduced = asked("reduce")
    reduced.demand(1, LOST)
    assert reduced.demand(2, rising).charge_current == 2


def test_the_preview_tells_the_fail_safe_and_remembers_nothing():
    fallback = asked("reduce", charge_current=5)
    assert currents(fallback.preview(LOST)) == (5, 0)
    assert not fallback.is_lost(Side.CHARGE)
    assert fallback.preview(KNOWN) == KNOWN


@pytest.mark.parametrize("answer", list(Tristate))
def test_a_side_of_which_nobody_knows_whether_it_may_be_used_is_without_data(answer):
    limits = MemberLimits(charge_voltage=55.0, charge_current=20.0, discharge_current=30.0)
    demand = demand_of(limits, {Side.CHARGE: answer, Side.DISCHARGE: Tristate.YES}, 52.0)
    assert demand.is_known(Side.CHARGE) is (answer is not Tristate.UNKNOWN)
    assert demand.charge_current == (None if answer is Tristate.UNKNOWN else 20.0)
    other = demand_of(limits, {Side.CHARGE: Tristate.YES, Side.DISCHARGE: answer}, 52.0)
    assert other.is_known(Side.DISCHARGE) is (answer is not Tristate.UNKNOWN)
