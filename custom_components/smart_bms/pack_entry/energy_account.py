"""Energy account of one pack: its counter, statistics and health, and the file that stores them."""

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
from ..energy.health import PackHealth
from ..energy.soc_confidence import counted_soc, expected_drift
from ..storage.energy_store import EnergyStore

NEEDS: Final = frozenset({"voltage", "current"})
"""Values that a pack must report for its energy to be counted."""
CHARGED: Final = "charged_energy"
DISCHARGED: Final = "discharged_energy"

_DAY: Final = 86_400.0


def _check_statistics(stored: Any) -> None:
    """Check the stored energy statistics. Raises what restoring them raises."""
    EnergyStatistics(EnergyCounter(0.0)).restore(stored)


CHECKS: Final[Checks] = {
    "clock": lambda part: optional(number, part),
    "counter": energy_counter.CHECKS,
    "ledger": _check_statistics,
    "health": health.CHECKS,
}
"""Checks of the parts of the file."""


class EnergyAccount:
    """Counts the energy of one pack, learns its health, and stores both."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        entry_id: str,
        stored: Mapping[str, Any] | None,
        *,
        longest_gap: float,
        clock: Callable[[], float],
        follows_jbd_manual: bool = False,
        bridges: bool = True,
    ) -> None:
        """`stored`: content of the file, checked by `CHECKS`.

        `clock` returns what is added to the readings' time for the time of day. `follows_jbd_manual`: the pack counts
        as JBD's manual says. `bridges`: its own counters can be used.
        """
        self._clock = clock
        self.counter = EnergyCounter(longest_gap, bridges=bridges)
        self.statistics = EnergyStatistics(self.counter)
        self.health = PackHealth(self.counter, follows_jbd_manual=follows_jbd_manual)
        self._restore(stored or {})
        self.file = EnergyStore(
            hass,
            entry_id,
            self._dump,
            self.counter.total,
            lambda content: content.get("counter", {}).get("total"),
            stored,
        )
        self._update_day()

    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored, and passed `CHECKS`; what is missing begins anew."""
        clock, now = stored.get("clock"), self._believed_clock
        shift = None if clock is None or now is None else clock - now
        counted = stored.get("counter", {})
        if known := "total" in counted:
            self.counter.restore(counted, shift)
        if "ledger" in stored:
            self.statistics.restore(stored["ledger"])
        self.health.restore(stored.get("health", {}), shift)
        if not known:
            self.statistics.reset_references()
            self.health.reset_references()

    def raise_to(self, minimum: EnergyTotals) -> None:
        """Raise the totals to what the sensors showed before.

        The energy since full, and of the day, stays what it is.
        """
        total = self.counter.total
        raised = minimum.since(total).positive()
        self.file.raise_to(minimum)
        self.statistics.shift_references(raised)
        self.health.shift_references(raised)

    @property
    def _believed_clock(self) -> float | None:
        """Return what is added to the readings' time for the time of day; None while the system clock is wrong."""
        return self._clock() if believable(dt_util.utcnow().timestamp()) else None

    def _update_day(self) -> None:
        """Update the local date: where daylight saving skips midnight, there is no midnight to wait for."""
        now = dt_util.now()
        if believable(now.timestamp()):
            self.statistics.update_day(now.date())

    @property
    def today(self) -> EnergyTotals:
        """Return what flowed since midnight, as far as it is on disk."""
        self._update_day()
        return self.statistics.today(self.file.saved_total)

    @callback
    def async_update(self, reading: Reading, settings: Mapping[str, object] | None) -> None:
        """Count a reading, with the parameters if they are known, and save the totals if it is time."""
        self._update_day()
        self.counter.update(reading)
        self.statistics.update(reading)
        self.health.update(reading, self._believed_clock, settings)
        self.file.async_save_if_due(reading.measured_at)

    @property
    def days_since_full(self) -> float | None:
        """Return the days since the pack was last full; None if that is not known."""
        full_at, now = self.health.full_at, dt_util.utcnow().timestamp()
        if full_at is None or not believable(now) or full_at > now + AHEAD:
            return None
        return max(0.0, (now - full_at) / _DAY)

    @property
    def soc_drift(self) -> float | None:
        """Return the expected error of the pack's state of charge in %; None if it is not known."""
        days, since, capacity = self.days_since_full, self.statistics.since_full, self.statistics.capacity
        if days is None or since is None or not capacity:
            return None
        return expected_drift(since.charge_in + since.charge_out, capacity, days)

    @property
    def counted_soc(self) -> float | None:
        """Return the state of charge by our own count since the pack was full, None if anything was missed since."""
        since, learned = self.statistics.since_full, self.health.capacity.learned
        capacity = self.statistics.capacity if learned is None else learned.ampere_hours
        if since is None or not capacity or not self.statistics.complete_since_full:
            return None
        return counted_soc(since.charge_out - since.charge_in, capacity)

    def _dump(self) -> dict[str, Any]:
        """Return what is saved to the energy store."""
        return {
            "clock": self._believed_clock,
            "counter": self.counter.dump(),
            "ledger": self.statistics.dump(),
            "health": self.health.dump(),
        }
