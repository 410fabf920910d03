"""Features: which values a pack has. Kept with the entry, so that entities exist before the pack is heard."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from ..bms.reading import Reading, reading_values
from ..bms.settings import Settings

FROM_SETTINGS: Final = frozenset({"design_capacity", "charged_total", "discharged_total"})
"""Values that some packs tell among their parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a pack has been seen to have."""

    values: frozenset[str] = frozenset()
    """Keys of single values."""
    cells: int = 0
    resistances: int = 0
    cell_temperatures: int = 0
    probes: tuple[str, ...] = ()
    """Temperatures, by their keys."""
    counters: tuple[str, ...] = ()
    """What is counted, by the keys of alarms."""

    @classmethod
    def of(cls, reading: Reading, settings: Settings | None) -> Self:
        """Return what a reading and the settings show."""
        values = set(reading_values(reading))
        if settings is not None:
            values |= FROM_SETTINGS & settings.values.keys()
        return cls(
            values=frozenset(values),
            cells=len(reading.cell_voltages),
            resistances=len(reading.cell_resistances),
            cell_temperatures=len(reading.cell_temperatures),
            probes=tuple(sorted(reading.temperatures)),
            counters=tuple(sorted(reading.counters)),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return what was kept with the entry."""
        return cls(
            values=frozenset(data["values"]),
            cells=data["cells"],
            resistances=data["resistances"],
            cell_temperatures=data.get("cell_temperatures", 0),
            probes=tuple(data["probes"]),
            counters=tuple(data.get("counters", ())),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept with the entry."""
        return asdict(self) | {
            "values": sorted(self.values),
            "probes": list(self.probes),
            "counters": list(self.counters),
        }

    def merged(self, other: Self) -> Self:
        """Return the features of both: what a pack once had it does not lose for being silent about it today."""
        return type(self)(
            values=self.values | other.values,
            cells=max(self.cells, other.cells),
            resistances=max(self.resistances, other.resistances),
            cell_temperatures=max(self.cell_temperatures, other.cell_temperatures),
            probes=tuple(sorted({*self.probes, *other.probes})),
            counters=tuple(sorted({*self.counters, *other.counters})),
        )
