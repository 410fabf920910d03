"""Happenings: what an automation may want to hear of, with all particulars."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .mismatch import Mismatch
from .monitor import ProtectionMonitor, ProtectionState

type Particular = str | float | bool | None


class ProtectionEventType(StrEnum):
    """What happened."""

    PENDING = "pending"
    TRIPPED = "tripped"
    RELEASED = "released"
    DISAGREEMENT = "disagreement"
    AGREEMENT = "agreement"
    ALARM_RAISED = "alarm_raised"
    ALARM_CLEARED = "alarm_cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionEvent:
    """Something that happened, at a reading."""

    kind: ProtectionEventType
    at: float
    """Monotonic time of the reading in s."""
    protection: str
    """The protection, or the alarm."""
    particulars: Mapping[str, Particular]


def of_track(track: ProtectionMonitor, before: ProtectionState, now: float) -> ProtectionEvent:
    """Return what the new state of a protection means."""
    state, rule = track.state, track.rule
    kind = {
        ProtectionState.PENDING: ProtectionEventType.PENDING,
        ProtectionState.TRIPPED: ProtectionEventType.TRIPPED,
    }.get(state, ProtectionEventType.RELEASED)
    if before is ProtectionState.TRIPPED and state is ProtectionState.PENDING:
        kind = ProtectionEventType.RELEASED
    ends_at = track.release_at
    told: dict[str, Particular] = {
        "value": track.value,
        "limit": track.limit,
        "release": track.release,
        "unit": rule.quantity.unit,
        "blocks": ", ".join(sorted(rule.blocks)) or None,
        "seconds_left": track.time_left(now),
        "released_after": None if ends_at is None else round(ends_at - now, 1),
        "pack_said_so": track.adopted or None,
    }
    return ProtectionEvent(kind=kind, at=now, protection=rule.protection, particulars=_told(told))


def of_alarm(kind: ProtectionEventType, alarm: Alarm, reading: Reading, now: float) -> ProtectionEvent:
    """Return that the pack raised or cleared an alarm, with what its cells are like."""
    told: dict[str, Particular] = {
        "severity": alarm.severity.value,
        "cell_voltage_max": reading.cell_voltage_max,
        "cell_max_number": reading.cell_max_number,
        "cell_voltage_min": reading.cell_voltage_min,
        "cell_min_number": reading.cell_min_number,
        "current": reading.current,
        "soc": reading.soc,
    }
    return ProtectionEvent(kind=kind, at=now, protection=alarm.value, particulars=_told(told))


def of_disagreement(found: Mismatch, now: float, *, begins: bool) -> ProtectionEvent:
    """Return that mirror and pack see something differently, or no longer."""
    told: dict[str, Particular] = {
        "mirror": found.mirror,
        "pack": found.pack,
        "value": found.value,
        "limit": found.limit,
        "release": found.release,
        "unit": found.unit,
        "seconds": round(now - found.since, 1),
    }
    kind = ProtectionEventType.DISAGREEMENT if begins else ProtectionEventType.AGREEMENT
    return ProtectionEvent(kind=kind, at=now, protection=found.key, particulars=_told(told))


def _told(particulars: Mapping[str, Particular]) -> dict[str, Particular]:
    return {key: value for key, value in particulars.items() if value is not None}
