"""Sessions with simulated boards, and what was said in them."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE, Label
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral

from . import radio
from .jbd_wire import EXIT, Wire, writes
from .packs import jbd_pack
from .running_pack import RecordingPack, running_on_radio

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
NEAT: dict[str, Any] = {"loses_first": False, "stray_byte": False}
"""A label whose board answers every request, and nothing else."""


def wire_of(label: Label = SP04S034, cells: int = 4, given: str | None = None, **changes: Any) -> Wire:
    """Return a wire to a board; `given` is the password that the user gave, `changes` are those of the label."""
    return Wire(jbd_pack(label, cells=cells, **(NEAT | changes)), password=given)


def asked_module(wire: Wire) -> list[int]:
    """Return the commands that the Bluetooth module got."""
    return [packet[2] for packet in wire.written if packet.startswith(b"\xff\xaa")]


def exits(wire: Wire) -> list[bytes]:
    """Return what was written to leave factory mode."""
    return [said.data for said in writes(wire.written, EXIT)]


def exits_of(peripheral: JbdPeripheral) -> list[bytes]:
    """Return the same, of a pack on the radio."""
    return [said.data for said in writes(peripheral.written, EXIT)]


@asynccontextmanager
async def running_jbd(
    monkeypatch: pytest.MonkeyPatch, peripheral: JbdPeripheral, password: str | None = None
) -> AsyncIterator[RecordingPack]:
    """Let a pack run, so fast that its times are short."""
    peripheral.written = deque()
    monkeypatch.setattr(radio, "SPEED", 60.0)
    monkeypatch.setattr(radio, "TICK", 0.001)
    context = SessionContext(address=peripheral.address, password=password)
    async with running_on_radio(monkeypatch, peripheral, context) as pack:
        yield pack
