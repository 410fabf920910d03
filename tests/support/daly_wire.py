"""A wire from the driver straight to a simulated board, and packs on the simulated radio."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, override

import pytest

from custom_components.smart_bms.bms.daly.driver import DalyDriver, Timing
from custom_components.smart_bms.bms.daly.frames import Dialect, read_request
from custom_components.smart_bms.bms.errors import ConnectionLostError
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.bms.trust import Trust
from custom_components.smart_bms.simulator.daly.labels import (
    ESS_81,
    K_81_NO_NTC,
    K_D2,
    LAYOUT_B,
    LEGACY_A5,
    R24_A5,
    Label,
)
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral

from . import radio
from .driver_listener import Listener
from .packs import daly_pack
from .running_pack import RecordingPack, running_on_radio

ENOUGH = 1.0
"""Seconds in which a board has answered. Answers are there when a write returns, so short patience breaks nothing."""
SHORT = Timing(
    settle=0, quick=0.01, probe=0.01, answer=0.01, spacing=0, last_frames=0.001, acknowledgement=0.01, settled=0
)  # fmt: skip
QUICK = replace(radio.FAST_DALY, quick=0.08, probe=0.08, answer=0.1, spacing=0.002, last_frames=0.01)
SECRET = "914826"
EVERY = [
    pytest.param(K_D2, "D2", 4, id="K_D2"),
    pytest.param(ESS_81, "81", 16, id="ESS_81"),
    pytest.param(K_81_NO_NTC, "81", 4, id="K_81_NO_NTC"),
    pytest.param(LEGACY_A5, "A5", 14, id="LEGACY_A5"),
    pytest.param(R24_A5, "A5", 8, id="R24_A5"),
    pytest.param(LAYOUT_B, "D2", 4, id="LAYOUT_B"),
]
LIVE_D2 = read_request(Dialect.D2, 0x0000, 62)
MORE_D2 = read_request(Dialect.D2, 0x003E, 9)
SETTINGS_D2 = read_request(Dialect.D2, 0x0080, 41)
BALANCER_D2 = read_request(Dialect.D2, 0x00CF, 1)
LIVE_81 = read_request(Dialect.P81, 0x0000, 65)
LIVE_81_SHORT = read_request(Dialect.P81, 0x0000, 64)
STATE_81 = read_request(Dialect.P81, 0x0041, 62)
UPTIME_81 = read_request(Dialect.P81, 0x00A4, 10)
REST_81 = read_request(Dialect.P81, 0x0162, 22)
A5_READS = {*range(0x50, 0x6B), *range(0x90, 0x99)}


def is_read(data: bytes) -> bool:
    """Tell whether a packet asks and changes nothing, for certain."""
    if data[0] == 0xA5:
        return len(data) == 13 and data[2] in A5_READS and not any(data[4:12])
    return data[0] in (0xD2, 0x81) and data[1] == 0x03 and len(data) == 8


def asked_a5(data: bytes, *commands: int) -> bool:
    """Return whether a packet asks by one of these commands of A5."""
    return data[0] == 0xA5 and data[2] in commands


class JudgingListener(Listener):
    """Judges readings as a pack does."""

    def __init__(self) -> None:
        super().__init__()
        self.trust = Trust()

    @property
    def dropped(self) -> Counter[str]:
        """Return how often what was dropped."""
        return self.trust.dropped

    @override
    def reading(self, reading: Reading) -> bool:
        shown = self.trust.judge(reading)
        return shown is not None and super().reading(shown)

    @override
    def drop(self, reason: str, count: int = 1) -> None:
        self.trust.dropped[reason] += count


class Wire:
    """One session with a board that answers at once."""

    kind = ""

    def __init__(
        self, label: Label = K_D2, *, context: SessionContext | None = None, timing: Timing = SHORT, **options: Any
    ) -> None:
        self.peripheral = daly_pack(label, **options)
        self.peripheral.written = deque()
        self.context = context or SessionContext(interval=0.001)
        self.listener = JudgingListener()
        self.driver = DalyDriver(self, self.listener, self.context, timing)
        self.channels = 1
        self.switched = 0
        self.lost = False
        self.deaf: Callable[[bytes], bool] = lambda _: False
        """Tells whether a packet gets lost on its way to the board."""
        self.tamper: Callable[[bytes, list[bytes]], list[bytes]] = lambda _, answers: answers
        """Changes what the board notifies in answer to a packet."""
        self.delay = 0.0
        self.peripheral.connect()
        self.peripheral.subscribe(label.notify_handle)
        self.peripheral.advance(ENOUGH)

    @property
    def written(self) -> deque[bytes]:
        """Packets that were sent."""
        return self.peripheral.written

    @property
    def last(self) -> Reading:
        """The newest reading."""
        return self.listener.readings[-1]

    async def begin(self) -> Wire:
        """Find out whom we talk to."""
        await self.driver._begin()
        return self

    async def poll(self, times: int = 1) -> list[bool]:
        """Ask for readings; return which were answered."""
        return [await self.driver._poll() for _ in range(times)]

    async def write(self, data: bytes) -> None:
        """Send one packet."""
        if self.lost:
            raise ConnectionLostError("gone")
        if self.deaf(data):
            self.written.append(data)
            return
        self.peripheral.write(self.peripheral.label.write_handle, data)
        answers = self.tamper(data, [part for _, part in self.peripheral.advance(ENOUGH)])
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.hear, *answers)
        else:
            self.hear(*answers)

    def hear(self, *packets: bytes) -> None:
        """Let the driver hear something."""
        for packet in packets:
            self.driver.notified(bytearray(packet), asyncio.get_running_loop().time())

    async def switch_channel(self) -> bool:
        """Go on over the other channel, if there is one."""
        self.switched += 1
        return self.switched < self.channels

    def again(self, **options: Any) -> Wire:
        """Begin the next session of the same pack, with another board if one is described."""
        other = Wire(options.pop("label", self.peripheral.label), context=self.context, **options)
        other.peripheral.board = self.peripheral.board
        return other


async def begun(label: Label = K_D2, **options: Any) -> Wire:
    """Begin a session with a board."""
    return await Wire(label, **options).begin()


@asynccontextmanager
async def running_daly(
    monkeypatch: pytest.MonkeyPatch, peripheral: DalyPeripheral, *, speed: float = 60.0
) -> AsyncIterator[RecordingPack]:
    """Let a pack run, so fast that its times are short."""
    monkeypatch.setattr(radio, "SPEED", speed)
    monkeypatch.setattr(radio, "TICK", 0.001)
    monkeypatch.setattr(radio, "FAST_DALY", QUICK)
    peripheral.written = deque()
    async with running_on_radio(monkeypatch, peripheral, SessionContext(interval=0.02)) as pack:
        yield pack
