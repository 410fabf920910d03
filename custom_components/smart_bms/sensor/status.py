"""The sensor that says the one thing that matters now about a pack, and what goes with it."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass

from ..bank.status import CODES
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import Quantity, Value
from ..protection.status_codes import StatusRank
from ..protection.status_monitor import StatusMonitor
from .connection import link_hints_of
from .description import SmartBmsSensorDescription, time_of_day

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


def _attributes(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    monitor = coordinator.status
    lost = monitor.shown is not None and monitor.shown.rank in (StatusRank.ACCESS, StatusRank.NO_DATA)
    hints = link_hints_of(coordinator) if lost else []
    return status_attributes(monitor, coordinator.now) | ({"hints": hints} if hints else {})


STATUS_DESCRIPTION: Final = SmartBmsSensorDescription(
    key=STATUS,
    translation_key=STATUS,
    quantity=Quantity.STATE,
    device_class=SensorDeviceClass.ENUM,
    options=OPTIONS,
    value_fn=lambda coordinator: status_code(coordinator.status),
    attributes_fn=_attributes,
    discrete_fn=lambda coordinator: status_identity(coordinator.status),
    explained_every=60.0,
    always=True,
)
