"""More packs than connection slots: all are read, all are shown, and others get the slots that are theirs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.bms import slot_planner
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.recording import Recording
from custom_components.smart_bms.pack_entry import slot_scheduler
from custom_components.smart_bms.pack_entry.slot_scheduler import async_slot_scheduler
from custom_components.smart_bms.simulator.peripheral import Peripheral
from tests.support.flows import configure, search
from tests.support.house import Adopt, House
from tests.support.packs import jk_pack, smart123_pack

FRESH = 4.0
"""s of age that the data may have, in this hurried house."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let turns be short."""
    monkeypatch.setattr(slot_planner, "MIN_TURN", 0.3)
    monkeypatch.setattr(slot_scheduler, "MIN_TURN", 0.3)
    monkeypatch.setattr(slot_scheduler, "_MAX_READING", 1.0)
    monkeypatch.setattr(slot_scheduler, "_MAX_FREEING", 0.3)
    monkeypatch.setattr(slot_scheduler, "_TICK", timedelta(seconds=0.1))


def some_packs(count: int) -> list[Peripheral]:
    return [jk_pack(address=f"C8:47:80:00:01:{number:02X}", name=f"Pack {number}") for number in range(count)]


async def promise(hass: HomeAssistant, entry: MockConfigEntry, **chosen) -> None:
    """Set what is promised of a pack."""
    options = {**entry.options, "connection": {"freshness": "fresh", "fresh_within": FRESH} | chosen}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)


async def lived(house: House, seconds: float) -> AsyncIterator[None]:
    """Yield again and again while the house lives for some seconds."""
    until = house.hass.loop.time() + seconds
    while house.hass.loop.time() < until:
        house.advertise()
        await asyncio.sleep(0.02)
        yield


async def test_the_last_pack_is_added_with_a_borrowed_slot_and_all_are_shown(hass, house: House, adopt: Adopt) -> None:
    entries = []
    for pack in some_packs(5):
        entry = await adopt(pack)
        await promise(hass, entry)
        entries.append(entry)
    for entry in entries:
        await house.until(lambda entry=entry: entry.runtime_data.available, 20)
    seen = {entry.entry_id: 0 for entry in entries}
    sessions = {entry.entry_id: entry.runtime_data.pack.sessions for entry in entries}
    async for _ in lived(house, 3 * FRESH):
        for entry in entries:
            seen[entry.entry_id] += not entry.runtime_data.available
        assert sum(pack.connected for pack in house.radio.peripherals.values()) <= 3
    assert seen == dict.fromkeys(seen, 0)
    assert all(entry.runtime_data.pack.sessions > sessions[entry.entry_id] for entry in entries[:2])


async def test_a_pack_that_waits_says_its_place_and_is_not_acted_on(hass, house: House, adopt: Adopt) -> None:
    entries = []
    for pack in some_packs(5):
        entry = await adopt(pack)
        await promise(hass, entry, fresh_within=300)
        entries.append(entry)

    def waits_with_old_data(entry: MockConfigEntry) -> bool:
        coordinator = entry.runtime_data
        waits = coordinator.pack.held is ConnectionState.WAITING_FOR_TURN
        return waits and coordinator.available and not coordinator.is_current

    await house.until(lambda: sum(map(waits_with_old_data, entries)) == 2, 20)
    number = next(entry for entry in entries if waits_with_old_data(entry)).title[-1]
    await house.until(lambda: house.state(f"sensor.pack_{number}_connection") == "waiting_for_turn")
    await house.until(lambda: house.state(f"binary_sensor.pack_{number}_charging_allowed") == "unavailable")
    state = hass.states.get(f"sensor.pack_{number}_connection")
    assert state.attributes["turn"] in ("1 / 2", "2 / 2")
    assert house.state(f"sensor.pack_{number}_voltage") not in ("unavailable", "unknown")
    assert house.state(f"sensor.pack_{number}_charge_current_limit") == "unknown"
    assert async_slot_scheduler(hass).waiting() == 2


async def test_while_slots_suffice_no_pack_is_disturbed(hass, house: House, adopt: Adopt) -> None:
    entries = [await adopt(pack) for pack in some_packs(3)]
    sessions = [entry.runtime_data.pack.sessions for entry in entries]
    async for _ in lived(house, 2):
        pass
    assert [entry.runtime_data.pack.sessions for entry in entries] == sessions
    assert async_slot_scheduler(hass).waiting() == 0


async def test_slots_that_others_use_are_not_fought_over(hass, house: House, adopt: Adopt) -> None:
    pack, other = some_packs(2)
    entry = await adopt(pack)
    for number in range(2):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    house.add(other)
    second = MockConfigEntry(
        domain="smart_bms", title="Pack 1", unique_id=other.address, data={**entry.data, "address": other.address}
    )
    second.add_to_hass(hass)
    assert await hass.config_entries.async_setup(second.entry_id)
    # They take turns over the one slot that is left.
    await house.until(lambda: second.runtime_data.available, 20)
    house.proxy.release("AA:AA:AA:AA:AA:00")
    await house.until(lambda: pack.connected and other.connected, 20)


