"""The coordinator of a bank: merges its packs into one battery every two seconds."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..bank.compatibility import LastingIncompatibility
from ..bank.current_imbalance import CurrentImbalance
from ..bank.energy import BankEnergyTotals
from ..bank.limiter import BankLimiter
from ..bank.member import BankMember, MemberLimits
from ..bank.merge import Bank, BankTopology, merge, split_into_strings
from ..bank.soc_window import within_window
from ..bank.stage import bank_stage
from ..bank.status import ORDER, bank_statuses
from ..bank.weakest import counted_cause
from ..bms.reading import Reading
from ..bms.time_left import TimeLeft
from ..const import CONF_PACKS, CONF_STRINGS, DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import DEFAULT_POLICIES, Quantity
from ..pack_entry.push_coordinator import PushCoordinator
from ..protection.charge_stages import ChargeStage
from ..protection.limited_time import LimitedTime
from ..protection.rules import Side
from ..protection.soc_plan import SocPlan, SocWindow
from ..protection.status import PackStatus
from ..steering.demand import NOTHING_KNOWN, Demand, demand_of
from ..storage.energy_store import EnergyStore
from .member import member_of
from .membership import bank_issue_id

_LOGGER: Final = logging.getLogger(__name__)
_UPDATE_INTERVAL: Final = timedelta(seconds=2)

_LONGEST_GAP: Final = 30.0
"""s between two updates after which nothing was known."""

type BankConfigEntry = ConfigEntry[BankCoordinator]


def bank_reading(bank: Bank, now: float) -> Reading:
    """Return the charge and current of a bank as a reading of one battery."""
    return Reading(
        measured_at=now, current=bank.current, remaining_capacity=bank.remaining, full_capacity=bank.capacity
    )


class BankCoordinator(PushCoordinator[Bank]):
    """Holds what the packs of a bank amount to."""

    config_entry: BankConfigEntry

    def __init__(self, hass: HomeAssistant, entry: BankConfigEntry, stored_energy: Mapping[str, Any] | None) -> None:
        """`stored_energy` is what the file of the bank holds, None without one."""
        super().__init__(hass, _LOGGER, entry, DEFAULT_POLICIES, ORDER)
        config = entry.options
        self.packs: tuple[str, ...] = tuple(config[CONF_PACKS])
        self.topology: BankTopology = split_into_strings(self.packs, config[CONF_STRINGS])
        self.count = BankEnergyTotals()
        self.count.restore(stored_energy or {})
        self.count.forget(set(self.packs))
        self.file = EnergyStore(
            hass,
            entry.entry_id,
            self.count.dump,
            self.count.total,
            lambda content: content.get("total"),
            stored_energy,
        )
        self.uneven = CurrentImbalance()
        self.apart = LastingIncompatibility()
        self._limiter = BankLimiter()
        self._window = SocWindow()
        self._window.plan = self.plan
        self.limited_time = LimitedTime()
        self.time_left = TimeLeft()
        self.charge_stage: str | None = None
        self._merged_at = float("-inf")
        self.data = self._merge()
        self._update_status()

    @callback
    def async_start(self) -> None:
        """Begin to merge the packs."""
        entry, hass = self.config_entry, self.hass
        entry.async_on_unload(
            async_track_time_interval(hass, self._async_update, _UPDATE_INTERVAL, cancel_on_shutdown=True)
        )
        entry.async_on_unload(hass.async_add_shutdown_job(HassJob(self.file.async_schedule_save)))
        entry.async_on_unload(lambda: self._mark_packs(False))
        if all(hass.config_entries.async_get_entry(key) is not None for key in self.packs):
            ir.async_delete_issue(hass, DOMAIN, bank_issue_id(entry.entry_id))

    @property
    @override
    def available(self) -> bool:
        """Return whether at least one string counts."""
        return self.data.active_strings > 0

    @override
    def composition(self) -> Hashable:
        """Return how many strings are counted: the bank of other packs is news whatever its values do."""
        return self.data.active_strings

    @override
    def is_near_limit(self, quantity: Quantity) -> bool:
        """Return whether one of the packs has a protection near that goes by this quantity."""
        return any(pack.is_near_limit(quantity) for pack in self.coordinators())

    @property
    def usable_energy(self) -> float | None:
        """Return what the full bank holds in kWh, at the voltage that it has now."""
        bank = self.data
        return bank.capacity * bank.voltage / 1000 if bank.capacity and bank.voltage else None

    @property
    def time_to_chosen_soc(self) -> float | None:
        """Return the seconds until the chosen state of charge is reached; None while the charge does not move towards it."""
        return self.time_left.to(self.plan.chosen, bank_reading(self.data, self.now))

    def coordinators(self) -> Iterator[SmartBmsCoordinator]:
        """Yield the packs that are set up, in their order."""
        for key in self.packs:
            entry = self.hass.config_entries.async_get_entry(key)
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                yield entry.runtime_data

    @callback
    def _async_update(self, _: Any) -> None:
        """Update the bank, its energy and its entities."""
        step = self.isolation.call
        step("packs", self._mark_packs, self.is_steering, default=None)
        bank = step("merge", self._merge, default=None)
        if bank is None:
            # What was merged before grows old: nobody may go by it for long.
            self.async_update_listeners()
            return
        step("uneven current", self.uneven.update, bank, self.now, default=None)
        step("incompatibility", self.apart.update, bank.apart, self.now, default=None)
        step("energy", self._count_energy, default=None)
        self.async_set_updated_data(bank)

    def _mark_packs(self, is_steered: bool) -> None:
        """Tell the packs whether equipment follows them: it needs their data."""
        for pack in self.coordinators():
            pack.is_steered_by_bank = is_steered

    def _count_energy(self) -> None:
        """Count the energy of the packs, and save it if it is time."""
        self.count.update(
            {member.key: member.energy_totals for member in self._members() if member.energy_totals is not None}
        )
        self.file.async_save_if_due(self.now)

    @override
    def _update_status(self) -> PackStatus:
        """Judge what matters most now, and return it."""
        found = bank_statuses(self.data, list(self._members()), uneven=self.uneven.is_imbalanced)
        return self.status.update(found, self.now)

    def _merge(self) -> Bank:
        """Return what the packs amount to, with the limits that they share."""
        members = list(self._members())
        bank = merge(members, self.topology, self.uneven.shares, self.apart.confirmed)
        # A pack that is away for long must not keep the others full.
        known = [member.days_since_full for member in members if member.days_since_full is not None]
        floats = self.charge_stage == ChargeStage.FLOAT
        self._window.update(bank.soc, max(known, default=None), floats=floats)
        limits = self._limiter.update(
            within_window(bank.limits, self._window),
            self.now,
            strings=max(1, bank.active_strings),
            cells=max(1, bank.cells),
        )
        self._merged_at = self.now
        self.charge_stage = bank_stage([member.stage for member in members], bank.current)
        self._follow_time(bank, limits, members)
        return replace(bank, limits=limits)

    def _follow_time(self, bank: Bank, limits: MemberLimits, members: Sequence[BankMember]) -> None:
        """Add up for how long what limits the currents, and average the current for what is left of the charge."""
        limited_by = {
            Side.CHARGE: counted_cause(limits.charge_limited_by, members, charge=True),
            Side.DISCHARGE: counted_cause(limits.discharge_limited_by, members, charge=False),
        }
        self.limited_time.update_day(dt_util.now().date())
        self.limited_time.update(self.now, limited_by, _LONGEST_GAP)
        self.time_left.follow(bank_reading(bank, self.now))

    @override
    def demand(self) -> Demand:
        """Return what is asked of chargers and inverters now."""
        bank = self.data
        if not self.available or self.now - self._merged_at > _LONGEST_GAP:
            return NOTHING_KNOWN
        permissions = {Side.CHARGE: bank.charge, Side.DISCHARGE: bank.discharge}
        return demand_of(bank.limits, permissions, bank.voltage)

    @override
    def _apply_plan(self, plan: SocPlan) -> None:
        """Go by a plan from now on."""
        self._window.plan = plan

    def _members(self) -> Iterator[BankMember]:
        """Yield what is known of each pack, also of those that are not set up."""
        loaded = {coordinator.config_entry.entry_id: coordinator for coordinator in self.coordinators()}
        for key in self.packs:
            entry = self.hass.config_entries.async_get_entry(key)
            if key in loaded:
                yield member_of(key, loaded[key])
            elif entry is not None:
                yield BankMember(key=key, name=entry.title, reading=None)
