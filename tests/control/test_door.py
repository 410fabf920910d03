"""The door: nothing passes that is not allowed, valid and current, and nothing counts that was not read back."""

import asyncio
from dataclasses import replace
import struct

import pytest

from custom_components.smart_bms.bms.errors import LinkLostError
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.settings import Catalogue, Kind, Proof, Setting, Unit
from custom_components.smart_bms.control import door
from custom_components.smart_bms.control.baseline import Baseline
from custom_components.smart_bms.control.consequence import consequence_findings
from custom_components.smart_bms.control.door import MOST_WAITING
from custom_components.smart_bms.control.findings import RefusedError, Severity, shown, words
from custom_components.smart_bms.control.journal import KEPT, Journal, Outcome, Record
from custom_components.smart_bms.control.request import Permission, Request
from custom_components.smart_bms.control.watch import outcome_of
from tests.control.conftest import site_of
from tests.packs import capable_pack, jk_pack

ASK = Request(source="test", user="Ada", user_id="1")
PROCEDURE = replace(ASK, procedure=True)


def outcomes(records) -> list[Outcome]:
    return [record.outcome for record in records]


async def refused(site, changes, request=ASK) -> list[str]:
    with pytest.raises(RefusedError) as error:
        await site.control.apply(changes, request)
    assert site.sent == []
    assert not site.control.journal.records
    return [finding.code for finding in error.value.findings]


async def test_a_write_is_confirmed_by_reading_it_back(site) -> None:
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is Outcome.CONFIRMED
    assert (record.old, record.new, record.found) == (3.6, 3.55, 3.55)
    assert (record.user, record.user_id, record.source) == ("Ada", "1", "test")
    assert site.peripheral.board.limits.cell_overvoltage == 3.55
    assert site.value("cell_overvoltage") == 3.55
    assert site.sent == [0x04]
    assert site.records == [record]
    assert site.drifts == []


async def test_the_journal_is_kept_before_the_write_leaves(site) -> None:
    seen = []
    site.peripheral.on_write = lambda *_: seen.append(site.saved[-1][-1]["outcome"])
    site.peripheral.faults.lose_ready = True
    await site.control.apply({"balance_switch": False}, ASK)
    assert seen[0] == "pending"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("charge_switch", False),
        ("heating_switch", True),
        ("max_charge_current", 55.5),
        ("charge_undertemperature", -12.5),
        ("heating_start_temperature", -5),
        ("smart_sleep_delay", 12),
        ("discharge_undertemperature", -25),
        ("emergency_duration", 31),
        ("requested_charge_time", 2.5),
        ("can_protocol", "victron"),
        ("buzzer_trigger", "low_soc"),
        ("user_data", "shed"),
        ("short_circuit_delay", 1000),
        ("emergency_mode", True),
    ],
)
async def test_every_kind_of_parameter_can_be_changed(site, key, value) -> None:
    (record,) = await site.control.apply({key: value}, ASK)
    assert record.outcome is Outcome.CONFIRMED
    assert record.found == value
    assert site.control.value(site.control.catalogue.settings[key]) == value


@pytest.mark.parametrize("variant", ["JK02_24S", "JK04"])
async def test_other_layouts_are_written_in_their_own_way(monkeypatch, variant) -> None:
    changes = {"balance_trigger": 0.108, "balance_start_voltage": 3.45, "cell_count": 9}
    async with site_of(monkeypatch, jk_pack(variant)) as site:
        records = await site.control.apply(changes, ASK)
        assert outcomes(records) == [Outcome.CONFIRMED] * 3
        assert {key: site.value(key) for key in changes} == changes


async def test_what_is_already_so_is_not_sent(site) -> None:
    assert await site.control.apply({"cell_overvoltage": 3.6, "charge_switch": True, "cell_count": 8}, ASK) == []
    assert site.sent == []


async def test_a_group_is_written_in_an_order_that_the_board_takes(site) -> None:
    nmc = {"power_off_voltage": 2.8, "cell_undervoltage": 2.9, "cell_overvoltage": 4.2, "cell_overvoltage_release": 4.1}
    records = await site.control.apply(nmc | {"cell_undervoltage_release": 3.2}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED] * 5
    lto = {"power_off_voltage": 1.7, "cell_undervoltage": 1.8, "cell_overvoltage": 3.7, "cell_overvoltage_release": 3.6}
    records = await site.control.apply(lto | {"cell_undervoltage_release": 2.0}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED] * 5


