"""Hold for balancing: no more flows than the balancer moves, until the cells are even or the time is over."""

from custom_components.smart_bms.protection.balance_hold import BalanceHold

TOP = {"at_top": True, "even": 0.01, "stated": 2.0}


def test_the_charge_current_follows_what_the_balancer_moves_until_the_cells_are_even():
    hold = BalanceHold(7200)
    assert hold.update(0, spread=0.015, **TOP) is None
    assert hold.update(1, spread=0.06, **TOP) == 2.0
    assert (hold.is_holding, hold.spread) == (True, 0.06)
    assert hold.update(600, spread=0.011, **TOP) == 2.0  # less than where it began
    assert hold.update(601, spread=0.01, **TOP) is None
    assert (hold.is_holding, hold.spread) == (False, None)
    assert hold.update(602, spread=0.015, **TOP) is None


def test_a_measured_balance_current_counts_more_than_a_stated_one_while_it_is_new():
    hold = BalanceHold(7200)
    hold.note(-0.8, 0)
    assert hold.update(1, spread=0.06, **TOP) == 0.8
    hold.note(0.01, 100)  # pausing between two cells
    assert hold.update(101, spread=0.06, **TOP) == 0.8
    assert hold.update(130, spread=0.06, **TOP) == 2.0
    hold.note(0.8, 131)
    hold.lose()
    assert hold.update(132, spread=0.06, **TOP) == 2.0


def test_it_ends_after_its_time_until_the_pack_is_charged_anew():
    hold = BalanceHold(100)
    assert hold.update(0, spread=0.06, **TOP) == 2.0
    assert hold.update(100, spread=0.06, **TOP) is None
    assert hold.update(200, spread=0.06, **TOP) is None
    hold.reset()
    assert hold.update(400, spread=0.06, **TOP) == 2.0
    assert hold.update(450, spread=0.06, **TOP | {"at_top": False}) is None
    assert not hold.is_holding
    assert hold.update(499, spread=0.06, **TOP) == 2.0
    assert hold.update(500, spread=0.06, **TOP) is None  # its time goes on while the cells are lower


def test_nothing_is_held_where_nobody_knows_the_balancer_or_the_owner_does_not_want_it():
    assert BalanceHold(7200).update(0, spread=0.06, **TOP | {"stated": None}) is None
    assert BalanceHold(7200).update(0, spread=None, **TOP) is None
    assert BalanceHold(0).update(0, spread=0.06, **TOP) is None


def test_its_time_goes_on_over_a_restart():
    hold = BalanceHold(100)
    hold.update(1000, spread=0.06, **TOP)
    again = BalanceHold(100)
    again.restore(hold.dump(), -950)
    assert again.update(149, spread=0.06, **TOP) == 2.0
    assert again.update(150, spread=0.06, **TOP) is None
    over = BalanceHold(100)
    over.restore(again.dump(), 0)
    assert over.update(151, spread=0.06, **TOP) is None


def test_there_is_no_hold_while_the_balancer_is_switched_off():
    assert BalanceHold(7200).update(0, spread=0.06, **TOP, is_on=False) is None


def test_a_clock_that_was_wrong_makes_no_hold_longer():
    hold = BalanceHold(100)
    hold.restore({"since": 1e9}, 0)
    assert hold.update(10, spread=0.06, **TOP) == 2.0
    assert hold.update(110, spread=0.06, **TOP) is None
