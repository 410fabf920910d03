"""A pack as Home Assistant reaches it: over its Bluetooth, or simulated."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..bms.advertisement import Advertisement
from ..bms.families import Family
from ..bms.pack import Change, Pack
from ..bms.session_context import SessionContext
from ..const import CONF_PACK, CONF_POLL_INTERVAL, CONF_POLLING
from ..storage.pack_store import LEARNED
from . import bluetooth_paths
from .entry_data import EntryData
from .simulated import Simulation


def build_pack(  # noqa: PLR0913
    hass: HomeAssistant,
    family: Family,
    name: str,
    address: str,
    *,
    listener: Callable[[Change], None] = lambda _: None,
    simulation: Simulation | None = None,
    heard: Advertisement | None = None,
    password: str | None = None,
    interval: float = 0.0,
    options: Mapping[str, Any] | None = None,
    learned: dict[str, Any] | None = None,
) -> Pack:
    """Return a pack that is not connected yet.

    `heard` stands for its advertisement as long as nothing newer is heard; `interval`, `options` and `learned` are those of
    SessionContext, which says what they mean.
    """
    context = SessionContext(
        address=address,
        password=password,
        interval=interval,
        clock=dt_util.now,
        options=options or {},
        learned={} if learned is None else learned,
        advertisement=(
            simulation.advertisement
            if simulation
            else lambda: bluetooth_paths.last_advertisement(hass, address) or heard
        ),
        is_weak=lambda: simulation is None and bluetooth_paths.is_weak(hass, address),
        client_class=simulation.client_class if simulation else None,
    )
    find_device = simulation.find_device if simulation else lambda: bluetooth_paths.find_device(hass, address)
    return Pack(family, name, find_device, listener, context=context)


def build_entry_pack(
    hass: HomeAssistant,
    entry_data: EntryData,
    listener: Callable[[Change], None],
    simulation: Simulation | None,
    stored: Mapping[str, Any] | None,
) -> Pack:
    """Return the pack of a config entry, not connected yet; `stored` is what the store of the pack holds."""
    options = entry_data.options
    return build_pack(
        hass,
        entry_data.family,
        entry_data.title(),
        entry_data.address,
        listener=listener,
        simulation=simulation,
        password=entry_data.password,
        interval=options.get(CONF_POLLING, {}).get(CONF_POLL_INTERVAL, 0.0),
        options=options.get(CONF_PACK, {}),
        learned=entry_data.learned() | dict((stored or {}).get(LEARNED, {})),
    )
