"""Protection events: what an automation may want to be triggered by, with all particulars."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .mismatch import Mismatch
from .monitor import ProtectionMonitor, ProtectionState

type EventDetail = str | float | bool | None


class ProtectionEventType(StrEnum):
    """What happened."""

    PENDING = "pending"
    TRIPPED = "tripped"
    RELEASED = "released"
    MISMATCH = "disagreement"
    AGREEMENT = "agreement"
    ALARM_RAISED = "alarm_raised"
    ALARM_CLEARED = "alarm_cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionEvent:
    """Something that happened between a reading and the one before."""

    kind: ProtectionEventType
    at: float
    """Monotonic time of the reading in s."""
    protection: str
    """The protection, or the alarm."""
    details: Mapping[str, EventDetail]


def of_monitor(monitor: ProtectionMonitor, before: ProtectionState, now: float) -> ProtectionEvent:
    """Return the event that a protection has changed its state."""
    state, rule = monitor.state, monitor.rule
    kind = {
        ProtectionState.PENDING: ProtectionEventType.PENDING,
        ProtectionState.TRIPPED: ProtectionEventType.TRIPPED,
    }.get(state, ProtectionEventType.RELEASED)
    if before is ProtectionState.TRIPPED and state is ProtectionState.PENDING:
        kind = ProtectionEventType.RELEASED
    ends_at = monitor.release_at
    details: dict[str, EventDetail] = {
        "value": monitor.value,
        "limit": monitor.limit,
        "release": monitor.release,
        "unit": rule.quantity.unit,
        "blocks": ", ".join(sorted(rule.blocks)) or None,
        "seconds_left": monitor.time_left(now),
        "released_after": None if ends_at is None else round(ends_at - now, 1),
        "pack_said_so": monitor.adopted or None,
    }
    return ProtectionEvent(kind=kind, at=now, protection=rule.protection, details=_without_none(details))


def of_alarm(kind: ProtectionEventType, alarm: Alarm, reading: Reading, now: float) -> ProtectionEvent:
    """Return the event that the pack raised or cleared an alarm, with its highest and lowest cell."""
    details: dict[str, EventDetail] = {
        "severity": alarm.severity.value,
        "cell_voltage_max": reading.cell_voltage_max,
        "cell_max_number": reading.cell_max_number,
        "cell_voltage_min": reading.cell_voltage_min,
        "cell_min_number": reading.cell_min_number,
        "current": reading.current,
        "soc": reading.soc,
    }
    return ProtectionEvent(kind=kind, at=now, protection=alarm.value, details=_without_none(details))


def of_mismatch(found: Mismatch, now: float, *, begins: bool) -> ProtectionEvent:
    """Return the event that mirror and pack see something differently, or no longer."""
    details: dict[str, EventDetail] = {
        "mirror": found.mirror,
        "pack": found.pack,
        "value": found.value,
        "limit": found.limit,
        "release": found.release,
        "unit": found.unit,
        "seconds": round(now - found.since, 1),
    }
    kind = ProtectionEventType.MISMATCH if begins else ProtectionEventType.AGREEMENT
    return ProtectionEvent(kind=kind, at=now, protection=found.key, details=_without_none(details))


def _without_none(details: Mapping[str, EventDetail]) -> dict[str, EventDetail]:
    return {key: value for key, value in details.items() if value is not None}
