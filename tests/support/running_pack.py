"""Packs that run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bleak.backends.device import BLEDevice
import pytest

from custom_components.smart_bms.bms.families import Family
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.peripheral import Peripheral

from .radio import fast, finder, on_radio

FAMILY = replace(fast("jk"), stale_after=0.4)
BACKOFF = (0.02, 0.05)
"""Seconds between attempts to connect."""


class RecordingPack(Pack):
    """A pack that keeps what it reported: every change and every reading."""

    def __init__(self, family: Family, find_device: Callable[[], BLEDevice], context: SessionContext) -> None:
        """Take the arguments of a pack."""
        self.changes: list[Change] = []
        self.readings: list[Reading] = []
        super().__init__(family, "test", find_device, self._record, backoff=BACKOFF, context=context)

    def _record(self, change: Change) -> None:
        self.changes.append(change)
        if change is Change.READING and self.last_reading is not None:
            self.readings.append(self.last_reading)


@asynccontextmanager
async def running_on_radio(
    monkeypatch: pytest.MonkeyPatch, peripheral: Peripheral, context: SessionContext
) -> AsyncIterator[RecordingPack]:
    """Put a simulated pack on the radio, and let its pack run."""
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = RecordingPack(fast(peripheral.family), finder(radio, peripheral.address), context)
        async with running(pack):
            yield pack


@asynccontextmanager
async def running(pack: Pack) -> AsyncIterator[None]:
    """Let a pack run."""
    task = asyncio.create_task(pack.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
