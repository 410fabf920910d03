"""What packs write down by themselves: the event log, each entry once, and the state of charge of the last week."""

from datetime import timedelta

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import STATE_UNKNOWN
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.smart_bms.bms.event_log import EventKind, LoggedEvent
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP, GEN3_NUS
from custom_components.smart_bms.storage.history_import import async_import_soc
from tests.support.flows import set_options
from tests.support.packs import smart123_pack

LOG = "event.shed_event_log"
SOC = "sensor.shed_state_of_charge"


async def test_an_event_of_the_pack_is_one_of_home_assistant_once(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password="1234")
    await house.until(lambda: "log" in entry.runtime_data.pack.context.learned)
    assert house.state(LOG) == STATE_UNKNOWN
    seen: list[str] = []
    hass.bus.async_listen("state_changed", lambda event: seen.append(event.data["entity_id"]))
    pack.comm_error = True
    await house.until(lambda: house.state(LOG) != STATE_UNKNOWN)
    attributes = hass.states.get(LOG).attributes
    assert attributes["event_type"] == "cell_communication_fault"
    events = dt_util.parse_datetime(attributes["happened_at"])
    assert dt_util.utcnow() - timedelta(seconds=60) < events <= dt_util.utcnow() + timedelta(seconds=1)
    pack.comm_error = False
    reported = house.state(LOG)
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    await house.until(lambda: pack.streaming)
    assert house.state(LOG) in (reported, STATE_UNKNOWN)
    assert seen.count(LOG) <= 3
    assert not entry.runtime_data.pack.logged_events


async def test_events_say_where_and_how_much(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password="1234")
    coordinator = entry.runtime_data
    now = coordinator.now
    coordinator.pack.logged(
        [
            LoggedEvent(kind=EventKind.CELL_OVERVOLTAGE, age=120.0, read_at=now, cell=3, value=3.655),
            LoggedEvent(kind=EventKind.CELL_UNDERVOLTAGE, age=60.0, read_at=now, cell=1, value=2.7),
        ]
    )
    await hass.async_block_till_done()
    attributes = hass.states.get(LOG).attributes
    assert attributes["event_type"] == "cell_undervoltage"
    assert (attributes["cell"], attributes["value"]) == (1, 2.7)
    ago = dt_util.utcnow() - dt_util.parse_datetime(attributes["happened_at"])
    assert timedelta(seconds=57) < ago < timedelta(seconds=65)


async def test_a_unit_without_a_log_has_no_entity_for_it(hass, house, adopt) -> None:
    await adopt(smart123_pack(GEN2_BRSP, name="Shed"))
    assert house.state(LOG) is None


async def means(hass) -> dict[float, float]:
    start = dt_util.utcnow() - timedelta(days=8)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, start, None, {SOC}, "hour", None, {"mean"}
    )
    return {row["start"]: row["mean"] for row in found.get(SOC, ())}


async def test_the_hours_that_home_assistant_missed_are_imported_and_no_other(
    recorder_mock, hass, house, adopt
) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    await adopt(pack, password="1234")
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    # Of the present hour and the last one Home Assistant will write itself, soon.
    assert await async_import_soc(hass, pack.address, {0: 60.0, 1: 61.0, 2: 62.0, 4: 64.0}) == 2
    await async_wait_recording_done(hass)
    found = await means(hass)
    assert found == {(hour - timedelta(hours=ago)).timestamp(): 60.0 + ago for ago in (2, 4)}
    # What is there stays as it is.
    assert await async_import_soc(hass, pack.address, {0: 1.0, 2: 2.0, 3: 63.0, 4: 4.0}) == 1
    await async_wait_recording_done(hass)
    assert await means(hass) == {(hour - timedelta(hours=ago)).timestamp(): 60.0 + ago for ago in (2, 3, 4)}
    assert await async_import_soc(hass, pack.address, {0: 1.0}) == 0
    assert await async_import_soc(hass, "nobody", {2: 1.0}) == 0


async def test_it_is_off_unless_the_owner_wants_it(recorder_mock, hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    pack.board.history.ring[:] = [42] * 168
    entry = await adopt(pack, password="1234")
    await house.until(lambda: "log" in entry.runtime_data.pack.context.learned)
    await async_wait_recording_done(hass)
    assert not await means(hass)
    await set_options(hass, entry, "pack", import_history=True)
    await house.until(lambda: entry.runtime_data.pack.last_history is not None, 10)
    found: dict[float, float] = {}
    for _ in range(50):
        await async_wait_recording_done(hass)
        if found := await means(hass):
            break
    assert len(found) >= 160
    assert set(found.values()) <= {42.0, 60.0}


async def test_without_a_database_nothing_is_imported(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    await adopt(pack, password="1234")
    assert await async_import_soc(hass, pack.address, {2: 61.0}) == 0
