"""State of charge by voltage: how a JBD board estimates it from the mean cell voltage after it has lost its count."""

from collections.abc import Mapping
from itertools import pairwise
import re
from typing import Final

from ..protection.quantities import number

type SocVoltagePoints = tuple[tuple[float, float], ...]
"""State of charge in % and the mean cell voltage in V that belongs to it, rising."""

_KEY: Final = re.compile(r"soc_(\d+)_voltage")


def soc_voltage_points(parameters: Mapping[str, object]) -> SocVoltagePoints:
    """Return the points that are among a pack's parameters, rising by state of charge."""
    found = ((_KEY.fullmatch(key), number(value)) for key, value in parameters.items())
    return tuple(sorted((float(match[1]), value) for match, value in found if match and value is not None))


def is_monotonic(points: SocVoltagePoints) -> bool:
    """Return whether more charge never means less voltage; points that do not rise cannot be used."""
    return len(points) > 1 and all(lower[1] <= higher[1] for lower, higher in pairwise(points))


def soc_range(mean: float, points: SocVoltagePoints) -> tuple[float, float] | None:
    """Return the lowest and highest state of charge in % for a mean cell voltage in V; None if the points do not rise.

    Where several points are equal the highest state of charge counts.
    """
    if not is_monotonic(points):
        return None
    volts = round(mean, 3)
    below = [soc for soc, at in points if at <= volts]
    above = [soc for soc, at in points if at >= volts]
    low = max(below, default=points[0][0])
    high = min(above, default=points[-1][0])
    return low, max(low, high)


def voltage_soc(mean: float, points: SocVoltagePoints) -> float | None:
    """Return the state of charge in % for a mean cell voltage in V, by linear interpolation.

    None if the points do not rise. It is no better than its range.
    """
    between = soc_range(mean, points)
    if between is None:
        return None
    low, high = between
    if low == high:
        return low
    at = dict(points)
    return low + (high - low) * (mean - at[low]) / (at[high] - at[low])
