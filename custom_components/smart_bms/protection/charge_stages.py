"""Stages of charging: bulk, absorption when the voltage is reached, float once the cells are even, and bulk again."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from .limit_options import LimitOptions
from .rules import ProtectedQuantity

if TYPE_CHECKING:
    from .mirror import Mirror

AT_VOLTAGE: Final = 0.01
"""V per cell below the charge voltage that still counts as reached."""


class ChargeStage(StrEnum):
    """Of charging."""

    BULK = "bulk"
    ABSORPTION = "absorption"
    FLOAT = "float"


class ChargeStages:
    """Follows the stage of one pack."""

    def __init__(self, options: LimitOptions) -> None:
        """Begin in bulk."""
        self.stage = ChargeStage.BULK
        self._options = options
        self._even_since: float | None = None
        self._taken_at: float | None = None

    def see(self, mirror: Mirror, now: float) -> None:
        """Take that there is a reading: after a gap nobody knows whether the cells stayed even."""
        if self._taken_at is None or not 0 <= now - self._taken_at <= mirror.longest_gap:
            self._even_since = None
        self._taken_at = now

    def lose_sight(self) -> None:
        """Take that nothing current is known."""
        self._even_since = None

    def follow(self, mirror: Mirror, target: float | None, now: float) -> None:
        """Take what the mirror shows; `target` is the charge voltage of a cell in V."""
        assert mirror.moment is not None
        measured, options = mirror.moment.measured, self._options
        spread, soc, voltage = (
            measured[quantity]
            for quantity in (ProtectedQuantity.CELL_SPREAD, ProtectedQuantity.SOC, ProtectedQuantity.PACK_VOLTAGE)
        )
        cells = mirror.moment.reading.cell_count
        low = soc is not None and soc <= options.rebulk_soc
        uneven = spread is not None and spread >= options.rebulk_spread
        if low or (uneven and self.stage is ChargeStage.FLOAT):
            self.stage, self._even_since = ChargeStage.BULK, None
        if target is None or voltage is None or not cells or spread is None:
            self._even_since = None
            return
        if self.stage is ChargeStage.FLOAT:
            return
        reached = voltage >= (target - AT_VOLTAGE) * cells
        # Once reached, a cloud does not start it anew.
        if reached and not low:
            self.stage = ChargeStage.ABSORPTION
        if not reached or spread > options.float_spread:
            self._even_since = None
            return
        self._even_since = now if self._even_since is None else self._even_since
        if self.stage is ChargeStage.ABSORPTION and now - self._even_since >= options.absorption_time:
            self.stage = ChargeStage.FLOAT

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"stage": str(self.stage), "even_since": self._even_since, "taken_at": self._taken_at}

    def restore(self, kept: Mapping[str, Any], shift: float) -> None:
        """Take up what was kept; `shift` s are added to its times."""
        stage, even_since, taken_at = (kept.get(key) for key in ("stage", "even_since", "taken_at"))
        if stage in set(ChargeStage):
            self.stage = ChargeStage(stage)
        self._even_since = None if even_since is None else even_since + shift
        self._taken_at = None if taken_at is None else taken_at + shift
