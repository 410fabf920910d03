"""Parameter writer of a pack: validate, plan, write, read back and log each change, one request at a time.

Every change to a pack goes through it, whoever requests it: entities, actions, repairs and calibrations.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final

from ..bms.connection_state import ConnectionState
from ..bms.errors import PackError, SilentError
from ..bms.pack import Pack
from ..bms.settings import Catalog, Setting, SettingKind, Settings, SettingValue
from .baseline import Baseline, Difference
from .constraints import broken_orders, related_keys
from .drift import DriftDetector, OnDrift
from .plan import WriteStep
from .read_back import outcome_of
from .request import Changes, WritePermission, WriteRequest
from .temporary import ApplyChanges, TemporaryChanges
from .validation import TRANSIENT_ERRORS, Validation, present_value, validate
from .validation_issue import RejectedError, rejection
from .write_log import WriteLog, WriteOutcome, WriteRecord, now

MAX_WAITING: Final = 20
"""Requests that may wait; more are rejected at once."""
CLOSE_TIMEOUT: Final = 15.0
"""s in which running requests must end before the connection is closed; Home Assistant waits 20 s when it stops."""
EFFECT_TIMEOUT: Final = 6.0
"""s in which the effect of a calibration must show in the readings."""
RECHECK_DELAY: Final = 1.0
"""s after which a write that did not show is read back once more."""
_MAX_SETTINGS_AGE: Final = 5.0
"""s: older parameters are read again before several writes are planned, or a request is rejected. Our judgment."""


class ParameterWriter:
    """Writes the parameters of one pack, one request at a time."""

    def __init__(  # noqa: PLR0913
        self,
        pack: Pack,
        *,
        permission: WritePermission,
        write_log: WriteLog,
        baseline: Baseline,
        save: Callable[[], Awaitable[None]],
        backup: Callable[[str], Awaitable[None]],
        on_record: Callable[[WriteRecord, Any], None],
        on_drift: OnDrift,
        temporary: object = None,
    ) -> None:
        """`save` stores write log and baseline; it is awaited before a write is sent, so that a crash leaves its trace.

        `backup` stores all parameters under a name before a command that changes many; `temporary` is what was stored
        of changes that have to be restored. `on_record` is called with each record, and the context of its request.
        """
        self.permission = permission
        self.write_log = write_log
        self.baseline = baseline
        self.drift_detector = DriftDetector(pack, write_log, baseline, on_record, on_drift)
        self.temporary = TemporaryChanges(pack, self.drift_detector, save, temporary)
        self.closing = False
        """The connection is about to be closed: no new request is accepted."""
        self._pack = pack
        self._save = save
        self._backup = backup
        self._on_record = on_record
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._background_tasks: set[asyncio.Task[None]] = set()
        self._finished = False

    @property
    def is_busy(self) -> bool:
        """Return whether a request is under way, or the pack holds what is to be put back."""
        return self._waiting > 0 or self._lock.locked() or self.temporary.is_due

    @property
    def catalog(self) -> Catalog | None:
        """Return the parameters that the pack has; None before it is identified."""
        return self._pack.catalog()

    @property
    def drift(self) -> Mapping[str, Difference]:
        """Return the parameters that differ from the intended values."""
        return self.drift_detector.drift

    def value(self, setting: Setting) -> SettingValue | None:
        """Return the present value as the pack reported it in this session.

        None also while a write of it is in doubt.
        """
        return None if self.is_in_doubt(setting.key) else present_value(self._pack, setting)

    def is_in_doubt(self, key: str) -> bool:
        """Return whether a write of a parameter was sent and its outcome is not known yet."""
        return any(record.parameter == key for record in self.write_log.open_records() if record.in_doubt)

    def validate(self, changes: Mapping[str, object], request: WriteRequest) -> Validation:
        """Return the writes that a request would lead to, and the issues with it, without writing."""
        return validate(self._pack, self.permission, changes, request)

    async def apply(self, changes: Changes, request: WriteRequest) -> list[WriteRecord]:
        """Carry out a request; return a record for each write, in order. The first that fails ends it.

        Raises RejectedError before anything is sent.
        """
        return await self.run(lambda apply: apply(changes, request))

    async def run[T](self, procedure: Callable[[ApplyChanges], Awaitable[T]]) -> T:
        """Carry out several requests while all others wait. Raises RejectedError, also if too many wait."""
        if self._waiting >= MAX_WAITING:
            raise rejection("busy")

        async def run_locked() -> T:
            try:
                async with self._lock:
                    if self.closing:
                        raise rejection("closing")
                    return await procedure(self._apply)
            finally:
                self._waiting -= 1

        self._waiting += 1
        task = asyncio.create_task(run_locked())
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        # The caller may be canceled; a request that has begun is completed.
        return await asyncio.shield(task)

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the caller has it; if they were canceled, nobody needs it

    async def close(self) -> None:
        """Accept no more requests, and wait up to CLOSE_TIMEOUT for running ones, while the connection still stands."""
        self.closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT)

    async def finish(self) -> None:
        """Wait until every request and background task has ended; they end soon once the connection is closed."""
        self.closing = self._finished = True
        for task in self._background_tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._background_tasks, return_exceptions=True)

    async def refresh(self) -> None:
        """Read the parameters again unless a request is running.

        The pack reports them, and `handle_settings` gets them.
        """
        if self._lock.locked() or self._pack.state is not ConnectionState.STREAMING:
            return
        async with self._lock:
            # If it fails, the next connection reads them anyway.
            with suppress(PackError):
                await self._pack.read_settings()

    def _schedule_recheck(self) -> None:
        """Read the parameters once more after RECHECK_DELAY, to settle a write whose outcome is unknown."""

        async def recheck() -> None:
            await asyncio.sleep(RECHECK_DELAY)
            await self.refresh()

        self._start_background_task(recheck)

    def _start_background_task(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something in the background unless the writer has finished."""
        if not self._finished:
            task = asyncio.create_task(function())
            self._background_tasks.add(task)
            task.add_done_callback(self._background_tasks.discard)

    def handle_settings(self, settings: Settings) -> None:
        """Update the drift from parameters that were read; temporary changes of an earlier session are restored now."""
        self.drift_detector.handle_settings(settings)
        if self.temporary.is_due and not self._lock.locked() and self._pack.state is ConnectionState.STREAMING:
            self._start_background_task(self._put_back)

    async def _put_back(self) -> None:
        async def if_still_due(apply: ApplyChanges) -> list[WriteRecord]:
            # Parameters that are read twice in a row must not restore twice.
            return await self.temporary.put_back(apply) if self.temporary.is_due else []

        with suppress(RejectedError):
            await self.run(if_still_due)

    async def accept(self, shown: Mapping[str, Difference]) -> bool:
        """Accept changes made elsewhere as intended; return whether they are still what the user was shown."""
        accepted = self.drift_detector.accept(shown)
        if accepted:
            self.temporary.forget(*shown)
        await self._save()
        return accepted

    async def _apply(self, changes: Changes, request: WriteRequest) -> list[WriteRecord]:
        if self._finished or (self.closing and not request.puts_back):
            raise rejection("closing")
        steps = await self._plan(changes, request)
        catalog = self.catalog
        assert catalog is not None
        records: list[WriteRecord] = []
        for step in steps:
            if records and (self._must_stop(records[-1], request) or self._would_break_order(catalog, step)):
                record = self.write_log.add(_record(step, request, WriteOutcome.NOT_SENT))
                self._on_record(record, request.context)
            else:
                record = await self._write(catalog.settings[step.key], step, request)
            records.append(record)
        if records:
            await self._save()
        return records

    async def _plan(self, changes: Changes, request: WriteRequest) -> list[WriteStep]:
        """Return the writes of a request. Raises RejectedError.

        A plan of several writes, or of none, and a transient error, need the present parameters of the pack. A single
        write is read back anyway; only the parameters that its order depends on are read first.
        """
        settings = self._pack.current_settings
        old = settings is not None and _monotonic() - settings.oldest > _MAX_SETTINGS_AGE
        unsure = any(self.write_log.open_records())
        validation = self.validate(changes, request)
        lasting = [error for error in validation.errors if error.code not in TRANSIENT_ERRORS]
        if lasting:
            raise RejectedError(lasting)
        if unsure or (old and (validation.errors or len(validation.steps) != 1)):
            try:
                await self._read_again(None)
            except PackError as error:
                raise rejection("unanswered") from error
            validation = self.validate(changes, request)
        elif related := self._outdated_related_keys(validation.steps):
            try:
                await self._read_related(related)
            except PackError as error:
                raise rejection("unanswered") from error
            validation = self.validate(changes, request)
        if validation.errors:
            raise RejectedError(validation.errors)
        return validation.steps

    def _outdated_related_keys(self, steps: list[WriteStep]) -> set[str]:
        """Return the parameters that the order of these writes depends on, if any of them is outdated."""
        settings, catalog = self._pack.current_settings, self.catalog
        if not steps or settings is None or catalog is None:
            return set()
        related = related_keys(catalog, (step.key for step in steps)) & settings.values.keys()
        since = _monotonic() - _MAX_SETTINGS_AGE
        return related if any(settings.read_at(key) < since for key in related) else set()

    async def _read_related(self, keys: set[str]) -> None:
        """Read these, once more if the answer was lost or corrupt.

        Raises SilentError also if one is missing in the answer.
        """
        began = _monotonic()
        try:
            settings = await self._pack.read_related(keys)
        except SilentError:
            settings = await self._pack.read_related(keys)
        if any(settings.read_at(key) < began for key in keys):
            raise SilentError("some of the parameters were not answered")

    def _must_stop(self, last: WriteRecord, request: WriteRequest) -> bool:
        """Return whether the remaining writes are not sent; the parameters are valid after each write of a plan."""
        return last.outcome is not WriteOutcome.CONFIRMED or (self.closing and not request.puts_back)

    def _would_break_order(self, catalog: Catalog, step: WriteStep) -> bool:
        """Return whether a change made elsewhere meanwhile would put the next write out of order."""
        settings = self._pack.current_settings
        if settings is None:
            return True
        if step.new is None:
            return False
        chains, may_equal = catalog.chains, catalog.may_equal
        before = set(broken_orders(settings.values, chains, may_equal))
        return bool(set(broken_orders({**settings.values, step.key: step.new}, chains, may_equal)) - before)

    async def _write(self, setting: Setting, step: WriteStep, request: WriteRequest) -> WriteRecord:
        if setting.kind is SettingKind.COMMAND:
            await self._backup(step.key)
        before = self._pack.current_settings
        record = self.write_log.add(_record(step, request, WriteOutcome.PENDING))
        self.drift_detector.current_write = record
        try:
            await self._save()
            record.sent_at = _monotonic()
            await self._pack.write(step.key, step.new)
            if setting.kind is SettingKind.COMMAND:
                await self._count_changes(record, before)
            elif setting.seen is not None:
                await self._wait_for_effect(setting, setting.seen, record)
            else:
                await self._read_back(setting, record)
        except ValueError:
            # Only the driver could know: the present state of the pack does not allow this value. Nothing was sent.
            record.outcome, record.found = WriteOutcome.REFUSED, step.old
        except PackError:
            record.outcome, record.found = WriteOutcome.UNKNOWN, None
            self._schedule_recheck()
        finally:
            self.drift_detector.current_write = None
        self.drift_detector.update_baseline(setting, record)
        if record.outcome is WriteOutcome.CONFIRMED and not record.temporary:
            self.temporary.forget(record.parameter)  # requested later than what would be restored
        self._on_record(record, request.context)
        self.drift_detector.compare()
        return record

    async def _read_back(self, setting: Setting, record: WriteRecord) -> None:
        """Read the parameter and set the outcome of the record. Only this proves a write."""
        settings = await self._read_again(setting.key)
        record.found = settings.values.get(setting.key)
        record.outcome = outcome_of(setting, record)
        if record.outcome is WriteOutcome.REFUSED:
            # It may just be slow, even if it acknowledged; or its answer was sent before the write arrived.
            await asyncio.sleep(RECHECK_DELAY)
            settings = await self._read_again(setting.key)
            record.found = settings.values.get(setting.key)
            record.outcome = outcome_of(setting, record)

    async def _read_again(self, key: str | None) -> Settings:
        """Read parameters, once more if the answer was lost or corrupt; the write itself is not repeated."""
        try:
            return await self._pack.read_settings(key)
        except SilentError:
            return await self._pack.read_settings(key)

    async def _count_changes(self, record: WriteRecord, before: Settings | None) -> None:
        """Set the number of parameters that a command changed, and the outcome."""
        settings = await self._read_again(None)
        old = before.values if before else {}
        record.found = sum(old.get(key) != value for key, value in settings.values.items())
        record.outcome = WriteOutcome.CONFIRMED if record.found else WriteOutcome.REFUSED

    async def _wait_for_effect(
        self, setting: Setting, seen: Callable[..., SettingValue | None], record: WriteRecord
    ) -> None:
        """Wait until two readings in a row show the effect, EFFECT_TIMEOUT at most, and set the outcome."""
        in_a_row = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(EFFECT_TIMEOUT):
                while in_a_row < 2:
                    record.found = seen(await self._pack.next_reading())
                    record.outcome = outcome_of(setting, record)
                    in_a_row = in_a_row + 1 if record.outcome is WriteOutcome.CONFIRMED else 0
        if record.outcome is WriteOutcome.PENDING:
            raise SilentError("no reading came")


def _monotonic() -> float:
    """Return the monotonic time in s, the clock of readings and settings."""
    return asyncio.get_running_loop().time()


def _record(step: WriteStep, request: WriteRequest, outcome: WriteOutcome) -> WriteRecord:
    return WriteRecord(
        at=now(),
        parameter=step.key,
        old=step.old,
        new=step.new,
        outcome=outcome,
        source=request.source,
        user_id=request.user_id,
        user=request.user,
        temporary=request.temporary,
    )
