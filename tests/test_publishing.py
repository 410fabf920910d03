"""Publishing: calm outside, but never late with what matters."""

import pytest

from custom_components.smart_bms.publishing import DEFAULT_POLICIES, SETTLE, Gate, Policy, Quantity, policies


def test_the_first_value_is_published() -> None:
    gate = Gate(Policy(60, 1))
    assert gate.offer(3.3, 0)
    assert gate.value == 3.3


@pytest.mark.parametrize(
    ("value", "after", "published"),
    [
        (10.0, 100, False),
        (10.19, 100, False),
        (10.2, 100, True),
        (9.8, 100, True),
        (99.0, 4.9, False),
        (99.0, 5, True),
        (10.01, SETTLE, True),
        (None, 0.1, True),
    ],
)
def test_numbers_wait_for_interval_and_dead_band(value, after, published) -> None:
    gate = Gate(Policy(5, 0.2))
    gate.offer(10.0, 0)
    assert gate.offer(value, after) is published
    assert gate.value == (value if published else 10.0)


def test_a_dead_band_is_met_exactly_in_decimal() -> None:
    gate = Gate(Policy(0, 0.002))
    gate.offer(3.3, 0)
    assert gate.offer(3.302, 1)


@pytest.mark.parametrize(("old", "new"), [(False, True), ("bulk", "float"), (None, True), (0, False)])
def test_states_are_published_at_once(old, new) -> None:
    gate = Gate(DEFAULT_POLICIES[Quantity.STATE])
    gate.offer(old, 0)
    assert gate.offer(new, 0.001)


def test_a_direction_that_flickers_waits_but_a_new_one_does_not() -> None:
    gate = Gate(DEFAULT_POLICIES[Quantity.DIRECTION])
    assert gate.offer(False, 0)
    assert not gate.offer(True, 3)
    assert gate.offer(True, 10)


def test_after_an_outage_the_next_value_is_published_whatever_it_is() -> None:
    gate = Gate(Policy(3600, 5))
    gate.offer(1.0, 0)
    gate.open()
    assert gate.offer(1.1, 1)


def test_users_tune_what_they_may() -> None:
    tuned = policies({"voltage": 1.0}, {"voltage": 0.5, "power": 99.0})
    assert tuned[Quantity.VOLTAGE] == Policy(1.0, 0.5)
    assert tuned[Quantity.POWER] == Policy(DEFAULT_POLICIES[Quantity.POWER].interval, 99.0)
    assert tuned[Quantity.STATE] == DEFAULT_POLICIES[Quantity.STATE]
