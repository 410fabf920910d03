"""Internal resistance of each cell, from what its voltage does when the current steps.

Method: for every two readings that follow each other closely and between which the current changed enough, the change
of a cell's voltage by that of the current. Of the last steps a line through the origin is fitted (least squares,
weighted by the step) after leaving out those that lie more than three spreads off the weighted median. It is used from
eight steps on, and if its uncertainty (one standard deviation, never less than the step of the voltages allows) is
within a tenth of it. Cells that are reported one after the other (the 123 family) do not match a current and are left
out.

What is measured is the resistance of the first seconds: slow polarization adds up to a tenth when a pack is polled
slowly.
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
"""s between two readings; over a longer time not only this step changes the voltage."""
MIN_STEPS: Final = 8
MAX_STEPS: Final = 64
"""Steps that are stored; the oldest is dropped."""
_MAX_RELATIVE_UNCERTAINTY: Final = 0.1
"""Of the resistance: with more it is not reported."""
_OUTLIER: Final = 3.0
"""Standard deviations from the median beyond which a step is left out."""
_SIGMA: Final = 1.4826
"""Standard deviation by the median deviation, for normally distributed noise."""
_YEAR: Final = 52
"""Weeks."""
_MAX_WEEKS: Final = 2 * _YEAR
_MIN_WEEKS: Final = 4
_ROUNDING: Final = 0.001 / math.sqrt(6)
"""V: the standard deviation of the difference of two voltages in whole mV."""


class CurrentStep(NamedTuple):
    """One step of the current and the voltage changes it caused."""

    amperes: float
    """Change of the current, positive towards charging."""
    volts: tuple[float | None, ...]
    """Change of each cell's voltage."""


class CellResistance(NamedTuple):
    """Internal resistance of one cell, in Ω."""

    value: float
    uncertainty: float
    """One standard deviation."""
    steps: int
    """Number of steps it is fitted to."""


class ResistanceEstimator:
    """Estimates the internal resistance of each cell of one pack."""

    def __init__(self) -> None:
        """Initialize."""
        self.steps: deque[CurrentStep] = deque(maxlen=MAX_STEPS)
        self.step_count = 0
        """Steps so far, to detect new ones."""
        self._last: Reading | None = None

    def update(self, reading: Reading) -> None:
        """Update with a reading; it is cheap unless the current stepped."""
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
        """Return the resistance of each cell, None where there is not enough evidence.

        Too expensive for every reading.
        """
        cells = max((len(step.volts) for step in self.steps), default=0)
        return [
            fit_resistance(
                [(step.amperes, volts) for step in self.steps if (volts := _at(step.volts, cell)) is not None]
            )
            for cell in range(cells)
        ]

    def dump(self) -> list[Any]:
        """Return what is stored over a restart."""
        return [
            [step.amperes, [None if volts is None else round(volts, 4) for volts in step.volts]] for step in self.steps
        ]

    def restore(self, stored: Iterable[Any]) -> None:
        """Restore what `dump` returned. Raises TypeError or ValueError if it is invalid."""
        steps = [
            CurrentStep(number(amperes), tuple(optional(number, volt) for volt in volts)) for amperes, volts in stored
        ]
        self.steps.extend(steps)
        self.step_count = len(self.steps)


def _at(volts: tuple[float | None, ...], cell: int) -> float | None:
    return volts[cell] if cell < len(volts) else None


def fit_resistance(pairs: list[tuple[float, float]]) -> CellResistance | None:
    """Return the slope through the origin of (A, V) pairs, None if it is too uncertain."""
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
    """Return the weighted median of (value, weight) pairs."""
    half, passed, ranked = sum(weight for _, weight in values) / 2, 0.0, iter(sorted(values))
    value = 0.0
    while passed < half:
        value, weight = next(ranked)
        passed += weight
    return value


class WeeklyResistanceTrend:
    """Trend of the mean resistance from week to week."""

    def __init__(self, stored: Mapping[str, float] | None = None) -> None:
        """`stored`: Ω by the number of the week. Raises TypeError, ValueError or AttributeError if it is invalid."""
        self.weeks: dict[int, float] = {int(week): number(value) for week, value in (stored or {}).items()}
        """Mean resistance in Ω by week, in the order of arrival, which a wrong clock cannot change."""

    def update(self, week: int, mean: float) -> None:
        """Set the mean resistance in Ω of a week (number since 1970); the last one of a week counts.

        The oldest is dropped by its position and never by its date: a clock that is wrong once must not delete a year.
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
        """Return what is stored."""
        return {str(week): value for week, value in self.weeks.items()}
