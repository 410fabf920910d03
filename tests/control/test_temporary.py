"""Temporary changes of a procedure are restored, whatever comes between, and reported as ours."""

import asyncio
from contextlib import suppress

import pytest

from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.control import calibration, writer
from custom_components.smart_bms.control.calibration import calibrate_voltage
from custom_components.smart_bms.control.request import WritePermission, WriteRequest
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from tests.support.packs import jk_pack
from tests.support.site import site_of, switches
from tests.support.write_requests import ASK, outcomes

SURE = WriteRequest(source="calibrate_voltage", user="Ada", user_id="1", confirm=True)
BOTH = {"charge_switch": True, "discharge_switch": True}


@pytest.fixture(autouse=True)
def restless(monkeypatch) -> None:
    """Let a calibration wait with both switches off for a current that never stops."""
    monkeypatch.setattr(calibration, "_MAX_REST_CURRENT", -1.0)
    monkeypatch.setattr(calibration, "REST_TIMEOUT", 60.0)


async def begin(site) -> asyncio.Task:
    """Begin a calibration, and come back while both switches are off."""
    task = asyncio.create_task(calibrate_voltage(site.control, site.pack, 26.9, SURE))
    await site.until(lambda: switches(site) == (False, False) and site.control.value(
        site.control.catalog.settings["discharge_switch"]) is False)  # fmt: skip
    return task


async def crash(site, task) -> dict:
    """End as a process does that is killed: nothing is put back. Return what is on disk."""
    site.control._finished = True
    stored = site.stored
    with suppress(RejectedError):
        await task
    assert switches(site) == (False, False)
    return stored


def before_each_write(site, look) -> None:
    take = site.peripheral._take_write

    def look_and_take(register: int, payload: bytes) -> None:
        look()
        take(register, payload)

    site.peripheral._take_write = look_and_take


def logged_outcomes(site) -> set[WriteOutcome]:
    return {record.outcome for record in site.control.write_log.records}


async def test_before_the_link_is_given_up_the_switches_are_on_again(site) -> None:
    task = await begin(site)
    await site.control.close()
    assert switches(site) == (True, True)
    with pytest.raises(RejectedError, match="closing"):
        await task
    assert not site.control.temporary.values
    assert site.stored["temporary"] == {}
    assert site.drifts == []
    assert 0x64 not in site.sent


async def test_nothing_is_begun_any_more_once_it_closes(site) -> None:
    task = await begin(site)
    waiting = asyncio.create_task(site.control.apply({"balance_switch": False}, ASK))
    await asyncio.sleep(0.01)
    await site.control.close()
    for request in (task, waiting, site.control.apply({"balance_switch": False}, ASK)):
        with pytest.raises(RejectedError, match="closing"):
            await request
    assert site.peripheral.board.balance_switch


async def test_what_has_nothing_to_do_closes_at_once(site) -> None:
    before = asyncio.get_running_loop().time()
    await site.control.close()
    assert asyncio.get_running_loop().time() == before


async def test_several_writes_end_after_the_one_under_way(site) -> None:
    before_each_write(site, lambda: setattr(site.control, "closing", True))
    records = await site.control.apply({"charge_switch": False, "max_charge_current": 50}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED, WriteOutcome.NOT_SENT]


async def test_closing_ends_in_time_whatever_the_pack_does(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "CLOSE_TIMEOUT", 1.0)
    await begin(site)
    site.peripheral.faults.forget_writes = True
    before = asyncio.get_running_loop().time()
    await site.control.close()
    assert asyncio.get_running_loop().time() - before < 1.2


async def test_the_note_is_on_disk_before_anything_is_switched(site) -> None:
    notes = []
    before_each_write(site, lambda: notes.append(site.stored.get("temporary")))
    task = await begin(site)
    assert notes[0] == {"values": BOTH, "source": "calibrate_voltage", "user_id": "1", "user": "Ada"}
    await site.control.close()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_note_that_cannot_be_saved_forbids_it(site, monkeypatch) -> None:
    async def full() -> None:
        raise OSError("disk full")

    monkeypatch.setattr(site.control.temporary, "_save", full)
    with pytest.raises(OSError, match="disk full"):
        await calibrate_voltage(site.control, site.pack, 26.9, SURE)
    assert site.sent == []


