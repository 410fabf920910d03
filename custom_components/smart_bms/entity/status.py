"""How entities of packs and banks show the one thing that matters now."""

from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..bank.status import CODES
from ..pack_entry.publishing import Value
from ..protection.status_monitor import StatusMonitor

STATUS: Final = "status"
OPTIONS: Final = list(CODES)
_TOLD: Final = ("about", "cell", "probe", "value", "limit", "release", "unit", "current_limit", "pack")


def status_code(monitor: StatusMonitor) -> Value:
    """Return what is shown; None while nothing was judged."""
    return None if monitor.shown is None else monitor.shown.code


def status_identity(monitor: StatusMonitor) -> Any:
    """Return the part of the status whose change is news: its numbers are not, once they are there."""
    shown = monitor.shown
    return None if shown is None else (shown.code, shown.about, shown.pack, shown.limit is None)


def status_attributes(monitor: StatusMonitor, now: float) -> dict[str, Any]:
    """Return what goes with the status at a monotonic time in s: its numbers, since when, until when, what else holds."""
    shown = monitor.shown
    if shown is None:
        return {}
    told = {key: getattr(shown, key) for key in _TOLD} | {
        "since": time_of_day(now, shown.since),
        "until": None if shown.seconds is None else time_of_day(now, now + shown.seconds),
        "also": list(dict.fromkeys(status.code for status in monitor.also)),
    }
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def time_of_day(now: float, at: float | None) -> str | None:
    """Return a time of the readings as time of day; `now` is the present one."""
    if at is None:
        return None
    ago = now - at
    return dt_util.utc_from_timestamp(round(dt_util.utcnow().timestamp() - ago)).isoformat()
