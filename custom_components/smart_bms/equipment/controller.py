"""The controller: has the equipment of one pack or bank follow it, and remembers what was written."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..control.write_log import WriteLog, WriteOutcome, WriteRecord, now as utc_now
from ..steering.demand import Demand
from ..steering.follower import Follower, FollowerState, Write
from ..steering.steering import Preview, Steering
from .entity_values import async_set_value, shown_value
from .issues import EquipmentIssues, async_delete_equipment_issues
from .options import EquipmentOptions
from .store import IS_ON, LAST_WRITE, LOG, STEERING, equipment_store

_LOGGER: Final = logging.getLogger(__name__)
INTERVAL: Final = timedelta(seconds=2)
_PAUSE: Final = 1.0
"""s between two moments at which its entities look: a pack may report more often."""
CALL_TIMEOUT: Final = 10.0
"""s for which an integration may take a value; whether it did is seen by what the entity shows."""
STOP_TIMEOUT: Final = 15.0
"""s that may pass with the last writes before the end."""
_SAVE_DELAY: Final = 60.0
_SOURCE: Final = "equipment"

OFF: Final = "off"
DRY_RUN_MISSING: Final = "dry_run_missing"
NO_DATA: Final = "no_data"
_BY_WEIGHT: Final = (
    FollowerState.NOT_FOLLOWING,
    FollowerState.OTHER_MASTER,
    FollowerState.MISSING,
    FollowerState.PENDING,
    FollowerState.YIELDED,
    FollowerState.LIMITED_BY_EQUIPMENT,
    FollowerState.FOLLOWING,
    FollowerState.NOTHING_ASKED,
)
"""What is said of all targets together: the first that holds for any."""
STATES: Final = (OFF, DRY_RUN_MISSING, NO_DATA, *(state.value for state in _BY_WEIGHT))


class EquipmentController:
    """Steers the equipment of one entry, if it has any."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        ask: Callable[[], Demand],
        now: Callable[[], float],
        stored: Mapping[str, Any] | None,
        options: EquipmentOptions | None = None,
    ) -> None:
        """`ask` returns what the battery asks for now, `now` the monotonic time in s; `stored` is what the file holds.

        `options`: for a dry run, in place of those of the entry.
        """
        self._hass, self._entry, self._ask, self._now = hass, entry, ask, now
        self.options = EquipmentOptions.of(entry.options) if options is None else options
        self.steering = Steering(self.options.targets, self.options.fallback)
        kept = stored or {}
        self.steering.restore(kept.get(STEERING, {}))
        self.is_on = kept.get(IS_ON) is True and self.options.is_seen
        """Whether the equipment is steered; never before its owner has seen what would be written."""
        self.write_log = WriteLog(kept.get(LOG, ()))
        self.last_write: datetime | None = dt_util.parse_datetime(kept.get(LAST_WRITE, ""))
        self._issues = EquipmentIssues(hass, entry.entry_id)
        self._open: dict[str, WriteRecord] = {}
        """By entity: the record of a write that is not proven yet."""
        self._looked_at = float("-inf")
        self._calls: dict[str, asyncio.Task[None]] = {}
        """By entity: what is being written to it."""
        self._listeners: list[Callable[[], None]] = []
        self._is_ended = False

    @property
    def state(self) -> str:
        """Return how all targets together stand."""
        if not self.options.is_seen:
            return DRY_RUN_MISSING
        if not self.is_on:
            return OFF
        states = self.steering.states()
        found = next((state for state in _BY_WEIGHT if state in states), FollowerState.NOTHING_ASKED)
        if found in _BY_WEIGHT[:3] or not self.steering.is_lost:
            return found.value
        return NO_DATA

    @property
    def deviation(self) -> float | None:
        """Return how far the number that is furthest above what is asked is above it; negative: all are below.

        In % of the larger of both, so that 190 A where 0 A is asked are 100 %.
        """
        found = [
            100 * follower.deviation / max(follower.setpoint.value, follower.shown or 0.0, follower.target.step, 1.0)
            for follower in self.steering.followers
            if not follower.target.kind.is_switch and follower.deviation is not None and follower.setpoint is not None
        ]
        return max(found, default=None)

    def preview(self) -> list[Preview]:
        """Return what each target shows, and what it would be set to now."""
        return self.steering.preview(self._ask(), self._shown())

    @callback
    def async_start(self) -> None:
        """Begin to look at the battery and its equipment; everything ends with the entry."""
        entry, hass = self._entry, self._hass
        if not self.options.targets:
            return
        entry.async_on_unload(async_track_time_interval(hass, self._async_tick, INTERVAL, cancel_on_shutdown=True))
        entry.async_on_unload(hass.async_add_shutdown_job(HassJob(self.async_stop)))

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each look and each write; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_switch(self, is_on: bool) -> None:
        """Steer the equipment from now on, or leave it as it is. Raises ServiceValidationError before a dry run was seen."""
        if is_on and not self.options.is_seen:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="dry_run_not_seen")
        self.is_on = is_on
        self._cancel_calls()
        self.steering.release()
        if not is_on:
            async_delete_equipment_issues(self._hass, self._entry.entry_id, self._entities())
        self._schedule_save(0.0)
        self.async_look(force=True)

    @callback
    def _async_tick(self, _: datetime) -> None:
        """Look now and then: what ages does not report itself."""
        self.async_look()

    @callback
    def async_look(self, *, force: bool = False) -> None:
        """Look at the battery and its equipment, and write what is due."""
        now = self._now()
        if self._is_ended or not self.options.targets:
            return
        today = dt_util.now()
        midnight = dt_util.start_of_local_day(today + timedelta(days=1))
        self.steering.update_day(today.date(), (midnight - today).total_seconds())
        if self.is_on:
            writes = self.steering.step(now, self._ask(), self._shown())
            self._settle()
            for write in writes:
                self._start(write)
            self._issues.async_update(now, self._entry.title, self.steering.followers)
        if force or now - self._looked_at >= _PAUSE:
            self._looked_at = now
            for listener in list(self._listeners):
                listener()

    def _start(self, write: Write) -> None:
        """Begin to write; calls begin in their order, and none waits for one that hangs. An older one to the same entity ends."""
        entity = write.target.entity
        if (call := self._calls.pop(entity, None)) is not None:
            call.cancel()
        self._calls[entity] = self._entry.async_create_background_task(
            self._hass, self._async_write(write, self._log(write), CALL_TIMEOUT), f"{DOMAIN} equipment"
        )

    async def _async_write(self, write: Write, record: WriteRecord, longest: float) -> None:
        """Write, in so many s at most. What an integration refuses is logged, and seen by what its entity shows."""
        try:
            async with asyncio.timeout(longest):
                await async_set_value(self._hass, write.target, write.value)
        except Exception as error:  # noqa: BLE001  # whatever another integration raises
            record.outcome = WriteOutcome.REFUSED
            _LOGGER.debug("%s was not set: %s", write.target.entity, type(error).__name__)

    def _cancel_calls(self) -> None:
        """End what is being written: it was meant for another moment."""
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()

    def _log(self, write: Write) -> WriteRecord:
        """Add a write to the log."""
        record = WriteRecord(
            at=utc_now(),
            parameter=write.target.entity,
            old=write.old,
            new=write.value,
            outcome=WriteOutcome.PENDING,
            source=_SOURCE,
        )
        if (before := self._open.pop(write.target.entity, None)) is not None and before.outcome is WriteOutcome.PENDING:
            before.outcome = WriteOutcome.UNKNOWN
        self._open[write.target.entity] = self.write_log.add(record)
        self.last_write = dt_util.utcnow()
        self._schedule_save(_SAVE_DELAY)
        return record

    def _settle(self) -> None:
        """Note which writes are proven by now, and which were not followed."""
        for follower in self.steering.followers:
            record = self._open.get(follower.target.entity)
            if record is None or follower.state is FollowerState.PENDING:
                continue
            self._open.pop(follower.target.entity)
            record.found = follower.shown
            if record.outcome is WriteOutcome.PENDING:
                record.outcome = _outcome(follower, record)

    def _shown(self) -> dict[str, float | None]:
        """Return what the entities show."""
        return {target.entity: shown_value(self._hass, target) for target in self.options.targets}

    def _entities(self) -> list[str]:
        """Return the entities of the equipment."""
        return [target.entity for target in self.options.targets]

    async def async_stop(self) -> None:
        """Set the equipment to what the owner chose for the time without us; nothing is written after it."""
        if self._is_ended:
            return
        self._is_ended = True
        self._cancel_calls()
        if self.is_on and (writes := self.steering.at_stop(self._shown())):
            # All at once: one that hangs must not keep the others from their last value.
            calls = [self._async_write(write, self._log(write), STOP_TIMEOUT) for write in writes]
            await asyncio.gather(*calls)
        async_delete_equipment_issues(self._hass, self._entry.entry_id, self._entities())
        if self.options.targets:
            self._schedule_save(0.0)

    def _schedule_save(self, delay: float) -> None:
        """Save after so many s, and when Home Assistant stops."""
        equipment_store(self._hass, self._entry.entry_id).async_delay_save(self._content, delay)

    def _content(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            IS_ON: self.is_on,
            STEERING: self.steering.dump(),
            LOG: self.write_log.as_list(),
            LAST_WRITE: self.last_write.isoformat() if self.last_write else "",
        }


def _outcome(follower: Follower, record: WriteRecord) -> WriteOutcome:
    """Return what became of a write, by what the entity shows now."""
    if follower.shown is None or not isinstance(record.new, (int, float)):
        return WriteOutcome.UNKNOWN
    if follower.state is FollowerState.FOLLOWING:
        return WriteOutcome.CONFIRMED
    return WriteOutcome.REFUSED if follower.shown == record.old else WriteOutcome.DIFFERENT
