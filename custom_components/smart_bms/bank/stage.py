"""The stage of charging of a bank: that of its packs, or the earliest of them."""

from collections.abc import Iterable

from ..protection.shown_stage import DISCHARGING, RESTING, STAGES

_EARLIEST_FIRST = STAGES[:-2]


def bank_stage(stages: Iterable[str | None], current: float | None) -> str | None:
    """Return the stage of a bank by those of its packs and its current in A; None if one is not known."""
    found = list(stages)
    if not found or None in found or current is None:
        return None
    charging = [stage for stage in _EARLIEST_FIRST if stage in found]
    if charging and current > 0:
        return charging[0]
    if DISCHARGING in found and current < 0:
        return DISCHARGING
    return charging[0] if charging else RESTING
