"""Hold for balancing: at the top no more flows than the balancer moves, until the cells are even or a time is over."""

from collections.abc import Mapping
from typing import Any, Final

HOLD: Final = "balance_hold"
"""As what limits a charge current, and as a stage of charging."""
_MEASURED_FROM: Final = 0.05
"""A; less is no measured balance current: balancers pause between two cells."""
_FORGETS: Final = 120.0
"""s after which a measured balance current counts no more."""
_BEGINS_AT: Final = 1.5
"""Times the difference at which a hold ends, where it begins: so that it does not begin anew at once."""


class BalanceHold:
    """Follows one pack."""

    def __init__(self, longest: float) -> None:
        """`longest`: s after its beginning at which a hold ends in any case, until the pack is charged anew; 0: no hold."""
        self._longest = longest
        self._since: float | None = None
        self._measured: tuple[float, float] | None = None
        self.spread: float | None = None
        """V between the highest and the lowest cell that it waits for to become less; None: it does not hold."""

    @property
    def is_holding(self) -> bool:
        """Whether the charge current is held down."""
        return self.spread is not None

    def note(self, measured: float | None, now: float) -> None:
        """Note the measured balance current in A, of either sign."""
        if measured is not None and abs(measured) >= _MEASURED_FROM:
            self._measured = abs(measured), now

    def lose(self) -> None:
        """Note that nothing current is known: what is measured later begins anew, the time that it took counts on."""
        self._measured, self.spread = None, None

    def reset(self) -> None:
        """Note that the pack is charged anew: the time begins anew with the next hold."""
        self._since, self.spread = None, None

    def update(  # noqa: PLR0913
        self, now: float, *, at_top: bool, spread: float | None, even: float, stated: float | None, is_on: bool = True
    ) -> float | None:
        """Return the charge current in A that the balancer can move; None: nothing is held.

        `at_top`: the highest cell is where the balancer works. `even`: V of cell difference that counts as even.
        `stated`: A that the pack's parameters say its balancer moves; `is_on`: it is not switched off.
        """
        least = even if self.is_holding else even * _BEGINS_AT
        movable = self._movable(now, stated)
        if self._since is not None:
            # A clock that was wrong at the start must not make a hold longer.
            self._since = min(self._since, now)
        is_over = self._since is not None and now - self._since >= self._longest
        if (
            not is_on
            or not at_top
            or spread is None
            or spread <= least
            or movable is None
            or is_over
            or self._longest <= 0
        ):
            self.spread = None
            return None
        self._since = now if self._since is None else self._since
        self.spread = spread
        return movable

    def _movable(self, now: float, stated: float | None) -> float | None:
        """Return what the balancer moves in A: as measured lately, else as stated."""
        if self._measured is not None and now - self._measured[1] <= _FORGETS:
            return self._measured[0]
        return stated or None

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"since": self._since}

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        since = stored.get("since")
        self._since = None if since is None else float(since) + shift
