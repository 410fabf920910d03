"""The reading pipeline: what follows every reading of a pack, in which order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..bms.pack import Pack
from ..bms.reading import Reading
from ..bms.time_left import TimeLeft
from ..const import CONF_CURRENT, CONF_LIMITS, CONF_SOC_PLAN
from ..energy.current_correction import CurrentCorrection
from ..protection.engine import ProtectionEngine
from ..protection.events import ProtectionEvent
from ..protection.limit_options import LimitOptions
from ..protection.quantities import number
from ..protection.soc_plan import SocPlan
from ..storage.pack_store import PROTECTION
from .energy_account import EnergyAccount
from .entry_data import EntryData
from .error_isolation import ErrorIsolation
from .parameters import Parameters
from .wiring_issue import WiringMonitor

_CAPABILITIES_EVERY: Final = 60
"""Readings between two checks of what the pack has."""


class ReadingPipeline:
    """Takes every reading of one pack through what follows it; a step that fails takes neither the reading nor the next away."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        entry_data: EntryData,
        pack: Pack,
        parameters: Parameters,
        isolation: ErrorIsolation,
        *,
        now: Callable[[], float],
        on_new_capabilities: Callable[[], None],
        stored: Mapping[str, Any] | None,
        stored_energy: Mapping[str, Any] | None,
    ) -> None:
        """Restore the protections from `stored` and the energy from `stored_energy`.

        `now` returns the monotonic time in s; `on_new_capabilities` is called when the pack has more than was known.
        """
        self._entry_data, self._pack, self._parameters = entry_data, pack, parameters
        self._isolation = isolation
        self._now = now
        self._on_new_capabilities = on_new_capabilities
        self._readings = 0
        self.current_correction = CurrentCorrection.from_options(entry_data.options.get(CONF_CURRENT, {}))
        self.time_left = TimeLeft()
        self.protection_engine = self._new_protection_engine()
        self.protection_engine.restore((stored or {}).get(PROTECTION), self.clock_offset())
        self.protection_engine.lose()
        self.energy = EnergyAccount(
            hass,
            entry_data.entry_id,
            stored_energy,
            longest_gap=self.protection_engine.mirror.longest_gap,
            clock=self.clock_offset,
            follows_jbd_manual=entry_data.family.counts_by_manual,
            bridges=not self.current_correction.invert,
        )
        self._wiring = WiringMonitor(hass, entry_data.entry_id, entry_data.title)

    @callback
    def async_process(self, reading: Reading) -> tuple[Reading, Sequence[ProtectionEvent]]:
        """Return a reading as it is shown, and what happened to the protections.

        The order:
        1. Protection, which goes by what the pack itself measures, right or wrong.
        2. Correction of the current; what follows goes by the corrected reading.
        3. Time left.
        4. Energy and cell health.
        5. Wiring.
        6. Trip counters.
        7. Capabilities, now and then: what the pack turns out to have.
        """
        step = self._isolation.call
        events = step("protection", self._update_protection, reading, default=None)
        if events is None:
            step("protection reset", self.protection_engine.reset, default=None)
        reading = step("current sensor", self._corrected, reading, default=reading)
        step("time left", self.time_left.follow, reading, default=None)
        settings = self._pack.last_settings
        step("energy", self.energy.async_update, reading, settings.values if settings else None, default=None)
        step("wiring", self._wiring.update, reading, default=None)
        step("trip counters", self._parameters.async_update_counters, reading.counters, default=None)
        if self._is_capability_check_due(reading):
            step("features", self.async_update_capabilities, reading, default=None)
        return reading, events or ()

    @callback
    def async_update_capabilities(self, reading: Reading) -> None:
        """Check whether a reading and the parameters show more than the pack was known to have."""
        if self._entry_data.async_update_capabilities(reading, self._pack.last_settings):
            self._on_new_capabilities()

    def lose(self) -> None:
        """Limit to what is safe: nothing current is known of the pack."""
        self.protection_engine.lose()

    def change_variant(self) -> None:
        """Go by the rules of another variant, from the beginning."""
        self.protection_engine = self._new_protection_engine()
        self.protection_engine.lose()

    def clock_offset(self) -> float:
        """Return the seconds to add to a monotonic time, as readings have it, for the time of day as a timestamp."""
        return dt_util.utcnow().timestamp() - self._now()

    def _new_protection_engine(self) -> ProtectionEngine:
        """Return a protection engine by the rules of the pack's variant and the user's limits."""
        data = self._entry_data
        limits = LimitOptions.of(data.options.get(CONF_LIMITS, {}))
        interval = self._pack.context.interval if data.family.polling else None
        engine = ProtectionEngine(data.family.key, data.variant, limits, interval)
        engine.plan = SocPlan.of(data.options.get(CONF_SOC_PLAN, {}))
        return engine

    def _update_protection(self, reading: Reading) -> list[ProtectionEvent]:
        """Update the protections; store what they have to remember when it changed."""
        settings = self._pack.last_settings
        stage = self.protection_engine.limits.stage
        self.protection_engine.limited_time.update_day(dt_util.now().date())
        events = self.protection_engine.update(
            reading, settings.values if settings else None, self.energy.days_since_full
        )
        if events or self.protection_engine.limits.stage is not stage:
            self._parameters.async_schedule_save()
        return events

    def _corrected(self, reading: Reading) -> Reading:
        """Return a reading with the current as the user corrects it, and the capacity that some packs only state as a parameter."""
        reading = self.current_correction.corrected(reading)
        settings = self._pack.last_settings
        if reading.full_capacity or reading.design_capacity or settings is None:
            return reading
        capacity = number(settings.values.get("design_capacity"))
        return reading if not capacity else Reading.of({**vars(reading), "design_capacity": capacity})

    def _is_capability_check_due(self, reading: Reading) -> bool:
        """Count a reading, and return whether it is checked for what the pack has: now and then, and if it counts more."""
        due, self._readings = self._readings % _CAPABILITIES_EVERY == 0, self._readings + 1
        counters = reading.counters
        return due or bool(counters and not set(self._entry_data.capabilities.counters).issuperset(counters))
