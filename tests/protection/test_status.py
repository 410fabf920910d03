"""What matters most about a pack: every row of the ranking, and that it stays calm."""

from typing import Any

import pytest

from custom_components.smart_bms.bms.alarm import Alarm, AlarmSeverity
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.rules import BOTH, CHARGE, DISCHARGE
from custom_components.smart_bms.protection.smart123 import SMART123, SMART123_GENERATION_3
from custom_components.smart_bms.protection.status import PackStatus, ranked
from custom_components.smart_bms.protection.status_codes import (
    CAUSES,
    CODES,
    OF_LINK,
    WHEN_CHARGED,
    StatusRank,
    stopped,
)
from custom_components.smart_bms.protection.status_monitor import StatusMonitor
from tests.support.protection_life import reading, shown_by_smart123
from tests.support.rule_books import DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS

STREAMING = ConnectionState.STREAMING


class Pack:
    """A pack that says what a table of moments has it say."""

    def __init__(self, family: str = "jk", settings: Any = JK_LFP, variant: str = "JK02_32S", **options: float) -> None:
        self.protection_engine = ProtectionEngine(family, variant, LimitOptions(**options))
        self.settings = settings
        self.now = 1000.0
        self.newest: Reading | None = None
        self.see(0)

    def see(self, seconds: float = 1.0, **values: Any) -> PackStatus:
        """Take a reading so many seconds after the one before; return what matters most."""
        self.now += seconds
        self.newest = reading(self.now, **{"soc": 60} | values)
        self.protection_engine.update(self.newest, self.settings)
        return self.first()

    def all(self, **more: Any) -> list[PackStatus]:
        found = ranked(self.protection_engine, self.newest, STREAMING, **more)
        assert {status.code for status in found} <= set(CODES)
        assert [status.rank for status in found] == sorted(status.rank for status in found)
        return found

    def first(self, **more: Any) -> PackStatus:
        return self.all(**more)[0]

    def recovered(self) -> Pack:
        """Let the limits rise."""
        for _ in range(80):
            self.see()
        return self


def row(status: PackStatus) -> tuple[StatusRank, str]:
    return status.rank, status.code


# Without data.


@pytest.mark.parametrize("state", ConnectionState)
def test_without_data_the_reason_is_what_matters(state) -> None:
    pack = Pack()
    pack.see(highest=3.65, alarms=("cell_overvoltage",))
    (only,) = ranked(pack.protection_engine, None, state, silent_since=900.0)
    asks = state in (ConnectionState.PASSWORD_NEEDED, ConnectionState.WRONG_PASSWORD, ConnectionState.PAIRING_NEEDED)
    assert row(only) == (StatusRank.ACCESS if asks else StatusRank.NO_DATA, OF_LINK[state])
    assert (only.about, only.since) == (state.value, 900.0)


# Stopped.


@pytest.mark.parametrize(
    ("values", "code", "numbers"),
    [
        ({"highest": 3.65}, "charging_stopped_cell_full", (1, None, 3.65, 3.6, 3.5, "V")),
        ({"lowest": 2.65}, "discharging_stopped_cell_empty", (4, None, 2.65, 2.7, 2.9, "V")),
        ({"hottest": 61.0}, "discharging_stopped_hot", (None, "temperature_1", 61.0, 60.0, 55.0, "°C")),
        ({"coldest": -1.0, "current": 5.0}, "charging_stopped_cold", (None, "temperature_2", -1.0, 0.0, 5.0, "°C")),
        ({"stage": 80.0}, "stopped_power_stage_hot", (None, "mosfet", 80.0, 75.0, 70.0, "°C")),
    ],
)
def test_a_protection_that_tripped_is_told_with_its_numbers(values, code, numbers) -> None:
    status = Pack().see(**values)
    assert row(status) == (StatusRank.TRIPPED, code)
    assert (status.cell, status.probe, status.value, status.limit, status.release, status.unit) == numbers


def test_a_hold_of_known_length_says_when_it_ends() -> None:
    pack = Pack()
    for _ in range(31):
        status = pack.see(current=-200.0)
    assert row(status) == (StatusRank.TRIPPED, "discharging_stopped_overcurrent")
    assert 58 <= status.seconds <= 60
    assert status.sides == DISCHARGE
    assert (status.cell, status.probe) == (None, None)


