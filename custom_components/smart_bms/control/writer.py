"""The door: permission, freshness, validity, consequence, plan, write, read back, record. One per pack."""

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
from .drift import DriftDetector, OnDrift, outcome_of
from .plan import WriteStep
from .request import Changes, WritePermission, WriteRequest
from .temporary import ApplyChanges, TemporaryChanges
from .validation import TRANSIENT_ERRORS, Validation, present_value, validate
from .validation_issue import RejectedError, rejection
from .write_log import WriteLog, WriteOutcome, WriteRecord, now

MAX_WAITING: Final = 20
"""Requests that may wait for their turn; more are told so at once."""
CLOSE_TIMEOUT: Final = 15.0
"""Seconds in which what was begun must be at its end before the link is given up; Home Assistant waits 20 s at its end."""
EFFECT_TIMEOUT: Final = 6.0
"""Seconds in which the effect of a calibration must show in the readings."""
RECHECK_DELAY: Final = 1.0
"""Seconds after which a write that did not show is looked for again."""
_MAX_SETTINGS_AGE: Final = 5.0
"""Age in s of parameters that are good enough to plan several writes with, or none at all."""


class ParameterWriter:
    """Changes the parameters of one pack, one request at a time."""

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
        """`save` keeps journal and baseline; it is awaited before a write leaves, so that a crash leaves its trace.

        `backup` keeps all parameters under a name before a command that changes many; `temporary` is what was kept of
        changes that have to be put back.
        """
        self.permission = permission
        self.write_log = write_log
        self.baseline = baseline
        self.drift_detector = DriftDetector(pack, write_log, baseline, on_record, on_drift)
        self.temporary = TemporaryChanges(pack, self.drift_detector, save, temporary)
        self.closing = False
        """The link is about to be given up: nothing new is begun."""
        self._pack = pack
        self._save = save
        self._backup = backup
        self._on_record = on_record
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._background_tasks: set[asyncio.Task[None]] = set()
        self._finished = False

    # What others ask.

    @property
    def catalog(self) -> Catalog | None:
        """Return what can be set; None before the pack said who it is."""
        return self._pack.catalog()

    @property
    def drift(self) -> Mapping[str, Difference]:
        """Return what differs from what is meant to be."""
        return self.drift_detector.drift

    def value(self, setting: Setting) -> SettingValue | None:
        """Return the present value as the pack stated it in this session; None also while a write of it is in doubt."""
        return None if self.is_in_doubt(setting.key) else present_value(self._pack, setting)

    def is_in_doubt(self, key: str) -> bool:
        """Return whether a write of a parameter was sent of which nobody knows yet whether it held."""
        return any(record.parameter == key for record in self.write_log.open_records() if record.in_doubt)

    def validate(self, changes: Mapping[str, object], request: WriteRequest) -> Validation:
        """Return what a request would do, without doing it."""
        return validate(self._pack, self.permission, changes, request)

    # What others do.

    async def apply(self, changes: Changes, request: WriteRequest) -> list[WriteRecord]:
        """Carry out a request; return a record for each write, in order. The first that does not hold ends it.

        Raises RefusedError before anything is sent.
        """
        return await self.run(lambda apply: apply(changes, request))

    async def run[T](self, procedure: Callable[[ApplyChanges], Awaitable[T]]) -> T:
        """Carry out several requests while nobody else gets his turn. Raises RefusedError, also if too many wait."""
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
        # Whoever asked may go away; what was begun is brought to its end.
        return await asyncio.shield(task)

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it; if he went away, nobody needs it

    async def close(self) -> None:
        """Begin nothing more, and put back what was changed for a moment while the link still stands; within CLOSE_WITHIN."""
        self.closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT)

    async def finish(self) -> None:
        """Wait until everything that was begun is at its end; it ends soon once the link is closed."""
        self.closing = self._finished = True
        for recheck in self._background_tasks:
            recheck.cancel()
        await asyncio.gather(*self._tasks, *self._background_tasks, return_exceptions=True)

    async def refresh(self) -> None:
        """Read the parameters again, if nobody is changing them; what comes of it is told to `settings_read`."""
        if self._lock.locked() or self._pack.state is not ConnectionState.STREAMING:
            return
        async with self._lock:
            # If it fails, the next connection reads them anyway.
            with suppress(PackError):
                await self._pack.read_settings()

    def _schedule_recheck(self) -> None:
        """Settle what is in doubt, if the link still stands."""

        async def recheck() -> None:
            await asyncio.sleep(RECHECK_DELAY)
            await self.refresh()

        self._start_background_task(recheck)

    def _start_background_task(self, recheck: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something beside what others ask, unless all is at its end."""
        if not self._finished:
            task = asyncio.create_task(recheck())
            self._background_tasks.add(task)
            task.add_done_callback(self._background_tasks.discard)

    def handle_settings(self, settings: Settings) -> None:
        """Take parameters that the pack stated; what an earlier session could not put back is put back now."""
        self.drift_detector.handle_settings(settings)
        if self.temporary.is_due and not self._lock.locked() and self._pack.state is ConnectionState.STREAMING:
            self._start_background_task(self._put_back)

    async def _put_back(self) -> None:
        async def if_still_due(apply: ApplyChanges) -> list[WriteRecord]:
            # Parameters that come twice in a moment must not bring two rounds.
            return await self.temporary.put_back(apply) if self.temporary.is_due else []

        with suppress(RejectedError):
            await self.run(if_still_due)

    async def accept(self, shown: Mapping[str, Difference]) -> bool:
        """Take as meant to be what others changed; return whether it still is what the user was shown."""
        accepted = self.drift_detector.accept(shown)
        if accepted:
            self.temporary.forget(*shown)
        await self._save()
        return accepted

    # The steps of a write.

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
        """Return the writes of a request. Raises RefusedError.

        A plan of several writes, or of none, and a refusal for the state that things are in, need to know what the pack has
        this moment. A single write is read back anyway; what its order depends on is read first.
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
        """Return what the order of these writes depends on, if any of it was not told just now."""
        settings, catalog = self._pack.current_settings, self.catalog
        if not steps or settings is None or catalog is None:
            return set()
        related = related_keys(catalog, (step.key for step in steps)) & settings.values.keys()
        since = _monotonic() - _MAX_SETTINGS_AGE
        return related if any(settings.read_at(key) < since for key in related) else set()

    async def _read_related(self, keys: set[str]) -> None:
        """Read these, once more if the answer was lost or broken on the way. Raises SilentError also if one was left out."""
        began = _monotonic()
        try:
            settings = await self._pack.read_related(keys)
        except SilentError:
            settings = await self._pack.read_related(keys)
        if any(settings.read_at(key) < began for key in keys):
            raise SilentError("it has not told all that was asked for")

    def _must_stop(self, last: WriteRecord, request: WriteRequest) -> bool:
        """Return whether the writes of a request end here; what was planned is valid after each of them."""
        return last.outcome is not WriteOutcome.CONFIRMED or (self.closing and not request.puts_back)

    def _would_break_order(self, catalog: Catalog, step: WriteStep) -> bool:
        """Return whether somebody else changed something meanwhile that makes the next write wrong."""
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
            # Only the pack knew: what it has now leaves no room for this value. Nothing was sent.
            record.outcome, record.found = WriteOutcome.REFUSED, step.old
        except PackError:
            record.outcome, record.found = WriteOutcome.UNKNOWN, None
            self._schedule_recheck()
        finally:
            self.drift_detector.current_write = None
        self.drift_detector.update_baseline(setting, record)
        if record.outcome is WriteOutcome.CONFIRMED and not record.temporary:
            self.temporary.forget(record.parameter)  # somebody's word, and the newer one
        self._on_record(record, request.context)
        self.drift_detector.compare()
        return record

    async def _read_back(self, setting: Setting, record: WriteRecord) -> None:
        """Find out what the pack has now. Only this proves a write."""
        settings = await self._read_again(setting.key)
        record.found = settings.values.get(setting.key)
        record.outcome = outcome_of(setting, record)
        if record.outcome is WriteOutcome.REFUSED:
            # It may just be slow, whatever it said; or its answer was on its way before the write was.
            await asyncio.sleep(RECHECK_DELAY)
            settings = await self._read_again(setting.key)
            record.found = settings.values.get(setting.key)
            record.outcome = outcome_of(setting, record)

    async def _read_again(self, key: str | None) -> Settings:
        """Read parameters, once more if the answer was lost or broken on the way; the write itself is not repeated."""
        try:
            return await self._pack.read_settings(key)
        except SilentError:
            return await self._pack.read_settings(key)

    async def _count_changes(self, record: WriteRecord, before: Settings | None) -> None:
        """Count the parameters that a command changed."""
        settings = await self._read_again(None)
        old = before.values if before else {}
        record.found = sum(old.get(key) != value for key, value in settings.values.items())
        record.outcome = WriteOutcome.CONFIRMED if record.found else WriteOutcome.REFUSED

    async def _wait_for_effect(
        self, setting: Setting, seen: Callable[..., SettingValue | None], record: WriteRecord
    ) -> None:
        """Wait until two readings in a row show the effect, at the latest until they should have."""
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
    """Return the time by which readings and settings are dated."""
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
