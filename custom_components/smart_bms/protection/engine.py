"""Protection engine: mirror, limits and hints of one pack, updated and stored together."""

from collections.abc import Container, Mapping
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .balance import balance
from .events import ProtectionEvent
from .families import rules_of
from .fast_path import FastPath
from .hints import Hints
from .limit_options import LimitOptions
from .limited_time import LimitedTime
from .limits import Limiter, Limits
from .mirror import Mirror
from .monitor import ProtectionState
from .nearest_tracker import NearestTracker
from .permission import UNKNOWN, Reason
from .rules import ProtectedQuantity, RuleSet, Side
from .soc_plan import SocPlan

_BALANCE_INTERVAL: Final = 1.9
"""s between two judgments on balancing: a little less than two, so that readings twice a second fit."""
_BY_WEIGHT: Final = (ProtectionState.TRIPPED, ProtectionState.PENDING, ProtectionState.UNKNOWN)


class ProtectionEngine:
    """Mirror, hints and limits of one pack."""

    def __init__(self, family: str, variant: str, options: LimitOptions, interval: float | None = None) -> None:
        """`family`, `variant`: whose rules; `options`: for the limits; `interval`: s between two polls of a pack that is polled."""
        self.family = family
        self.variant = variant
        self.options = options
        self.rules: RuleSet = rules_of(family, variant)
        self._interval = interval
        self.mirror = self._new_mirror()
        self.nearest_tracker = NearestTracker()
        self.limiter = Limiter(family, options)
        self.limited_time = LimitedTime()
        """For how long each reason has reduced the currents today."""
        self._hints = Hints(family)
        self.balance = UNKNOWN
        """Whether the pack should be balancing, judged every two seconds."""
        self._balance_at = float("-inf")

    def _new_mirror(self) -> FastPath:
        return FastPath(Mirror(self.rules, self._interval))

    def update(
        self, reading: Reading, settings: Mapping[str, SettingValue] | None, days_since_full: float | None = None
    ) -> list[ProtectionEvent]:
        """Evaluate a reading, by the parameters if they are known; return what happened since the one before.

        `days_since_full`: None if nobody knows when the pack was full.
        """
        events = self.mirror.update(reading, settings)
        if self.mirror.moment is not None and self.mirror.moment.reading is reading:
            self.nearest_tracker.update(self.mirror, reading.measured_at)
            self._hints.update(reading)
            limits = self.limiter.update(self.mirror, self.mirror.steady, days_since_full)
            limited_by = {Side.CHARGE: limits.charge_limited_by, Side.DISCHARGE: limits.discharge_limited_by}
            self.limited_time.update(reading.measured_at, limited_by, self.mirror.longest_gap)
            if reading.measured_at - self._balance_at >= _BALANCE_INTERVAL:
                self._balance_at, self.balance = reading.measured_at, balance(self.mirror, self.family)
        return events

    def lose(self) -> None:
        """Reduce the limits to what is safe while nothing current is known of the pack."""
        self.limiter.fail_safe(self.mirror)

    def reset(self) -> None:
        """Forget everything: what was said before may no longer be right, and unknown is never yes."""
        plan = self.limiter.plan
        self.mirror, self.limiter = self._new_mirror(), Limiter(self.family, self.options)
        self.limiter.plan = plan
        self.nearest_tracker = NearestTracker()
        self.balance = UNKNOWN
        self.lose()

    @property
    def plan(self) -> SocPlan:
        """How full and how empty the owner wants the pack; it may change at any time."""
        return self.limiter.plan

    @plan.setter
    def plan(self, plan: SocPlan) -> None:
        self.limiter.plan = plan

    @property
    def limits(self) -> Limits:
        """What chargers and inverters should keep to."""
        return self.limiter.limits

    def is_near(self, quantities: Container[ProtectedQuantity]) -> bool:
        """Return whether a protection that goes by one of these quantities is tripped or near its limit."""
        return any(monitor.rule.quantity in quantities for monitor in self.mirror.near)

    @property
    def hints(self) -> list[Reason]:
        """What follows from the rules beyond yes and no."""
        return self._hints.of(self.mirror)

    @property
    def state(self) -> ProtectionState:
        """The state that matters most of all protections; a warning is none."""
        if self.mirror.steady is not None:
            return ProtectionState.CLEAR
        states = {monitor.state for monitor in self.mirror.active if not monitor.warns}
        for state in _BY_WEIGHT:
            if state in states:
                return state
        known = self.mirror.moment is not None and self.mirror.moment.known and states
        return ProtectionState.CLEAR if known else ProtectionState.UNKNOWN

    def protections_in(self, state: ProtectionState) -> list[str]:
        """Return the protections that are in a state."""
        return [
            monitor.rule.protection for monitor in self.mirror.active if monitor.state is state and not monitor.warns
        ]

    def dump(self, clock: float) -> dict[str, Any]:
        """Return what has to survive a restart.

        `clock`: s that have to be added to the time of the readings for the time of day.
        """
        return {
            "family": self.family,
            "variant": self.variant,
            "clock": clock,
            "mirror": self.mirror.dump(),
            "limits": self.limiter.dump(),
            "limited_time": self.limited_time.dump(),
        }

    def restore(self, stored: Mapping[str, Any] | None, clock: float) -> None:
        """Restore what was stored, if it is of the same rules; `clock`: see `dump`."""
        if not stored or (stored.get("family"), stored.get("variant")) != (self.family, self.variant):
            return
        try:
            self.restore_stored(stored, clock)
        except KeyError, TypeError, ValueError, AttributeError:
            # Written by another version, or broken: it is better to know nothing.
            self.reset()

    def restore_stored(self, stored: Mapping[str, Any], clock: float) -> None:
        """Restore what was stored. Raises KeyError, TypeError, ValueError or AttributeError if it is broken."""
        shift = stored["clock"] - clock
        self.mirror.restore(stored.get("mirror", {}), shift)
        self.limiter.restore(stored.get("limits", {}), shift)
        self.limited_time.restore(stored.get("limited_time", {}))


def check_kept(family: str, variant: str, stored: Mapping[str, Any]) -> None:
    """Raise KeyError, TypeError, ValueError or AttributeError for what `restore` could not use."""
    if (stored.get("family"), stored.get("variant")) == (family, variant):
        ProtectionEngine(family, variant, LimitOptions()).restore_stored(stored, 0.0)
