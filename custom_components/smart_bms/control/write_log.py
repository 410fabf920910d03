"""Journal: what was changed, by whom, and what the pack said to it."""

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


class WriteOutcome(StrEnum):
    """What became of a write."""

    PENDING = "pending"
    """On its way; after a restart the next settings tell."""
    CONFIRMED = "confirmed"
    """Read back from the pack."""
    REFUSED = "refused"
    """The pack has the old value still."""
    DIFFERENT = "different"
    """The pack has neither the old nor the wished value."""
    UNKNOWN = "unknown"
    """The link was lost before it could be read back; the next settings tell."""
    NOT_SENT = "not_sent"
    """A write before it, of the same request, did not hold."""
    CHANGED_ELSEWHERE = "changed_elsewhere"
    """Nobody here did it."""


def now() -> str:
    """Return the time for a record."""
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
    """What the pack was found to have afterwards."""
    source: str = ""
    """What asked: an entity's platform, an action, a repair."""
    user_id: str | None = None
    user: str | None = None
    temporary: bool = False
    """A step of a calibration that is taken back at its end."""
    closed: bool = False
    """What became of it will never be known."""
    sent_at: float = -math.inf
    """Monotonic time in s; of an earlier run it means nothing and is not kept."""

    @property
    def open(self) -> bool:
        """Return whether it is still to be found out what became of it.

        What a command changed cannot be told from the parameters alone; what differs then is shown as such.
        """
        if self.new is None or self.closed:
            return False
        return self.outcome is WriteOutcome.PENDING or (self.outcome is WriteOutcome.UNKNOWN and self.found is None)

    @property
    def is_command(self) -> bool:
        """Return whether it was a command, which has no value; `found` then is the number of parameters it changed."""
        return self.new is None and self.outcome is not WriteOutcome.CHANGED_ELSEWHERE

    def values(self) -> dict[str, SettingValue | None]:
        """Return the values: before, wished, afterwards."""
        return {"old": self.old, "new": self.new, "found": self.found}

    @property
    def in_doubt(self) -> bool:
        """Return whether it left and could not be read back."""
        return self.open and self.outcome is WriteOutcome.UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept."""
        return {key: value for key, value in asdict(self).items() if key != "sent_at"}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what was kept. Raises ValueError, TypeError or KeyError if it cannot be read."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        for key, value in values.items():
            if not isinstance(value, _TYPES.get(key, _VALUE)):
                raise TypeError(f"{key} is no such thing")
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
"""Of the fields of a record; the others hold values of parameters."""


class WriteLog:
    """The newest records of one pack."""

    def __init__(self, stored: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take up what was kept; what was on its way then has an unknown end. What cannot be read is passed over."""
        self.records: deque[WriteRecord] = deque(maxlen=MAX_RECORDS)
        for data in stored:
            # A newer version may have written it.
            with suppress(ValueError, TypeError, KeyError):
                self.records.append(WriteRecord.from_dict(data))
        for record in self.records:
            if record.outcome is WriteOutcome.PENDING:
                record.outcome = WriteOutcome.UNKNOWN
        # Asked for at every reading, and nearly always empty.
        self._open = [record for record in self.records if record.open]

    def add(self, record: WriteRecord) -> WriteRecord:
        """Enter a record; the oldest goes."""
        self.records.append(record)
        self._open.append(record)
        return record

    def open_records(self) -> list[WriteRecord]:
        """Return those of which it is not known yet what became of them."""
        self._open = [record for record in self._open if record.open]
        return list(self._open)

    def explains(self, parameter: str, found: SettingValue) -> bool:
        """Return whether the last change of a parameter explains this value.

        Somebody else set it, which was told then; or a procedure here did for a moment, and could not put it back.
        """
        changes = (WriteOutcome.CONFIRMED, WriteOutcome.DIFFERENT, WriteOutcome.CHANGED_ELSEWHERE)
        told = (record for record in reversed(self.records) if record.outcome in changes)
        last = next((record for record in told if record.parameter == parameter), None)
        explains = last is not None and (last.temporary or last.outcome is WriteOutcome.CHANGED_ELSEWHERE)
        return last is not None and explains and last.found == found

    def as_list(self) -> list[dict[str, Any]]:
        """Return what is kept, oldest first."""
        return [record.as_dict() for record in self.records]
