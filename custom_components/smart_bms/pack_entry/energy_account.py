"""The energy account of one pack: what was counted and learned of its cells, and the file that survives a crash."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..bms.dates import AHEAD, believable
from ..bms.reading import Reading
from ..bms.stored_values import Checks, number, optional
from ..energy import energy_counter, health
from ..energy.energy_counter import EnergyCounter
from ..energy.energy_statistics import EnergyStatistics
from ..energy.energy_totals import EnergyTotals
from ..energy.health import Health
from ..energy.soc_confidence import counted_soc, expected_drift
from ..storage.energy_store import EnergyStore

NEEDS: Final = frozenset({"voltage", "current"})
"""Values that a pack must have to be counted."""
CHARGED: Final = "charged_energy"
DISCHARGED: Final = "discharged_energy"

_DAY: Final = 86_400.0


def _ledger(kept: Any) -> None:
    """Check the stored energy statistics. Raises what restoring them raises."""
    EnergyStatistics(EnergyCounter(0.0)).restore(kept)


CHECKS: Final[Checks] = {
    "clock": lambda part: optional(number, part),
    "counter": energy_counter.CHECKS,
    "ledger": _ledger,
    "health": health.CHECKS,
}
"""Of the parts of the file."""


class EnergyAccount:
    """Counts for one pack, and keeps it."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        entry_id: str,
        kept: Mapping[str, Any] | None,
        *,
        longest_gap: float,
        clock: Callable[[], float],
        follows_board: bool = False,
        bridges: bool = True,
    ) -> None:
        """Go on where it was left. `clock` returns what has to be added to the readings' time for the time of day.

        `follows_board`: the board goes by JBD's manual. `bridges`: its own counters can be believed.
        """
        self._clock = clock
        self.counter = EnergyCounter(longest_gap, bridges=bridges)
        self.statistics = EnergyStatistics(self.counter)
        self.health = Health(self.counter, follows_board=follows_board)
        self._restore(kept or {})
        self.file = EnergyStore(
            hass,
            entry_id,
            self._kept,
            self.counter.total,
            lambda content: content.get("counter", {}).get("total"),
            kept,
        )
        self._see_day()

    def _restore(self, kept: Mapping[str, Any]) -> None:
        """Take up what was kept, and passed `CHECKS`; what is missing begins anew."""
        clock, now = kept.get("clock"), self._believed_clock
        shift = None if clock is None or now is None else clock - now
        counted = kept.get("counter", {})
        if known := "total" in counted:
            self.counter.restore(counted, shift)
        if "ledger" in kept:
            self.statistics.restore(kept["ledger"])
        self.health.restore(kept.get("health", {}), shift)
        if not known:
            self.statistics.unmoor()
            self.health.unmoor()

    def at_least(self, least: EnergyTotals) -> None:
        """Take what the sensors showed before, if that is more; what came since full, or today, stays what it is."""
        total = self.counter.total
        raised = least.since(total).positive()
        self.file.at_least(least)
        self.statistics.moved(raised)
        self.health.moved(raised)

    @property
    def _believed_clock(self) -> float | None:
        """Return what has to be added to the readings' time for the time of day; None while nobody knows that."""
        return self._clock() if believable(dt_util.utcnow().timestamp()) else None

    def _see_day(self) -> None:
        """Look what day it is: where daylight saving skips midnight, there is no midnight to wait for."""
        now = dt_util.now()
        if believable(now.timestamp()):
            self.statistics.see_day(now.date())

    @property
    def today(self) -> EnergyTotals:
        """Return what flowed since midnight, as far as it is on disk."""
        self._see_day()
        return self.statistics.today(self.file.saved_total)

    @callback
    def async_take(self, reading: Reading, settings: Mapping[str, object] | None) -> None:
        """Count a reading, with the parameters if they are known, and keep the sums now and then."""
        self._see_day()
        self.counter.update(reading)
        self.statistics.update(reading)
        self.health.update(reading, self._believed_clock, settings)
        self.file.async_save_if_due(reading.measured_at)

    @property
    def days_since_full(self) -> float | None:
        """Return how long ago the pack was last full."""
        full_at, now = self.health.full_at, dt_util.utcnow().timestamp()
        if full_at is None or not believable(now) or full_at > now + AHEAD:
            return None
        return max(0.0, (now - full_at) / _DAY)

    @property
    def soc_drift(self) -> float | None:
        """Return by how many % the pack's state of charge may be off."""
        days, since, capacity = self.days_since_full, self.statistics.since_full, self.statistics.capacity
        if days is None or since is None or not capacity:
            return None
        return expected_drift(since.charge_in + since.charge_out, capacity, days)

    @property
    def counted_soc(self) -> float | None:
        """Return the state of charge by our own count since the pack was full, None if anything was missed since."""
        since, learned = self.statistics.since_full, self.health.capacity.learned
        capacity = self.statistics.capacity if learned is None else learned.ampere_hours
        if since is None or not capacity or not self.statistics.whole:
            return None
        return counted_soc(since.charge_out - since.charge_in, capacity)

    def _kept(self) -> dict[str, Any]:
        """Return what is saved to the energy store."""
        return {
            "clock": self._believed_clock,
            "counter": self.counter.dump(),
            "ledger": self.statistics.dump(),
            "health": self.health.dump(),
        }
