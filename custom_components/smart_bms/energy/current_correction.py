"""Current sense: what the owner knows of a current sensor that the pack does not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from ..bms.reading import Reading

_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentCorrection:
    """How a pack's current is corrected before anything but the mirror sees it; the pack itself goes by its own."""

    invert: bool = False
    """The sensor is mounted the wrong way round."""
    offset: float = 0.0
    """A that are added, after the sign is right."""
    floor: float = 0.0
    """A below which no current flows."""

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Self:
        """Return what the options say."""
        known = {name: options[name] for name in ("invert", "offset", "floor") if name in options}
        return cls(**known)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        """Return whether it corrects anything."""
        return self.invert or self.offset != 0 or self.floor > 0

    def corrected(self, reading: Reading) -> Reading:
        """Return a reading with the current, and the power that goes with it, as they are."""
        if not self or reading.current is None:
            return reading
        current = (-reading.current if self.invert else reading.current) + self.offset
        current = 0.0 if abs(current) < self.floor else round(current, _DIGITS)
        power = None if reading.voltage is None else round(reading.voltage * current, _DIGITS)
        return replace(reading, current=current, power=power)
