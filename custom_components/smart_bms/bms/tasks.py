"""Tasks: small pieces of asyncio that connection, drivers and reconnector share."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_to_completion[T](work: Coroutine[Any, Any, T]) -> T:
    """Do something whole, however often it is cancelled meanwhile: it leaves a pack as it must be left."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        await asyncio.gather(task, return_exceptions=True)  # nobody is left to hear of what it raised
        raise cancelled
    return task.result()


async def cancel_and_wait(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel tasks and wait for their end; what they raise was handled or no longer matters."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def wait_and_clear(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event and clear it. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        await event.wait()
    event.clear()
