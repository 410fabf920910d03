"""The energy account of one pack: what was counted and learnt of its cells, and the file that survives a crash."""

from collections.abc import Callable, Mapping
from datetime import datetime
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from .bms.reading import Reading
from .energy.counter import EnergyCounter
from .energy.flow import Flow
from .energy.health import Health
from .energy.ledger import Ledger
from .energy.soc_trust import counted_soc, expected_drift
from .sum_file import SumFile

_LOGGER: Final = logging.getLogger(__name__)

_DAY: Final = 86_400.0


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
        self._hass = hass
        self._clock = clock
        self.counter = EnergyCounter(longest_gap, bridges=bridges)
        self.file = SumFile(hass, entry_id, self._kept, self.counter.total)
        self.ledger = Ledger(self.counter)
        self.health = Health(self.counter, follows_board=follows_board)
        try:
            if kept:
                shift = kept["clock"] - clock()
                self.counter.restore(kept["counter"], shift)
                self.ledger.restore(kept["ledger"])
                self.health.restore(kept["health"], shift)
        except KeyError, TypeError, ValueError, AttributeError:
            _LOGGER.warning("What was counted of %s is broken; it goes on with what its sensors showed", entry_id)
        self.file.begins(self.counter.total)
        self.ledger.see_day(dt_util.now().date())

    def at_least(self, least: Flow) -> None:
        """Take what the sensors showed before, if that is more; what came since full, or today, stays what it is."""
        total = self.counter.total
        raised = least.since(total).positive()
        self.file.at_least(least)
        self.ledger.moved(raised)
        self.health.moved(raised)

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Begin a new day at midnight; return how to stop that."""

        @callback
        def midnight(now: datetime) -> None:
            self.ledger.see_day(now.date())

        return async_track_time_change(self._hass, midnight, hour=0, minute=0, second=0)

    @callback
    def async_take(self, reading: Reading, settings: Mapping[str, object] | None) -> None:
        """Count a reading, with the parameters if they are known, and keep the sums now and then."""
        self.counter.take(reading)
        self.ledger.take(reading)
        self.health.take(reading, self._clock(), settings)
        self.file.async_grown(reading.measured_at)

    @property
    def days_since_full(self) -> float | None:
        """Return how long ago the pack was last full."""
        full_at = self.health.full_at
        return None if full_at is None else max(0.0, (dt_util.utcnow().timestamp() - full_at) / _DAY)

    @property
    def soc_drift(self) -> float | None:
        """Return by how many % the pack's state of charge may be off."""
        days, since, capacity = self.days_since_full, self.ledger.since_full, self.ledger.capacity
        if days is None or since is None or not capacity:
            return None
        return expected_drift(since.charge_in + since.charge_out, capacity, days)

    @property
    def counted_soc(self) -> float | None:
        """Return the state of charge by our own count since the pack was full, None if anything was missed since."""
        since, learnt = self.ledger.since_full, self.health.capacity.learnt
        capacity = self.ledger.capacity if learnt is None else learnt.ampere_hours
        if since is None or not capacity or not self.ledger.whole:
            return None
        return counted_soc(since.charge_out - since.charge_in, capacity)

    def _kept(self) -> dict[str, Any]:
        return {
            "clock": self._clock(),
            "counter": self.counter.dump(),
            "ledger": self.ledger.dump(),
            "health": self.health.dump(),
        }
