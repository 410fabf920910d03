"""The coordinator: keeps one pack connected, and updates its entities with what it says."""

from collections.abc import Callable, Mapping
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_time_interval

from .bms.connection_state import ASKS_FOR_PASSWORD, ConnectionState
from .bms.event_log import LoggedEvent
from .bms.pack import Change
from .const import DOMAIN
from .pack_entry.coordinator_base import PackCoordinatorBase
from .pack_entry.device import async_update_device
from .pack_entry.pack_status import ranked_pack
from .pack_entry.simulated import Simulation
from .protection.status import PackStatus
from .storage.history_import import async_import_soc

_LOGGER: Final = logging.getLogger(__name__)

# What ages by itself (the age of the data) needs a push while no reading comes.
_TICK: Final = timedelta(seconds=10)

type SmartBmsConfigEntry = ConfigEntry[SmartBmsCoordinator]


def protection_event_signal(entry_id: str) -> str:
    """Return by which signal the banks of a pack are notified of what happens to its protections."""
    return f"{DOMAIN}_happened_{entry_id}"


class SmartBmsCoordinator(PackCoordinatorBase):
    """Holds the connection of one pack, and hands on every reading and every other change to whom it concerns."""

    config_entry: SmartBmsConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmartBmsConfigEntry,
        stored: Mapping[str, Any] | None,
        stored_energy: Mapping[str, Any] | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        """`stored` and `stored_energy` are what the pack's files hold. Nothing is connected before `async_start`."""
        super().__init__(hass, _LOGGER, entry, stored=stored, stored_energy=stored_energy, simulation=simulation)
        self._stopped = False
        self._handlers: dict[Change, Callable[[], None]] = {
            Change.READING: self._async_handle_reading,
            Change.IDENTITY: self._async_handle_identity,
            Change.STATE: self._async_handle_state,
            Change.SETTINGS: self._async_handle_settings,
            Change.LOGGED: self._async_handle_log,
            Change.HISTORY: self._async_handle_history,
        }

    @callback
    def async_start(self) -> None:
        """Begin to keep the pack connected; everything ends with the entry."""
        entry, hass = self.config_entry, self.hass
        self.connection.async_start(entry)
        entry.async_on_unload(hass.async_add_shutdown_job(HassJob(self._async_end)))
        entry.async_on_unload(self.parameters.async_start())
        entry.async_on_unload(async_track_time_interval(hass, self._async_tick, _TICK, cancel_on_shutdown=True))
        entry.async_on_unload(self._stop)

    async def async_stop(self) -> None:
        """Close the connection, and finish what is being written: the next start must find its record."""
        self.ended.set()
        await self.parameters.writer.close()
        self._stop()
        await self.connection.async_stop()
        await self.parameters.async_finish()
        await self.energy.file.async_save()

    async def _async_end(self) -> None:
        """Release what would hold up the end of Home Assistant, restore what was changed temporarily, and store the rest."""
        self.ended.set()
        await self.parameters.writer.close()
        self.parameters.async_schedule_save()
        self.energy.file.async_schedule_save()

    def _stop(self) -> None:
        """Ignore the pack from now on: the connection ends a little later, and what it still says has no place to go."""
        self._stopped = True
        self.ended.set()
        self.availability.async_stop()

    @callback
    def async_add_log_listener(self, listener: Callable[[LoggedEvent], None]) -> Callable[[], None]:
        """Hand every entry of the pack's event log to `listener`, also those from before; return how to stop that."""
        remove = self.log_listeners.async_add(listener)
        self._async_handle_log()
        return remove

    @override
    def _update_status(self) -> PackStatus:
        """Judge what matters most now, and return it."""
        return self.status.update(ranked_pack(self), self.now)

    @callback
    def _async_tick(self, _: Any) -> None:
        """Update what ages by itself, and check the connection."""
        if self.simulation is None:
            self.isolation.call("connection issues", self.connection_issues.async_update, self.now, default=None)
        if not self.is_current:
            self.async_update_listeners()

    @override
    @callback
    def _async_pack_changed(self, change: Change) -> None:
        """Handle what changed of the pack."""
        if not self._stopped:
            self._handlers[change]()

    def _async_handle_reading(self) -> None:
        """Update entities and banks with a reading."""
        if self.pack.last_reading is None:
            return
        reading, events = self.pipeline.async_process(self.pack.last_reading)
        self.availability.async_update()
        self.availability.async_watch_age()
        self.async_set_updated_data(reading)
        # Whoever hears of an event shall find entities that show it.
        for event in events:
            signal = protection_event_signal(self.config_entry.entry_id)
            self.protection_event_listeners.async_notify(event)
            self.isolation.call("bank events", async_dispatcher_send, self.hass, signal, event, default=None)

    def _async_handle_identity(self) -> None:
        """Update rules, entities and the device when the pack says who it is."""
        identity, variant = self.pack.last_identity, self.entry_data.variant
        if identity is None or not self.entry_data.async_update_identity(identity):
            return
        if self.entry_data.variant != variant:
            self.pipeline.change_variant()
            self.protection_engine = self.pipeline.protection_engine
        # Another variant reports other alarms.
        self.capabilities_listeners.async_notify()
        async_update_device(self.hass, self.config_entry.entry_id, self.model, self.identity)

    def _async_handle_state(self) -> None:
        """Follow the state of the connection; ask for another password if this one was not accepted."""
        if self.pack.state in ASKS_FOR_PASSWORD:
            if self.pack.state is ConnectionState.WRONG_PASSWORD:
                self.entry_data.async_forget_password()
            self.config_entry.async_start_reauth(self.hass)
        self.isolation.call("parameters", self._async_update_parameters, default=None)
        self.parameters.async_save_learned()
        self.availability.async_update()
        self.async_update_listeners()

    def _async_handle_settings(self) -> None:
        """Update entities with the parameters."""
        self.isolation.call("parameters", self._async_update_parameters, default=None)
        self.async_update_listeners()

    def _async_update_parameters(self) -> None:
        """Update the catalog and the parameters once the variant is certain, which it is when the pack streams."""
        identity, settings = self.pack.last_identity, self.pack.current_settings
        if self.pack.state is not ConnectionState.STREAMING or identity is None or settings is None:
            return
        if self.catalog_cache.async_update(identity, settings.values, self.pack.catalog()):
            self.catalog = self.catalog_cache.catalog
            self.capabilities_listeners.async_notify()
        if self.data is not None:
            self.pipeline.async_update_capabilities(self.data)
        self.parameters.async_settings_read()

    def _async_handle_log(self) -> None:
        """Hand on what the pack wrote into its event log, each entry once."""
        while self.log_listeners and self.pack.logged_events:
            self.log_listeners.async_notify(self.pack.logged_events.popleft())
        self.parameters.async_save_learned()

    def _async_handle_history(self) -> None:
        """Import the state of charge that the pack remembers."""
        soc = self.pack.last_history
        if soc is not None:
            job = async_import_soc(self.hass, self.address, soc)
            self.config_entry.async_create_background_task(self.hass, job, f"{DOMAIN} history")
