"""A Home Assistant with an emulated Bluetooth proxy, and packs in its reach."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import AsyncMock, PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.smart_bms.bms import families, reconnect
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control import writer
from custom_components.smart_bms.pack_entry import simulated
from custom_components.smart_bms.simulator.peripheral import Peripheral
from tests.support.flows import allow, configure, search
from tests.support.house import Adopt, House
from tests.support.packs import jk_pack
from tests.support.protected_pack import Mirrored, mirrored
from tests.support.radio import SPEED, TICK, fast
from tests.support.rule_books import JK_LFP


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compare entities and states the way Home Assistant's own tests do."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


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
async def protected_pack(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    enable_custom_integrations: None,
    enable_bluetooth: None,
) -> AsyncIterator[Mirrored]:
    """Return a pack of LFP cells, with parameters, that has been seen once and whose readings the test sends."""
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see()
        yield pack


@pytest.fixture
def quick_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time of simulated packs run fast."""
    monkeypatch.setattr(simulated, "SPEED", SPEED)
    monkeypatch.setattr(simulated, "TICK", TICK)
    monkeypatch.setattr(simulated, "REGISTERED_FOR", 0.0)


@pytest.fixture
def quick_recheck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a parameter a second time soon after a write that does not show."""
    monkeypatch.setattr(writer, "RECHECK_DELAY", 0.1)


@pytest.fixture
def pack() -> Peripheral:
    """Return a pack of the newest layout."""
    return jk_pack(name="Shed")
