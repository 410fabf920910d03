"""Repair issues of the integration."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.smart_bms.const import DOMAIN


def issues(hass: HomeAssistant) -> list[str | None]:
    """Return the translation keys of our repair issues."""
    return [issue.translation_key for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]
