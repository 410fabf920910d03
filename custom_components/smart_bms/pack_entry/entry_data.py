"""The data of a pack's config entry: what adding it and its sessions found out, so that entities exist before it is heard."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback

from ..bms.families import FAMILIES
from ..bms.reading import Identity, Reading
from ..bms.settings import Settings
from ..bms.stored_values import sort_out
from ..const import CONF_FAMILY, CONF_FEATURES, CONF_IDENTITY, CONF_LEARNED
from .capabilities import Capabilities

_IDENTITY_KEYS: Final = ("variant", "model", "hw_version", "sw_version", "serial_number", "name")


def identity_data(identity: Identity) -> dict[str, str]:
    """Return the part of an identity that is stored with the entry."""
    return {key: getattr(identity, key) for key in _IDENTITY_KEYS}


def catalog_data(identity: Identity, keys: Iterable[str]) -> dict[str, Any]:
    """Return what is stored with the entry to know what can be set before the pack is heard."""
    lists = {key: list(detail) for key, detail in identity.details.items() if isinstance(detail, tuple)}
    return {"keys": sorted(keys), "max_cells": identity.max_cells, "details": lists}


class EntryData:
    """Reads and writes the data of one pack's config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Read what is stored with `entry`."""
        self._hass, self._entry = hass, entry
        self.entry_id = entry.entry_id
        self.address: str = entry.data[CONF_ADDRESS]
        self.family = FAMILIES[entry.data[CONF_FAMILY]]
        self.identity: dict[str, str] = dict(entry.data[CONF_IDENTITY])
        self.capabilities = Capabilities.from_dict(entry.data[CONF_FEATURES])

    @property
    def variant(self) -> str:
        """Return the variant of the pack in its family."""
        return self.identity["variant"]

    def title(self) -> str:
        """Return the name of the pack, which users change."""
        return self._entry.title

    @property
    def options(self) -> Mapping[str, Any]:
        """Return the options of the entry."""
        return self._entry.options

    @property
    def password(self) -> str | None:
        """Return the password of the pack, None without one."""
        return self._entry.data.get(CONF_PASSWORD)

    def learned(self) -> dict[str, Any]:
        """Return what adding the pack found out, for its first session."""
        found, _ = sort_out(self._entry.data.get(CONF_LEARNED, {}), self.family.stored_checks)
        return deepcopy(found)

    def get(self, key: str) -> Any:
        """Return what is stored under a key, None if nothing is."""
        return self._entry.data.get(key)

    @callback
    def async_store(self, key: str, value: Any) -> None:
        """Store a value with the entry, unless it is stored already."""
        if value != self._entry.data.get(key):
            self._update({**self._entry.data, key: value})

    @callback
    def async_update_identity(self, identity: Identity) -> bool:
        """Store who the pack is; return whether that is news."""
        stated = identity_data(identity)
        if stated["variant"] == self.identity.get("variant"):
            # What was not stated this time is what it was.
            stated = {key: value or self.identity.get(key, "") for key, value in stated.items()}
        if stated == self.identity:
            return False
        self.identity = stated
        self.async_store(CONF_IDENTITY, stated)
        return True

    @callback
    def async_update_capabilities(self, reading: Reading, settings: Settings | None) -> bool:
        """Store what a reading and the parameters show the pack to have; return whether that is more than was known."""
        found = self.capabilities.merged(Capabilities.of(reading, settings))
        if found == self.capabilities:
            return False
        self.capabilities = found
        self.async_store(CONF_FEATURES, found.as_dict())
        return True

    @callback
    def async_forget_password(self) -> None:
        """Remove the password, so that no restart tries it again."""
        self._update({key: value for key, value in self._entry.data.items() if key != CONF_PASSWORD})

    def _update(self, data: dict[str, Any]) -> None:
        """Replace the data of the entry."""
        self._hass.config_entries.async_update_entry(self._entry, data=data)