@pytest.mark.parametrize(
    ("alarm", "code", "sides"),
    [
        ("discharge_short_circuit", "discharging_stopped_short_circuit", DISCHARGE),
        ("charge_overcurrent", "charging_stopped_overcurrent", CHARGE),
        ("front_end_fault", "fault", frozenset()),
    ],
)
def test_a_fault_that_the_pack_reports_is_never_hidden(alarm, code, sides) -> None:
    status = Pack().see(alarms=(alarm,), current=None)
    assert (*row(status), status.about, status.sides) == (StatusRank.TRIPPED, code, alarm, sides)


def test_a_protection_that_the_pack_reports_too_is_told_once() -> None:
    pack = Pack()
    pack.see(highest=3.65, alarms=("cell_overvoltage",), charging=False)
    assert [status.code for status in pack.all()] == ["charging_stopped_cell_full"]
    assert [status.rank for status in pack.all()] == [StatusRank.TRIPPED]


def test_the_pack_that_counts_a_fault_without_rules_says_so_too() -> None:
    protection_engine = ProtectionEngine("jk", "JK04", LimitOptions())
    newest = reading(1.0, alarms=("cell_undervoltage",))
    protection_engine.update(newest, None)
    assert row(ranked(protection_engine, newest, STREAMING)[0]) == (
        StatusRank.TRIPPED,
        "discharging_stopped_cell_empty",
    )
    # Also if what judges the rules has failed.
    protection_engine.reset()
    assert row(ranked(protection_engine, newest, STREAMING)[0]) == (
        StatusRank.TRIPPED,
        "discharging_stopped_cell_empty",
    )


@pytest.mark.parametrize("rules", [JK, JBD, DALY, SMART123, SMART123_GENERATION_3])
def test_every_protection_that_stops_something_has_its_words(rules) -> None:
    for rule in rules.rules:
        if not rule.is_warning:
            assert stopped(rule.protection) in CODES, rule.protection
            assert CAUSES[rule.protection][0] == rule.blocks
        if rule.only_charging:
            assert WHEN_CHARGED[rule.protection] in CODES
    for reported in rules.reported:
        assert stopped(reported.protection) or reported.alarm.severity is AlarmSeverity.FAULT
    names = {cause.removesuffix("_2").removeprefix("hardware_") for cause in CAUSES}
    assert names <= {*Alarm, "automatic_shutdown"}


# About to.


@pytest.mark.parametrize(("current", "code"), [(120.0, "charging_stops_soon"), (-160.0, "discharging_stops_soon")])
def test_a_delay_that_runs_is_told_with_what_is_left(current, code) -> None:
    pack = Pack()
    pack.see(current=current)
    status = pack.see(current=current)
    assert (*row(status), status.seconds) == (StatusRank.PENDING, code, 29.0)
    assert status.value == 120.0 if current > 0 else 160.0


def test_what_would_stop_everything_is_told_before_it_does() -> None:
    pack = Pack("daly", DALY_D2 | {"cell_imbalance": 0.05, "cell_imbalance_delay": 5.0}, "D2")
    status = pack.see(highest=3.4, lowest=3.3)
    assert row(status) == (StatusRank.PENDING, "stops_soon")
    assert pack.protection_engine.mirror.monitors["cell_imbalance"].rule.blocks == BOTH


# Not allowed.


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"coldest": -1.0}, "charging_not_allowed_cold"),
        ({"hottest": 60.5, "discharging": True, "coldest": 59.0}, "discharging_stopped_hot"),
        ({"charging": False}, "charging_blocked"),
        ({"discharging": False}, "discharging_blocked"),
        ({"charging": False, "alarms": ("software_lock",)}, "charging_blocked"),
    ],
)
def test_what_may_not_be_done_is_told(values, code) -> None:
    assert Pack().see(**values).code == code


def test_a_switch_that_is_off_is_told() -> None:
    pack = Pack(settings=JK_LFP | {"charge_switch": False})
    status = pack.see(charging=False)
    assert row(status) == (StatusRank.NOT_ALLOWED, "charging_switched_off")
    assert status.sides == CHARGE
    assert [item.code for item in pack.all()] == ["charging_switched_off"]


