"""What the pack says by itself settles what was open, and shows what others changed."""

import asyncio
from dataclasses import replace
import struct

import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.settings import Catalogue, Kind, Proof, Setting, Unit
from custom_components.smart_bms.control import door
from custom_components.smart_bms.control.baseline import Baseline
from custom_components.smart_bms.control.consequence import consequence_findings
from custom_components.smart_bms.control.findings import RefusedError, shown, words
from custom_components.smart_bms.control.journal import Journal, Outcome, Record
from custom_components.smart_bms.control.watch import outcome_of
from tests.control.asking import ASK, PROCEDURE, outcomes, refused
from tests.control.conftest import site_of
from tests.packs import READY, jk_pack


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
    site.peripheral.label = replace(site.peripheral.label, pushes_info=False)
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


async def test_a_pack_that_falls_silent_after_a_calibration_leaves_it_in_doubt(site, monkeypatch) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(site.pack, "next_reading", never)
        (record,) = await site.control.apply({"emergency_mode": True}, ASK)
    assert record.outcome is Outcome.UNKNOWN
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


async def test_a_link_lost_while_the_effect_is_awaited_is_settled_too(site) -> None:
    take = site.peripheral._take_write

    def take_later(register: int, payload: bytes) -> None:
        site.peripheral.send(site.peripheral.label.module.notify_handle, READY)
        site.peripheral.faults.disconnect_after = 12
        site.peripheral.on_disconnected = lambda: take(register, payload)

    site.peripheral._take_write = take_later
    (record,) = await site.control.apply({"soc_calibration": 40}, ASK)
    assert (record.outcome, record.found) == (Outcome.UNKNOWN, None)
    await site.until(lambda: record.outcome is Outcome.CONFIRMED)
