"""Read-back: no write is confirmed without it, whatever happens on the way."""

import asyncio
import struct

import pytest

from custom_components.smart_bms.bms.errors import ConnectionLostError
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import MAX_RECORDS, WriteOutcome, WriteRecord
from custom_components.smart_bms.control.writer import MAX_WAITING
from tests.support.packs import jk_pack
from tests.support.site import site_of
from tests.support.write_requests import ASK, PROCEDURE, SURE, outcomes


async def test_a_pack_that_says_nothing_but_obeys_is_believed(site) -> None:
    site.peripheral.faults.lose_ready = True
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_a_late_word_changes_nothing(site) -> None:
    site.peripheral.faults.ready_delay = 8.0
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
    assert outcomes(await site.control.apply({"charge_switch": True}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_a_pack_that_keeps_the_old_value_has_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.REFUSED, 3.6)
    assert site.sent == [0x04]  # it is not tried again


async def test_a_pack_without_a_word_that_keeps_the_old_value_is_looked_at_twice(site) -> None:
    site.peripheral.faults.forget_writes = True
    site.peripheral.faults.lose_ready = True
    before = len([data for data in site.peripheral.written if data[4] == 0x96])
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is WriteOutcome.REFUSED
    assert len([data for data in site.peripheral.written if data[4] == 0x96]) == before + 2


async def test_a_pack_that_keeps_another_value_is_told_as_it_is(site) -> None:
    site.peripheral.faults.distort_writes = True
    (record,) = await site.control.apply({"max_charge_current": 50}, ASK)
    assert record.outcome is WriteOutcome.DIFFERENT
    assert record.found == pytest.approx(50.001)
    assert site.drifts == []  # it was reported to the user; it was not changed elsewhere


async def test_a_read_back_that_arrives_broken_is_asked_for_once_more(site) -> None:
    site.peripheral.faults.corrupt_settings = 1
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
    assert site.sent == [0x1D]


async def test_a_read_back_that_never_arrives_leaves_it_open_until_the_next(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is WriteOutcome.CONFIRMED
    assert outcomes(site.records) == [WriteOutcome.UNKNOWN, WriteOutcome.CONFIRMED]
    assert site.drifts == []


@pytest.mark.parametrize(("obeys", "found"), [(True, WriteOutcome.CONFIRMED), (False, WriteOutcome.REFUSED)])
async def test_a_link_lost_after_the_write_is_settled_by_the_next_connection(site, obeys, found) -> None:
    site.vanish_at_the_next_write(obeys=obeys)
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: not record.open)
    assert record.outcome is found
    assert outcomes(site.records) == [WriteOutcome.UNKNOWN, found]
    assert site.drifts == []


async def test_a_link_lost_before_the_write_is_settled_the_same_way(site, monkeypatch) -> None:
    async def fail(*_) -> bool:
        raise ConnectionLostError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(site.pack, "write", fail)
        (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is WriteOutcome.REFUSED
    assert site.sent == []


async def test_a_restart_in_the_middle_is_settled_at_the_next_connection(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.control.apply({"charge_switch": False, "cell_overvoltage": 3.55}, ASK)
        stored = {"records": site.control.write_log.as_list(), "baseline": dict(site.control.baseline.values)}
    for record, new in zip(stored["records"], (False, 3.58), strict=True):
        record.update(outcome="pending", found=None, new=new)
    stored["baseline"] |= {"charge_switch": True, "cell_overvoltage": 3.6}
    peripheral = jk_pack()
    peripheral.change(0x1D, bytes(4))
    async with site_of(monkeypatch, peripheral, stored=stored) as site:
        await site.until(lambda: site.records)
        assert outcomes(site.records) == [WriteOutcome.CONFIRMED, WriteOutcome.REFUSED]
        assert site.drifts == []


async def test_a_failure_ends_the_request_and_says_what_was_not_sent(site) -> None:
    site.peripheral.faults.forget_writes = True
    records = await site.control.apply({"charge_switch": False, "max_charge_current": 50, "heating_switch": True}, ASK)
    assert outcomes(records) == [WriteOutcome.REFUSED, WriteOutcome.NOT_SENT, WriteOutcome.NOT_SENT]
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
    assert WriteOutcome.CONFIRMED not in outcomes(records)
    assert records[0].outcome is WriteOutcome.DIFFERENT
    assert outcomes(records)[1:] == [WriteOutcome.NOT_SENT] * 2
    (drift,) = site.drifts[-1].values()  # the other one was reported to the user
    assert drift in ((3.6, 4.0), (3.5, 3.9))


async def test_a_step_that_somebody_else_made_wrong_is_not_sent(site) -> None:
    take = site.peripheral._take_write

    def take_and_interfere(register: int, payload: bytes) -> None:
        take(register, payload)
        site.peripheral.change(0x02, struct.pack("<I", 2850))

    site.peripheral._take_write = take_and_interfere
    records = await site.control.apply({"charge_switch": False, "cell_undervoltage_release": 2.8}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED, WriteOutcome.NOT_SENT]


async def test_whoever_asked_may_go_away(site) -> None:
    task = asyncio.create_task(site.control.apply({"charge_switch": False}, ASK))
    await site.until(lambda: site.sent)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await site.control.finish()
    assert outcomes(site.records) == [WriteOutcome.CONFIRMED]


async def test_requests_run_one_at_a_time_and_too_many_are_rejected(site) -> None:
    async def ask(number: int) -> str:
        try:
            await site.control.apply({"charge_overcurrent_delay": 2 + number}, ASK)
        except RejectedError as error:
            return error.issues[0].code
        return "done"

    answers = await asyncio.gather(*(ask(number) for number in range(300)))
    assert answers.count("done") == MAX_WAITING
    assert answers.count("busy") == 300 - MAX_WAITING
    assert set(outcomes(site.records)) == {WriteOutcome.CONFIRMED}
    assert await ask(100) == "done"


async def test_a_refresh_waits_for_nobody(site) -> None:
    before = len(site.peripheral.written)
    async with site.control._lock:
        await site.control.refresh()
    assert len(site.peripheral.written) == before
    site.peripheral.faults.corrupt_settings = 1
    await site.control.refresh()
    assert len(site.peripheral.written) == before + 2


async def test_the_last_hundred_records_are_stored(site) -> None:
    for number in range(MAX_RECORDS + 5):
        site.control.write_log.add(WriteRecord(at="", parameter="x", old=1, new=number, outcome=WriteOutcome.CONFIRMED))
    assert len(site.control.write_log.records) == MAX_RECORDS
    assert site.control.write_log.records[0].new == 5


# Commands that change many parameters.


@pytest.mark.parametrize("command", ["load_preset_nmc", "factory_reset"])
async def test_a_command_of_the_board_is_sent_after_a_backup(site, command) -> None:
    (record,) = await site.control.apply({command: None}, SURE)
    assert record.outcome is WriteOutcome.CONFIRMED
    assert site.backups == [command]
    assert site.value("cell_overvoltage") == 4.2
    assert site.drifts == []


async def test_a_command_without_effect_was_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"factory_reset": None}, ASK)
    assert record.outcome is WriteOutcome.REFUSED


@pytest.mark.parametrize("obeys", [True, False])
async def test_what_a_command_cut_short_changed_is_left_to_the_user(site, obeys) -> None:
    site.peripheral.faults.corrupt_settings = 2
    site.peripheral.faults.forget_writes = not obeys
    (record,) = await site.control.apply({"factory_reset": None}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.control.refresh()
    assert record.outcome is WriteOutcome.UNKNOWN
    assert bool(site.drifts) is obeys


async def test_what_calibrates_is_proven_by_the_readings(site) -> None:
    calibrations = {"voltage_calibration": 26.9, "soc_calibration": 56, "soh_calibration": 93}
    assert outcomes(await site.control.apply(calibrations, PROCEDURE)) == [WriteOutcome.CONFIRMED] * 3


async def test_a_calibration_that_does_not_show_was_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"voltage_calibration": 26.9}, PROCEDURE)
    assert record.outcome is WriteOutcome.REFUSED


async def test_settings_that_come_while_the_write_log_is_saved_do_not_settle_the_write(site) -> None:
    keep = site.control._save

    async def save_and_hear() -> None:
        site.control.handle_settings(site.pack.current_settings)
        await keep()

    site.control._save = save_and_hear
    await site.control.apply({"charge_switch": False}, ASK)
    assert outcomes(site.records) == [WriteOutcome.CONFIRMED]


async def test_a_pack_that_falls_silent_after_a_calibration_leaves_it_in_doubt(site, monkeypatch) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(site.pack, "next_reading", never)
        (record,) = await site.control.apply({"emergency_mode": True}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)
