"""Trust: which readings may be shown. A checksum of one byte lets every 256th broken frame pass.

Doubt never lasts: what a pack says again and again is shown, whatever it is, for a pack in trouble says odd things.
"""

from collections import Counter
from collections.abc import Mapping
import math
from typing import Any, Final

from .alarm import Alarm
from .errors import FrameError
from .reading import Reading

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "voltage": (0, 1500),
    "current": (-3000, 3000),
    "power": (-4_500_000, 4_500_000),
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

CELL_VOLTAGE: Final = (0, 6.3)
"""V. The front ends of these boards measure up to 6.3 V, which a cell with a loose sense wire beside it can show."""
TEMPERATURE: Final = (-60, 160)

DISAGREE: Final = "cells_disagree_with_voltage"
NO_CELLS: Final = "no_cells"
_CELLS_IN_DOUBT: Final = frozenset({Alarm.CELL_COUNT_MISMATCH, Alarm.CELL_COMMUNICATION_FAULT})

# Cells are measured one after the other, over seconds; a load that comes meanwhile moves the pack voltage alone.
_SUM_TOLERANCE: Final = 0.05
_SUM_TOLERANCE_VOLTS: Final = 0.5

MAX_REFUSALS: Final = 2
"""Readings in a row that may be doubted ..."""
MAX_DOUBT: Final = 4.5
"""... and for how long, in s: ten readings of a pack that sends two a second, three polls of one that is asked.
Longer than any load that comes while the cells are measured; short enough for a pack in trouble."""

POWER_TOLERANCE: Final = 0.05
POWER_TOLERANCE_WATTS: Final = 20.0
"""How far a power may be from voltage times current before it is called implausible."""

POWER_ROUNDING: Final = 0.5
"""W. A power that is further from voltage times current of the same reading is shown as their product: people add up."""

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


def possible(reading: Reading) -> Reading:
    """Return the reading without the single values that cannot be; `implausible` names them.

    A power that is far from voltage times current becomes their product.
    """
    values = vars(reading)
    changes: dict[str, Any] = {}
    names: list[str] = []
    for key, low, high in _RANGES:
        value = values.get(key)
        if value is not None and not low <= value <= high:
            changes[key] = None
            names.append(key)
    low, high = TEMPERATURE
    if bad := [probe for probe, value in reading.temperatures.items() if not low <= value <= high]:
        changes["temperatures"] = {probe: value for probe, value in reading.temperatures.items() if probe not in bad}
        names += [probe if probe.startswith("temperature") else f"temperature_{probe}" for probe in bad]
    low, high = CELL_VOLTAGE
    extremes = reading.extremes
    if extremes is not None and not (low <= extremes.lowest and extremes.highest <= high):
        changes["extremes"] = None
        names.append("cell_voltage_min" if extremes.highest <= high else "cell_voltage_max")
    cells = reading.cell_voltages
    if impossible := {place for place, cell in enumerate(cells) if cell is not None and not low <= cell <= high}:
        changes["cell_voltages"] = tuple(None if place in impossible else cell for place, cell in enumerate(cells))
        names += [f"cell_voltage_{place + 1}" for place in sorted(impossible)]
    if reading.power is not None:
        _check_power(reading, changes, names)
    if not changes:
        return reading
    kept = {key: value for key, value in values.items() if key not in _DERIVED}
    return Reading.of(kept | changes | {"implausible": tuple(names)})


_DERIVED: Final = frozenset({"cell_range", "_cells"})
"""What a reading works out of its values and remembers."""


def _check_power(reading: Reading, changes: dict[str, Any], names: list[str]) -> None:
    """Remove a power that nothing confirms, and correct one that voltage and current contradict."""
    if "voltage" in changes or "current" in changes:
        changes["power"] = None
        if "power" not in names:
            names.append("power")
    elif reading.voltage is not None and reading.current is not None:
        product = reading.voltage * reading.current
        if not _power_fits(reading.power, product):
            changes["power"] = round(product, 2)
            if "power" in names:
                names.remove("power")


