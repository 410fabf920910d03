"""A phone is let in: the connection is given up, and comes back by itself."""

from datetime import timedelta

from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry import bluetooth_paths, pack_connection
from tests.support.flows import bank_of
from tests.support.packs import jk_pack


async def press(hass, name: str) -> None:
    await hass.services.async_call("button", "press", {"entity_id": f"button.{name}"}, blocking=True)


def device_of(hass, entry) -> str:
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch) -> None:
    monkeypatch.setattr(pack_connection, "_TICK", timedelta(seconds=0.05))


async def test_the_phone_gets_the_pack_and_the_entity_says_until_when(hass, house, pack, adopt) -> None:
    await adopt(pack)
    await press(hass, "shed_let_the_phone_in")
    await house.until(lambda: not pack.connected)
    await house.until(lambda: house.state("sensor.shed_connection") == "released")
    attributes = hass.states.get("sensor.shed_connection").attributes
    assert attributes["until"]
    assert "step" not in attributes
    await house.until(lambda: house.state("sensor.shed_status") == "released")
    await press(hass, "shed_connect_now")
    await house.until(lambda: pack.connected and house.state("sensor.shed_connection") == "streaming")


async def test_the_pack_comes_back_when_the_time_is_over(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    response = await hass.services.async_call(
        DOMAIN,
        "release_connection",
        {"device_id": device_of(hass, entry), "minutes": 0.01},
        blocking=True,
        return_response=True,
    )
    assert response["packs"][0]["until"]
    await house.until(lambda: not pack.connected)
    await house.until(lambda: pack.connected)


async def test_the_pack_comes_back_when_the_phone_has_left_it(hass, house, pack, adopt, monkeypatch) -> None:
    await adopt(pack)
    unheard = [0.5]
    monkeypatch.setattr(bluetooth_paths, "seconds_unheard", lambda *_: unheard[0])
    await press(hass, "shed_let_the_phone_in")
    await house.until(lambda: not pack.connected)
    for seconds in (0.5, 19.0, 21.0, 40.0):
        unheard[0] = seconds
        began = hass.loop.time()
        await house.until(lambda began=began: hass.loop.time() - began > 0.2)
        assert not pack.connected
    unheard[0] = 0.5
    await house.until(lambda: pack.connected)


async def test_a_release_ends_early_with_no_minutes(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    call = {"device_id": device_of(hass, entry)}
    await hass.services.async_call(DOMAIN, "release_connection", call, blocking=True)
    await house.until(lambda: not pack.connected)
    assert entry.runtime_data.connection.is_released
    await hass.services.async_call(DOMAIN, "release_connection", call | {"minutes": 0}, blocking=True)
    await house.until(lambda: pack.connected)
    assert not entry.runtime_data.connection.is_released


async def test_a_pack_that_is_being_written_to_is_not_released(hass, house, pack, adopt, monkeypatch) -> None:
    entry = await adopt(pack)
    monkeypatch.setattr(entry.runtime_data.parameters.writer, "_waiting", 1)
    with pytest.raises(ServiceValidationError, match="is being written to"):
        await press(hass, "shed_let_the_phone_in")
    assert pack.connected


async def test_all_packs_of_a_bank_are_released_or_none(hass, house, adopt, monkeypatch) -> None:
    packs = [jk_pack(name=name, address=f"C8:47:80:00:02:0{number}") for number, name in enumerate(("North", "South"))]
    entries = [await adopt(pack) for pack in packs]
    await bank_of(hass, entries)
    with monkeypatch.context() as context:
        context.setattr(entries[1].runtime_data.parameters.writer, "_waiting", 1)
        with pytest.raises(ServiceValidationError):
            await press(hass, "house_let_the_phone_in")
    assert all(pack.connected for pack in packs)
    await press(hass, "house_let_the_phone_in")
    await house.until(lambda: not any(pack.connected for pack in packs))
    await press(hass, "house_connect_now")
    await house.until(lambda: all(pack.connected for pack in packs))


async def test_unloading_ends_a_release(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    await press(hass, "shed_let_the_phone_in")
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: pack.connected)


async def test_whoever_needs_a_resting_pack_has_it_connected(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    options = {"connection": {"freshness": "on_demand", "read_every": 30}}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    connection = entry.runtime_data.connection
    await house.until(lambda: connection.rests_until is not None, 30)
    await house.until(lambda: not pack.connected)
    await connection.async_wait_connected(10)
    assert entry.runtime_data.pack.current_settings is not None
    await connection.async_wait_connected(10)


async def test_a_switch_of_a_resting_pack_connects_it_first(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed")
    entry = await adopt(pack, allow_control=True)
    options = dict(entry.options) | {"connection": {"freshness": "on_demand", "read_every": 30}}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.connection.rests_until is not None and not pack.connected, 30)
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.shed_charge_switch"}, blocking=True)
    assert entry.runtime_data.pack.last_settings.values["charge_switch"] is False
    await house.until(lambda: entry.runtime_data.connection.rests_until is not None, 30)
