"""An event loop whose time is virtual: hours pass in seconds, and nothing else is different.

The tests of what is pure run in it. Those of Home Assistant's side do not: it has threads, which take real time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
import selectors
import time
from typing import Any, override

import pytest


class _Selector(selectors.DefaultSelector):
    """Does not wait: time goes on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else None)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Knows how long its longest turn took, in real seconds."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self.longest = 0.0

    def skip(self, seconds: float) -> None:
        """Let time pass while nothing runs, as while something blocks the loop."""
        self._virtual.now += seconds

    @override
    def time(self) -> float:
        return self._virtual.now

    def _run_once(self) -> None:
        began = time.perf_counter()
        super()._run_once()  # type: ignore[misc]  # asyncio's own, and not part of its types
        self.longest = max(self.longest, time.perf_counter() - began)


def run[T](main: Coroutine[Any, Any, T]) -> tuple[T, VirtualLoop]:
    """Run a coroutine in virtual time; return what it returns, and the loop."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main), loop


# For the conftest.py of a folder whose tests run in virtual time.


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let tests run in virtual time."""
    return {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
async def configure_event_loop() -> None:
    """Leave the loop as it is, instead of what the plugin does for Home Assistant: real time among others."""


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Do without the plugin's search for slow callbacks."""
