"""The board on a battery: counts charge, opens switches, balances. What it protects from is a matter of its make.

It shares no rule with the rest of the house: what it decides is the second opinion on what we decode and predict.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from .battery import Battery
from .latch import Latch
from .measurement import Measurement
from .protections import Protections


@dataclass(slots=True)
class Limits:
    """Thresholds of the board: V, A, °C, s, Ω as in the manuals' tables for LFP."""

    cell_overvoltage: float = 3.6
    cell_overvoltage_release: float = 3.5
    cell_undervoltage: float = 2.7
    cell_undervoltage_release: float = 2.9
    power_off: float | None = None
    """None: a tenth of a volt below the undervoltage limit."""
    charge_current: float = 100.0
    discharge_current: float = 150.0
    charge_overcurrent_delay: float = 30.0
    charge_overcurrent_release: float = 60.0
    discharge_overcurrent_delay: float = 30.0
    discharge_overcurrent_release: float = 60.0
    charge_overtemperature: float = 60.0
    charge_overtemperature_release: float = 55.0
    charge_undertemperature: float = 0.0
    charge_undertemperature_release: float = 5.0
    discharge_overtemperature: float = 60.0
    discharge_overtemperature_release: float = 55.0
    # Only JK: the other makes keep theirs with their registers.
    discharge_undertemperature: float = -20.0
    discharge_undertemperature_release: float = -15.0
    mosfet_overtemperature: float = 90.0
    mosfet_overtemperature_release: float = 70.0
    balance_trigger: float = 0.010
    balance_start: float = 3.3
    balance_current: float = 2.0

    @property
    def power_off_voltage(self) -> float:
        """Cell voltage at which the board switches itself off."""
        return self.cell_undervoltage - 0.1 if self.power_off is None else self.power_off


@dataclass(slots=True)
class Board:
    """What every battery-management system does, whatever bytes it speaks."""

    battery: Battery
    limits: Limits = field(default_factory=Limits)
    charge_switch: bool = True
    discharge_switch: bool = True
    balance_switch: bool = True
    heater: bool = False
    runtime: float = 86_400.0 * 120
    throughput: float = 4321.0
    soc: float = field(init=False)
    """0 to 1, as counted; drifts from the truth as real ones do."""
    extra_alarms: set[str] = field(default_factory=set)
    """Alarms switched on by hand, to show and to test them."""
    protections: Protections = field(init=False)
    _measure: Callable[[], Measurement] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Begin with the battery's true state of charge, unprotected."""
        self.soc = sum(cell.soc for cell in self.battery.cells) / len(self.battery.cells)
        self.protections = Protections({})

    def protect(self, protections: Protections, measure: Callable[[], Measurement]) -> None:
        """Protect from now on, by what is measured."""
        self.protections, self._measure = protections, measure
        protections.evaluate(0.0, measure())

    @property
    def latches(self) -> dict[str, Latch]:
        """The protections by name, to trip them by hand."""
        return self.protections.latches

    @property
    def alarms(self) -> set[str]:
        """Names of the alarms that are on."""
        return {*self.protections.alarms, *self.extra_alarms}

    @property
    def charging_allowed(self) -> bool:
        """The charge switch is closed."""
        return self.charge_switch and not self.protections.charge_blocked

    @property
    def discharging_allowed(self) -> bool:
        """The discharge switch is closed."""
        return self.discharge_switch and not self.protections.discharge_blocked

    @property
    def cycles(self) -> int:
        """Full cycles that the throughput amounts to."""
        return int(self.throughput / self.battery.capacity)

    def step(self, seconds: float) -> None:
        """Let time pass for the battery and the board."""
        battery = self.battery
        before = battery.charge_moved
        # To a board that is off a charger gets through: how else could it wake it.
        charge = self.charging_allowed or self.protections.powered_off
        battery.step(seconds, charge=charge, discharge=self.discharging_allowed)
        self.runtime += seconds
        self.throughput += battery.charge_moved - before
        self.soc = min(1.0, max(0.0, self.soc + battery.current * seconds / 3600 / battery.capacity))
        if self._measure is not None:
            self.protections.evaluate(seconds, self._measure())
        self._balance()

    def _balance(self) -> None:
        """Move charge from the highest to the lowest cell, as active balancers do."""
        voltages = [cell.voltage for cell in self.battery.cells]
        high, low = voltages.index(max(voltages)), voltages.index(min(voltages))
        wanted = (
            self.balance_switch
            and voltages[high] - voltages[low] > self.limits.balance_trigger
            and voltages[high] > self.limits.balance_start
        )
        self.battery.balance = (high, low, self.limits.balance_current if wanted else 0.0)
