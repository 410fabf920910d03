"""Diagnostics tell support everything and nobody who the user is."""

import json

from homeassistant.core import Context
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics
from tests.support.devices import device_of
from tests.support.flows import configure
from tests.support.packs import jk_pack


async def test_a_pack_that_streams(hass, hass_client, house, adopt) -> None:
    pack = jk_pack(name="My street 7")
    entry = await adopt(pack)
    await house.until(lambda: entry.runtime_data.pack.last_settings)
    assert await async_setup_component(hass, "diagnostics", {})
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    link = found["pack"]["link"]
    assert link["state"] == "streaming"
    assert link["age"] < 1
    assert link["dropped"] == {}
    assert found["pack"]["reading"]["cell_count"] == 8
    assert found["pack"]["settings"]["cell_overvoltage"] == 3.6
    assert found["pack"]["identity_details"]["emergency_duration"] == 30
    assert any(frame["hex"].startswith("55aaeb9002") for frame in found["pack"]["frames"])
    text = json.dumps(found)
    for secret in (pack.address, "SIM80000001", "My street 7", "Input Userdata", b"123456".hex(), b"1234".hex()):
        assert secret not in text
        assert secret.encode().hex() not in text


async def test_a_pack_that_was_discovered_keeps_its_address_to_itself(hass, house, pack) -> None:
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    for _ in range(2):
        flow = await configure(hass, flow, {})
    found = await async_get_config_entry_diagnostics(hass, flow["result"])
    assert pack.address not in str(found)


async def test_an_entry_that_never_loaded(hass) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"address": "C8:47:80:00:00:01"})
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["pack"] is None
    assert found["entry"]["data"]["address"] == "**REDACTED**"


async def test_a_pack_that_was_never_reached(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    house.take_away(pack)
    await house.until(lambda: not entry.runtime_data.available)
    await hass.config_entries.async_reload(entry.entry_id)
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["pack"]["reading"] is None
    assert found["pack"]["settings"] is None
    assert found["pack"]["identity_details"] is None
    assert found["pack"]["link"]["last_error"] in (None, "no_connectable_path")


async def test_changes_are_told_without_who_made_them(hass, house, adopt, hass_admin_user) -> None:
    pack = jk_pack(name="My street 7")
    entry = await adopt(pack, allow_control=True)
    device = device_of(hass, entry)
    data = {"device_id": device.id, "parameters": {"cell_overvoltage": 3.55, "user_data": "Ada"}}
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True, context=context)
    control = (await async_get_config_entry_diagnostics(hass, entry))["pack"]["control"]
    assert control["permission"] == {"control": True, "dangerous": False, "experimental": False}
    assert control["drift"] == []
    changes = {change["parameter"]: change for change in control["changes"]}
    assert changes["cell_overvoltage"]["found"] == 3.55
    assert changes["cell_overvoltage"]["outcome"] == "confirmed"
    assert changes["user_data"]["outcome"] == "confirmed"
    for secret in (hass_admin_user.id, hass_admin_user.name, "Ada"):
        assert secret not in str(control)


async def test_a_device_has_what_its_entry_has(hass, hass_client, house, adopt) -> None:
    entry = await adopt(jk_pack(name="My street 7"))
    assert await async_setup_component(hass, "diagnostics", {})
    found = await get_diagnostics_for_device(hass, hass_client, entry, device_of(hass, entry))
    assert found["device"]["model"]
    assert found["pack"]["link"]["state"] == "streaming"
    assert "My street 7" not in json.dumps(found)
