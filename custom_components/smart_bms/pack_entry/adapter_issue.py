"""The repair issue about a Home Assistant that cannot connect to anything: one for all packs together."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_FAMILY, CONF_SIMULATED, DOCUMENTATION, DOMAIN
from . import bluetooth_paths

NO_ADAPTER: Final = "no_adapter"


@callback
def async_update_adapter_issue(hass: HomeAssistant, *, lasts: bool = False, without: str | None = None) -> None:
    """Create or delete the issue, with the packs' present names.

    `lasts`: a pack has been out of reach for so long that it is time to ask; before, an issue only goes. `without` is an entry that is removed.
    """
    names = [
        entry.title
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if CONF_FAMILY in entry.data and CONF_SIMULATED not in entry.data and entry.entry_id != without
    ]
    if not names or bluetooth_paths.count_adapters(hass):
        ir.async_delete_issue(hass, DOMAIN, NO_ADAPTER)
    elif lasts:
        ir.async_create_issue(
            hass,
            DOMAIN,
            NO_ADAPTER,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=NO_ADAPTER,
            translation_placeholders={"packs": ", ".join(sorted(names))},
            learn_more_url=f"{DOCUMENTATION}/troubleshooting.md#no-adapter",
        )
