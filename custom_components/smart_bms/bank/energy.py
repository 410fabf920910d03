"""What a bank has counted: the sum of its members, which goes on when one is added, removed or begins anew."""

from collections.abc import Mapping
from typing import Any, Final

from ..bms.stored_values import Checks
from ..energy.energy_totals import EnergyTotals

_MAX_SETBACK: Final = 1000.0
"""Wh by which a member may fall back after a crash; more is another count."""


class BankEnergyTotals:
    """Adds up what its members add."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.total = EnergyTotals()
        self._last: dict[str, EnergyTotals] = {}

    def update(self, members: Mapping[str, EnergyTotals]) -> None:
        """Take what every member has counted so far; what one had counted before it joined is not of this bank."""
        for key, flow in members.items():
            last = self._last.get(key, flow)
            gained = flow.since(last)
            for name in ("charged", "discharged", "charge_in", "charge_out"):
                setattr(self.total, name, getattr(self.total, name) + max(0.0, getattr(gained, name)))
            self._last[key] = flow.copy()
            if gained.charged > -_MAX_SETBACK and gained.discharged > -_MAX_SETBACK:
                # What a crash took from it, it counts once more; here it was counted.
                self._last[key].raise_to(last)

    def forget(self, keys: set[str]) -> None:
        """Keep only these members in mind; what the others brought stays."""
        self._last = {key: flow for key, flow in self._last.items() if key in keys}

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"total": self.total.as_dict(), "last": {key: flow.as_dict() for key, flow in self._last.items()}}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what was kept and passed `CHECKS`; what is missing begins anew."""
        self.total = EnergyTotals.from_dict(stored["total"]) if "total" in stored else EnergyTotals()
        self._last = _load_totals(stored.get("last", {}))


def _load_totals(stored: Mapping[str, Any]) -> dict[str, EnergyTotals]:
    return {key: EnergyTotals.from_dict(flow) for key, flow in stored.items()}


CHECKS: Final[Checks] = {"total": EnergyTotals.from_dict, "last": _load_totals}
"""Of the parts of what was kept."""
