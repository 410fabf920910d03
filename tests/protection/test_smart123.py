r"""The decision tables of a 123\SmartBMS: all reference vectors and sequences of its algorithm, and what a user is told."""

from typing import Any

import pytest

from custom_components.smart_bms.bms.jk.layouts import Variant as JkVariant
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.smart123.generation import Variant
from custom_components.smart_bms.protection.families import rules_of
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.protection.rules import Side
from custom_components.smart_bms.protection.smart123 import SMART123, SMART123_GENERATION_3
from tests.support.protection_life import Life, shown_by_smart123
from tests.support.rule_books import SMART123_SETTINGS

NORMAL, CRITICAL = False, True
ON, OFF = True, False

# mode, charge and load before, cells, temperatures, SoC, hears its cells, charge and load after, what it is about
VECTORS = [
    (NORMAL, OFF, OFF, "3.3/3.3/3.3/3.3", "20", 50, True, ON, ON, "all in range"),
    (NORMAL, OFF, OFF, "3.3/3.3/3.3/3.3", "20", 90, True, OFF, ON, "SoC = charge restart is not below"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "20", 90, True, ON, ON, "the same, relay was on"),
    (NORMAL, OFF, OFF, "3.3/3.3/3.3/3.3", "20", 89, True, ON, ON, "just below charge restart"),
    (NORMAL, ON, ON, "3.5/3.5/3.5/3.49", "20", 99, True, ON, ON, "three of four at bypass"),
    (NORMAL, ON, ON, "3.5/3.5/3.5/3.5", "20", 99, True, OFF, ON, "all at bypass"),
    (NORMAL, OFF, ON, "3.5/3.49/3.49/3.49", "20", 50, True, OFF, ON, "one cell still at bypass"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.65", "20", 50, True, OFF, ON, "one cell at V-max"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.645", "20", 50, True, ON, ON, "5 mV under V-max"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/2.8", "20", 50, True, ON, OFF, "one cell at V-min"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/2.805", "20", 50, True, ON, ON, "5 mV over V-min"),
    (NORMAL, ON, OFF, "3.2/3.2/3.2/3.2", "20", 20, True, ON, ON, "SoC = discharge restart"),
    (NORMAL, ON, OFF, "3.2/3.2/3.2/3.2", "20", 19, True, ON, OFF, "below it, relay was off"),
    (NORMAL, ON, ON, "3.2/3.2/3.2/3.2", "20", 5, True, ON, ON, "below it, relay was on"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "0", 50, True, ON, ON, "T-min"),
    (NORMAL, OFF, OFF, "3.3/3.3/3.3/3.3", "0", 50, True, OFF, OFF, "T-min, relays off"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "20/-1", 50, True, OFF, OFF, "one cell under T-min"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "20/50", 50, True, ON, ON, "one cell at T-max"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "20/51", 50, True, OFF, OFF, "one cell over T-max"),
    (NORMAL, ON, ON, "3.3/3.3/3.3/3.3", "20", 50, False, OFF, OFF, "no communication"),
    (NORMAL, ON, ON, "", "", 50, True, OFF, OFF, "no cells known"),
    (NORMAL, OFF, OFF, "3.3/3.3/3.3/3.3", "20", 95, True, OFF, ON, "after a fault at 95 %"),
    (CRITICAL, ON, ON, "3.5/3.5/3.5/3.5", "20", 100, True, ON, ON, "full"),
    (CRITICAL, OFF, OFF, "3.6/3.6/3.6/3.6", "20", 100, True, ON, ON, "all under V-max"),
    (CRITICAL, ON, ON, "3.3/3.3/3.3/3.65", "20", 50, True, OFF, ON, "one cell at V-max"),
    (CRITICAL, OFF, ON, "3.3/3.3/3.3/3.645", "20", 100, True, ON, ON, "under V-max again"),
    (CRITICAL, ON, ON, "3/3/3/2.8", "20", 0, True, ON, OFF, "one cell at V-min"),
    (CRITICAL, ON, OFF, "3/3/3/2.805", "20", 0, True, ON, ON, "over V-min again"),
    (CRITICAL, ON, ON, "3.3/3.3/3.3/3.3", "20/-1", 50, True, OFF, OFF, "one cell under T-min"),
    (CRITICAL, OFF, OFF, "3.3/3.3/3.3/3.3", "20/0", 50, True, OFF, OFF, "T-min, relays off"),
    (CRITICAL, ON, ON, "3.3/3.3/3.3/3.3", "20", 50, False, OFF, OFF, "no communication"),
]


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{number}-{row[-1]}" for number, row in enumerate(VECTORS, 1)])
def test_vectors(vector):
    mode, charge_before, load_before, cells, celsius, soc, hears, charge, load, _ = vector
    life = Life(SMART123, SMART123_SETTINGS | {"critical_mode": mode}, began=False)
    life.see(0, **shown_by_smart123(cells, celsius, soc, hears=hears, charging=charge_before, discharging=load_before))
    relays = life.mirror.relays[mode]
    assert relays[Side.CHARGE].answer is (Tristate.YES if charge else Tristate.NO)
    assert relays[Side.DISCHARGE].answer is (Tristate.YES if load else Tristate.NO)


