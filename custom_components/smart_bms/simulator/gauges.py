"""The gauges that protections watch: whole counts that rise towards the danger, so that equality is exact.

Where the danger lies below, both the reading and the limit change their sign.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from .measurement import Measurement


class Gauge(NamedTuple):
    """A reading in counts."""

    read: Callable[[Measurement], int | None]
    """None: there is nothing to read."""
    per_unit: int
    """Counts per V, A, °C or %; negative where the danger lies below."""

    def level(self, limits: Mapping[str, float], key: str) -> int | None:
        """Return a limit in counts; None if there is no such limit."""
        value = limits.get(key)
        return None if value is None else round(value * self.per_unit)


def _tenths(value: float) -> int:
    return round(value * 10)


def _hottest(seen: Measurement) -> int | None:
    return max(map(_tenths, seen.probes), default=None)


def _coldest(seen: Measurement) -> int | None:
    return max((-_tenths(probe) for probe in seen.probes), default=None)


def _temperature_spread(seen: Measurement) -> int | None:
    return _tenths(max(seen.probes)) - _tenths(min(seen.probes)) if seen.probes else None


def _power_stage(seen: Measurement) -> int | None:
    return None if seen.power_stage is None else _tenths(seen.power_stage)


MAX_CELL: Final = Gauge(lambda seen: max(seen.cells), 1000)
MIN_CELL: Final = Gauge(lambda seen: -min(seen.cells), -1000)
CELL_SPREAD: Final = Gauge(lambda seen: max(seen.cells) - min(seen.cells), 1000)
PACK_HIGH: Final = Gauge(lambda seen: seen.pack, 1000)
PACK_LOW: Final = Gauge(lambda seen: -seen.pack, -1000)
CHARGE: Final = Gauge(lambda seen: seen.current, 1000)
DISCHARGE: Final = Gauge(lambda seen: -seen.current, 1000)
HOTTEST: Final = Gauge(_hottest, 10)
COLDEST: Final = Gauge(_coldest, -10)
TEMPERATURE_SPREAD: Final = Gauge(_temperature_spread, 10)
POWER_STAGE: Final = Gauge(_power_stage, 10)
SOC_HIGH: Final = Gauge(lambda seen: _tenths(seen.soc), 10)
SOC_LOW: Final = Gauge(lambda seen: -_tenths(seen.soc), -10)
