"""Diagnostics: what support needs to see, without what identifies the user."""

from dataclasses import asdict
from typing import Any, Final, cast

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.membership import is_bank
from .bms.reading import reading_values
from .control.writer import ParameterWriter
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from .entity.steering import target_rows
from .protection.engine import ProtectionEngine

_RECORD_VALUES: Final = ("old", "new", "found")

TO_REDACT: Final = {
    CONF_ADDRESS,
    "discovery_keys",
    "serial_number",
    "password",
    "barcode",
    "board_serial_number",
    "name",
    "title",
    "unique_id",
    "user_data",
    "user_data_2",
    "user",
    "user_id",
}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: SmartBmsConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of a pack or a bank, also of one that was never connected."""
    if is_bank(entry):
        bank: BankCoordinator | None = getattr(entry, "runtime_data", None)
        return {
            "entry": async_redact_data(entry.as_dict(), TO_REDACT),
            "bank": _bank(cast(BankConfigEntry, entry)),
            "equipment": _equipment(bank),
        }
    coordinator: SmartBmsCoordinator | None = getattr(entry, "runtime_data", None)
    return {
        "entry": async_redact_data(entry.as_dict(), TO_REDACT),
        "pack": _pack(coordinator) if coordinator else None,
        "equipment": _equipment(coordinator),
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: SmartBmsConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return the diagnostics of a device: those of its entry, which has no other."""
    return {
        "device": {"model": device.model, "hw_version": device.hw_version, "sw_version": device.sw_version},
        **await async_get_config_entry_diagnostics(hass, entry),
    }


def _equipment(battery: SmartBmsCoordinator | BankCoordinator | None) -> dict[str, Any] | None:
    """Return how the equipment of a pack or bank stands, and what was written to it; None if there is none."""
    equipment = battery.equipment if battery else None
    if equipment is None or not equipment.options.targets:
        return None
    return {
        "on": equipment.is_on,
        "state": equipment.state,
        "writes_today": equipment.steering.writes_today,
        "targets": target_rows(equipment),
        "written": [record.as_dict() for record in equipment.write_log.records],
    }


def _bank(entry: BankConfigEntry) -> dict[str, Any] | None:
    """Return the diagnostics of a bank, with its packs by number: their names are their owner's."""
    coordinator: BankCoordinator | None = getattr(entry, "runtime_data", None)
    if coordinator is None:
        return None
    numbers = {pack.config_entry.title: f"pack {number}" for number, pack in enumerate(coordinator.coordinators(), 1)}
    bank = coordinator.data
    return {
        "topology": [len(string) for string in coordinator.topology],
        "counted": bank.active_strings,
        "left_out": [(numbers.get(name, "pack"), why) for name, why in bank.left_out],
        "age": bank.age,
        "voltage": bank.voltage,
        "current": bank.current,
        "soc": bank.soc,
        "capacity": bank.capacity,
        "charge": bank.charge,
        "discharge": bank.discharge,
        "limits": asdict(bank.limits),
        "shares": [share._asdict() | {"packs": number} for number, share in enumerate(bank.shares, 1)],
        "energy": coordinator.count.total.as_dict(),
    }


def _pack(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return the diagnostics of a pack."""
    pack, now = coordinator.pack, coordinator.now
    error = pack.last_error
    return {
        "simulated": coordinator.simulation is not None,
        "learnt": {key: value for key, value in pack.context.learned.items() if key not in TO_REDACT},
        "link": {
            "state": coordinator.connection_state,
            # The message of an error may name the pack; its reason does not.
            "last_error": error.reason if error else None,
            "sessions": pack.sessions,
            "age": pack.age(now),
            "frames_per_minute": pack.frames_per_minute(now),
            "quality": pack.connection_quality(now),
            "worst_hour": _worst_hour(pack.worst_hour(now)),
            "dropped": dict(pack.dropped),
            "withheld": dict(pack.trust.withheld),
            "doubt": pack.trust.doubt,
        },
        "failed_followers": {name: asdict(failure) for name, failure in coordinator.isolation.failures.items()},
        "reading": reading_values(pack.last_reading) if pack.last_reading else None,
        "settings": async_redact_data(dict(pack.last_settings.values), TO_REDACT) if pack.last_settings else None,
        "control": _control(coordinator.parameters.writer),
        "protection": _protection(coordinator.protection_engine),
        "current_sense": asdict(coordinator.pipeline.current_correction),
        "energy": {"counter": coordinator.energy.counter.dump(), "statistics": coordinator.energy.statistics.dump()},
        "identity_details": async_redact_data(dict(pack.last_identity.details), TO_REDACT)
        if pack.last_identity
        else None,
        "frames": [{"age": round(now - at, 2), "hex": frame.hex()} for at, frame in pack.frames],
    }


def _worst_hour(found: tuple[int, int] | None) -> dict[str, int] | None:
    """Return how many hours ago the worst hour was, and its connection quality in %."""
    return None if found is None else {"hours_ago": found[0], "percent": found[1]}


def _protection(protection_engine: ProtectionEngine) -> dict[str, Any]:
    """Return the state of the protections, and the limits."""
    mirror = protection_engine.mirror
    return {
        "charge": asdict(mirror.charge),
        "discharge": asdict(mirror.discharge),
        "protections": {
            monitor.rule.protection: {
                "state": monitor.state,
                "value": monitor.value,
                "limit": monitor.limit,
                "release": monitor.release,
                "delay": monitor.delay,
            }
            for monitor in mirror.active
        },
        "disagreements": [asdict(mismatch) for mismatch in mirror.mismatches],
        "refused_readings": mirror.refused,
        "limits": asdict(protection_engine.limits),
        "options": asdict(protection_engine.options),
    }


def _control(writer: ParameterWriter) -> dict[str, Any]:
    """Return what the user allows, the write log, and which parameters were changed elsewhere."""
    records = [
        record.as_dict() | (dict.fromkeys(_RECORD_VALUES, REDACTED) if record.parameter in TO_REDACT else {})
        for record in writer.write_log.records
    ]
    return {
        "permission": asdict(writer.permission),
        "changes": async_redact_data(records, TO_REDACT),
        "drift": sorted(writer.drift),
    }
