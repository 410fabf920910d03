"""Hints: what is worth a sentence."""

import pytest

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.hints import CODES, Hints
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.smart123 import SMART123
from tests.support.protection_life import Life, shown_by_smart123
from tests.support.rule_books import DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS

JBD_SETTINGS = JBD_REAL | {"soc_100_voltage": 3.5}


@pytest.mark.parametrize(
    ("family", "rules", "settings", "shown", "expected"),
    [
        ("jk", JK, JK_LFP, {}, []),
        ("jk", JK, JK_LFP, {"lowest": 2.7}, ["shutdown_ahead"]),
        ("jk", JK, JK_LFP, {"lowest": 2.701}, []),
        ("daly", DALY, DALY_D2, {"alarms": ("temperature_sensor_fault",)}, ["temperature_sensor_missing"]),
        ("jbd", JBD, JBD_SETTINGS, {"cells": (3.5, 3.5, 3.5, 3.5), "current": 0.4}, ["pack_full"]),
        ("jbd", JBD, JBD_SETTINGS, {"cells": (2.5, 2.5, 2.5, 2.5)}, ["pack_empty"]),
        ("jbd", JBD, JBD_SETTINGS, {"alarms": ("front_end_fault",)}, []),  # not twice yet
        ("smart123", SMART123, SMART123_SETTINGS, {}, []),
        ("smart123", SMART123, SMART123_SETTINGS, shown_by_smart123("3.5/3.4", "20/55"), ["heated_by_balancing"]),
        ("smart123", SMART123, SMART123_SETTINGS, shown_by_smart123("3.4/3.4", "20/55"), []),
        ("smart123", SMART123, SMART123_SETTINGS | {"cell_overvoltage": 3.4}, {}, ["settings_contradict"]),
        ("smart123", SMART123, SMART123_SETTINGS | {"charge_restart_soc": 20}, {}, ["restarts_crossed"]),
    ],
)
def test_hints(family, rules, settings, shown, expected):
    life = Life(rules, settings, began=False)
    life.see(1, **shown)
    hints = Hints(family)
    hints.update(life.mirror.moment.reading)
    found = [hint.code for hint in hints.of(life.mirror)]
    assert found == expected
    assert set(found) <= set(CODES)


def test_without_a_reading_there_is_nothing_to_say():
    assert Hints("jk").of(Mirror(JK)) == []


def test_the_front_end_is_named_when_it_stays_wrong():
    life, hints = Life(JBD, JBD_SETTINGS), Hints("jbd")
    for _ in range(2):
        life.see(1, alarms=("front_end_fault",))
        hints.update(life.mirror.moment.reading)
    assert [hint.code for hint in hints.of(life.mirror)] == ["front_end_error"]