@pytest.mark.parametrize("permission", [WritePermission(control=True), WritePermission()])
async def test_after_a_crash_the_next_connection_puts_it_back(monkeypatch, permission) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.until(lambda: site.control.baseline.values)
        stored = await crash(site, await begin(site))
        peripheral = site.peripheral
    async with site_of(monkeypatch, peripheral, permission, stored=stored) as site:
        await site.until(lambda: not site.control.temporary.values)
        assert switches(site) == (True, True)
        assert logged_outcomes(site) == {WriteOutcome.CONFIRMED}
        assert {(record.source, record.user) for record in site.control.write_log.records} == {
            ("calibrate_voltage", "Ada")
        }
        assert site.drifts == []
        assert site.stored["temporary"] == {}


async def test_a_crash_before_the_first_write_leaves_nothing_to_do(monkeypatch) -> None:
    note = {"values": {"charge_switch": True}, "source": "calibrate_voltage"}
    async with site_of(monkeypatch, jk_pack(), stored={"temporary": note}) as site:
        await site.until(lambda: site.stored.get("temporary") == {})
        assert site.sent == []


async def test_a_lost_link_is_put_right_by_the_next_one(site, monkeypatch) -> None:
    task = await begin(site)
    site.peripheral.faults.refuse_connections = True
    site.peripheral.hang_up = True
    with pytest.raises(RejectedError, match="not_switched_on_again"):
        await task
    assert site.control.temporary.values == BOTH
    site.peripheral.faults.refuse_connections = False
    await site.until(lambda: switches(site) == (True, True) and not site.control.temporary.values)
    assert WriteOutcome.CHANGED_ELSEWHERE not in logged_outcomes(site)


async def test_a_switch_that_stays_off_is_tried_once_in_a_session_and_shown_as_ours(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.until(lambda: site.control.baseline.values)
        stored = await crash(site, await begin(site))
        peripheral = site.peripheral
    peripheral.faults.forget_writes = True
    async with site_of(monkeypatch, peripheral, stored=stored) as site:
        await site.until(lambda: site.drifts)
        assert site.drifts[-1] == {"charge_switch": (True, False), "discharge_switch": (True, False)}
        assert WriteOutcome.CHANGED_ELSEWHERE not in logged_outcomes(site)
        sent = len(site.sent)
        await site.pack.read_settings()
        await asyncio.sleep(1)
        assert len(site.sent) == sent
        peripheral.faults.forget_writes = False
        peripheral.hang_up = True
        await site.until(lambda: switches(site) == (True, True) and not site.control.temporary.values)
        assert site.drifts[-1] == {}


async def test_what_is_switched_or_accepted_since_counts(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack()) as site:
        await site.until(lambda: site.control.baseline.values)
        stored = await crash(site, await begin(site))
        peripheral = site.peripheral
    peripheral.faults.forget_writes = True
    async with site_of(monkeypatch, peripheral, stored=stored) as site:
        await site.until(lambda: site.drifts)
        peripheral.faults.forget_writes = False
        await site.control.apply({"discharge_switch": True}, ASK)
        assert site.control.temporary.values == {"charge_switch": True}
        assert not await site.control.accept({})
        assert site.control.temporary.values
        assert await site.control.accept(site.control.drift)
        assert not site.control.temporary.values
        assert site.stored["temporary"] == {}


@pytest.mark.parametrize(
    "stored", [None, 3, {"values": 3}, {"values": {"charge_switch": None}}, {"source": 3, "values": {}}]
)
async def test_a_note_that_cannot_be_read_is_none(monkeypatch, stored) -> None:
    async with site_of(monkeypatch, jk_pack(), stored={"temporary": stored}) as site:
        assert site.control.temporary.as_dict() == {}
        assert not site.control.temporary.is_due


async def test_while_the_pack_is_away_nothing_is_put_back(site, monkeypatch) -> None:
    await site.control.temporary.begin({"charge_switch": True}, SURE)
    monkeypatch.setattr(Pack, "is_fresh", lambda *_: False)
    assert await site.control.run(site.control.temporary.put_back) == []
    assert site.control.temporary.is_due
