"""The decision tables of JBD's manual: full and empty, balancing, wiring."""

import pytest

from custom_components.smart_bms.protection.balance import balance
from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.families import NO_RULES
from custom_components.smart_bms.protection.hints import Hints
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jbd_fullness import is_empty, is_full
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.smart123 import SMART123
from custom_components.smart_bms.protection.wiring import signs
from tests.support.protection_life import Life, reading
from tests.support.rule_books import DALY_D2, JBD_REAL, JK_LFP

T, F, X = True, False, None
VALUES = {"soc_100_voltage": 3.5, "cell_undervoltage": 2.5}
AT, UNDER = (3.5, 3.5, 3.5, 3.5), (3.5, 3.5, 3.5, 3.49)


@pytest.mark.parametrize(
    ("mean_reached", "current", "protection", "full"),
    [
        (T, 0.0, F, T),
        (T, 0.499, F, T),
        (T, 0.5, F, F),
        (T, 30.0, F, F),
        (T, -0.001, F, F),
        (F, 0.3, F, F),
        (F, None, F, F),
        (T, 30.0, T, T),
        (F, -5.0, T, T),
        (X, None, T, T),
        (X, 0.3, F, X),
        (T, None, F, X),
        (T, 0.3, X, T),
        (F, 0.3, X, X),
    ],
)
def test_when_a_board_takes_its_pack_for_full(mean_reached, current, protection, full):
    cells = {T: AT, F: UNDER, X: ()}[mean_reached]
    for alarm in ("cell_overvoltage", "pack_overvoltage"):
        alarms = {T: (alarm,), F: (), X: None}[protection]
        shown = reading(1.0, cells=cells, highest=None if not cells else 3.5, current=current, alarms=alarms)
        assert is_full(shown, VALUES) is full


@pytest.mark.parametrize(
    ("cells", "alarms", "empty"),
    [
        ((2.5, 2.5, 2.5, 2.5), (), T),
        ((2.6, 2.6, 2.6, 2.2), (), T),
        ((2.6, 2.6, 2.6, 2.21), (), F),
        ((3.2, 3.2, 3.2, 2.4), ("cell_undervoltage",), T),
        ((3.2, 3.2, 3.2, 2.4), ("pack_undervoltage",), T),
        ((3.2, 3.2, 3.2, 2.4), None, X),
        ((), (), X),
    ],
)
def test_when_a_board_takes_its_pack_for_empty(cells, alarms, empty):
    assert is_empty(reading(1.0, cells=cells, highest=3.2 if cells else None, alarms=alarms), VALUES) is empty


def test_full_and_empty_are_unknown_without_the_thresholds():
    assert is_full(reading(1.0), {}) is None
    assert is_empty(reading(1.0), {}) is None


CHARGES, RESTS, DISCHARGES = 10.0, 0.0, -10.0


@pytest.mark.parametrize(
    ("switch", "only_charging", "current", "high", "apart", "expected"),
    [
        (F, T, CHARGES, T, T, "no"),
        (F, F, RESTS, T, T, "no"),
        (T, T, CHARGES, T, T, "yes"),
        (T, T, 0.201, T, T, "yes"),
        (T, T, 0.2, T, T, "no"),
        (T, T, RESTS, T, T, "no"),
        (T, T, DISCHARGES, T, T, "no"),
        (T, F, RESTS, T, T, "yes"),
        (T, F, 0.2, T, T, "yes"),
        (T, F, -0.2, T, T, "yes"),
        (T, F, CHARGES, T, T, "no"),
        (T, F, DISCHARGES, T, T, "unknown"),
        (T, T, CHARGES, F, T, "no"),
        (T, F, DISCHARGES, F, T, "no"),
        (T, T, CHARGES, T, F, "no"),
        (T, F, DISCHARGES, T, F, "no"),
        (X, T, CHARGES, T, T, "unknown"),
        (T, X, CHARGES, T, T, "unknown"),
        (T, T, None, T, T, "unknown"),
    ],
)
def test_when_a_jbd_board_balances(switch, only_charging, current, high, apart, expected):
    settings = JBD_REAL | {"balance_start_voltage": 3.4, "balance_trigger": 0.03}
    settings |= {
        key: value
        for key, value in (("balance_switch", switch), ("balance_only_charging", only_charging))
        if value is not None
    }
    highest = 3.4 if high else 3.399
    lowest = highest - (0.031 if apart else 0.03)
    life = Life(JBD, settings, began=False)
    life.see(1, cells=(highest, lowest), current=current)
    assert balance(life.mirror, "jbd").answer == expected


