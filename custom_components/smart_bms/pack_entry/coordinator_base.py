"""The base of a pack's coordinator: builds what hangs on a pack, and is what entities, actions and diagnostics read."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..bms.connection_state import ConnectionState
from ..bms.event_log import LoggedEvent
from ..bms.pack import Change
from ..bms.reading import Reading
from ..bms.settings import Catalog
from ..const import CONF_CONTROL, CONF_DEADBANDS, CONF_INTERVALS, CONF_STEPS
from ..control.request import WritePermission
from ..protection.engine import ProtectionEngine
from ..protection.events import ProtectionEvent
from ..protection.rules import ProtectedQuantity, Side
from ..protection.soc_plan import SocPlan
from ..steering.demand import NOTHING_KNOWN, Demand, demand_of
from ..texts import fill_text
from .availability import Availability
from .capabilities import Capabilities
from .catalog_cache import CatalogCache
from .connection_issues import ConnectionIssues
from .connection_policy import ConnectionPolicy
from .entry_data import EntryData
from .listeners import Listeners
from .pack_builder import build_entry_pack
from .pack_connection import PackConnection
from .parameters import Parameters
from .publishing import Quantity, policies
from .push_coordinator import PushCoordinator
from .reading_pipeline import ReadingPipeline
from .simulated import Simulation

_PROTECTED_BY: Final[Mapping[Quantity, frozenset[ProtectedQuantity]]] = {
    Quantity.CELL_VOLTAGE: frozenset({ProtectedQuantity.CELL_HIGHEST, ProtectedQuantity.CELL_LOWEST}),
    Quantity.TEMPERATURE: frozenset(
        {ProtectedQuantity.HOTTEST, ProtectedQuantity.COLDEST, ProtectedQuantity.POWER_STAGE}
    ),
}
"""What protections go by, by the quantity that is published at once while one is near."""


class PackCoordinatorBase(PushCoordinator[Reading | None]):
    """A pack with its parameters, protections, energy, capabilities and listeners; its subclass says what follows what."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        logger: logging.Logger,
        entry: ConfigEntry[Any],
        *,
        stored: Mapping[str, Any] | None,
        stored_energy: Mapping[str, Any] | None,
        simulation: Simulation | None,
    ) -> None:
        """`stored` and `stored_energy` are what the pack's files hold, None without one."""
        options = entry.options
        super().__init__(
            hass,
            logger,
            entry,
            policies(options.get(CONF_INTERVALS, {}), options.get(CONF_DEADBANDS, {}), options.get(CONF_STEPS, {})),
        )
        self.entry_data = EntryData(hass, entry)
        self.address, self.family = self.entry_data.address, self.entry_data.family
        self.simulation = simulation
        self.is_steered_by_bank = False
        """Whether equipment follows the bank that it belongs to."""
        self.ended = asyncio.Event()
        """Set when the entry is unloaded."""
        self.capabilities_listeners = Listeners[()](self.isolation, "new entities")
        self.log_listeners = Listeners[LoggedEvent](self.isolation, "pack log")
        self.protection_event_listeners = Listeners[ProtectionEvent](self.isolation, "protection events")
        self.pack = build_entry_pack(hass, self.entry_data, self._async_pack_changed, simulation, stored)
        self.parameters = Parameters(
            hass,
            entry_id=entry.entry_id,
            address=self.address,
            name=self.entry_data.title,
            pack=self.pack,
            options=options.get(CONF_CONTROL, {}),
            kept=stored,
            simulated=simulation is not None,
            protection=lambda: self.pipeline.protection_engine.dump(self.pipeline.clock_offset()),
        )
        self.pipeline = ReadingPipeline(
            hass,
            self.entry_data,
            self.pack,
            self.parameters,
            self.isolation,
            now=lambda: self.now,
            on_new_capabilities=self.capabilities_listeners.async_notify,
            stored=stored,
            stored_energy=stored_energy,
        )
        self.connection = PackConnection(
            hass,
            self.address,
            self.pack,
            simulation,
            name=self.entry_data.title,
            policy=ConnectionPolicy.from_options(options),
            is_busy=lambda: self.parameters.writer.is_busy,
            is_guarded=self._is_guarded,
            on_change=self.async_update_listeners,
        )
        self.connection_issues = ConnectionIssues(
            hass,
            entry.entry_id,
            self.address,
            self.pack,
            name=self.entry_data.title,
            describe=lambda: {"model": self.model, "firmware": self.identity["sw_version"] or "–"},
            has_drift=lambda: bool(self.parameters.writer.drift),
        )
        self.energy, self.time_left = self.pipeline.energy, self.pipeline.time_left
        # Plain attributes, though held elsewhere too: dozens of entities read them with every reading.
        self.protection_engine: ProtectionEngine = self.pipeline.protection_engine
        """The protections and limits; another engine once the pack turns out to be of another variant."""
        self.catalog_cache = CatalogCache(self.entry_data)
        self.catalog: Catalog | None = self.catalog_cache.catalog
        """What can be set, None as long as no session found out."""
        self.availability = Availability(
            hass,
            self.pack,
            name=self.entry_data.title,
            now=lambda: self.now,
            on_lost=self.pipeline.lose,
            on_stale=self.async_update_listeners,
        )

    @callback
    def _async_pack_changed(self, change: Change) -> None:
        """Handle what changed of the pack."""
        raise NotImplementedError

    @override
    def _apply_plan(self, plan: SocPlan) -> None:
        """Go by a plan from the next reading on."""
        self.protection_engine.plan = plan

    @override
    def demand(self) -> Demand:
        """Return what is asked of chargers and inverters now."""
        limits, mirror = self.protection_engine.limits, self.protection_engine.mirror
        if not self.is_current or self.data is None:
            return replace(NOTHING_KNOWN, charge_voltage=limits.charge_voltage)
        permissions = {Side.CHARGE: mirror.charge.answer, Side.DISCHARGE: mirror.discharge.answer}
        return demand_of(limits, permissions, self.data.voltage, (limits.charge_aim, limits.discharge_aim))

    def _is_guarded(self) -> bool:
        """Return whether what the pack does next must be seen at once.

        So it is near a protection, with a reduced limit, and while equipment follows it or its bank.
        """
        if self.is_steering or self.is_steered_by_bank:
            return True
        engine = self.protection_engine
        limited_by = {engine.limits.charge_limited_by, engine.limits.discharge_limited_by}
        return bool(engine.mirror.near) or not limited_by.isdisjoint(ProtectedQuantity)

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a reading that may be shown as current."""
        return self.pack.is_fresh(self.now)

    @override
    def is_near_limit(self, quantity: Quantity) -> bool:
        """Return whether there is a protection near that goes by this quantity."""
        return self.protection_engine.is_near(_PROTECTED_BY.get(quantity, ()))

    @property
    @override
    def is_current(self) -> bool:
        """Return whether there is a reading that chargers and inverters may go by, however long it may be shown."""
        return self.pack.is_current(self.now)

    @property
    def connection_state(self) -> ConnectionState:
        """Return the state of the connection."""
        return self.pack.connection_state(self.now)

    @property
    def permission(self) -> WritePermission:
        """Return what the user allows to write."""
        return self.parameters.writer.permission

    @property
    def identity(self) -> dict[str, str]:
        """Return who the pack is: variant, model, versions, serial number and name."""
        return self.entry_data.identity

    @property
    def model(self) -> str:
        """Return the model, which says so if it is simulated."""
        model = self.identity["model"] or self.family.name
        return (
            fill_text(self.hass, "selector.text.options.simulated_model", {"model": model})
            if self.simulation
            else model
        )

    @property
    def capabilities(self) -> Capabilities:
        """Return what the pack has been seen to have."""
        return self.entry_data.capabilities

    @property
    def usable_energy(self) -> float | None:
        """Return what the full pack holds in kWh, at the voltage that it has now."""
        reading = self.data
        capacity = None if reading is None else reading.full_capacity or reading.design_capacity
        return capacity * reading.voltage / 1000 if reading and capacity and reading.voltage else None
