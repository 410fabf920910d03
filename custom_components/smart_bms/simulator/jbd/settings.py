"""What a JBD board keeps: its parameter registers, as they read and what a write does to them.

Register numbers and scales are written down here a second time on purpose, as in `peripheral.py`.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ..battery import Chemistry
from ..board import Board
from .labels import Label

DESIGN_CAPACITY: Final = 0x10
PRODUCTION_DATE: Final = 0x15
_CYCLES: Final = 0x17
FUNCTIONS: Final = 0x2D
MODEL: Final = 0xA1

SWITCH_INPUT_BIT: Final = 1 << 0
BALANCE_BIT: Final = 1 << 2
CHARGE_BALANCE_BIT: Final = 1 << 3
_HUNDRED_BIT: Final = 1 << 12

ZERO_CELSIUS: Final = 2731  # 0.1 K

# What is kept among the limits of the board: name, raw units per V, °C or A, raw value of zero.
_LIMITS: Final = {
    0x18: ("charge_overtemperature", 10, ZERO_CELSIUS),
    0x19: ("charge_overtemperature_release", 10, ZERO_CELSIUS),
    0x1A: ("charge_undertemperature", 10, ZERO_CELSIUS),
    0x1B: ("charge_undertemperature_release", 10, ZERO_CELSIUS),
    0x1C: ("discharge_overtemperature", 10, ZERO_CELSIUS),
    0x1D: ("discharge_overtemperature_release", 10, ZERO_CELSIUS),
    0x24: ("cell_overvoltage", 1000, 0),
    0x25: ("cell_overvoltage_release", 1000, 0),
    0x26: ("cell_undervoltage", 1000, 0),
    0x27: ("cell_undervoltage_release", 1000, 0),
    0x2A: ("balance_start", 1000, 0),
    0x2B: ("balance_trigger", 1000, 0),
}
_CURRENTS: Final = {0x28: ("charge_current", 1), 0x29: ("discharge_current", -1)}
"""Name and sign."""
_DELAYS: Final = {
    0x3E: ("charge_overcurrent_delay", "charge_overcurrent_release"),
    0x3F: ("discharge_overcurrent_delay", "discharge_overcurrent_release"),
}
"""Two bytes of s."""

# Cell voltage in mV at 0, 20 ... 100 %, and the registers that keep them.
_POINTS: Final = {
    Chemistry.LFP: (2800, 3100, 3300, 3350, 3400, 3500),
    Chemistry.NMC: (3000, 3550, 3650, 3780, 3960, 4150),
    Chemistry.LTO: (1800, 2150, 2220, 2310, 2440, 2700),
}
_POINT_REGISTERS: Final = (0x13, 0x35, 0x34, 0x33, 0x32, 0x12)
_MIDPOINT_REGISTERS: Final = (0x46, 0x45, 0x44, 0x43, 0x42)
_FULL_POINT: Final = 0x47
_FINER_POINTS_FROM: Final = 0x20

# mV per cell: pack over-voltage, release, under-voltage, release; the hardware's over- and under-voltage.
_VOLTAGES: Final = {
    Chemistry.LFP: ((3650, 3550, 2500, 2700), (3900, 2000)),
    Chemistry.NMC: ((4250, 4150, 2800, 3000), (4350, 2500)),
    Chemistry.LTO: ((2750, 2650, 1600, 1900), (3000, 1400)),
}


def encode_temperature(celsius: float) -> int:
    """Return °C in 0.1 K."""
    return round(celsius * 10) + ZERO_CELSIUS


@dataclass(slots=True)
class Registers:
    """The registers of a board: words and length-prefixed texts."""

    label: Label
    board: Board
    unit: float = field(init=False)
    """A and Ah that one step of a current or a capacity stands for."""
    full: float = field(init=False)
    """Ah, as learned."""
    words: dict[int, int] = field(init=False)
    """All that is kept nowhere else."""
    texts: dict[int, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a board of this label comes from the works."""
        label, battery = self.label, self.board.battery
        cells, chemistry = len(battery.cells), battery.chemistry
        self.unit = 0.1 if label.hundred_ma else 0.01
        self.full = battery.capacity
        points = _POINTS[chemistry]
        pack, hardware = _VOLTAGES[chemistry]
        self.words = {
            DESIGN_CAPACITY: round(battery.capacity / self.unit),
            0x11: round(battery.capacity * 0.8 / self.unit),
            0x14: 2,
            PRODUCTION_DATE: 22 << 9 | 3 << 5 | 28,
            0x16: 0,
            0x1E: encode_temperature(-10),
            0x1F: encode_temperature(0),
            **{0x20 + place: millivolt * cells // 10 for place, millivolt in enumerate(pack)},
            0x2C: 1,
            FUNCTIONS: 0x0002 | (_HUNDRED_BIT if label.hundred_ma else 0),
            0x2E: (1 << label.ntcs) - 1,
            0x2F: cells,
            0x30: 30,
            0x31: 0,
            **dict(zip(_POINT_REGISTERS, points, strict=True)),
            0x36: hardware[0],
            0x37: hardware[1],
            0x38: 0x8D5C,
            0x39: 0xF064,
            **dict.fromkeys(range(0x3A, 0x3E), 0x0202),
        }
        if label.sw_version >= _FINER_POINTS_FROM:
            middles = ((low + high) // 2 for low, high in pairwise(points))
            self.words |= dict(zip(_MIDPOINT_REGISTERS, middles, strict=True)) | {_FULL_POINT: points[-1]}
        self.texts = {0xA0: label.manufacturer.encode(), MODEL: label.model.encode(), 0xA2: b""}

    def knows(self, register: int) -> bool:
        """Return whether the firmware has the register."""
        known = (self.words, self.texts, _LIMITS, _CURRENTS, _DELAYS)
        return register == _CYCLES or any(register in registers for registers in known)

    def read(self, register: int) -> bytes:
        """Return the data of a register that the firmware has."""
        if register in self.texts:
            return bytes((len(self.texts[register]),)) + self.texts[register]
        return self.word(register).to_bytes(2)

    def word(self, register: int) -> int:
        """Return a register's 16 bits."""
        board = self.board
        if register in _LIMITS:
            name, scale, zero = _LIMITS[register]
            return min(0xFFFF, round(self._limit(name) * scale) + zero)
        if register in _CURRENTS:
            name, sign = _CURRENTS[register]
            return sign * min(0x7FFF, round(self._limit(name) / self.unit)) & 0xFFFF
        if register in _DELAYS:
            first, second = (min(0xFF, round(self._limit(name))) for name in _DELAYS[register])
            return first << 8 | second
        if register == _CYCLES:
            return min(0xFFFF, board.cycles)
        balance = BALANCE_BIT if register == FUNCTIONS and board.balance_switch else 0
        return self.words[register] | balance

    def _limit(self, name: str) -> float:
        return float(getattr(self.board.limits, name))

    def write(self, register: int, data: bytes) -> bool:
        """Take new data; return whether they fit the register."""
        if register in self.texts:
            if not data or data[0] != len(data) - 1 or data[0] > 31:
                return False
            self.texts[register] = data[1:]
            return True
        if len(data) != 2:
            return False
        self._store(register, int.from_bytes(data))
        return True

    def _store(self, register: int, value: int) -> None:
        board = self.board
        if register in _LIMITS:
            name, scale, zero = _LIMITS[register]
            setattr(board.limits, name, (value - zero) / scale)
        elif register in _CURRENTS:
            name, sign = _CURRENTS[register]
            setattr(board.limits, name, sign * (value - (value >> 15 << 16)) * self.unit)
        elif register in _DELAYS:
            for name, seconds in zip(_DELAYS[register], value.to_bytes(2), strict=True):
                setattr(board.limits, name, float(seconds))
        elif register == _CYCLES:
            # In the middle of a cycle, away from the edges of rounding.
            board.throughput = (value + 0.5) * board.battery.capacity
        elif register == FUNCTIONS:
            board.balance_switch = bool(value & BALANCE_BIT)
            self.words[register] = value & ~BALANCE_BIT
        else:
            self.words[register] = value
            if register == DESIGN_CAPACITY:
                self.full = max(1, value) * self.unit