# What is refused before anything is sent.


@pytest.mark.parametrize(
    ("permission", "changes", "code"),
    [
        (Permission(), {"charge_switch": False}, "control_off"),
        (Permission(control=True), {"cell_count": 4}, "confirm_needed"),
        (Permission(control=True), {"rebulk_soc": 20}, "experimental_off"),
        (Permission(control=True), {"factory_reset": None}, "experimental_off"),
        (Permission(control=True, experimental=True), {"factory_reset": None}, "confirm_needed"),
    ],
)
async def test_what_is_not_allowed_is_refused(monkeypatch, permission, changes, code) -> None:
    async with site_of(monkeypatch, capable_pack(), permission) as site:
        assert (await refused(site, changes))[0] == code


async def test_every_write_to_a_24s_pack_is_experimental(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack("JK02_24S"), Permission(control=True, dangerous=True)) as site:
        for key, value in {"charge_switch": False, "cell_overvoltage": 3.55, "cell_count": 4}.items():
            assert await refused(site, {key: value}) == ["experimental_off"]


async def test_a_second_word_of_the_user_is_enough(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), Permission(control=True)) as site:
        records = await site.control.apply({"cell_count": 4}, replace(ASK, confirm=True))
        assert outcomes(records) == [Outcome.CONFIRMED]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"cell_overvoltage": 5.0}, ["out_of_range"]),
        ({"cell_overvoltage": 3.6505}, ["off_step"]),
        ({"cell_overvoltage": "3.65"}, ["not_a_number"]),
        ({"cell_overvoltage": float("nan")}, ["not_a_number"]),
        ({"cell_overvoltage": True}, ["not_a_number"]),
        ({"cell_overvoltage": [3.6]}, ["not_a_number"]),
        ({"cell_overvoltage": None}, ["not_a_number"]),
        ({"charge_switch": 1}, ["not_a_switch"]),
        ({"charge_switch": "off"}, ["not_a_switch"]),
        ({"can_protocol": "x" * 100}, ["not_a_choice"]),
        ({"can_protocol": 4}, ["not_a_choice"]),
        ({"user_data": "x" * 14}, ["text_too_long"]),
        ({"user_data": "ü"}, ["not_a_text"]),
        ({"user_data": 5}, ["not_a_text"]),
        ({"factory_reset": 1}, ["takes_no_value"]),
        ({"cell_overvoltage": 10**5000}, ["not_a_number"]),
        ({"short_circuit_delay": 600_000.5}, ["off_step"]),
        ({"user_data": " shed"}, ["blanks_around"]),
        ({"voltage_calibration": 26.9}, ["needs_procedure"]),
        ({"nonsense": 1}, ["unknown_parameter"]),
        ({"gps_heartbeat": True}, ["unsupported_parameter"]),
        ({"port_mode": "can"}, ["unsupported_parameter"]),
        ({"mosfet_overtemperature": 80}, ["read_only"]),
        ({"max_charge_current": 201}, ["out_of_range"]),
        ({"max_balance_current": 2.1}, ["out_of_range"]),
        ({"cell_count": 17}, ["out_of_range"]),
        ({"cell_overvoltage": 3.5}, ["order_broken"]),
        ({"cell_undervoltage": 3.0, "cell_undervoltage_release": 2.95}, ["order_broken"]),
        ({"discharge_overtemperature": 50}, ["order_broken"]),
        ({"charge_undertemperature": 6.0, "cell_overvoltage": 3.4}, ["order_broken", "order_broken"]),
        ({"cell_overvoltage": 9.0, "nonsense": 1}, ["out_of_range", "unknown_parameter"]),
    ],
)
async def test_what_is_not_valid_is_refused(site, changes, codes) -> None:
    assert await refused(site, changes) == codes