SEQUENCE = [
    ("3.50/3.50/3.50/3.49", 97, ON, ON),
    ("3.50/3.50/3.50/3.50", 100, OFF, ON),
    ("3.40/3.40/3.40/3.40", 99, OFF, ON),
    ("3.33/3.33/3.33/3.33", 90, OFF, ON),
    ("3.33/3.33/3.33/3.33", 89, ON, ON),
    ("3.10/3.10/3.10/2.80", 12, ON, OFF),
    ("3.20/3.20/3.20/3.10", 19, ON, OFF),
    ("3.25/3.25/3.25/3.25", 20, ON, ON),
]


def test_a_full_and_an_empty_pack_come_back_as_the_sequence_says():
    life = Life(SMART123, SMART123_SETTINGS, began=False)
    life.see(1, **shown_by_smart123("3.3/3.3/3.3/3.3"))
    for cells, soc, charge, load in SEQUENCE:
        life.see(1, **shown_by_smart123(cells, soc=soc, charging=None, discharging=None))
        assert (life.answer("charge"), life.answer("discharge")) == tuple(
            "yes" if on else "no" for on in (charge, load)
        )


def seen(settings: dict[str, Any] = SMART123_SETTINGS, rules=SMART123, **shown: Any) -> Life:
    """Return a life with one reading."""
    life = Life(rules, settings, began=False)
    life.see(1, **shown_by_smart123(**{"cells": "3.3/3.3/3.3/3.3"} | shown))
    return life


def test_why_charging_stays_off_after_a_fault_above_the_restart_is_explained():
    for rules in (SMART123, SMART123_GENERATION_3):
        life = seen(
            rules=rules, settings=SMART123_SETTINGS | {"discharge_undertemperature": 0.0}, soc=95, charging=False
        )
        assert life.codes("charge") == ["pack_blocks_silently:", "waits_for_charge_restart:charge_restart"]
        assert life.mirror.charge.reasons[1].numbers == {"value": 95, "limit": 90, "unit": "%"}
    life = seen(soc=12, discharging=False)
    assert life.codes("discharge")[1:] == ["waits_for_discharge_restart:discharge_restart"]


def test_a_full_pack_says_that_it_is_full():
    life = seen(cells="3.5/3.5/3.5/3.5", soc=100)
    assert life.codes("charge") == ["tripped:pack_full"]


def test_without_the_mode_only_what_both_say_counts():
    unknown = {key: value for key, value in SMART123_SETTINGS.items() if key != "critical_mode"}
    assert seen(unknown).answer("charge") == "yes"
    assert seen(unknown, cells="3.3/3.3/3.3/3.65").answer("charge") == "no"
    full = seen(unknown, cells="3.5/3.5/3.5/3.5", soc=100)
    assert full.answer("charge") == "unknown"  # normal: full; critical: goes on
    assert full.codes("charge") == ["mode_unknown:"]
    # The pack itself knows in which mode it is.
    assert seen(unknown, cells="3.5/3.5/3.5/3.5", soc=100, charging=False).answer("charge") == "no"


@pytest.mark.parametrize(
    ("missing", "answers"),
    [
        ("cell_undervoltage", ("yes", "unknown")),
        ("cell_overvoltage", ("unknown", "yes")),
        ("balance_start_voltage", ("unknown", "yes")),
        ("charge_undertemperature", ("unknown", "unknown")),
        ("cell_overtemperature", ("unknown", "unknown")),
        ("charge_restart_soc", ("unknown", "yes")),
        ("discharge_restart_soc", ("yes", "unknown")),
    ],
)
def test_a_threshold_that_was_not_told_makes_its_relay_unknown(missing, answers):
    life = seen({key: value for key, value in SMART123_SETTINGS.items() if key != missing})
    assert (life.answer("charge"), life.answer("discharge")) == answers
    doubtful = "charge" if answers[0] == "unknown" else "discharge"
    assert all(code.startswith("not_known:") for code in life.codes(doubtful))


