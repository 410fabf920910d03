"""The repair issue about default passwords: one for all packs together, so that it is read, and ignored, once."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.hass_dict import HassKey

from .const import DOCUMENTATION, DOMAIN

DEFAULT_PASSWORD: Final = "default_password"  # noqa: S105
_FOUND: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}.default_passwords")
"""Family by entry id."""


@callback
def async_note_password(hass: HomeAssistant, entry_id: str, family: str, *, default: bool) -> None:
    """Note whether a pack has its default password.

    The issue is only deleted when the last such pack is gone, never to be renewed: an issue that is deleted forgets that it was
    ignored.
    """
    found = hass.data.setdefault(_FOUND, {})
    if default:
        found[entry_id] = family
    elif found.pop(entry_id, None) is None:
        return
    async_show_passwords(hass)


@callback
def async_show_passwords(hass: HomeAssistant) -> None:
    """Say which packs there are, by the names that they have now."""
    found = hass.data.get(_FOUND)
    if found is None:
        return
    if not found:
        ir.async_delete_issue(hass, DOMAIN, DEFAULT_PASSWORD)
        return
    entries = map(hass.config_entries.async_get_entry, found)
    ir.async_create_issue(
        hass,
        DOMAIN,
        DEFAULT_PASSWORD,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=DEFAULT_PASSWORD,
        translation_placeholders={"packs": ", ".join(sorted(entry.title for entry in entries if entry))},
        learn_more_url=f"{DOCUMENTATION}/{next(iter(found.values()))}.md",
    )
