"""The repair issues about a pack's connection: another integration, a second client, no free slot, pairing."""

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_MAC
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from ..bms.connection_hints import WEAK
from ..bms.connection_state import ConnectionState
from ..bms.pack import Pack
from ..const import DOCUMENTATION, DOMAIN
from . import bluetooth_paths
from .adapter_issue import async_update_adapter_issue

_SEARCH_INTERVAL: Final = 300.0
"""s between two searches for another integration, which look at all entries and devices."""
_KINDS: Final = (dr.CONNECTION_BLUETOOTH, dr.CONNECTION_NETWORK_MAC)
_LASTING: Final = 600.0
"""s for which a pack must be out of reach, or without a slot, before somebody is asked to do something."""
_REFUSED_FOR: Final = 120.0
"""The same for a pack that is heard and lets nobody connect."""
_PAIRING_FOR: Final = 30.0
"""The same for one that wants to be paired: with and without a bond have been tried by then."""
_UNREADABLE: Final = frozenset({ConnectionState.SILENT, ConnectionState.IMPLAUSIBLE})
"""States of a pack whose data, if there is any, cannot be understood."""
_NO_DATA: Final = re.compile(r"unanswered|unasked|defect|\w+_unread")
"""Reasons to count a frame as dropped that do not mean that data arrived which made no sense."""
_MIN_DROPPED: Final = 10
"""Frames that were not understood, before the firmware is suspected: a few are broken on the air."""
_PASSIVE: Final = frozenset({DOMAIN, "bluetooth", "bluetooth_adapters", "esphome", "ibeacon", "private_ble_device"})
"""Integrations that know a pack by its address and do not connect to it."""
OTHER_INTEGRATION: Final = "other_integration"
SECOND_CLIENT: Final = "second_client"
NO_FREE_SLOT: Final = "no_free_slot"
PAIRING: Final = "pairing"
BOND_LOST: Final = "bond_lost"
UNSUPPORTED_FIRMWARE: Final = "unsupported_firmware"
CONNECTION_ISSUES: Final = (
    OTHER_INTEGRATION,
    SECOND_CLIENT,
    NO_FREE_SLOT,
    PAIRING,
    BOND_LOST,
    UNSUPPORTED_FIRMWARE,
)
_PAGES: Final = {UNSUPPORTED_FIRMWARE: "troubleshooting.md#unsupported-firmware"}
"""Where to read more; elsewhere than in the page on reliability."""


def connection_issue_id(entry_id: str, kind: str) -> str:
    """Return the id of an issue of an entry."""
    return f"{kind}_{entry_id}"


@callback
def async_delete_connection_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Delete all issues of an entry."""
    for kind in CONNECTION_ISSUES:
        ir.async_delete_issue(hass, DOMAIN, connection_issue_id(entry_id, kind))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Since when nothing that a pack sends makes sense, and how much had made none by then."""

    at: float
    dropped: int


@dataclass(slots=True)
class _Since:
    """Since when a pack has been in a state, as far as that matters here."""

    state: ConnectionState
    at: float


