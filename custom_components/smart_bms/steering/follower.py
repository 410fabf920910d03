"""Follower: when one target is written, whether it followed, and whether somebody else sets it too.

A write is proven by what the entity shows afterwards. What does not follow is written again a few times, then seldom.
What somebody else sets is not fought over: a stricter value stays, a laxer one is corrected a few times, then left, unless
nothing may flow at all. Whatever falls is written in every state; everything else needs a write that is left for today.
"""

from collections.abc import Mapping
from enum import StrEnum
import math
from typing import Any, Final, NamedTuple

from ..protection.permission import NO_DATA
from .setpoint import Setpoint
from .target import Target, TargetKind

CHECK_TIME: Final = 15.0
"""s in which an entity has to show what was written, at least; equipment that is polled slowly needs more."""
TRIES: Final = 3
"""Writes of a value that does not arrive, before it is said that the equipment does not follow."""
RETRY_AFTER: Final = 300.0
"""s after which equipment that does not follow is tried again."""
URGENT_FALL: Final = 0.1
"""Share of a current by which it has to fall to be written without waiting for the interval.

The limits keep as much distance from those of the pack.
"""
URGENT_VOLTAGE_FALL: Final = 0.004
"""The same of a voltage: 0.2 V of 56 V, a tenth of what a cell has between charge voltage and overvoltage."""
URGENT_PAUSE: Final = 2.0
"""s between two writes in any case."""
FOREIGN_FOR: Final = 6.0
"""s for which another value has to be shown before somebody else is thought to have set it."""
FOREIGN_WITHIN: Final = 3600.0
"""s in which corrections of somebody else's values are counted."""
CORRECTIONS: Final = 2
"""Of a laxer value that somebody else sets, within that time; after them it is left to the other one."""
MASTER_PAUSE: Final = 60.0
"""s between two writes over the other one's value while nothing may flow, or nothing is known of the battery."""
YIELDED_FOR: Final = 3600.0
"""s for which a stricter value that somebody else set is left alone."""


class FollowerState(StrEnum):
    """How a target stands to what is asked of it."""

    NOTHING_ASKED = "nothing_asked"
    FOLLOWING = "following"
    PENDING = "pending"
    """Written, not yet shown."""
    LIMITED_BY_EQUIPMENT = "limited_by_equipment"
    """It shows less than was written, and stays there: it keeps to a limit of its own."""
    YIELDED = "yielded"
    """Somebody else set a stricter value, which is left alone for a while."""
    OTHER_MASTER = "other_master"
    """Somebody else sets laxer values again and again; nobody fights over it, the owner is told."""
    NOT_FOLLOWING = "not_following"
    MISSING = "missing"
    """The entity is not available."""


class Write(NamedTuple):
    """A value to be written to a target."""

    target: Target
    value: float
    old: float | None
    falls: bool
    limited_by: str


