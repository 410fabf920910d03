"""The state and the attributes of the status sensors of packs and banks."""

from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..bank.status import CODES
from ..pack_entry.publishing import Value
from ..protection.status_monitor import StatusMonitor

STATUS: Final = "status"
OPTIONS: Final = list(CODES)
_ATTRIBUTES: Final = ("about", "cell", "probe", "value", "limit", "release", "unit", "current_limit", "pack")


def status_code(monitor: StatusMonitor) -> Value:
    """Return the code of the status; None while there is none."""
    return None if monitor.shown is None else monitor.shown.code


def status_identity(monitor: StatusMonitor) -> Any:
    """Return the part of the status whose change is published at once: not its numbers, once they are known."""
    shown = monitor.shown
    return None if shown is None else (shown.code, shown.about, shown.pack, shown.limit is None)


def status_attributes(monitor: StatusMonitor, now: float) -> dict[str, Any]:
    """Return the attributes at a monotonic time in s: numbers, since when, until when, and other status codes."""
    shown = monitor.shown
    if shown is None:
        return {}
    attributes = {key: getattr(shown, key) for key in _ATTRIBUTES} | {
        "since": time_of_day(now, shown.since),
        "until": None if shown.seconds is None else time_of_day(now, now + shown.seconds),
        "also": list(dict.fromkeys(status.code for status in monitor.also)),
    }
    return {key: value for key, value in attributes.items() if value not in (None, "", [])}


def time_of_day(now: float, at: float | None) -> str | None:
    """Return a monotonic time in s as UTC, ISO 8601; `now` is the present monotonic time."""
    if at is None:
        return None
    ago = now - at
    return dt_util.utc_from_timestamp(round(dt_util.utcnow().timestamp() - ago)).isoformat()
