"""Which of the entities of a pack or bank an automation means: shared by triggers, conditions and all entities.

Nothing here may need the packs: automations are checked before the integration, or what it requires, is set up.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity

from ..const import CONF_BANK, CONF_PACKS, DOMAIN

ATTR_KIND: Final = "kind"
KINDS: Final = {
    **{key: key for key in ("charge_allowed", "discharge_allowed", "charge_current_limit", "discharge_current_limit")},
    "soc": "soc",
    # Those of the battery, not of the board.
    "temperature": "temperature",
    "lowest_temperature": "temperature",
    "highest_temperature": "temperature",
    "temperature_min": "temperature",
    "temperature_max": "temperature",
}
"""What templates look for among the entities of a device, by translation key."""


class FindableEntity(Entity):
    """An entity that a template finds by its device and its kind, also when it is renamed or unavailable.

    Templates see neither translation keys nor unique ids. Of an unavailable entity only capabilities are shown.
    """

    _unrecorded_attributes = frozenset({ATTR_KIND})

    @property
    @override
    def capability_attributes(self) -> dict[str, Any] | None:
        capabilities = super().capability_attributes
        kind = KINDS.get(self.translation_key or "")
        return capabilities if kind is None else {**(capabilities or {}), ATTR_KIND: kind}


@callback
def own_entities(hass: HomeAssistant, entities: Collection[str], translation_keys: Collection[str]) -> set[str]:
    """Return those that are ours and show one of these. For a bank that shows none of them its packs stand."""
    registry = er.async_get(hass)
    named = [entry for entity_id in entities if (entry := registry.async_get(entity_id)) and entry.platform == DOMAIN]
    found = [entry for entry in named if entry.translation_key in translation_keys]
    without = {entry.config_entry_id for entry in named} - {entry.config_entry_id for entry in found}
    found += [
        entry
        for entry in _entries_of_packs(hass, registry, without)
        if entry.translation_key in translation_keys and entry.disabled_by is None
    ]
    return {entry.entity_id for entry in found}


def _entries_of_packs(
    hass: HomeAssistant, registry: er.EntityRegistry, banks: Collection[str | None]
) -> Iterator[er.RegistryEntry]:
    """Yield the entities of the packs of those config entries that are banks."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id in banks and CONF_BANK in entry.data:
            for pack in entry.options[CONF_PACKS]:
                yield from er.async_entries_for_config_entry(registry, pack)


@callback
def device_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the device of an entity."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.device_id if entry else None
