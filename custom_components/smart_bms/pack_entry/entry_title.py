"""The title of an entry: a new one's; later it follows the name of its device, and issues follow the title."""

from collections.abc import Collection
from typing import Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..bms.reading import Identity
from ..const import DOMAIN
from .default_password_issue import async_update_default_password_issue

_TITLE_PLACEHOLDERS: Final = ("name", "bank")
"""Placeholders of issues that hold the title of the entry; the issue's id holds the entry's."""


def new_title(name: str, address: str, identity: Identity, taken: Collection[str]) -> str:
    """Return `name`; with a part of the address if another entry has that title, or if it is that of the pack's model."""
    if name in taken or name.replace("_", "-").upper() == identity.model.replace("_", "-").upper():
        return f"{name} {address[-5:]}"
    return name


@callback
def async_listen_for_renames(hass: HomeAssistant) -> None:
    """Listen for renamed devices and entries, for as long as Home Assistant runs."""

    @callback
    def device_updated(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        """Rename the entry of a device that the user renamed."""
        if event.data["action"] == "update" and "name_by_user" in (changes := event.data["changes"]):
            _async_rename_entry(hass, event.data["device_id"], changes["name_by_user"])

    @callback
    def entry_changed(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Rename an entry in the issues about it."""
        if entry.domain == DOMAIN and change is ConfigEntryChange.UPDATED:
            _async_rename_issues(hass, entry)
            async_update_default_password_issue(hass)

    hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, device_updated)
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)


@callback
def _async_rename_entry(hass: HomeAssistant, device_id: str, before: str | None) -> None:
    """Give the entry the device's new name, unless the user renamed the entry itself. `before` is the old name."""
    device = dr.async_get(hass).async_get(device_id)
    if device is None:
        return
    entry = hass.config_entries.async_get_entry(device.config_entry_id)
    if entry is not None and entry.domain == DOMAIN and entry.title == (before or device.name):
        hass.config_entries.async_update_entry(entry, title=device.name_by_user or device.name or entry.title)


@callback
def _async_rename_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Put the title of an entry into the issues about it; an issue that was ignored stays so."""
    registry = ir.async_get(hass)
    for (domain, issue_id), issue in list(registry.issues.items()):
        placeholders = issue.translation_placeholders
        if domain != DOMAIN or entry.entry_id not in issue_id or not placeholders or not issue.severity:
            continue
        renamed = {key: entry.title if key in _TITLE_PLACEHOLDERS else text for key, text in placeholders.items()}
        if renamed == placeholders:
            continue
        ir.async_create_issue(
            hass,
            domain,
            issue_id,
            data=issue.data,
            is_fixable=bool(issue.is_fixable),
            is_persistent=issue.is_persistent,
            learn_more_url=issue.learn_more_url,
            severity=issue.severity,
            translation_key=issue.translation_key or "",
            translation_placeholders=renamed,
        )
