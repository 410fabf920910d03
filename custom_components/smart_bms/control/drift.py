"""Drift: detects parameters that were changed elsewhere, and settles writes whose outcome is unknown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..bms.connection_state import ConnectionState
from ..bms.pack import Pack
from ..bms.settings import Setting, Settings
from .baseline import Baseline, Difference
from .read_back import outcome_of
from .write_log import WriteLog, WriteOutcome, WriteRecord, now

type OnDrift = Callable[[Mapping[str, Difference], bool], None]
"""Called with the differences, and whether any of them is new."""


class DriftDetector:
    """Compares the parameters of a pack with what was written, and with the baseline."""

    def __init__(
        self,
        pack: Pack,
        write_log: WriteLog,
        baseline: Baseline,
        on_record: Callable[[WriteRecord, Any], None],
        on_drift: OnDrift,
    ) -> None:
        """`on_record` is called with every record added or settled, `on_drift` with all differences if they change."""
        self.write_log = write_log
        self.baseline = baseline
        self.drift: Mapping[str, Difference] = {}
        self.current_write: WriteRecord | None = None
        """The write in progress: the writer judges its read-back itself."""
        self.temporary_keys: set[str] = set()
        """Parameters that a procedure has changed temporarily, and restores."""
        self._pack = pack
        self._on_record = on_record
        self._on_drift = on_drift

    def handle_settings(self, settings: Settings) -> None:
        """Settle open records and update the drift from parameters that were read from the pack.

        Before the pack streams, its protocol variant is not certain, and the parameters may have been misread.
        """
        catalog = self._pack.catalog()
        if catalog is None or self._pack.state is not ConnectionState.STREAMING:
            return
        for record in self.write_log.open_records():
            setting = catalog.settings.get(record.parameter)
            if setting is None:
                record.closed = True  # another board, or another firmware: it will never be known
            elif record is not self.current_write:
                self._settle(record, setting, settings)
        if self.current_write is None:
            self.compare()

    def _settle(self, record: WriteRecord, setting: Setting, settings: Settings) -> None:
        """Determine the outcome of a write from what was read after it was sent."""
        reading = self._pack.last_reading
        if setting.seen is not None:
            if reading is None or reading.measured_at <= record.sent_at:
                return
            record.found = setting.seen(reading)
        elif settings.read_at(setting.key) > record.sent_at:
            record.found = settings.values.get(setting.key)
        if record.found is None:
            return
        record.outcome = outcome_of(setting, record)
        if setting.seen is not None and record.outcome is WriteOutcome.DIFFERENT:
            record.outcome = WriteOutcome.UNKNOWN  # it has moved by itself since
        self.update_baseline(setting, record)
        self._on_record(record, None)

    def update_baseline(self, setting: Setting, record: WriteRecord) -> None:
        """Set what was read back after a write as intended; temporary and failed writes change nothing."""
        settings = self._pack.current_settings
        if (
            settings is None
            or record.temporary
            or record.outcome not in (WriteOutcome.CONFIRMED, WriteOutcome.DIFFERENT)
        ):
            return
        if record.new is None:
            self.baseline.accept(settings.values, self._stored(settings))
        elif setting.seen is None:
            self.baseline.accept(settings.values, (setting.key, *setting.also_changes))

    def compare(self) -> None:
        """Update the drift from the present parameters, and report it if it changed."""
        settings, catalog = self._pack.current_settings, self._pack.catalog()
        if settings is None or catalog is None:
            return
        self.baseline.complete(settings.values, self._stored(settings))
        pending = {record.parameter for record in self.write_log.open_records()} | self.temporary_keys
        drift = {
            key: difference
            for key, difference in self.baseline.differences(settings.values, catalog).items()
            if key not in pending
        }
        if drift == self.drift:
            return
        is_new = False
        for key, (old, found) in drift.items():
            if not self.write_log.explains(key, found):
                is_new = True
                record = WriteRecord(
                    at=now(), parameter=key, old=old, new=None, found=found, outcome=WriteOutcome.CHANGED_ELSEWHERE
                )
                self._on_record(self.write_log.add(record), None)
        self.drift = drift
        self._on_drift(drift, is_new)

    def _stored(self, settings: Settings) -> Iterable[str]:
        catalog = self._pack.catalog()
        return [key for key in settings.values if catalog and key in catalog.settings]

    def accept(self, shown: Mapping[str, Difference]) -> bool:
        """Accept the present drift as intended if it is still what the user was shown; return whether it is."""
        settings = self._pack.current_settings
        if settings is None or dict(shown) != dict(self.drift):
            return False
        self.baseline.accept(settings.values, shown)
        self.compare()
        return True
