"""A Home Assistant with an emulated Bluetooth proxy, and packs in its reach."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from unittest.mock import AsyncMock, PropertyMock, patch

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.smart_bms.bms import families, reconnect
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from lab.smart_bms_lab.proxy import EmulatedProxy
from tests.support.packs import jk_pack
from tests.support.radio import SPEED, TICK, fast


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compare entities and states the way Home Assistant's own tests do."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


class House:
    """The radio of a house: the packs in reach, and the proxy that hears them."""

    def __init__(self, hass: HomeAssistant, slots: int = 3) -> None:
        self.hass = hass
        self.radio = SimulatedRadio(speed=SPEED, tick=TICK)
        self.proxy = EmulatedProxy(self.radio, "24:6F:28:00:00:01", "Garage proxy", slots=slots)
        self._leave: Callable[[], None] | None = None

    def open(self) -> None:
        self._leave = self.proxy.register(self.hass)
        self.radio.start()

    async def close(self) -> None:
        await self.radio.stop()
        if self._leave:
            self._leave()

    def add(self, *packs: Peripheral) -> None:
        for pack in packs:
            self.radio.peripherals[pack.address] = pack
            self.advertise(pack)

    def advertise(self, *packs: Peripheral) -> None:
        for pack in packs or self.radio.peripherals.values():
            self.proxy.hear(pack)

    def take_away(self, pack: Peripheral) -> None:
        """Carry a pack out of reach."""
        pack.faults.refuse_connections = True
        pack.hang_up = True
        self.proxy.lose_sight_of(pack.address)

    def bring_back(self, pack: Peripheral) -> None:
        pack.faults.refuse_connections = False
        self.proxy.regain_sight_of(pack.address)
        self.advertise(pack)

    async def until(self, condition: Callable[[], Any], seconds: float = 8.0) -> None:
        """Let the house live until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.advertise()
                await asyncio.sleep(0.02)
        await self.hass.async_block_till_done()

    def state(self, entity_id: str) -> str | None:
        state = self.hass.states.get(entity_id)
        return state.state if state else None


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Do without asyncio's debug mode: it takes down the stack of every future, a third of the time of these tests."""


@pytest.fixture(autouse=True)
def fast_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait: short answers, short silence."""
    for key in families.FAMILIES:
        monkeypatch.setitem(families.FAMILIES, key, fast(key))
    monkeypatch.setattr(reconnect, "BACKOFF", (0.05, 0.1))
    monkeypatch.setattr("homeassistant.components.bluetooth.async_request_active_scan", AsyncMock())


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable all entities, also those that are off by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new_callable=PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture
async def house(hass: HomeAssistant, enable_custom_integrations: None, enable_bluetooth: None) -> AsyncIterator[House]:
    """Open a house without packs."""
    house = House(hass)
    house.open()
    yield house
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    await house.close()
    await hass.async_block_till_done(wait_background_tasks=True)


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
    sections = {str(key): {} for key, part in flow["data_schema"].schema.items() if isinstance(part, section)}
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


type Adopt = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture
def adopt(hass: HomeAssistant, house: House) -> Adopt:
    """Return what adds a pack the way a user does, and waits until it streams."""

    async def adopt(pack: Peripheral, *, password: str | None = None, **control: Any) -> MockConfigEntry:
        house.add(pack)
        flow = await search(hass)
        flow = await configure(hass, flow, {"address": pack.address})
        if password is not None:
            assert flow["step_id"].startswith("password_"), flow
            flow = await configure(hass, flow, {"password": password})
        assert flow["step_id"] == "identified", flow
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        entry = flow["result"]
        await house.until(lambda: entry.runtime_data.available)
        if control:
            await allow(hass, entry, **control)
        await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
        return entry

    return adopt


@pytest.fixture
def pack() -> Peripheral:
    """Return a pack of the newest layout."""
    return jk_pack(name="Shed")
