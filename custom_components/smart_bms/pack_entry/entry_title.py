"""Names: the title of a new entry; later it follows its device when the user renames that, and repairs follow it."""

from collections.abc import Collection
from typing import Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..bms.reading import Identity
from ..const import DOMAIN
from .default_password_issue import async_show_passwords

_NAMES: Final = ("name", "bank")
"""Placeholders of issues that are the title of the entry whose id is in the issue's."""


def new_title(name: str, address: str, identity: Identity, taken: Collection[str]) -> str:
    """Return `name`; with a part of the address if another entry has that title, or if it is that of the pack's model."""
    if name in taken or name.replace("_", "-").upper() == identity.model.replace("_", "-").upper():
        return f"{name} {address[-5:]}"
    return name


@callback
def async_follow_names(hass: HomeAssistant) -> None:
    """Follow new names for as long as Home Assistant runs."""

    @callback
    def device_updated(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if event.data["action"] == "update" and "name_by_user" in (changes := event.data["changes"]):
            _async_follow_device(hass, event.data["device_id"], changes["name_by_user"])

    @callback
    def entry_changed(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and change is ConfigEntryChange.UPDATED:
            _async_rename_issues(hass, entry)
            async_show_passwords(hass)

    hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, device_updated)
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)


@callback
def _async_follow_device(hass: HomeAssistant, device_id: str, before: str | None) -> None:
    """Give the entry the device's new name, unless the user gave the entry a name of its own."""
    device = dr.async_get(hass).async_get(device_id)
    if device is None:
        return
    entry = hass.config_entries.async_get_entry(device.config_entry_id)
    if entry is not None and entry.domain == DOMAIN and entry.title == (before or device.name):
        hass.config_entries.async_update_entry(entry, title=device.name_by_user or device.name or entry.title)


@callback
def _async_rename_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let issues about an entry say its title; an issue with the same id stays ignored if it was."""
    registry = ir.async_get(hass)
    for (domain, issue_id), issue in list(registry.issues.items()):
        told = issue.translation_placeholders
        if domain != DOMAIN or entry.entry_id not in issue_id or not told or not issue.severity:
            continue
        named = {key: entry.title if key in _NAMES else text for key, text in told.items()}
        if named == told:
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
            translation_placeholders=named,
        )
