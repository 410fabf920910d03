"""Current correction: sign, offset and dead zone of a current sensor, as the user sets them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from ..bms.reading import Reading

_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentCorrection:
    """Corrects the current for everything but the protection model: the pack itself uses its uncorrected current."""

    invert: bool = False
    """Change the sign: the sensor is mounted the wrong way round."""
    offset: float = 0.0
    """A that are added after the sign is changed."""
    floor: float = 0.0
    """A: smaller currents are taken as 0."""

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Self:
        """Return the correction that options of a pack hold; unknown keys are ignored."""
        known = {name: options[name] for name in ("invert", "offset", "floor") if name in options}
        return cls(**known)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        """Return whether it corrects anything."""
        return self.invert or self.offset != 0 or self.floor > 0

    def corrected(self, reading: Reading) -> Reading:
        """Return a reading with corrected current (A) and power (W).

        The reading itself if there is nothing to correct.
        """
        if not self or reading.current is None:
            return reading
        current = (-reading.current if self.invert else reading.current) + self.offset
        current = 0.0 if abs(current) < self.floor else round(current, _DIGITS)
        power = None if reading.voltage is None else round(reading.voltage * current, _DIGITS)
        return replace(reading, current=current, power=power)
