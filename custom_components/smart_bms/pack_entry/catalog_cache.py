"""The catalog cache: what can be set on a pack, as it says itself or as earlier sessions found out."""

from collections.abc import Iterable
from typing import Any

from homeassistant.core import callback

from ..bms.reading import Identity
from ..bms.settings import Catalog
from ..const import CONF_CATALOG
from .entry_data import EntryData, catalog_data


class CatalogCache:
    """The catalog of one pack, stored with its entry so that entities for parameters exist before the pack is heard."""

    def __init__(self, entry_data: EntryData) -> None:
        """Restore the catalog from the data of the entry."""
        self._entry_data = entry_data
        self._firmware = tuple(entry_data.identity.get(key, "") for key in ("variant", "model", "sw_version"))
        self.catalog = self._restored()
        """What can be set, None as long as no session found out."""

    def _restored(self) -> Catalog | None:
        """Return what can be set, as far as earlier sessions found out."""
        stored = self._entry_data.get(CONF_CATALOG)
        if not stored:
            return None
        family = self._entry_data.family
        details = {key: tuple(numbers) for key, numbers in stored["details"].items()}
        known: dict[str, Any] = {**self._entry_data.identity, "max_cells": stored["max_cells"], "details": details}
        return family.catalog(Identity(family=family.key, **known), stored["keys"])

    @callback
    def async_update(self, identity: Identity, keys: Iterable[str], catalog: Catalog | None) -> bool:
        """Store which parameters the pack has stated, and take its catalog; return whether that is another one."""
        self._entry_data.async_store(CONF_CATALOG, catalog_data(identity, self._known_keys(identity, keys)))
        if catalog == self.catalog:
            return False
        self.catalog = catalog
        return True

    def _known_keys(self, identity: Identity, keys: Iterable[str]) -> set[str]:
        """Return the parameters stated now or before by this firmware: an answer that was lost takes away no entity."""
        firmware = (identity.variant, identity.model, identity.sw_version)
        same, self._firmware = firmware == self._firmware, firmware
        stored = self._entry_data.get(CONF_CATALOG)
        return {*keys, *(stored["keys"] if stored and same else ())}
