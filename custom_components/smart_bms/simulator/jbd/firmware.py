"""The firmware on a JBD board: what its commands read and change, whoever sends them.

Offsets are written down here a second time on purpose, as in `peripheral.py`.
"""

from collections.abc import Callable
import struct
from typing import Final

from ..board import Board
from ..measurement import Measurement
from .labels import Label
from .limits import JbdLimits
from .protections import JbdProtections
from .settings import (
    CHARGE_BALANCE_BIT,
    DESIGN_CAPACITY,
    FUNCTIONS,
    MODEL,
    PRODUCTION_DATE,
    SWITCH_INPUT_BIT,
    ZERO_CELSIUS,
    Registers,
    encode_temperature,
)

DONE: Final = 0x00
UNKNOWN: Final = 0x80
NOT_NOW: Final = 0x81

_FRONT_END: Final = 0x00
_BASIC_INFO: Final = 0x03
_CELLS: Final = 0x04
_MODEL_TEXT: Final = 0x05
_COUNTERS: Final = 0xAA
_REMAINING: Final = 0xE0
_FETS: Final = 0xE1
_ONE_FET: Final = 0xFB

_AT_REST: Final = 0.2
"""A that do not count as a current."""

_PROTECTION_BITS: Final = {
    "cell_overvoltage": 0,
    "cell_undervoltage": 1,
    "pack_overvoltage": 2,
    "pack_undervoltage": 3,
    "charge_overtemperature": 4,
    "charge_undertemperature": 5,
    "discharge_overtemperature": 6,
    "discharge_undertemperature": 7,
    "charge_overcurrent": 8,
    "discharge_overcurrent": 9,
    "short_circuit": 10,
    "front_end_fault": 11,
    "charge_mosfet_fault": 13,
    "discharge_mosfet_fault": 14,
    "mosfet_overtemperature": 15,
}
_KNOWN_BITS: Final = {0: 0x1FFF, 9: 0x7FFF, 16: 0xFFFF}
"""Protection bits that firmware with a tail of so many bytes has."""
_WARNING_BITS: Final = {
    "cell_overvoltage_warning": 0,
    "cell_undervoltage_warning": 1,
    "pack_overvoltage_warning": 2,
    "pack_undervoltage_warning": 3,
    "charge_overtemperature_warning": 4,
    "charge_undertemperature_warning": 5,
    "discharge_overtemperature_warning": 6,
    "discharge_undertemperature_warning": 7,
    "charge_overcurrent_warning": 8,
    "discharge_overcurrent_warning": 9,
    "cell_imbalance_warning": 10,
    "soc_low_warning": 11,
}
_OPENS_CHARGE: Final = sum(1 << bit for bit in (0, 2, 4, 5, 8, 11))
_OPENS_DISCHARGE: Final = sum(1 << bit for bit in (1, 3, 6, 7, 9, 10, 11))
_SOFTWARE_BIT: Final = 1 << 12
_COUNTED_BITS: Final = (10, 8, 9, 0, 1, 4, 5, 6, 7, 2, 3)
_ALWAYS_ON_ALARM: Final = 0x8000
_PROTOCOL_VERSION: Final = 0x19


def _bits(alarms: set[str], places: dict[str, int]) -> int:
    return sum(1 << bit for name, bit in places.items() if name in alarms)