async def test_a_pack_all_of_whose_slots_are_taken_by_others_says_so(hass, house: House, adopt: Adopt) -> None:
    (pack,) = some_packs(1)
    entry = await adopt(pack)
    await hass.config_entries.async_unload(entry.entry_id)
    for number in range(3):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    await hass.config_entries.async_setup(entry.entry_id)
    await house.until(lambda: house.state("sensor.pack_0_connection") == "no_free_slot")
    seen: set[str] = set()
    hass.bus.async_listen("state_changed", lambda event: seen.add(event.data["entity_id"]))
    async for _ in lived(house, 1.0):
        async_slot_scheduler(hass).async_schedule()
    # It does not look for turns with itself, and whoever is told for how long is told right.
    assert "sensor.pack_0_connection" not in seen
    house.proxy.release("AA:AA:AA:AA:AA:00")
    await house.until(lambda: entry.runtime_data.available)


async def test_one_slot_is_left_free_if_that_was_chosen(hass, house: House, adopt: Adopt) -> None:
    entries = [await adopt(pack) for pack in some_packs(2)]
    for entry in entries:
        await promise(hass, entry, leave_one_free=True)
    third = await adopt(some_packs(3)[2])
    await house.until(lambda: third.runtime_data.available)
    async for _ in lived(house, FRESH):
        assert sum(pack.connected for pack in house.radio.peripherals.values()) <= 2


async def test_a_pack_that_is_only_read_rests_and_is_shown_meanwhile(hass, house: House, adopt: Adopt) -> None:
    (pack,) = some_packs(1)
    entry = await adopt(pack)
    await promise(hass, entry, freshness="on_demand", read_every=10)
    await house.until(lambda: house.state("sensor.pack_0_connection") == "resting", 20)
    assert not pack.connected
    assert hass.states.get("sensor.pack_0_connection").attributes["until"]
    await house.until(lambda: not entry.runtime_data.is_current)
    assert entry.runtime_data.available
    await hass.services.async_call("button", "press", {"entity_id": "button.pack_0_connect_now"}, blocking=True)
    await house.until(lambda: pack.connected)
    await house.until(lambda: house.state("sensor.pack_0_connection") == "resting", 20)


async def test_a_pack_that_is_being_recorded_keeps_its_slot(hass, house: House, adopt: Adopt) -> None:
    entries = [await adopt(pack) for pack in some_packs(3)]
    for entry in entries:
        await promise(hass, entry)
        await house.until(lambda entry=entry: entry.runtime_data.available)
    recorded = entries[0].runtime_data.pack
    recorded.recording = Recording(hass.loop.time())
    sessions = recorded.sessions
    try:
        fourth = await adopt(some_packs(4)[3])
        await promise(hass, fourth)
        await house.until(lambda: fourth.runtime_data.available, 20)
        assert recorded.sessions == sessions
    finally:
        recorded.recording = None


async def test_adding_a_pack_fails_with_a_reason_when_nobody_can_give_a_slot(
    hass, house: House, adopt: Adopt, monkeypatch
) -> None:
    monkeypatch.setattr(slot_scheduler, "_GUEST_TIMEOUT", 0.3)
    for number in range(3):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    (pack,) = some_packs(1)
    house.add(pack)
    flow = await search(hass)
    flow = await configure(hass, flow, {"address": pack.address})
    assert (flow["step_id"], flow["errors"]) == ("connect", {"base": "no_free_slot"})


async def test_a_pack_that_needs_another_password_takes_no_slot_from_others(hass, house: House, adopt: Adopt) -> None:
    entries = [await adopt(pack) for pack in some_packs(2)]
    for entry in entries:
        await promise(hass, entry)
    locked = await adopt(smart123_pack(name="Locked", address="D4:11:09:00:00:01"), password="1234")
    hass.config_entries.async_update_entry(locked, data={**locked.data, "password": "9999"})
    await hass.config_entries.async_reload(locked.entry_id)
    await house.until(lambda: locked.runtime_data.pack.state is ConnectionState.WRONG_PASSWORD, 20)
    third = await adopt(some_packs(3)[2])
    await promise(hass, third)
    for entry in (*entries, third):
        await house.until(lambda entry=entry: entry.runtime_data.available, 20)
    sessions = [entry.runtime_data.pack.sessions for entry in (*entries, third)]
    async for _ in lived(house, FRESH):
        pass
    assert [entry.runtime_data.pack.sessions for entry in (*entries, third)] == sessions


async def test_packs_that_are_heard_all_at_once_after_a_start_share_what_there_is(
    hass, house: House, adopt: Adopt
) -> None:
    packs = some_packs(5)
    entries = []
    for pack in packs:
        entry = await adopt(pack)
        await promise(hass, entry)
        entries.append(entry)
    for entry, pack in zip(entries, packs, strict=True):
        await hass.config_entries.async_unload(entry.entry_id)
        house.proxy.lose_sight_of(pack.address)
    for entry in entries:
        await hass.config_entries.async_setup(entry.entry_id)
    out_of_reach = ConnectionState.NO_CONNECTABLE_PATH
    await house.until(lambda: all(entry.runtime_data.pack.state is out_of_reach for entry in entries))
    for pack in packs:
        house.proxy.regain_sight_of(pack.address)
    await house.until(lambda: all(entry.runtime_data.pack.last_reading for entry in entries), 20)
