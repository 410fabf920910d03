r"""The boards of a 123\SmartBMS on a battery: measure, decide, count. Written from the vendor's manual.

How later firmware uses its delays and its hysteresis is not public: it follows the manual of the earlier boards here,
with one lower limit of temperature per direction.
"""

from collections.abc import Callable
import math
from typing import Final

from ..battery import Battery, Profile, idle
from .labels import GEN3_NUS, Label
from .meters import EventLog, History, Meters
from .relays import Lamps, Relays, Sample, Thresholds, decide, is_full, lamps
from .settings import Settings, temperature_counts, voltage_counts

_BYPASS_CURRENT: Final = 1.0
_BYPASS_HEAT: Final = 12.0
"""K that a balancing board reads too much."""
_BYPASS_TIME: Final = 120.0
_PLAUSIBLE_T_MIN: Final = range(temperature_counts(-40), temperature_counts(80) + 1)
_SENSOR_TYPES: Final = {125.0: 0, 250.0: 1, 500.0: 2, 1000.0: 11}

_MAIN: Final = 3
_KEEP_ON: Final = 2


class Smart123Board:
    """All boards of a pack. Fit a label before the first step if it is not one of the latest."""

    def __init__(
        self,
        battery: Battery,
        settings: Settings | None = None,
        *,
        load: Profile = idle,
        cold_start: bool = False,
        calibrated: bool | None = None,
    ) -> None:
        """Have been running for a while, or on a cold start: relays open, cells not yet heard of.

        `load` is the current in A that loads draw, whatever comes in; it shows only with two sensors, as without it
        all that the battery gives is load and all that it takes is charge.
        """
        self.battery = battery
        self.settings = settings or Settings.for_battery(battery)
        self.load = load
        self.label = GEN3_NUS
        self.meters = Meters()
        self.log = EventLog()
        self.history = History()
        self.comm_error = False
        """The chain of the cell boards is broken."""
        self.absent: set[int] = set()
        """Numbers of cells whose values are not available."""
        self.calibrated = not cold_start if calibrated is None else calibrated
        """The pack was full once since power came."""
        self.relays = Relays(charge=not cold_start, load=not cold_start)
        self.lamps = Lamps()
        self.soh: int | None = 95
        self.efficiency: int | None = 99
        self.stored = self.capacity * sum(cell.soc for cell in battery.cells) / len(battery.cells)
        """Wh."""
        self.current_in: float | None = None
        """A that the sensors read; None: no such sensor."""
        self.current_out: float | None = None
        self.current = 0.0
        self.voltages: list[int] = []
        self.temperatures: list[int] = []
        self._unheard = len(battery.cells) if cold_start else 0
        self._heat = [0.0] * len(battery.cells)
        self._sense(0.0, 0.0)
        self._judge()
        self.history.note(0.0, self.soc)

    def fit(self, label: Label) -> None:
        """Become the unit that the label says."""
        self.label = label
        if label.pin:
            self.settings.pin = label.pin
        self.settings.sensor_type = _SENSOR_TYPES.get(label.sensor_range, 0)
        self._sense(0.0, 0.0)
        self._judge()

    # What it knows.

    @property
    def capacity(self) -> float:
        """Wh, as somebody has set it."""
        return max(1, self.settings.capacity) * 100.0

    @property
    def soc(self) -> int:
        """% that are stored."""
        return min(100, max(0, math.floor(100 * self.stored / self.capacity)))

    @property
    def charge_cycles(self) -> float:
        """How often the energy that was charged would have filled the pack."""
        return self.meters.charged.total * 1000 / self.capacity

    @property
    def discharge_cycles(self) -> float:
        """How often the energy that was discharged would have emptied the pack."""
        return self.meters.discharged.total * 1000 / self.capacity

    @property
    def voltage(self) -> int:
        """Pack voltage in counts; not always the sum of the cells'."""
        return voltage_counts(self.battery.voltage)

    @property
    def sample(self) -> Sample:
        """What it decides by."""
        heard = not self.comm_error and self._unheard <= 0
        return Sample(self.voltages, self.temperatures, self.soc, heard)

    @property
    def thresholds(self) -> Thresholds:
        """The settings, as its generation takes them."""
        have = self.settings
        separate = self.label.generation == 3 and have.t_min_discharge in _PLAUSIBLE_T_MIN
        return Thresholds(
            v_min=have.v_min,
            v_max=have.v_max,
            bypass=have.balance,
            t_min_charge=have.t_min_charge,
            t_min_load=have.t_min_discharge if separate else have.t_min_charge,
            t_max=have.t_max,
            charge_restart=have.charge_restart,
            load_restart=have.discharge_restart,
            critical=bool(have.critical),
        )

    @property
    def early_warning(self) -> bool:
        """A cell is at or below V-low."""
        return self.sample.valid and min(self.voltages) <= self.settings.v_low

    @property
    def contacts(self) -> tuple[bool, bool]:
        """Whether relay 1 and 2 are active, whatever their functions are."""
        have = self.settings
        charge, load = self._wanted
        signals = (False, charge, load, charge or load, self.early_warning)
        return (
            _contact(signals[have.relay1_function], have.relay1_inverted, have.relay1_force),
            _contact(signals[have.relay2_function], have.relay2_inverted, have.relay2_force),
        )

    @property
    def _wanted(self) -> Relays:
        """The decision, unless somebody forced it off; what is reported as allowed stays the decision."""
        have, decision = self.settings, self.relays
        return Relays(decision.charge and not have.charge_forced_off, decision.load and not have.discharge_forced_off)

    @property
    def status(self) -> int:
        """Status byte 1."""
        return _byte(*self.relays, *self.lamps, not self.calibrated)

    @property
    def status2(self) -> int:
        """Status byte 2."""
        limits, sample = self.thresholds, self.sample
        coldest = min(self.temperatures)
        return _byte(
            False,
            self.early_warning,
            sample.valid and coldest < limits.t_min_charge,
            sample.valid and coldest < limits.t_min_load,
            *self.contacts,
        )

    def lowest(self, values: list[int]) -> tuple[int | None, int | None]:
        """Return the lowest of the cells' values and the number of its cell; nothing if all are absent."""
        return self._extreme(values, min)

    def highest(self, values: list[int]) -> tuple[int | None, int | None]:
        """Return the highest of the cells' values and the number of its cell; nothing if all are absent."""
        return self._extreme(values, max)

    def _extreme(self, values: list[int], pick: Callable[[list[int]], int]) -> tuple[int | None, int | None]:
        there = {number: value for number, value in enumerate(values, 1) if number not in self.absent}
        if not there:
            return None, None
        extreme = pick(list(there.values()))
        return extreme, next(number for number, value in there.items() if value == extreme)

    # What happens.

    def step(self, seconds: float) -> None:
        """Let one cycle pass."""
        self._unheard -= 1
        self._sense(*self._flow(seconds))
        self._bypass(seconds)
        volts = self.battery.voltage
        watts = self.current * volts
        # One sensor tells the directions apart by their sign.
        power_in = watts if self.current_in is None else self.current_in * volts
        power_out = -watts if self.current_out is None else self.current_out * volts
        self.meters.count(seconds, power_in, power_out, watts)
        # What is measured at the end of a cycle counts for all of it.
        self.stored = min(self.capacity, max(0.0, self.stored + watts * seconds / 3600))
        if self.sample.valid and is_full(self.voltages, self.voltage, self.thresholds):
            self.stored, self.calibrated = self.capacity, True
        self.history.note(seconds, self.soc)
        self._judge()

    def _judge(self) -> None:
        sample, limits = self.sample, self.thresholds
        self.relays = decide(sample, limits, self.relays)
        self.lamps = lamps(sample, limits)
        self.log.watch(self.meters.uptime, sample, self.lamps, limits)

    def _flow(self, seconds: float) -> tuple[float, float]:
        """Let the battery live on; return what flows in and out in A."""
        battery, profile = self.battery, self.battery.profile
        wanted = profile(battery.now + seconds)
        load = max(self.load(battery.now + seconds), -wanted, 0.0)
        charging, discharging = self._paths()
        current_in, current_out = (wanted + load) * charging, load * discharging
        battery.profile = lambda _: current_in - current_out
        battery.step(seconds)
        battery.profile = profile
        return current_in, current_out

    def _paths(self) -> tuple[bool, bool]:
        """Whether chargers and loads are connected: their relay decides if it is used for that."""
        have, (charging, discharging), (first, second) = self.settings, self._wanted, self.contacts
        if have.relay1_function in {1, _MAIN}:
            charging = first != bool(have.relay1_inverted)
        if have.relay2_function in {2, _MAIN}:
            discharging = second != bool(have.relay2_inverted)
        return charging, discharging

    def _sense(self, current_in: float, current_out: float) -> None:
        have, sensors = self.settings, self.label.sensors
        first = -1 if have.invert_charge_sensor else 1
        second = -1 if have.invert_discharge_sensor else 1
        self.current_in = self.current_out = None
        self.current = self._read(first * (current_in - current_out)) if sensors else 0.0
        if sensors == 2:
            self.current_in, self.current_out = self._read(first * current_in), self._read(second * current_out)
            self.current = self.current_in - self.current_out
        cells = self.battery.cells
        self.voltages = [voltage_counts(cell.voltage) for cell in cells]
        self.temperatures = [
            temperature_counts(cell.temperature + heat) for cell, heat in zip(cells, self._heat, strict=True)
        ]

    def _read(self, current: float) -> float:
        label = self.label
        measured = min(label.sensor_range, max(-label.sensor_range, current))
        return 0.0 if abs(measured) <= label.blind_spot else round(measured / label.sensor_step) * label.sensor_step

    def _bypass(self, seconds: float) -> None:
        """Every board burns what its cell has above the balance voltage, and warms itself by it."""
        closer = 1 - math.exp(-seconds / _BYPASS_TIME)
        for place, cell in enumerate(self.battery.cells):
            burns = self.voltages[place] >= self.settings.balance
            cell.soc -= burns * _BYPASS_CURRENT * seconds / 3600 / cell.capacity
            self._heat[place] += (burns * _BYPASS_HEAT - self._heat[place]) * closer


def _contact(signal: bool, inverted: int, force: int) -> bool:
    return force == _KEEP_ON if force else signal != bool(inverted)


def _byte(*bits: bool) -> int:
    return sum(1 << place for place, bit in enumerate(bits) if bit)
