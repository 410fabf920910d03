"""The coordinator of a bank: looks at its packs every two seconds and makes one battery of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from ..bank.compatibility import LastingIncompatibility
from ..bank.current_imbalance import CurrentImbalance
from ..bank.energy import BankEnergyTotals
from ..bank.limiter import BankLimiter
from ..bank.member import BankMember, MemberLimits
from ..bank.merge import Bank, Topology, merge, split
from ..bank.status import ORDER, ranked_bank
from ..bms.chemistry import stated
from ..const import CONF_BANK, CONF_PACKS, CONF_STRINGS, DOCUMENTATION, DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import DEFAULT_POLICIES
from ..pack_entry.push_coordinator import PushCoordinator
from ..protection.relays import Tristate
from ..protection.status import PackStatus
from ..storage.energy_store import EnergyStore

_LOGGER: Final = logging.getLogger(__name__)
_LOOK_EVERY: Final = timedelta(seconds=2)

type BankConfigEntry = ConfigEntry[BankCoordinator]


def is_bank(entry: ConfigEntry[Any]) -> bool:
    """Tell whether an entry is a bank and not a pack."""
    return CONF_BANK in entry.data


def banks_with(hass: HomeAssistant, entry_id: str) -> list[BankConfigEntry]:
    """Return the banks that a pack belongs to."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if is_bank(entry) and entry_id in entry.options[CONF_PACKS]
    ]


def bank_issue(entry_id: str) -> str:
    """Return the id of the issue about a bank that lost a pack it cannot be without."""
    return f"bank_member_removed_{entry_id}"


@callback
def async_pack_removed(hass: HomeAssistant, removed: ConfigEntry[Any]) -> None:
    """Take a pack out of its banks. One with packs in series cannot be without it: its owner is told."""
    for bank in banks_with(hass, removed.entry_id):
        config = bank.options
        left = [key for key in config[CONF_PACKS] if key != removed.entry_id]
        if len(config[CONF_PACKS]) == config[CONF_STRINGS] and left:
            options = {CONF_PACKS: left, CONF_STRINGS: len(left)}
            hass.config_entries.async_update_entry(bank, options=options)
            hass.config_entries.async_schedule_reload(bank.entry_id)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            bank_issue(bank.entry_id),
            is_fixable=False,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="bank_member_removed",
            translation_placeholders={"bank": bank.title, "pack": removed.title},
            learn_more_url=f"{DOCUMENTATION}/banks.md",
        )