def _power_fits(power: float | None, product: float) -> bool:
    return power is not None and abs(power - product) <= POWER_TOLERANCE_WATTS + POWER_TOLERANCE * abs(product)


def _agrees(power: float, product: float) -> bool:
    return -POWER_ROUNDING <= power - product <= POWER_ROUNDING


def _agreed(reading: Reading) -> Reading:
    """Return the reading with the power that its voltage and current make, if its own is another one to the eye."""
    values = reading.__dict__
    power, voltage, current = values.get("power"), values.get("voltage"), values.get("current")
    if power is None or voltage is None or current is None or _agrees(power, voltage * current):
        return reading
    return Reading.of({**values, "power": round(voltage * current, 2)})


def contradiction(reading: Reading) -> str | None:
    """Return why the values of a reading cannot all be right, or None. None of them need be impossible for itself."""
    if reading.alarms and not _CELLS_IN_DOUBT.isdisjoint(reading.alarms):
        # The pack itself says that something is wrong with its cells: that must be shown, not hidden.
        return None
    lowest, highest = reading.cell_range or (0, 0)
    if not highest:
        return NO_CELLS
    if reading.voltage is None or any(name.startswith("cell_voltage") for name in reading.implausible):
        return None
    if reading.cell_times:
        # Cells that were sent one after the other, over minutes, do not add up to what the pack has now.
        return None if reading.extremes is None or _between_extremes(reading, lowest, highest) else DISAGREE
    try:
        # A cell whose sense wire is off reads zero but is still part of the pack.
        total = sum(reading.cell_voltages) if lowest else _sum_of_gaps(reading)  # type: ignore[arg-type]
    except TypeError:
        total = _sum_of_gaps(reading)
    fits = abs(total - reading.voltage) <= max(_SUM_TOLERANCE * reading.voltage, _SUM_TOLERANCE_VOLTS)
    return None if fits else DISAGREE


def check(reading: Reading) -> None:
    """Raise FrameError unless the reading is possible for itself alone; for tools that judge one message at a time."""
    cleaned = possible(reading)
    if cleaned.implausible:
        raise FrameError(_reason(cleaned.implausible[0]))
    if reason := contradiction(cleaned):
        raise FrameError(reason)


def _reason(name: str) -> str:
    """Return the key by which an impossible value is counted: one for all cells, and one for all probes."""
    if name.startswith("cell_voltage"):
        return "implausible_cell_voltage"
    return f"implausible_{name}" if name in RANGES else "implausible_temperature"


def _between_extremes(reading: Reading, lowest: float, highest: float) -> bool:
    """Return whether that many cells between these two can have the voltage of the pack."""
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


class _Doubt:
    """Doubt of one kind: it ends when a reading is free of it, or when the pack has insisted for long enough."""

    def __init__(self) -> None:
        self._count = 0
        self._since = 0.0

    def ends(self) -> None:
        """Forget it."""
        self._count = 0

    def goes_on(self, now: float) -> bool:
        """Take one more doubtful reading; return whether it must not be shown yet."""
        if not self._count:
            self._since = now
        self._count += 1
        return self._count <= MAX_REFUSALS or now - self._since <= MAX_DOUBT


