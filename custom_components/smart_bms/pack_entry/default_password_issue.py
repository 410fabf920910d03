"""The repair issue about default passwords: one for all packs together, so that it is read, and ignored, once."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_DEFAULT_PASSWORD, CONF_FAMILY, DOCUMENTATION, DOMAIN

DEFAULT_PASSWORD: Final = "default_password"  # noqa: S105


@callback
def async_note_password(hass: HomeAssistant, entry_id: str, *, default: bool) -> None:
    """Note whether a pack has its default password; it is kept with the entry, so that a pack that is away still counts.

    The issue is only deleted when the last such pack is gone: an issue that is deleted forgets that it was ignored.
    """
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        return
    if default is not entry.data.get(CONF_DEFAULT_PASSWORD, False):
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_DEFAULT_PASSWORD: default})
    async_show_passwords(hass)


@callback
def async_show_passwords(hass: HomeAssistant, *, without: str | None = None) -> None:
    """Say which packs there are, by the names that they have now; `without` is an entry that is being removed."""
    found = [entry for entry in _entries(hass) if entry.entry_id != without]
    if not found:
        ir.async_delete_issue(hass, DOMAIN, DEFAULT_PASSWORD)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        DEFAULT_PASSWORD,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=DEFAULT_PASSWORD,
        translation_placeholders={"packs": ", ".join(sorted(entry.title for entry in found))},
        learn_more_url=f"{DOCUMENTATION}/{found[0].data[CONF_FAMILY]}.md",
    )


def _entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of packs that had their default password when they were last heard."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if entry.data.get(CONF_DEFAULT_PASSWORD)
    ]
