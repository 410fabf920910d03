"""The protection that is closest to its limit, and when it trips.

Trends are followed only of quantities that are near a limit: nothing else is on its way to one within the horizon.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from .mirror_state import Moment
from .monitor import ProtectionMonitor, ProtectionState
from .quantities import Measured
from .rules import ProtectedQuantity, RuleSet
from .trend import Trend, TripPrediction

NEAR: Final = 0.5
"""Share of a comfortable margin at or below which a protection is near its limit.

Our judgment: a cell 0.15 V or a probe 12 °C away gets there in several minutes, which is longer than a trend needs."""
NEAR_UNTIL: Final = 0.6
"""Share from which on it no longer is: a little more, so that noise at the edge does not begin its trend anew."""
_SEARCH_INTERVAL: Final = 30.0
"""s after which the nearest protection is searched for again while none is near. Our judgment: far from all limits it
changes with every load which of them is a hair nearer, and nobody is helped by that."""
_MIN_STEP: Final = 3.0
"""A by which the current must change between two readings to count as a step, ..."""
_STEP_SHARE: Final = 0.2
"""... and as a share of what flowed. Our judgment: less moves cell voltages less than they are noisy."""
_MOVED_BY_CURRENT: Final = frozenset(
    {
        ProtectedQuantity.CELL_HIGHEST,
        ProtectedQuantity.CELL_LOWEST,
        ProtectedQuantity.CELL_SPREAD,
        ProtectedQuantity.PACK_VOLTAGE,
    }
)


class Nearest(NamedTuple):
    """The protection that is closest to its limit."""

    monitor: ProtectionMonitor
    predicted_trip: TripPrediction | None


class NearestProtection:
    """Searches for the nearest protection of one pack, from reading to reading."""

    def __init__(self, rules: RuleSet) -> None:
        """`rules`: what the pack goes by."""
        self._trends = {quantity: Trend() for quantity in {rule.quantity for rule in rules.rules}}
        self._current: float | None = None
        self._searched_at = float("-inf")
        self._quantities: frozenset[ProtectedQuantity] = frozenset()
        self.near: tuple[ProtectionMonitor, ...] = ()
        """Protections that are tripped or near their limit, without warnings."""
        self.nearest: Nearest | None = None

    def select(self, active: Iterable[ProtectionMonitor]) -> None:
        """Choose which of the monitors are near, after they have been evaluated."""
        before = self.near
        near = [monitor for monitor in active if not monitor.warns and _is_near(monitor, before)]
        if not near and not before:
            return
        self.near = tuple(near)
        quantities = frozenset(monitor.rule.quantity for monitor in near)
        for quantity in self._quantities - quantities:
            self._trends[quantity].clear()
        self._quantities = quantities

    def clear_trends(self) -> None:
        """Begin all trends anew: there was a gap in the readings."""
        for trend in self._trends.values():
            trend.clear()

    def update(self, moment: Moment) -> bool:
        """Follow what is near; return False if all protections have to be searched for the nearest."""
        if self.near:
            self._update_trends(moment.measured, moment.at)
            closest = self._closest(self.near, moment)
            if closest is not None and is_within(closest.monitor, NEAR):
                self.nearest, self._searched_at = closest, float("-inf")
                return True
        nearest = self.nearest
        return (
            nearest is not None
            and moment.at - self._searched_at < _SEARCH_INTERVAL
            and nearest.monitor.distance is not None
        )

    def search(self, active: Iterable[ProtectionMonitor], moment: Moment) -> None:
        """Search all protections for the nearest."""
        self.nearest, self._searched_at = self._closest(active, moment), moment.at

    def predict_trip(self, monitor: ProtectionMonitor, moment: Moment) -> TripPrediction | None:
        """Return when a protection trips if everything goes on as it does; None if it does not, or is not near."""
        if monitor.limit is None or monitor.value is None:
            return None
        left = monitor.time_left(moment.at)
        if left is not None:
            return TripPrediction(left, 0.0)
        if monitor.state is not ProtectionState.CLEAR or (monitor.rule.only_charging and not moment.charging):
            return None
        found = self._trends[monitor.rule.quantity].predict_trip(monitor.limit, above=monitor.rule.above)
        return None if found is None else TripPrediction(found.seconds + monitor.delay, found.uncertainty)

    def _update_trends(self, measured: Measured, now: float) -> None:
        current, before = measured[ProtectedQuantity.CHARGE_CURRENT], self._current
        self._current = current
        steps = (
            current is not None
            and before is not None
            and abs(current - before) > max(_MIN_STEP, abs(before) * _STEP_SHARE)
        )
        for quantity in self._quantities:
            trend = self._trends[quantity]
            if steps and quantity in _MOVED_BY_CURRENT:
                # Voltages jump with the current: what they did before says nothing of what they do now.
                trend.clear()
            trend.update(now, measured[quantity])

    def _closest(self, monitors: Iterable[ProtectionMonitor], moment: Moment) -> Nearest | None:
        """Return the protection that is closest: tripped, then running, then on its way, then the smallest margin."""
        best: ProtectionMonitor | None = None
        rank, least, coming = 3, 0.0, None
        for monitor in monitors:
            nearness = monitor.nearness
            if nearness is None or monitor.warns:
                continue
            state = monitor.state
            predicted_trip = (
                self.predict_trip(monitor, moment)
                if nearness <= NEAR and state is not ProtectionState.TRIPPED
                else None
            )
            own_rank = 0 if state is ProtectionState.TRIPPED else 1 if predicted_trip is not None else 2
            own = nearness if predicted_trip is None else predicted_trip.seconds
            if (own_rank, own) < (rank, least):
                best, rank, least, coming = monitor, own_rank, own, predicted_trip
        return None if best is None else Nearest(best, coming)


def is_within(monitor: ProtectionMonitor, share: float) -> bool:
    """Return whether a protection is tripped, or its distance at most this share of a comfortable margin."""
    nearness = monitor.nearness
    return monitor.state is ProtectionState.TRIPPED or (nearness is not None and nearness <= share)


def _is_near(monitor: ProtectionMonitor, before: tuple[ProtectionMonitor, ...]) -> bool:
    nearness = monitor.nearness
    if nearness is None:
        return False
    return nearness <= NEAR or monitor.state is ProtectionState.TRIPPED or (nearness < NEAR_UNTIL and monitor in before)
