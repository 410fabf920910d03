"""The coordinator: one pack's link, and the news for its entities."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_PASSWORD
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .bms.connection_state import ASKS_FOR_PASSWORD, ConnectionState
from .bms.event_log import LoggedEvent
from .bms.families import FAMILIES
from .bms.pack import Change
from .bms.reading import Identity, Reading
from .bms.settings import Catalog
from .bms.stored_values import sort_out
from .bms.time_left import TimeLeft
from .const import (
    CONF_CATALOG,
    CONF_CONTROL,
    CONF_CURRENT,
    CONF_DEADBANDS,
    CONF_FAMILY,
    CONF_FEATURES,
    CONF_IDENTITY,
    CONF_INTERVALS,
    CONF_LEARNED,
    CONF_LIMITS,
    CONF_PACK,
    CONF_POLL_INTERVAL,
    CONF_POLLING,
    DOMAIN,
)
from .control.request import WritePermission
from .energy.current_correction import CurrentCorrection
from .energy.soc_confidence import ADVISED_FROM
from .pack_entry import bluetooth_paths
from .pack_entry.capabilities import Capabilities
from .pack_entry.energy_account import EnergyAccount
from .pack_entry.error_isolation import ErrorIsolation
from .pack_entry.pack_builder import build_pack
from .pack_entry.parameters import Parameters
from .pack_entry.publishing import PublishFilter, PublishGroup, PublishGroups, Quantity, policies
from .pack_entry.simulated import Simulation
from .pack_entry.wiring_issue import WiringWatch
from .protection.engine import ProtectionEngine
from .protection.events import ProtectionEvent
from .protection.limit_options import LimitOptions
from .protection.quantities import number
from .protection.status import PackStatus, ranked
from .protection.status_codes import CELLS_DOUBTFUL, CHANGED_ELSEWHERE, FULL_CHARGE_ADVISED
from .protection.status_monitor import StatusMonitor
from .storage.history_import import async_import_soc
from .storage.pack_store import LEARNED, PROTECTION

_LOGGER: Final = logging.getLogger(__name__)

# What ages by itself (the age of the data) needs a push while no reading comes.
_TICK: Final = timedelta(seconds=10)
_READINGS_BETWEEN_LOOKS: Final = 60
_KEPT_OF_IDENTITY: Final = ("variant", "model", "hw_version", "sw_version", "serial_number", "name")

type SmartBmsConfigEntry = ConfigEntry[SmartBmsCoordinator]


def identity_data(identity: Identity) -> dict[str, str]:
    """Return the part of an identity that is kept with the entry."""
    return {key: getattr(identity, key) for key in _KEPT_OF_IDENTITY}


def catalog_data(identity: Identity, keys: Iterable[str]) -> dict[str, Any]:
    """Return what is kept with the entry to know what can be set before the pack is heard."""
    lists = {key: list(detail) for key, detail in identity.details.items() if isinstance(detail, tuple)}
    return {"keys": sorted(keys), "max_cells": identity.max_cells, "details": lists}


def protection_event_signal(entry_id: str) -> str:
    """Return by which signal the banks of a pack hear what happens to its protections."""
    return f"{DOMAIN}_happened_{entry_id}"


def _listener_name(update: Callable[[], None]) -> str:
    """Return what to call a listener: an entity by its key."""
    description = getattr(getattr(update, "__self__", None), "entity_description", None)
    return f"entity {description.key}" if description else "listener"


class SmartBmsCoordinator(DataUpdateCoordinator[Reading | None]):
    """Holds the link of one pack and tells the entities about every reading and every change of the link."""

    config_entry: SmartBmsConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmartBmsConfigEntry,
        kept: Mapping[str, Any] | None,
        counted: Mapping[str, Any] | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        """Prepare; nothing is connected before `async_start`. `kept` and `counted` are what the stores held."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title, update_interval=None)
        self.address: str = entry.data[CONF_ADDRESS]
        self.family = FAMILIES[entry.data[CONF_FAMILY]]
        self.capabilities = Capabilities.from_dict(entry.data[CONF_FEATURES])
        self.identity: dict[str, str] = dict(entry.data[CONF_IDENTITY])
        self._described_by = tuple(self.identity.get(key, "") for key in ("variant", "model", "sw_version"))
        self.time_left = TimeLeft()
        self.isolation = ErrorIsolation(lambda: entry.title)
        self.simulation = simulation
        self.ended = asyncio.Event()
        """Set when the entry is unloaded."""
        options = entry.options
        self.pack = build_pack(
            hass,
            self.family,
            entry.title,
            self.address,
            listener=self._async_pack_changed,
            simulation=simulation,
            password=entry.data.get(CONF_PASSWORD),
            interval=options.get(CONF_POLLING, {}).get(CONF_POLL_INTERVAL, 0.0),
            options=options.get(CONF_PACK, {}),
            learned=self._learned_at_first() | dict((kept or {}).get(LEARNED, {})),
        )
        self.parameters = Parameters(
            hass,
            entry_id=entry.entry_id,
            address=self.address,
            name=lambda: entry.title,
            pack=self.pack,
            options=options.get(CONF_CONTROL, {}),
            kept=kept,
            simulated=simulation is not None,
            protection=lambda: self.protection_engine.dump(self._clock_offset),
        )
        self.sense = CurrentCorrection.of(options.get(CONF_CURRENT, {}))
        self.protection_engine = self._new_protection_engine()
        self.status = StatusMonitor()
        """The one thing that matters now, and what else holds."""
        self.energy = EnergyAccount(
            hass,
            entry.entry_id,
            counted,
            longest_gap=self.protection_engine.mirror.longest_gap,
            clock=lambda: self._clock_offset,
            follows_board=self.family.counts_by_manual,
            bridges=not self.sense.invert,
        )
        self._wiring = WiringWatch(hass, entry.entry_id, lambda: entry.title)
        self.protection_engine.restore((kept or {}).get(PROTECTION), self._clock_offset)
        self.protection_engine.lose()
        self.catalog = self._kept_catalog()
        self._connection_task: asyncio.Task[None] | None = None
        self._policies = policies(options.get(CONF_INTERVALS, {}), options.get(CONF_DEADBANDS, {}))
        self._groups = PublishGroups()
        self._was_available: bool | None = None
        self._stale_timer: CALLBACK_TYPE | None = None
        self._readings = 0
        self._stopped = False
        self._capabilities_listeners: list[Callable[[], None]] = []
        self._log_listener: Callable[[LoggedEvent], None] | None = None
        self._protection_event_listeners: list[Callable[[ProtectionEvent], None]] = []
        self.data = None

    @override
    async def _async_update_data(self) -> Reading | None:
        """Return what there is: the pack pushes, there is nothing to fetch."""
        return self.data

    @callback
    def async_start(self) -> None:
        """Begin to keep the pack connected; everything ends with the entry."""
        entry, hass = self.config_entry, self.hass
        if self.simulation is not None:
            self.simulation.start()
        else:
            entry.async_on_unload(bluetooth_paths.on_heard(hass, self.address, self.pack.wake))
            entry.async_on_unload(bluetooth_paths.on_slot_freed(self.address, self.pack.wake))
        entry.async_on_unload(hass.async_add_shutdown_job(HassJob(self._async_end)))
        self._connection_task = entry.async_create_background_task(hass, self.pack.run(), f"{DOMAIN} {entry.entry_id}")
        entry.async_on_unload(self.parameters.async_start())
        entry.async_on_unload(async_track_time_interval(hass, self._async_tick, _TICK, cancel_on_shutdown=True))
        entry.async_on_unload(self._stop)

    async def async_stop(self) -> None:
        """Close the link, and bring to its end what was being written: the next start must find its record."""
        self.ended.set()
        await self.parameters.control.close()
        self._stop()
        if self._connection_task is not None:
            self._connection_task.cancel()
            await asyncio.gather(self._connection_task, return_exceptions=True)
        if self.simulation is not None:
            await self.simulation.stop()
        await self.parameters.async_finish()
        await self.energy.file.async_save()

    def _learned_at_first(self) -> dict[str, Any]:
        """Return what adding the pack found out, for its first session."""
        found, _ = sort_out(self.config_entry.data.get(CONF_LEARNED, {}), self.family.stored_checks)
        return deepcopy(found)

    def _kept_catalog(self) -> Catalog | None:
        """Return what can be set, as far as earlier sessions told."""
        kept = self.config_entry.data.get(CONF_CATALOG)
        if not kept:
            return None
        details = {key: tuple(numbers) for key, numbers in kept["details"].items()}
        known: dict[str, Any] = {**self.identity, "max_cells": kept["max_cells"], "details": details}
        return self.family.catalog(Identity(family=self.family.key, **known), kept["keys"])

    @property
    def permission(self) -> WritePermission:
        """Return what the user allows."""
        return self.parameters.control.permission

    @property
    def now(self) -> float:
        """Return the monotonic time by which ages are told."""
        return self.hass.loop.time()

    @property
    def available(self) -> bool:
        """Tell whether there is a reading that may be shown as current."""
        return self.pack.is_fresh(self.now)

    @property
    def connection_state(self) -> ConnectionState:
        """Return where the link stands."""
        return self.pack.status(self.now)

    @property
    def model(self) -> str:
        """Return the model, which says so if it is simulated."""
        model = self.identity["model"] or self.family.name
        return f"{model} (simulated)" if self.simulation else model

    @property
    def usable_energy(self) -> float | None:
        """Return what the full pack holds in kWh, at the voltage that it has now."""
        reading = self.data
        capacity = None if reading is None else reading.full_capacity or reading.design_capacity
        return capacity * reading.voltage / 1000 if reading and capacity and reading.voltage else None

    def publish_filter(self, quantity: Quantity) -> PublishFilter:
        """Return a new gate for a value of this quantity, as the user wants it."""
        return PublishFilter(self._policies[quantity])

    def group(self, quantity: Quantity) -> PublishGroup | None:
        """Return what a value of this quantity is published together with, if with anything."""
        return self._groups.of(quantity)

    @callback
    def async_add_capabilities_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` whenever the pack turns out to have more than was known; return how to stop that."""
        self._capabilities_listeners.append(listener)
        return lambda: self._capabilities_listeners.remove(listener)

    @callback
    def async_add_log_listener(self, listener: Callable[[LoggedEvent], None]) -> CALLBACK_TYPE:
        """Hand what the pack has written down to `listener`, each entry once; return how to stop that."""
        self._log_listener = listener
        self._async_notify_log()

        def remove() -> None:
            self._log_listener = None

        return remove

    @callback
    def async_add_protection_event_listener(self, listener: Callable[[ProtectionEvent], None]) -> CALLBACK_TYPE:
        """Hand what happens to the protections to `listener`; return how to stop that."""
        self._protection_event_listeners.append(listener)
        return lambda: self._protection_event_listeners.remove(listener)

    def _async_notify_log(self) -> None:
        while self._log_listener is not None and self.pack.logged_events:
            self.isolation.call("pack log", self._log_listener, self.pack.logged_events.popleft(), default=None)
        self.parameters.async_remember()

    def _async_take_history(self) -> None:
        soc = self.pack.last_history
        if soc is not None:
            self.config_entry.async_create_background_task(
                self.hass, async_import_soc(self.hass, self.address, soc), f"{DOMAIN} history"
            )

    @callback
    def _async_pack_changed(self, change: Change) -> None:
        if self._stopped:
            return
        match change:
            case Change.READING:
                self._async_take_reading()
            case Change.IDENTITY:
                self._async_take_identity()
            case Change.STATE:
                if self.pack.state in ASKS_FOR_PASSWORD:
                    self._async_ask_for_password()
                self.isolation.call("parameters", self._async_take_settings, default=None)
                self.parameters.async_remember()
                self._async_check_available()
                self.async_update_listeners()
            case Change.SETTINGS:
                self.isolation.call("parameters", self._async_take_settings, default=None)
                self.async_update_listeners()
            case Change.LOGGED:
                self._async_notify_log()
            case Change.HISTORY:
                self._async_take_history()

    def _async_ask_for_password(self) -> None:
        """Ask for another password; one that was not accepted is forgotten, so that no restart tries it again."""
        if self.pack.state is ConnectionState.WRONG_PASSWORD:
            data = {key: value for key, value in self.config_entry.data.items() if key != CONF_PASSWORD}
            self.hass.config_entries.async_update_entry(self.config_entry, data=data)
        self.config_entry.async_start_reauth(self.hass)

    def _async_take_settings(self) -> None:
        """Take parameters once the dialect is certain, which it is when the pack streams."""
        identity, settings = self.pack.last_identity, self.pack.current_settings
        if self.pack.state is not ConnectionState.STREAMING or identity is None or settings is None:
            return
        kept = catalog_data(identity, self._known_keys(identity, settings.values))
        if kept != self.config_entry.data.get(CONF_CATALOG):
            self._async_update_entry({CONF_CATALOG: kept})
        if (catalog := self.pack.catalog()) != self.catalog:
            self.catalog = catalog
            self._async_notify_capabilities()
        if self.data is not None:
            self._async_find_capabilities(self.data)
        self.parameters.async_pack_told()

    def _known_keys(self, identity: Identity, stated: Iterable[str]) -> set[str]:
        """Return the parameters that the pack has told, now or before: an answer that was lost takes away no entity."""
        kept = self.config_entry.data.get(CONF_CATALOG)
        same = self._described_by == (identity.variant, identity.model, identity.sw_version)
        self._described_by = (identity.variant, identity.model, identity.sw_version)
        return {*stated, *(kept["keys"] if kept and same else ())}

    def _async_take_reading(self) -> None:
        reading = self.pack.last_reading
        if reading is None:
            return
        follow = self.isolation.call
        # The mirror goes by what the pack sees, right or wrong.
        events = follow("protection", self._async_mirror, reading, default=None)
        if events is None:
            follow("protection reset", self.protection_engine.reset, default=None)
        reading = follow("current sensor", self._corrected, reading, default=reading)
        follow("time left", self.time_left.follow, reading, default=None)
        settings = self.pack.last_settings
        follow("energy", self.energy.async_take, reading, settings.values if settings else None, default=None)
        follow("wiring", self._wiring.update, reading, default=None)
        follow("trip counters", self.parameters.async_count, reading.counters, default=None)
        counts_more = reading.counters and not set(self.capabilities.counters).issuperset(reading.counters)
        if self._readings % _READINGS_BETWEEN_LOOKS == 0 or counts_more:
            follow("features", self._async_find_capabilities, reading, default=None)
        self._readings += 1
        self._async_check_available()
        if self._stale_timer is None:
            self._arm_stale_timer()
        self.async_set_updated_data(reading)
        # Whoever hears of it shall find entities that show it.
        for protection_event in events or ():
            for listener in list(self._protection_event_listeners):
                follow("protection events", listener, protection_event, default=None)
            signal = protection_event_signal(self.config_entry.entry_id)
            follow("bank events", async_dispatcher_send, self.hass, signal, protection_event, default=None)

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Tell every entity; one that fails keeps its value, and the others hear of the news."""
        if self.isolation.call("status", self._async_judge, default=None) is None:
            self.status = StatusMonitor()  # what was said before may no longer be right
        for update, _ in list(self._listeners.values()):
            try:
                update()
            except Exception as error:  # noqa: BLE001
                self.isolation.failed(_listener_name(update), error)

    def _corrected(self, reading: Reading) -> Reading:
        """Return a reading with the current as the user corrects it, and the capacity that some packs only tell as a parameter."""
        reading = self.sense.corrected(reading)
        settings = self.pack.last_settings
        if reading.full_capacity or reading.design_capacity or settings is None:
            return reading
        capacity = number(settings.values.get("design_capacity"))
        return reading if not capacity else Reading.of({**vars(reading), "design_capacity": capacity})

    def _new_protection_engine(self) -> ProtectionEngine:
        options = LimitOptions.of(self.config_entry.options.get(CONF_LIMITS, {}))
        interval = self.pack.context.interval if self.family.polling else None
        return ProtectionEngine(self.family.key, self.identity["variant"], options, interval)

    @property
    def _clock_offset(self) -> float:
        """Return what has to be added to monotonic time for the time of day."""
        return dt_util.utcnow().timestamp() - self.now

    def _async_judge(self) -> PackStatus:
        """Find out what matters most now."""
        shown = self.status.shown
        found = ranked(
            self.protection_engine,
            self.data if self.available else None,
            self.connection_state,
            silent_since=self.pack.silent_since,
            advice=self._advice(),
            shown=shown.code if shown else "",
        )
        return self.status.update(found, self.now)

    def _advice(self) -> list[str]:
        """Return the codes of what is advised beyond what the readings show."""
        drift = self.energy.soc_drift
        held = {
            CELLS_DOUBTFUL: self.energy.health.consistent is False,
            CHANGED_ELSEWHERE: bool(self.parameters.control.drift),
            FULL_CHARGE_ADVISED: drift is not None and drift >= ADVISED_FROM,
        }
        return [code for code, holds in held.items() if holds]

    def _async_mirror(self, reading: Reading) -> list[ProtectionEvent]:
        """Show the mirror a reading; return what happened."""
        settings = self.pack.last_settings
        stage = self.protection_engine.limits.stage
        events = self.protection_engine.update(reading, settings.values if settings else None)
        if events or self.protection_engine.limits.stage is not stage:
            self.parameters.async_keep()
        return events

    def _async_find_capabilities(self, reading: Reading) -> None:
        found = self.capabilities.merged(Capabilities.of(reading, self.pack.last_settings))
        if found != self.capabilities:
            self.capabilities = found
            self._async_update_entry({CONF_FEATURES: found.as_dict()})
            self._async_notify_capabilities()

    def _async_notify_capabilities(self) -> None:
        for listener in list(self._capabilities_listeners):
            self.isolation.call("new entities", listener, default=None)

    def _async_take_identity(self) -> None:
        identity = self.pack.last_identity
        if identity is None:
            return
        kept = identity_data(identity)
        if kept["variant"] == self.identity.get("variant"):
            # What was not told this time is what it was.
            kept = {key: value or self.identity.get(key, "") for key, value in kept.items()}
        if kept == self.identity:
            return
        other_rules = kept["variant"] != self.identity.get("variant")
        self.identity = kept
        if other_rules:
            self.protection_engine = self._new_protection_engine()
            self.protection_engine.lose()
        self._async_update_entry({CONF_IDENTITY: kept})
        # Another layout reports other alarms.
        self._async_notify_capabilities()
        devices = dr.async_get(self.hass)
        for device in dr.async_entries_for_config_entry(devices, self.config_entry.entry_id):
            devices.async_update_device(
                device.id,
                model=self.model,
                hw_version=kept["hw_version"],
                sw_version=kept["sw_version"],
                serial_number=kept["serial_number"],
            )

    def _async_update_entry(self, data: dict[str, Any]) -> None:
        self.hass.config_entries.async_update_entry(self.config_entry, data={**self.config_entry.data, **data})

    def _async_check_available(self) -> None:
        """Say once that the pack is lost and once that it is back."""
        available = self.available
        if available is self._was_available:
            return
        if not available:
            self.protection_engine.lose()
        if available and self._was_available is not None:
            _LOGGER.info("%s is back", self.config_entry.title)
        elif not available and self._was_available:
            _LOGGER.info("%s is lost: %s", self.config_entry.title, self.connection_state.replace("_", " "))
        if available or self._was_available:
            self._was_available = available

    def _arm_stale_timer(self) -> None:
        """Look again at the moment at which the newest reading becomes too old; one timer serves many readings."""
        age = self.pack.age(self.now) or 0.0
        handle = self.hass.loop.call_later(max(self.pack.stale_after - age, 0.0) + 0.05, self._async_stale_timer)
        self._stale_timer = handle.cancel

    @callback
    def _async_stale_timer(self) -> None:
        self._stale_timer = None
        if self.available:
            self._arm_stale_timer()
            return
        self._async_check_available()
        self.async_update_listeners()

    async def _async_end(self) -> None:
        """Let go what would hold up the end of Home Assistant, put back what was switched for a moment, and keep the rest."""
        self.ended.set()
        await self.parameters.control.close()
        self.parameters.async_keep()
        self.energy.file.async_keep()

    def _stop(self) -> None:
        """Listen no more: the link ends a little later, and what it still says has no place to go."""
        self._stopped = True
        self.ended.set()
        if self._stale_timer is not None:
            self._stale_timer()
            self._stale_timer = None

    @callback
    def _async_tick(self, _: Any) -> None:
        if not self.available:
            self.async_update_listeners()
