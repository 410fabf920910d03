"""The stage of charging that is shown: what the pack says, where it says it, else what follows from its readings."""

from typing import Final, NamedTuple

from ..bms.reading import Reading
from .balance_hold import HOLD
from .limits import Limits

RESTING: Final = "resting"
DISCHARGING: Final = "discharging"
STAGES: Final = ("bulk", "absorption", "float", HOLD, RESTING, DISCHARGING)
_IDLE: Final = 0.2
"""A below which a pack rests: boards are no surer of their zero."""
_TRICKLE: Final = 1 / 500
"""The same as a share of the capacity, in 1/h."""


class ShownStage(NamedTuple):
    """A stage, and whether the pack itself says so."""

    stage: str
    by_pack: bool


def shown_stage(reading: Reading, limits: Limits) -> ShownStage | None:
    """Return the stage of a pack; None if its current is not known.

    That it is discharged or rests follows from its current, whatever it says: a pack keeps its last stage then.
    """
    if (current := reading.current) is None:
        return None
    idle = max(_IDLE, _TRICKLE * (reading.full_capacity or reading.design_capacity or 0.0))
    if current < -idle:
        return ShownStage(DISCHARGING, by_pack=False)
    if reading.charge_stage is not None and (current > idle or reading.charge_stage != STAGES[0]):
        return ShownStage(reading.charge_stage, by_pack=True)
    if limits.is_held_for_balance:
        return ShownStage(HOLD, by_pack=False)
    if current <= idle:
        return ShownStage(RESTING, by_pack=False)
    return ShownStage(limits.stage.value, by_pack=False)
