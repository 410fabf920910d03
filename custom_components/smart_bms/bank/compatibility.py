"""Compatibility: whether packs can be one battery. Those that cannot are never charged or discharged as one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .member import PackBuild, SeriesString, string_name

CELLS_DIFFER: Final = "cells_differ"
"""Strings in parallel have different numbers of cells in series, and so different voltages."""
CHEMISTRIES_DIFFER: Final = "chemistries_differ"
VOLTAGES_APART: Final = "voltages_apart"
"""Strings in parallel that are switched on have voltages that cannot be of the same two terminals."""
CURRENTS_APART: Final = "currents_apart"
"""Packs in series carry different currents."""
INCOMPATIBLE: Final = (CELLS_DIFFER, CHEMISTRIES_DIFFER, VOLTAGES_APART, CURRENTS_APART)
"""Codes that forbid to charge and discharge."""
CAPACITIES_DIFFER: Final = "capacities_differ"
"""Packs in series: it works, but the smallest ends every charge and discharge. Advice only."""

_MAX_VOLTAGE_SHARE: Final = 0.06
"""Share of the voltage by which strings may differ: 0.2 V for an LFP cell, more than load or measurement explain."""
_MAX_CURRENT_DIFFERENCE: Final = (10.0, 0.3)
"""A, and share of the larger one, by which currents of packs in series may differ."""
_MAX_CAPACITY_RATIO: Final = 1.2
"""Of the largest to the smallest pack in series. Our judgment."""
MIN_DURATION: Final = 30.0
"""s for which a measured difference must last without a break: packs are read one after the other."""


class Incompatibility(NamedTuple):
    """Why packs are not one battery."""

    code: str
    values: tuple[tuple[str, float | str], ...]
    """By name of the pack or string."""


def build_differences(strings: Sequence[Sequence[PackBuild]]) -> tuple[Incompatibility, ...]:
    """Return the differences in the build of packs that forbid to make these strings one battery.

    The unknown forbids nothing.
    """
    found = []
    cells = tuple((string_name(string), _cells(string)) for string in strings)
    known = tuple((name, float(count)) for name, count in cells if count is not None)
    if len({count for _, count in known}) > 1:
        found.append(Incompatibility(CELLS_DIFFER, known))
    chemistries = tuple((pack.name, pack.chemistry) for string in strings for pack in string if pack.chemistry)
    if len({chemistry for _, chemistry in chemistries}) > 1:
        found.append(Incompatibility(CHEMISTRIES_DIFFER, chemistries))
    return tuple(found)


def _cells(string: Sequence[PackBuild]) -> int | None:
    known = [pack.cells for pack in string if pack.cells]
    return sum(known) if known and len(known) == len(string) else None


def measured_differences(strings: Sequence[SeriesString]) -> tuple[Incompatibility, ...]:
    """Return the differences of present voltages and currents that one battery cannot have."""
    return (*_voltages_apart(strings), *_currents_apart(strings))


def _voltages_apart(strings: Sequence[SeriesString]) -> Iterator[Incompatibility]:
    """Compare strings that are switched on: one that is cut off may have any voltage."""
    voltages = [(string.name, round(string.voltage, 2)) for string in strings if not string.cut_off]
    highest = max((voltage for _, voltage in voltages), default=0.0)
    if highest - min((voltage for _, voltage in voltages), default=0.0) > _MAX_VOLTAGE_SHARE * highest:
        yield Incompatibility(VOLTAGES_APART, tuple(voltages))


def _currents_apart(strings: Sequence[SeriesString]) -> Iterator[Incompatibility]:
    for string in strings:
        currents = [(member.name, member.reading.current or 0.0) for member in string.members if member.reading]
        lowest, highest = min(current for _, current in currents), max(current for _, current in currents)
        most = max(abs(lowest), abs(highest))
        if highest - lowest > max(_MAX_CURRENT_DIFFERENCE[0], _MAX_CURRENT_DIFFERENCE[1] * most):
            yield Incompatibility(CURRENTS_APART, tuple(currents))


def compatibility_advice(strings: Sequence[SeriesString]) -> tuple[Incompatibility, ...]:
    """Return the differences that work, but have a disadvantage."""
    found = []
    for string in strings:
        capacities = [
            (member.name, member.reading.full_capacity or member.reading.design_capacity or 0.0)
            for member in string.members
            if member.reading
        ]
        sizes = [capacity for _, capacity in capacities]
        if min(sizes) > 0 and max(sizes) > _MAX_CAPACITY_RATIO * min(sizes):
            found.append(Incompatibility(CAPACITIES_DIFFER, tuple(capacities)))
    return tuple(found)


class LastingIncompatibility:
    """Confirms measured differences of one bank once they last for `MIN_DURATION`."""

    def __init__(self) -> None:
        """Initialize."""
        self.confirmed: tuple[Incompatibility, ...] = ()
        self._codes: Counter[str] = Counter()
        self._since = 0.0

    def update(self, measured: tuple[Incompatibility, ...], now: float) -> tuple[Incompatibility, ...]:
        """Update with the differences at a monotonic time in s; return those that last."""
        codes = Counter(found.code for found in measured)
        if codes != self._codes:
            self._codes, self._since = codes, now
        elif now - self._since >= MIN_DURATION:
            self.confirmed = measured
        return self.confirmed