class Trust:
    """Judges the readings of a pack, one after the other, and counts what it refuses."""

    def __init__(self) -> None:
        """Initialize."""
        self.dropped: Counter[str] = Counter()
        """Refused readings by reason, over all sessions."""
        self.withheld: Counter[str] = Counter()
        """Single values that were not shown, or corrected, in readings that were, by name."""
        self.frozen = False
        self.doubt: str | None = None
        """What is odd about the newest reading, whether it was shown or not."""
        self.refused_at: float | None = None
        """When the newest reading was refused; None while they are accepted."""
        self._runtime: int | None = None
        self._runtime_moved_at = 0.0
        # A pack that is doubted may end its sessions: what it insists on counts over all of them.
        self._doubts = {kind: _Doubt() for kind in ("implausible", "contradiction", "jump")}
        self._implausible: frozenset[str] = frozenset()
        self.reset()

    def reset(self) -> None:
        """Begin a session: it may find the pack in any state, but not with its clock stopped."""
        self._accepted: Reading | None = None
        self._doubted: Reading | None = None
        self._near: _Neighborhood | None = None

    def judge(self, reading: Reading) -> Reading | None:
        """Return the reading as it may be shown, which may lack values that cannot be; None if it is refused."""
        shown: Reading | None
        if self._near is not None and self._near.holds(reading):
            shown, self.doubt = reading, None
        else:
            shown = self._check_closely(reading)
        if shown is not None and reading.runtime != self._runtime:
            self._runtime = reading.runtime
            self._runtime_moved_at = reading.measured_at
            self.frozen = False
        elif shown is not None and self._stands_still(reading.measured_at):
            self.frozen, self.doubt, shown = True, "frozen", None
        if shown is None:
            self.refused_at = reading.measured_at
            self.dropped[self.doubt or ""] += 1
            return None
        self.refused_at = None
        self._accepted, self._doubted = shown, None
        return shown

    def _check_closely(self, reading: Reading) -> Reading | None:
        cleaned = possible(reading)
        now = reading.measured_at
        new = [name for name in cleaned.implausible if name not in self._implausible]
        self._implausible = frozenset(cleaned.implausible)
        self.doubt = None
        # What is impossible is believed when the next reading has it too: a broken message hits something else each time.
        if not self._passes("implausible", _reason(new[0]) if new else None, now):
            return None
        if not self._passes("contradiction", contradiction(cleaned), now):
            return None
        if not self._passes("jump", self._unconfirmed_jump(cleaned), now):
            return None
        if cleaned is not reading:
            self.withheld.update(cleaned.implausible or ("power",))
        self._near = None if cleaned.implausible or self.doubt else _Neighborhood(cleaned)
        return _agreed(cleaned)

    def _passes(self, kind: str, reason: str | None, now: float) -> bool:
        """Return whether a reading may pass a check; `reason` is what the check found."""
        doubt = self._doubts[kind]
        if reason is None:
            doubt.ends()
            return True
        self.doubt = reason
        return not doubt.goes_on(now)

    def _unconfirmed_jump(self, reading: Reading) -> str | None:
        """Return how a reading jumps, unless the one before jumped to the same place: a relay may have closed."""
        if self._accepted is None or (reason := jump(self._accepted, reading)) is None:
            return None
        before, self._doubted = self._doubted, reading
        return None if before is not None and jump(before, reading) is None else reason

    def _stands_still(self, now: float) -> bool:
        """Return whether a run-time counter has been the same for too long."""
        return self._runtime is not None and now - self._runtime_moved_at > FROZEN_AFTER


class _Neighborhood:
    """What lies so near to a good reading that it needs no close check, as nearly all readings do.

    Half a jump to each side: two readings in it cannot be a whole jump apart.
    """

    def __init__(self, reading: Reading) -> None:
        values = vars(reading)
        self._limits = []
        for key in (RANGES.keys() | JUMPS.keys()) - {"power"}:  # it is held against voltage and current
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
        """Return whether the reading is near enough; one that lacks a value or has a probe more is not."""
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
            if (
                lowest < self._cells[0]
                or highest > self._cells[1]
                or ("power" in values and not _agrees(values["power"], values["voltage"] * values["current"]))
            ):
                return False
            if reading.cell_times:
                return reading.extremes is None or _between_extremes(reading, lowest, highest)
            return reading.voltage is None or (
                abs(sum(reading.cell_voltages) - reading.voltage) <= _SUM_TOLERANCE_VOLTS  # type: ignore[arg-type]
            )
        except KeyError, TypeError:
            return False
