"""Who a JBD pack is, and which dialect its board speaks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from ..reading import Identity

_NEWER_PROTOCOL: Final = 2.0


class Variant(StrEnum):
    """Dialects. The same command can mean another thing in another one; what all have in common is safe."""

    LEGACY = "legacy"
    """Answers with A5 in place of the register."""
    CLASSIC = "classic"
    """V4: basic information ends with the temperatures."""
    EXTENDED = "extended"
    """V8 to V13: warnings, learned capacity and more follow."""
    NEWER = "2.5"
    """States a protocol version in its tail."""


def variant_of(values: Mapping[str, Any]) -> Variant:
    """Return the dialect of a board that answers with these values."""
    details = values["details"]
    if details.get("protocol_version", 0.0) >= _NEWER_PROTOCOL:
        return Variant.NEWER
    return Variant.EXTENDED if "warning_mask" in details else Variant.CLASSIC


def identity_of(variant: Variant, model: str, values: Mapping[str, Any], *, front_end: int | None) -> Identity:
    """Return the identity of a board that calls itself `model`, if it does, and answers with these values.

    `front_end` is None if it did not tell which one it has.
    """
    details: Mapping[str, Any] = values["details"]
    return Identity(
        family="jbd",
        variant=variant,
        model=model,
        sw_version=details["sw_version"],
        manufacturing_date=details["manufacturing_date"],
        max_cells=details["stated_cells"],
        details={
            "probe_count": details["probe_count"],
            **({"coarse_units": details["coarse_units"]} if "coarse_units" in details else {}),
            **({} if front_end is None else {"front_end": front_end}),
        },
    )
