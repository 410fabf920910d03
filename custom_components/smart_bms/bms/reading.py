"""Reading and Identity: what any pack says of itself, in one vocabulary for all makes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from .alarm import Alarm, AlarmSeverity

type Detail = bool | int | float | str | tuple[int, ...]
"""A value that only some families have."""

NOTHING: Final[Mapping[str, Detail]] = MappingProxyType({})
NO_TEMPERATURES: Final[Mapping[str, float]] = MappingProxyType({})
NO_COUNTERS: Final[Mapping[str, int]] = MappingProxyType({})

FULL_SOC: Final = 100.0


class Extremes(NamedTuple):
    """The lowest and the highest cell as the pack itself names them: V, and the cells' numbers."""

    lowest: float
    lowest_number: int
    highest: float
    highest_number: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One decoded measurement of a pack.

    A value that the model does not have is None (or an empty tuple), never a substitute.
    Units: V, A, W, Ah, %, °C, Ω, s. Current and power are positive while charging. Cells and probes count from 1:
    index 0 of a cell tuple is cell 1; a slot without a cell in between is None.
    """

    measured_at: float
    """Monotonic time in seconds at which the frame was complete."""
    voltage: float | None = None
    current: float | None = None
    power: float | None = None
    soc: float | None = None
    soh: float | None = None
    remaining_capacity: float | None = None
    full_capacity: float | None = None
    design_capacity: float | None = None
    throughput: float | None = None
    """Ah through the pack since new, as the pack counts it."""
    cycles: float | None = None
    cell_voltages: tuple[float | None, ...] = ()
    cell_times: tuple[float | None, ...] = ()
    """Monotonic time in s at which each cell was measured, for packs that tell one cell after the other."""
    extremes: Extremes | None = None
    """What the pack says of its lowest and highest cell, if that is fresher than its cells."""
    stated_energy: float | None = None
    """Wh left, as the pack counts them."""
    cell_resistances: tuple[float | None, ...] = ()
    """Resistance of each balance lead."""
    cell_temperatures: tuple[float | None, ...] = ()
    temperatures: Mapping[str, float] = NO_TEMPERATURES
    """By probe: `temperature_1`, `temperature_2`, …, `mosfet`."""
    balance_current: float | None = None
    balancing: bool | None = None
    balancing_cells: tuple[int, ...] | None = None
    charging_enabled: bool | None = None
    """The pack lets charge current pass: the real state of the switch, not the wish."""
    discharging_enabled: bool | None = None
    balancing_enabled: bool | None = None
    heating: bool | None = None
    precharging: bool | None = None
    charge_stage: str | None = None
    """`bulk`, `absorption` or `float`."""
    runtime: int | None = None
    """Seconds the pack has been on in its life."""
    counters: Mapping[str, int] = NO_COUNTERS
    """How often each protection has tripped as the pack counts, which may forget; by key of its alarm."""
    overvoltage_ends_charge: bool = True
    """A cell overvoltage alarm of a full pack is how it ends a charge, and no problem."""
    alarms: tuple[Alarm, ...] | None = None
    """What the pack complains about now; None if this family cannot say."""
    alarm_mask: int | None = None
    """The raw bits behind `alarms`, for support."""
    implausible: tuple[str, ...] = ()
    """Names of values that the pack sent and that cannot be: they are unknown here (`cell_voltage_7`, `temperature_mosfet` …)."""
    details: Mapping[str, Detail] = NOTHING
    """What only this family says; documented on the family's page."""

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Return a reading that has these values, which become its own; faster than the constructor.

        Two readings a second for each pack add up, and a frozen dataclass sets its fields one by one.
        """
        reading = cls.__new__(cls)
        object.__setattr__(reading, "__dict__", values)
        return reading

    @cached_property
    def cell_range(self) -> tuple[float, float] | None:
        """Lowest and highest cell voltage in V."""
        if self.extremes is not None:
            return self.extremes.lowest, self.extremes.highest
        cells = self.cell_voltages
        try:
            lowest, highest = min(cells), max(cells)  # type: ignore[type-var]
        except TypeError, ValueError:
            lowest = highest = None
        if lowest is None or highest is None:  # gaps between the cells, or none at all
            voltages = [voltage for voltage, _ in self._cells]
            return (min(voltages), max(voltages)) if voltages else None
        return lowest, highest

    @cached_property
    def _cells(self) -> list[tuple[float, int]]:
        """Voltage and number of each cell that exists."""
        return [(voltage, number) for number, voltage in enumerate(self.cell_voltages, 1) if voltage is not None]

    @property
    def cell_count(self) -> int | None:
        """Number of cells the pack measures."""
        return (len(self.cell_times) if self.cell_times else len(self._cells)) or None

    @property
    def cell_voltage_min(self) -> float | None:
        """Lowest cell voltage in V."""
        return self.cell_range[0] if self.cell_range else None

    @property
    def cell_voltage_max(self) -> float | None:
        """Highest cell voltage in V."""
        return self.cell_range[1] if self.cell_range else None

    @property
    def cell_voltage_mean(self) -> float | None:
        """Mean cell voltage in V; None while not all cells are known."""
        if self.cell_times and len(self._cells) < len(self.cell_times):
            return None
        return round(sum(cell[0] for cell in self._cells) / len(self._cells), 4) if self._cells else None

    @property
    def cell_voltage_delta(self) -> float | None:
        """Highest minus lowest cell voltage in V."""
        return round(self.cell_range[1] - self.cell_range[0], 4) if self.cell_range else None

    @property
    def cell_min_number(self) -> int | None:
        """Number of the lowest cell; of several equal ones the first."""
        if self.extremes is not None:
            return self.extremes.lowest_number
        return min(self._cells)[1] if self._cells else None

    @property
    def cell_max_number(self) -> int | None:
        """Number of the highest cell; of several equal ones the first."""
        if self.extremes is not None:
            return self.extremes.highest_number
        return max(self._cells, key=lambda cell: (cell[0], -cell[1]))[1] if self._cells else None

    @property
    def stored_energy(self) -> float | None:
        """Energy left in Wh: as the pack counts it, or remaining capacity at the present pack voltage."""
        if self.stated_energy is not None:
            return self.stated_energy
        if self.remaining_capacity is None or self.voltage is None:
            return None
        return round(max(self.remaining_capacity, 0.0) * self.voltage, 1)

    @property
    def problems(self) -> tuple[Alarm, ...]:
        """Alarms that the user should act on.

        Notices and early warnings are left out, and so is cell overvoltage of a full battery: that is how charging ends.
        """
        full = self.overvoltage_ends_charge and self.soc is not None and self.soc >= FULL_SOC
        return tuple(
            alarm
            for alarm in self.alarms or ()
            if alarm.severity is not AlarmSeverity.NOTICE
            and not alarm.is_early
            and not (full and alarm is Alarm.CELL_OVERVOLTAGE)
        )

    @property
    def other_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that are no problem: notices, early warnings, and what is normal in a full battery."""
        problems = self.problems
        return tuple(alarm for alarm in self.alarms or () if alarm not in problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who a pack is. Passwords are never part of it."""

    family: str
    variant: str
    model: str
    hw_version: str = ""
    sw_version: str = ""
    name: str = ""
    serial_number: str = ""
    manufacturing_date: str = ""
    """As the pack stores it, usually YYMMDD."""
    max_cells: int | None = None
    power_on_count: int | None = None
    runtime: int | None = None
    details: Mapping[str, Detail] = NOTHING

    def completed_by(self, known: Identity | None) -> Identity:
        """Return it with what an earlier answer held and this one lacks: answers get lost, packs do not forget who they are.

        Another dialect is another pack. What decides over writes is only taken over from a pack of the same model.
        """
        if known is None or (known.family, known.variant) != (self.family, self.variant):
            return self
        missing = {name: getattr(known, name) for name in _TEXTS if not getattr(self, name)}
        if not self.model or self.model != known.model:
            return replace(self, **missing)
        missing["max_cells"] = self.max_cells or known.max_cells
        return replace(self, **missing, details={**known.details, **self.details})


_TEXTS: Final = ("model", "hw_version", "sw_version", "serial_number", "manufacturing_date")

DERIVED: Final = (
    "cell_count",
    "cell_voltage_min",
    "cell_voltage_max",
    "cell_voltage_mean",
    "cell_voltage_delta",
    "cell_min_number",
    "cell_max_number",
    "stored_energy",
)

_UNSAID: Final = {"measured_at", "cell_times", "extremes", "stated_energy", "overvoltage_ends_charge", "details"}
"""What is said in another way: ages, derived values, and details one by one."""

_STATED: Final = tuple(item.name for item in fields(Reading) if item.name not in _UNSAID)

_MAY_BE_EMPTY: Final = {
    "implausible",
    "cell_voltages",
    "cell_resistances",
    "cell_temperatures",
    "temperatures",
    "counters",
}


def reading_values(reading: Reading) -> dict[str, object]:
    """Return all values that a reading has, by key, JSON-ready. Absent values have no key."""
    values: dict[str, object] = {}
    for key in (*_STATED, *DERIVED):
        value = getattr(reading, key)
        if value is None or (key in _MAY_BE_EMPTY and not value):
            continue
        values[key] = list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
    for key, detail in reading.details.items():
        values[key] = list(detail) if isinstance(detail, tuple) else detail
    return values