@pytest.mark.parametrize(
    ("moments", "row_of"),
    [
        # All cells at the balance voltage: the charge has ended, every day.
        ([("3.4/3.4", "20", 99), ("3.5/3.5", "20", 99, False, True)], (StatusRank.FULL, "full")),
        # It waits for its charge restart.
        ([("3.4/3.4", "20", 95, False, True)], (StatusRank.FULL, "full")),
        # One cell that runs away is none of that.
        (
            [("3.3/3.65", "20", 100, False, True, "cell_overvoltage")],
            (StatusRank.TRIPPED, "charging_stopped_cell_full"),
        ),
        ([("3.3/3.65", "20", 50, False, True, "cell_overvoltage")], (StatusRank.TRIPPED, "charging_stopped_cell_full")),
        ([("3.2/3.2", "20", 10, True, False)], (StatusRank.NOT_ALLOWED, "discharging_waits")),
        ([("3.3/3.3", "0", 50, False, True)], (StatusRank.NOT_ALLOWED, "charging_stopped_cold")),
    ],
)
def test_a_123_that_ends_its_charge_is_full_and_no_event(moments, row_of) -> None:
    pack = Pack("smart123", SMART123_SETTINGS, "")
    for cells, probes, soc, *rest in moments:
        charging, discharging, *alarms = rest or (True, True)
        shown = shown_by_smart123(cells, probes, soc)
        status = pack.see(**shown | {"charging": charging, "discharging": discharging, "alarms": tuple(alarms)})
    assert row(status) == row_of


# Agreement and warnings.


def test_a_pack_that_does_not_follow_its_rules_is_told() -> None:
    pack = Pack()
    for _ in range(30):
        status = pack.see(charging=False)
    assert row(status) == (StatusRank.NOT_ALLOWED, "charging_blocked")
    assert "mismatch" in [item.code for item in pack.all()]
    mismatch = next(item for item in pack.all() if item.code == "mismatch")
    assert mismatch.rank is StatusRank.MISMATCH
    assert mismatch.since < pack.now - 10


def test_a_warning_of_the_pack_is_told_and_what_only_announces_is_not() -> None:
    pack = Pack()
    status = pack.see(alarms=("balance_wire_resistance",))
    assert (*row(status), status.about) == (StatusRank.MISMATCH, "warning", "balance_wire_resistance")
    assert pack.see(alarms=("cell_overvoltage_warning", "default_password")).rank > StatusRank.MISMATCH


# Held back.


@pytest.mark.parametrize(
    ("values", "code", "about"),
    [
        ({"coldest": 7.0, "current": 44.0}, "charging_held_back_cold", {"probe": "temperature_2", "value": 7.0}),
        ({"hottest": 53.0, "current": 50.0}, "charging_held_back_hot", {"probe": "temperature_1", "limit": 60.0}),
        ({"highest": 3.55, "current": 60.0}, "charging_held_back_cell_full", {"cell": 1, "limit": 3.6}),
        ({"soc": 99, "current": 60.0}, "charging_held_back_soc", {"value": 99, "limit": None, "unit": "%"}),
        ({"stage": 70.0, "current": 60.0}, "charging_held_back_power_stage_hot", {"probe": "mosfet"}),
        ({"lowest": 2.76, "current": -60.0}, "discharging_held_back_cell_empty", {"cell": 4, "limit": 2.7}),
        ({"soc": 6, "current": -20.0}, "discharging_held_back_soc", {"value": 6}),
        ({"soc": 5, "current": 0.0}, "discharging_held_back_soc", {"current_limit": 0.0}),
    ],
)
def test_a_current_that_a_limit_takes_away_is_told(values, code, about) -> None:
    pack = Pack().recovered()
    pack.see(**values)
    (status,) = [item for item in pack.all() if item.code == code]
    assert status.rank is StatusRank.HELD_BACK
    assert status.current_limit == getattr(pack.protection_engine.limits, f"{status.code.split('_')[0][:-3]}e_current")
    for key, value in about.items():
        assert getattr(status, key) == value, key


def test_nothing_is_held_back_while_nobody_wants_more() -> None:
    pack = Pack().recovered()
    assert pack.see(coldest=7.0, current=20.0).code == "all_well"
    # What is shown stays so down to four fifths of the limit, of 45 A.
    pack.see(coldest=7.0, current=37.0)
    assert pack.first().code == "all_well"
    assert pack.first(shown="charging_held_back_cold").code == "charging_held_back_cold"
    assert pack.see(coldest=7.0, current=None).code == "not_known"
    # A limit that only rises again is nobody's fault.
    pack.protection_engine.lose()
    assert pack.see(60, current=10.0).code == "all_well"


def test_a_cut_off_that_is_on_its_way_is_told_with_its_time() -> None:
    pack = Pack(voltage_distance=0.03)
    for second in range(62):
        status = pack.see(highest=round(3.46 + second * 0.001, 3), current=5.0)
    assert (*row(status), status.about) == (StatusRank.HELD_BACK, "cut_off_ahead", "cell_overvoltage")
    assert 60 < status.seconds < 100
    assert status.cell == 1


