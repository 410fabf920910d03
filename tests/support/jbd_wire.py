"""A wire from the driver straight to a simulated board: its answers are there at once, so that no test has to wait."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from custom_components.smart_bms.bms.errors import ConnectionLostError
from custom_components.smart_bms.bms.jbd.driver import JbdDriver
from custom_components.smart_bms.bms.jbd.exchange import Timing
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral

from .driver_listener import Listener

ENOUGH = 0.4
"""Seconds of the board's life in which every answer is there, unless it is meant to be late."""
SHORT = Timing(first=0.02, settle=0, answer=0.02, module_answer=0.02, wake=0, pause=0, exit_answer=0.02)

EXIT_A, EXIT_B = b"\x00\x00", b"\x28\x28"
ENTER, EXIT, BASIC, CELLS, LOGIN, UNLOCK = 0x00, 0x01, 0x03, 0x04, 0x06, 0x09
COUNTERS, REMAINING, SWITCHES, SWITCH = 0xAA, 0xE0, 0xE1, 0xFB


class Said(NamedTuple):
    """A request of a client."""

    write: bool
    register: int
    data: bytes


def request(register: int, data: bytes = b"", *, write: bool = True) -> bytes:
    """Return a request, written down here once more."""
    body = bytes((register, len(data))) + data
    return bytes((0xDD, 0x5A if write else 0xA5)) + body + (-sum(body) & 0xFFFF).to_bytes(2) + b"\x77"


def reply(register: int, data: bytes = b"", status: int = 0) -> bytes:
    """Return an answer of the board."""
    body = bytes((status, len(data))) + data
    return bytes((0xDD, register)) + body + (-sum(body) & 0xFFFF).to_bytes(2) + b"\x77"


def module(command: int, data: bytes = b"") -> bytes:
    """Return a message to or from the Bluetooth module."""
    body = bytes((command, len(data))) + data
    return b"\xff\xaa" + body + bytes((sum(body) & 0xFF,))


def commands(packets: Iterable[bytes]) -> list[Said]:
    """Return the requests to the board that are in the packets of a client."""
    line = b"".join(packet for packet in packets if packet.strip(b"\0") and not packet.startswith(b"\xff\xaa"))
    found = []
    while line:
        assert line[0] == 0xDD, line.hex()
        assert line[1] in (0x5A, 0xA5), line.hex()
        end = line[3] + 7
        found.append(Said(line[1] == 0x5A, line[2], line[4 : end - 3]))
        line = line[end:]
    return found


def writes(packets: Iterable[bytes], *registers: int) -> list[Said]:
    """Return the requests that write, those of some registers only if any are named."""
    return [said for said in commands(packets) if said.write and (not registers or said.register in registers)]


type Tamper = Callable[[Said, list[bytes]], list[bytes]]


class Wire:
    """One session with a board."""

    kind = ""

    def __init__(self, peripheral: JbdPeripheral, **context: Any) -> None:
        peripheral.written = deque()
        self.peripheral = peripheral
        # Its units are known from an earlier session, so that the parameters are only opened where a test wants it.
        kept = {"coarse_units": False}
        self.context = context.pop("context", None) or SessionContext(
            address=peripheral.address, interval=0.01, learned=kept, **context
        )
        self.listener = Listener()
        self.driver = JbdDriver(self, self.listener, self.context, SHORT)
        self.lost = False
        self.deaf: Callable[[bytes], bool] = lambda _: False
        """Tells whether a packet gets lost on its way to the board."""
        self.tamper: Tamper = lambda _, answers: answers
        """Changes what the board answers to a request."""
        self.cut: Callable[[Said], bool] = lambda _: False
        """Tells whether the link ends with this request."""
        peripheral.connect()
        peripheral.subscribe(peripheral.label.module.notify_handle)

    @property
    def written(self) -> deque[bytes]:
        """Packets that were sent."""
        return self.peripheral.written

    async def begin(self) -> Wire:
        """Find out whom we talk to."""
        await self.driver._begin()
        return self

    async def write(self, data: bytes) -> None:
        """Send one packet."""
        if self.lost:
            raise ConnectionLostError("gone")
        if self.deaf(data):
            self.written.append(data)
            return
        self.peripheral.write(self.peripheral.label.module.write_handle, data)
        answers = [part for _, part in self.peripheral.advance(ENOUGH)]
        if data.startswith(b"\xdd") and len(data) == data[3] + 7:
            (said,) = commands([data])
            if self.cut(said):
                self.hang_up()
                return
            answers = self.tamper(said, answers)
        self.hear(*answers)

    def hear(self, *packets: bytes) -> None:
        """Let the driver hear something."""
        for packet in packets:
            self.driver.notified(bytearray(packet), asyncio.get_running_loop().time())

    async def switch_channel(self) -> bool:
        """There is no other."""
        return False

    def hang_up(self) -> None:
        """End the link."""
        self.lost = True
        self.peripheral.disconnect()

    def again(self) -> Wire:
        """Begin the next session with the same board."""
        if not self.lost:
            self.hang_up()
        return Wire(self.peripheral, context=self.context)