class BankCoordinator(PushCoordinator[Bank]):
    """Holds what the packs of a bank amount to."""

    config_entry: BankConfigEntry

    def __init__(self, hass: HomeAssistant, entry: BankConfigEntry, stored_energy: Mapping[str, Any] | None) -> None:
        """`stored_energy` is what the file of the bank holds, None without one."""
        super().__init__(hass, _LOGGER, entry, DEFAULT_POLICIES, ORDER)
        config = entry.options
        self.packs: tuple[str, ...] = tuple(config[CONF_PACKS])
        self.topology: Topology = split(self.packs, config[CONF_STRINGS])
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
        self.data = self._merge()
        self._update_status()

    @callback
    def async_start(self) -> None:
        """Begin to look at the packs."""
        entry, hass = self.config_entry, self.hass
        entry.async_on_unload(async_track_time_interval(hass, self._async_look, _LOOK_EVERY, cancel_on_shutdown=True))
        entry.async_on_unload(hass.async_add_shutdown_job(HassJob(self.file.async_keep)))
        if all(hass.config_entries.async_get_entry(key) is not None for key in self.packs):
            ir.async_delete_issue(hass, DOMAIN, bank_issue(entry.entry_id))

    @callback
    def async_link_devices(self) -> None:
        """Show the packs as connected through the bank."""
        devices = dr.async_get(self.hass)
        bank = devices.async_get_device_by_identifier((DOMAIN, self.config_entry.entry_id), self.config_entry.entry_id)
        if bank is None:
            return
        ours = {device.id for device in self._pack_devices()}
        for entry in self.hass.config_entries.async_entries(DOMAIN):
            for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
                if device.id in ours:
                    devices.async_update_device(device.id, via_device_id=bank.id)
                elif device.via_device_id == bank.id:
                    devices.async_update_device(device.id, via_device_id=None)

    def _pack_devices(self) -> Iterator[dr.DeviceEntry]:
        devices = dr.async_get(self.hass)
        for key in self.packs:
            yield from dr.async_entries_for_config_entry(devices, key)

    @property
    def available(self) -> bool:
        """Tell whether at least one string counts."""
        return self.data.counted > 0

    @property
    def usable_energy(self) -> float | None:
        """Return what the full bank holds in kWh, at the voltage that it has now."""
        bank = self.data
        return bank.capacity * bank.voltage / 1000 if bank.capacity and bank.voltage else None

    def coordinators(self) -> Iterator[SmartBmsCoordinator]:
        """Yield the packs that are set up, in their order."""
        for key in self.packs:
            entry = self.hass.config_entries.async_get_entry(key)
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                yield entry.runtime_data

    @callback
    def _async_look(self, _: Any) -> None:
        bank = self._merge()
        self.uneven.update(bank, self.now)
        self.apart.update(bank.apart, self.now)
        self.count.update({member.key: member.counted for member in self._members() if member.counted is not None})
        self.file.async_grown(self.now)
        self.async_set_updated_data(bank)

    @override
    def _update_status(self) -> PackStatus:
        """Judge what matters most now, and return it."""
        found = ranked_bank(self.data, list(self._members()), uneven=self.uneven.judged)
        return self.status.update(found, self.now)

    def _merge(self) -> Bank:
        bank = merge(list(self._members()), self.topology, self.uneven.shares, self.apart.judged)
        limits = self._limiter.follow(bank.limits, self.now, strings=max(1, bank.counted), cells=max(1, bank.cells))
        return replace(bank, limits=limits)

    def _members(self) -> Iterator[BankMember]:
        loaded = {coordinator.config_entry.entry_id: coordinator for coordinator in self.coordinators()}
        for key in self.packs:
            entry = self.hass.config_entries.async_get_entry(key)
            if key in loaded:
                yield member_of(key, loaded[key])
            elif entry is not None:
                yield BankMember(key=key, name=entry.title, reading=None)


def member_of(key: str, coordinator: SmartBmsCoordinator) -> BankMember:
    """Return what a bank knows of a pack."""
    protection_engine, limits = coordinator.protection_engine, coordinator.protection_engine.limits
    fresh = coordinator.available
    return BankMember(
        key=key,
        name=coordinator.config_entry.title,
        reading=coordinator.data if fresh else None,
        age=coordinator.pack.age(coordinator.now),
        charge=protection_engine.mirror.charge.answer if fresh else Tristate.UNKNOWN,
        discharge=protection_engine.mirror.discharge.answer if fresh else Tristate.UNKNOWN,
        limits=MemberLimits(
            charge_voltage=limits.charge_voltage,
            charge_current=limits.charge_current,
            discharge_current=limits.discharge_current,
            charge_limited_by=limits.charge_limited_by,
            discharge_limited_by=limits.discharge_limited_by,
        ),
        counted=coordinator.energy.counter.total,
        chemistry=chemistry_of(coordinator),
        status=coordinator.status.shown,
    )


def chemistry_of(coordinator: SmartBmsCoordinator) -> str | None:
    """Return the chemistry that a pack states, in its readings, its parameters or as who it is."""
    reading, settings = coordinator.data, coordinator.pack.current_settings
    identity = coordinator.pack.last_identity
    return stated(
        reading.details if reading else {},
        settings.values if settings else {},
        identity.details if identity else {},
    )
