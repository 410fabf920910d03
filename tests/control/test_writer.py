"""Parameter writer: what it accepts, in which order it writes, and that requests run one at a time."""

import asyncio
import struct

import pytest

from custom_components.smart_bms.control import writer
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from tests.support.packs import jk_pack
from tests.support.site import site_of
from tests.support.write_requests import ASK, SURE, outcomes, refused


async def test_a_write_is_confirmed_by_reading_it_back(site) -> None:
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is WriteOutcome.CONFIRMED
    assert (record.old, record.new, record.found) == (3.6, 3.55, 3.55)
    assert (record.user, record.user_id, record.source) == ("Ada", "1", "test")
    assert site.peripheral.board.limits.cell_overvoltage == 3.55
    assert site.value("cell_overvoltage") == 3.55
    assert site.sent == [0x04]
    assert site.records == [record]
    assert site.drifts == []


async def test_the_write_log_is_saved_before_the_write_is_sent(site) -> None:
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
        ("charge_undertemperature", 2.5),
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
    assert record.outcome is WriteOutcome.CONFIRMED
    assert record.found == value
    assert site.control.value(site.control.catalog.settings[key]) == value


@pytest.mark.parametrize("variant", ["JK02_24S", "JK04"])
async def test_other_layouts_are_written_in_their_own_way(monkeypatch, variant) -> None:
    changes = {"balance_trigger": 0.108, "balance_start_voltage": 3.45, "cell_count": 9}
    async with site_of(monkeypatch, jk_pack(variant)) as site:
        records = await site.control.apply(changes, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED] * 3
        assert {key: site.value(key) for key in changes} == changes


async def test_what_is_already_so_is_not_sent(site) -> None:
    assert await site.control.apply({"cell_overvoltage": 3.6, "charge_switch": True, "cell_count": 8}, ASK) == []
    assert site.sent == []


async def test_a_group_is_written_in_an_order_that_the_board_takes(site) -> None:
    nmc = {"power_off_voltage": 2.8, "cell_undervoltage": 2.9, "cell_overvoltage": 4.2, "cell_overvoltage_release": 4.1}
    records = await site.control.apply(nmc | {"cell_undervoltage_release": 3.2}, SURE)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 5
    lto = {"power_off_voltage": 1.7, "cell_undervoltage": 1.8, "cell_overvoltage": 3.7, "cell_overvoltage_release": 3.6}
    records = await site.control.apply(lto | {"cell_undervoltage_release": 2.0}, SURE)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 5


async def test_nothing_to_send_is_only_believed_after_a_look(site, monkeypatch) -> None:
    site.peripheral.change(0x04, struct.pack("<I", 3650))
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    (record,) = await site.control.apply({"cell_overvoltage": 3.6}, ASK)
    assert (record.old, record.found) == (3.65, 3.6)
    assert site.drifts[-1] == {}


async def test_a_look_that_fails_is_said(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    site.peripheral.faults.corrupt_settings = 1
    assert await site.control.apply({"cell_overvoltage": 3.6}, ASK) == []
    site.peripheral.faults.corrupt_settings = 2
    assert await refused(site, {"cell_overvoltage": 3.6}) == ["unanswered"]


async def test_what_a_look_brings_up_can_forbid_it(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    site.peripheral.change(0x05, struct.pack("<I", 3580))
    with pytest.raises(RejectedError, match="order_broken"):
        await site.control.apply({"cell_overvoltage": 3.55, "charge_switch": False}, ASK)
    assert site.sent == []


async def test_an_unchanged_value_outside_of_what_may_be_written_is_no_obstacle(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.memory.settings[130] = bytes((0xD0,))  # 2 Ah
    peripheral.memory.settings |= {131: b"\x07", 132: b"\0", 133: b"\0"}
    async with site_of(monkeypatch, peripheral) as site:
        assert site.value("design_capacity") == 2
        records = await site.control.apply({"design_capacity": 2, "charge_switch": False}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED]


async def test_user_data_can_be_emptied(site) -> None:
    assert outcomes(await site.control.apply({"user_data": ""}, ASK)) == [WriteOutcome.CONFIRMED]
    assert outcomes(await site.control.apply({"user_data": "shed"}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_a_broken_order_can_be_repaired_step_by_step(monkeypatch) -> None:
    peripheral = jk_pack()
    limits = peripheral.board.limits
    limits.cell_overvoltage_release, limits.cell_undervoltage_release, limits.cell_undervoltage = 3.7, 3.75, 2.7
    async with site_of(monkeypatch, peripheral) as site:
        changes = {"cell_overvoltage": 3.65, "cell_overvoltage_release": 3.5, "cell_undervoltage_release": 2.9}
        assert outcomes(await site.control.apply(changes, ASK)) == [WriteOutcome.CONFIRMED] * 3


async def test_a_link_lost_between_two_writes_ends_the_request(site) -> None:
    on_record = site.control._on_record

    def report_and_cancel(record, context) -> None:
        on_record(record, context)
        site.pack._settings_read = False

    site.control._on_record = report_and_cancel
    records = await site.control.apply({"charge_switch": False, "max_charge_current": 50}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED, WriteOutcome.NOT_SENT]


async def test_a_command_may_follow_other_changes(site) -> None:
    records = await site.control.apply({"charge_switch": False, "factory_reset": None}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED, WriteOutcome.CONFIRMED]


async def test_a_request_that_is_canceled_does_not_block_others(site) -> None:
    async with site.control._lock:
        asking = asyncio.create_task(site.control.apply({"charge_switch": False}, ASK))
        await asyncio.sleep(0.01)
        for task in list(site.control._tasks):
            task.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_what_speaks_against_it_is_looked_at_again_before_it_is_refused(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    site.peripheral.change(0x05, struct.pack("<I", 3300))
    records = await site.control.apply({"cell_overvoltage": 3.45}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED]


async def test_what_a_single_write_depends_on_is_looked_at_first(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    site.peripheral.change(0x05, struct.pack("<I", 3580))
    with pytest.raises(RejectedError, match="order_broken"):
        await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert site.sent == []


async def test_an_answer_that_leaves_out_what_was_asked_for_is_none(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1)
    old = site.pack.current_settings

    async def stay(_):
        return old

    monkeypatch.setattr(site.pack, "read_related", stay)
    assert await refused(site, {"cell_overvoltage": 3.55}) == ["unanswered"]


async def test_each_frame_has_its_own_age(site, monkeypatch) -> None:
    site.peripheral.change(0xB5, bytes((35,)))
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", 0.3)
    await asyncio.sleep(0.3)
    await site.control.apply({"balance_switch": False}, ASK)
    (record,) = await site.control.apply({"emergency_duration": 30}, ASK)
    assert (record.old, record.found) == (35, 30)


async def test_nothing_is_left_running_when_the_writer_finishes(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "RECHECK_DELAY", 60)
    site.peripheral.faults.corrupt_settings = 2
    await site.control.apply({"charge_switch": False}, ASK)
    assert site.control._background_tasks
    await site.control.finish()
    assert not site.control._background_tasks
    site.control._schedule_recheck()
    assert not site.control._background_tasks
