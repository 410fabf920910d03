"""Logbook: an entry for every change of a parameter."""

from collections.abc import Callable
from typing import Final

from homeassistant.components.logbook import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_PARAMETER
from .control.validation_issue import format_value, parameter_name

_WRITE_MESSAGES: Final = {
    "confirmed": "{parameter} changed from {old} to {new}, read back from the pack",
    "refused": "{parameter} was not changed to {new}: the pack kept {old}",
    "different": "{parameter} should change from {old} to {new}, but the pack has {found}",
    "unknown": "{parameter} was sent to change from {old} to {new}, but could not be read back; the next reading will show whether it was accepted",
    "undetermined": "{parameter} was sent to change from {old} to {new}; it shows {found} now, and whether the change was accepted is unknown",
    "not_sent": "{parameter} was not changed to {new}: an earlier change was not accepted",
    "changed_elsewhere": "{parameter} was changed from {old} to {found} by something other than Home Assistant",
}
_COMMAND_MESSAGES: Final = {
    "confirmed": "{parameter} was carried out; {found} parameters are different now",
    "refused": "{parameter} changed nothing",
    "unknown": "{parameter} was sent, but the pack could not be read back; what changed will show as changed elsewhere",
    "not_sent": "{parameter} was not sent: an earlier change was not accepted",
}


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None]
) -> None:
    """Register how the event about a parameter is shown in the logbook."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        """Return the name of the pack and what became of its parameter, and who changed it."""
        data = event.data
        outcome = data["outcome"]
        if outcome == "unknown" and data["found"] is not None:
            outcome = "undetermined"
        message = (_COMMAND_MESSAGES if data["command"] else _WRITE_MESSAGES)[outcome].format(
            parameter=parameter_name(data["parameter"]),
            **{key: f"{format_value(data[key])} {data['unit']}".rstrip() for key in ("old", "new", "found")},
        )
        by = [parameter_name(data["source"]).lower()] if data["source"] else []
        by += [data["user"]] if data["user"] else []
        if by:
            message += f" ({', '.join(by)})"
        return {LOGBOOK_ENTRY_NAME: data["name"], LOGBOOK_ENTRY_MESSAGE: message}

    async_describe_event(DOMAIN, EVENT_PARAMETER, describe)
