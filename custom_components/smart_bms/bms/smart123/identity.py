r"""Who a unit is: the firmware that it states, the serial number of its advertisement."""

from typing import Final

from ..reading import Identity
from ..settings import FORMULA
from .advertisement import NAME
from .generation import Variant
from .scales import Formula

_NEWER: Final = 3
"""Characters of a version of generation 3, at the least."""


def version_of(field: str) -> str:
    """Return the firmware that the answer to V@ states; empty if it makes no sense.

    Generation 3 has a digit for each, all hex (two sources); generation 2 one hex number (one source).
    """
    try:
        if len(field) >= _NEWER:
            major, minor, patch = (int(part, 16) for part in (field[0], field[1], field[2:]))
            return f"{major}.{minor}.{patch}"
        return "{}.{}".format(*divmod(int(field, 16), 10))
    except ValueError:
        return ""


def version_of_frame(firmware: int) -> str:
    """Return the firmware of the keys of a frame: nibbles of the first byte, then the patch (vendor)."""
    return f"{firmware >> 12}.{firmware >> 8 & 0xF}.{firmware & 0xFF}"


def identity_of(variant: Variant, formula: Formula, *, sw_version: str = "", serial_number: str = "") -> Identity:
    """Return who it is; there is one model."""
    return Identity(
        family="smart123",
        variant=variant,
        model=NAME,
        sw_version=sw_version,
        serial_number=serial_number,
        details={FORMULA: formula.value},
    )
