"""Minutes of today for which each reason has reduced a current."""

from datetime import date

import pytest

from custom_components.smart_bms.protection.limited_time import LimitedTime, LimitReason, limited_time_key, reason_of
from custom_components.smart_bms.protection.rules import Side

GAP = 10.0


def lived(*moments: tuple[float, str]) -> LimitedTime:
    made = LimitedTime()
    made.update_day(date(2026, 1, 1))
    for now, cause in moments:
        made.update(now, {Side.CHARGE: cause}, GAP)
    return made


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("coldest", LimitReason.TEMPERATURE),
        ("power_stage", LimitReason.TEMPERATURE),
        ("cell_highest", LimitReason.CELL_VOLTAGE),
        ("pack_voltage", LimitReason.CELL_VOLTAGE),
        ("soc", LimitReason.SOC),
        ("target_soc", LimitReason.TARGET),
        ("balance_hold", LimitReason.TARGET),
        ("discharge_floor", LimitReason.TARGET),
        ("cell_overvoltage", LimitReason.PACK),
        ("switched_off", LimitReason.PACK),
        ("blocked", LimitReason.WEAKEST_PACK),
        ("left_out", LimitReason.WEAKEST_PACK),
        ("no_data", LimitReason.NO_DATA),
        ("no_settings", LimitReason.NO_DATA),
    ],
)
def test_every_cause_is_of_one_kind(cause, reason):
    assert reason_of(cause) is reason


def test_time_counts_for_the_reason_that_held_meanwhile():
    made = lived((0, ""), (6, "coldest"), (12, "coldest"), (15, "soc"), (18, ""), (24, ""))
    assert made.minutes(Side.CHARGE, LimitReason.TEMPERATURE) == pytest.approx(0.15)
    assert made.minutes(Side.CHARGE, LimitReason.SOC) == pytest.approx(0.05)
    assert made.minutes(Side.CHARGE) == pytest.approx(0.2)
    assert made.minutes(Side.DISCHARGE) == 0


def test_recovering_counts_for_what_it_recovers_from():
    made = lived((0, "coldest"), (6, "recovering"), (12, ""))
    assert made.minutes(Side.CHARGE, LimitReason.TEMPERATURE) == pytest.approx(0.2)
    assert lived((0, "recovering"), (6, "recovering")).minutes(Side.CHARGE) == 0


def test_a_gap_counts_as_no_data():
    made = lived((0, "coldest"), (600, "coldest"))
    assert made.minutes(Side.CHARGE, LimitReason.NO_DATA) == 10
    assert made.minutes(Side.CHARGE, LimitReason.TEMPERATURE) == 0


def test_midnight_begins_anew_and_a_restart_does_not():
    made = lived((0, "soc"), (6, "soc"))
    again = LimitedTime()
    again.restore(made.dump())
    again.update_day(date(2026, 1, 1))
    assert again.minutes(Side.CHARGE) == pytest.approx(0.1)
    again.update_day(date(2026, 1, 2))
    assert again.minutes(Side.CHARGE) == 0


def test_the_keys_say_side_and_reason():
    assert limited_time_key(Side.CHARGE, LimitReason.SOC) == "charging_limited_soc"
    assert limited_time_key(Side.DISCHARGE, LimitReason.PACK) == "discharging_limited_pack"
