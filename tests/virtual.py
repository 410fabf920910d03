"""An event loop whose time is virtual: hours pass in seconds, and nothing else is different."""

import asyncio
import selectors
import time
from typing import override


class _Selector(selectors.DefaultSelector):
    """Does not wait: time goes on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Knows how long its longest turn took, in real seconds."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self.longest = 0.0

    @override
    def time(self) -> float:
        return self._virtual.now

    def _run_once(self) -> None:
        began = time.perf_counter()
        super()._run_once()
        self.longest = max(self.longest, time.perf_counter() - began)


def run[T](main) -> tuple[T, VirtualLoop]:
    """Run a coroutine in virtual time; return what it returns, and the loop."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main), loop
