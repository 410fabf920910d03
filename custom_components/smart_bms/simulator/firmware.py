"""The board on a battery: counts charge, opens switches, balances. Written from the vendor's manual, for no make alone.

It shares no rule with the rest of the house: what it decides is the second opinion on what we decode and predict.
"""

from dataclasses import dataclass, field

from .battery import Battery


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
    balance_trigger: float = 0.010
    balance_start: float = 3.3
    balance_current: float = 2.0


@dataclass(slots=True)
class _Latch:
    """A protection: trips, holds, releases."""

    tripped: bool = False
    since: float = 0.0
    pending: float = 0.0

    def hysteresis(self, trips: bool, releases: bool) -> None:
        self.tripped = trips or (self.tripped and not releases)

    def timed(self, exceeded: bool, seconds: float, delay: float, release: float) -> None:
        if self.tripped:
            self.since += seconds
            if self.since >= release:
                self.tripped, self.pending = False, 0.0
            return
        self.pending = self.pending + seconds if exceeded else 0.0
        if self.pending >= delay:
            self.tripped, self.since = True, 0.0


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
    latches: dict[str, _Latch] = field(default_factory=dict)
    extra_alarms: set[str] = field(default_factory=set)
    """Alarms switched on by hand, to show and to test them."""

    def __post_init__(self) -> None:
        """Begin with the battery's true state of charge."""
        self.soc = sum(cell.soc for cell in self.battery.cells) / len(self.battery.cells)
        self.latches = {
            name: _Latch()
            for name in (
                "cell_overvoltage",
                "cell_undervoltage",
                "charge_overcurrent",
                "discharge_overcurrent",
                "charge_overtemperature",
                "charge_undertemperature",
                "discharge_overtemperature",
            )
        }
        self._protect(0.0)

    @property
    def alarms(self) -> set[str]:
        """Names of the alarms that are on."""
        return {name for name, latch in self.latches.items() if latch.tripped} | self.extra_alarms

    @property
    def charging_allowed(self) -> bool:
        """The charge switch is closed."""
        return self.charge_switch and not any(
            self.latches[name].tripped
            for name in ("cell_overvoltage", "charge_overcurrent", "charge_overtemperature", "charge_undertemperature")
        )

    @property
    def discharging_allowed(self) -> bool:
        """The discharge switch is closed."""
        return self.discharge_switch and not any(
            self.latches[name].tripped
            for name in ("cell_undervoltage", "discharge_overcurrent", "discharge_overtemperature")
        )

    @property
    def cycles(self) -> int:
        """Full cycles that the throughput amounts to."""
        return int(self.throughput / self.battery.capacity)

    def step(self, seconds: float) -> None:
        """Let time pass for the battery and the board."""
        battery = self.battery
        before = battery.charge_moved
        battery.step(seconds, charge=self.charging_allowed, discharge=self.discharging_allowed)
        self.runtime += seconds
        self.throughput += battery.charge_moved - before
        self.soc = min(1.0, max(0.0, self.soc + battery.current * seconds / 3600 / battery.capacity))
        self._protect(seconds)
        self._balance()

    def _protect(self, seconds: float) -> None:
        limits, current = self.limits, self.battery.current
        voltages = [cell.voltage for cell in self.battery.cells]
        coldest = min(cell.temperature for cell in self.battery.cells)
        hottest = max(cell.temperature for cell in self.battery.cells)
        latch = self.latches
        latch["cell_overvoltage"].hysteresis(
            max(voltages) > limits.cell_overvoltage, max(voltages) < limits.cell_overvoltage_release
        )
        latch["cell_undervoltage"].hysteresis(
            min(voltages) < limits.cell_undervoltage, min(voltages) > limits.cell_undervoltage_release
        )
        latch["charge_overtemperature"].hysteresis(
            hottest > limits.charge_overtemperature, hottest < limits.charge_overtemperature_release
        )
        latch["charge_undertemperature"].hysteresis(
            coldest < limits.charge_undertemperature, coldest > limits.charge_undertemperature_release
        )
        latch["discharge_overtemperature"].hysteresis(
            hottest > limits.discharge_overtemperature, hottest < limits.discharge_overtemperature_release
        )
        latch["charge_overcurrent"].timed(
            current > limits.charge_current,
            seconds,
            limits.charge_overcurrent_delay,
            limits.charge_overcurrent_release,
        )
        latch["discharge_overcurrent"].timed(
            -current > limits.discharge_current,
            seconds,
            limits.discharge_overcurrent_delay,
            limits.discharge_overcurrent_release,
        )

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
