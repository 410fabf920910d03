"""What a board measures of its battery at one moment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a board measures at a moment, at the fineness of its wire."""

    cells: tuple[int, ...]
    """mV."""
    pack: int
    """mV."""
    current: int
    """mA, positive while charging."""
    probes: tuple[float, ...]
    """°C of the battery probes that are fitted."""
    power_stage: float | None
    """°C; None: not measured."""
    soc: float
    """%."""
