"""Internal resistance of each cell, from what its voltage does when the current steps.

Method: for every two readings that follow each other closely and between which the current changed enough, the change of a
cell's voltage by that of the current. Of the last steps a line through the origin is fitted (least squares, weighted by
the step) after leaving out those that lie more than three spreads off the weighted median. It counts from eight steps on,
and if its uncertainty (one standard deviation, never less than the step of the voltages allows) is within a tenth of it.
Cells that are told one after the other (the 123 family) do not fit to a current and are left out.

What is measured is the resistance of the first seconds: slow polarisation adds up to a tenth when a pack is polled slowly.
"""

from collections import deque
from collections.abc import Iterable, Mapping
import math
from typing import Any, Final, NamedTuple

from ..bms.reading import Reading
from ..bms.stored_values import number, optional

MIN_STEP: Final = 5.0
"""A by which the current must change, ..."""
MIN_SHARE: Final = 0.05
"""... and in capacities per hour."""
MAX_INTERVAL: Final = 8.0
"""s between two readings; what happened longer ago is not of this step alone."""
MIN_STEPS: Final = 8
MAX_STEPS: Final = 64
"""Steps."""
_MAX_RELATIVE_UNCERTAINTY: Final = 0.1
"""Uncertainty that is still told, as a share of the resistance."""
_OUTLIER: Final = 3.0
_SIGMA: Final = 1.4826
"""Of the median deviation of normal noise."""
_YEAR: Final = 52
_MAX_WEEKS: Final = 2 * _YEAR
_MIN_WEEKS: Final = 4
_ROUNDING: Final = 0.001 / math.sqrt(6)
"""V: the standard deviation of the difference of two voltages told in mV."""


class CurrentStep(NamedTuple):
    """What one step of the current did."""

    amperes: float
    volts: tuple[float | None, ...]
    """Change of each cell."""


class CellResistance(NamedTuple):
    """Of one cell, in Ω."""

    value: float
    uncertainty: float
    """One standard deviation."""
    steps: int


class ResistanceEstimator:
    """Follows the cells of one pack."""

    def __init__(self) -> None:
        """Know of no step yet."""
        self.steps: deque[CurrentStep] = deque(maxlen=MAX_STEPS)
        self.step_count = 0
        """Steps in all, to know whether there is anything new."""
        self._last: Reading | None = None

    def update(self, reading: Reading) -> None:
        """Take a reading; only one after a step costs anything."""
        last, self._last = self._last, reading
        if last is None or reading.current is None or last.current is None:
            return
        amperes = reading.current - last.current
        if -MIN_STEP < amperes < MIN_STEP or not 0 < reading.measured_at - last.measured_at <= MAX_INTERVAL:
            return
        if abs(amperes) < MIN_SHARE * (reading.full_capacity or 0.0) or reading.cell_times:
            return
        before, after = last.cell_voltages, reading.cell_voltages
        if not after or len(before) != len(after):
            return
        volts = tuple(
            None if one is None or other is None else round(other - one, 4)
            for one, other in zip(before, after, strict=True)
        )
        self.steps.append(CurrentStep(round(amperes, 3), volts))
        self.step_count += 1

    def cell_resistances(self) -> list[CellResistance | None]:
        """Return the resistance of each cell, None where there is not enough evidence. Not for the hot path."""
        cells = max((len(step.volts) for step in self.steps), default=0)
        return [
            fit_resistance(
                [(step.amperes, volts) for step in self.steps if (volts := _at(step.volts, cell)) is not None]
            )
            for cell in range(cells)
        ]

    # Over restarts.

    def dump(self) -> list[Any]:
        """Return what has to survive a restart."""
        return [
            [step.amperes, [None if volts is None else round(volts, 4) for volts in step.volts]] for step in self.steps
        ]

    def restore(self, stored: Iterable[Any]) -> None:
        """Take up what was kept. Raises TypeError or ValueError if it is broken."""
        steps = [
            CurrentStep(number(amperes), tuple(optional(number, volt) for volt in volts)) for amperes, volts in stored
        ]
        self.steps.extend(steps)
        self.step_count = len(self.steps)


def _at(volts: tuple[float | None, ...], cell: int) -> float | None:
    return volts[cell] if cell < len(volts) else None


def fit_resistance(pairs: list[tuple[float, float]]) -> CellResistance | None:
    """Return the slope through the origin of (A, V) pairs, None if they do not say it well enough."""
    if len(pairs) < MIN_STEPS:
        return None
    middle = _weighted_median([(volts / amperes, abs(amperes)) for amperes, volts in pairs])
    off = sorted(abs(volts - middle * amperes) for amperes, volts in pairs)
    allowed = max(_OUTLIER * _SIGMA * off[len(off) // 2], 2 * _ROUNDING)
    used = [(amperes, volts) for amperes, volts in pairs if abs(volts - middle * amperes) <= allowed]
    excitation = sum(amperes * amperes for amperes, _ in used)
    if len(used) < MIN_STEPS:
        return None
    value = sum(amperes * volts for amperes, volts in used) / excitation
    noise = sum((volts - value * amperes) ** 2 for amperes, volts in used) / (len(used) - 1)
    uncertainty = math.sqrt(max(noise, _ROUNDING * _ROUNDING) / excitation)
    return (
        CellResistance(value, uncertainty, len(used)) if 0 < uncertainty <= _MAX_RELATIVE_UNCERTAINTY * value else None
    )


def _weighted_median(values: list[tuple[float, float]]) -> float:
    """Return the value at half of the weight."""
    half, passed, ranked = sum(weight for _, weight in values) / 2, 0.0, iter(sorted(values))
    value = 0.0
    while passed < half:
        value, weight = next(ranked)
        passed += weight
    return value


class WeeklyResistanceTrend:
    """What the mean resistance did from week to week."""

    def __init__(self, stored: Mapping[str, float] | None = None) -> None:
        """Go on with what was kept: Ω by the number of the week. Raises TypeError, ValueError or AttributeError if it is none."""
        self.weeks: dict[int, float] = {int(week): number(value) for week, value in (stored or {}).items()}
        """In the order in which they came, which a wrong clock cannot change."""

    def update(self, week: int, mean: float) -> None:
        """Take the mean of the pack's cells in a week; the last one of a week counts.

        The oldest goes by its place and never by its date: one look at a wrong clock must not delete a year.
        """
        self.weeks.pop(week, None)
        self.weeks[week] = mean
        if len(self.weeks) > _MAX_WEEKS:
            del self.weeks[next(iter(self.weeks))]

    @property
    def per_week(self) -> float | None:
        """Change in % per week over the last year, of at least four weeks; None before."""
        newest = next(reversed(self.weeks), 0)
        known = {week: value for week, value in self.weeks.items() if newest - _YEAR <= week <= newest}
        if len(known) < _MIN_WEEKS:
            return None
        count = len(known)
        middle, mean = sum(known) / count, sum(known.values()) / count
        spread = sum((week - middle) ** 2 for week in known)
        slope = sum((week - middle) * (value - mean) for week, value in known.items()) / spread
        return 100 * slope / mean if mean > 0 else None

    def dump(self) -> dict[str, float]:
        """Return what is kept."""
        return {str(week): value for week, value in self.weeks.items()}
