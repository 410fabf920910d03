"""Settings: the parameters stored in a pack, in one vocabulary for all makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

type SettingValue = bool | int | float | str | tuple[float, ...]


class Unit(StrEnum):
    """Unit of a parameter's value."""

    NONE = ""
    VOLT = "V"
    AMPERE = "A"
    AMPERE_HOUR = "Ah"
    CELSIUS = "°C"
    OHM = "Ω"
    PERCENT = "%"
    SECOND = "s"
    MICROSECOND = "µs"
    MINUTE = "min"
    HOUR = "h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameter values that a pack stated, by key; what it does not have is not in `values`."""

    measured_at: float
    """Monotonic time in seconds at which the frame was complete."""
    variant: str
    values: Mapping[str, SettingValue]
