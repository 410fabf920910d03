"""Time left."""

import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.time_left import TimeLeft


def reading(at: float, current: float | None, remaining: float | None = 50.0, full: float | None = 100.0) -> Reading:
    return Reading(measured_at=at, current=current, remaining_capacity=remaining, full_capacity=full)


@pytest.mark.parametrize(
    ("current", "to_empty", "to_full"),
    [(-10.0, 18_000, None), (25.0, None, 7200), (0.1, None, None), (-0.201, None, None), (None, None, None)],
)
def test_steady_current(current, to_empty, to_full) -> None:
    time_left = TimeLeft()
    for second in range(12):
        time_left.follow(reading(second, current, remaining=50.0 if current != -0.201 else 5000.0))
    assert (time_left.to_empty, time_left.to_full) == (to_empty, to_full)


def test_a_short_peak_hardly_matters_and_a_long_one_does() -> None:
    time_left = TimeLeft()
    for second in range(-300, 1):
        time_left.follow(reading(second, -10.0))
    time_left.follow(reading(1, -100.0))
    assert 16_000 < time_left.to_empty < 18_000
    for second in range(2, 900):
        time_left.follow(reading(second, -100.0))
    assert time_left.to_empty == pytest.approx(1800, rel=0.01)


def test_after_an_outage_the_old_current_no_longer_counts() -> None:
    time_left = TimeLeft()
    for second in (*range(20), *range(600, 620)):
        time_left.follow(reading(second, -10.0 if second < 600 else 50.0))
    assert time_left.to_full == 3600


def test_when_the_current_turns_nothing_contradicts_it() -> None:
    time_left = TimeLeft()
    for second in range(400):
        time_left.follow(reading(second, -10.0))
    for second in range(400, 430):
        time_left.follow(reading(second, 20.0))
        assert time_left.to_empty is None
    assert time_left.to_full == 9000


def test_a_charger_that_comes_up_is_not_taken_at_its_first_word() -> None:
    time_left, said = TimeLeft(), []
    for second in range(100):
        time_left.follow(reading(second, 0.0 if second < 40 else min(40.0, (second - 40) * 4.0)))
        said.append(time_left.to_full)
    assert said[:50] == [None] * 50
    assert max(filter(None, said)) < 3 * said[-1]
    assert said[-1] == pytest.approx(4500, rel=0.15)


def test_after_half_a_minute_at_rest_nothing_is_said() -> None:
    time_left = TimeLeft()
    for second in range(100):
        time_left.follow(reading(second, -10.0))
    assert time_left.to_empty
    for second in range(100, 135):
        time_left.follow(reading(second, 0.0))
    assert time_left.to_empty is None


def test_below_empty_there_is_no_time_left() -> None:
    time_left = TimeLeft()
    for second in range(12):
        time_left.follow(reading(second, -10.0, remaining=-1.0))
    assert time_left.to_empty == 0


@pytest.mark.parametrize(("remaining", "full"), [(None, 100.0), (50.0, None)])
def test_without_capacities_nothing_is_guessed(remaining, full) -> None:
    time_left = TimeLeft()
    for second in range(12):
        time_left.follow(reading(second, 10.0, remaining, full))
    assert time_left.to_empty is time_left.to_full is None


@pytest.mark.parametrize(
    ("current", "full", "to_empty"),
    [
        # 150 Ah of a pack of 280 Ah: 0.56 A is a trickle, and whatever lasts longer than 100 hours nobody plans with.
        (-0.5, 280.0, None),
        (-1.4, 280.0, None),
        (-1.6, 280.0, None),
        (-1.7, 280.0, 317_647),
        # Of a small pack, or one that does not tell its size, no more is a trickle than a board can measure.
        (-0.25, 30.0, None),
        (-1.7, None, 317_647),
    ],
)
def test_a_trickle_says_nothing_of_the_time_left(current, full, to_empty) -> None:
    time_left = TimeLeft()
    for second in range(12):
        time_left.follow(reading(second, current, remaining=150.0, full=full))
    assert time_left.to_empty == to_empty


def test_a_full_pack_that_is_kept_full_has_no_time_to_full() -> None:
    time_left = TimeLeft()
    for second in range(12):
        time_left.follow(reading(second, 0.5, remaining=260.0, full=280.0))
    assert time_left.to_full is None


def test_at_its_end_the_time_left_does_not_flicker() -> None:
    time_left, shown = TimeLeft(), []
    for second in range(12):
        time_left.follow(reading(second, -10.0, remaining=950.0, full=1200.0))
    for second, hours in enumerate((95, 89, 95, 99, 101, 99, 89), 12):
        time_left.follow(reading(second, -10.0, remaining=hours * 10.0, full=1200.0))
        shown.append(None if time_left.to_empty is None else round(time_left.to_empty / 3600))
    assert shown == [None, 89, 95, 99, None, None, 89]


def test_the_time_to_any_state_of_charge_follows_the_current():
    left = TimeLeft()
    assert left.to(80, charged(0.0, 10.0)) is None
    for now in range(0, 60, 5):
        left.follow(charged(float(now), 10.0))
    assert left.to(80, charged(60.0, 10.0)) == pytest.approx(30 / 10 * 3600)
    assert left.to(20, charged(60.0, 10.0)) is None
    for now in range(60, 120, 5):
        left.follow(charged(float(now), -10.0))
    assert left.to(20, charged(120.0, -10.0)) == pytest.approx(30 / 10 * 3600)
    assert left.to(80, charged(120.0, -10.0)) is None


def charged(now: float, current: float) -> Reading:
    return Reading(measured_at=now, current=current, remaining_capacity=50.0, full_capacity=100.0)
