"""Relays that a table of conditions sets: open, closed, or as they were, where nobody may guess.

Every condition is true, false or unknown; "unknown" is never an excuse to close a relay.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
import operator
from typing import Final

from .quantities import NOTHING_MISSING, Measured
from .rules import Comparison, Condition, ProtectedQuantity, RelayTable

_OPERATORS: Final[Mapping[Comparison, Callable[[float, float], bool]]] = {
    Comparison.BELOW: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.ABOVE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
}


_UPWARDS: Final = frozenset({Comparison.ABOVE, Comparison.AT_LEAST})
_MAY_BE_HIGHER: Final = frozenset(
    {
        ProtectedQuantity.CELL_HIGHEST,
        ProtectedQuantity.CELL_SPREAD,
        ProtectedQuantity.HOTTEST,
        ProtectedQuantity.TEMPERATURE_SPREAD,
    }
)


class Tristate(StrEnum):
    """What the mirror says of something that a pack may allow or do. Unknown is never yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def limit_of(condition: Condition, values: Mapping[str, float | None]) -> float | None:
    """Return the parameter that a condition compares with."""
    return next((values[key] for key in condition.parameters if values.get(key) is not None), None)


def holds(
    condition: Condition,
    measured: Measured,
    values: Mapping[str, float | None],
    partial: frozenset[ProtectedQuantity] = NOTHING_MISSING,
) -> bool | None:
    """Return whether a condition holds; None is not known. Of `partial` quantities not every cell or probe is known."""
    value, limit = measured[condition.quantity], limit_of(condition, values)
    if value is None or limit is None:
        return None
    found = _OPERATORS[condition.comparison](value, limit)
    if condition.quantity not in partial:
        return found
    # The highest may be higher, the lowest lower.
    rises = condition.quantity in _MAY_BE_HIGHER
    proven = found if (condition.comparison in _UPWARDS) is rises else not found
    return found if proven else None


class Relay:
    """One relay, by one table."""

    def __init__(self, table: RelayTable) -> None:
        """Know nothing of where it stands."""
        self.table = table
        self.position: bool | None = None
        """Closed, open, or not known."""
        self.answer = Tristate.UNKNOWN
        self.forced = False
        """The table leaves no choice: what was before does not matter."""
        self.opens: tuple[Condition, ...] = ()
        """Conditions that open it now."""
        self.waits_for: tuple[Condition, ...] = ()
        """Conditions that keep it open."""
        self.unknown: tuple[Condition, ...] = ()
        """Conditions that nobody can judge."""
        self.may_open: tuple[Condition, ...] = ()
        """Those of them that could open it."""

    def evaluate(
        self,
        measured: Measured,
        values: Mapping[str, float | None],
        *,
        hears: bool | None,
        reported: bool | None,
        partial: frozenset[ProtectedQuantity] = NOTHING_MISSING,
    ) -> Tristate:
        """Take what is measured, whether the pack hears its cells, and where it says that the relay stands."""
        off = [(condition, holds(condition, measured, values, partial)) for condition in self.table.off]
        on = [(condition, holds(condition, measured, values, partial)) for condition in self.table.on]
        self.opens = tuple(condition for condition, found in off if found)
        self.waits_for = tuple(condition for condition, found in on if found is False)
        self.unknown = tuple(condition for condition, found in (*off, *on) if found is None)
        self.may_open = tuple(condition for condition, found in off if found is None)
        self.forced = True
        if hears is False or self.opens:
            return self._stand(closed=False)
        if hears and not self.unknown and not self.waits_for:
            return self._stand(closed=True)
        self.forced = False
        if hears is None or self.may_open or (not self.waits_for and self.unknown):
            self.answer = Tristate.UNKNOWN
            return self.answer
        if self.position is None:
            self.position = reported
        self.answer = Tristate.UNKNOWN if self.position is None else Tristate.YES if self.position else Tristate.NO
        return self.answer

    def _stand(self, *, closed: bool) -> Tristate:
        self.position = closed
        self.answer = Tristate.YES if closed else Tristate.NO
        return self.answer
