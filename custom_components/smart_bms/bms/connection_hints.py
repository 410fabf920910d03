"""Hints: what to look at when a pack cannot be reached. Text only, never an action."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .connection_state import LinkState

WEAK: Final = -85
"""dBm below which a signal is weak."""


class LinkHint(StrEnum):
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


HINTS: Final[Mapping[LinkState, tuple[LinkHint, ...]]] = {
    LinkState.NO_CONNECTABLE_PATH: (LinkHint.OTHER_CLIENT, LinkHint.CHECK_SUPPLY, LinkHint.RESTART_BLUETOOTH),
    LinkState.NO_FREE_SLOT: (LinkHint.FREE_A_SLOT,),
    LinkState.CONNECT_FAILED: (LinkHint.RESTART_BLUETOOTH, LinkHint.OTHER_CLIENT),
    LinkState.LINK_LOST: (LinkHint.OTHER_CLIENT, LinkHint.RESTART_BLUETOOTH),
    LinkState.SILENT: (LinkHint.OTHER_CLIENT,),
    LinkState.FROZEN: (LinkHint.RESTART_MODULE,),
    LinkState.IMPLAUSIBLE: (LinkHint.CHECK_WIRES,),
    LinkState.PAIRING_NEEDED: (LinkHint.PAIR,),
    LinkState.PASSWORD_NEEDED: (LinkHint.ENTER_PASSWORD,),
    LinkState.WRONG_PASSWORD: (LinkHint.ENTER_PASSWORD,),
    LinkState.NOT_THIS_KIND: (LinkHint.REPLACED, LinkHint.RESTART_BLUETOOTH),
}
"""By the reason why there is no data: what may help with any pack."""
_OF_SIGNAL: Final = frozenset({LinkState.CONNECT_FAILED, LinkState.LINK_LOST})


def link_hints(state: LinkState, signal: float | None) -> tuple[LinkHint, ...]:
    """Return what to look at, by the reason why there is no data and the signal in dBm."""
    weak = state in _OF_SIGNAL and signal is not None and signal < WEAK
    return ((LinkHint.WEAK_SIGNAL,) if weak else ()) + HINTS.get(state, ())
