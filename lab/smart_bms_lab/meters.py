"""The meters of the demo's house: the sun on its roof, what its rooms use, and what the grid gives and takes."""

from dataclasses import dataclass
from datetime import datetime
import math
import random
from typing import Final

_SUNRISE, _SUNSET = 7.0, 19.0
_SUN: Final = 0.15
_BASE: Final = 0.025
_BREAKFAST, _SUPPER = (range(6, 9), 0.04), (range(17, 22), 0.07)
"""Hours of the day, and what is used besides. All as shares of the batteries' capacity per hour."""


def _chance(what: str, when: datetime) -> random.Random:
    return random.Random(f"{what}:{when:%Y-%m-%d %H}")  # noqa: S311


def sun(when: datetime) -> float:
    """Return what the roof yields at a local time, as a share of the batteries' capacity per hour: a day with some clouds."""
    height = math.sin((when.hour + when.minute / 60 - _SUNRISE) / (_SUNSET - _SUNRISE) * math.pi)
    return max(0.0, height) * _SUN * _chance("sun", when).uniform(0.8, 1.0)


def use(when: datetime) -> float:
    """Return what the house uses at a local time, as a share of the batteries' capacity per hour."""
    more = sum(share for hours, share in (_BREAKFAST, _SUPPER) if when.hour in hours)
    return (_BASE + more) * _chance("use", when).uniform(0.8, 1.2)


@dataclass(slots=True)
class Meters:
    """Counts kWh, and shows kW."""

    capacity: float
    """kWh of the batteries behind the meter."""
    solar_energy: float = 0.0
    grid_import: float = 0.0
    grid_export: float = 0.0
    solar_power: float = 0.0
    grid_power: float = 0.0
    """Positive while the grid gives."""

    def count(self, hours: float, when: datetime, battery: float) -> None:
        """Let time pass at a local time while the batteries take so many kW, negative: give. What they give, the house uses."""
        self.solar_power = sun(when) * self.capacity
        self.grid_power = max(use(when) * self.capacity, -battery) + battery - self.solar_power
        self.solar_energy += self.solar_power * hours
        self.grid_import += max(0.0, self.grid_power) * hours
        self.grid_export += max(0.0, -self.grid_power) * hours
