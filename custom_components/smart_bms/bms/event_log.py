"""Event log: what packs write down by themselves, one entry for each time something went wrong."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened. The value is the key that users see and automations use."""

    CELL_UNDERVOLTAGE = "cell_undervoltage"
    CELL_OVERVOLTAGE = "cell_overvoltage"
    CHARGE_UNDERTEMPERATURE = "charge_undertemperature"
    CELL_OVERTEMPERATURE = "cell_overtemperature"
    CELL_COMMUNICATION_FAULT = "cell_communication_fault"
    DISCHARGE_UNDERTEMPERATURE = "discharge_undertemperature"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One entry."""

    kind: EventKind
    age: float
    """Seconds between the event and the moment at which it was read."""
    read_at: float
    """Monotonic time in seconds of that moment."""
    cell: int | None = None
    value: float | None = None
    """V or °C, as the kind of event says."""
