"""The status of one pack: everything that holds, by its protections, its connection, and what is advised beyond its readings."""

from ..energy.soc_confidence import FULL_CHARGE_ADVISED_FROM
from ..protection.status import PackStatus, ranked
from ..protection.status_codes import CELLS_DOUBTFUL, CHANGED_ELSEWHERE, FULL_CHARGE_ADVISED
from .coordinator_base import PackCoordinatorBase


def ranked_pack(coordinator: PackCoordinatorBase) -> list[PackStatus]:
    """Return everything that holds now, what matters most first."""
    shown = coordinator.status.shown
    return ranked(
        coordinator.protection_engine,
        coordinator.data if coordinator.available else None,
        coordinator.connection_state,
        silent_since=coordinator.pack.silent_since,
        advice=_advised_codes(coordinator),
        shown=shown.code if shown else "",
    )


def _advised_codes(coordinator: PackCoordinatorBase) -> list[str]:
    """Return the codes of what is advised beyond what the readings show."""
    drift = coordinator.energy.soc_drift
    held = {
        CELLS_DOUBTFUL: coordinator.energy.health.consistent is False,
        CHANGED_ELSEWHERE: bool(coordinator.parameters.writer.drift),
        FULL_CHARGE_ADVISED: drift is not None and drift >= FULL_CHARGE_ADVISED_FROM,
    }
    return [code for code, holds in held.items() if holds]
