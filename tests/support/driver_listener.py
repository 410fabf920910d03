"""What a driver tells, kept."""

from collections.abc import Callable, Mapping, Sequence

from custom_components.smart_bms.bms.event_log import LoggedEvent
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.settings import Settings


class Listener:
    """Keeps all that a driver tells, and trusts every reading unless told otherwise."""

    def __init__(self) -> None:
        self.identities: list[Identity] = []
        self.reported: list[Settings] = []
        self.readings: list[Reading] = []
        self.frames: list[bytes] = []
        self.events: list[LoggedEvent] = []
        self.soc: dict[int, float] = {}
        self.drops: list[str] = []
        self.trusts = True

    def identity(self, identity: Identity) -> None:
        """Keep who the pack is."""
        self.identities.append(identity)

    def settings(self, settings: Settings) -> None:
        """Keep its parameters."""
        self.reported.append(settings)

    def reading(self, reading: Reading) -> bool:
        """Keep a measurement."""
        self.readings.append(reading)
        return self.trusts

    def frame(self, frame: bytes, now: float, masked: Callable[[bytes], bytes] | None = None) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Keep what the pack wrote to its log."""
        self.events += events

    def history(self, soc: Mapping[int, float]) -> None:
        """Keep the state of charge that the pack remembers."""
        self.soc |= soc

    def drop(self, reason: str, count: int = 1) -> None:
        """Keep why frames did not become a value."""
        self.drops += [reason] * count
