"""Energy totals of a bank: the sum of its members, which goes on when one is added, removed or begins anew."""

from collections.abc import Mapping
from typing import Any, Final

from ..bms.stored_values import Checks
from ..energy.energy_totals import EnergyTotals

_MAX_SETBACK: Final = 1000.0
"""Wh by which a member may fall back after a crash; more means that it counts anew. Our judgment."""


class BankEnergyTotals:
    """Adds up the increments of the members' totals."""

    def __init__(self) -> None:
        """Initialize."""
        self.total = EnergyTotals()
        self._last: dict[str, EnergyTotals] = {}

    def update(self, members: Mapping[str, EnergyTotals]) -> None:
        """Update with the totals of every member by key.

        What one had counted before it joined is no part of this bank.
        """
        for key, totals in members.items():
            last = self._last.get(key, totals)
            gained = totals.since(last)
            for name in ("charged", "discharged", "charge_in", "charge_out"):
                setattr(self.total, name, getattr(self.total, name) + max(0.0, getattr(gained, name)))
            self._last[key] = totals.copy()
            if gained.charged > -_MAX_SETBACK and gained.discharged > -_MAX_SETBACK:
                # What it lost in a crash, it counts once more; here it was counted already.
                self._last[key].raise_to(last)

    def forget(self, keys: set[str]) -> None:
        """Forget the last totals of all members but these; what they added stays."""
        self._last = {key: totals for key, totals in self._last.items() if key in keys}

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {"total": self.total.as_dict(), "last": {key: totals.as_dict() for key, totals in self._last.items()}}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what `dump` returned and passed `CHECKS`; what is missing begins anew."""
        self.total = EnergyTotals.from_dict(stored["total"]) if "total" in stored else EnergyTotals()
        self._last = _load_totals(stored.get("last", {}))


def _load_totals(stored: Mapping[str, Any]) -> dict[str, EnergyTotals]:
    return {key: EnergyTotals.from_dict(totals) for key, totals in stored.items()}


CHECKS: Final[Checks] = {"total": EnergyTotals.from_dict, "last": _load_totals}
"""Checks of the parts of what is stored."""
