"""Write log: which parameters were changed, by whom, and with which outcome."""

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
import math
from types import NoneType
from typing import Any, Final, Self

from ..bms.settings import SettingValue

MAX_RECORDS: Final = 100
"""For each pack; older ones are dropped."""


class WriteOutcome(StrEnum):
    """Outcome of a write."""

    PENDING = "pending"
    """Being written; after a restart the next parameters that are read settle it."""
    CONFIRMED = "confirmed"
    """Read back from the pack."""
    REFUSED = "refused"
    """The pack still has the old value."""
    DIFFERENT = "different"
    """The pack has neither the old nor the new value."""
    UNKNOWN = "unknown"
    """The connection was lost before it was read back; the next parameters that are read settle it."""
    NOT_SENT = "not_sent"
    """An earlier write of the same request failed."""
    CHANGED_ELSEWHERE = "changed_elsewhere"
    """Not written by this integration."""


def now() -> str:
    """Return the present time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True, kw_only=True)
class WriteRecord:
    """One change of one parameter."""

    at: str
    """Time in UTC, ISO 8601."""
    parameter: str
    old: SettingValue | None
    new: SettingValue | None
    outcome: WriteOutcome
    found: SettingValue | None = None
    """The value that was read afterwards."""
    source: str = ""
    """What requested it: an entity's platform, an action, a repair."""
    user_id: str | None = None
    user: str | None = None
    temporary: bool = False
    """A step of a calibration that is undone at its end."""
    closed: bool = False
    """Its outcome will never be known."""
    sent_at: float = -math.inf
    """Monotonic time in s; meaningless after a restart and not stored."""

    @property
    def open(self) -> bool:
        """Return whether its outcome is still to be determined.

        What a command changed does not follow from the parameters alone; differences after it are reported as drift.
        """
        if self.new is None or self.closed:
            return False
        return self.outcome is WriteOutcome.PENDING or (self.outcome is WriteOutcome.UNKNOWN and self.found is None)

    @property
    def is_command(self) -> bool:
        """Return whether it was a command, which has no value; `found` then is the number of parameters it changed."""
        return self.new is None and self.outcome is not WriteOutcome.CHANGED_ELSEWHERE

    def values(self) -> dict[str, SettingValue | None]:
        """Return the values by `old`, `new` and `found`."""
        return {"old": self.old, "new": self.new, "found": self.found}

    @property
    def in_doubt(self) -> bool:
        """Return whether it was sent and could not be read back."""
        return self.open and self.outcome is WriteOutcome.UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {key: value for key, value in asdict(self).items() if key != "sent_at"}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return a stored record. Raises ValueError, TypeError or KeyError if it is invalid."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        for key, value in values.items():
            if not isinstance(value, _TYPES.get(key, _VALUE)):
                raise TypeError(f"{key} has the wrong type")
        return cls(**{**values, "outcome": WriteOutcome(data["outcome"])})


_VALUE: Final = (bool, int, float, str, NoneType)
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "at": str,
    "parameter": str,
    "source": str,
    "user_id": (str, NoneType),
    "user": (str, NoneType),
    "temporary": bool,
    "closed": bool,
}
"""Types of the fields of a record; the others are values of parameters."""


class WriteLog:
    """The newest records of one pack."""

    def __init__(self, stored: Iterable[Mapping[str, Any]] = ()) -> None:
        """`stored`: what `as_list` returned; a pending record becomes unknown, an invalid one is skipped."""
        self.records: deque[WriteRecord] = deque(maxlen=MAX_RECORDS)
        for data in stored:
            # A newer version may have written it.
            with suppress(ValueError, TypeError, KeyError):
                self.records.append(WriteRecord.from_dict(data))
        for record in self.records:
            if record.outcome is WriteOutcome.PENDING:
                record.outcome = WriteOutcome.UNKNOWN
        # Needed at every reading, and nearly always empty.
        self._open = [record for record in self.records if record.open]

    def add(self, record: WriteRecord) -> WriteRecord:
        """Add a record and return it; the oldest is dropped if there are too many."""
        self.records.append(record)
        self._open.append(record)
        return record

    def open_records(self) -> list[WriteRecord]:
        """Return the records whose outcome is not known yet."""
        self._open = [record for record in self._open if record.open]
        return list(self._open)

    def explains(self, parameter: str, found: SettingValue) -> bool:
        """Return whether the last change of a parameter explains this value.

        Either it was set elsewhere, and reported then; or a procedure set it temporarily, and could not restore it.
        """
        changes = (WriteOutcome.CONFIRMED, WriteOutcome.DIFFERENT, WriteOutcome.CHANGED_ELSEWHERE)
        candidates = (record for record in reversed(self.records) if record.outcome in changes)
        last = next((record for record in candidates if record.parameter == parameter), None)
        explains = last is not None and (last.temporary or last.outcome is WriteOutcome.CHANGED_ELSEWHERE)
        return last is not None and explains and last.found == found

    def as_list(self) -> list[dict[str, Any]]:
        """Return what is stored, oldest first."""
        return [record.as_dict() for record in self.records]
