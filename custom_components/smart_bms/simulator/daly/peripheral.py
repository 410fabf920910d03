"""A simulated Daly pack: it speaks the real bytes of all three dialects.

Registers and offsets are written down here a second time on purpose: an error in the decoder's tables must not hide in
the simulator.
"""

from datetime import datetime
from typing import Final, override

from ..board import Board
from ..peripheral import Peripheral, serial_number_of, uuid16
from . import a5, d2, p81
from .firmware import DalyFirmware, Taken
from .labels import Label
from .modbus import READ, RESTART, Request, parse, read_reply, sealed

_REPLY_TIME: Final = 0.1
"""s from a request to its reply."""
_LATE: Final = 1.5
_FRAGMENT_TIME: Final = 0.005
_FRAME_TIME: Final = 0.010
_GREETING_TIME: Final = 0.02
_D2: Final = 0xD2
_P81: Final = 0x81
_P81_REPLY: Final = 0x51
_A5: Final = 0xA5
_REFUSED: Final = b"\xaa\xaa"
_DISTORTION: Final = 0x11
_READ_FROM: Final = {_D2: d2.image, _P81: p81.image}
_WRITE_TO: Final = {_D2: d2.write, _P81: p81.write}
_SETTINGS: Final = {_D2: (d2.SETTINGS,), _P81: p81.SETTINGS}
_REPLIES_FROM: Final = {_D2: _D2, _P81: _P81_REPLY}
_DIALECTS: Final = {_D2: "D2", _P81: "81", _A5: "A5"}


def _garbled(frame: bytes, earlier: bytes, length: int) -> bytes:
    """Return a frame under the checksum of another; wrong even if both are the same."""
    seal = earlier[-length:]
    if frame.endswith(seal):
        seal = seal[:-1] + bytes((seal[-1] ^ 0xFF,))
    return frame[:-length] + seal


