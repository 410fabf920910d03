"""Follower: when one target is written, whether it followed, and whether somebody else sets it too.

A write is proven by what the entity shows afterwards. What does not follow is written again a few times, then seldom.
What somebody else sets is not fought over: a stricter value stays, a laxer one is corrected a few times, then left.
"""

from collections.abc import Mapping
from enum import StrEnum
import math
from typing import Any, Final, NamedTuple

from .setpoint import Setpoint
from .target import Target

CHECK_TIME: Final = 15.0
"""s in which an entity has to show what was written, at least; equipment that is polled slowly needs more."""
TRIES: Final = 3
"""Writes of a value that does not arrive, before it is said that the equipment does not follow."""
RETRY_AFTER: Final = 300.0
"""s after which equipment that does not follow is tried again."""
URGENT_FALL: Final = 0.1
"""Share of a value by which it has to fall to be written without waiting for the interval.

The limits keep as much distance from those of the pack.
"""
URGENT_PAUSE: Final = 2.0
"""s between two writes in any case."""
FOREIGN_FOR: Final = 6.0
"""s for which another value has to be shown before somebody else is thought to have set it."""
FOREIGN_WITHIN: Final = 3600.0
"""s in which corrections of somebody else's values are counted."""
CORRECTIONS: Final = 2
"""Of a laxer value that somebody else sets, within that time; after them it is left to the other one."""
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
        self.written: float | None = None
        """What was written last, as far as it still counts; None: nothing was, or the equipment was away since."""
        self.shown: float | None = None
        self.setpoint: Setpoint | None = None
        self.sent_at = float("-inf")
        self._sent: float | None = None
        self._before = 0.0
        """What was shown before the value that is on its way was written first."""
        self._is_limited = False
        """It was seen to go to less than was written."""
        self._is_pending = False
        self._tries = 0
        self._foreign_since: float | None = None
        self._corrections: list[float] = []
        self._yielded_until = float("-inf")

    def step(self, now: float, wanted: Setpoint | None, shown: float | None, *, may_rise: bool = True) -> Write | None:
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
            write = self._check(now, wanted, shown)
            if write is not None or self.state is not FollowerState.FOLLOWING:
                return write
        return self._step(now, wanted, shown, may_rise=may_rise)

    def _step(self, now: float, wanted: Setpoint, shown: float, *, may_rise: bool) -> Write | None:
        """Return what has to be written now, while nothing is on its way."""
        if self._is_foreign(now, shown, wanted):
            return self._write(now, wanted, shown) if self.state is not FollowerState.OTHER_MASTER else None
        if self.state in (FollowerState.OTHER_MASTER, FollowerState.NOT_FOLLOWING):
            return self._retry(now, wanted, shown)
        if now < self._yielded_until and wanted.value >= shown:
            self.state = FollowerState.YIELDED
            return None
        if self.state is not FollowerState.LIMITED_BY_EQUIPMENT or wanted.value < shown:
            self.state = FollowerState.FOLLOWING
        return self._write(now, wanted, shown) if self._is_due(now, wanted, shown, may_rise=may_rise) else None

    @property
    def deviation(self) -> float | None:
        """How far the entity is above what is asked, in its unit; negative below; None while one is not known."""
        if self.shown is None or self.setpoint is None or math.isinf(self.target.effective(self.shown)):
            return None
        return self.shown - self.setpoint.value

    def release(self) -> None:
        """Begin anew, as after the owner has switched steering on: nobody is yielded to any more."""
        self._forget()
        self.state = FollowerState.NOTHING_ASKED
        self._corrections, self._yielded_until = [], float("-inf")

    def _forget(self) -> None:
        self.written, self._is_pending, self._foreign_since, self._tries = None, False, None, 0

    def _is_close(self, one: float, other: float) -> bool:
        return abs(one - other) <= self.target.tolerance

    def _check(self, now: float, wanted: Setpoint, shown: float) -> Write | None:
        """Check whether what was written arrived; write again what did not, or what must fall further at once."""
        written = self.written if self.written is not None else wanted.value
        if self._is_close(shown, written):
            self._is_pending, self._tries, self._is_limited = False, 0, False
            self.state = FollowerState.FOLLOWING
            return None
        if now - self.sent_at >= URGENT_PAUSE and self._is_urgent(wanted, written):
            return self._write(now, wanted, shown)
        if now - self.sent_at < max(CHECK_TIME, self.target.interval / 2):
            self.state = FollowerState.PENDING
            return None
        self._tries += 1
        if self._tries < TRIES:
            return self._write(now, wanted, shown)
        # Tried again later, it is tried once, unless with another value.
        self._is_pending, self._tries = False, TRIES - 1
        moved = self._is_limited or not self._is_close(shown, self._before)
        if moved and shown < written and not self.target.kind.is_switch:
            self._is_limited = True
            self.state, self.written = FollowerState.LIMITED_BY_EQUIPMENT, shown
        else:
            self.state = FollowerState.NOT_FOLLOWING
        return None

    def _is_foreign(self, now: float, shown: float, wanted: Setpoint) -> bool:
        """Return whether somebody else has set a laxer value that is to be corrected, or is left from now on.

        A stricter one is left alone for a while.
        """
        settled = self.state in (FollowerState.FOLLOWING, FollowerState.LIMITED_BY_EQUIPMENT, FollowerState.YIELDED)
        if self.written is None or self._is_close(shown, self.written) or not settled:
            self._foreign_since = None
            return False
        self._foreign_since = now if self._foreign_since is None else self._foreign_since
        if now - self._foreign_since < FOREIGN_FOR:
            return False
        self._foreign_since, self.written = None, shown
        if shown <= wanted.value + self.target.tolerance:
            self.state, self._yielded_until = FollowerState.YIELDED, now + YIELDED_FOR
            return False
        self._corrections = [at for at in self._corrections if now - at < FOREIGN_WITHIN]
        if len(self._corrections) >= CORRECTIONS:
            self.state = FollowerState.OTHER_MASTER
            return True
        self._corrections.append(now)
        return True

    def _retry(self, now: float, wanted: Setpoint, shown: float) -> Write | None:
        """Come back to equipment that follows again; try one that does not now and then, leave one to its other master."""
        if self._is_close(shown, wanted.value):
            self.state, self.written = FollowerState.FOLLOWING, shown
            return None
        if self.state is FollowerState.OTHER_MASTER or now - self.sent_at < RETRY_AFTER:
            return None
        return self._write(now, wanted, shown)

    def _is_urgent(self, wanted: Setpoint, base: float) -> bool:
        """Return whether a value has to fall without waiting: by much, or as far as it can."""
        falls = base - wanted.value
        if falls <= self.target.tolerance / 2:
            return False
        return self.target.kind.is_switch or wanted.value <= self.target.minimum or falls >= URGENT_FALL * abs(base)

    def _is_due(self, now: float, wanted: Setpoint, shown: float, *, may_rise: bool) -> bool:
        """Return whether the difference is worth a write now."""
        base = shown if self.written is None else self.written
        if self._is_urgent(wanted, base):
            return now - self.sent_at >= URGENT_PAUSE
        change = wanted.value - base
        least = 0.5 if self.target.kind.is_switch else max(self.target.smallest_change, self.target.step * 0.99)
        if abs(change) < least or now - self.sent_at < self.target.interval:
            return False
        if self.state is FollowerState.LIMITED_BY_EQUIPMENT and change > 0:
            return now - self.sent_at >= RETRY_AFTER
        return change < 0 or may_rise

    def _write(self, now: float, wanted: Setpoint, shown: float) -> Write:
        """Return the write, and wait for it to be shown."""
        if not self._is_pending:
            self._before = shown
            self._tries = self._tries if self._sent == wanted.value else 0
        self.sent_at, self._is_pending, self.written, self._sent = now, True, wanted.value, wanted.value
        self._foreign_since = None
        self.state = FollowerState.PENDING
        return Write(self.target, wanted.value, self.shown, wanted.value < shown, wanted.limited_by)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart: after it a value that differs may be anybody's."""
        return {"written": self.written, "other_master": self.state is FollowerState.OTHER_MASTER}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored."""
        if stored.get("other_master") is True:
            self.state = FollowerState.OTHER_MASTER
