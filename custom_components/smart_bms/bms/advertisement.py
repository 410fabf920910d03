"""What a device says of itself before anybody connects."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """The parts of an advertisement by which families are told apart."""

    name: str = ""
    address: str = ""
    """Upper case with colons; something else where the operating system hides it."""
    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)
    """Payload by company id."""
    service_uuids: tuple[str, ...] = ()
    """128-bit form, lower case."""
