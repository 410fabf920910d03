"""Hints: what to check when a pack cannot be reached. Text only, never an action."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .connection_state import ConnectionState

WEAK: Final = -85
"""dBm below which a signal is weak."""


class ConnectionHint(StrEnum):
    """What may help."""

    WEAK_SIGNAL = "weak_signal"
    CHECK_SUPPLY = "check_supply"
    WAKE_BOARD = "wake_board"
    RESTART_BLUETOOTH = "restart_bluetooth"
    OTHER_CLIENT = "other_client"
    FREE_A_SLOT = "free_a_slot"
    RESTART_MODULE = "restart_module"
    CHECK_WIRES = "check_wires"
    PAIR = "pair"
    ENTER_PASSWORD = "enter_password"  # noqa: S105
    REPLACED = "replaced"


HINTS: Final[Mapping[ConnectionState, tuple[ConnectionHint, ...]]] = {
    ConnectionState.NO_CONNECTABLE_PATH: (
        ConnectionHint.OTHER_CLIENT,
        ConnectionHint.CHECK_SUPPLY,
        ConnectionHint.RESTART_BLUETOOTH,
    ),
    ConnectionState.NO_FREE_SLOT: (ConnectionHint.FREE_A_SLOT,),
    ConnectionState.CONNECT_FAILED: (ConnectionHint.RESTART_BLUETOOTH, ConnectionHint.OTHER_CLIENT),
    ConnectionState.CONNECTION_LOST: (ConnectionHint.OTHER_CLIENT, ConnectionHint.RESTART_BLUETOOTH),
    ConnectionState.SILENT: (ConnectionHint.OTHER_CLIENT,),
    ConnectionState.FROZEN: (ConnectionHint.RESTART_MODULE,),
    ConnectionState.IMPLAUSIBLE: (ConnectionHint.CHECK_WIRES,),
    ConnectionState.PAIRING_NEEDED: (ConnectionHint.PAIR,),
    ConnectionState.PASSWORD_NEEDED: (ConnectionHint.ENTER_PASSWORD,),
    ConnectionState.WRONG_PASSWORD: (ConnectionHint.ENTER_PASSWORD,),
    ConnectionState.NOT_THIS_KIND: (ConnectionHint.REPLACED, ConnectionHint.RESTART_BLUETOOTH),
}
"""By the reason why there is no data: what may help with any pack."""
_OF_SIGNAL: Final = frozenset({ConnectionState.CONNECT_FAILED, ConnectionState.CONNECTION_LOST})


def connection_hints(state: ConnectionState, signal: float | None) -> tuple[ConnectionHint, ...]:
    """Return what to check, by the reason why there is no data and the signal in dBm."""
    weak = state in _OF_SIGNAL and signal is not None and signal < WEAK
    return ((ConnectionHint.WEAK_SIGNAL,) if weak else ()) + HINTS.get(state, ())
