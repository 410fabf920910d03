"""A pack that runs, and what tests wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from custom_components.smart_bms.bms.pack import Pack
from tests.support.radio import fast

FAMILY = replace(fast("jk"), stale_after=0.4)
BACKOFF = (0.02, 0.05)
"""Seconds between attempts to connect."""


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something is true. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(pack: Pack) -> AsyncIterator[None]:
    """Let a pack run."""
    task = asyncio.create_task(pack.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def now() -> float:
    """Return the monotonic time of packs."""
    return asyncio.get_running_loop().time()
