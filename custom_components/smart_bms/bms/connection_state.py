"""State of the connection to a pack."""

from enum import StrEnum
from typing import Final


class ConnectionState(StrEnum):
    """State of the connection to a pack; the failures are named as the errors' reasons."""

    CONNECTING = "connecting"
    IDENTIFYING = "identifying"
    STREAMING = "streaming"
    FROZEN = "frozen"
    SILENT = "silent"
    IMPLAUSIBLE = "implausible"
    CONNECTION_LOST = "link_lost"
    NO_CONNECTABLE_PATH = "no_connectable_path"
    NO_FREE_SLOT = "no_free_slot"
    CONNECT_FAILED = "connect_failed"
    PAIRING_NEEDED = "pairing_needed"
    PASSWORD_NEEDED = "password_needed"  # noqa: S105
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    NOT_THIS_KIND = "not_this_kind"
    WAITING_FOR_TURN = "waiting_for_turn"
    RESTING = "resting"
    RELEASED = "released"
    STOPPED = "stopped"


CONNECTED: Final = frozenset({ConnectionState.STREAMING, ConnectionState.IDENTIFYING})
HOLDS: Final = frozenset({ConnectionState.WAITING_FOR_TURN, ConnectionState.RESTING, ConnectionState.RELEASED})
"""There is no connection because we do not want one now: others need the slot, the pack is to sleep, or a phone may connect."""
STEPS: Final = CONNECTED | {ConnectionState.CONNECTING}
"""What is being done; every other state but those of `HOLDS` and `STOPPED` is a reason why there is no data."""
REASONS: Final = frozenset(ConnectionState) - STEPS - HOLDS - {ConnectionState.STOPPED}
ASKS_FOR_PASSWORD: Final = frozenset({ConnectionState.PASSWORD_NEEDED, ConnectionState.WRONG_PASSWORD})
"""The pack is not connected again before there is another password."""
