"""A session with a simulated unit, twenty times as fast as the clock on the wall."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral

from .radio import advertised
from .running_pack import RecordingPack, running_on_radio
from .waiting import now, until

PIN = "1234"


@asynccontextmanager
async def running_smart123(
    monkeypatch: pytest.MonkeyPatch, peripheral: Smart123Peripheral, *, streaming: bool = True, **context: Any
) -> AsyncIterator[RecordingPack]:
    """Yield a pack whose link is kept up; with `streaming` when its first reading is there."""
    peripheral.written = deque(maxlen=5000)
    context.setdefault("advertisement", lambda: advertised(peripheral))
    described = SessionContext(address=peripheral.address, **context)
    async with running_on_radio(monkeypatch, peripheral, described) as pack:
        if streaming:
            await until(lambda: pack.state is ConnectionState.STREAMING, 6.0)
        yield pack


def fresh(pack: Pack) -> Callable[[], bool]:
    """Return what tells whether a reading came after now."""
    began = now()
    return lambda: pack.last_reading is not None and pack.last_reading.measured_at > began


def sent(peripheral: Smart123Peripheral) -> list[str]:
    """Return the commands that went out, without pings."""
    return [data.decode().strip() for data in peripheral.written if data != b"$"]