def test_what_is_forbidden_is_known_even_if_the_rest_is_not():
    life = seen({"cell_overvoltage": 3.65, "cell_undervoltage": 2.8}, cells="3.3/3.3/3.3/3.65")
    assert life.answer("charge") == "no"
    assert life.answer("discharge") == "unknown"


@pytest.mark.parametrize("soc", [101, None])
def test_a_state_of_charge_that_nobody_knows_is_no_reason_to_charge(soc):
    assert seen(soc=soc).answer("charge") == "unknown"


def test_alarms_that_were_not_told_leave_open_whether_it_hears_its_cells():
    life = Life(SMART123, SMART123_SETTINGS, began=False)
    life.see(1, **shown_by_smart123("3.3/3.3/3.3/3.3") | {"alarms": None})
    assert life.answer("charge") == "unknown"


@pytest.mark.parametrize(
    "contradiction",
    [{"cell_overvoltage": 3.5}, {"cell_undervoltage": 3.5}, {"charge_undertemperature": 50.0}],
)
def test_settings_that_contradict_each_other_are_not_judged_by(contradiction):
    life = seen(SMART123_SETTINGS | contradiction)
    assert life.answer("charge") == "unknown"
    assert life.codes("charge") == ["settings_contradict:"]
    assert seen(SMART123_SETTINGS | contradiction, charging=False).answer("charge") == "no"


def test_a_pack_without_cells_does_not_hear_them():
    assert seen(cells="", celsius="").codes("charge") == ["reported:cell_communication_fault"]


def test_nothing_is_known_without_settings_or_reading():
    life = Life(SMART123, None, began=False)
    assert life.codes("charge") == ["no_data:"]
    life.see(1, **shown_by_smart123("3.3/3.3/3.3/3.3"))
    assert life.codes("charge") == ["no_settings:"]


def test_while_not_all_cells_were_heard_only_what_is_wrong_is_certain():
    def part(first: float, charging: bool | None = True) -> Life:
        life = Life(SMART123, SMART123_SETTINGS, began=False)
        life.mirror.update(
            Reading(
                measured_at=1000.0,
                cell_voltages=(first, None, None, None),
                cell_times=(999.0, None, None, None),
                soc=50,
                temperatures={"lowest": 20.0, "highest": 21.0},
                alarms=(),
                charging_enabled=charging,
                discharging_enabled=True,
            ),
            SMART123_SETTINGS,
        )
        return life

    assert (part(3.3).answer("charge"), part(3.3).answer("discharge")) == ("unknown", "unknown")
    assert part(3.65).answer("charge") == "no"
    assert part(2.8).answer("discharge") == "no"


def test_where_a_relay_stood_is_forgotten_after_a_gap():
    life = seen(soc=95, charging=True)
    assert life.answer("charge") == "yes"
    life.see(1, **shown_by_smart123("3.3/3.3/3.3/3.3", soc=95, charging=None))
    assert life.answer("charge") == "yes"
    life.see(21, **shown_by_smart123("3.3/3.3/3.3/3.3", soc=95, charging=None))
    assert life.answer("charge") == "unknown"


def test_a_third_generation_is_taken_at_its_word_where_the_tables_are_not_public():
    have = SMART123_SETTINGS | {"discharge_undertemperature": -10.0, "low_cell_voltage": 3.0}
    cold = {"celsius": "20/-5", "rules": SMART123_GENERATION_3, "settings": have}
    assert seen(**cold).answer("charge") == "no"
    assert seen(**cold).answer("discharge") == "yes"
    assert seen(**cold, discharging=False).answer("discharge") == "no"
    assert seen(**cold, discharging=None).codes("discharge") == ["pack_does_not_say:"]
    life = seen(**cold, hears=False)
    assert life.codes("discharge") == ["reported:cell_communication_fault"]
    nothing = seen(have, SMART123_GENERATION_3, cells="", celsius="")
    assert nothing.answer("charge") == "unknown"
    assert nothing.codes("charge")[0] == "not_known:cell_overtemperature"
    unsure = seen({key: value for key, value in have.items() if key != "critical_mode"}, SMART123_GENERATION_3)
    unsure.see(1, **shown_by_smart123("3.5/3.5/3.5/3.5"))
    assert unsure.codes("charge") == ["mode_unknown:"]


def test_the_rules_follow_the_generation():
    assert rules_of("smart123", Variant.GENERATION_2) is SMART123
    assert rules_of("smart123", Variant.FRAME) is SMART123
    for variant in (Variant.GENERATION_3, Variant.RECORDS, Variant.FRAME_KEYS):
        assert rules_of("smart123", variant) is SMART123_GENERATION_3
    assert all(rules_of("smart123", variant) for variant in Variant)
    assert not rules_of("jk", JkVariant.JK04)
    assert not rules_of("another", "")