class Follower:
    """Follows one target. Times are monotonic, in s."""

    def __init__(self, target: Target) -> None:
        """Begin without knowing anything of what was written."""
        self.target = target
        self.state = FollowerState.NOTHING_ASKED
        self.shown: float | None = None
        self.setpoint: Setpoint | None = None
        self.sent_at = float("-inf")
        self._sent: float | None = None
        """What was written last; None: nothing was since the equipment was last away."""
        self._expected: float | None = None
        """What it shows as long as nobody else sets it; None while that is not known."""
        self._is_pending = False
        self._tries = 0
        self._before = 0.0
        """What was shown before the value that is on its way was written first."""
        self._lowest = math.inf
        """The lowest value that was written since it last followed."""
        self._is_limited = False
        """It was seen to go to less than was written."""
        self._foreign_since: float | None = None
        self._corrections: list[float] = []
        self._yielded_until = float("-inf")

    def step(  # noqa: PLR0911  # one for each state
        self, now: float, wanted: Setpoint | None, shown: float | None, *, may_rise: bool = True
    ) -> Write | None:
        """Return what has to be written now, None if nothing.

        `shown`: what the entity shows; None while it is not available. `may_rise`: writes are left for today.
        """
        self.shown, self.setpoint = shown, wanted
        if shown is None or wanted is None:
            # Whatever it shows when it is back, nobody has to be blamed for it.
            self._forget()
            self.state = FollowerState.MISSING if shown is None else FollowerState.NOTHING_ASKED
            return None
        shown = self.target.effective(shown)
        if self._is_pending:
            write = self._check(now, wanted, shown, may_rise=may_rise)
            if write is not None or self._is_pending:
                return write
        if self.state is FollowerState.OTHER_MASTER:
            return self._beside_master(now, wanted, shown)
        if self.state is FollowerState.NOT_FOLLOWING:
            return self._retry(now, wanted, shown, may_rise=may_rise)
        if self._expected is not None and not self._has_arrived(shown, self._expected):
            return self._beside_foreign(now, wanted, shown)
        self._foreign_since = None
        if now < self._yielded_until and wanted.value >= shown:
            self.state = FollowerState.YIELDED
            return None
        if self.state is not FollowerState.LIMITED_BY_EQUIPMENT:
            self.state = FollowerState.FOLLOWING
        return self._write(now, wanted, shown) if self._is_due(now, wanted, shown, may_rise=may_rise) else None

    @property
    def deviation(self) -> float | None:
        """How far the entity is above what is asked, in its unit; negative below; None while one is not known."""
        if self.shown is None or self.setpoint is None or math.isinf(self.target.effective(self.shown)):
            return None
        return self.shown - self.setpoint.value

    def most(self, shown: float) -> float:
        """Return the highest value that an entity which shows this may be at, now or soon: of what is on its way too."""
        shown = self.target.effective(shown)
        return shown if self._sent is None else max(shown, self._sent)

    def release(self) -> None:
        """Begin anew, as after the owner has switched steering on: nobody is yielded to any more."""
        self._forget()
        self.state = FollowerState.NOTHING_ASKED
        self._corrections, self._yielded_until = [], float("-inf")

    def _forget(self) -> None:
        self._sent, self._expected, self._is_pending, self._foreign_since = None, None, False, None
        self._tries, self._lowest, self._is_limited = 0, math.inf, False

    def _has_arrived(self, shown: float, written: float) -> bool:
        """Return whether an entity shows what was written: equipment rounds down, but nothing above counts."""
        step = self.target.step
        if self.target.kind.is_switch:
            return abs(shown - written) < 0.4
        above = min(step * 0.5, self.target.smallest_change * 0.5) if written > self.target.minimum else 0.0
        return written - step * 1.01 - 1e-6 <= shown <= written + above + 1e-6

    def _is_vital(self, wanted: Setpoint) -> bool:
        """Return whether as little as possible may flow, or nothing is known of the battery."""
        return wanted.value <= self.target.minimum or wanted.limited_by == NO_DATA

    def _check(self, now: float, wanted: Setpoint, shown: float, *, may_rise: bool) -> Write | None:
        """Check whether what was written arrived; write again what did not, or what must fall further at once."""
        written = self._sent if self._sent is not None else wanted.value
        if self._has_arrived(shown, written):
            self._is_pending, self._tries, self._lowest, self._is_limited = False, 0, math.inf, False
            self._expected, self.state = written, FollowerState.FOLLOWING
            return None
        if now - self.sent_at >= URGENT_PAUSE and self._is_urgent(wanted, written):
            return self._write(now, wanted, shown)
        if now - self.sent_at < max(CHECK_TIME, self.target.interval / 2):
            self.state = FollowerState.PENDING
            return None
        self._tries += 1
        if self._tries < TRIES and (may_rise or wanted.value < shown):
            return self._write(now, wanted, shown)
        # Until it has followed once, whatever is asked is tried once at a time.
        self._is_pending, self._tries = False, TRIES - 1
        self._is_limited = self._is_limited or abs(shown - self._before) > self.target.step * 0.5
        if self._is_limited and shown < written and not self.target.kind.is_switch:
            self.state, self._expected = FollowerState.LIMITED_BY_EQUIPMENT, shown
        else:
            self.state, self._expected = FollowerState.NOT_FOLLOWING, None
        return None

    def _beside_foreign(self, now: float, wanted: Setpoint, shown: float) -> Write | None:
        """Return what has to be written while another value is shown than the one that was proven.

        A stricter one is left alone for a while. A laxer one is corrected, and left after a few corrections.
        """
        expected = shown if self._expected is None else self._expected
        self._foreign_since = now if self._foreign_since is None else self._foreign_since
        if now - self._foreign_since < FOREIGN_FOR:
            urgent = self._is_urgent(wanted, expected) and now - self.sent_at >= URGENT_PAUSE
            return self._write(now, wanted, shown) if urgent else None
        self._foreign_since = None
        if shown <= wanted.value or self._has_arrived(shown, wanted.value):
            self._sent = self._expected = shown
            self.state, self._yielded_until = FollowerState.YIELDED, now + YIELDED_FOR
            return None
        self._corrections = [at for at in self._corrections if now - at < FOREIGN_WITHIN]
        if len(self._corrections) >= CORRECTIONS and not self._is_vital(wanted):
            self.state, self._expected = FollowerState.OTHER_MASTER, None
            return None
        self._corrections.append(now)
        return self._write(now, wanted, shown)

    def _beside_master(self, now: float, wanted: Setpoint, shown: float) -> Write | None:
        """Leave a target to its other master; but not while nothing may flow, and not for ever."""
        if self._has_arrived(shown, wanted.value):
            self.state, self._expected, self._sent = FollowerState.FOLLOWING, wanted.value, wanted.value
            return None
        # After a restart nobody knows when it was corrected last.
        self._corrections = self._corrections or [now]
        if shown <= wanted.value:
            return None
        if now - self._corrections[-1] >= FOREIGN_WITHIN:
            self._corrections = [now]
            return self._write(now, wanted, shown)
        if self._is_vital(wanted) and now - self.sent_at >= MASTER_PAUSE:
            self._sent, self.sent_at = wanted.value, now
            return Write(self.target, wanted.value, self.shown, falls=True, limited_by=wanted.limited_by)
        return None

    def _retry(self, now: float, wanted: Setpoint, shown: float, *, may_rise: bool) -> Write | None:
        """Come back to equipment that follows again; try one that does not now and then, and at once with much less."""
        if self._has_arrived(shown, wanted.value):
            self._forget()
            self.state, self._expected, self._sent = FollowerState.FOLLOWING, wanted.value, wanted.value
            return None
        lower = wanted.value < shown and self._is_urgent(wanted, self._lowest)
        due = now - self.sent_at >= (URGENT_PAUSE if lower else RETRY_AFTER)
        return self._write(now, wanted, shown) if due and (lower or may_rise or wanted.value < shown) else None

    def _is_urgent(self, wanted: Setpoint, base: float) -> bool:
        """Return whether a value has to fall without waiting: by much, or as far as it can."""
        target = self.target
        falls = base - wanted.value
        if falls <= (0.4 if target.kind.is_switch else target.step * 0.5):
            return False
        share = URGENT_VOLTAGE_FALL if target.kind is TargetKind.CHARGE_VOLTAGE else URGENT_FALL
        return target.kind.is_switch or wanted.value <= target.minimum or falls >= share * abs(base)

    def _is_due(self, now: float, wanted: Setpoint, shown: float, *, may_rise: bool) -> bool:
        """Return whether the difference is worth a write now."""
        target, waited = self.target, now - self.sent_at
        most = self.most(shown)
        if self._is_urgent(wanted, most):
            # One that comes and goes is not written each time, unless nothing may flow.
            calm = self._sent is None and not self._is_vital(wanted)
            return waited >= (target.interval if calm else URGENT_PAUSE)
        least = 0.5 if target.kind.is_switch else max(target.smallest_change, target.step * 0.99)
        if waited < target.interval:
            return False
        if most - wanted.value >= least:
            return True
        base = self._sent if self._sent is not None and self._has_arrived(shown, self._sent) else shown
        if wanted.value - base < least or wanted.is_below_minimum:
            return False
        is_limited = self.state is FollowerState.LIMITED_BY_EQUIPMENT
        return may_rise and (not is_limited or waited >= RETRY_AFTER)

    def _write(self, now: float, wanted: Setpoint, shown: float) -> Write:
        """Return the write, and wait for it to be shown."""
        if not self._is_pending:
            self._before = shown
        falls = wanted.value < self.most(shown)
        self.sent_at, self._is_pending, self._sent = now, True, wanted.value
        self._lowest = min(self._lowest, wanted.value)
        self._foreign_since, self._expected = None, None
        self.state = FollowerState.PENDING
        return Write(self.target, wanted.value, self.shown, falls, wanted.limited_by)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart: after it a value that differs may be anybody's."""
        return {"other_master": self.state is FollowerState.OTHER_MASTER}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored."""
        if stored.get("other_master") is True:
            self.state = FollowerState.OTHER_MASTER