def test_a_pack_about_to_switch_itself_off_is_told() -> None:
    pack = Pack(settings={key: value for key, value in JK_LFP.items() if not key.startswith("cell_undervoltage")})
    pack.see(lowest=2.65)
    (status,) = [item for item in pack.all() if item.code == "shutdown_ahead"]
    assert (status.cell, status.value, status.limit, status.unit) == (4, 2.65, 2.6, "V")


# Advice, full, unknown, well.


def test_advice_comes_before_a_full_pack_and_after_what_costs_something() -> None:
    pack = Pack().recovered()
    pack.see(soc=100)
    assert [item.code for item in pack.all(advice=["changed_elsewhere", "cells_doubtful"])] == [
        "changed_elsewhere",
        "cells_doubtful",
        "full",
    ]
    pack.see(alarms=("temperature_sensor_fault",))
    assert "sensor_missing" in [item.code for item in pack.all()]


def test_a_cell_at_its_limit_is_how_the_others_end_a_charge() -> None:
    pack = Pack()
    assert pack.see(soc=99, highest=3.61).code == "charging_stopped_cell_full"
    status = pack.see(soc=100, highest=3.61, alarms=("cell_overvoltage",), charging=False)
    assert (*row(status), status.cell, status.limit) == (StatusRank.FULL, "full", 1, 3.6)


def test_a_jbd_says_itself_when_it_is_full() -> None:
    pack = Pack("jbd", JBD_REAL | {"soc_100_voltage": 3.4}, "")
    status = pack.see(highest=3.41, lowest=3.4, cells=(3.41, 3.4, 3.4, 3.4), pack=13.61, current=0.1, soc=98)
    assert row(status) == (StatusRank.FULL, "full")


def test_what_is_not_known_is_told() -> None:
    assert row(Pack().see(current=None)) == (StatusRank.NOT_KNOWN, "not_known")
    assert row(Pack(settings=None).first()) == (StatusRank.NOT_KNOWN, "parameters_not_read")
    assert row(Pack(variant="JK_unheard_of").first())[0] in (StatusRank.NOT_KNOWN, StatusRank.ALL_WELL)
    assert row(Pack("daly", None, "unheard of").first())[0] is StatusRank.NOT_KNOWN
    protection_engine = ProtectionEngine("none", "", LimitOptions())
    protection_engine.update(reading(1.0), {})
    assert row(ranked(protection_engine, reading(1.0), STREAMING)[0]) == (StatusRank.NOT_KNOWN, "rules_not_known")


def test_all_is_well_only_if_everything_is_known() -> None:
    assert Pack().all() == [PackStatus(rank=StatusRank.ALL_WELL, code="all_well")]
    assert Pack().recovered().first().code == "all_well"


# Over time.


def well() -> PackStatus:
    return PackStatus(rank=StatusRank.ALL_WELL, code="all_well")


def held(**more: Any) -> PackStatus:
    return PackStatus(rank=StatusRank.HELD_BACK, code="charging_held_back_cold", **more)


def test_what_matters_more_is_shown_at_once_and_what_matters_less_once_it_lasts() -> None:
    monitor = StatusMonitor()
    assert monitor.update([well()], 0.0).since == 0.0
    assert monitor.update([held(value=6.0), well()], 1.0).code == "charging_held_back_cold"
    assert monitor.also == (well(),)
    shown = monitor.update([held(value=7.0)], 2.0)
    assert (shown.value, shown.since) == (7.0, 1.0)
    assert monitor.update([well()], 61.9).code == "charging_held_back_cold"
    assert monitor.update([well()], 62.0).code == "all_well"
    assert monitor.shown.since == 62.0


def test_two_of_the_same_rank_do_not_take_turns() -> None:
    cold = PackStatus(rank=StatusRank.TRIPPED, code="charging_stopped_cold", about="charge_undertemperature")
    full = PackStatus(rank=StatusRank.TRIPPED, code="charging_stopped_cell_full", about="cell_overvoltage")
    monitor = StatusMonitor()
    assert monitor.update([cold], 0.0).code == cold.code
    assert monitor.update([full, cold], 1.0).code == cold.code
    assert monitor.also == (full,)
    assert monitor.update([full], 5.9).code == cold.code
    assert monitor.update([full], 6.0).code == full.code


def test_data_that_come_back_need_no_patience_and_the_loss_has_its_own_time() -> None:
    monitor = StatusMonitor()
    lost = PackStatus(rank=StatusRank.NO_DATA, code="silent", since=-20.0)
    assert monitor.update([lost], 0.0).since == -20.0
    assert monitor.update([well()], 0.1).code == "all_well"
    assert monitor.shown.since == 0.1
