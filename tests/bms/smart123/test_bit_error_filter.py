"""What one broken bit in a line without checksum could do is believed when it is said again."""

import pytest

from custom_components.smart_bms.bms.smart123.bit_error_filter import Debounce, MajorityVote, RecordForms


def test_flags_count_when_two_of_the_last_three_agree() -> None:
    votes = MajorityVote()
    votes.update(0b011)
    assert votes.flags is None
    votes.update(0b011)
    assert votes.flags == 0b011
    votes.update(0b100)
    assert votes.flags == 0b011
    votes.update(0b100)
    assert votes.flags == 0b100


def test_two_that_disagree_wait_for_a_third() -> None:
    votes = MajorityVote()
    votes.update(1)
    votes.update(2)
    assert votes.flags is None
    votes.update(2)
    assert votes.flags == 2


@pytest.mark.parametrize("counts", [(100, 101, 103), (100, 100, 5000, 100), (5000, 100, 100), (100, 5000, 100, 100)])
def test_a_meter_never_shows_a_jump_that_only_one_record_tells(counts) -> None:
    steady = Debounce(step=10)
    shown = []
    for count in counts:
        steady.update(count)
        shown.append(steady.value)
    assert 5000 not in shown
    assert shown[-1] in (100, 103)


def test_a_jump_that_is_said_twice_is_true() -> None:
    steady = Debounce(step=10)
    for count in (100, 100, 0, 0):
        steady.update(count)
    assert steady.value == 0


def test_a_value_that_is_not_available_is_unknown_when_that_is_said_twice() -> None:
    steady = Debounce(step=10)
    steady.update(100)
    steady.update(100)
    steady.update(None)
    assert steady.value == 100
    steady.update(None)
    assert steady.value is None
    steady.update(100)
    assert steady.value is None
    steady.update(101)
    assert steady.value == 101


def test_a_meter_that_only_rises_falls_only_when_it_is_said_twice() -> None:
    steady = Debounce(step=10, rising=True)
    for count in (100, 100, 99):
        steady.update(count)
    assert steady.value == 100
    steady.update(99)
    assert steady.value == 99


# Forms of lines.


def test_a_line_of_another_form_than_usual_has_to_come_twice() -> None:
    shapes = RecordForms()
    for _ in range(6):
        assert shapes.is_usual_form("C_01_0F_29A_12B_03")
    assert not shapes.is_usual_form("C_01_0F_29A_1_0F_29A_12B_03")
    assert shapes.is_usual_form("C_01_0F_29A_12B_03")
    assert not shapes.is_usual_form("C_01_0F_2912B_03_00")
    assert shapes.is_usual_form("C_01_0F_2912B_03_00")


def test_values_that_are_not_available_and_signs_change_no_form() -> None:
    shapes = RecordForms()
    for _ in range(6):
        assert shapes.is_usual_form("U_26ED_X_+0000_XXXX")
    assert shapes.is_usual_form("U_26ED_+0001_0000_-0001")
    assert shapes.is_usual_form("U_X_+0001_-0000_-0001")
    assert shapes.is_usual_form("U_26ED_X_+0000_XXXX")
    assert not shapes.is_usual_form("U_26ED_X_+0000")


def test_a_unit_that_does_not_pad_its_numbers_has_no_usual_form() -> None:
    shapes = RecordForms()
    for count in range(0, 5000, 7):
        assert shapes.is_usual_form(f"E_{count:X}_{count * 3:X}_0_32") or shapes.is_usual_form(
            f"E_{count:X}_{count * 3:X}_0_32"
        )
