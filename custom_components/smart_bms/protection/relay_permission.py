"""Permission of a family whose relays follow decision tables."""

from collections.abc import Iterable, Iterator, Sequence

from .mirror_state import MirrorState, Moment
from .monitor_permission import block_reasons, side_enabled, unreliable_reasons
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
    WAITS,
    Permission,
    Reason,
)
from .relays import Relay, Tristate, limit_of
from .rules import Condition, Side
from .smart123 import contradictions


def permission_by_relays(state: MirrorState, moment: Moment, side: Side) -> Permission:
    """Return whether a side is allowed by the tables of the mode in force, or of both while that is not known."""
    relays = relays_in_force(state, side)
    against = list(block_reasons(state, moment, side))
    if not contradictions(state.values):
        against += _open_reasons(state, moment, relays, blocked=bool(against))
    if against:
        return Permission(Tristate.NO, tuple(against))
    unknown = tuple(_unknown_reasons(state, moment, side, relays))
    return Permission(Tristate.UNKNOWN, unknown) if unknown else Permission(Tristate.YES, (Reason(FINE),))


def relays_in_force(state: MirrorState, side: Side) -> list[Relay]:
    """Return the relays of a side by the table of each mode that the pack may be in."""
    critical = state.switches.get("critical_mode")
    known = isinstance(critical, bool)
    return [tables[side] for mode, tables in state.relays.items() if not known or critical is mode]


def _open_reasons(state: MirrorState, moment: Moment, relays: Sequence[Relay], *, blocked: bool) -> Iterator[Reason]:
    """Yield what opens a relay, or what it waits for although nothing is wrong any more."""
    if all(relay.opens for relay in relays):
        for condition in relays[0].opens:
            yield _condition_reason(state, moment, TRIPPED, condition)
        return
    open_by_table = all(relay.answer is Tristate.NO for relay in relays)
    # Where the tables are not all public the pack's own word decides; they still explain it.
    if not blocked and (state.rules.follows_report or not open_by_table):
        return
    if any(relay.opens for relay in relays):
        return
    waits_for = {condition for relay in relays for condition in relay.waits_for}
    if waits_for:
        for condition in relays[0].table.on:
            if condition in waits_for:
                yield _wait_reason(state, moment, condition)
    elif open_by_table and not blocked:
        yield Reason(REPORTED, "cell_communication_fault")


def _unknown_reasons(state: MirrorState, moment: Moment, side: Side, relays: Sequence[Relay]) -> Iterator[Reason]:
    if moment.reading.alarms is not None:
        yield from unreliable_reasons(moment.reading)
    if contradictions(state.values):
        yield Reason(CONTRADICTION)
    elif not moment.known:
        yield Reason(NO_SETTINGS)
    elif state.rules.follows_report and not any(relay.opens for relay in relays):
        yield from (Reason(NOT_KNOWN, name) for name in _names(relay.may_open for relay in relays))
        if side_enabled(moment.reading, side) is None:
            yield Reason(NOT_SAID)
    elif {relay.answer for relay in relays} != {Tristate.YES}:
        unknown = _names(relay.unknown for relay in relays)
        yield from (Reason(NOT_KNOWN, name) for name in unknown)
        if not unknown:
            yield Reason(MODE)


def _names(conditions: Iterable[tuple[Condition, ...]]) -> list[str]:
    return sorted({condition.name for some in conditions for condition in some})


def _condition_reason(state: MirrorState, moment: Moment, code: str, condition: Condition) -> Reason:
    return Reason(
        code,
        condition.name,
        {
            "value": moment.measured[condition.quantity],
            "limit": limit_of(condition, state.values),
            "unit": condition.quantity.unit,
        },
    )


def _wait_reason(state: MirrorState, moment: Moment, condition: Condition) -> Reason:
    named = f"{WAITS}_{condition.name}"
    return _condition_reason(state, moment, named if named in CODES else WAITS, condition)
