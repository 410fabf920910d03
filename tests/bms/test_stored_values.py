"""Values from a file: what cannot be used is found part by part, and the rest is used."""

import pytest

from custom_components.smart_bms.bms.stored_values import WHOLE, flag, number, optional, sort_out, text, whole

CHECKS = {"clock": number, "name": text, "health": {"weeks": lambda part: [whole(week) for week in part], "on": flag}}


def test_sound_parts_are_used_and_bad_ones_are_named() -> None:
    kept = {"clock": "noon", "name": "Shed", "health": {"weeks": [1, "x"], "on": True}, "newer": [1]}
    good, bad = sort_out(kept, CHECKS)
    assert good == {"name": "Shed", "health": {"on": True}, "newer": [1]}
    assert bad == {"clock": "noon", "health.weeks": [1, "x"]}


@pytest.mark.parametrize("kept", [{}, {"clock": 5.0, "name": "Shed", "health": {"weeks": [], "on": False}}])
def test_what_is_sound_stays_whole(kept) -> None:
    assert sort_out(kept, CHECKS) == (kept, {})


def test_what_is_no_table_at_all_is_bad_as_a_whole() -> None:
    assert sort_out([1], CHECKS) == ({}, {WHOLE: [1]})
    assert sort_out({"health": 5}, CHECKS) == ({"health": {}}, {"health": 5})


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (number, "5"),
        (number, True),
        (number, None),
        (number, float("nan")),
        (number, float("inf")),
        (whole, 1.5),
        (whole, False),
        (flag, 1),
        (flag, None),
        (text, 5),
    ],
)
def test_another_type_is_refused(check, value) -> None:
    with pytest.raises((TypeError, ValueError)):
        check(value)


def test_values_of_the_right_type_are_returned() -> None:
    assert (number(5), whole(5.0), flag(value=False), text("a")) == (5.0, 5, False, "a")
    assert optional(number, None) is None
    assert optional(number, 3) == 3.0