class JbdFirmware:
    """A board of this family, without its Bluetooth module."""

    def __init__(self, label: Label, board: Board) -> None:
        """Initialize."""
        self.label = label
        self.board = board
        self.registers = Registers(label, board)
        self.factory_mode = False
        self.switch_input_open = False
        """The weak-current switch is off; it counts if the function register says so."""
        self.counters = [0] * len(_COUNTED_BITS)
        self.restarts = 1
        board.protect(JbdProtections(JbdLimits(self.registers)), self.measured)
        self._counted = self.protections

    @property
    def protections(self) -> int:
        """Protection bits, without that of the software."""
        return _bits(self.board.alarms, _PROTECTION_BITS) & _KNOWN_BITS[self.label.tail]

    @property
    def charging(self) -> bool:
        """The charge FET conducts."""
        return self.board.charging_allowed and not self._switched_off and not self.protections & _OPENS_CHARGE

    @property
    def discharging(self) -> bool:
        """The discharge FET conducts."""
        return self.board.discharging_allowed and not self._switched_off and not self.protections & _OPENS_DISCHARGE

    @property
    def _switched_off(self) -> bool:
        return self.switch_input_open and bool(self.registers.word(FUNCTIONS) & SWITCH_INPUT_BIT)

    def step(self, seconds: float) -> None:
        """Let time pass with the switches as this family's rules set them."""
        board = self.board
        switches = board.charge_switch, board.discharge_switch, board.balance_switch
        charge_balance = bool(self.registers.word(FUNCTIONS) & CHARGE_BALANCE_BIT)
        balances = board.balance_switch and charge_balance == (board.battery.current > _AT_REST)
        board.charge_switch, board.discharge_switch, board.balance_switch = self.charging, self.discharging, balances
        board.step(seconds)
        board.charge_switch, board.discharge_switch, board.balance_switch = switches

    def count(self) -> None:
        """Count the protections that came on."""
        now = self.protections
        risen = now & ~self._counted
        self._counted = now
        for place, bit in enumerate(_COUNTED_BITS):
            self.counters[place] += risen >> bit & 1

    # Measurements.

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells in mV."""
        return tuple(round(cell.voltage * 1000) for cell in self.board.battery.cells)

    @property
    def voltage(self) -> int:
        """Pack in 10 mV."""
        return round(self.board.battery.voltage * 100)

    @property
    def current(self) -> int:
        """Current in the unit of the board, positive while charging."""
        return max(-0x8000, min(0x7FFF, round(self.board.battery.current / self.registers.unit)))

    @property
    def probes(self) -> tuple[int, ...]:
        """Temperatures in 0.1 K."""
        cells, count = self.board.battery.cells, self.label.ntcs
        last, steps = len(cells) - 1, max(1, count - 1)
        return tuple(encode_temperature(cells[place * last // steps].temperature) for place in range(count))

    def measured(self) -> Measurement:
        """Return what the board measures; it has no sensor at its power stage."""
        return Measurement(
            cells=self.cells,
            pack=self.voltage * 10,
            current=round(self.current * self.registers.unit * 1000),
            probes=tuple((probe - ZERO_CELSIUS) / 10 for probe in self.probes),
            power_stage=None,
            soc=round(self.board.soc * 100),
        )

    # Reading.

    def read(self, register: int) -> tuple[int, bytes]:
        """Return status and data of an answer."""
        always: dict[int, Callable[[], bytes]] = {
            _FRONT_END: lambda: bytes(2),
            _BASIC_INFO: self.basic_info,
            _CELLS: self._cells,
            _MODEL_TEXT: lambda: self.registers.texts[MODEL],
        }
        if self.label.counts:
            always[_COUNTERS] = self._counts
        if register in always:
            return DONE, always[register]()
        if not self.registers.knows(register):
            return UNKNOWN, b""
        return (DONE, self.registers.read(register)) if self.factory_mode else (NOT_NOW, b"")

    def _cells(self) -> bytes:
        return b"".join(cell.to_bytes(2) for cell in self.cells)

    def _counts(self) -> bytes:
        self.count()
        counts = [*self.counters, self.restarts] if self.label.restart_counter else self.counters
        return struct.pack(f">{len(counts)}H", *counts)

    def basic_info(self) -> bytes:
        """Return the data of register 0x03."""
        board, battery, registers = self.board, self.board.battery, self.registers
        full = min(0xFFFF, max(1, round(registers.full / registers.unit)))
        remaining = min(0xFFFF, round(board.soc * registers.full / registers.unit))
        high, _, balance = battery.balance
        balancing = 1 << high if balance else 0
        commanded = _SOFTWARE_BIT if not (board.charge_switch and board.discharge_switch) else 0
        head = struct.pack(
            ">HhHHHHHHHBBBBB",
            self.voltage,
            self.current,
            remaining,
            registers.word(DESIGN_CAPACITY) if self.label.tail else full,
            min(0xFFFF, board.cycles),
            registers.word(PRODUCTION_DATE),
            balancing & 0xFFFF,
            balancing >> 16,
            self.protections | commanded,
            self.label.sw_version,
            min(100, round(remaining / full * 100)),
            self._fet_byte(),
            len(battery.cells),
            self.label.ntcs,
        )
        temperatures = struct.pack(f">{self.label.ntcs}H", *self.probes)
        alarms = _bits(board.alarms, _WARNING_BITS) | (_ALWAYS_ON_ALARM if self.label.tail == 16 else 0)
        tail = struct.pack(">BHHHhHBHH", 0, alarms, full, remaining, 0, 0, _PROTOCOL_VERSION, 0, 0)
        return head + temperatures + tail[: self.label.tail]

    def _fet_byte(self) -> int:
        heater, newer = self.board.heater, self.label.tail == 16
        flags = (
            self.charging,
            self.discharging,
            False,
            heater,
            heater and newer,
            False,
            self.factory_mode and newer,
            self.label.hundred_ma,
        )
        return sum(1 << bit for bit, flag in enumerate(flags) if flag)

    # Changing.

    def leave(self, *, store: bool) -> None:
        """Leave the factory mode; storing clears the counters and estimates the charge anew."""
        if store and self.factory_mode:
            self.counters = [0] * len(_COUNTED_BITS)
            cells = self.board.battery.cells
            self.board.soc = min(1.0, max(0.0, sum(cell.soc for cell in cells) / len(cells)))
        self.factory_mode = False

    def permission(self, register: int) -> int:
        """Return the status that a write to the register deserves, whatever the data."""
        if register in {_FETS, _ONE_FET}:
            known, needs_factory = register in self.label.fet_commands, self.label.wants_factory_for_fet
        else:
            known, needs_factory = register == _REMAINING or self.registers.knows(register), True
        if not known:
            return UNKNOWN
        return NOT_NOW if needs_factory and not self.factory_mode else DONE

    def change(self, register: int, data: bytes) -> bool:
        """Change what a register that the firmware knows stands for; return whether the data made sense."""
        board = self.board
        if register == _FETS:
            if len(data) != 2 or data[0] or data[1] > 3:
                return False
            board.charge_switch, board.discharge_switch = not data[1] & 1, not data[1] & 2
        elif register == _ONE_FET:
            if len(data) != 2 or data[0] not in {0x00, 0x01, 0x03, 0x0A} or data[1] > 1:
                return False
            if data[0] in {0x01, 0x0A}:
                board.charge_switch = not data[1]
            if data[0] in {0x00, 0x0A}:
                board.discharge_switch = not data[1]
        elif register == _REMAINING:
            if len(data) != 2:
                return False
            # In 10 mAh whatever the unit of the rest.
            board.soc = min(1.0, int.from_bytes(data) * 0.01 / self.registers.full)
        else:
            return self.registers.write(register, data)
        return True
