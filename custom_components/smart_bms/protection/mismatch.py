"""Dispute: where mirror and pack see the same thing differently, for longer than both may need to notice it.

What the pack reports and the mirror cannot see (a short circuit, a broken MOSFET) is no dispute, and neither is a warning,
whose end no document describes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..bms.alarm import Alarm, AlarmSeverity
from ..bms.reading import FULL_SOC, Reading
from .monitor import ProtectionMonitor, ProtectionState
from .permission import enabled
from .relays import Tristate
from .rules import RuleSet, Side

if TYPE_CHECKING:
    from .mirror import Mirror

_READINGS: Final = 3
"""In a row that must show it."""
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
class _Open:
    first: Mismatch
    readings: int = 1
    told: bool = False


class MismatchDetector:
    """Follows what mirror and pack do not agree upon."""

    def __init__(self, rules: RuleSet) -> None:
        """Agree."""
        self._rules = rules
        self._found: dict[str, _Open] = {}

    @property
    def open(self) -> tuple[Mismatch, ...]:
        """What has lasted long enough."""
        return tuple(item.first for item in self._found.values() if item.told)

    @property
    def pending(self) -> bool:
        """Whether anything is seen differently, for however short."""
        return bool(self._found)

    def follow(self, mirror: Mirror, reading: Reading, now: float) -> list[tuple[Mismatch, bool]]:
        """Compare; return what became a disagreement now (true) and what ended (false)."""
        if self._rules.follows_report or reading.alarms is None:
            return []
        found = {item.key: item for item in self._differences(mirror, reading, now)}
        news = []
        for key in [key for key in self._found if key not in found]:
            ended = self._found.pop(key)
            if ended.told:
                news.append((ended.first, False))
        for key, difference in found.items():
            item = self._found.get(key)
            if item is None:
                self._found[key] = _Open(difference)
                continue
            item.readings += 1
            if not item.told and item.readings >= _READINGS and now - item.first.since >= self._rules.grace:
                item.told = True
                news.append((item.first, True))
        return news

    def forget(self) -> None:
        """Begin to count anew: nobody looked for a while."""
        self._found = {key: item for key, item in self._found.items() if item.told}

    def _differences(self, mirror: Mirror, reading: Reading, now: float) -> Iterator[Mismatch]:
        alarms = reading.alarms or ()
        for monitor in mirror.active:
            state = monitor.state
            if state is ProtectionState.CLEAR and not alarms:
                continue
            if state in (ProtectionState.CLEAR, ProtectionState.TRIPPED) and (
                monitor.rule.blocks and monitor.rule.alarms
            ):
                reports = any(alarm in alarms for alarm in monitor.rule.alarms)
                fine = _is_full(monitor, reading, reports=reports) or (reports and monitor.would_trip)
                if reports is not (state is ProtectionState.TRIPPED) and not fine:
                    yield _of_monitor(monitor, now, reports=reports)
        for side in Side:
            yield from _of_side(mirror, reading, side, now)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart: what was told must not be told again."""
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
            if item.told
        }

    def restore(self, kept: Mapping[str, Any], shift: float) -> None:
        """Take up what was kept."""
        for key, values in kept.items():
            first = Mismatch(key=key, **{**values, "since": values["since"] + shift})
            self._found[key] = _Open(first, _READINGS, told=True)


def _is_full(monitor: ProtectionMonitor, reading: Reading, *, reports: bool) -> bool:
    """Tell whether the pack only says, in the words of an overvoltage, that it is full."""
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


def _of_side(mirror: Mirror, reading: Reading, side: Side, now: float) -> Iterator[Mismatch]:
    passes = enabled(reading, side)
    if passes is None or mirror.switches.get(f"{side}_switch") is False:
        return
    says = mirror.forced_answer(side)
    if passes and says is Tristate.NO:
        yield Mismatch(key=f"{side}{NOT_BLOCKED}", since=now, mirror="blocked", pack="allowed")
    elif not passes and says is Tristate.YES and not _explains(reading):
        yield Mismatch(key=f"{side}{BLOCKED}", since=now, mirror="allowed", pack="blocked")


def _explains(reading: Reading) -> bool:
    """Tell whether the pack itself says why it blocks."""
    return any(
        alarm.severity is AlarmSeverity.FAULT or alarm in (Alarm.SOFTWARE_LOCK, Alarm.GPS_LOCKED)
        for alarm in reading.alarms or ()
    )
