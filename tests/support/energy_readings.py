"""Readings of which only what flows matters."""

from typing import Any

from custom_components.smart_bms.bms.reading import Reading


def reading(at: float, current: float | None, voltage: float | None = 50.0, **values: Any) -> Reading:
    """Return a reading of a pack of 100 Ah at a time in s: A, positive while charging, and V."""
    return Reading(measured_at=at, voltage=voltage, current=current, **{"full_capacity": 100.0} | values)
