"""Logbook: an entry for every change of a parameter."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_PARAMETER
from .control.validation_issue import ParameterValue
from .pack_entry.drift_issue import HIDDEN
from .texts import fill_text, find_text, format_value, parameter_name


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None]
) -> None:
    """Register how the event about a parameter is shown in the logbook."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        """Return the name of the pack and what became of its parameter, and who changed it."""
        return {LOGBOOK_ENTRY_NAME: event.data["name"], LOGBOOK_ENTRY_MESSAGE: _message(hass, event.data)}

    async_describe_event(DOMAIN, EVENT_PARAMETER, describe)


def _message(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return what became of a parameter, and who changed it."""
    outcome = data["outcome"]
    if outcome == "unknown" and data["found"] is not None:
        outcome = "undetermined"
    kind = "command" if data["command"] else "write"
    placeholders = {key: _value(hass, data[key], data["unit"]) for key in ("old", "new", "found")}
    is_switch = any(isinstance(data[key], bool) for key in ("old", "new", "found"))
    placeholders["parameter"] = parameter_name(hass, data["parameter"], is_switch=is_switch)
    message = fill_text(hass, f"selector.logbook.options.{kind}_{outcome}", placeholders)
    by = [_source(hass, data["source"])] if data["source"] else []
    by += [data["user"]] if data["user"] else []
    return f"{message} ({', '.join(by)})" if by else message


def _value(hass: HomeAssistant, value: Any, unit: str) -> str:
    """Return a value as text, with its unit."""
    if value == HIDDEN:
        return fill_text(hass, "selector.value.options.hidden", {})
    return format_value(hass, ParameterValue(value, unit))


def _source(hass: HomeAssistant, source: str) -> str:
    """Return the name of what changed a parameter: one of our actions, a kind of entity, or a repair."""
    found = (
        find_text(hass, f"selector.logbook.options.by_{source}")
        or find_text(hass, f"services.{source}.name")
        or find_text(hass, "title", source)
    )
    return found or source.replace("_", " ")
