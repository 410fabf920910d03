"""A bank as its cards are sent it."""

from homeassistant.config_entries import ConfigEntryState

from ..bank.member import INCOMPLETE, STALE
from ..bank_entry.coordinator import BankCoordinator
from ..coordinator import SmartBmsCoordinator
from ..protection.relays import Tristate
from ..protection.status_codes import HELD_BACK
from .messages import BankData, BankInfo, BankMemberData, Direction, Energy, Reason, Status
from .pack_data import cell_limits, energy_data
from .parts import device_id_of, entities_of, rounded, status_data, statuses

_ANSWERS = {Tristate.YES: True, Tristate.NO: False, Tristate.UNKNOWN: None}


def bank_info(coordinator: BankCoordinator) -> BankInfo:
    """Return what rarely changes of a bank."""
    entry = coordinator.config_entry
    return BankInfo(
        kind="bank",
        entry_id=entry.entry_id,
        device_id=device_id_of(coordinator.hass, entry.entry_id),
        name=entry.title,
        strings=len(coordinator.topology),
        in_series=len(coordinator.topology[0]),
        capacity=rounded(coordinator.data.capacity, 1),
        entities=entities_of(coordinator.hass, entry.entry_id, entry.entry_id),
    )


def bank_data(coordinator: BankCoordinator) -> BankData:
    """Return everything a card shows of a bank."""
    bank, now = coordinator.data, coordinator.now
    status, also = statuses(coordinator.status, now)
    return BankData(
        fresh=coordinator.available,
        age=rounded(bank.age, 1),
        soc=rounded(bank.soc, 1),
        voltage=rounded(bank.voltage, 2),
        current=rounded(bank.current, 2),
        power=rounded(bank.power, 1),
        remaining=rounded(bank.remaining, 1),
        stored_energy=rounded(bank.stored_energy, 0),
        charge=_direction(coordinator, charge=True, found=(status, *also)),
        discharge=_direction(coordinator, charge=False, found=(status, *also)),
        charge_voltage_limit=rounded(bank.limits.charge_voltage, 2),
        status=status,
        also=also,
        members=_members(coordinator),
        energy=_energy(coordinator),
    )


def _direction(coordinator: BankCoordinator, *, charge: bool, found: tuple[Status, ...]) -> Direction:
    """Return what may flow in one direction."""
    bank = coordinator.data
    limits = bank.limits
    verb = "charging" if charge else "discharging"
    held_back = any(item["code"].startswith(verb) and item["code"] in HELD_BACK.values() for item in found)
    flows = None if bank.current is None else max(0.0, bank.current if charge else -bank.current)
    side = "charge" if charge else "discharge"
    reasons = [Reason(code=why, about=name, numbers={}) for name, why in bank.left_out if why.startswith(side)]
    return Direction(
        allowed=_ANSWERS[bank.charge if charge else bank.discharge],
        switched_on=None,
        reasons=reasons,
        current=rounded(flows, 1),
        limit=rounded(limits.charge_current if charge else limits.discharge_current, 1),
        full_limit=None,
        limited_by=limits.charge_limited_by if charge else limits.discharge_limited_by,
        held_back=held_back,
    )


def _members(coordinator: BankCoordinator) -> list[BankMemberData]:
    """Return the packs of a bank in their order."""
    hass, bank = coordinator.hass, coordinator.data
    loaded = {item.config_entry.entry_id: item for item in coordinator.coordinators()}
    left_out = dict(reversed(bank.left_out))
    shares = {share.packs: share for share in bank.shares}
    found: list[BankMemberData] = []
    for key in coordinator.packs:
        entry = hass.config_entries.async_get_entry(key)
        if entry is None:
            continue
        pack: SmartBmsCoordinator | None = loaded.get(key) if entry.state is ConfigEntryState.LOADED else None
        reading = pack.data if pack is not None and pack.available else None
        share = shares.get(entry.title)
        shown = pack.status.shown if pack is not None else None
        found.append(
            BankMemberData(
                entry_id=key,
                name=entry.title,
                counted=left_out.get(entry.title) not in (STALE, INCOMPLETE),
                why_left_out=left_out.get(entry.title),
                soc=rounded(reading.soc, 1) if reading else None,
                current=rounded(reading.current, 1) if reading else None,
                power=rounded(reading.power, 0) if reading else None,
                share=rounded(share.share, 3) if share else None,
                fair_share=rounded(share.expected, 3) if share else None,
                lowest=rounded(reading.cell_voltage_min, 3) if reading else None,
                highest=rounded(reading.cell_voltage_max, 3) if reading else None,
                cell_limits=cell_limits(pack) if pack is not None else None,
                cell_difference=rounded(reading.cell_voltage_delta, 3) if reading else None,
                status=None if pack is None or shown is None else status_data(shown, pack.now),
            )
        )
    return found


def _energy(coordinator: BankCoordinator) -> Energy | None:
    """Return what the packs of a bank have counted together today, and the bank's totals."""
    total = coordinator.file.saved_total
    packs = [found for pack in coordinator.coordinators() if (found := energy_data(pack)) is not None]
    return Energy(
        charged=round(total.charged),
        discharged=round(total.discharged),
        charged_today=sum(item["charged_today"] for item in packs),
        discharged_today=sum(item["discharged_today"] for item in packs),
        efficiency=None,
        full_cycles=None,
    )
