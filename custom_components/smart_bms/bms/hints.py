"""Hints: what to look at when a pack cannot be reached. Text only, never an action."""

from enum import StrEnum


class LinkHint(StrEnum):
    """What may help."""

    WEAK_SIGNAL = "weak_signal"
    CHECK_SUPPLY = "check_supply"
    WAKE_BOARD = "wake_board"
    RESTART_BLUETOOTH = "restart_bluetooth"
    OTHER_CLIENT = "other_client"
