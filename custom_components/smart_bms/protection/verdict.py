"""Verdicts: whether a side is allowed, and why. The more careful of what the rules and what the pack say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..bms.reading import Reading
from .relays import Answer
from .rules import Side
from .track import State, Track

if TYPE_CHECKING:
    from .mirror import Mirror

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
    """Why a verdict is as it is: a code that is translated, what it is about, and its numbers."""

    code: str
    about: str = ""
    """The protection or the alarm, or what is waited for."""
    numbers: Mapping[str, Detail] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with its reasons, the weightiest first."""

    answer: Answer
    reasons: tuple[Reason, ...]


def enabled(reading: Reading, side: Side) -> bool | None:
    """Return what the pack says of its switch."""
    return reading.charging_enabled if side is Side.CHARGE else reading.discharging_enabled


UNKNOWN: Final = Verdict(Answer.UNKNOWN, (Reason(NO_DATA),))


def of_tracks(mirror: Mirror, side: Side) -> Verdict:
    """Return the verdict of a family whose protections decide each by itself."""
    if mirror.moment is None:
        return UNKNOWN
    if not mirror.rules:
        return Verdict(Answer.UNKNOWN, (Reason(NO_RULES),))
    against = [*said_against(mirror, side), *_tripped(mirror, side)]
    if against:
        return Verdict(Answer.NO, tuple(against))
    if not mirror.moment.known:
        return Verdict(Answer.UNKNOWN, (Reason(NO_SETTINGS),))
    unknown = [
        Reason(NOT_KNOWN, track.rule.protection)
        for track in mirror.active
        if track.state is State.UNKNOWN and side in track.rule.blocks
    ]
    if mirror.moment.reading.alarms is None:
        unknown.append(Reason(NOT_SAID))
    return Verdict(Answer.UNKNOWN, tuple(unknown)) if unknown else Verdict(Answer.YES, (Reason(FINE),))


def said_against(mirror: Mirror, side: Side) -> Iterator[Reason]:
    """Yield what speaks against it outside the rules."""
    if mirror.switches.get(f"{side}_switch") is False:
        yield Reason(SWITCHED_OFF)
    for row in mirror.reports(side):
        seconds = mirror.values.get(row.release_after) if row.release_after else None
        yield Reason(REPORTED, row.protection, {"seconds": seconds} if seconds else None)
    if mirror.moment is not None and enabled(mirror.moment.reading, side) is False:
        alarms = mirror.moment.reading.alarms
        yield Reason(PACK_BLOCKS, ", ".join(alarms)) if alarms else Reason(PACK_BLOCKS_SILENTLY)


def _tripped(mirror: Mirror, side: Side) -> Iterator[Reason]:
    assert mirror.moment is not None
    for track in mirror.active:
        if side not in track.rule.blocks:
            continue
        if track.state is State.TRIPPED:
            ends_at = track.release_at
            if ends_at is not None:
                seconds = round(max(0.0, ends_at - mirror.moment.at), 1)
                yield Reason(HELD, track.rule.protection, numbers_of(track) | {"seconds": seconds})
            else:
                yield Reason(TRIPPED, track.rule.protection, numbers_of(track))
        elif track.would_trip and side is Side.CHARGE:
            yield Reason(WOULD_TRIP, track.rule.protection, numbers_of(track))


def numbers_of(track: Track) -> dict[str, Detail]:
    """Return the numbers of a protection."""
    return {
        "value": track.value,
        "limit": track.limit,
        "release": track.release,
        "unit": track.rule.quantity.unit,
    }
