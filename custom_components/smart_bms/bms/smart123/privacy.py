"""What must not leave the house: the PIN travels in clear, is echoed, and comes back in the answer to one query."""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..recording import Chunk, Span, blank_answers, blank_spans
from .exchange import PING
from .lines import command
from .parameters import HOLDS_PIN

_PIN_COMMAND: Final = re.compile(rb"PW[^!\r]*")
_PIN_FIELD: Final = re.compile(rb"(?:3\d){4}(?:_[0-9A-Fa-f]{0,2})?")
"""Four ASCII digits in hex, with the checksum after them, which would tell their sum."""


def _is_secret(question: bytes) -> bool:
    return question.startswith(b"PW") or question == command(f"{HOLDS_PIN}@")


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without the PIN, wherever it is."""
    masked = blank_answers(chunks, _is_secret, is_noise=lambda data: data == PING)
    return blank_spans(blank_spans(masked, _find, fill=b"?"), _find, sent=True, fill=b"?")


def _find(stream: bytes) -> Iterator[Span]:
    for pattern in (_PIN_COMMAND, _PIN_FIELD):
        yield from (found.span() for found in pattern.finditer(stream))
