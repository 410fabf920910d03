r"""A simulated 123\SmartBMS: it speaks lines or frames, as its label says."""

from datetime import datetime
import heapq
import itertools
import random
from typing import Final, override

from ..peripheral import Peripheral
from .board import Smart123Board
from .frame58 import LENGTH, frame
from .labels import Label
from .line_dialect import LineDialect, Oddities

_COMPANY: Final = 2330
_DATA_MODE: Final = 1
_MAY_SEND: Final = b"\x00"
_PING: Final = b"$"
_BUFFER: Final = 2048
"""Bytes that wait inside; when more come, the oldest are lost."""
_PACKET: Final = 20
"""Bytes that a client can send at once."""
_GLUED: Final = 244
_JUNK: Final = 40
"""Bytes of junk per cycle."""
_HASTE: Final = 1e-9
"""s that a cycle may be short, for the sake of times that add up badly."""


class Smart123Peripheral(Peripheral, Oddities):
    r"""A 123\SmartBMS on a battery."""

    def __init__(self, address: str, name: str, label: Label, board: Smart123Board) -> None:
        """Initialize; the serial number is the end of the address."""
        serial = bytes.fromhex(address.replace(":", ""))[-2:]
        kind = label.device_type
        super().__init__(
            address=address,
            name=name,
            manufacturer_data={} if kind is None else {_COMPANY: bytes((0, kind)) + serial},
            service_uuids=(label.module.services[0].uuid,),
            services=label.module.services,
        )
        Oddities.__init__(self)
        board.fit(label)
        self.label = label
        self.board = board
        self.dialect = LineDialect(label, board, self)
        self.mode = 0
        """Of a serial-port module; other modules have none."""
        self._module = label.module
        self._elapsed = 0.0
        self._turn = 0
        self._written_at = 0.0
        self._stream_from = 0.0
        self._busy_until = 0.0
        self._said: list[tuple[float, int, bytes, bool]] = []
        """When what is put into the buffer, and whether only as long as the stream runs."""
        self._numbers = itertools.count()
        self._inside = b""
        self._dice = random.Random(address)

    @property
    @override
    def family(self) -> str:
        return "smart123"

    @property
    @override
    def variant(self) -> str:
        return self.label.variant

    @property
    def comm_error(self) -> bool:
        """The chain of the cell boards is broken, and the unit says so."""
        return self.board.comm_error

    @comm_error.setter
    def comm_error(self, broken: bool) -> None:
        self.board.comm_error = broken

    @property
    def absent(self) -> set[int]:
        """Numbers of cells without a value."""
        return self.board.absent

    @absent.setter
    def absent(self, numbers: set[int]) -> None:
        self.board.absent = numbers

    @property
    def streaming(self) -> bool:
        """Records are being sent."""
        return self.dialect.streaming

    @override
    def set_clock(self, now: datetime) -> None:
        self.board.meters.clock = now.hour * 3600.0 + now.minute * 60 + now.second

    # Conversation.

    @override
    def on_connected(self) -> None:
        """Forget the session before."""
        self.dialect.begin()
        self.mode = 0
        self._written_at = self._stream_from = self._busy_until = self.now
        self._said.clear()
        self._inside = b""

    @override
    def on_subscribed(self, handle: int) -> None:
        """Give leave to send."""
        if handle == self._module.rts_handle:
            self.send(handle, _MAY_SEND)

    @override
    def write(self, handle: int, data: bytes) -> None:
        """Take note that somebody is there, even if nothing is heard."""
        self._written_at = self.now
        super().write(handle, data)

    @override
    def on_write(self, handle: int, data: bytes) -> None:
        """Take a part of a command or a ping; either pushes out what is inside."""
        if handle == self._module.mode_handle and data:
            self.mode = data[0]
        elif handle == self._module.write_handle and data and self._hears and not (self.refuse_pings and data == _PING):
            self._flush()
            streamed = self.streaming
            at = max(self.now, self._busy_until)
            for pause, line in self.dialect.hear(data[:_PACKET], self.faults):
                at += pause
                self._say(at, line)
            # One command after the other, and records follow the word that they will.
            self._busy_until = at
            self._stream_from = self._stream_from if streamed else at

    def read(self, handle: int) -> bytes:
        """Return what a characteristic holds."""
        values = dict(self._module.readable)
        return bytes((self.mode,)) if handle == self._module.mode_handle else values.get(handle, b"")

    @override
    def change_elsewhere(self, data: bytes) -> bool:
        """Take a line with a write from a second master, who needs no PIN."""
        return self.dialect.change_elsewhere(data)

    @property
    def _hears(self) -> bool:
        return self.label.transport != "bridge" and self._lets_through

    @property
    def _lets_through(self) -> bool:
        return self._module.mode_handle is None or self.mode == _DATA_MODE

    # Time.

    @override
    def on_time(self, seconds: float) -> None:
        """Move the pack on by whole cycles of the BMS."""
        self._elapsed += seconds
        while self._elapsed >= self.label.cycle - _HASTE:
            self._elapsed -= self.label.cycle
            self._turn += 1
            if not self.faults.frozen:
                self.board.step(self.label.cycle)
            if self.connected and self._lets_through:
                self._live(self.now - self._elapsed)
        while self._said and self._said[0][0] <= self.now:
            _, _, line, streamed = heapq.heappop(self._said)
            if self.streaming or not streamed:
                self._inside = (self._inside + line)[-_BUFFER:]
        if not self.label.ping_flush or self.label.transport == "bridge":
            self._flush()
        limit = self.label.idle_hangup
        self.hang_up = self.hang_up or (limit is not None and self.connected and self.now - self._written_at > limit)

    def _live(self, at: float) -> None:
        """Say what one cycle says, beginning at a moment that may have passed."""
        if self.garbage > 0:
            length = min(self.garbage, _JUNK)
            self.garbage -= length
            self._say(at, self._dice.randbytes(length))
        number = (self._turn - 1) % max(self.label.slots or 0, len(self.board.voltages)) + 1
        if self.label.transport == "bridge":
            if not self.stream_stops:
                self._say(at, frame(self.board, self._turn, 0 if self.cell_zero else number))
            return
        lines = self.dialect.records(number) if at >= self._stream_from else []
        pause = 0.0 if self.glue else self.label.cycle / (len(lines) + 1)
        for place, line in enumerate(lines):
            self._say(at + place * pause, line, streamed=True)

    def _say(self, at: float, line: bytes, *, streamed: bool = False) -> None:
        heapq.heappush(self._said, (at, next(self._numbers), line, streamed))

    def _flush(self) -> None:
        """Let out what is inside, cut without regard to lines."""
        if self.glue and self.label.transport == "bridge" and len(self._inside) < 2 * LENGTH:
            return
        out, self._inside = self._inside, b""
        size = _GLUED if self.glue else self.label.max_chunk
        for start in range(0, len(out) if self._lets_through else 0, size):
            self.send(self._module.notify_handle, out[start : start + size])
