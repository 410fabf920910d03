"""What the coordinators of packs and banks have in common: data that is pushed, filtered when published, with one status."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
import logging
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import CONF_SOC_PLAN
from ..equipment.controller import EquipmentController
from ..protection.soc_plan import SocPlan
from ..protection.status import PackStatus
from ..protection.status_codes import StatusRank
from ..protection.status_monitor import StatusMonitor
from ..steering.demand import Demand
from .error_isolation import ErrorIsolation
from .publishing import PublishFilter, PublishGroup, PublishGroups, PublishPolicy, Quantity


class PushCoordinator[T](DataUpdateCoordinator[T]):
    """A coordinator that fetches nothing, and whose entities and status cannot take the news from each other."""

    def __init__(
        self,
        hass: HomeAssistant,
        logger: logging.Logger,
        entry: ConfigEntry[Any],
        policies: Mapping[Quantity, PublishPolicy],
        status_order: Sequence[StatusRank] = tuple(StatusRank),
    ) -> None:
        """`policies`: when values are published; `status_order`: ranks of the status, what matters most first."""
        super().__init__(hass, logger, config_entry=entry, name=entry.title, update_interval=None)
        self.isolation = ErrorIsolation(lambda: entry.title)
        self.status = StatusMonitor(status_order)
        """The one thing that matters now, and what else holds."""
        self.equipment: EquipmentController | None = None
        """What steers the chargers and inverters of this pack or bank."""
        self._status_order = status_order
        self._policies = policies
        self._groups = PublishGroups()
        self._era: tuple[bool, bool, Hashable] | None = None

    @property
    def plan(self) -> SocPlan:
        """Return how full and how empty the owner wants it."""
        entry = self.config_entry
        return SocPlan.of(entry.options.get(CONF_SOC_PLAN, {}) if entry else {})

    @callback
    def async_change_plan(self, **changes: float) -> None:
        """Store changes of the plan, by the names of its fields, and go by it from now on."""
        plan = replace(self.plan, **changes)
        if (entry := self.config_entry) is not None:
            options = {**entry.options, CONF_SOC_PLAN: plan.as_dict()}
            self.hass.config_entries.async_update_entry(entry, options=options)
        self._apply_plan(plan)
        self.async_update_listeners()

    def demand(self) -> Demand:
        """Return what is asked of chargers and inverters now."""
        raise NotImplementedError

    @property
    def is_steering(self) -> bool:
        """Whether equipment follows it now."""
        return self.equipment is not None and self.equipment.is_on

    def _apply_plan(self, plan: SocPlan) -> None:
        """Go by a plan from now on."""
        raise NotImplementedError

    @override
    async def _async_update_data(self) -> T:
        """Return what there is: it is pushed, there is nothing to fetch."""
        return self.data

    @property
    def available(self) -> bool:
        """Return whether there is data that may be shown as current."""
        raise NotImplementedError

    @property
    def is_current(self) -> bool:
        """Return whether chargers and inverters may go by the data."""
        return self.available

    def composition(self) -> Hashable:
        """Return what the data is made of: a value of another composition is published at once."""
        return None

    @property
    def era(self) -> tuple[bool, bool, Hashable]:
        """Return whether data is shown, whether it may be acted on, and what it is made of: judged once with every update."""
        if self._era is None:
            self._era = self._judge_era()
        return self._era

    def _judge_era(self) -> tuple[bool, bool, Hashable]:
        """Return the era that begins now, or goes on."""
        available = self.available
        return available, available and self.is_current, self.composition()

    @property
    def shown_available(self) -> bool:
        """Return whether entities show data as current."""
        return self.era[0]

    def is_near_limit(self, quantity: Quantity) -> bool:
        """Return whether there is a protection near that goes by this quantity."""
        raise NotImplementedError

    @property
    def now(self) -> float:
        """Return the monotonic time in s by which ages are judged."""
        return self.hass.loop.time()

    def publish_filter(self, quantity: Quantity) -> PublishFilter:
        """Return a new filter for a value of this quantity."""
        return PublishFilter(self._policies[quantity], partial(self.is_near_limit, quantity))

    def group(self, quantity: Quantity) -> PublishGroup | None:
        """Return what a value of this quantity is published together with, if with anything."""
        return self._groups.of(quantity)

    def _update_status(self) -> PackStatus:
        """Judge what matters most now, and return it."""
        raise NotImplementedError

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Judge the status and update every entity; one that fails keeps its value, and the others are updated."""
        if self.isolation.call("status", self._update_status, default=None) is None:
            # What was judged before may no longer be right.
            self.status = StatusMonitor(self._status_order)
        era = self._judge_era()
        same_era = era == self._era
        if not same_era:
            self._era = era
        for update, context in list(self._listeners.values()):
            # A group tells its members of news itself, below.
            if same_era and isinstance(context, PublishGroup):
                continue
            self._call(update)
        if same_era and era[0]:
            for group in self._groups:
                group.follow(self.data, self.now)
                for member in group.with_news():
                    self._call(member.tell)

        if self.equipment is not None:
            self.isolation.call("equipment", self.equipment.async_look, default=None)

    def _call(self, update: Callable[[], None]) -> None:
        """Update one entity; one that fails keeps its value."""
        try:
            update()
        except Exception as error:  # noqa: BLE001
            self.isolation.failed(_listener_name(update), error)


def _listener_name(update: Callable[[], None]) -> str:
    """Return under which name failures of a listener are remembered: an entity by its key."""
    description = getattr(getattr(update, "__self__", None), "entity_description", None)
    return f"entity {description.key}" if description else "listener"