@pytest.mark.parametrize(
    ("family", "rules", "limits", "shown", "expected", "why"),
    [
        ("jk", JK, JK_LFP, {"cells": (3.401, 3.39)}, "yes", ["fine"]),
        ("jk", JK, JK_LFP, {"cells": (3.4, 3.389)}, "no", ["waits_for_balance_start"]),
        ("jk", JK, JK_LFP, {"cells": (3.401, 3.391)}, "no", ["waits_for_balance_trigger"]),
        (
            "jk",
            JK,
            JK_LFP,
            {"cells": (3.41, 3.39), "alarms": ("balance_wire_resistance",)},
            "no",
            ["balance_wire_flagged"],
        ),
        ("jk", JK, JK_LFP, {"cells": (3.41, 3.39), "alarms": None}, "unknown", ["pack_does_not_say"]),
        ("jk", JK, JK_LFP | {"balance_switch": F}, {"cells": (3.41, 3.39)}, "no", ["switched_off"]),
        ("daly", DALY, DALY_D2 | {"balance_start_voltage": 3.4}, {"cells": (3.41, 3.39)}, "unknown", ["not_known"]),
        ("smart123", SMART123, {"balance_start_voltage": 3.5}, {"cells": (3.5, 3.3)}, "yes", ["fine"]),
        (
            "smart123",
            SMART123,
            {"balance_start_voltage": 3.5},
            {"cells": (3.49, 3.3)},
            "no",
            ["waits_for_balance_start"],
        ),
        ("jk", JK, None, {}, "unknown", ["no_settings"]),
        ("none", NO_RULES, JK_LFP, {}, "unknown", ["no_rules"]),
    ],
)
def test_when_the_others_balance_and_why_not(family, rules, limits, shown, expected, why):
    life = Life(rules, limits if limits is None else {"balance_switch": T} | limits, began=False)
    life.see(1, **shown)
    permission = balance(life.mirror, family)
    assert (permission.answer, [reason.code for reason in permission.reasons]) == (expected, why)


def test_before_the_first_reading_nothing_is_expected():
    assert balance(Mirror(JK), "jk").answer == "unknown"


LOW, LOOSE, HIGH = 0.1, 0.9, 3.7


@pytest.mark.parametrize(
    ("cells", "error", "expected"),
    [
        ((3.3, LOW, 3.3, 3.3), T, [("wires_in_wrong_order", (2,))]),
        ((3.3, 0.05, 3.3, 0.15), T, [("wires_in_wrong_order", (2, 4))]),
        ((3.3, 0.049, 3.3, 0.151), T, [("front_end_error", ())]),
        ((3.3, LOW, 3.3, 3.3), F, []),
        ((3.3, LOW, 3.3, 3.3), X, None),
        ((3.3, 3.3, 3.3, 3.3), T, [("front_end_error", ())]),
        ((3.3, LOOSE, HIGH, 3.3), F, [("wire_between_cells", (2, 3))]),
        ((HIGH, LOOSE, 3.3, 3.3), X, [("wire_between_cells", (1, 2))]),
        ((LOOSE, 3.6, 3.3, 3.3), F, [("wire_between_cells", (1, 2))]),
        ((LOOSE, 3.599, 3.3, 3.3), F, []),
        ((0.749, HIGH, 3.3, 3.3), F, []),
        ((3.3, 3.3, HIGH, 1.05), F, [("wire_between_cells", (3, 4))]),
        ((3.3, 3.3, HIGH, 1.051), F, []),
        ((3.3, LOOSE, 3.3, 3.3), F, []),
        ((LOW, LOOSE, HIGH, 3.3, 3.3), T, [("wires_in_wrong_order", (1,)), ("wire_between_cells", (2, 3))]),
        ((LOOSE, HIGH), F, []),
        ((LOOSE, None, HIGH), F, []),
        ((), F, []),
    ],
)
def test_what_the_cells_show_of_their_wires(cells, error, expected):
    found = signs(cells, front_end_error=error)
    assert (found if found is None else [(item.sign, item.cells) for item in found]) == expected


def test_a_wiring_sign_must_be_seen_twice_in_a_row():
    hints, life = Hints("jbd"), Life(JBD, JBD_REAL)
    bad = {"cells": (3.3, LOOSE, HIGH, 3.3)}

    def codes(seconds=1, **shown):
        life.see(seconds, **shown)
        hints.update(life.mirror.moment.reading)
        return [f"{hint.code}:{hint.about}" for hint in hints.of(life.mirror)]

    assert codes(**bad) == []
    assert codes(**bad) == ["wire_between_cells:2, 3"]
    assert codes() == []
    assert codes(**bad) == []
    assert codes(3600, **bad) == []
    assert codes(600, **bad) == ["wire_between_cells:2, 3"]