class ConnectionIssues:
    """Follows the connection of one pack, and creates and deletes the issues about it."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        entry_id: str,
        address: str,
        pack: Pack,
        *,
        name: Callable[[], str],
        describe: Callable[[], dict[str, str]],
        has_drift: Callable[[], bool],
    ) -> None:
        """`name` returns the pack's name, which users change; `describe` its `model` and `firmware`; `has_drift` whether somebody else changed parameters."""
        self._hass, self._entry_id, self._address, self._pack = hass, entry_id, address, pack
        self._name, self._describe, self._has_drift = name, describe, has_drift
        self._since: _Since | None = None
        self._unreadable: _Unreadable | None = None
        self._searched_at = float("-inf")
        self._signal: int | None = None
        """In dBm, when the pack was last heard."""

    @callback
    def async_update(self, now: float) -> None:
        """Check at a monotonic time in s; to be called every few seconds."""
        state = self._pack.connection_state(now)
        if self._since is None or self._since.state is not state:
            self._since = _Since(state, now)
        self._signal = bluetooth_paths.signal_strength(self._hass, self._address) or self._signal
        lasts = now - self._since.at
        unreached = state is ConnectionState.NO_CONNECTABLE_PATH and lasts >= _REFUSED_FOR
        async_update_adapter_issue(self._hass, lasts=unreached)
        if now - self._searched_at >= _SEARCH_INTERVAL:
            self._searched_at = now
            other = self._other_integration()
            self._set(OTHER_INTEGRATION, other is not None, integration=other or "")
        self._set(SECOND_CLIENT, self._is_taken(state, lasts))
        full = state is ConnectionState.NO_FREE_SLOT and lasts >= _LASTING
        self._set(NO_FREE_SLOT, full, adapters=str(self._pack.last_error or ""))
        pairs = state is ConnectionState.PAIRING_NEEDED and lasts >= _PAIRING_FOR
        adapter = bluetooth_paths.best_path(self._hass, self._address) if pairs else None
        texts = {"adapter": adapter[0] if adapter else "–"}
        kind = "proxy" if adapter and not adapter[1] else "adapter"
        self._set(BOND_LOST, pairs and self._pack.was_bonded, **texts)
        self._set(PAIRING, pairs and not self._pack.was_bonded, text=f"{PAIRING}_{kind}", **texts)

        self._set(UNSUPPORTED_FIRMWARE, self._is_unreadable(state, now), **self._describe())

    def _is_unreadable(self, state: ConnectionState, now: float) -> bool:
        """Return whether the pack sends data for long, and none that can be understood."""
        if state not in _UNREADABLE:
            self._unreadable = None
            return False
        dropped = sum(count for reason, count in self._pack.dropped.items() if not _NO_DATA.fullmatch(reason))
        if self._unreadable is None:
            self._unreadable = _Unreadable(now, dropped)
        return now - self._unreadable.at >= _LASTING and dropped - self._unreadable.dropped >= _MIN_DROPPED

    def _is_taken(self, state: ConnectionState, lasts: float) -> bool:
        """Return whether another client is probably connected to the pack."""
        if not self._pack.sessions or not bluetooth_paths.count_adapters(self._hass):
            return False
        strong = self._signal is not None and self._signal >= WEAK
        unheard = state is ConnectionState.NO_CONNECTABLE_PATH and strong
        needed = _REFUSED_FOR if self._has_drift() else _LASTING
        return (unheard and lasts >= needed) or (state is ConnectionState.CONNECT_FAILED and lasts >= _REFUSED_FOR)

    def _other_integration(self) -> str | None:
        """Return the domain of another integration that is set up for the same pack, None if there is none."""
        for entry in self._hass.config_entries.async_entries(include_disabled=False):
            if entry.domain not in _PASSIVE and (self._names_pack(entry) or self._has_device(entry)):
                return entry.domain
        return None

    def _names_pack(self, entry: ConfigEntry) -> bool:
        """Return whether an entry names the address of the pack."""
        named = (entry.unique_id, entry.data.get(CONF_ADDRESS), entry.data.get(CONF_MAC))
        return any(isinstance(value, str) and value.upper() == self._address for value in named)

    def _has_device(self, entry: ConfigEntry) -> bool:
        """Return whether a device of an entry has the address of the pack."""
        return any(
            kind in _KINDS and value.upper() == self._address
            for device in dr.async_entries_for_config_entry(dr.async_get(self._hass), entry.entry_id)
            for kind, value in device.connections
        )

    def _set(self, kind: str, holds: bool, *, text: str = "", **placeholders: str) -> None:
        """Create or delete an issue."""
        issue = connection_issue_id(self._entry_id, kind)
        if not holds:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=text or kind,
            translation_placeholders={"name": self._name(), **placeholders},
            learn_more_url=f"{DOCUMENTATION}/{_PAGES.get(kind, 'reliability.md')}",
        )
