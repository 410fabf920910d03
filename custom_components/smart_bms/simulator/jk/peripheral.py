"""A simulated JK pack: it speaks the real bytes of all three layouts.

Offsets are written down here a second time on purpose: an error in the decoder's tables must not hide in the simulator.
"""

from collections.abc import Callable
import itertools
import struct
from typing import Final, override

from ..board import Board
from ..measurement import Measurement
from ..peripheral import Peripheral, serial_number_of, uuid16
from .labels import Label, Layout
from .limits import JkLimits
from .protections import JkProtections
from .settings import Memory, adopt, info_written, overlay, written

_PERIOD: Final = 0.5
_HEADER: Final = bytes.fromhex("55aaeb90")
_READY: Final = bytes.fromhex("aa5590ebc8010100000000000000000000000044")
_COMMAND_HEADER: Final = bytes.fromhex("aa5590eb")
_ABSENT: Final = -2000

_BITS: Final = {
    "cell_overvoltage": 4,
    "charge_overcurrent": 6,
    "charge_overtemperature": 8,
    "charge_undertemperature": 9,
    "cell_undervoltage": 11,
    "discharge_overcurrent": 13,
    "discharge_overtemperature": 15,
    "balance_wire_resistance": 0,
    "default_password": 19,
    "discharge_undertemperature": 27,
    "mosfet_overtemperature": 1,
}


# Fields that the label's firmware claims, as 19.27 does.
_FIELD_BITS: Final = frozenset(range(1, 74)) - {
    *(23, 24, 25, 29, 36, 38, 39),
    *range(41, 60),
    *(62, 66, 68, 69, 73),
} | {48}
_REGISTER_BITS: Final = frozenset(
    {*range(0x24), 0x25, 0x27, 0x28, 0x2B, *range(0x2D, 0x31), 0x32, 0x33, *range(0x37, 0x3C)}
)
_TRUE_REFERENCE: Final = 3.03
"""V; what an active balancer must be told to measure right."""


def _bits(numbers: frozenset[int] | set[int], length: int) -> bytes:
    return sum(1 << number for number in numbers).to_bytes(length, "little")


def _raw(value: float, scale: float) -> int:
    return round(value * scale)


