"""What one broken bit in a line without checksum could do is believed when it is said again."""

import pytest

from custom_components.smart_bms.bms.smart123.doubt import Steady, Votes


def test_flags_count_when_two_of_the_last_three_agree() -> None:
    votes = Votes()
    votes.take(0b011)
    assert votes.flags is None
    votes.take(0b011)
    assert votes.flags == 0b011
    votes.take(0b100)
    assert votes.flags == 0b011
    votes.take(0b100)
    assert votes.flags == 0b100


def test_two_that_disagree_wait_for_a_third() -> None:
    votes = Votes()
    votes.take(1)
    votes.take(2)
    assert votes.flags is None
    votes.take(2)
    assert votes.flags == 2
    votes.clear()
    assert votes.flags is None


@pytest.mark.parametrize("counts", [(100, 101, 103), (100, 100, 5000, 100), (5000, 100, 100), (100, 5000, 100, 100)])
def test_a_meter_never_shows_a_jump_that_only_one_record_tells(counts) -> None:
    steady = Steady(step=10)
    shown = []
    for count in counts:
        steady.take(count)
        shown.append(steady.value)
    assert 5000 not in shown
    assert shown[-1] in (100, 103)


def test_a_jump_that_is_said_twice_is_true() -> None:
    steady = Steady(step=10)
    for count in (100, 100, 0, 0):
        steady.take(count)
    assert steady.value == 0


def test_a_value_that_is_not_available_is_unknown_at_once() -> None:
    steady = Steady(step=10)
    steady.take(100)
    steady.take(100)
    assert steady.take(None)
    assert steady.value is None
    assert not steady.take(100)
