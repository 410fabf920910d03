"""Trust: which readings may be shown. A checksum of one byte lets every 256th broken frame pass."""

from collections import Counter
from collections.abc import Mapping
import math
from typing import Final

from .alarm import Alarm
from .errors import FrameError
from .reading import Reading

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "voltage": (0, 1500),
    "current": (-2000, 2000),
    "soc": (0, 100),
    "soh": (0, 100),
    # Run past empty, packs count below zero.
    "remaining_capacity": (-10_000, 100_000),
    "full_capacity": (0, 100_000),
    "design_capacity": (0, 100_000),
    "cycles": (0, 100_000),
    "balance_current": (-50, 50),
}
"""Lowest and highest value that physics and the largest packs allow."""

CELL_VOLTAGE: Final = (0, 5)
TEMPERATURE: Final = (-60, 160)

_DISAGREE: Final = "cells_disagree_with_voltage"
_CELLS_IN_DOUBT: Final = frozenset({Alarm.CELL_COUNT_MISMATCH, Alarm.CELL_COMMUNICATION_FAULT})

# Cells are measured one after the other, over seconds; a load that comes meanwhile moves the pack voltage alone.
_SUM_TOLERANCE: Final = 0.05
_SUM_TOLERANCE_VOLTS: Final = 0.5
_DISAGREEMENTS: Final = 10
"""Readings in a row after which cells and pack voltage are believed to disagree: a board out of calibration."""

JUMPS: Final[Mapping[str, float]] = {
    "voltage": 20,
    "soc": 10,
    "remaining_capacity": 100,
    "throughput": 10,
    "runtime": 120,
}
"""How far a value may move between two readings that are at most `JUMP_WINDOW` seconds apart."""

CELL_JUMP: Final = 1.0
TEMPERATURE_JUMP: Final = 20.0
JUMP_WINDOW: Final = 30.0
FROZEN_AFTER: Final = 5.0
"""Seconds after which a run-time counter that stands still means that old data is being repeated."""

# As tuples: both are gone through for every reading.
_RANGES: Final = tuple((key, low, high) for key, (low, high) in RANGES.items())
_JUMPS: Final = tuple(JUMPS.items())


def check(reading: Reading) -> None:
    """Raise FrameError unless the reading is possible for itself alone."""
    values = vars(reading)
    for key, low, high in _RANGES:
        value = values.get(key)
        if value is not None and not low <= value <= high:
            raise FrameError(f"implausible_{key}")
    low, high = TEMPERATURE
    for value in reading.temperatures.values():
        if not low <= value <= high:
            raise FrameError("implausible_temperature")
    if reading.alarms and not _CELLS_IN_DOUBT.isdisjoint(reading.alarms):
        # The pack itself says that something is wrong with its cells: that must be shown, not hidden.
        return
    lowest, highest = reading.cell_range or (0, 0)
    if not highest:
        raise FrameError("no_cells")
    low, high = CELL_VOLTAGE
    if lowest < low or highest > high:
        raise FrameError("implausible_cell_voltage")
    if reading.voltage is None:
        return
    if reading.cell_times:
        # Cells that were told one after the other, over minutes, do not add up to what the pack has now.
        if reading.extremes is not None and not _between_extremes(reading, lowest, highest):
            raise FrameError(_DISAGREE)
        return
    try:
        # A cell whose sense wire is off reads zero but is still part of the pack.
        total = sum(reading.cell_voltages) if lowest else _sum_of_gaps(reading)  # type: ignore[arg-type]
    except TypeError:
        total = _sum_of_gaps(reading)
    if abs(total - reading.voltage) > max(_SUM_TOLERANCE * reading.voltage, _SUM_TOLERANCE_VOLTS):
        raise FrameError(_DISAGREE)


def _between_extremes(reading: Reading, lowest: float, highest: float) -> bool:
    """Tell whether that many cells between these two can have the voltage of the pack."""
    count, voltage = len(reading.cell_times), reading.voltage or 0.0
    tolerance = max(_SUM_TOLERANCE * voltage, _SUM_TOLERANCE_VOLTS)
    return lowest * count - tolerance <= voltage <= highest * count + tolerance


def _sum_of_gaps(reading: Reading) -> float:
    """Return what the pack voltage should be if some slots have no cell and cells that read zero are like the others."""
    working = [voltage for voltage in reading.cell_voltages if voltage]
    return sum(working) * (1 + reading.cell_voltages.count(0.0) / len(working))


