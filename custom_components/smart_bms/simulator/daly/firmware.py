"""What a Daly board measures and knows, in raw units, whatever dialect it is asked in."""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto
import struct
from typing import Final

from ..board import Board
from ..measurement import Measurement
from .alarms import d2_words, p81_codes
from .labels import Label
from .limits import DalyLimits
from .protections import DalyProtections
from .settings import Settings

_ZERO_CELSIUS: Final = 40
_MOVING: Final = 5
"""Units of 0.1 A from which a pack counts as charging or discharging."""
_FORCED_CLOSURE: Final = 300.0
"""s."""
_NO_CLOCK: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Taken(Enum):
    """What became of a write."""

    KEPT = auto()
    WITHOUT_EFFECT = auto()
    REFUSED = auto()
    RESTART = auto()


class DalyFirmware:
    """The electronics behind the wires."""

    def __init__(self, label: Label, board: Board, serial_number: str) -> None:
        """Initialize."""
        self.label = label
        self.serial_number = serial_number
        self.board = board
        self.settings = Settings(board)
        self.protections = DalyProtections(DalyLimits(self.settings, label.dialects))
        self.clock = datetime(2026, 6, 2, 20, 2, 33, tzinfo=UTC)
        self.registers: dict[str, dict[int, int]] = {"D2": {}, "81": {}}
        """What was written and means nothing to the board, by dialect."""
        self._booted = board.runtime
        self._forced_until = 0.0
        board.protect(self.protections, self.measured)

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.board.step(seconds)
        self.clock += timedelta(seconds=seconds)

    def restart(self) -> None:
        """Count the time since power-on from now, judge anew what is wrong."""
        self._booted = self.board.runtime
        self.protections.restart()

    # Measurements.

    @property
    def cells(self) -> list[int]:
        """Cells in mV."""
        return [round(cell.voltage * 1000) for cell in self.board.battery.cells]

    @property
    def voltage(self) -> int:
        """Pack in 0.1 V."""
        return round(sum(self.cells) * self.board.battery.voltage_gain / 100)

    @property
    def current(self) -> int:
        """Current in 0.1 A, positive while charging."""
        return round(self.board.battery.current * 10)

    @property
    def power(self) -> int:
        """Power in W, without sign or fraction."""
        return self.voltage * abs(self.current) // 100

    @property
    def state(self) -> int:
        """0 idle, 1 charging, 2 discharging."""
        return 1 if self.current >= _MOVING else 2 if self.current <= -_MOVING else 0

    @property
    def remaining(self) -> float:
        """Charge that is left in Ah."""
        return self.board.soc * self.board.battery.capacity

    @property
    def probes(self) -> list[int]:
        """Sensors that work, in °C above -40."""
        label, cells = self.label, self.board.battery.cells
        last = max(label.ntcs - 1, 1)
        places = [place * (len(cells) - 1) // last for place in range(label.ntcs if label.ntcs_plugged else 0)]
        return [round(cells[place].temperature) + _ZERO_CELSIUS for place in places]

    @property
    def mos_temperature(self) -> int:
        """Power stage in °C above -40."""
        battery = self.board.battery
        return round(battery.ambient + 4 + abs(battery.current) * 0.09) + _ZERO_CELSIUS

    def measured(self) -> Measurement:
        """Return what the board measures, in its steps."""
        cells, supported = self.cells, self.label.supports_mos_temperature
        return Measurement(
            cells=tuple(cells),
            pack=self.voltage * 100,
            current=self.current * 100,
            probes=tuple(probe - _ZERO_CELSIUS for probe in self.probes),
            power_stage=self.mos_temperature - _ZERO_CELSIUS if supported else None,
            soc=self.settings["soc"] / 10,
        )

    @property
    def balance_current(self) -> int:
        """Current between cells in mA."""
        return round(self.board.battery.balance[2] * 1000)

    @property
    def charge_mos(self) -> bool:
        """The charge switch is closed."""
        return self.board.charging_allowed or self.forced_closure > 0

    @property
    def discharge_mos(self) -> bool:
        """The discharge switch is closed."""
        return self.board.discharging_allowed or self.forced_closure > 0

    @property
    def alarms(self) -> set[str]:
        """Names of the alarms that are on."""
        return self.board.alarms | (set() if self.label.ntcs_plugged else {"temperature_sensor_fault"})

    @property
    def alarm_words(self) -> dict[int, int]:
        """Alarms as D2 has them."""
        switches = {"charge_switch": self.board.charge_switch, "discharge_switch": self.board.discharge_switch}
        return d2_words(self.alarms, **switches)

    @property
    def alarm_bytes(self) -> bytes:
        """Alarms as A5 has them: the low byte of each word first, no fault code."""
        words = self.alarm_words
        return struct.pack("<3HBx", words[0x3A], words[0x3B], words[0x3C], words[0x3D] & 0xFF)

    @property
    def fault_codes(self) -> dict[int, int]:
        """Alarms as 81 has them."""
        board = self.board
        return p81_codes(
            self.alarms,
            charge_switch=board.charge_switch,
            discharge_switch=board.discharge_switch,
            forced=self.forced_closure > 0,
        )

    @property
    def uptime(self) -> int:
        """Time since power-on in s."""
        return int(self.board.runtime - self._booted)

    @property
    def throughput(self) -> float:
        """Charge that went in, and as much that went out, in Ah."""
        return self.board.throughput / 2

    @property
    def nominal_voltage(self) -> int:
        """Cell voltage of the chemistry in mV."""
        return (3200, 3700, 2300)[self.label.battery_type]

    # What there is to set besides.

    @property
    def forced_closure(self) -> int:
        """Time in s for which both switches stay closed, whatever protects."""
        return max(0, round(self._forced_until - self.board.runtime))

    def force_closure(self) -> None:
        """Close both switches for a while."""
        self._forced_until = self.board.runtime + _FORCED_CLOSURE

    @property
    def clock_bytes(self) -> bytes:
        """Year of the century, month, day, hour, minute, second."""
        clock = self.clock
        return bytes((clock.year % 100, clock.month, clock.day, clock.hour, clock.minute, clock.second))

    def set_clock(self, data: bytes) -> None:
        """Set the clock; what is no date sets it to nonsense."""
        year, month, day, hour, minute, second = data
        try:
            self.clock = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            self.clock = _NO_CLOCK

    def set_clock_words(self, words: dict[int, int]) -> None:
        """Set some of the three words of the clock."""
        before = struct.unpack(">3H", self.clock_bytes)
        self.set_clock(struct.pack(">3H", *(words.get(place, word) for place, word in enumerate(before))))
