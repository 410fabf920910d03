"""A wire from the driver straight to a simulated board, and packs on the simulated radio."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from custom_components.smart_bms.bms.daly.driver import DalyDriver, Timing
from custom_components.smart_bms.bms.daly.frames import Dialect, read_request
from custom_components.smart_bms.bms.errors import ConnectionLostError
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.bms.settings import Settings
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
from tests.support import radio
from tests.support.packs import daly_pack
from tests.support.radio import fast, finder, on_radio

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
    return data[0] == 0xA5 and data[2] in commands


class Listener:
    """Judges readings as a pack does, and keeps all that it hears."""

    def __init__(self) -> None:
        self.identities: list[Identity] = []
        self.told: list[Settings] = []
        self.readings: list[Reading] = []
        self.frames: list[bytes] = []
        self.trust = Trust()

    @property
    def dropped(self) -> Counter[str]:
        return self.trust.dropped

    def identity(self, identity: Identity) -> None:
        self.identities.append(identity)

    def settings(self, settings: Settings) -> None:
        self.told.append(settings)

    def reading(self, reading: Reading) -> bool:
        shown = self.trust.judge(reading)
        if shown is not None:
            self.readings.append(shown)
        return shown is not None

    def frame(self, frame: bytes, now: float) -> None:
        self.frames.append(frame)

    def drop(self, reason: str, count: int = 1) -> None:
        self.trust.dropped[reason] += count


class Wire:
    """One session with a board that answers at once."""

    def __init__(
        self, label: Label = K_D2, *, context: SessionContext | None = None, timing: Timing = SHORT, **options
    ) -> None:
        self.peripheral = daly_pack(label, **options)
        self.peripheral.written = deque()
        self.context = context or SessionContext(interval=0.001)
        self.listener = Listener()
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
        return self.peripheral.written

    @property
    def last(self) -> Reading:
        return self.listener.readings[-1]

    async def begin(self) -> Wire:
        await self.driver._begin()
        return self

    async def poll(self, times: int = 1) -> list[bool]:
        return [await self.driver._poll() for _ in range(times)]

    async def write(self, data: bytes) -> None:
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
        for packet in packets:
            self.driver.notified(bytearray(packet), asyncio.get_running_loop().time())

    async def switch_channel(self) -> bool:
        self.switched += 1
        return self.switched < self.channels

    def again(self, **options) -> Wire:
        """Begin the next session of the same pack, with another board if one is described."""
        other = Wire(options.pop("label", self.peripheral.label), context=self.context, **options)
        other.peripheral.board = self.peripheral.board
        return other


async def begun(label: Label = K_D2, **options) -> Wire:
    return await Wire(label, **options).begin()


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(monkeypatch, peripheral, *, speed: float = 60.0) -> AsyncIterator[Pack]:
    monkeypatch.setattr(radio, "SPEED", speed)
    monkeypatch.setattr(radio, "TICK", 0.001)
    monkeypatch.setattr(radio, "FAST_DALY", QUICK)
    peripheral.written = deque()
    readings: list[Reading] = []
    async with on_radio(monkeypatch, peripheral) as simulated_radio:
        pack = Pack(
            fast("daly"),
            "test",
            finder(simulated_radio, peripheral.address),
            backoff=(0.02, 0.05),
            context=SessionContext(interval=0.02),
        )
        pack.readings = readings
        pack._listener = lambda change: readings.append(pack.last_reading) if change == "reading" else None
        task = asyncio.create_task(pack.run())
        try:
            yield pack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
