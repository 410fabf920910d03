"""Writing: one byte after the other, in the order that is safe, and never left half done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ..errors import FrameError, SilentError
from ..tasks import run_to_completion
from .exchange import Exchange, RefusedQueryError, Timing
from .frames import CommandAnswer, number, query_fields
from .memory_reader import Ask
from .parameters import BY_KEY, Parameter
from .two_byte_write import steps, write_command

UNFINISHED: Final = "unfinished"
_MAX_TRIES: Final = 3
_MAX_COUNT: Final = 0xFFFF

type Step = tuple[int, int]


class Writing:
    """Writes parameters of one session; the stream stands still meanwhile."""

    def __init__(self, exchange: Exchange, timing: Timing, learned: dict[str, Any], ask_until_believed: Ask) -> None:
        """Write over this exchange; `learned` outlives the session, and a connection that breaks in the middle of a write.

        `ask_until_believed` returns the fields of an answer that can be relied upon.
        """
        self._exchange = exchange
        self._timing = timing
        self._learned = learned
        self._ask_until_believed = ask_until_believed

    async def write(self, parameter: Parameter, count: int) -> bool:
        """Write a count; return whether it was acknowledged, or seen where the acknowledgement was lost.

        Raises ValueError if there is no safe way, SilentError, RefusedQueryError, ConnectionLostError.
        """
        try:
            # The order of the bytes, and what is put back if they do not arrive, follow from it.
            old = _count_in(parameter, await self._ask_until_believed(parameter.query))
        except FrameError as error:
            raise ValueError(f"what is stored makes no sense: {error.reason}") from error
        planned = steps(parameter, old, count)
        if planned is None:
            raise ValueError(f"there is no safe way from one value of {parameter.key} to the other")
        with self._pinging_faster():
            if len(planned) == 1:
                return await self._send(planned[0]) is CommandAnswer.OK
            # The pack works with a mixed value from here on: nothing may come between.
            return await run_to_completion(self._send_both(parameter, old, count, planned))

    async def _send_both(self, parameter: Parameter, old: int, count: int, planned: list[Step]) -> bool:
        mixed = _with(parameter, old, planned[0])
        self._learned[UNFINISHED] = [parameter.key, old, mixed]
        done = await self._send_parts(parameter, old, count, planned)
        # Only what was seen, or said by the pack, is done with; a connection that broke left it above.
        if done is not None:
            del self._learned[UNFINISHED]
        return bool(done)

    async def _send_parts(self, parameter: Parameter, old: int, count: int, planned: list[Step]) -> bool | None:
        """Return whether the count is stored, None if nobody knows what is."""
        first, second = planned
        word = await self._send(first)
        if word is not None and word is not CommandAnswer.OK:
            return False
        if word is None:
            # Lost on the way there or back: the second byte must not go out alone.
            found = await self._seen(parameter)
            if found == old:
                return False
            if found is None:
                return await self._restore(parameter, old, first)
        word = await self._send(second)
        for _ in range(_MAX_TRIES):
            if word is not None:
                break
            if await self._seen(parameter) == count:
                return True
            word = await self._send(second)
        if word is CommandAnswer.OK or await self._seen(parameter) == count:
            return True
        return await self._restore(parameter, old, first)

    async def _restore(self, parameter: Parameter, old: int, first: Step) -> bool | None:
        """Put the old byte back in place of the first one that was written; never return that it was written."""
        for _ in range(_MAX_TRIES):
            await self._send((first[0], _byte(parameter, old, first[0])))
            if await self._seen(parameter) == old:
                return False
        return None

    async def restore_unfinished(self) -> None:
        """Restore what a connection that broke has left half written. Raises SilentError, ConnectionLostError."""
        if (left := self._learned.get(UNFINISHED)) is None:
            return
        key, old, mixed = left
        parameter = BY_KEY[key]
        for address in parameter.addresses:
            if _byte(parameter, old, address) == _byte(parameter, mixed, address):
                continue
            if await self._stored(parameter) == mixed and await self._restore(parameter, old, (address, 0)) is None:
                raise SilentError("what was half written could not be taken back")
        del self._learned[UNFINISHED]

    async def _seen(self, parameter: Parameter) -> int | None:
        """Return what is stored, None if the pack does not tell."""
        try:
            return await self._stored(parameter)
        except SilentError, RefusedQueryError, FrameError, ValueError:
            return None

    async def _stored(self, parameter: Parameter) -> int:
        """Return the count that is stored. Raises ValueError if there is none, FrameError, SilentError, RefusedQueryError."""
        return _count_in(parameter, query_fields(await self._exchange.query(parameter.query)))

    async def _send(self, step: Step) -> CommandAnswer | None:
        return await self._exchange.order(write_command(*step), within=self._timing.write)

    @contextmanager
    def _pinging_faster(self) -> Iterator[None]:
        """Ping faster: answers come with the pings, and both bytes must be in within a second."""
        self._exchange.ping_every = self._timing.ping_writing
        try:
            yield
        finally:
            self._exchange.ping_every = self._timing.ping


def _count_in(parameter: Parameter, fields: list[str]) -> int:
    """Return the count that an answer tells. Raises ValueError if there is none, FrameError if it is no number."""
    count = number(fields[parameter.index]) if parameter.index < len(fields) else None
    if count is None or not 0 <= count <= _MAX_COUNT:
        raise ValueError(f"{parameter.key} is not told, so nobody can tell what a write would do")
    return count


def _byte(parameter: Parameter, count: int, address: int) -> int:
    """Return the byte of a count that belongs to an address."""
    return count.to_bytes(2)[parameter.addresses.index(address)]


def _with(parameter: Parameter, count: int, step: Step) -> int:
    """Return what is stored after one of both bytes was written."""
    stored = bytearray(count.to_bytes(2))
    stored[parameter.addresses.index(step[0])] = step[1]
    return int.from_bytes(stored)
