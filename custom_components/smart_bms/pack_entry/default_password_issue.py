"""The repair issue about default passwords: one for all packs together, so that the user can ignore it once."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_DEFAULT_PASSWORD, CONF_FAMILY, DOCUMENTATION, DOMAIN

DEFAULT_PASSWORD: Final = "default_password"  # noqa: S105


@callback
def async_set_default_password(hass: HomeAssistant, entry_id: str, *, default: bool) -> None:
    """Store in its entry whether a pack has its default password, and update the issue.

    A pack out of reach still counts. The issue is only deleted when no such pack is left, because Home Assistant
    forgets that a deleted issue was ignored.
    """
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        return
    if default is not entry.data.get(CONF_DEFAULT_PASSWORD, False):
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_DEFAULT_PASSWORD: default})
    async_update_default_password_issue(hass)


@callback
def async_update_default_password_issue(hass: HomeAssistant, *, without: str | None = None) -> None:
    """Create, update or delete the issue, with the packs' present names. `without` is an entry that is removed."""
    entries = [entry for entry in _entries(hass) if entry.entry_id != without]
    if not entries:
        ir.async_delete_issue(hass, DOMAIN, DEFAULT_PASSWORD)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        DEFAULT_PASSWORD,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=DEFAULT_PASSWORD,
        translation_placeholders={"packs": ", ".join(sorted(entry.title for entry in entries))},
        learn_more_url=f"{DOCUMENTATION}/{entries[0].data[CONF_FAMILY]}.md",
    )


def _entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of packs that had their default password when they were last connected."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if entry.data.get(CONF_DEFAULT_PASSWORD)
    ]
