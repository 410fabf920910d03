"""Counter totals: they survive when a pack clears its counters, and count nothing that did not happen."""

import pytest

from custom_components.smart_bms.control.counter_totals import CounterTotals

OLD = {"overvoltage": 5, "undervoltage": 2, "restarts": 3}


@pytest.fixture
def counter_totals() -> CounterTotals:
    counter_totals = CounterTotals()
    assert counter_totals.update(OLD)
    return counter_totals


def test_what_was_counted_before_we_came_counts(counter_totals) -> None:
    assert counter_totals.totals == OLD


def test_nothing_new_is_no_news(counter_totals) -> None:
    assert not counter_totals.update(dict(OLD))
    assert counter_totals.totals == OLD


def test_every_kind_is_counted_for_itself(counter_totals) -> None:
    assert counter_totals.update({"overvoltage": 8, "undervoltage": 2, "restarts": 4})
    assert counter_totals.totals == {"overvoltage": 8, "undervoltage": 2, "restarts": 4}


@pytest.mark.parametrize(("restarts", "total"), [(3, 3), (5, 5), (0, 3)])
def test_a_cleared_pack_takes_nothing_away(counter_totals, restarts, total) -> None:
    assert counter_totals.update({"overvoltage": 0, "undervoltage": 0, "restarts": restarts})
    assert counter_totals.totals == {"overvoltage": 5, "undervoltage": 2, "restarts": total}
    assert counter_totals.update({"overvoltage": 1, "undervoltage": 0, "restarts": restarts})
    assert counter_totals.totals == {"overvoltage": 6, "undervoltage": 2, "restarts": total}


def test_a_pack_without_a_count_of_its_restarts_is_cleared_too() -> None:
    counter_totals = CounterTotals()
    counter_totals.update({"overvoltage": 5})
    assert counter_totals.update({"overvoltage": 0})
    assert counter_totals.update({"overvoltage": 2})
    assert counter_totals.totals == {"overvoltage": 7}


@pytest.mark.parametrize(("old", "new", "total"), [(65_000, 3, 65_539), (65_535, 1, 65_537)])
def test_a_count_that_ran_over_goes_on(old, new, total) -> None:
    counter_totals = CounterTotals()
    counter_totals.update({"overvoltage": old, "undervoltage": 2})
    assert counter_totals.update({"overvoltage": new, "undervoltage": 2})
    assert counter_totals.totals == {"overvoltage": total, "undervoltage": 2}


@pytest.mark.parametrize("old", [65_000, 65_100, 65_535])
def test_a_high_count_that_is_cleared_together_with_all_others_did_not_run_over(old) -> None:
    counter_totals = CounterTotals()
    counter_totals.update({"overvoltage": old, "undervoltage": 2})
    assert counter_totals.update({"overvoltage": 0, "undervoltage": 0})
    assert counter_totals.totals == {"overvoltage": old, "undervoltage": 2}


@pytest.mark.parametrize(
    "new",
    [
        {"overvoltage": 4, "undervoltage": 2, "restarts": 3},
        {"overvoltage": 9, "undervoltage": 1, "restarts": 3},
        {"overvoltage": 0, "undervoltage": 2, "restarts": 3},
        {"overvoltage": 0, "undervoltage": 0, "restarts": 1},
        {"overvoltage": 5, "undervoltage": 2},
        {"overvoltage": 5, "undervoltage": 2, "restarts": 3, "more": 7},
        {"overvoltage": 0, "undervoltage": 0},
    ],
)
def test_what_cannot_be_is_doubted_once_and_then_is_the_new_beginning(counter_totals, new) -> None:
    assert not counter_totals.update(new)
    assert not counter_totals.update(OLD)  # it was broken
    assert not counter_totals.update(new)  # so this is the first time again
    assert counter_totals.totals == OLD
    assert counter_totals.update(dict(new))
    assert counter_totals.totals == {**dict.fromkeys(new, 0), **OLD}
    assert counter_totals.update({key: count + 1 for key, count in new.items()})
    assert counter_totals.totals == {**dict.fromkeys(new, 0), **OLD} | {key: OLD.get(key, 0) + 1 for key in new}


def test_two_different_broken_answers_do_not_confirm_each_other(counter_totals) -> None:
    assert not counter_totals.update({"overvoltage": 4, "undervoltage": 2, "restarts": 3})
    assert not counter_totals.update({"overvoltage": 3, "undervoltage": 2, "restarts": 3})
    assert counter_totals.totals == OLD


def test_a_good_answer_after_a_doubt_counts_from_what_was_before(counter_totals) -> None:
    assert not counter_totals.update({"overvoltage": 1, "undervoltage": 2, "restarts": 3})
    assert counter_totals.update({"overvoltage": 6, "undervoltage": 2, "restarts": 3})
    assert counter_totals.totals == OLD | {"overvoltage": 6}
    assert not counter_totals.update({"overvoltage": 1, "undervoltage": 2, "restarts": 3})


def test_it_outlives_a_restart_of_ours(counter_totals) -> None:
    stored = counter_totals.as_dict()
    again = CounterTotals(stored)
    assert again.as_dict() == stored
    assert not again.update(OLD)
    assert again.update(OLD | {"overvoltage": 6})
    assert again.totals["overvoltage"] == 6
    assert counter_totals.totals == OLD  # the kept values are a copy
    assert CounterTotals(None).totals == CounterTotals({}).totals == {}


def test_a_pack_that_was_cleared_while_we_were_away_loses_nothing(counter_totals) -> None:
    again = CounterTotals(counter_totals.as_dict())
    assert again.update(dict.fromkeys(OLD, 0))
    assert again.totals == OLD


def test_what_is_taken_is_a_copy() -> None:
    counter_totals, counters = CounterTotals(), {"overvoltage": 1}
    counter_totals.update(counters)
    counters["overvoltage"] = 2
    assert counter_totals.update(counters)
    assert counter_totals.totals == {"overvoltage": 2}
