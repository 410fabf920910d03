"""What must not leave the house: the parameter password of a board, its serial numbers, and what its module says of itself."""

from collections.abc import Sequence
from typing import Final

from ..errors import FrameError
from ..recording import Chunk, blank_answers
from .frames import A5Frame, Dialect, ReadRequest, decode_frame

_SECRETS: Final = {
    Dialect.D2: ((0xA9, 0xCE),),
    Dialect.P81: ((0x126, 0x129), (0x178, 0x1A8)),
}
"""First and last register of identity and password."""
_A5_LIVE: Final = frozenset({*range(0x50, 0x54), *range(0x59, 0x61), *range(0x90, 0x99)})
"""Commands that tell numbers; the others tell codes and texts."""


def _is_secret(question: bytes) -> bool:
    try:
        asked = decode_frame(question)
    except FrameError:
        return True  # words for the module
    if isinstance(asked, ReadRequest):
        return any(
            asked.register <= last and first < asked.register + asked.count
            for first, last in _SECRETS.get(asked.dialect, ())
        )
    return isinstance(asked, A5Frame) and asked.command not in _A5_LIVE


def mask(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return recorded packets without answers that hold a password or an identity."""
    return list(blank_answers(chunks, _is_secret, first_is_secret=True))
