"""A simulated hybrid inverter: charges a battery from the sun, feeds a house, and can be set like real ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import math
from typing import Final

INVERTER: Final = "smart_bms_lab_inverter"
"""Under which key Home Assistant's data has the one of the demo."""
_LINE: Final = 0.01
"""Ω of the cable, by which a charger near its voltage gives less."""
LOWEST: Final[Mapping[str, float]] = {"charge_current": 0.0, "charge_voltage": 40.0, "discharge_current": 0.0}
HIGHEST: Final[Mapping[str, float]] = {"charge_current": 200.0, "charge_voltage": 60.0, "discharge_current": 200.0}
STEP: Final[Mapping[str, float]] = {"charge_current": 1.0, "charge_voltage": 0.1, "discharge_current": 1.0}


@dataclass(slots=True)
class Inverter:
    """Settings in A and V. Everything that is set takes its time, and is rounded."""

    lag: float = 3.0
    """s until a setting counts, and is shown."""
    minimum_current: float = 2.0
    """A below which it does not charge at all."""
    ignores: bool = False
    """It accepts what is set and does nothing."""
    is_on: bool = True
    current: float = 0.0
    """A into the battery, negative out of it."""
    unused: float = 0.0
    """Wh from the sun that nobody took."""
    grid: float = 0.0
    """Wh that the grid had to give."""
    settings: dict[str, float] = field(
        default_factory=lambda: {"charge_current": 100.0, "charge_voltage": 56.0, "discharge_current": 100.0}
    )
    writes: int = 0
    _pending: list[tuple[float, str, float]] = field(default_factory=list)
    _now: float = 0.0

    def set(self, key: str, value: float) -> None:
        """Accept a value of a setting, or 0 and 1 for `is_on`. Raises ValueError if it is out of range."""
        if key != "is_on":
            if not LOWEST[key] <= value <= HIGHEST[key]:
                raise ValueError(f"{key} cannot be {value}")
            value = round(round(value / STEP[key]) * STEP[key], 3)
        self.writes += 1
        if not self.ignores:
            self._pending.append((self._now + self.lag, key, value))

    def restart(self) -> None:
        """Begin with the settings of the factory, as after a power cut."""
        self._pending.clear()
        self.is_on, self.settings = True, Inverter().settings

    def shown(self, key: str) -> float:
        """Return what a setting is now."""
        return float(self.is_on) if key == "is_on" else self.settings[key]

    def step(self, seconds: float, sun: float, load: float, voltage: float) -> float:
        """Let time pass; return the current in A into a battery of this voltage. `sun` and `load` in W."""
        self._now += seconds
        due = [entry for entry in self._pending if entry[0] <= self._now]
        self._pending = [entry for entry in self._pending if entry[0] > self._now]
        for _, key, value in due:
            if key == "is_on":
                self.is_on = bool(value)
            else:
                self.settings[key] = value
        wanted = (sun - load) / voltage if voltage > 0 else 0.0
        self.current = self._charge(wanted, voltage) if wanted > 0 else self._discharge(wanted)
        return self.current

    def count(self, seconds: float, sun: float, load: float, power: float) -> None:
        """Count the energy of a time in which so many W went into the battery; a battery may let nothing pass."""
        surplus = sun - load - power
        self.unused += max(0.0, surplus) * seconds / 3600
        self.grid += max(0.0, -surplus) * seconds / 3600

    def _charge(self, wanted: float, voltage: float) -> float:
        """Return the charge current: as much as is left over, allowed, and flows at its voltage."""
        room = max(0.0, (self.settings["charge_voltage"] - voltage) / _LINE)
        current = min(wanted, self.settings["charge_current"], room)
        return current if self.is_on and current >= self.minimum_current else 0.0

    def _discharge(self, wanted: float) -> float:
        """Return the discharge current, negative."""
        return -min(-wanted, self.settings["discharge_current"]) if self.is_on else 0.0


def sun_of(hour: float, peak: float, cloud: float) -> float:
    """Return the W of a roof at an hour of the day, with a share of clouds from 0 to 1."""
    height = math.sin((hour - 6) / 13 * math.pi) if 6 <= hour <= 19 else 0.0
    return peak * height * (1 - 0.8 * cloud)
