"""The repair issue about parameters that were changed outside Home Assistant."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..bms.settings import Catalog, SettingValue
from ..const import DOMAIN
from ..control.baseline import Difference
from ..control.validation_issue import with_unit
from ..texts import fill_text, format_value, parameter_name

HIDDEN: Final = "(hidden)"
"""In events, in place of a personal value: users who are no administrators can see them."""


def drift_issue_id(entry_id: str) -> str:
    """Return the id of the issue of an entry."""
    return f"drift_{entry_id}"


@callback
def async_create_drift_issue(
    hass: HomeAssistant, entry_id: str, name: str, drift: Mapping[str, Difference], catalog: Catalog | None
) -> None:
    """Create or update the issue of a pack. `drift` has the intended and the present values."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        drift_issue_id(entry_id),
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="drift",
        translation_placeholders={"name": name, "changes": describe_drift(hass, drift, catalog)},
        data={"entry_id": entry_id},
    )


@callback
def async_delete_drift_issue(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the issue of an entry."""
    ir.async_delete_issue(hass, DOMAIN, drift_issue_id(entry_id))


def describe_drift(
    hass: HomeAssistant, drift: Mapping[str, Difference], catalog: Catalog | None, *, to_administrator: bool = False
) -> str:
    """Return a line for each change. Every user can list issues; personal values are for administrators."""
    settings = catalog.settings if catalog else {}

    def describe_values(key: str, intended: SettingValue, found: SettingValue) -> str:
        """Return both values of a parameter with their unit."""
        setting = settings.get(key)
        if not to_administrator and (setting is None or setting.personal):
            return fill_text(hass, "selector.value.options.hidden", {})
        intended_text, found_text = (format_value(hass, with_unit(value, setting)) for value in (intended, found))
        return f"{intended_text} → {found_text}"

    return "\n".join(
        f"- {parameter_name(hass, key, is_switch=isinstance(values[0], bool))}: {describe_values(key, *values)}"
        for key, values in drift.items()
    )
