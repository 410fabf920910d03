"""Sessions with simulated boards, and what was said in them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from tests.support import radio
from tests.support.jbd_wire import EXIT, Wire, writes
from tests.support.packs import jbd_pack
from tests.support.radio import fast, finder, on_radio

PASSWORD = "123456"
LABELS = [
    pytest.param((SP04S034, 4, None), id="SP04S034"),
    pytest.param((DP16S020, 16, PASSWORD), id="DP16S020"),
    pytest.param((LEGACY, 13, None), id="LEGACY"),
    pytest.param((WATTCYCLE, 4, None), id="WATTCYCLE"),
]
SAFE = {0x00, 0x01, 0x03, 0x04, 0x05, 0x06, 0x09, *range(0x10, 0x40), *range(0x42, 0x48)} | {
    *(0xA0, 0xA1, 0xA2, 0xAA, 0xE0, 0xE1, 0xFB)
}
FUNCTIONS, OVERVOLTAGE, DELAYS = 0x2D, 0x24, 0x3E
APP_KEY, RANDOM, USER, ROOT = 0x15, 0x17, 0x18, 0x1D


def wire_of(label=SP04S034, cells: int = 4, given: str | None = None, **changes) -> Wire:
    """Return a wire to a board; `given` is the password that the user gave, `changes` are those of the label."""
    return Wire(jbd_pack(label, cells=cells, **({"loses_first": False, "stray_byte": False} | changes)), password=given)


def asked_module(wire: Wire) -> list[int]:
    return [packet[2] for packet in wire.written if packet.startswith(b"\xff\xaa")]


def exits(wire: Wire) -> list[bytes]:
    return [said.data for said in writes(wire.written, EXIT)]


def exits_of(peripheral) -> list[bytes]:
    return [said.data for said in writes(peripheral.written, EXIT)]


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(monkeypatch, peripheral, password: str | None = None) -> AsyncIterator[Pack]:
    peripheral.written = deque()
    monkeypatch.setattr(radio, "SPEED", 60.0)
    monkeypatch.setattr(radio, "TICK", 0.001)
    async with on_radio(monkeypatch, peripheral) as simulated_radio:
        pack = Pack(
            fast("jbd"),
            "test",
            finder(simulated_radio, peripheral.address),
            backoff=(0.02, 0.05),
            context=SessionContext(address=peripheral.address, password=password),
        )
        task = asyncio.create_task(pack.run())
        try:
            yield pack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