async def test_a_broken_order_elsewhere_does_not_stop_other_changes(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.board.limits.discharge_overtemperature_release = 70
    async with site_of(monkeypatch, peripheral) as site:
        assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [Outcome.CONFIRMED]
        assert outcomes(await site.control.apply({"cell_overvoltage": 3.55}, ASK)) == [Outcome.CONFIRMED]


async def test_values_from_a_pack_need_not_lie_on_the_steps_of_users(site) -> None:
    assert await refused(site, {"max_charge_current": 30.125}) == ["off_step"]
    records = await site.control.apply({"max_charge_current": 30.125}, replace(ASK, exact=True))
    assert outcomes(records) == [Outcome.CONFIRMED]


@pytest.mark.parametrize(
    ("options", "changes", "code"),
    [
        ({}, {"cell_overvoltage": 3.25, "cell_overvoltage_release": 3.2}, "would_stop_charging"),
        ({}, {"cell_undervoltage": 3.35, "cell_undervoltage_release": 3.4}, "would_stop_discharging"),
        (
            {},
            {"cell_undervoltage": 3.4, "cell_undervoltage_release": 3.45, "power_off_voltage": 3.35},
            "would_stop_discharging",
        ),
        ({"profile": lambda _: 30.0}, {"max_charge_current": 20}, "would_stop_charging"),
        ({"profile": lambda _: -30.0}, {"max_discharge_current": 20}, "would_stop_discharging"),
        ({"temperature": 35}, {"discharge_overtemperature": 33, "discharge_overtemperature_release": 31},
         "would_stop_discharging"),
        ({"temperature": 8, "profile": lambda _: 5.0}, {"charge_undertemperature": 12,
         "charge_undertemperature_release": 15}, "would_stop_charging"),
        ({"temperature": 2}, {"discharge_undertemperature": 10}, "would_stop_discharging"),
    ],
)  # fmt: skip
async def test_what_would_trip_at_once_is_refused_unless_forced(monkeypatch, options, changes, code) -> None:
    async with site_of(monkeypatch, jk_pack(**options)) as site:
        await site.until(lambda: site.pack.last_reading.temperatures)
        assert code in await refused(site, changes)
        examination = site.control.examine(changes, replace(ASK, force=True))
        assert not examination.errors
        assert examination.findings[0].severity is Severity.WARNING


async def test_a_protection_that_is_tripped_anyway_does_not_stop_a_change(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(temperature=-5, profile=lambda _: 5.0)) as site:
        assert site.control.examine({"discharge_undertemperature": -10}, ASK).findings == []
        site.peripheral.board.limits.charge_undertemperature = 1
        await site.pack.read_settings()
        assert site.control.examine({"charge_undertemperature": 0.5}, ASK).findings == []


async def test_while_the_pack_is_away_nothing_is_sent(site) -> None:
    site.peripheral.faults.refuse_connections = True
    site.peripheral.hang_up = True
    await site.until(lambda: site.pack.current_settings is None)
    assert (await refused(site, {"charge_switch": False}))[0] == "out_of_reach"


async def test_on_old_values_nothing_is_decided(site, monkeypatch) -> None:
    monkeypatch.setattr(type(site.pack), "is_fresh", lambda *_: False)
    assert (await refused(site, {"charge_switch": False}))[0] == "stale"


async def test_before_the_parameters_were_read_nothing_is_decided(site) -> None:
    site.pack._settings_told = False
    assert (await refused(site, {"charge_switch": False}))[0] == "unread"


# What may happen on the way.


async def test_a_pack_that_says_nothing_but_obeys_is_believed(site) -> None:
    site.peripheral.faults.lose_ready = True
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [Outcome.CONFIRMED]


async def test_a_late_word_changes_nothing(site) -> None:
    site.peripheral.faults.ready_delay = 8.0
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [Outcome.CONFIRMED]
    assert outcomes(await site.control.apply({"charge_switch": True}, ASK)) == [Outcome.CONFIRMED]


async def test_a_pack_that_keeps_the_old_value_has_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert (record.outcome, record.found) == (Outcome.REFUSED, 3.6)
    assert site.sent == [0x04]  # it is not tried again


async def test_a_pack_without_a_word_that_keeps_the_old_value_is_looked_at_twice(site) -> None:
    site.peripheral.faults.forget_writes = True
    site.peripheral.faults.lose_ready = True
    before = len([data for data in site.peripheral.written if data[4] == 0x96])
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is Outcome.REFUSED
    assert len([data for data in site.peripheral.written if data[4] == 0x96]) == before + 2


async def test_a_pack_that_keeps_another_value_is_told_as_it_is(site) -> None:
    site.peripheral.faults.distort_writes = True
    (record,) = await site.control.apply({"max_charge_current": 50}, ASK)
    assert record.outcome is Outcome.DIFFERENT
    assert record.found == pytest.approx(50.001)
    assert site.drifts == []  # the user was told; it is not somebody else's doing


async def test_a_read_back_that_arrives_broken_is_asked_for_once_more(site) -> None:
    site.peripheral.faults.corrupt_settings = 1
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [Outcome.CONFIRMED]
    assert site.sent == [0x1D]


async def test_a_read_back_that_never_arrives_leaves_it_open_until_the_next(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is Outcome.CONFIRMED
    assert outcomes(site.records) == [Outcome.UNKNOWN, Outcome.CONFIRMED]
    assert site.drifts == []


@pytest.mark.parametrize(("obeys", "found"), [(True, Outcome.CONFIRMED), (False, Outcome.REFUSED)])
async def test_a_link_lost_after_the_write_is_settled_by_the_next_connection(site, obeys, found) -> None:
    peripheral = site.peripheral

    def vanish(handle: int, data: bytes) -> None:
        if obeys:
            peripheral.change(data[4], data[6 : 6 + data[5]])
        peripheral.hang_up = True
        del peripheral.on_write

    peripheral.on_write = vanish
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.until(lambda: not record.open)
    assert record.outcome is found
    assert outcomes(site.records) == [Outcome.UNKNOWN, found]
    assert site.drifts == []


async def test_a_link_lost_before_the_write_is_settled_the_same_way(site, monkeypatch) -> None:
    async def fail(*_) -> bool:
        raise LinkLostError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(site.pack, "write", fail)
        (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is Outcome.REFUSED
    assert site.sent == []


async def test_a_restart_in_the_middle_is_settled_at_the_next_connection(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.control.apply({"charge_switch": False, "cell_overvoltage": 3.55}, ASK)
        kept = {"records": site.control.journal.as_list(), "baseline": dict(site.control.baseline.values)}
    for record, new in zip(kept["records"], (False, 3.58), strict=True):
        record.update(outcome="pending", found=None, new=new)
    kept["baseline"] |= {"charge_switch": True, "cell_overvoltage": 3.6}
    peripheral = jk_pack()
    peripheral.change(0x1D, bytes(4))
    async with site_of(monkeypatch, peripheral, kept=kept) as site:
        await site.until(lambda: site.records)
        assert outcomes(site.records) == [Outcome.CONFIRMED, Outcome.REFUSED]
        assert site.drifts == []


async def test_a_failure_ends_the_request_and_says_what_was_not_sent(site) -> None:
    site.peripheral.faults.forget_writes = True
    records = await site.control.apply({"charge_switch": False, "max_charge_current": 50, "heating_switch": True}, ASK)
    assert outcomes(records) == [Outcome.REFUSED, Outcome.NOT_SENT, Outcome.NOT_SENT]
    assert site.sent == [0x1D]
    assert outcomes(site.records) == outcomes(records)


async def test_a_change_by_somebody_else_in_between_stops_what_would_be_wrong_now(site) -> None:
    take = site.peripheral._take_write

    def take_and_interfere(register: int, payload: bytes) -> None:
        take(register, payload)
        site.peripheral.change(0x04, struct.pack("<I", 4000))
        site.peripheral.change(0x05, struct.pack("<I", 3900))

    site.peripheral._take_write = take_and_interfere
    changes = {"cell_overvoltage_release": 3.52, "cell_undervoltage_release": 3.0, "cell_overvoltage": 3.65}
    records = await site.control.apply(changes, ASK)
    assert Outcome.CONFIRMED not in outcomes(records)
    assert records[0].outcome is Outcome.DIFFERENT
    assert outcomes(records)[1:] == [Outcome.NOT_SENT] * 2
    (drift,) = site.drifts[-1].values()  # of the other one the user was told
    assert drift in ((3.6, 4.0), (3.5, 3.9))


async def test_a_step_that_somebody_else_made_wrong_is_not_sent(site) -> None:
    take = site.peripheral._take_write

    def take_and_interfere(register: int, payload: bytes) -> None:
        take(register, payload)
        site.peripheral.change(0x02, struct.pack("<I", 2850))

    site.peripheral._take_write = take_and_interfere
    records = await site.control.apply({"charge_switch": False, "cell_undervoltage_release": 2.8}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED, Outcome.NOT_SENT]


async def test_whoever_asked_may_go_away(site) -> None:
    task = asyncio.create_task(site.control.apply({"charge_switch": False}, ASK))
    await site.until(lambda: site.sent)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await site.control.finish()
    assert outcomes(site.records) == [Outcome.CONFIRMED]


async def test_requests_take_turns_and_too_many_are_told_so(site) -> None:
    async def ask(number: int) -> str:
        try:
            await site.control.apply({"charge_overcurrent_delay": 2 + number}, ASK)
        except RefusedError as error:
            return error.findings[0].code
        return "done"

    answers = await asyncio.gather(*(ask(number) for number in range(300)))
    assert answers.count("done") == MOST_WAITING
    assert answers.count("busy") == 300 - MOST_WAITING
    assert set(outcomes(site.records)) == {Outcome.CONFIRMED}
    assert await ask(100) == "done"


async def test_a_refresh_waits_for_nobody(site) -> None:
    before = len(site.peripheral.written)
    async with site.control._turn:
        await site.control.refresh()
    assert len(site.peripheral.written) == before
    site.peripheral.faults.corrupt_settings = 1
    await site.control.refresh()
    assert len(site.peripheral.written) == before + 2


async def test_the_last_hundred_are_kept(site) -> None:
    for number in range(KEPT + 5):
        site.control.journal.add(Record(at="", parameter="x", old=1, new=number, outcome=Outcome.CONFIRMED))
    assert len(site.control.journal.records) == KEPT
    assert site.control.journal.records[0].new == 5


# Commands that change many parameters.


@pytest.mark.parametrize("command", ["load_preset_nmc", "factory_reset"])
async def test_a_command_of_the_board_is_sent_after_a_backup(site, command) -> None:
    (record,) = await site.control.apply({command: None}, ASK)
    assert record.outcome is Outcome.CONFIRMED
    assert site.backups == [command]
    assert site.value("cell_overvoltage") == 4.2
    assert site.drifts == []


async def test_a_command_without_effect_was_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"factory_reset": None}, ASK)
    assert record.outcome is Outcome.REFUSED


@pytest.mark.parametrize("obeys", [True, False])
async def test_what_a_command_cut_short_changed_is_left_to_the_user(site, obeys) -> None:
    site.peripheral.faults.corrupt_settings = 2
    site.peripheral.faults.forget_writes = not obeys
    (record,) = await site.control.apply({"factory_reset": None}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is Outcome.UNKNOWN
    assert bool(site.drifts) is obeys


# What others change.


async def test_a_change_by_the_phone_app_is_noticed_once(site) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    for _ in range(2):
        await site.control.refresh()
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]
    (record,) = site.records
    assert (record.outcome, record.old, record.found) == (Outcome.CHANGED_ELSEWHERE, 3.6, 3.65)
    assert not await site.control.accept({"cell_overvoltage": (3.6, 3.7)})
    assert await site.control.accept({"cell_overvoltage": (3.6, 3.65)})
    assert site.drifts[-1] == {}
    assert site.saved
    await site.control.refresh()
    assert len(site.drifts) == 2


async def test_a_change_taken_back_elsewhere_is_forgotten(site) -> None:
    site.peripheral.change(0x1D, bytes(4))
    await site.control.refresh()
    site.peripheral.change(0x1D, struct.pack("<I", 1))
    await site.control.refresh()
    assert site.drifts == [{"charge_switch": (True, False)}, {}]


async def test_a_change_can_be_undone(site) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    await site.control.refresh()
    records = await site.control.apply({"cell_overvoltage": 3.6}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED]
    assert site.drifts[-1] == {}


async def test_a_change_made_while_nobody_looked_is_noticed_at_the_next_start(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.until(lambda: site.control.baseline.values)
        kept = {"baseline": dict(site.control.baseline.values)}
    peripheral = jk_pack()
    peripheral.change(0x04, struct.pack("<I", 3650))
    async with site_of(monkeypatch, peripheral, kept=kept) as site:
        await site.until(lambda: site.drifts)
        assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]


async def test_before_the_pack_told_anything_there_is_nothing_to_say(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        settings = site.pack.last_settings
        site.pack.last_identity = None
        site.control.settings_read(settings)
        assert site.control.catalogue is None
        examination = site.control.examine({"charge_switch": False}, ASK)
        assert examination.steps == []
        site.control.watch.compare()
        site.pack._settings_told = False
        assert not await site.control.accept({})
        assert site.records == []


async def test_what_calibrates_is_proven_by_the_readings(site) -> None:
    calibrations = {"voltage_calibration": 26.9, "soc_calibration": 56, "soh_calibration": 93}
    assert outcomes(await site.control.apply(calibrations, PROCEDURE)) == [Outcome.CONFIRMED] * 3


async def test_a_calibration_that_does_not_show_was_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"voltage_calibration": 26.9}, PROCEDURE)
    assert record.outcome is Outcome.REFUSED


# What a look that came too early must not decide.


async def test_what_is_in_doubt_is_not_taken_for_the_state_of_things(site) -> None:
    setting = site.control.catalogue.settings["charge_switch"]
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    assert site.control.value(setting) is None
    (back,) = await site.control.apply({"charge_switch": True}, ASK)
    assert back.outcome is Outcome.CONFIRMED
    assert record.outcome is Outcome.CONFIRMED
    assert site.peripheral.board.charge_switch


async def test_without_a_new_look_what_is_in_doubt_stops_everything(site) -> None:
    site.peripheral.faults.corrupt_settings = 5
    await site.control.apply({"charge_switch": False}, ASK)
    with pytest.raises(RefusedError, match="unanswered"):
        await site.control.apply({"charge_switch": True}, ASK)


async def test_an_older_answer_does_not_settle_a_write(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    await site.pack.read_settings("can_protocol")  # tells the old settings frame once more
    assert record.outcome is Outcome.UNKNOWN
    await site.control.refresh()
    assert outcomes(site.records) == [Outcome.UNKNOWN, Outcome.CONFIRMED]
    assert site.drifts == []


async def test_the_other_frame_does_not_settle_a_write_either(site) -> None:
    site.peripheral._answers[0x97] = lambda: None
    (record,) = await site.control.apply({"can_protocol": "victron"}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.pack.read_settings("charge_switch")
    assert record.outcome is Outcome.UNKNOWN
    site.peripheral._answers[0x97] = site.peripheral._answer_device_info
    await site.control.refresh()
    assert record.outcome is Outcome.CONFIRMED
    assert site.drifts == []


async def test_what_is_in_doubt_is_looked_at_again_soon(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    await site.until(lambda: record.outcome is Outcome.CONFIRMED)


async def test_changes_elsewhere_show_in_both_frames(site) -> None:
    site.peripheral.change(0xB5, bytes((77,)))
    await site.control.refresh()
    assert site.drifts == [{"emergency_duration": (30, 77)}]


async def test_nothing_to_send_is_only_believed_after_a_look(site, monkeypatch) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    monkeypatch.setattr(door, "_RECENT", 0)
    (record,) = await site.control.apply({"cell_overvoltage": 3.6}, ASK)
    assert (record.old, record.found) == (3.65, 3.6)
    assert site.drifts[-1] == {}


async def test_a_look_that_fails_is_said(site, monkeypatch) -> None:
    monkeypatch.setattr(door, "_RECENT", 0)
    site.peripheral.faults.corrupt_settings = 1
    assert await site.control.apply({"cell_overvoltage": 3.6}, ASK) == []
    site.peripheral.faults.corrupt_settings = 2
    assert await refused(site, {"cell_overvoltage": 3.6}) == ["unanswered"]


async def test_what_a_look_brings_up_can_forbid_it(site, monkeypatch) -> None:
    monkeypatch.setattr(door, "_RECENT", 0)
    site.peripheral.change(0x05, struct.pack("<I", 3580))
    with pytest.raises(RefusedError, match="order_broken"):
        await site.control.apply({"cell_overvoltage": 3.55, "charge_switch": False}, ASK)
    assert site.sent == []


async def test_the_same_change_elsewhere_is_told_once_whatever_happens(monkeypatch) -> None:
    peripheral = jk_pack()
    kept = {}
    for _ in range(3):
        async with site_of(monkeypatch, peripheral, kept=kept) as site:
            await site.until(lambda site=site: site.control.baseline.values)
            peripheral.change(0x04, struct.pack("<I", 3650))
            await site.control.refresh()
            kept = {"records": site.control.journal.as_list(), "baseline": dict(site.control.baseline.values)}
    assert len(kept["records"]) == 1
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]


async def test_an_unchanged_value_outside_of_what_may_be_written_is_no_obstacle(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.memory.settings[130] = bytes((0xD0,))  # 2 Ah
    peripheral.memory.settings |= {131: b"\x07", 132: b"\0", 133: b"\0"}
    async with site_of(monkeypatch, peripheral) as site:
        assert site.value("design_capacity") == 2
        records = await site.control.apply({"design_capacity": 2, "charge_switch": False}, ASK)
        assert outcomes(records) == [Outcome.CONFIRMED]


async def test_user_data_can_be_emptied(site) -> None:
    assert outcomes(await site.control.apply({"user_data": ""}, ASK)) == [Outcome.CONFIRMED]
    assert outcomes(await site.control.apply({"user_data": "shed"}, ASK)) == [Outcome.CONFIRMED]


async def test_settings_that_come_while_the_journal_is_kept_do_not_settle_the_write(site) -> None:
    keep = site.control._save

    async def save_and_hear() -> None:
        site.control.settings_read(site.pack.current_settings)
        await keep()

    site.control._save = save_and_hear
    await site.control.apply({"charge_switch": False}, ASK)
    assert outcomes(site.records) == [Outcome.CONFIRMED]


@pytest.mark.parametrize(("obeys", "found"), [(True, Outcome.CONFIRMED), (False, Outcome.REFUSED)])
async def test_what_only_shows_in_readings_is_settled_by_them(site, obeys, found) -> None:
    peripheral = site.peripheral

    def vanish(handle: int, data: bytes) -> None:
        if obeys:
            peripheral.change(data[4], data[6 : 6 + data[5]])
        peripheral.hang_up = True
        del peripheral.on_write

    peripheral.on_write = vanish
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    await site.until(lambda: record.outcome is found)


async def test_what_has_moved_by_itself_stays_in_doubt(site) -> None:
    peripheral = site.peripheral

    def vanish(handle: int, data: bytes) -> None:
        peripheral.board.soc = 0.2
        peripheral.hang_up = True
        del peripheral.on_write

    peripheral.on_write = vanish
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    await site.until(lambda: record.found is not None)
    assert record.outcome is Outcome.UNKNOWN
    assert not record.open


async def test_a_broken_order_can_be_repaired_step_by_step(monkeypatch) -> None:
    peripheral = jk_pack()
    limits = peripheral.board.limits
    limits.cell_overvoltage_release, limits.cell_undervoltage_release, limits.cell_undervoltage = 3.7, 3.75, 2.7
    async with site_of(monkeypatch, peripheral) as site:
        changes = {"cell_overvoltage": 3.65, "cell_overvoltage_release": 3.5, "cell_undervoltage_release": 2.9}
        assert outcomes(await site.control.apply(changes, ASK)) == [Outcome.CONFIRMED] * 3


async def test_a_link_lost_between_two_writes_ends_the_request(site) -> None:
    tell = site.control._on_record

    def tell_and_forget(record, context) -> None:
        tell(record, context)
        site.pack._settings_told = False

    site.control._on_record = tell_and_forget
    records = await site.control.apply({"charge_switch": False, "max_charge_current": 50}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED, Outcome.NOT_SENT]


async def test_a_command_may_follow_other_changes(site) -> None:
    records = await site.control.apply({"charge_switch": False, "factory_reset": None}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED, Outcome.CONFIRMED]


async def test_a_request_that_is_ended_by_force_leaves_the_door_open_for_others(site) -> None:
    async with site.control._turn:
        asking = asyncio.create_task(site.control.apply({"charge_switch": False}, ASK))
        await asyncio.sleep(0.01)
        for task in list(site.control._tasks):
            task.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [Outcome.CONFIRMED]


async def test_a_reading_from_before_settles_nothing(site) -> None:
    record = Record(at="", parameter="soc_calibration", old=60, new=40, outcome=Outcome.UNKNOWN, sent_at=1e12)
    site.control.journal.add(record)
    await site.control.refresh()
    assert record.open


def test_a_limit_that_is_exceeded_already_may_be_moved() -> None:
    catalogue = Catalogue(settings={}, known=frozenset(), presets={})
    reading = Reading(measured_at=0, current=-30.0)
    changes = {"max_discharge_current": 25}
    assert list(consequence_findings(catalogue, changes, {"max_discharge_current": 20}, reading)) == []


def test_values_are_told_in_words() -> None:
    volts = Setting(key="x", kind=Kind.NUMBER, proof=Proof.PROVEN, unit=Unit.VOLT)
    assert [shown(value, volts) for value in (3.65, 3.0, 4, None)] == ["3.65 V", "3 V", "4 V", "unknown"]
    assert [shown(value) for value in (True, False, "victron", 0.1 + 0.2)] == ["on", "off", "victron", "0.3"]
    assert words("uart1_protocol") == "UART 1 protocol"
    assert words("max_charge_current") == "Maximum charge current"


def test_a_baseline_takes_only_what_is_there() -> None:
    baseline = Baseline()
    baseline.accept({"x": 1}, ("x", "y"))
    assert baseline.values == {"x": 1}


async def test_what_speaks_against_it_is_looked_at_again_before_it_is_refused(site, monkeypatch) -> None:
    monkeypatch.setattr(door, "_RECENT", 0)
    site.peripheral.change(0x05, struct.pack("<I", 3300))
    records = await site.control.apply({"cell_overvoltage": 3.45}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED]


async def test_each_frame_has_its_own_age(site, monkeypatch) -> None:
    site.peripheral.change(0xB5, bytes((35,)))
    monkeypatch.setattr(door, "_RECENT", 0.3)
    await asyncio.sleep(0.3)
    await site.control.apply({"balance_switch": False}, ASK)
    (record,) = await site.control.apply({"emergency_duration": 30}, ASK)
    assert (record.old, record.found) == (35, 30)


async def test_a_pack_that_falls_silent_after_a_calibration_leaves_it_in_doubt(site) -> None:
    take = site.peripheral._take_write

    def take_and_fall_silent(register: int, payload: bytes) -> None:
        take(register, payload)
        site.peripheral.faults.silent = True

    site.peripheral._take_write = take_and_fall_silent
    (record,) = await site.control.apply({"emergency_mode": True}, ASK)
    assert record.outcome is Outcome.UNKNOWN
    site.peripheral.faults.silent = False
    await site.until(lambda: record.outcome is Outcome.CONFIRMED)


async def test_nothing_is_left_running_when_the_door_closes(site, monkeypatch) -> None:
    monkeypatch.setattr(door, "SECOND_LOOK", 60)
    site.peripheral.faults.corrupt_settings = 2
    await site.control.apply({"charge_switch": False}, ASK)
    assert site.control._looks
    await site.control.finish()
    assert not site.control._looks
    site.control._look_again_soon()
    assert not site.control._looks


async def test_a_refused_restore_does_not_make_an_old_change_news(site) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    await site.control.refresh()
    site.peripheral.faults.forget_writes = True
    await site.control.apply({"cell_overvoltage": 3.6}, ASK)
    site.control.watch.drift = {}  # as after a restart
    await site.control.refresh()
    assert outcomes(site.records) == [Outcome.CHANGED_ELSEWHERE, Outcome.REFUSED]


async def test_what_nobody_will_ever_tell_is_closed(site) -> None:
    record = Record(at="", parameter="gone", old=1, new=2, outcome=Outcome.UNKNOWN)
    site.control.journal.add(record)
    await site.control.refresh()
    assert not record.open
    before = len(site.peripheral.written)
    await site.control.apply({"charge_switch": False}, ASK)
    assert len(site.peripheral.written) == before + 2


def test_a_journal_of_a_newer_version_is_taken_up_as_far_as_it_is_understood() -> None:
    kept = Record(at="", parameter="x", old=1, new=2, outcome=Outcome.CONFIRMED).as_dict()
    journal = Journal([kept | {"newer": 1}, kept | {"outcome": "brand_new"}, {"at": ""}])
    assert [record.parameter for record in journal.records] == ["x"]


@pytest.mark.parametrize(
    ("found", "outcome"), [(22.1, "confirmed"), (20.1, "refused"), (19.9, "refused"), (25.0, "different")]
)
def test_a_noisy_measurement_is_judged_by_what_it_is_nearer_to(found, outcome) -> None:
    setting = Setting(
        key="x", kind=Kind.NUMBER, proof=Proof.PROVEN, resolution=0.001, seen=lambda _: None, tolerance=0.3
    )
    record = Record(at="", parameter="x", old=20.0, new=22.0, found=found, outcome=Outcome.PENDING)
    assert outcome_of(setting, record) == outcome