def jump(before: Reading, after: Reading) -> str | None:
    """Return why `after` cannot follow `before`, or None."""
    if after.measured_at - before.measured_at > JUMP_WINDOW:
        return None
    olds, news = vars(before), vars(after)
    for key, most in _JUMPS:
        old, new = olds.get(key), news.get(key)
        if old is not None and new is not None and abs(new - old) > most:
            return f"jump_{key}"
    if _cells_jump(before, after):
        return "jump_cell_voltage"
    if before.temperatures == after.temperatures:
        return None
    for key, old in before.temperatures.items():
        if (new := after.temperatures.get(key)) is not None and abs(new - old) > TEMPERATURE_JUMP:
            return "jump_temperature"
    return None


def _cells_jump(before: Reading, after: Reading) -> bool:
    old, new = before.cell_range, after.cell_range
    if old is None or new is None or (new[1] - old[0] <= CELL_JUMP and old[1] - new[0] <= CELL_JUMP):
        return False  # no cell of one is that far from any cell of the other
    return any(
        was is not None and now is not None and abs(now - was) > CELL_JUMP
        for was, now in zip(before.cell_voltages, after.cell_voltages, strict=False)
    )


class Trust:
    """Judges the readings of one session, one after the other, and counts what it refuses."""

    def __init__(self) -> None:
        """Start without a past."""
        self.dropped: Counter[str] = Counter()
        """Refused readings by reason, over all sessions."""
        self.frozen = False
        self._runtime: int | None = None
        self._runtime_moved_at = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget the past: a new session may find the pack in any state, but not with its clock stopped."""
        self._accepted: Reading | None = None
        self._doubted: Reading | None = None
        self._near: _Neighbourhood | None = None
        self._disagreements = 0

    def accepts(self, reading: Reading) -> bool:
        """Tell whether the reading may be shown."""
        near = self._near
        try:
            if near is None or not near.holds(reading):
                self._check_alone(reading)
                self._check_jump(reading)
                self._near = _Neighbourhood(reading)
            if reading.runtime != self._runtime:
                self._runtime = reading.runtime
                self._runtime_moved_at = reading.measured_at
                self.frozen = False
            elif self._runtime is not None and reading.measured_at - self._runtime_moved_at > FROZEN_AFTER:
                self.frozen = True
                raise FrameError("frozen")
        except FrameError as error:
            self.dropped[error.reason] += 1
            return False
        self._accepted, self._doubted = reading, None
        return True

    def _check_alone(self, reading: Reading) -> None:
        try:
            check(reading)
        except FrameError as error:
            self._disagreements = self._disagreements + 1 if error.reason == _DISAGREE else 0
            if self._disagreements <= _DISAGREEMENTS:
                raise
        else:
            self._disagreements = 0

    def _check_jump(self, reading: Reading) -> None:
        if self._accepted is None or (reason := jump(self._accepted, reading)) is None:
            return
        # A jump is believed when the next reading confirms it: a relay may have closed, a counter been set.
        if self._doubted is not None and jump(self._doubted, reading) is None:
            return
        self._doubted = reading
        raise FrameError(reason)


class _Neighbourhood:
    """What lies so near to a good reading that it needs no closer look, which nearly all readings do.

    Half a jump to each side: two readings in it cannot be a whole jump apart.
    """

    def __init__(self, reading: Reading) -> None:
        values = vars(reading)
        self._limits = []
        for key in RANGES.keys() | JUMPS.keys():
            if (value := values.get(key)) is not None:
                low, high = RANGES.get(key, (-math.inf, math.inf))
                near = JUMPS.get(key, math.inf) / 2
                self._limits.append((key, max(low, value - near), min(high, value + near)))
        lowest, highest = reading.cell_range or (0.0, 0.0)
        self._cells = (max(0.001, highest - CELL_JUMP / 2), min(CELL_VOLTAGE[1], lowest + CELL_JUMP / 2))
        near = TEMPERATURE_JUMP / 2
        self._temperatures = {
            probe: (max(TEMPERATURE[0], value - near), min(TEMPERATURE[1], value + near))
            for probe, value in reading.temperatures.items()
        }

    def holds(self, reading: Reading) -> bool:
        """Tell whether the reading is near enough; one that lacks a value or has a probe more is not."""
        values = reading.__dict__
        lowest, highest = reading.cell_range or (0.0, 0.0)
        try:
            for key, low, high in self._limits:
                if not low <= values[key] <= high:
                    return False
            for probe, value in reading.temperatures.items():
                low, high = self._temperatures[probe]
                if not low <= value <= high:
                    return False
            if lowest < self._cells[0] or highest > self._cells[1]:
                return False
            if reading.cell_times:
                return reading.extremes is None or _between_extremes(reading, lowest, highest)
            return reading.voltage is None or (
                abs(sum(reading.cell_voltages) - reading.voltage) <= _SUM_TOLERANCE_VOLTS  # type: ignore[arg-type]
            )
        except KeyError, TypeError:
            return False
