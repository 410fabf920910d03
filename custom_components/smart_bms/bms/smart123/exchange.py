"""Exchange: commands and queries, one at a time, and the ping that makes the unit give out its answers."""

import asyncio
from dataclasses import dataclass
from typing import Final

from ..driver import FrameWriter
from ..driver_listener import DriverListener
from ..errors import ConnectionLostError, FrameError, SilentError
from .frames import COMMAND_ANSWERS, PING, CommandAnswer, command, query_fields

_MAX_REFUSED_PINGS: Final = 3
_MAX_DRAINS: Final = 8
FIELDS: Final = {
    "V": (5, 6),
    "S1": (4, 4),
    "S2": (6, 11),
    "S3": (12, 16),
    "SRY": (3, 3),
    "TS": (1, 1),
    "L": (4, 4),
    "H": (2, 2),
}
"""How many fields the answers have, by kind of query: an answer that is late must not be taken for that of the next."""


def _kind_of(query: str) -> str:
    name = query.removesuffix("@")
    return name if name in FIELDS else "SRY" if name.startswith("SRY") else name[:1]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    settle: float = 0.9
    """For a few pings before the first command: three."""
    ping: float = 0.33
    """The device clocks out its buffer only while it is pinged; the vendor's app does so this often."""
    ping_writing: float = 0.15
    """While both bytes of a parameter must be written within a second."""
    order: float = 4.0
    query: float = 3.0
    write: float = 0.45
    """For the answer to one byte that is written."""
    drain: float = 0.7
    """After a command that was not answered: its answer must not be taken for that of the next."""
    listen: float = 3.0
    """To a device that nothing is known of, before anything is written to it."""
    silence: float = 10.0
    """Without a usable reading before the stream is asked for again."""
    give_up: float = 10.0
    pending_write: float = 5.0
    """For a write that is under way when the session ends."""
    cycle: float = 1.0
    """In which every kind of record comes at most once."""
    chain: float = 20.0
    """Without a frame before the cells count as not heard (vendor)."""
    alarm: float = 5.0
    """Between two readings that say so."""
    chain_give_up: float = 300.0


DEFAULT_TIMING: Final = Timing()


class RefusedQueryError(Exception):
    """A query was answered with a word: not authorized, or not known to this firmware."""


class Exchange:
    """Asks and waits; whoever asks holds the lock of the session."""

    def __init__(self, connection: FrameWriter, listener: DriverListener, timing: Timing) -> None:
        """Ask over `connection`, count what is of no use in `listener`."""
        self._connection = connection
        self._listener = listener
        self._timing = timing
        self._asked: str | None = None
        self._is_query = False
        self._echoed = False
        self._echoes = False
        """This unit echoes commands, so that an answer without its echo belongs to an earlier question."""
        self._owed = False
        self._answer: asyncio.Future[str] | None = None
        self._heard_at = 0.0
        self.ping_every = timing.ping

    async def ping(self) -> None:
        """Ping until cancelled. Raises ConnectionLostError if that is refused several times in a row."""
        refused = 0
        while True:
            try:
                await self._connection.write(PING)
                refused = 0
            except ConnectionLostError:
                refused += 1
                if refused >= _MAX_REFUSED_PINGS:
                    raise
            await asyncio.sleep(self.ping_every)

    def heard(self, line: str, now: float) -> None:
        """Handle a line that is no record, received at monotonic time `now`."""
        self._heard_at = now
        waiting = self._answer is not None and not self._answer.done()
        if waiting and line == self._asked:
            self._echoed = self._echoes = True
        elif waiting and (self._echoed or not self._echoes):
            self._handle_answer(line)
        else:
            self._listener.drop("unasked" if line in COMMAND_ANSWERS else "unknown_type")

    def _handle_answer(self, line: str) -> None:
        assert self._answer is not None
        reason = self._refusal(line)
        if reason:
            self._listener.drop(reason)
        else:
            self._answer.set_result(line)

    def _refusal(self, line: str) -> str:
        """Return why a line cannot be the answer that is waited for; empty if it can."""
        if line in COMMAND_ANSWERS:
            # That is what late acknowledgements say, never the answer to a query.
            return "unasked" if self._is_query and line == CommandAnswer.OK else ""
        if not self._is_query:
            return "unknown_type"
        try:
            fields = query_fields(line)
        except FrameError as error:
            return error.reason
        least, most = FIELDS[_kind_of(self._asked or "")]
        return "" if least <= len(fields) <= most else "unasked"

    async def order(self, text: str, *, within: float | None = None) -> CommandAnswer | None:
        """Send a command; return the word that answers it, None if none came in time. Raises ConnectionLostError."""
        line = await self._ask(text, within or self._timing.order, is_query=False)
        return None if line is None else CommandAnswer(line)

    async def query(self, name: str) -> str:
        """Send a query, once more if it is not answered; return the checked line.

        Raises SilentError, RefusedQueryError, ConnectionLostError.
        """
        for _ in range(2):
            line = await self._ask(f"{name}@", self._timing.query, is_query=True)
            if line in COMMAND_ANSWERS:
                raise RefusedQueryError(line)
            if line is not None:
                return line
        raise SilentError(f"no answer to {name}")

    async def _drain(self) -> None:
        """Wait until nothing late comes any more."""
        for _ in range(_MAX_DRAINS):
            await asyncio.sleep(self._timing.drain)
            if asyncio.get_running_loop().time() - self._heard_at > self._timing.drain / 2:
                return

    def distrust(self) -> None:
        """Let the next command wait first: what was answered may have been meant for another one."""
        self._owed = True

    async def _ask(self, text: str, within: float, *, is_query: bool) -> str | None:
        if self._owed:
            await self._drain()
        self._owed = True
        self._asked, self._is_query, self._echoed = text, is_query, False
        self._answer = asyncio.get_running_loop().create_future()
        try:
            await self._connection.write(command(text))
            async with asyncio.timeout(within):
                line = await self._answer
        except TimeoutError:
            return None
        finally:
            self._asked = self._answer = None
        self._owed = False
        return line
