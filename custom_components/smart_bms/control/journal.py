"""Journal: what was changed, by whom, and what the pack said to it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

from ..bms.settings import SettingValue

KEPT: Final = 100


class Outcome(StrEnum):
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


@dataclass(slots=True, kw_only=True)
class Record:
    """One change of one parameter."""

    at: str
    """Time in UTC, ISO 8601."""
    parameter: str
    old: SettingValue | None
    new: SettingValue | None
    outcome: Outcome
    found: SettingValue | None = None
    """What the pack was found to have afterwards."""
    source: str = ""
    """What asked: an entity's platform, an action, a repair."""
    user_id: str | None = None
    user: str | None = None

    @property
    def open(self) -> bool:
        """Tell whether it is still to be found out what became of it."""
        return self.outcome in (Outcome.PENDING, Outcome.UNKNOWN)

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what was kept."""
        return cls(**{**data, "outcome": Outcome(data["outcome"])})


class Journal:
    """The newest records of one pack."""

    def __init__(self, kept: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take up what was kept; what was on its way then has an unknown end."""
        self.records: deque[Record] = deque((Record.from_dict(data) for data in kept), maxlen=KEPT)
        for record in self.records:
            if record.outcome is Outcome.PENDING:
                record.outcome = Outcome.UNKNOWN

    def add(self, record: Record) -> Record:
        """Enter a record; the oldest goes."""
        self.records.append(record)
        return record

    def as_list(self) -> list[dict[str, Any]]:
        """Return what is kept, oldest first."""
        return [record.as_dict() for record in self.records]
