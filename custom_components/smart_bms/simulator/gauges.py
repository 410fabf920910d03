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


def _hottest(measured: Measurement) -> int | None:
    return max(map(_tenths, measured.probes), default=None)


def _coldest(measured: Measurement) -> int | None:
    return max((-_tenths(probe) for probe in measured.probes), default=None)


def _temperature_spread(measured: Measurement) -> int | None:
    return _tenths(max(measured.probes)) - _tenths(min(measured.probes)) if measured.probes else None


def _power_stage(measured: Measurement) -> int | None:
    return None if measured.power_stage is None else _tenths(measured.power_stage)


MAX_CELL: Final = Gauge(lambda measured: max(measured.cells), 1000)
MIN_CELL: Final = Gauge(lambda measured: -min(measured.cells), -1000)
CELL_SPREAD: Final = Gauge(lambda measured: max(measured.cells) - min(measured.cells), 1000)
PACK_HIGH: Final = Gauge(lambda measured: measured.pack, 1000)
PACK_LOW: Final = Gauge(lambda measured: -measured.pack, -1000)
CHARGE: Final = Gauge(lambda measured: measured.current, 1000)
DISCHARGE: Final = Gauge(lambda measured: -measured.current, 1000)
HOTTEST: Final = Gauge(_hottest, 10)
COLDEST: Final = Gauge(_coldest, -10)
TEMPERATURE_SPREAD: Final = Gauge(_temperature_spread, 10)
POWER_STAGE: Final = Gauge(_power_stage, 10)
SOC_HIGH: Final = Gauge(lambda measured: _tenths(measured.soc), 10)
SOC_LOW: Final = Gauge(lambda measured: -_tenths(measured.soc), -10)
