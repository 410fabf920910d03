"""The door: permission, freshness, validity, consequence, plan, write, read back, record. One per pack."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from ..bms.errors import PackError, SilentError
from ..bms.pack import LinkState, Pack
from ..bms.settings import Catalogue, Kind, Proof, Setting, Settings, SettingValue, judge
from .baseline import Baseline, Difference
from .consequence import consequence_findings
from .findings import Finding, RefusedError, Severity, refuse, words
from .journal import Journal, Outcome, Record
from .plan import Step, plan
from .validity import key_findings, order_findings, value_findings

MOST_WAITING: Final = 20
"""Requests that may wait for their turn; more are told so at once."""
SEEN_WITHIN: Final = 6.0
"""Seconds in which the effect of a calibration must show in a reading."""
SECOND_LOOK: Final = 1.0
"""Seconds after which a write that the pack did not acknowledge is looked for again."""

type Changes = Mapping[str, SettingValue | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the user allows for this pack."""

    control: bool = False
    dangerous: bool = False
    experimental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks for a change, and how surely."""

    source: str = ""
    user_id: str | None = None
    user: str | None = None
    context: Any = None
    """Handed through to whoever is told of the outcome."""
    confirm: bool = False
    """The user said once more that a dangerous change is meant."""
    force: bool = False
    """Go on even if the pack would act upon it at once."""
    exact: bool = False
    """The values come from a pack and need not lie on the steps that users are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a request would do: the writes in their order, and what speaks against it."""

    steps: list[Step]
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        """Return what forbids it."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]


type Apply = Callable[[Changes, Request], Awaitable[list[Record]]]


