"""All repair issues of a pack together."""

from homeassistant.core import HomeAssistant, callback

from .adapter_issue import async_update_adapter_issue
from .connection_issues import async_delete_connection_issues
from .default_password_issue import async_update_default_password_issue
from .drift_issue import async_delete_drift_issue
from .wiring_issue import async_delete_wiring_issues


@callback
def async_delete_pack_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the issues of a pack that is removed or disabled."""
    async_delete_connection_issues(hass, entry_id)
    async_delete_drift_issue(hass, entry_id)
    async_delete_wiring_issues(hass, entry_id)
    async_update_default_password_issue(hass, without=entry_id)
    async_update_adapter_issue(hass, without=entry_id)
