"""Which of the entities that an automation names are ours: shared by triggers and conditions.

Nothing here may need the packs: automations are checked before the integration, or what it requires, is set up.
"""

from collections.abc import Collection

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


@callback
def own_entities(hass: HomeAssistant, entities: Collection[str], translation_keys: Collection[str]) -> set[str]:
    """Return those that are ours and show one of these."""
    registry = er.async_get(hass)
    found = set()
    for entity_id in entities:
        entry = registry.async_get(entity_id)
        if entry is not None and entry.platform == DOMAIN and entry.translation_key in translation_keys:
            found.add(entity_id)
    return found


@callback
def device_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the device of an entity."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.device_id if entry else None
