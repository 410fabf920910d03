"""Writing: one byte after the other, in the order that is safe, and never left half done."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..polling import to_the_end
from .exchange import Exchange, Timing
from .lines import Word, number, query_fields
from .parameters import Parameter
from .two_steps import steps, write_command

type Step = tuple[int, int]


class Writing:
    """Writes parameters of one session; the stream stands still meanwhile."""

    def __init__(self, exchange: Exchange, timing: Timing) -> None:
        """Write over this exchange."""
        self._exchange = exchange
        self._timing = timing

    async def write(self, parameter: Parameter, count: int) -> bool:
        """Write a count; tell whether it was acknowledged, or seen where the acknowledgement was lost.

        Raises ValueError if there is no safe way, SilentError, RefusedQueryError, LinkLostError.
        """
        old = await self._stored(parameter)
        if old is None:
            raise ValueError(f"{parameter.key} is not told, so nobody can tell what a write would do")
        planned = steps(parameter, old, count)
        if planned is None:
            raise ValueError(f"there is no safe way from one value of {parameter.key} to the other")
        with self._hurried():
            if len(planned) == 1:
                return await self._send(planned[0]) is Word.OK
            # The pack works with a mixed value from here on: nothing may come between.
            return await to_the_end(self._send_both(parameter, old, count, planned))

    async def _send_both(self, parameter: Parameter, old: int, count: int, planned: list[Step]) -> bool:
        first, second = planned
        mixed = _with(parameter, old, first)
        word = await self._send(first)
        if word is None:
            # Lost on the way there or back: the second byte must not go out alone.
            if await self._stored(parameter) != mixed:
                return False
        elif word is not Word.OK:
            return False
        if await self._send(second) is Word.OK:
            return True
        found = await self._stored(parameter)
        if found == mixed != count:
            await self._send(second)
            found = await self._stored(parameter)
        if found == mixed != count:
            await self._send((first[0], _byte(parameter, old, first[0])))
        return found == count

    async def _stored(self, parameter: Parameter) -> int | None:
        fields = query_fields(await self._exchange.query(parameter.query))
        return number(fields[parameter.index]) if parameter.index < len(fields) else None

    async def _send(self, step: Step) -> Word | None:
        return await self._exchange.order(write_command(*step), within=self._timing.write)

    @contextmanager
    def _hurried(self) -> Iterator[None]:
        """Ping faster: answers come with the pings, and both bytes must be in within a second."""
        self._exchange.ping_every = self._timing.ping_writing
        try:
            yield
        finally:
            self._exchange.ping_every = self._timing.ping


def _byte(parameter: Parameter, count: int, address: int) -> int:
    """Return the byte of a count that belongs to an address."""
    return count.to_bytes(2)[parameter.addresses.index(address)]


def _with(parameter: Parameter, count: int, step: Step) -> int:
    """Return what is stored after one of both bytes was written."""
    stored = bytearray(count.to_bytes(2))
    stored[parameter.addresses.index(step[0])] = step[1]
    return int.from_bytes(stored)
