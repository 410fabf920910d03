"""What may help when a pack is not heard."""

import pytest

from custom_components.smart_bms.bms.connection_hints import LinkHint, link_hints
from custom_components.smart_bms.bms.connection_state import REASONS, STEPS, LinkState


def test_every_reason_has_a_hint_and_no_step_has_one() -> None:
    assert all(link_hints(state, None) for state in REASONS)
    assert not any(link_hints(state, -95) for state in STEPS | {LinkState.STOPPED})
    assert link_hints(LinkState.NO_FREE_SLOT, None) == (LinkHint.FREE_A_SLOT,)


@pytest.mark.parametrize(
    ("state", "signal", "weak"),
    [
        (LinkState.CONNECT_FAILED, -86, True),
        (LinkState.LINK_LOST, -86, True),
        (LinkState.LINK_LOST, -85, False),
        (LinkState.LINK_LOST, None, False),
        (LinkState.SILENT, -95, False),
    ],
)
def test_a_weak_signal_comes_first_where_it_may_be_why(state, signal, weak) -> None:
    assert (link_hints(state, signal)[0] is LinkHint.WEAK_SIGNAL) is weak
