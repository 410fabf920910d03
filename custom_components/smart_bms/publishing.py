"""Publishing: full rate inside, calm outside.

A pack sends two readings a second. Published as they come, a pack of 16 cells would write a quarter of a million rows an
hour into the user's database. Each quantity therefore has a shortest interval and a dead band; what matters at once (alarms,
switches, states) has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

type Value = bool | int | float | str | None

SETTLE: Final = 600.0
"""Seconds after which a change inside the dead band is published too, so that a value at rest ends up exact."""


class Quantity(StrEnum):
    """Kinds of values that are published alike."""

    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER = "power"
    SOC = "soc"
    CELL_VOLTAGE = "cell_voltage"
    CELL_NUMBER = "cell_number"
    BALANCE_CURRENT = "balance_current"
    TEMPERATURE = "temperature"
    CAPACITY = "capacity"
    ENERGY = "energy"
    RESISTANCE = "resistance"
    TIME_LEFT = "time_left"
    DIRECTION = "direction"
    MARGIN = "margin"
    COUNTER = "counter"
    DATA_AGE = "data_age"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a changed value is published."""

    interval: float
    """Shortest time in s between two publications."""
    dead_band: float = 0.0
    """Smallest change, in the unit of the quantity."""


DEFAULT_POLICIES: Final[Mapping[Quantity, Policy]] = {
    Quantity.VOLTAGE: Policy(10, 0.05),
    Quantity.CURRENT: Policy(10, 0.3),
    Quantity.POWER: Policy(10, 10),
    Quantity.SOC: Policy(5),
    Quantity.CELL_VOLTAGE: Policy(60, 0.003),
    Quantity.CELL_NUMBER: Policy(60),
    Quantity.BALANCE_CURRENT: Policy(30, 0.1),
    Quantity.TEMPERATURE: Policy(60, 0.3),
    Quantity.CAPACITY: Policy(60, 0.1),
    Quantity.ENERGY: Policy(60, 5),
    Quantity.RESISTANCE: Policy(3600, 0.005),
    Quantity.TIME_LEFT: Policy(60, 60),
    Quantity.DIRECTION: Policy(10),
    Quantity.MARGIN: Policy(30),
    Quantity.COUNTER: Policy(300),
    Quantity.DATA_AGE: Policy(0),
    Quantity.STATE: Policy(0),
}

ADJUSTABLE: Final = (
    Quantity.VOLTAGE,
    Quantity.CURRENT,
    Quantity.POWER,
    Quantity.CELL_VOLTAGE,
    Quantity.TEMPERATURE,
    Quantity.CAPACITY,
)
"""What users may tune; the rest follows no taste."""


def policies(intervals: Mapping[str, float], dead_bands: Mapping[str, float]) -> dict[Quantity, Policy]:
    """Return the policies with the user's intervals and dead bands, by quantity, in place of the defaults."""
    return {
        quantity: Policy(intervals.get(quantity, policy.interval), dead_bands.get(quantity, policy.dead_band))
        for quantity, policy in DEFAULT_POLICIES.items()
    }


class Gate:
    """Decides for one value when it is published."""

    def __init__(self, policy: Policy) -> None:
        """Start with nothing published."""
        self._policy = policy
        self._published_at = float("-inf")
        self.value: Value = None
        """What was published last."""

    def offer(self, value: Value, now: float) -> bool:
        """Take the newest value at monotonic time `now`; tell whether it is published, which makes it `value`."""
        if value == self.value and type(value) is type(self.value):
            return False
        if not self._is_due(value, now - self._published_at):
            return False
        self.value = value
        self._published_at = now
        return True

    def open(self) -> None:
        """Let the next value through whatever was published before: the pack was away."""
        self._published_at = float("-inf")

    def _is_due(self, value: Value, elapsed: float) -> bool:
        old = self.value
        if old is None or value is None:
            # Appearing and disappearing are news at any time.
            return True
        if elapsed < self._policy.interval:
            return False
        if elapsed >= SETTLE:
            return True
        if isinstance(value, (int, float)) and isinstance(old, (int, float)):
            # Rounded, because 3.302 - 3.300 is a little less than 0.002 in binary.
            return round(abs(value - old), 9) >= self._policy.dead_band
        return True
