"""Consistency: the vendor's judgment of how alike the cells of a pack are, after JBD's manual.

Cells less than 0.03 V apart are alike, but that is meaningful only in certain situations; in all others there is no
result.
"""

from enum import StrEnum
from typing import Final, NamedTuple

THRESHOLD: Final = 0.03
"""V of difference from which on cells are not alike (JBD's manual)."""
AGING_CYCLES: Final = 10
"""Cycles from full to empty and full again after which the capacities are compared (JBD's manual)."""
REST: Final = 30 * 86_400.0
"""s without current after which self-discharge is compared (JBD's manual: a month)."""


class ConsistencyCriterion(StrEnum):
    """What is compared."""

    MATCHING = "matching"
    """Cells that have just been assembled."""
    CAPACITY = "capacity"
    """Full, after ten aging cycles."""
    RESISTANCE = "resistance"
    """After a month's rest: internal resistance in the vendor's words, in truth self-discharge as well."""


class ConsistencyResult(NamedTuple):
    """Whether the cells are alike by one criterion."""

    criterion: ConsistencyCriterion
    good: bool
    spread: float
    """V between the lowest and the highest cell."""


def judge_consistency(  # noqa: PLR0913
    spread: float | None,
    *,
    assembled: bool = False,
    full: bool | None = None,
    empty: bool | None = None,
    aging_cycles: int | None = None,
    rest: float | None = None,
) -> list[ConsistencyResult]:
    """Return the results that a cell voltage difference of `spread` V allows now; it may be none.

    `assembled`: new, and at rest. `aging_cycles`: from full to empty and full again, None if not counted. `rest`: s
    without current. An empty pack says nothing: its cells are always far apart.
    """
    if spread is None or empty:
        return []
    situations = (
        (ConsistencyCriterion.MATCHING, assembled),
        (ConsistencyCriterion.CAPACITY, bool(full) and aging_cycles is not None and aging_cycles >= AGING_CYCLES),
        (ConsistencyCriterion.RESISTANCE, rest is not None and rest >= REST),
    )
    good = round(spread, 3) < THRESHOLD
    return [ConsistencyResult(criterion, good, spread) for criterion, holds in situations if holds]
