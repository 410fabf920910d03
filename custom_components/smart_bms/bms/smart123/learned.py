r"""What sessions with a 123\SmartBMS leave to later ones: checked before it is used."""

from typing import Any, Final

from ..stored_values import Checks, flag, optional, text, whole
from .generation import Variant
from .parameters import BY_KEY


def _log(part: Any) -> None:
    """Check the entries of the event log that are known: rows of whole numbers, None where one is not told."""
    for entry in part:
        for value in entry:
            optional(whole, value)


def _unfinished(part: Any) -> None:
    """Check a half write: the parameter, its count before, and the count that may be stored."""
    key, old, mixed = part
    BY_KEY[key], whole(old), whole(mixed)


STORED_CHECKS: Final[Checks] = {
    "device_type": whole,
    "generation": Variant,
    "hour_first": lambda part: optional(flag, part),
    "log": _log,
    "pin_accepted": flag,
    "silent_pins": whole,
    "transport": text,
    "unfinished": _unfinished,
}
"""By key of `SessionContext.learned`. The scale of the current is checked where it is used."""
