"""The verdict of a family whose relays follow decision tables."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .permission import (
    CODES,
    CONTRADICTION,
    FINE,
    MODE,
    NO_SETTINGS,
    NOT_KNOWN,
    NOT_SAID,
    REPORTED,
    TRIPPED,
    UNKNOWN,
    WAITS,
    Permission,
    Reason,
    doubts_of,
    enabled,
    said_against,
)
from .relays import Relay, Tristate, limit_of
from .rules import Condition, Side
from .smart123 import contradictions

if TYPE_CHECKING:
    from .mirror import Mirror


def of_relays(mirror: Mirror, side: Side) -> Permission:
    """Return the verdict by the tables of the mode in force, or of both while that is not known."""
    if mirror.moment is None:
        return UNKNOWN
    relays = in_force(mirror, side)
    against = list(said_against(mirror, side))
    if not contradictions(mirror.values):
        against += _held_open(mirror, relays, said=bool(against))
    if against:
        return Permission(Tristate.NO, tuple(against))
    doubts = tuple(_doubts(mirror, side, relays))
    return Permission(Tristate.UNKNOWN, doubts) if doubts else Permission(Tristate.YES, (Reason(FINE),))


def in_force(mirror: Mirror, side: Side) -> list[Relay]:
    """Return the relays of a side by the table of each mode that the pack may be in."""
    critical = mirror.switches.get("critical_mode")
    known = isinstance(critical, bool)
    return [tables[side] for mode, tables in mirror.relays.items() if not known or critical is mode]


def _held_open(mirror: Mirror, relays: Sequence[Relay], *, said: bool) -> Iterator[Reason]:
    """Yield what opens a relay, or what it waits for although nothing is wrong any more."""
    if all(relay.opens for relay in relays):
        for condition in relays[0].opens:
            yield _of_condition(mirror, TRIPPED, condition)
        return
    open_by_table = all(relay.answer is Tristate.NO for relay in relays)
    # Where the tables are not all public the pack's own word decides; they still explain it.
    if not said and (mirror.rules.follows_report or not open_by_table):
        return
    if any(relay.opens for relay in relays):
        return
    waits = {condition for relay in relays for condition in relay.waits_for}
    if waits:
        for condition in relays[0].table.on:
            if condition in waits:
                yield _waiting(mirror, condition)
    elif open_by_table and not said:
        yield Reason(REPORTED, "cell_communication_fault")


def _doubts(mirror: Mirror, side: Side, relays: Sequence[Relay]) -> Iterator[Reason]:
    assert mirror.moment is not None
    if mirror.moment.reading.alarms is not None:
        yield from doubts_of(mirror.moment.reading)
    if contradictions(mirror.values):
        yield Reason(CONTRADICTION)
    elif not mirror.moment.known:
        yield Reason(NO_SETTINGS)
    elif mirror.rules.follows_report and not any(relay.opens for relay in relays):
        yield from (Reason(NOT_KNOWN, name) for name in _names(relay.may_open for relay in relays))
        if enabled(mirror.moment.reading, side) is None:
            yield Reason(NOT_SAID)
    elif {relay.answer for relay in relays} != {Tristate.YES}:
        unknown = _names(relay.unknown for relay in relays)
        yield from (Reason(NOT_KNOWN, name) for name in unknown)
        if not unknown:
            yield Reason(MODE)


def _names(conditions: Iterable[tuple[Condition, ...]]) -> list[str]:
    return sorted({condition.name for some in conditions for condition in some})


def _of_condition(mirror: Mirror, code: str, condition: Condition) -> Reason:
    assert mirror.moment is not None
    return Reason(
        code,
        condition.name,
        {
            "value": mirror.moment.measured[condition.quantity],
            "limit": limit_of(condition, mirror.values),
            "unit": condition.quantity.unit,
        },
    )


def _waiting(mirror: Mirror, condition: Condition) -> Reason:
    named = f"{WAITS}_{condition.name}"
    return _of_condition(mirror, named if named in CODES else WAITS, condition)
