"""Waiting until something is so."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 5.0, *, step: float = 0.005) -> None:
    """Wait until something is true, and see every `step` seconds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(step)


def now() -> float:
    """Return the monotonic time of packs."""
    return asyncio.get_running_loop().time()
