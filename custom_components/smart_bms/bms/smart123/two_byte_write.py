"""Two-byte writes: a parameter of two bytes is two writes, and between them the pack works with a mixed value.

Whether it only takes the value over with the second write is unknown. So the byte goes first whose mixed value lies between
old and new, or is the less strict limit; if neither does, nothing is written.
"""

from typing import Final

from .parameters import Parameter, StricterSide
from .scales import VOLT, Formula, temperature_count

_COLDEST: Final = -60.0
_HOTTEST: Final = 130.0
_LOWEST: Final = round(1.0 / VOLT)
_HIGHEST: Final = round(5.0 / VOLT)
"""Counts; beyond them a limit is none any more, and the mixed value may stay if the connection breaks."""


def _is_safe(mixed: int, old: int, new: int, parameter: Parameter) -> bool:
    low, high = sorted((old, new))
    if low <= mixed <= high or parameter.strict is StricterSide.HARMLESS:
        return True
    floor, ceiling = _LOWEST, _HIGHEST
    if parameter.temperature:
        floor, ceiling = (temperature_count(edge, Formula.APP) for edge in (_COLDEST, _HOTTEST))
    if parameter.strict is StricterSide.HIGHER:
        return floor <= mixed < low
    return parameter.strict is StricterSide.LOWER and high < mixed <= ceiling


def steps(parameter: Parameter, old: int, new: int) -> list[tuple[int, int]] | None:
    """Return addresses and bytes in the order in which they are safe to write; None if no order is."""
    if len(parameter.addresses) == 1:
        return [(parameter.addresses[0], new)]
    high, low = zip(parameter.addresses, new.to_bytes(2), strict=True)
    for order, mixed in (([high, low], new & 0xFF00 | old & 0xFF), ([low, high], old & 0xFF00 | new & 0xFF)):
        if _is_safe(mixed, old, new, parameter):
            return order
    return None


def write_command(address: int, byte: int) -> str:
    """Return the command that writes one byte (one source)."""
    return f"{byte:02X}-{address:03X}!"
