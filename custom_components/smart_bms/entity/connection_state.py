"""How entities and cards explain the connection to a pack."""

from typing import Final

from ..bms.connection_hints import connection_hints
from ..bms.connection_state import REASONS, STEPS
from ..coordinator import SmartBmsCoordinator
from ..pack_entry import bluetooth_paths

WAITING: Final = "waiting"
"""The next try comes later, or when the pack is heard."""


def connection_step(coordinator: SmartBmsCoordinator) -> str | None:
    """Return what is being done to get data of a pack again; None while there is nothing to be done."""
    if coordinator.connection_state not in REASONS:
        return None
    state = coordinator.pack.state
    if coordinator.pack.held is not None:
        return None
    return state.value if state in STEPS else WAITING


def connection_hint_codes(coordinator: SmartBmsCoordinator) -> list[str]:
    """Return the codes of what may help to get data of the pack again."""
    state = coordinator.connection_state
    if state not in REASONS:
        return []
    signal = bluetooth_paths.signal_strength(coordinator.hass, coordinator.address)
    found = coordinator.family.connection_hints(state, signal, coordinator.identity["sw_version"])
    return [str(hint) for hint in found or connection_hints(state, signal)]
