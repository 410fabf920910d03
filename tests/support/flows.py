"""Forms filled in the way a user does: adding packs and banks, and their options."""

import asyncio
from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.const import DOMAIN

from .waiting import until


async def search(hass: HomeAssistant) -> Any:
    """Return the flow that lists what is heard."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "search"})


async def option_menu(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Return the menu of an entry's options."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "init")
    return menu


async def option_form(hass: HomeAssistant, entry: MockConfigEntry, form: str) -> Any:
    """Return one of the forms behind the menu of an entry's options."""
    menu = await option_menu(hass, entry)
    flow = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": form})
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, form)
    return flow


async def submit_options(hass: HomeAssistant, flow: Any, chosen: dict[str, Any]) -> Any:
    """Submit a form of the options; sections and fields that are not named are left as they are shown."""
    sections: dict[str, Any] = {
        str(key): {} for key, part in flow["data_schema"].schema.items() if isinstance(part, section)
    }
    result = await hass.config_entries.options.async_configure(flow["flow_id"], sections | chosen)
    await hass.async_block_till_done()
    return result


async def set_options(hass: HomeAssistant, entry: MockConfigEntry, form: str, **chosen: Any) -> None:
    """Set options on one form the way a user does."""
    result = await submit_options(hass, await option_form(hass, entry, form), chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result


async def allow(hass: HomeAssistant, entry: MockConfigEntry, **control: Any) -> None:
    """Set the options about control the way a user does."""
    await set_options(hass, entry, "control", **control)


async def configure(hass: HomeAssistant, flow: Any, user_input: dict[str, Any]) -> Any:
    """Submit a form; return what the user sees next, once nothing is under way any more."""
    return await settled(hass, await hass.config_entries.flow.async_configure(flow["flow_id"], user_input))


async def settled(hass: HomeAssistant, flow: Any, seconds: float = 20.0) -> Any:
    """Wait until a flow shows something else than its progress."""
    async with asyncio.timeout(seconds):
        while flow["type"] is FlowResultType.SHOW_PROGRESS:
            await asyncio.sleep(0.01)
            # As the frontend does after news of the flow.
            flow = await hass.config_entries.flow.async_configure(flow["flow_id"])
    return flow


async def bank_of(
    hass: HomeAssistant, packs: Iterable[ConfigEntry], wiring: str = "parallel", strings: int = 1
) -> MockConfigEntry:
    """Make a bank of packs the way a user does."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flow["menu_options"] == ["search", "simulated", "bank"]
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    chosen = {"name": "House", "packs": [entry.entry_id for entry in packs], "wiring": wiring, "strings": strings}
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], chosen)
    assert flow["type"] is FlowResultType.CREATE_ENTRY, flow.get("errors")
    await hass.async_block_till_done()
    entry: MockConfigEntry = flow["result"]
    return entry


async def choose_simulated(hass: HomeAssistant, key: str) -> Any:
    """Choose one of the simulated packs; return what the user sees next."""
    flow: Any = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flow["type"] is FlowResultType.MENU
    assert flow["menu_options"] == ["search", "simulated"]
    flow = await configure(hass, flow, {"next_step_id": "simulated"})
    assert flow["step_id"] == "simulated"
    return await configure(hass, flow, {"simulated": key})


async def add_simulated(hass: HomeAssistant, key: str) -> MockConfigEntry:
    """Add a simulated pack, and wait until it streams."""
    flow = await choose_simulated(hass, key)
    assert flow["step_id"] == "identified", flow
    flow = await configure(hass, flow, {})
    entry: MockConfigEntry = flow["result"]
    await until(lambda: entry.runtime_data.available, 8.0)
    await hass.async_block_till_done()
    return entry
