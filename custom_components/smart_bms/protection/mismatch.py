"""Mismatch: mirror and pack see the same thing differently, for longer than both may need to notice it.

What the pack reports and the mirror cannot see (a short circuit, a broken MOSFET) is no mismatch, and neither is a warning,
whose end no document describes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..bms.alarm import Alarm, AlarmSeverity
from ..bms.reading import FULL_SOC, Reading
from .mirror_state import MirrorState, Moment
from .monitor import ProtectionMonitor, ProtectionState
from .monitor_permission import side_enabled
from .relays import Tristate
from .rules import RuleSet, Side
from .side_permission import forced_answer

_MIN_READINGS: Final = 3
"""Readings in a row that must show it. Our judgment: the pack's own state and its measurements need not be of one instant."""
BLOCKED: Final = "_blocked"
"""After a side: the pack blocks it and nothing says why."""
NOT_BLOCKED: Final = "_not_blocked"
"""After a side: the pack lets current pass that its rules forbid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What both sides say."""

    key: str
    """The protection, or `charge_blocked` and the like."""
    since: float
    """Monotonic time in s of the first reading that showed it."""
    mirror: str
    pack: str
    value: float | None = None
    limit: float | None = None
    release: float | None = None
    unit: str = ""


@dataclass(slots=True)
class _OpenMismatch:
    first: Mismatch
    readings: int = 1
    reported: bool = False


class MismatchDetector:
    """Compares mirror and pack from reading to reading."""

    def __init__(self, rules: RuleSet) -> None:
        """`rules`: what the pack goes by, with its grace time."""
        self._rules = rules
        self._found: dict[str, _OpenMismatch] = {}

    @property
    def open(self) -> tuple[Mismatch, ...]:
        """Mismatches that have lasted for the grace time."""
        return tuple(item.first for item in self._found.values() if item.reported)

    @property
    def pending(self) -> bool:
        """Whether anything is seen differently, for however short."""
        return bool(self._found)

    def update(self, state: MirrorState, moment: Moment) -> list[tuple[Mismatch, bool]]:
        """Compare at a reading; return what became a mismatch now (true) and what ended (false)."""
        now = moment.at
        if self._rules.follows_report or moment.reading.alarms is None:
            return []
        found = {item.key: item for item in _differences(state, moment)}
        changes = []
        for key in [key for key in self._found if key not in found]:
            ended = self._found.pop(key)
            if ended.reported:
                changes.append((ended.first, False))
        for key, difference in found.items():
            item = self._found.get(key)
            if item is None:
                self._found[key] = _OpenMismatch(difference)
                continue
            item.readings += 1
            if not item.reported and item.readings >= _MIN_READINGS and now - item.first.since >= self._rules.grace:
                item.reported = True
                changes.append((item.first, True))
        return changes

    def forget(self) -> None:
        """Begin to count anew after a gap; what has been reported stays."""
        self._found = {key: item for key, item in self._found.items() if item.reported}

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart: what was reported must not be reported again."""
        return {
            key: {
                "since": item.first.since,
                "mirror": item.first.mirror,
                "pack": item.first.pack,
                "value": item.first.value,
                "limit": item.first.limit,
                "release": item.first.release,
                "unit": item.first.unit,
            }
            for key, item in self._found.items()
            if item.reported
        }

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        for key, values in stored.items():
            first = Mismatch(key=key, **{**values, "since": values["since"] + shift})
            self._found[key] = _OpenMismatch(first, _MIN_READINGS, reported=True)


def _differences(state: MirrorState, moment: Moment) -> Iterator[Mismatch]:
    """Yield everything that mirror and pack see differently at a reading."""
    reading, now = moment.reading, moment.at
    alarms = reading.alarms or ()
    explained = {
        alarm for monitor in state.active if monitor.state is ProtectionState.TRIPPED for alarm in monitor.rule.alarms
    }
    for monitor in state.active:
        mirrored = monitor.state
        if mirrored is ProtectionState.CLEAR and not alarms:
            continue
        if mirrored in (ProtectionState.CLEAR, ProtectionState.TRIPPED) and (
            monitor.rule.blocks and monitor.rule.alarms
        ):
            reports = any(alarm in alarms for alarm in monitor.rule.alarms)
            # Several layers of a protection share its alarm: it is enough that one of them explains it.
            shared = reports and (
                not explained.isdisjoint(monitor.rule.alarms) or monitor.rule.protection not in monitor.rule.alarms
            )
            fine = shared or _is_full(monitor, reading, reports=reports) or (reports and monitor.would_trip)
            if reports is not (mirrored is ProtectionState.TRIPPED) and not fine:
                yield _of_monitor(monitor, now, reports=reports)
    for side in Side:
        yield from _of_side(state, moment, side)


def _is_full(monitor: ProtectionMonitor, reading: Reading, *, reports: bool) -> bool:
    """Return whether the pack only reports by an overvoltage alarm that it is full."""
    full = reading.overvoltage_ends_charge and reading.soc is not None and reading.soc >= FULL_SOC
    return reports and full and Alarm.CELL_OVERVOLTAGE in monitor.rule.alarms


def _of_monitor(monitor: ProtectionMonitor, now: float, *, reports: bool) -> Mismatch:
    return Mismatch(
        key=monitor.rule.protection,
        since=now,
        mirror=monitor.state.value,
        pack="reported" if reports else "not_reported",
        value=monitor.value,
        limit=monitor.limit,
        release=monitor.release,
        unit=monitor.rule.quantity.unit,
    )


def _of_side(state: MirrorState, moment: Moment, side: Side) -> Iterator[Mismatch]:
    passes = side_enabled(moment.reading, side)
    if passes is None or state.switches.get(f"{side}_switch") is False:
        return
    answer = forced_answer(state, moment, side)
    if passes and answer is Tristate.NO:
        yield Mismatch(key=f"{side}{NOT_BLOCKED}", since=moment.at, mirror="blocked", pack="allowed")
    elif not passes and answer is Tristate.YES and not _explains(moment.reading):
        yield Mismatch(key=f"{side}{BLOCKED}", since=moment.at, mirror="allowed", pack="blocked")


def _explains(reading: Reading) -> bool:
    """Return whether the pack itself says why it blocks."""
    return any(
        alarm.severity is AlarmSeverity.FAULT or alarm in (Alarm.SOFTWARE_LOCK, Alarm.GPS_LOCKED)
        for alarm in reading.alarms or ()
    )