class Control:
    """Changes the parameters of one pack, one request at a time."""

    def __init__(  # noqa: PLR0913
        self,
        pack: Pack,
        *,
        permission: Permission,
        journal: Journal,
        baseline: Baseline,
        save: Callable[[], Awaitable[None]],
        backup: Callable[[str], Awaitable[None]],
        on_record: Callable[[Record, Any], None],
        on_drift: Callable[[Mapping[str, Difference]], None],
    ) -> None:
        """`save` keeps journal and baseline; it is awaited before a write leaves, so that a crash leaves its trace.

        `backup` keeps all parameters under a name before a command that changes many.
        """
        self.permission = permission
        self.journal = journal
        self.baseline = baseline
        self.drift: Mapping[str, Difference] = {}
        self._pack = pack
        self._save = save
        self._backup = backup
        self._on_record = on_record
        self._on_drift = on_drift
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._under_way: Record | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # What others ask.

    @property
    def catalogue(self) -> Catalogue | None:
        """Return what can be set; None before the pack said who it is."""
        return self._pack.catalogue()

    def value(self, setting: Setting) -> SettingValue | None:
        """Return the present value as the pack stated it in this session."""
        if setting.seen is not None:
            return setting.seen(self._pack.last_reading) if self._pack.last_reading else None
        settings = self._pack.current_settings
        return settings.values.get(setting.key) if settings else None

    def examine(self, changes: Mapping[str, object], request: Request) -> Examination:
        """Return what a request would do, without doing it."""
        findings = [*self._permission_findings(), *self._link_findings()]
        catalogue, settings, reading = self.catalogue, self._pack.current_settings, self._pack.last_reading
        if catalogue is None or settings is None or reading is None:
            return Examination(steps=[], findings=findings)
        valid: dict[str, SettingValue | None] = {}
        for key, value in changes.items():
            wrong = [*key_findings(catalogue, key)]
            wrong = wrong or [*value_findings(catalogue.settings[key], value, exact=request.exact)]
            findings += wrong
            if not wrong:
                valid[key] = value  # type: ignore[assignment]
        current = dict(settings.values) | {
            key: seen for key in valid if (seen := self.value(catalogue.settings[key])) is not None
        }
        steps = plan(catalogue, valid, current)
        changed = {step.key: step.new for step in steps if step.new is not None}
        findings += order_findings(catalogue, current | changed, changed)
        findings += self._assurance_findings(catalogue, steps, request)
        trips = consequence_findings(catalogue, changed, current, reading)
        findings += (replace(trip, severity=Severity.WARNING) if request.force else trip for trip in trips)
        return Examination(steps=steps, findings=findings)

    def _permission_findings(self) -> Iterator[Finding]:
        if not self.permission.control:
            yield Finding(code="control_off")

    def _link_findings(self) -> Iterator[Finding]:
        now = asyncio.get_running_loop().time()
        if self._pack.state is not LinkState.STREAMING:
            yield Finding(code="out_of_reach")
        elif not self._pack.is_fresh(now):
            yield Finding(code="stale")
        elif self._pack.current_settings is None:
            yield Finding(code="unread")

    def _assurance_findings(self, catalogue: Catalogue, steps: list[Step], request: Request) -> Iterator[Finding]:
        """Yield what needs an option or a second word of the user."""
        for step in steps:
            setting = catalogue.settings[step.key]
            details = {"parameter": words(step.key)}
            if setting.proof is Proof.EXPERIMENTAL and not self.permission.experimental:
                yield Finding(code="experimental_off", parameters=(step.key,), details=details)
            if setting.dangerous and not (self.permission.dangerous or request.confirm):
                yield Finding(code="confirm_needed", parameters=(step.key,), details=details)

    # What others do.

    async def apply(self, changes: Changes, request: Request) -> list[Record]:
        """Carry out a request; return a record for each write, in order. The first that does not hold ends it.

        Raises RefusedError before anything is sent.
        """
        return await self.run(lambda apply: apply(changes, request))

    async def run[T](self, procedure: Callable[[Apply], Awaitable[T]]) -> T:
        """Carry out several requests while nobody else gets his turn. Raises RefusedError, also if too many wait."""
        if self._waiting >= MOST_WAITING:
            raise refuse("busy")

        async def in_turn() -> T:
            async with self._turn:
                return await procedure(self._apply)

        self._waiting += 1
        task = asyncio.create_task(in_turn())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        # Whoever asked may go away; what was begun is brought to its end.
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._waiting -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it; if he went away, nobody needs it

    async def finish(self) -> None:
        """Wait until everything that was begun is at its end; it ends soon once the link is closed."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def refresh(self) -> None:
        """Read the parameters again, if nobody is changing them; what comes of it is told to `settings_read`."""
        if self._turn.locked() or self._pack.state is not LinkState.STREAMING:
            return
        async with self._turn:
            try:
                await self._pack.read_settings()
            except PackError:
                # The next connection reads them anyway.
                return

    # The steps of a write.

    async def _apply(self, changes: Changes, request: Request) -> list[Record]:
        examination = self.examine(changes, request)
        if examination.errors:
            raise RefusedError(examination.errors)
        catalogue = self.catalogue
        assert catalogue is not None
        records: list[Record] = []
        for step in examination.steps:
            if records and (records[-1].outcome is not Outcome.CONFIRMED or self._out_of_order(catalogue, step)):
                record = self.journal.add(self._record(step, request, Outcome.NOT_SENT))
                self._on_record(record, request.context)
            else:
                record = await self._write(catalogue.settings[step.key], step, request)
            records.append(record)
        if records:
            await self._save()
        return records

    def _out_of_order(self, catalogue: Catalogue, step: Step) -> bool:
        """Tell whether somebody else changed something meanwhile that makes the next write wrong."""
        settings = self._pack.current_settings
        if settings is None or step.new is None:
            return settings is None
        return any(order_findings(catalogue, {**settings.values, step.key: step.new}, [step.key]))

    def _record(self, step: Step, request: Request, outcome: Outcome) -> Record:
        return Record(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            parameter=step.key,
            old=step.old,
            new=step.new,
            outcome=outcome,
            source=request.source,
            user_id=request.user_id,
            user=request.user,
        )

    async def _write(self, setting: Setting, step: Step, request: Request) -> Record:
        if setting.kind is Kind.COMMAND:
            await self._backup(step.key)
        before = self._pack.current_settings
        record = self.journal.add(self._record(step, request, Outcome.PENDING))
        await self._save()
        self._under_way = record
        try:
            acknowledged = await self._pack.write(step.key, step.new)
            await self._read_back(setting, record, before, acknowledged=acknowledged)
        except PackError:
            record.outcome = Outcome.UNKNOWN
        finally:
            self._under_way = None
        self._conclude(setting, record)
        self._on_record(record, request.context)
        self._compare()
        return record

    async def _read_back(
        self, setting: Setting, record: Record, before: Settings | None, *, acknowledged: bool
    ) -> None:
        """Find out what the pack has now. Only this proves a write."""
        if setting.seen is not None:
            record.found = await self._see(setting, setting.seen, record.new)
            record.outcome = _judge(setting, record)
            return
        for attempt in range(2):
            try:
                settings = await self._pack.read_settings(setting.key)
            except SilentError:
                # Lost or broken on the way; the write itself is not repeated.
                if attempt:
                    raise
                continue
            if setting.kind is Kind.COMMAND:
                changed = before is None or dict(settings.values) != dict(before.values)
                record.outcome = Outcome.CONFIRMED if changed else Outcome.REFUSED
            else:
                record.found = settings.values.get(setting.key)
                record.outcome = _judge(setting, record)
            if record.outcome is Outcome.CONFIRMED or acknowledged or attempt:
                return
            # Not a word from the pack: it may just be slow.
            await asyncio.sleep(SECOND_LOOK)

    async def _see(
        self, setting: Setting, seen: Callable[..., SettingValue | None], wanted: SettingValue | None
    ) -> SettingValue | None:
        """Return what the readings show, at the latest when it should have shown."""
        found: SettingValue | None = None
        try:
            async with asyncio.timeout(SEEN_WITHIN):
                while not setting.same(found, wanted):
                    found = seen(await self._pack.next_reading())
        except TimeoutError:
            pass
        return found

    def _conclude(self, setting: Setting, record: Record) -> None:
        """Take what is proven as the state that is meant to be."""
        settings = self._pack.current_settings
        if record.outcome is not Outcome.CONFIRMED or settings is None:
            return
        if setting.kind is Kind.COMMAND:
            self.baseline.accept(settings.values, self._stored(settings))
        elif setting.seen is None:
            self.baseline.accept(settings.values, (setting.key,))

    # What the pack says by itself.

    def settings_read(self, settings: Settings) -> None:
        """Take parameters that the pack stated: settle what was open, and see what others changed.

        Before the pack streams its dialect is not certain, and what it stated may have been misread.
        """
        catalogue = self.catalogue
        if catalogue is None or self._pack.state is not LinkState.STREAMING:
            return
        for record in [record for record in self.journal.records if record.open and record is not self._under_way]:
            setting = catalogue.settings.get(record.parameter)
            if setting is None or setting.seen is not None:
                continue
            if setting.kind is Kind.COMMAND:
                changed = self.baseline.differences(settings.values, catalogue)
                record.outcome = Outcome.CONFIRMED if changed else Outcome.REFUSED
            else:
                record.found = settings.values.get(record.parameter)
                record.outcome = _judge(setting, record)
            self._conclude(setting, record)
            if not record.open:
                self._on_record(record, None)
        if self._under_way is None:
            self._compare()

    def _compare(self) -> None:
        """See what differs from what is meant to be, and tell if that is news."""
        settings, catalogue = self._pack.current_settings, self.catalogue
        if settings is None or catalogue is None:
            return
        stored = self._stored(settings)
        self.baseline.complete(settings.values, stored)
        drift = self.baseline.differences(settings.values, catalogue)
        if drift == self.drift:
            return
        for key, (old, found) in drift.items():
            if self.drift.get(key) != (old, found):
                record = Record(
                    at=datetime.now(UTC).isoformat(timespec="seconds"),
                    parameter=key,
                    old=old,
                    new=None,
                    outcome=Outcome.CHANGED_ELSEWHERE,
                    found=found,
                )
                self._on_record(self.journal.add(record), None)
        self.drift = drift
        self._on_drift(drift)

    def _stored(self, settings: Settings) -> tuple[str, ...]:
        catalogue = self.catalogue
        return tuple(key for key in settings.values if catalogue and key in catalogue.settings)

    def accept_drift(self) -> None:
        """Take what the pack has now as what is meant to be."""
        settings = self._pack.current_settings
        if settings is not None:
            self.baseline.accept(settings.values, tuple(self.drift))
            self._compare()


def _judge(setting: Setting, record: Record) -> Outcome:
    return Outcome(judge(setting.same, old=record.old, wanted=record.new, found=record.found))
