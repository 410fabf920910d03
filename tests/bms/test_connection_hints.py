"""What may help when a pack is not heard."""

import pytest

from custom_components.smart_bms.bms.connection_hints import ConnectionHint, connection_hints
from custom_components.smart_bms.bms.connection_state import REASONS, STEPS, ConnectionState


def test_every_reason_has_a_hint_and_no_step_has_one() -> None:
    assert all(connection_hints(state, None) for state in REASONS)
    assert not any(connection_hints(state, -95) for state in STEPS | {ConnectionState.STOPPED})
    assert connection_hints(ConnectionState.NO_FREE_SLOT, None) == (ConnectionHint.FREE_A_SLOT,)


@pytest.mark.parametrize(
    ("state", "signal", "weak"),
    [
        (ConnectionState.CONNECT_FAILED, -86, True),
        (ConnectionState.CONNECTION_LOST, -86, True),
        (ConnectionState.CONNECTION_LOST, -85, False),
        (ConnectionState.CONNECTION_LOST, None, False),
        (ConnectionState.SILENT, -95, False),
    ],
)
def test_a_weak_signal_comes_first_where_it_may_be_why(state, signal, weak) -> None:
    assert (connection_hints(state, signal)[0] is ConnectionHint.WEAK_SIGNAL) is weak
