"""A pack in Home Assistant whose readings come at the test's own pace: no radio, and time only moves when told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
import shutil
import time
from typing import Any

from freezegun import api as freezegun_api
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smart_bms.bank_entry.coordinator import BankCoordinator
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.settings import Settings, SettingValue
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.coordinator import SmartBmsCoordinator
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.pack_entry.entry_data import catalog_data, identity_data
from custom_components.smart_bms.simulator.board import Board
from tests.support.protection_life import reading as plain_reading

BLUEPRINTS = Path(__file__).parents[2] / "blueprints" / "automation" / "smart_bms"
STARTED = 5000.0
_PRESENT = 600.0
"""s from now within which a test did not choose its time."""
STALE_AFTER = 10.0


class Mirrored:
    """One pack."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry) -> None:
        self.hass = hass
        self.entry = entry
        self.now = STARTED
        self.settings: Mapping[str, SettingValue] | None = None
        self.bank: MockConfigEntry | None = None
        """A bank of this pack alone, if there is one."""
        self._freezer = freezer

    @property
    def coordinator(self) -> SmartBmsCoordinator:
        coordinator: SmartBmsCoordinator = self.entry.runtime_data
        return coordinator

    def show(self, reading: Reading) -> None:
        """Let the pack say this."""
        pack = self.coordinator.pack
        if self.settings is not None and (pack.last_settings is None or pack.last_settings.values is not self.settings):
            variant = self.coordinator.identity["variant"]
            pack.last_settings = Settings(measured_at=self.now, variant=variant, values=self.settings)
        pack.state = ConnectionState.STREAMING
        pack.last_reading = reading
        pack._listener(Change.READING)
        self._look()

    def _look(self) -> None:
        if self.bank is not None:
            self.bank.runtime_data._async_update(None)

    async def see(self, seconds: float = 1.0, **values: Any) -> None:
        """Let time pass, and the pack say that all is well but for these values."""
        await self.wait(seconds)
        self.show(plain_reading(self.now, **values))
        await self.hass.async_block_till_done()

    async def wait(self, seconds: float) -> None:
        """Let time pass without a word from the pack."""
        self.now += seconds
        self._freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass, dt_util.utcnow())
        await self.hass.async_block_till_done()

    async def fall_silent(self) -> None:
        """Let so much time pass that nothing is current any more."""
        await self.wait(self.coordinator.pack.stale_after + 1)
        self.coordinator.availability.async_check_stale()
        self._look()
        await self.hass.async_block_till_done()

    def entity(self, key: str, platform: str = "sensor") -> str:
        """Return the id of an entity by its key."""
        found = er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, f"{self.coordinator.address}_{key}")
        assert found is not None, key
        return found

    def state(self, key: str, platform: str = "sensor") -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(self.entity(key, platform))
        assert state is not None, key
        return state.state

    def attributes(self, key: str, platform: str = "sensor") -> dict[str, Any]:
        """Return the attributes of an entity."""
        state = self.hass.states.get(self.entity(key, platform))
        assert state is not None
        return dict(state.attributes)

    @property
    def device_id(self) -> str:
        """Return the device of the pack."""
        return self._device_of(self.entry)

    def _device_of(self, entry: MockConfigEntry) -> str:
        (device,) = dr.async_entries_for_config_entry(dr.async_get(self.hass), entry.entry_id)
        return device.id

    async def in_a_bank(self) -> str:
        """Make a bank of this pack; return its device."""
        options = {"packs": [self.entry.entry_id], "strings": 1}
        self.bank = MockConfigEntry(domain=DOMAIN, title="House", data={"bank": True}, options=options)
        self.bank.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.bank.entry_id)
        await self.hass.async_block_till_done()
        return self._device_of(self.bank)

    async def rename(self) -> None:
        """Give every entity another id."""
        registry = er.async_get(self.hass)
        for entry in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            domain, _, name = entry.entity_id.partition(".")
            registry.async_update_entity(entry.entity_id, new_entity_id=f"{domain}.my_{name}_of_old")
        await self.hass.async_block_till_done()


@asynccontextmanager
async def mirrored(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    settings: Mapping[str, SettingValue] | None,
    *,
    family: str = "jk",
    variant: str = "JK02_32S",
    first: Reading | None = None,
    **options: Any,
) -> AsyncIterator[Mirrored]:
    """Set up a pack that has said nothing yet."""
    identity = Identity(family=family, variant=variant, model="Test")
    first = first or plain_reading(STARTED)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Shed",
        unique_id="C8:47:80:00:00:01",
        data={
            "address": "C8:47:80:00:00:01",
            "family": family,
            "identity": identity_data(identity),
            "features": Capabilities.of(first, None).as_dict(),
            "catalogue": catalog_data(identity, settings or ()),
        },
        options=options,
    )
    # Always the same second of five minutes: what Home Assistant does by the clock comes at the same step of a test.
    freezer.tick(timedelta(seconds=300 - time.time() % 300))
    if abs(time.time() - freezegun_api.real_time()) < _PRESENT:
        # Noon in the time zone of tests, so that no day ends within a test that did not choose its time.
        freezer.tick(timedelta(seconds=86_400 - (time.time() - 20 * 3600) % 86_400))
    async_fire_time_changed(hass, dt_util.utcnow())
    pack = Mirrored(hass, freezer, entry)
    pack.settings = settings

    async def wait_for_ever(_: Pack) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Pack, "run", wait_for_ever)
    # Not as short as the other tests have it: time passes in whole seconds here.
    monkeypatch.setattr(Pack, "stale_after", property(lambda _: STALE_AFTER))
    monkeypatch.setattr(SmartBmsCoordinator, "now", property(lambda _: pack.now))
    monkeypatch.setattr(BankCoordinator, "now", property(lambda _: pack.now))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield pack
    if pack.bank is not None:
        await hass.config_entries.async_unload(pack.bank.entry_id)
    if hass.config_entries.async_get_entry(entry.entry_id) is not None:
        await hass.config_entries.async_unload(entry.entry_id)


async def with_blueprint(hass: HomeAssistant, folder: Path, name: str, inputs: dict[str, Any]) -> None:
    """Run an automation made of one of our blueprints."""
    hass.config.config_dir = str(folder)
    target = Path(hass.config.path("blueprints", "automation", "smart_bms"))
    await hass.async_add_executor_job(lambda: shutil.copytree(BLUEPRINTS, target, dirs_exist_ok=True))
    automation = {"alias": name, "use_blueprint": {"path": f"smart_bms/{name}.yaml", "input": inputs}}
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    state = hass.states.get(f"automation.{name}")
    assert state is not None
    assert state.state == "on", "the automation is not valid"


def limits_of(board: Board) -> dict[str, SettingValue]:
    """Return the parameters that a simulated board goes by."""
    limits = board.protections.limits
    return {key: limits[key] for key in limits}


def reading_of_board(board: Board, now: float) -> Reading:
    """Return what a driver would make of what the board measures."""
    assert board._measure is not None
    seen = board._measure()
    return Reading(
        measured_at=now,
        cell_voltages=tuple(cell / 1000 for cell in seen.cells),
        voltage=seen.pack / 1000,
        current=seen.current / 1000,
        soc=seen.soc,
        temperatures={f"temperature_{number}": value for number, value in enumerate(seen.probes, 1)}
        | ({} if seen.power_stage is None else {"mosfet": seen.power_stage}),
        alarms=tuple(Alarm(name) for name in sorted(board.alarms)),
        charging_enabled=board.charging_allowed,
        discharging_enabled=board.discharging_allowed,
    )