class JkPeripheral(Peripheral):
    """A JK pack on a battery."""

    def __init__(self, address: str, name: str, label: Label, board: Board) -> None:
        """Initialize; what is advertised follows from the Bluetooth module on the label."""
        company = (
            {0x0B65: b"\x88\xa0" + bytes.fromhex(address.replace(":", ""))} if label.layout is Layout.JK02_32S else {}
        )
        super().__init__(
            address=address,
            name=name,
            manufacturer_data=company,
            service_uuids=(uuid16(0xFFE0),),
            services=label.module.services,
        )
        self.label = label
        self.board = board
        self._counter = itertools.count()
        self._streaming = False
        self._next_at = 0.0
        self._chatter_at = 0.0
        self._busy_until = 0.0
        self.memory = Memory()
        self.voltage_gain = 1.0
        """How far the measured voltages are from the truth."""
        self.current_gain = 1.0
        self.soh = 99
        self.emergency_until = 0.0
        self._answers: dict[int, Callable[[], None]] = {
            0x96: self._answer_settings,
            0x97: self._answer_device_info,
        }
        if label.layout is not Layout.JK04:
            board.protect(JkProtections(JkLimits(label.layout, board.limits)), self.measured)

    @property
    @override
    def family(self) -> str:
        return "jk"

    @property
    @override
    def variant(self) -> str:
        return self.label.layout

    @property
    @override
    def connectable(self) -> bool:
        return super().connectable and not self.board.protections.powered_off

    # Conversation.

    @override
    def on_connected(self) -> None:
        """Start silent."""
        self._streaming = False
        self._chatter_at = self.now

    @override
    def on_disconnected(self) -> None:
        """Stop the stream."""
        self._streaming = False

    @override
    def on_write(self, handle: int, data: bytes) -> None:
        """Answer what a pack answers; all else it ignores."""
        if len(data) == 20 and data.startswith(_COMMAND_HEADER) and sum(data[:-1]) & 0xFF == data[-1]:
            if data[4] in self._answers:
                self._answers[data[4]]()
            elif data[5] <= 13:
                self._take_write(data[4], data[6 : 6 + data[5]])

    @override
    def on_time(self, seconds: float) -> None:
        """Move the battery on, push runtime frames and chatter."""
        if not self.faults.frozen:
            self.board.step(seconds)
        self.hang_up = self.hang_up or self.board.protections.powered_off
        if self._streaming and self.now >= self._next_at:
            self._next_at = max(self._next_at + _PERIOD, self.now)
            self._push()
        if self.label.module.chatter and self.connected and self.now >= self._chatter_at:
            self._chatter_at = self.now + 0.2
            self.send(self.label.module.notify_handle, b"AT\r\n")

    def _take_write(self, register: int, payload: bytes) -> None:
        """Take a write from the client: acknowledge it, or say nothing."""
        faults = self.faults
        if faults.distort_writes and payload:
            payload = bytes((payload[0] ^ 1,)) + payload[1:]
        if not (faults.forget_writes or self.change(register, payload)):
            return
        if not faults.lose_ready:
            self.send(self.label.module.notify_handle, _READY, faults.ready_delay)

    @override
    def change_elsewhere(self, data: bytes) -> bool:
        """Take a write from a second master."""
        return self.change(data[4], data[6 : 6 + data[5]])

    def change(self, register: int, payload: bytes) -> bool:
        """Change a parameter, as the client here or a second master does; return whether the board took it."""
        label = self.label
        if label.commands and register not in label.commands:
            return False
        if self._act(register, payload):
            return True
        if label.layout is Layout.JK02_32S and (place := info_written(register, payload)):
            self.memory.info[place[0]] = place[1]
            return True
        before = self.settings()
        after = written(label.layout, before, register, payload)
        if after is None:
            return False
        adopt(label.layout, self.memory, self.board, before, after)
        if label.layout is Layout.JK04:
            (reference,) = struct.unpack_from("<f", after, 74)
            self.voltage_gain = reference / _TRUE_REFERENCE
        return True

    def _act(self, register: int, payload: bytes) -> bool:
        """Do what a register does at once; return whether it is one of those."""
        value = int.from_bytes(payload, "little")
        calibrations = {Layout.JK02_32S: (0x64, 0x67), Layout.JK02_24S: (0x21, 0x24)}.get(self.label.layout, (-1, -1))
        if register == calibrations[0]:
            self.voltage_gain = value / 1000 / self.board.battery.voltage
        elif register == calibrations[1] and self.board.battery.current:
            self.current_gain = value / 1000 / abs(self.board.battery.current)
        elif self.label.layout is not Layout.JK02_32S:
            return False
        elif register == 0x6B:
            self.emergency_until = self.now + 1800 if value else 0.0
        elif register == 0x6E:
            self.board.soc = value / 100
        elif register == 0x6F:
            self.soh = value
        else:
            return register == 0x6C
        return True

    def _answer_device_info(self) -> None:
        self._send_frame(self._frame(0x03, self.device_info()), ready=True)

    def _answer_settings(self) -> None:
        frame = self._frame(0x01, self.settings())
        if self.faults.corrupt_settings > 0:
            self.faults.corrupt_settings -= 1
            frame = frame[:100] + bytes((frame[100] ^ 0xFF,)) + frame[101:]
        self._send_frame(frame, ready=not self.label.pushes_info)
        if self.label.pushes_info:
            info = self._frame(0x03, self.device_info())
            self._send_frame(info[:5] + b"\xa5" + info[6:299] + bytes((info[299] + 0xA5 & 0xFF,)), ready=True)
        if not self._streaming:
            self._streaming, self._next_at = True, self.now + 0.2

    def _push(self) -> None:
        frame = self._frame(0x02, self.cell_info(), count=True)
        self._send_frame(frame)

    def _send_frame(self, frame: bytes, *, ready: bool = False) -> None:
        module = self.label.module
        sizes = itertools.chain(module.fragments, itertools.repeat(module.fragments[-1]))
        parts, rest = [], frame
        while rest:
            size = next(sizes)
            parts.append(rest[:size])
            rest = rest[size:]
        if ready and module.glued_ready:
            parts[-1] += _READY
        elif ready:
            parts.append(_READY)
        # One frame after the other: the wire behind the module is a serial one.
        self._busy_until = max(self._busy_until, self.now)
        for part in parts:
            self.send(module.notify_handle, part, self._busy_until - self.now)
            self._busy_until += 0.005

    def _frame(self, kind: int, body: bytearray, *, count: bool = False) -> bytes:
        number = next(self._counter) if count else 0
        body[0:6] = _HEADER + bytes((kind, number & 0xFF))
        body[299] = sum(body[:299]) & 0xFF
        return bytes(body)

    # Frames. `body` is all 300 bytes; header, counter and checksum come last.

    def cell_info(self) -> bytearray:
        """Return a runtime frame of the label's layout, header left open."""
        match self.label.layout:
            case Layout.JK04:
                return self._cell_info_jk04()
            case Layout.JK02_24S:
                return self._cell_info_jk02(slots=24)
            case _:
                return self._cell_info_jk02(slots=32)

    def measured(self) -> Measurement:
        """Return what the board measures, right or wrong."""
        battery = self.board.battery
        cells = tuple(_raw(cell.voltage * self.voltage_gain, 1000) for cell in battery.cells)
        power_stage, *probes = self._temperatures()
        return Measurement(
            cells=cells,
            pack=round(sum(cells) * battery.voltage_gain),
            current=_raw(battery.current * self.current_gain, 1000),
            probes=tuple(probe / 10 for probe in probes if probe != _ABSENT),
            power_stage=power_stage / 10,
            soc=round(self.board.soc * 100),
        )

    def _cell_info_jk02(self, slots: int) -> bytearray:
        board, battery = self.board, self.board.battery
        body = bytearray(300)
        measured = self.measured()
        cells, voltage, current = measured.cells, measured.pack, measured.current
        wires = [_raw(0.05 + 0.002 * (place % 7), 1000) for place in range(len(cells))]
        # 24S lacks eight slots in the cells, then again in the resistances.
        first, second = (0, 0) if slots == 32 else (-16, -32)
        struct.pack_into(f"<{len(cells)}H", body, 6, *cells)
        struct.pack_into(
            "<IHHBB",
            body,
            70 + first,
            (1 << len(cells)) - 1,
            round(sum(cells) / len(cells)),
            max(cells) - min(cells),
            cells.index(max(cells)),
            cells.index(min(cells)),
        )
        struct.pack_into(f"<{len(wires)}H", body, 80 + first, *wires)
        temperatures = self._temperatures()
        alarms = sum(1 << _BITS[name] for name in board.alarms if name in _BITS)
        balance = battery.balance[2]
        struct.pack_into("<IIi", body, 150 + second, voltage, abs(voltage * current) // 1000, current)
        struct.pack_into("<hh", body, 162 + second, *temperatures[1:3])
        if slots == 32:
            struct.pack_into("<h", body, 144, temperatures[0])
            struct.pack_into("<I", body, 166, alarms)
        else:
            struct.pack_into("<hH", body, 134, temperatures[0], alarms & 0xFFFF)
        struct.pack_into("<hB", body, 170 + second, -_raw(balance, 1000), 2 if balance else 0)
        remaining = _raw(board.soc * battery.capacity, 1000)
        struct.pack_into(
            "<BiIIIB",
            body,
            173 + second,
            round(board.soc * 100),
            remaining,
            _raw(battery.capacity, 1000),
            board.cycles,
            _raw(board.throughput, 1000),
            self.soh,
        )
        struct.pack_into(
            "<I??", body, 194 + second, int(board.runtime), board.charging_allowed, board.discharging_allowed
        )
        body[214 + second] = 0xFF if slots == 32 else 0x07
        body[215 + second] = board.heater
        if slots == 32:
            self._newer_fields(body, temperatures, voltage)
        return body

    def _newer_fields(self, body: bytearray, temperatures: list[int], voltage: int) -> None:
        board = self.board
        struct.pack_into("<H", body, 218, max(0, round(self.emergency_until - self.now)))
        struct.pack_into("<H", body, 234, voltage // 10)
        struct.pack_into("<h", body, 236, 2500 if board.heater else 0)
        struct.pack_into("<I", body, 246, int(board.battery.now * 10))
        struct.pack_into("<hhh", body, 254, temperatures[0], *temperatures[3:5])
        struct.pack_into("<III", body, 262, 200_000_000 + int(board.battery.now), 12, 86_400)
        body[275] = ("lfp", "nmc", "lto").index(board.battery.chemistry)
        struct.pack_into("<HB", body, 278, int(board.battery.now) & 0xFFFF, 0 if board.soc < 0.97 else 1)
        body[287:299] = _bits(_FIELD_BITS, 12)

    def _temperatures(self) -> list[int]:
        """Return MOSFET and four probes in tenths of a degree."""
        cells = self.board.battery.cells
        power_stage = self.board.battery.ambient + 4 + abs(self.board.battery.current) * 0.09
        probes = [cells[place * (len(cells) - 1) // 3].temperature for place in range(4)]
        fitted = [_raw(probe, 10) if place < self.label.probes else _ABSENT for place, probe in enumerate(probes)]
        return [_raw(power_stage, 10), *fitted]

    def _cell_info_jk04(self) -> bytearray:
        board, battery = self.board, self.board.battery
        body = bytearray(300)
        cells = [cell.voltage * self.voltage_gain for cell in battery.cells]
        struct.pack_into(f"<{len(cells)}f", body, 6, *cells)
        struct.pack_into(f"<{len(cells)}f", body, 102, *(0.075 + 0.001 * (place % 5) for place in range(len(cells))))
        struct.pack_into("<ff", body, 202, sum(cells) / len(cells), max(cells) - min(cells))
        balance = battery.balance[2]
        struct.pack_into(
            "<IBBBBf",
            body,
            214,
            (1 << len(cells)) - 1,
            cells.index(max(cells)),
            cells.index(min(cells)),
            2 if balance else 0,
            1,
            -balance,
        )
        struct.pack_into("<I", body, 286, int(board.runtime))
        return body

    def settings(self) -> bytearray:
        """Return a settings frame of the label's layout, header left open."""
        body = bytearray(300)
        board, limits, battery = self.board, self.board.limits, self.board.battery
        if self.label.layout is Layout.JK04:
            struct.pack_into("<I", body, 34, len(battery.cells))
            struct.pack_into("<f", body, 38, limits.cell_undervoltage)
            struct.pack_into("<f", body, 74, _TRUE_REFERENCE)
            struct.pack_into("<ff", body, 98, limits.balance_start, 3.4)
            struct.pack_into("<ff?", body, 106, limits.balance_trigger, limits.balance_current, board.balance_switch)
            return overlay(body, self.memory.settings)
        volts = (
            3.2,
            limits.cell_undervoltage,
            limits.cell_undervoltage_release,
            limits.cell_overvoltage,
            limits.cell_overvoltage_release,
            limits.balance_trigger,
            3.45,
            2.8,
            3.45,
            3.35,
            limits.power_off_voltage,
        )
        charge = round(limits.charge_overcurrent_delay), round(limits.charge_overcurrent_release)
        discharge = round(limits.discharge_overcurrent_delay), round(limits.discharge_overcurrent_release)
        struct.pack_into("<11I", body, 6, *(_raw(value, 1000) for value in volts))
        struct.pack_into("<III", body, 50, _raw(limits.charge_current, 1000), *charge)
        struct.pack_into("<IIII", body, 62, _raw(limits.discharge_current, 1000), *discharge, 60)
        struct.pack_into("<I", body, 78, _raw(limits.balance_current, 1000))
        degrees = (
            limits.charge_overtemperature,
            limits.charge_overtemperature_release,
            limits.discharge_overtemperature,
            limits.discharge_overtemperature_release,
            limits.charge_undertemperature,
            limits.charge_undertemperature_release,
            limits.mosfet_overtemperature,
            limits.mosfet_overtemperature_release,
        )
        struct.pack_into("<8i", body, 82, *(_raw(value, 10) for value in degrees))
        struct.pack_into(
            "<IIIII",
            body,
            114,
            len(battery.cells),
            board.charge_switch,
            board.discharge_switch,
            board.balance_switch,
            _raw(battery.capacity, 1000),
        )
        struct.pack_into("<II", body, 134, 1500, _raw(limits.balance_start, 1000))
        if self.label.layout is Layout.JK02_32S:
            struct.pack_into("<II", body, 270, 1, 5)
            struct.pack_into("<HbbB", body, 282, 0b10_0001_0000, 3, 7, 24)
            body[287:296] = _bits(_REGISTER_BITS, 9)
            colds = limits.discharge_undertemperature, limits.discharge_undertemperature_release
            struct.pack_into("<bb", body, 296, *map(round, colds))
        return overlay(body, self.memory.settings)

    def device_info(self) -> bytearray:
        """Return a device-info frame, header left open."""
        body = bytearray(300)
        label = self.label
        texts = {
            6: label.model,
            22: label.hw_version,
            30: label.sw_version,
            46: self.name[:16],
            62: label.password,
            78: "250611",
            86: serial_number_of(self.address),
            102: "Input Userdata",
            118: label.settings_password,
        }
        for offset, text in texts.items():
            body[offset : offset + len(text)] = text.encode()
        body[21] = label.max_cells
        struct.pack_into("<II", body, 38, int(self.board.runtime), 27)
        if label.layout is Layout.JK02_32S:
            body[150:182] = _bits(label.commands, 32)
            body[186:190] = _bits({1, 4, 5, 15}, 4)
            body[202:206] = _bits({0, 1, 2, 3, 4}, 4)
            body[184:186] = bytes((1, 2))
            body[266:270] = bytes((10, 20, 0, 30))
        return overlay(body, self.memory.info)
