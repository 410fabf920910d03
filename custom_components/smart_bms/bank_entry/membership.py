"""Which packs belong to which bank, and what becomes of a bank when one of them is removed."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_BANK, CONF_PACKS, CONF_STRINGS, DOCUMENTATION, DOMAIN


def is_bank(entry: ConfigEntry[Any]) -> bool:
    """Return whether an entry is a bank and not a pack."""
    return CONF_BANK in entry.data


def banks_with(hass: HomeAssistant, entry_id: str) -> list[ConfigEntry[Any]]:
    """Return the banks that a pack belongs to."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if is_bank(entry) and entry_id in entry.options[CONF_PACKS]
    ]


def bank_issue_id(entry_id: str) -> str:
    """Return the id of the issue about a bank that lost a pack it cannot be without."""
    return f"bank_member_removed_{entry_id}"


@callback
def async_pack_removed(hass: HomeAssistant, removed: ConfigEntry[Any]) -> None:
    """Remove a pack from its banks. One with packs in series cannot be without it: an issue says so."""
    for bank in banks_with(hass, removed.entry_id):
        config = bank.options
        left = [key for key in config[CONF_PACKS] if key != removed.entry_id]
        if len(config[CONF_PACKS]) == config[CONF_STRINGS] and left:
            options = {**config, CONF_PACKS: left, CONF_STRINGS: len(left)}
            hass.config_entries.async_update_entry(bank, options=options)
            hass.config_entries.async_schedule_reload(bank.entry_id)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            bank_issue_id(bank.entry_id),
            is_fixable=False,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="bank_member_removed",
            translation_placeholders={"bank": bank.title, "pack": removed.title},
            learn_more_url=f"{DOCUMENTATION}/banks.md",
        )
