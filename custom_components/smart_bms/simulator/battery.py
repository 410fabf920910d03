"""A battery with physics: cells with a state of charge, resistance and temperature, stepped by a given clock."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import math
import random
from typing import Final


class Chemistry(StrEnum):
    """What the cells are made of."""

    LFP = "lfp"
    NMC = "nmc"
    LTO = "lto"


# Rest voltage in V at states of charge in steps of a tenth, typical of data sheets.
_REST_VOLTAGE: Final = {
    Chemistry.LFP: (2.55, 3.10, 3.20, 3.23, 3.26, 3.28, 3.295, 3.31, 3.325, 3.335, 3.45),
    Chemistry.NMC: (3.00, 3.45, 3.55, 3.61, 3.65, 3.70, 3.78, 3.87, 3.96, 4.07, 4.18),
    Chemistry.LTO: (1.80, 2.08, 2.15, 2.19, 2.22, 2.26, 2.31, 2.37, 2.44, 2.54, 2.68),
}
_STEPS: Final = tuple(step / 10 for step in range(11))

_POLARISATION_TIME: Final = 40.0  # s
_HEAT_CAPACITY_PER_AH: Final = 19.0  # J/K; a 280 Ah cell weighs 5.3 kg
_HEAT_LOSS_PER_AH: Final = 0.0035  # W/K to the air around


def rest_voltage(chemistry: Chemistry, soc: float) -> float:
    """Return the voltage of a rested cell at a state of charge of 0 to 1; beyond that it goes on steeply."""
    curve = _REST_VOLTAGE[chemistry]
    if soc <= 0:
        return max(0.0, curve[0] + soc * 8)
    if soc >= 1:
        return curve[-1] + (soc - 1) * 8
    place = min(bisect_right(_STEPS, soc), len(_STEPS) - 1)
    low, high = _STEPS[place - 1], _STEPS[place]
    return curve[place - 1] + (curve[place] - curve[place - 1]) * (soc - low) / (high - low)


@dataclass(slots=True)
class Cell:
    """One cell. Currents in A, positive while charging."""

    chemistry: Chemistry
    capacity: float
    """Ah."""
    soc: float
    """0 to 1."""
    resistance: float
    """Ω, without polarisation."""
    temperature: float
    """°C."""
    polarisation: float = 0.0
    """V that build up and fade with the current."""
    sense_error: float = 0.0
    """V that a loose sense wire adds to what the board sees of this cell."""
    voltage: float = field(init=False)
    """V that the board sees after the last step."""

    def __post_init__(self) -> None:
        """Start rested."""
        self.voltage = rest_voltage(self.chemistry, self.soc)

    def step(self, seconds: float, current: float, ambient: float) -> None:
        """Let time pass under a constant current."""
        self.soc += current * seconds / 3600 / self.capacity
        # Cold cells resist more: about double at 0 °C.
        resistance = self.resistance * math.exp((25 - self.temperature) * 0.028)
        aim = current * resistance * 0.8
        self.polarisation += (aim - self.polarisation) * (1 - math.exp(-seconds / _POLARISATION_TIME))
        terminals = rest_voltage(self.chemistry, self.soc) + current * resistance + self.polarisation
        self.voltage = max(0.0, terminals + self.sense_error)
        heat = current * current * resistance * 1.8 - (self.temperature - ambient) * _HEAT_LOSS_PER_AH * self.capacity
        self.temperature += heat * seconds / (_HEAT_CAPACITY_PER_AH * self.capacity)


type Profile = Callable[[float], float]
"""Current in A that the outside wants to pass, positive while charging, by the time in s since the start."""


def idle(_: float) -> float:
    """Want nothing."""
    return 0.0


def household(seed: int, base: float = -4.0, peak: float = -60.0, charge: float = 35.0) -> Profile:
    """Return a house: a base load, appliances that come and go, sun for half of every hour. Deterministic."""

    def current(now: float) -> float:
        minute = int(now // 20)
        appliance = random.Random(f"{seed}:{minute}").choice((0.0, 0.0, 0.1, 0.25, 0.6, 1.0))
        ripple = random.Random(f"{seed}:{int(now * 2)}").uniform(-0.4, 0.4)
        sun = charge * max(0.0, math.sin(now / 3600 * 2 * math.pi)) ** 2
        return base + peak * appliance * 0.5 + sun + ripple

    return current


class Battery:
    """Cells in series."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        cells: int,
        capacity: float,
        chemistry: Chemistry = Chemistry.LFP,
        soc: float = 0.6,
        spread: float = 0.004,
        resistance: float = 0.0004,
        temperature: float = 22.0,
        ambient: float | None = None,
        profile: Profile = idle,
        seed: int = 1,
    ) -> None:
        """`spread` is the standard deviation of the cells' state of charge; resistance and capacity spread by 3 %."""
        chance = random.Random(seed)
        self.cells = [
            Cell(
                chemistry,
                capacity=capacity * chance.gauss(1, 0.005),
                soc=soc + chance.gauss(0, spread),
                resistance=resistance * chance.gauss(1, 0.03),
                temperature=temperature + chance.gauss(0, 0.2),
            )
            for _ in range(cells)
        ]
        self.capacity = capacity
        self.chemistry = chemistry
        self.ambient = temperature if ambient is None else ambient
        self.profile = profile
        self.now = 0.0
        self.current = 0.0
        """A through the pack in the last step, positive while charging."""
        self.voltage_gain = 1.0
        """By which factor the board's pack voltage is off."""
        self.charge_moved = 0.0
        """Ah that left or entered since the start, both counted positive."""
        self.balance = (0, 0, 0.0)
        """Indices of the cell that is discharged and the one that is charged, and the current in A between them."""

    @property
    def voltage(self) -> float:
        """Pack voltage in V."""
        return sum(cell.voltage for cell in self.cells) * self.voltage_gain

    @property
    def temperature(self) -> float:
        """Mean cell temperature in °C."""
        return sum(cell.temperature for cell in self.cells) / len(self.cells)

    def step(self, seconds: float, *, charge: bool = True, discharge: bool = True) -> None:
        """Let time pass; current flows only where the switches let it."""
        self.now += seconds
        wanted = self.profile(self.now)
        self.current = wanted if (charge if wanted > 0 else discharge) else 0.0
        self.charge_moved += abs(self.current) * seconds / 3600
        source, drain, balance = self.balance
        for place, cell in enumerate(self.cells):
            extra = (balance if place == drain else 0.0) - (balance if place == source else 0.0)
            cell.step(seconds, self.current + extra, self.ambient)
