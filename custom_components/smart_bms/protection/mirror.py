"""The mirror of one pack: fed with readings, it says what the pack's own rules make of them.

Same input, same output: it reads no clock and knows no chance, so replaying a log is like having lived it.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .events import ProtectionEvent, ProtectionEventType, of_alarm, of_mismatch, of_monitor
from .fast_path import NEAR, SteadyState
from .mismatch import Mismatch, MismatchDetector
from .monitor import ProtectionMonitor, ProtectionState
from .permission import Permission, enabled, of_monitors
from .quantities import NOTHING_MISSING, Measured, Parts, measure, number, sensor_fails
from .relay_permission import in_force, of_relays
from .relays import Relay, Tristate
from .rules import ProtectedQuantity, Reported, RuleSet, Side
from .smart123 import contradictions
from .trend import Trend, TripPrediction

_STEP: Final = 3.0
"""A by which the current must change between two readings to count as a step, ..."""
_STEP_SHARE: Final = 0.2
"""... and as a share of what flowed."""
_FOLLOW_CURRENT: Final = frozenset(
    {
        ProtectedQuantity.CELL_HIGHEST,
        ProtectedQuantity.CELL_LOWEST,
        ProtectedQuantity.CELL_SPREAD,
        ProtectedQuantity.PACK_VOLTAGE,
    }
)
_MISSED: Final = 2.5
"""Readings that may be missed before nothing is known any more."""
_NEAREST_EVERY: Final = 30.0
"""s after which the nearest protection is looked for again while all is calm."""
_CHARGING: Final = 0.0
"""A above which a pack is being charged."""


class Nearest(NamedTuple):
    """The protection that is closest to its limit."""

    monitor: ProtectionMonitor
    predicted_trip: TripPrediction | None


class Moment(NamedTuple):
    """What a reading showed."""

    at: float
    reading: Reading
    measured: Measured
    known: bool
    """The parameters of the pack are known."""
    partial: frozenset[ProtectedQuantity] = NOTHING_MISSING
    """Quantities of which not all cells or probes are known."""


class Mirror:
    """Follows one pack."""

    def __init__(self, rules: RuleSet, interval: float | None = None) -> None:
        """Know nothing yet. `interval`: s between two readings of a pack that is asked."""
        self.rules = rules
        self.longest_gap = max(rules.longest_gap, (interval or 0.0) * _MISSED)
        self.refused = 0
        """Readings that went back in time."""
        self.values: Mapping[str, float | None] = {}
        """Thresholds and other numbers as the pack stated them last."""
        self.switches: Mapping[str, SettingValue] = {}
        self._monitors = {rule.protection: ProtectionMonitor(rule) for rule in rules.rules}
        self.trends = {quantity: Trend() for quantity in {rule.quantity for rule in rules.rules}}
        self.relays = {
            mode: {side: Relay(table) for side, table in tables.items()}
            for mode, tables in (rules.relays or {}).items()
        }
        self.mismatch = MismatchDetector(rules)
        self.moment: Moment | None = None
        self._settings: Mapping[str, SettingValue] | None = None
        self._seen: set[ProtectedQuantity] = set()
        self._parts = Parts()
        self._looked_at: float | None = None
        self._announced: dict[str, ProtectionState] = {}
        self._alarms: frozenset[Alarm] | None = None
        self._active: tuple[ProtectionMonitor, ...] = ()
        self._current: float | None = None
        self.calm: SteadyState | None = None
        """Between which values nothing changes; None while something is not clear."""
        self._near_trends: Mapping[ProtectedQuantity, Trend] = {}
        """Those that go on while all is calm."""
        self._lags = False
        """The tracks have not seen the newest reading: nothing changed."""
        self.nearest: Nearest | None = None
        """The protection that is closest; while all is calm it is looked for every now and then."""
        self._nearest_at = float("-inf")

    # Readings.

    def update(self, reading: Reading, settings: Mapping[str, SettingValue] | None) -> list[ProtectionEvent]:
        """Take a reading, and the parameters if they are known; return what happened since the one before.

        A reading that goes back in time is refused and counted.
        """
        now = reading.measured_at
        if self.moment is not None and now < self.moment.at:
            self.refused += 1
            return []
        measured = measure(reading)
        self.moment = Moment(now, reading, measured, settings is not None)
        if self._changes_nothing(reading, measured, settings, now):
            return []
        self.calm, self._lags = None, False
        self.moment = self.moment._replace(partial=self._parts.missing(reading))
        self.__dict__.pop("charge", None)
        self.__dict__.pop("discharge", None)
        events = self._follow_alarms(reading, now)
        self._follow_trends(measured, now, self.trends)
        if settings is None:
            self.nearest = self._find_nearest(self.active)
            return events
        if settings is not self._settings:
            self._take_settings(settings)
        self._mind_the_gap(now)
        self._evaluate(reading, measured, now, events)
        self._evaluate_relays(reading, measured)
        for mismatch, begins in self.mismatch.follow(self, reading, now):
            events.append(of_mismatch(mismatch, now, begins=begins))
        self._calm_down(reading, measured)
        self.nearest = self._find_nearest(self.active)
        return events

    def _changes_nothing(
        self, reading: Reading, measured: Measured, settings: Mapping[str, SettingValue] | None, now: float
    ) -> bool:
        """Tell whether all is as it was at the reading before; what it says then need not be judged again."""
        calm, looked_at = self.calm, self._looked_at
        if calm is None or settings is not self._settings or looked_at is None:
            return False
        if now - looked_at > self.longest_gap or not calm.covers(reading, measured):
            return False
        self._looked_at, self._lags = now, True
        if calm.near:
            self._follow_trends(measured, now, self._near_trends)
        else:
            self._current = measured[ProtectedQuantity.CHARGE_CURRENT]
        if self.nearest is None or now - self._nearest_at >= _NEAREST_EVERY:
            self.nearest = self._find_nearest(self.active)
        elif calm.near:
            for monitor in calm.near:
                monitor.note(measured[monitor.rule.quantity])
            self.nearest = self._find_nearest(calm.near)
        else:
            self.nearest.monitor.note(measured[self.nearest.monitor.rule.quantity])
        return True

    def _calm_down(self, reading: Reading, measured: Measured) -> None:
        if self.mismatch.pending or not self._active or (self.moment is not None and self.moment.partial):
            return
        relays = [relay for tables in self.relays.values() for relay in tables.values()]
        self.calm = SteadyState.of(reading, measured, self._active, relays, self.values)
        if self.calm is None:
            return
        near = {monitor.rule.quantity for monitor in self.calm.near}
        self._near_trends = {quantity: self.trends[quantity] for quantity in near}
        for quantity, trend in self.trends.items():
            if quantity not in near:
                trend.update(reading.measured_at, None)  # not near enough to be on its way

    def _follow_trends(self, measured: Measured, now: float, trends: Mapping[ProtectedQuantity, Trend]) -> None:
        current, before = measured[ProtectedQuantity.CHARGE_CURRENT], self._current
        self._current = current
        if current is not None and before is not None and abs(current - before) > max(_STEP, abs(before) * _STEP_SHARE):
            # Voltages jump with the current: what they did before says nothing of what they do now.
            for quantity, trend in trends.items():
                if quantity in _FOLLOW_CURRENT:
                    trend.update(now, None)
        for quantity, trend in trends.items():
            trend.update(now, measured[quantity])

    def _take_settings(self, settings: Mapping[str, SettingValue]) -> None:
        self._settings = settings
        self.switches = settings
        self.values = {key: number(value) for key, value in settings.items()}
        for monitor in self._monitors.values():
            monitor.set_limits(self.values)

    def _mind_the_gap(self, now: float) -> None:
        gap = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        if 0 <= gap <= self.longest_gap:
            return
        if gap < 0:
            # The clock was set back while nobody looked: no time that was kept means anything.
            for monitor in self._monitors.values():
                monitor.forget()
            gap = 0.0
        for monitor in self._monitors.values():
            monitor.lose_sight(gap)
        for trend in self.trends.values():
            trend.update(now, None)
        for relays in self.relays.values():
            for relay in relays.values():
                relay.position = None
        self.mismatch.forget()

    def _evaluate(self, reading: Reading, measured: Measured, now: float, events: list[ProtectionEvent]) -> None:
        alarms = reading.alarms
        charging = (measured[ProtectedQuantity.CHARGE_CURRENT] or 0.0) > _CHARGING
        seen, announced = self._seen, self._announced
        fails = sensor_fails(reading)
        partial = self.moment.partial if self.moment is not None else NOTHING_MISSING
        active: list[ProtectionMonitor] = []
        for name, monitor in self._monitors.items():
            rule = monitor.rule
            value = measured[rule.quantity]
            if value is not None:
                seen.add(rule.quantity)
            elif rule.quantity.of_probes and rule.quantity not in seen and rule.quantity not in partial and not fails:
                continue  # built without
            if rule.optional and not monitor.had_limit:
                continue  # not a protection of this pack
            active.append(monitor)
            reported = None if alarms is None or not rule.alarms else any(alarm in alarms for alarm in rule.alarms)
            state = monitor.evaluate(value, now, charging=charging, reported=reported, partial=rule.quantity in partial)
            before = announced.get(name, ProtectionState.CLEAR)
            if state is not before and state is not ProtectionState.UNKNOWN:
                announced[name] = state
                if state is not ProtectionState.CLEAR or before is ProtectionState.TRIPPED:
                    events.append(of_monitor(monitor, before, now))
        self._active = tuple(active)

    def _evaluate_relays(self, reading: Reading, measured: Measured) -> None:
        if not self.relays:
            return
        alarms = reading.alarms
        hears = None if alarms is None else Alarm.CELL_COMMUNICATION_FAULT not in alarms
        if measured[ProtectedQuantity.CELL_LOWEST] is None:
            hears = False
        for relays in self.relays.values():
            for side, relay in relays.items():
                relay.evaluate(
                    measured,
                    self.values,
                    hears=hears,
                    reported=enabled(reading, side),
                    partial=self.moment.partial if self.moment is not None else NOTHING_MISSING,
                )

    def _follow_alarms(self, reading: Reading, now: float) -> list[ProtectionEvent]:
        if reading.alarms is None:
            return []
        alarms, before = frozenset(reading.alarms), self._alarms
        if alarms == before:
            return []
        self._alarms = alarms
        if before is None:
            return []  # they may be as old as the pack
        return [
            of_alarm(ProtectionEventType.ALARM_RAISED, alarm, reading, now) for alarm in sorted(alarms - before)
        ] + [of_alarm(ProtectionEventType.ALARM_CLEARED, alarm, reading, now) for alarm in sorted(before - alarms)]

    # What it says.

    @property
    def active(self) -> tuple[ProtectionMonitor, ...]:
        """Protections that this pack has, as far as it has told."""
        self._catch_up()
        return self._active

    @property
    def monitors(self) -> Mapping[str, ProtectionMonitor]:
        """All protections of the family, by key."""
        self._catch_up()
        return self._monitors

    def _catch_up(self) -> None:
        """Show the tracks the reading that changed nothing."""
        if self._lags and self.moment is not None:
            self._lags = False
            measured = self.moment.measured
            for monitor in self._active:
                monitor.note(measured[monitor.rule.quantity])

    @cached_property
    def charge(self) -> Permission:
        """Whether the pack may be charged now."""
        return self.permission(Side.CHARGE)

    @cached_property
    def discharge(self) -> Permission:
        """Whether the pack may be discharged now."""
        return self.permission(Side.DISCHARGE)

    def permission(self, side: Side) -> Permission:
        """Return whether a side is allowed, by the pack's rules and by its own word: the more careful of both."""
        if self.relays:
            return of_relays(self, side)
        return of_monitors(self, side)

    def forced_answer(self, side: Side) -> Tristate:
        """Return what the rules alone say, with no look at what the pack lets pass; unknown where they leave a choice."""
        if self.relays:
            answers = {relay.answer if relay.forced else Tristate.UNKNOWN for relay in in_force(self, side)}
            return answers.pop() if len(answers) == 1 and not contradictions(self.values) else Tristate.UNKNOWN
        states = [monitor.state for monitor in self._active if side in monitor.rule.blocks]
        if ProtectionState.TRIPPED in states or self.reports(side):
            return Tristate.NO
        known = self.moment is not None and self.moment.known and states
        return Tristate.YES if known and ProtectionState.UNKNOWN not in states else Tristate.UNKNOWN

    def reports(self, side: Side) -> list[Reported]:
        """Return the protections that only the pack can tell of and that it reports now."""
        alarms = self.moment.reading.alarms if self.moment else None
        return [row for row in self.rules.reported if side in row.blocks and alarms and row.alarm in alarms]

    def _find_nearest(self, monitors: tuple[ProtectionMonitor, ...]) -> Nearest | None:
        """Return the protection that is closest: tripped, then running, then on its way, then the smallest margin."""
        assert self.moment is not None
        if monitors is self._active:
            self._nearest_at = self.moment.at
        best: ProtectionMonitor | None = None
        rank, least, coming = 3, 0.0, None
        for monitor in monitors:
            nearness = monitor.nearness
            if nearness is None or monitor.warns:
                continue
            state = monitor.state
            # What is far away in every respect is not on its way here within the horizon.
            predicted_trip = (
                self.predict_trip(monitor) if nearness < NEAR and state is not ProtectionState.TRIPPED else None
            )
            own_rank = 0 if state is ProtectionState.TRIPPED else 1 if predicted_trip is not None else 2
            own = nearness if predicted_trip is None else predicted_trip.seconds
            if (own_rank, own) < (rank, least):
                best, rank, least, coming = monitor, own_rank, own, predicted_trip
        return None if best is None else Nearest(best, coming)

    def predict_trip(self, monitor: ProtectionMonitor) -> TripPrediction | None:
        """Return when a protection trips if everything goes on as it does."""
        if self.moment is None or monitor.limit is None or monitor.value is None:
            return None
        left = monitor.time_left(self.moment.at)
        if left is not None:
            return TripPrediction(left, 0.0)
        if monitor.state is not ProtectionState.CLEAR or (monitor.rule.only_charging and not self.charging):
            return None
        found = self.trends[monitor.rule.quantity].predict_trip(monitor.limit, above=monitor.rule.above)
        return None if found is None else TripPrediction(found.seconds + monitor.delay, found.uncertainty)

    @property
    def charging(self) -> bool:
        """Whether current flows into the pack."""
        return self.moment is not None and (self.moment.measured[ProtectedQuantity.CHARGE_CURRENT] or 0.0) > _CHARGING

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What mirror and pack have seen differently for longer than the grace time."""
        return self.mismatch.open

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, all times in the time of the readings."""
        return {
            "looked_at": self._looked_at,
            "tracks": {name: monitor.dump() for name, monitor in self._monitors.items()},
            "relays": {
                str(mode): {str(side): relay.position for side, relay in relays.items()}
                for mode, relays in self.relays.items()
            },
            "announced": {name: str(state) for name, state in self._announced.items()},
            "alarms": None if self._alarms is None else sorted(self._alarms),
            "seen": sorted(self._seen),
            "dispute": self.mismatch.dump(),
        }

    def restore(self, kept: Mapping[str, Any], shift: float) -> None:
        """Take up what was kept before any reading; `shift` s are added to its times, as clocks begin anew."""
        if (looked_at := kept.get("looked_at")) is not None:
            self._looked_at = looked_at + shift
        for name, monitor in self._monitors.items():
            if name in kept.get("tracks", {}):
                monitor.restore(kept["tracks"][name], shift)
        for mode, relays in self.relays.items():
            for side, relay in relays.items():
                position = kept.get("relays", {}).get(str(mode), {}).get(str(side))
                relay.position = position if isinstance(position, bool) else None
        self._announced = {
            name: ProtectionState(state) for name, state in kept.get("announced", {}).items() if name in self._monitors
        }
        if (alarms := kept.get("alarms")) is not None:
            known = set(Alarm)
            self._alarms = frozenset(Alarm(alarm) for alarm in alarms if alarm in known)
        self._seen = {
            ProtectedQuantity(quantity) for quantity in kept.get("seen", ()) if quantity in set(ProtectedQuantity)
        }
        self.mismatch.restore(kept.get("dispute", {}), shift)
