"""System health: how many packs there are, how they are reached, and what was written, for the system information page."""

from collections import Counter
from typing import Any, cast

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .bank_entry.membership import is_bank
from .bms.connection_state import CONNECTED, HOLDS, ConnectionState
from .const import DOMAIN
from .control.write_log import WriteOutcome
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from .pack_entry import bluetooth_paths


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the callback that tells the numbers."""
    register.async_register_info(_async_info, "/config/integrations/integration/smart_bms")


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return numbers about adapters, packs, frames and writes."""
    entries = hass.config_entries.async_loaded_entries(DOMAIN)
    packs = [cast(SmartBmsConfigEntry, entry).runtime_data for entry in entries if not is_bank(entry)]
    states = Counter(_state(pack) for pack in packs)
    outcomes = Counter(record.outcome for pack in packs for record in pack.parameters.writer.write_log.records)
    frames = [pack.pack.frames_per_minute(pack.now) for pack in packs]
    failed = {WriteOutcome.REFUSED, WriteOutcome.DIFFERENT, WriteOutcome.UNKNOWN, WriteOutcome.NOT_SENT}
    return {
        "adapters": bluetooth_paths.count_adapters(hass),
        "slots": "{} / {}".format(*bluetooth_paths.count_slots()),
        "packs": len(packs),
        "connected": states["connected"],
        "waiting": states["waiting"],
        "released": states["released"],
        "lost": states["lost"],
        "simulated": sum(pack.simulation is not None for pack in packs),
        "banks": len(entries) - len(packs),
        "frames_per_minute": round(sum(frame or 0 for frame in frames)),
        "writes": outcomes[WriteOutcome.CONFIRMED],
        "writes_failed": sum(outcomes[outcome] for outcome in failed),
    }


def _state(pack: SmartBmsCoordinator) -> str:
    """Return in which of four groups a pack is."""
    state = pack.connection_state
    if state in CONNECTED:
        return "connected"
    if state is ConnectionState.WAITING_FOR_TURN:
        return "waiting"
    return "released" if state in HOLDS else "lost"
