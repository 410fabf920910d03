"""Drift: parameters that the pack reports settle open records, and show changes made elsewhere."""

from dataclasses import replace
import struct

import pytest

from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome, WriteRecord
from tests.support.packs import READY, jk_pack
from tests.support.site import site_of
from tests.support.write_requests import ASK, outcomes


async def test_a_change_by_the_phone_app_is_noticed_once(site) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    for _ in range(2):
        await site.control.refresh()
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]
    (record,) = site.records
    assert (record.outcome, record.old, record.found) == (WriteOutcome.CHANGED_ELSEWHERE, 3.6, 3.65)
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
    assert outcomes(records) == [WriteOutcome.CONFIRMED]
    assert site.drifts[-1] == {}


async def test_a_change_made_while_nobody_looked_is_noticed_at_the_next_start(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.until(lambda: site.control.baseline.values)
        stored = {"baseline": dict(site.control.baseline.values)}
    peripheral = jk_pack()
    peripheral.change(0x04, struct.pack("<I", 3650))
    async with site_of(monkeypatch, peripheral, stored=stored) as site:
        await site.until(lambda: site.drifts)
        assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]


async def test_before_the_pack_told_anything_there_is_nothing_to_say(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        settings = site.pack.last_settings
        site.pack.last_identity = None
        site.control.handle_settings(settings)
        assert site.control.catalog is None
        validation = site.control.validate({"charge_switch": False}, ASK)
        assert validation.steps == []
        site.control.drift_detector.compare()
        site.pack._settings_read = False
        assert not await site.control.accept({})
        assert site.records == []


async def test_what_is_in_doubt_is_not_taken_for_the_state_of_things(site) -> None:
    setting = site.control.catalog.settings["charge_switch"]
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    assert site.control.value(setting) is None
    (back,) = await site.control.apply({"charge_switch": True}, ASK)
    assert back.outcome is WriteOutcome.CONFIRMED
    assert record.outcome is WriteOutcome.CONFIRMED
    assert site.peripheral.board.charge_switch


async def test_without_a_new_look_what_is_in_doubt_stops_everything(site) -> None:
    site.peripheral.faults.corrupt_settings = 5
    await site.control.apply({"charge_switch": False}, ASK)
    with pytest.raises(RejectedError, match="unanswered"):
        await site.control.apply({"charge_switch": True}, ASK)


async def test_an_older_answer_does_not_settle_a_write(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    await site.pack.read_settings("can_protocol")  # sends the old settings frame once more
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.control.refresh()
    assert outcomes(site.records) == [WriteOutcome.UNKNOWN, WriteOutcome.CONFIRMED]
    assert site.drifts == []


async def test_the_other_frame_does_not_settle_a_write_either(site) -> None:
    site.peripheral.label = replace(site.peripheral.label, pushes_info=False)
    site.peripheral._answers[0x97] = lambda: None
    (record,) = await site.control.apply({"can_protocol": "victron"}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.pack.read_settings("charge_switch")
    assert record.outcome is WriteOutcome.UNKNOWN
    site.peripheral._answers[0x97] = site.peripheral._answer_device_info
    await site.control.refresh()
    assert record.outcome is WriteOutcome.CONFIRMED
    assert site.drifts == []


async def test_what_is_in_doubt_is_looked_at_again_soon(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)


async def test_changes_elsewhere_show_in_both_frames(site) -> None:
    site.peripheral.change(0xB5, bytes((77,)))
    await site.control.refresh()
    assert site.drifts == [{"emergency_duration": (30, 77)}]


async def test_the_same_change_elsewhere_is_told_once_whatever_happens(monkeypatch) -> None:
    peripheral = jk_pack()
    stored = {}
    for _ in range(3):
        async with site_of(monkeypatch, peripheral, stored=stored) as site:
            await site.until(lambda site=site: site.control.baseline.values)
            peripheral.change(0x04, struct.pack("<I", 3650))
            await site.control.refresh()
            stored = {"records": site.control.write_log.as_list(), "baseline": dict(site.control.baseline.values)}
    assert len(stored["records"]) == 1
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.65)}]


@pytest.mark.parametrize(("obeys", "found"), [(True, WriteOutcome.CONFIRMED), (False, WriteOutcome.REFUSED)])
async def test_what_only_shows_in_readings_is_settled_by_them(site, obeys, found) -> None:
    site.vanish_at_the_next_write(obeys=obeys)
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: record.outcome is found)


async def test_what_has_moved_by_itself_stays_in_doubt(site) -> None:
    site.vanish_at_the_next_write(obeys=False)
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    site.peripheral.board.soc = 0.2
    await site.until(lambda: record.found is not None)
    assert record.outcome is WriteOutcome.UNKNOWN
    assert not record.open


async def test_a_reading_from_before_settles_nothing(site) -> None:
    record = WriteRecord(at="", parameter="soc_calibration", old=60, new=40, outcome=WriteOutcome.UNKNOWN, sent_at=1e12)
    site.control.write_log.add(record)
    await site.control.refresh()
    assert record.open


async def test_a_refused_restore_does_not_make_an_old_change_news(site) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    await site.control.refresh()
    site.peripheral.faults.forget_writes = True
    await site.control.apply({"cell_overvoltage": 3.6}, ASK)
    site.control.drift_detector.drift = {}  # as after a restart
    await site.control.refresh()
    assert outcomes(site.records) == [WriteOutcome.CHANGED_ELSEWHERE, WriteOutcome.REFUSED]


async def test_what_nobody_will_ever_tell_is_closed(site) -> None:
    record = WriteRecord(at="", parameter="gone", old=1, new=2, outcome=WriteOutcome.UNKNOWN)
    site.control.write_log.add(record)
    await site.control.refresh()
    assert not record.open
    before = len(site.peripheral.written)
    await site.control.apply({"charge_switch": False}, ASK)
    assert len(site.peripheral.written) == before + 2


async def test_a_link_lost_while_the_effect_is_awaited_is_settled_too(site) -> None:
    take = site.peripheral._take_write

    def take_later(register: int, payload: bytes) -> None:
        site.peripheral.send(site.peripheral.label.module.notify_handle, READY)
        site.peripheral.faults.disconnect_after = 12
        site.peripheral.on_disconnected = lambda: take(register, payload)

    site.peripheral._take_write = take_later
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.UNKNOWN, None)
    await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)
