"""What a bank knows of one of its packs."""

from ..bank.member import BankMember, MemberLimits
from ..bms.chemistry import stated
from ..coordinator import SmartBmsCoordinator
from ..protection.relays import Tristate
from ..protection.shown_stage import shown_stage


def member_of(key: str, coordinator: SmartBmsCoordinator) -> BankMember:
    """Return what a bank knows of a pack."""
    protection_engine, limits = coordinator.protection_engine, coordinator.protection_engine.limits
    fresh = coordinator.available
    current = coordinator.is_current
    return BankMember(
        key=key,
        name=coordinator.config_entry.title,
        reading=coordinator.data if fresh else None,
        age=coordinator.pack.age(coordinator.now),
        charge=protection_engine.mirror.charge.answer if current else Tristate.UNKNOWN,
        discharge=protection_engine.mirror.discharge.answer if current else Tristate.UNKNOWN,
        limits=MemberLimits(
            charge_voltage=limits.charge_voltage,
            charge_current=limits.charge_current,
            discharge_current=limits.discharge_current,
            charge_limited_by=limits.charge_limited_by,
            discharge_limited_by=limits.discharge_limited_by,
            voltage_limited_by=limits.voltage_limited_by,
        ),
        energy_totals=coordinator.energy.counter.total,
        chemistry=chemistry_of(coordinator),
        stage=_stage(coordinator) if fresh else None,
        days_since_full=coordinator.energy.days_since_full,
        status=coordinator.status.shown,
    )


def _stage(coordinator: SmartBmsCoordinator) -> str | None:
    """Return the stage of charging of a pack, as its sensor shows it."""
    shown = shown_stage(coordinator.data, coordinator.protection_engine.limits) if coordinator.data else None
    return None if shown is None else shown.stage


def chemistry_of(coordinator: SmartBmsCoordinator) -> str | None:
    """Return the chemistry that a pack states, in its readings, its parameters or as who it is."""
    reading, settings = coordinator.data, coordinator.pack.current_settings
    identity = coordinator.pack.last_identity
    return stated(
        reading.details if reading else {},
        settings.values if settings else {},
        identity.details if identity else {},
    )
