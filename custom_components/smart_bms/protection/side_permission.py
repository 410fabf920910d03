"""Whether a pack may be charged or discharged: by its relays where its family has tables for them, else by its monitors."""

from .mirror_state import MirrorState, Moment
from .monitor import ProtectionState
from .monitor_permission import permission_by_monitors, reported_protections
from .permission import Permission
from .relay_permission import permission_by_relays, relays_in_force
from .relays import Tristate
from .rules import Side
from .smart123 import contradictions


def side_permission(state: MirrorState, moment: Moment, side: Side) -> Permission:
    """Return whether a side is allowed, by the pack's rules and by its own word: the more careful of both."""
    if state.relays:
        return permission_by_relays(state, moment, side)
    return permission_by_monitors(state, moment, side)


def forced_answer(state: MirrorState, moment: Moment, side: Side) -> Tristate:
    """Return what the rules alone say, whatever the pack lets pass; unknown where they leave a choice."""
    if state.relays:
        answers = {relay.answer if relay.forced else Tristate.UNKNOWN for relay in relays_in_force(state, side)}
        return answers.pop() if len(answers) == 1 and not contradictions(state.values) else Tristate.UNKNOWN
    states = [monitor.state for monitor in state.active if side in monitor.rule.blocks]
    if ProtectionState.TRIPPED in states or reported_protections(state, moment, side):
        return Tristate.NO
    return Tristate.YES if moment.known and states and ProtectionState.UNKNOWN not in states else Tristate.UNKNOWN
