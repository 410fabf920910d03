"""Guard: everything the mirror's side knows of one pack, fed together and kept together."""

from collections.abc import Mapping
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .balance import balance
from .events import ProtectionEvent
from .families import rules_of
from .hints import Hints
from .limit_options import LimitOptions
from .limits import Limiter, Limits
from .mirror import Mirror
from .monitor import ProtectionState
from .nearest import NearestTracker
from .permission import UNKNOWN, Reason
from .rules import RuleSet

_BALANCE_EVERY: Final = 1.9
_BY_WEIGHT: Final = (ProtectionState.TRIPPED, ProtectionState.PENDING, ProtectionState.UNKNOWN)


class ProtectionEngine:
    """Mirror, hints and limits of one pack."""

    def __init__(self, family: str, variant: str, options: LimitOptions, interval: float | None = None) -> None:
        """Go by the rules of this family and variant; `interval` is the time in s between two polls, if it is polled."""
        self.family = family
        self.variant = variant
        self.options = options
        self.rules: RuleSet = rules_of(family, variant)
        self._interval = interval
        self.mirror = Mirror(self.rules, interval)
        self.approach = NearestTracker()
        self.limiter = Limiter(family, options)
        self._hints = Hints(family)
        self.balance = UNKNOWN
        """Whether the pack should be balancing, judged every two seconds."""
        self._balance_at = float("-inf")

    def update(self, reading: Reading, settings: Mapping[str, SettingValue] | None) -> list[ProtectionEvent]:
        """Take a reading, and the parameters if they are known; return what happened."""
        events = self.mirror.update(reading, settings)
        if self.mirror.moment is not None and self.mirror.moment.reading is reading:
            self.approach.follow(self.mirror, reading.measured_at)
            self._hints.update(reading)
            self.limiter.update(self.mirror)
            if reading.measured_at - self._balance_at >= _BALANCE_EVERY:
                self._balance_at, self.balance = reading.measured_at, balance(self.mirror, self.family)
        return events

    def lose(self) -> None:
        """Take that nothing current is known of the pack."""
        self.limiter.fail_safe(self.mirror)

    def reset(self) -> None:
        """Forget everything: what was said before may no longer be right, and unknown is never yes."""
        self.mirror, self.limiter = Mirror(self.rules, self._interval), Limiter(self.family, self.options)
        self.approach = NearestTracker()
        self.balance = UNKNOWN
        self.lose()

    @property
    def limits(self) -> Limits:
        """What chargers and inverters should keep to."""
        return self.limiter.limits

    @property
    def hints(self) -> list[Reason]:
        """What else is worth a sentence."""
        return self._hints.of(self.mirror)

    @property
    def state(self) -> ProtectionState:
        """Return where the protections stand, the weightiest first; a warning is none."""
        if self.mirror.calm is not None:
            return ProtectionState.CLEAR
        states = {monitor.state for monitor in self.mirror.active if not monitor.warns}
        for state in _BY_WEIGHT:
            if state in states:
                return state
        known = self.mirror.moment is not None and self.mirror.moment.known and states
        return ProtectionState.CLEAR if known else ProtectionState.UNKNOWN

    def protections_in(self, state: ProtectionState) -> list[str]:
        """Return the protections that stand there."""
        return [
            monitor.rule.protection for monitor in self.mirror.active if monitor.state is state and not monitor.warns
        ]

    # Over restarts.

    def dump(self, clock: float) -> dict[str, Any]:
        """Return what has to survive a restart; `clock` is what has to be added to the readings' time for the time of day."""
        return {
            "family": self.family,
            "variant": self.variant,
            "clock": clock,
            "mirror": self.mirror.dump(),
            "limits": self.limiter.dump(),
        }

    def restore(self, kept: Mapping[str, Any] | None, clock: float) -> None:
        """Take up what was kept, if it is of the same rules."""
        if not kept or (kept.get("family"), kept.get("variant")) != (self.family, self.variant):
            return
        try:
            self.take_up(kept, clock)
        except KeyError, TypeError, ValueError, AttributeError:
            # Written by another version, or broken: it is better to know nothing.
            self.reset()

    def take_up(self, kept: Mapping[str, Any], clock: float) -> None:
        """Take up what was kept. Raises KeyError, TypeError, ValueError or AttributeError if it is broken."""
        shift = kept["clock"] - clock
        self.mirror.restore(kept.get("mirror", {}), shift)
        self.limiter.restore(kept.get("limits", {}), shift)


def check_kept(family: str, variant: str, kept: Mapping[str, Any]) -> None:
    """Raise KeyError, TypeError, ValueError or AttributeError for what `restore` could not use."""
    if (kept.get("family"), kept.get("variant")) == (family, variant):
        ProtectionEngine(family, variant, LimitOptions()).take_up(kept, 0.0)
