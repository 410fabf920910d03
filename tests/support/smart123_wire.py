"""A session with a simulated unit, twenty times as fast as the clock on the wall."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral
from tests.support.radio import fast, finder, on_radio

PIN = "1234"


async def until(condition: Callable[[], object], seconds: float = 6.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def advertised(peripheral: Smart123Peripheral) -> Advertisement:
    return Advertisement(
        name=peripheral.name,
        address=peripheral.address,
        manufacturer_data=peripheral.manufacturer_data,
        service_uuids=peripheral.service_uuids,
    )


@asynccontextmanager
async def running(
    monkeypatch, peripheral: Smart123Peripheral, *, streaming: bool = True, **context: Any
) -> AsyncIterator[Pack]:
    """Yield a pack whose link is kept up; with `streaming` when its first reading is there."""
    peripheral.written = deque(maxlen=5000)
    changes: list[Change] = []
    context.setdefault("advertisement", lambda: advertised(peripheral))
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = Pack(
            fast("smart123"),
            "test",
            finder(radio, peripheral.address),
            changes.append,
            backoff=(0.02, 0.05),
            context=SessionContext(address=peripheral.address, **context),
        )
        pack.changes = changes  # type: ignore[attr-defined]
        task = asyncio.create_task(pack.run())
        try:
            if streaming:
                await until(lambda: pack.state is ConnectionState.STREAMING)
            yield pack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def fresh(pack: Pack) -> Callable[[], bool]:
    """Return what tells whether a reading came after now."""
    now = asyncio.get_running_loop().time()
    return lambda: pack.last_reading is not None and pack.last_reading.measured_at > now


def sent(peripheral: Smart123Peripheral) -> list[str]:
    """Return the commands that went out, without pings."""
    return [data.decode().strip() for data in peripheral.written if data != b"$"]
