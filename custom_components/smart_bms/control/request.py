"""Requests: who asks for a change, how surely, and what the user allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..bms.settings import SettingValue

type Changes = Mapping[str, SettingValue | None]
"""Values by parameter; a command has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePermission:
    """What the user allows for this pack."""

    control: bool = False
    dangerous: bool = False
    experimental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """Who asks for a change, and how surely."""

    source: str = ""
    user_id: str | None = None
    user: str | None = None
    context: Any = None
    """Handed through to whoever is told of the outcome."""
    confirm: bool = False
    """The user said once more that a dangerous change is meant."""
    force: bool = False
    """Go on even if the pack would act upon it at once."""
    exact: bool = False
    """The values come from a pack and need not lie on the steps that users are given."""
    procedure: bool = False
    """It is a step of a calibration."""
    temporary: bool = False
    """It is taken back at the end of a calibration: what is meant to be stays what it was."""
    puts_back: bool = False
    """It takes back what a procedure has changed for a moment: no option forbids it."""
