"""Permission: whether something is allowed, with the reasons for the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .relays import Tristate

type Detail = str | float | None

NO_DATA: Final = "no_data"
NO_SETTINGS: Final = "no_settings"
NO_RULES: Final = "no_rules"
SWITCHED_OFF: Final = "switched_off"
PACK_BLOCKS: Final = "pack_blocks"
PACK_BLOCKS_SILENTLY: Final = "pack_blocks_silently"
NOT_SAID: Final = "pack_does_not_say"
NOT_KNOWN: Final = "not_known"
TRIPPED: Final = "tripped"
HELD: Final = "held_for"
WOULD_TRIP: Final = "would_trip"
REPORTED: Final = "reported"
WAITS: Final = "waits_for"
CONTRADICTION: Final = "settings_contradict"
MODE: Final = "mode_unknown"
FINE: Final = "fine"

CODES: Final = (
    NO_DATA,
    NO_SETTINGS,
    NO_RULES,
    SWITCHED_OFF,
    PACK_BLOCKS,
    PACK_BLOCKS_SILENTLY,
    NOT_SAID,
    NOT_KNOWN,
    TRIPPED,
    HELD,
    WOULD_TRIP,
    REPORTED,
    WAITS,
    f"{WAITS}_charge_restart",
    f"{WAITS}_discharge_restart",
    f"{WAITS}_cells_above_bypass",
    CONTRADICTION,
    MODE,
    FINE,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is as it is: a code that is translated, what it is about, and its numbers."""

    code: str
    about: str = ""
    """The protection or the alarm, or what is waited for."""
    numbers: Mapping[str, Detail] | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer with its reasons, the weightiest first."""

    answer: Tristate
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool | None:
        """Whether the answer is yes; None is unknown."""
        return None if self.answer is Tristate.UNKNOWN else self.answer is Tristate.YES

    @property
    def has_numbers(self) -> bool:
        """Whether a reason states numbers, which change with every reading."""
        return any(reason.numbers is not None for reason in self.reasons)


UNKNOWN: Final = Permission(Tristate.UNKNOWN, (Reason(NO_DATA),))
"""Of a pack that has not been read yet."""
