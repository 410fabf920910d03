"""Consistency: the vendor's judgment of how alike the cells of a pack are, after JBD's manual.

Cells less than 0.03 V apart are alike, but that says something only on certain occasions; on all others there is no verdict.
"""

from enum import StrEnum
from typing import Final, NamedTuple

THRESHOLD: Final = 0.03
"""V apart from which on cells are not alike."""
AGING_CYCLES: Final = 10
REST: Final = 30 * 86_400.0
"""s without current."""


class ConsistencyCriterion(StrEnum):
    """What a judgment is about."""

    MATCHING = "matching"
    """Cells that have just been assembled."""
    CAPACITY = "capacity"
    """Full, after ten aging cycles."""
    RESISTANCE = "resistance"
    """After a month's rest: internal resistance in the vendor's words, in truth self-discharge as well."""


class ConsistencyResult(NamedTuple):
    """A verdict and what it stands on."""

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
    """Return what cells that are `spread` V apart now allow to say.

    `assembled`: new, and at rest. `aging_cycles`: from full to empty and full again, None if nobody counted. `rest`: s
    without current. An empty pack says nothing: its cells are always far apart.
    """
    if spread is None or empty:
        return []
    occasions = (
        (ConsistencyCriterion.MATCHING, assembled),
        (ConsistencyCriterion.CAPACITY, bool(full) and aging_cycles is not None and aging_cycles >= AGING_CYCLES),
        (ConsistencyCriterion.RESISTANCE, rest is not None and rest >= REST),
    )
    good = round(spread, 3) < THRESHOLD
    return [ConsistencyResult(criterion, good, spread) for criterion, holds in occasions if holds]
