"""Stages of charging: bulk, absorption when the voltage is reached, float once the cells are even, and bulk again."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from .limit_options import LimitOptions
from .mirror_state import Moment
from .rules import ProtectedQuantity

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
        """`options`: when a stage ends."""
        self.stage = ChargeStage.BULK
        self._options = options
        self._even_since: float | None = None
        self._updated_at: float | None = None

    def check_gap(self, now: float, longest_gap: float) -> None:
        """Note that there is a reading at `now` (s): after a gap nobody knows whether the cells stayed even."""
        if self._updated_at is None or not 0 <= now - self._updated_at <= longest_gap:
            self._even_since = None
        self._updated_at = now

    def lose(self) -> None:
        """Note that nothing current is known."""
        self._even_since = None

    def update(self, moment: Moment, target: float | None) -> None:
        """Update the stage with a reading; `target` is the charge voltage of a cell in V."""
        now, measured, options = moment.at, moment.measured, self._options
        spread, soc, voltage = (
            measured[quantity]
            for quantity in (ProtectedQuantity.CELL_SPREAD, ProtectedQuantity.SOC, ProtectedQuantity.PACK_VOLTAGE)
        )
        cells = moment.reading.cell_count
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
        return {"stage": str(self.stage), "even_since": self._even_since, "taken_at": self._updated_at}

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        stage, even_since, taken_at = (stored.get(key) for key in ("stage", "even_since", "taken_at"))
        if stage in set(ChargeStage):
            self.stage = ChargeStage(stage)
        self._even_since = None if even_since is None else even_since + shift
        self._updated_at = None if taken_at is None else taken_at + shift