class DalyPeripheral(Peripheral):
    """A Daly pack on a battery."""

    def __init__(self, address: str, name: str, label: Label, board: Board) -> None:
        """Initialize; what is advertised follows from the Bluetooth module on the label."""
        mac = bytes.fromhex(address.replace(":", ""))
        jhb = name.startswith("JHB-")
        super().__init__(
            address=address,
            name=name,
            manufacturer_data={0x0104: b"\x01" + mac + b"JHB"} if jhb else {0x0302: b"\x16" + mac + b"DL"},
            service_uuids=(uuid16(0xFFF0),) if label.advertises_service else (),
            services=label.services,
        )
        self.label = label
        self.board = board
        self.firmware = DalyFirmware(label, board, serial_number_of(address))
        self.refused = frozenset(() if label.refused_notify_handle is None else (label.refused_notify_handle,))
        """Characteristics that nobody may subscribe to."""
        self.echo = False
        """The wire behind the module is open: requests come back, the board hears nothing."""
        self.late = False
        """Replies are held up in the module."""
        self._uart = a5.Uart(self.firmware)
        self._pending: tuple[float, float, list[bytes]] | None = None
        """When the reply leaves the board, how much longer it takes, and its frames."""

    @override
    def set_clock(self, now: datetime) -> None:
        self.firmware.clock = now

    @property
    @override
    def family(self) -> str:
        return "daly"

    @property
    @override
    def variant(self) -> str:
        return next(dialect for dialect in _DIALECTS.values() if dialect in self.label.dialects)

    # Conversation.

    @override
    def on_connected(self) -> None:
        """Owe nothing."""
        self._pending = None

    @override
    def on_subscribed(self, handle: int) -> None:
        """Greet, if the module does."""
        if handle == self.label.notify_handle and self.label.greeting:
            self.send(handle, self.label.greeting, _GREETING_TIME)

    @override
    def on_write(self, handle: int, data: bytes) -> None:
        """Answer what a board answers; all else it ignores, so what is meant for the module."""
        if handle != self.label.write_handle or not data:
            return
        if self.echo:
            self._send([data], 0.0)
        elif data[0] == _A5:
            self._take_a5(data)
        else:
            self._take_modbus(data)

    @override
    def change_elsewhere(self, data: bytes) -> bool:
        """Take a write from a second master."""
        if not self._speaks(data):
            return False
        if data[0] == _A5:
            command = a5.parse(data, self.label.hosts)
            taken = self._uart.write(*command) if command else Taken.REFUSED
        else:
            request = parse(data)
            taken = self._change(request) if request and request.values else Taken.REFUSED
        self.hang_up = self.hang_up or taken is Taken.RESTART
        return taken in {Taken.KEPT, Taken.RESTART}

    @override
    def on_time(self, seconds: float) -> None:
        """Move the battery on, let go of a reply."""
        if not self.faults.frozen:
            self.firmware.step(seconds)
        if self._pending and self.now >= self._pending[0]:
            at, extra, frames = self._pending
            self._pending = None
            self._send(frames, at - self.now + extra)

    def _speaks(self, data: bytes) -> bool:
        return bool(data) and _DIALECTS.get(data[0]) in self.label.dialects

    def _change(self, request: Request, distortion: int = 0) -> Taken:
        values = tuple(value ^ distortion for value in request.values)
        return _WRITE_TO[request.address](self.firmware, request.register, values)

    # D2 and 81.

    def _take_modbus(self, data: bytes) -> None:
        request = parse(data) if self._speaks(data) else None
        if request is None:
            return
        if request.function == READ:
            self._read(request)
            return
        faults = self.faults
        if faults.forget_writes:
            taken = Taken.WITHOUT_EFFECT
        else:
            taken = self._change(request, _DISTORTION if faults.distort_writes else 0)
        if taken is Taken.RESTART:
            self.hang_up = True
            return
        if request.register == RESTART:
            return
        if request.address == _D2 and request.register in (*d2.CLOCK, *self.label.unechoed):
            return
        # Registers and values are repeated, or the number of registers in place of several values.
        repeated = data[2:6] if taken is not Taken.REFUSED else data[2:4] + _REFUSED
        self._acknowledge(sealed(bytes((_REPLIES_FROM[request.address], request.function)) + repeated))

    def _read(self, request: Request) -> None:
        label, start = self.label, request.register
        if request.address == _D2:
            known = label.supports_mos_temperature or start not in d2.EXTENDED
        else:
            known = not label.answers_65_only or start != 0 or request.count == 65
        if not known:
            return
        registers = _READ_FROM[request.address](self.firmware)
        values = [registers.get(register, 0xFFFF) for register in range(start, start + request.count)]
        frames = [read_reply(_REPLIES_FROM[request.address], values)]
        settings = any(start in part for part in _SETTINGS[request.address])
        self._reply(self._corrupted(frames) if settings else frames)

    # A5.

    def _take_a5(self, data: bytes) -> None:
        command = a5.parse(data, self.label.hosts) if self._speaks(data) else None
        if command is None:
            return
        number, content = command
        if frames := self._uart.read(number):
            self._reply(self._corrupted(frames) if number in a5.SETTINGS else frames)
            return
        faults = self.faults
        meant = content
        if faults.distort_writes:
            meant = bytes((content[0] ^ _DISTORTION, *content[1:7], content[7] ^ _DISTORTION))
        taken = Taken.KEPT if faults.forget_writes else self._uart.write(number, meant)
        if taken is Taken.RESTART:
            self.hang_up = True
        elif taken is Taken.KEPT:
            self._acknowledge(self._uart.acknowledgement(number, content))

    # Replies.

    def _corrupted(self, frames: list[bytes]) -> list[bytes]:
        if self.faults.corrupt_settings <= 0:
            return frames
        self.faults.corrupt_settings -= 1
        return [frame[:-1] + bytes((frame[-1] ^ 0xFF,)) for frame in frames]

    def _acknowledge(self, frame: bytes) -> None:
        if not self.faults.lose_ready:
            self._reply([frame], max(0.0, self.faults.ready_delay - _REPLY_TIME))

    def _reply(self, frames: list[bytes], extra: float = 0.0) -> None:
        if self._pending:
            # Overtaken by the next request, the board mixes both replies up.
            frames = [_garbled(frames[0], self._pending[2][0], 1 if frames[0][0] == _A5 else 2)]
        self._pending = self.now + _REPLY_TIME, extra + (_LATE if self.late else 0.0), frames

    def _send(self, frames: list[bytes], delay: float) -> None:
        label = self.label
        for frame in [b"".join(frames)] if label.glue else frames:
            for start in range(0, len(frame), label.fragment):
                self.send(label.notify_handle, frame[start : start + label.fragment], delay)
                delay += _FRAGMENT_TIME
            delay += _FRAME_TIME - _FRAGMENT_TIME
