"""Recording: the raw traffic with a pack for some minutes, for bug reports; secrets are removed before anybody sees it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import json
import math
from typing import Any, Final, NamedTuple

MOST_BYTES: Final = 4_000_000
"""What a recording holds at most; an hour of the busiest family is less."""

LATE: Final = 5.0
"""Seconds in which an answer may still come after the next question was asked."""

type Span = tuple[int, int]
"""First byte, and the one after the last."""


class Chunk(NamedTuple):
    """One packet: when it passed (monotonic time in s), whether it went to the pack, and its bytes."""

    at: float
    sent: bool
    data: bytes


type Mask = Callable[[Sequence[Chunk]], list[Chunk]]
"""Blanks passwords, serial numbers and the owner's own words; lengths and times stay what they are."""


class Recording:
    """Takes down what passes, until it is full."""

    def __init__(self, began: float) -> None:
        """Begin at monotonic time `began`."""
        self.began = began
        self.full = False
        self._size = 0
        self._chunks: list[Chunk] = []
        self._notes: list[tuple[float, str]] = []

    @property
    def packets(self) -> int:
        """How many packets were taken down."""
        return len(self._chunks)

    def take(self, sent: bool, data: bytes, now: float) -> None:
        """Take one packet."""
        self._size += len(data)
        if self._size > MOST_BYTES:
            self.full = True
            return
        self._chunks.append(Chunk(now, sent, data))

    def note(self, state: str, now: float) -> None:
        """Take down that the link changed its state."""
        self._notes.append((now, state))

    def lines(self, head: Mapping[str, Any], mask: Mask) -> list[str]:
        """Return it as lines of JSON, free of secrets: a head, then packets and changes of the link in order.

        Times are in s since the beginning; `script/decode` reads it.
        """
        entries: list[tuple[float, Mapping[str, Any]]] = [(at, {"state": state}) for at, state in self._notes]
        entries += [
            (chunk.at, {"sent" if chunk.sent else "notification": chunk.data.hex()}) for chunk in mask(self._chunks)
        ]
        entries.sort(key=lambda entry: entry[0])
        listed = ({"t": round(at - self.began, 3)} | dict(entry) for at, entry in entries)
        return [json.dumps(line) for line in ({"recording": dict(head) | {"full": self.full}}, *listed)]


def blank_answers(
    chunks: Sequence[Chunk],
    is_secret: Callable[[bytes], bool],
    *,
    is_noise: Callable[[bytes], bool] = lambda _: False,
    first_is_secret: bool = False,
) -> Iterator[Chunk]:
    """Yield the chunks with all that answers a secret question blanked.

    An answer that did not come in time may still come for a while after the next question. What is sent as noise is no
    question; what comes before the first question answers one that nobody saw.
    """
    secret, answered, until = first_is_secret, True, math.inf
    for chunk in chunks:
        if chunk.sent:
            if not is_noise(chunk.data):
                late = secret and not answered
                secret = is_secret(chunk.data) or late
                until = chunk.at + LATE if late and not is_secret(chunk.data) else math.inf
                answered = False
            yield chunk
        elif secret and chunk.at <= until:
            answered = True
            yield chunk._replace(data=bytes(len(chunk.data)))
        else:
            yield chunk


def blank_spans(
    chunks: Iterable[Chunk], find: Callable[[bytes], Iterable[Span]], *, sent: bool = False, fill: bytes = b"\0"
) -> list[Chunk]:
    """Return the chunks with what `find` finds in all bytes of one direction blanked: borders of packets mean nothing."""
    listed = list(chunks)
    stream = bytearray(b"".join(chunk.data for chunk in listed if chunk.sent is sent))
    for first, end in find(bytes(stream)):
        last = min(end, len(stream))
        stream[first:last] = fill * (last - first)
    place = 0
    for index, chunk in enumerate(listed):
        if chunk.sent is sent:
            listed[index] = chunk._replace(data=bytes(stream[place : place + len(chunk.data)]))
            place += len(chunk.data)
    return listed
