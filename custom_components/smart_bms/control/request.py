"""Write requests: who requests a change, what they confirmed, and what the user permits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..bms.settings import SettingValue

type Changes = Mapping[str, SettingValue | None]
"""Values by parameter; a command has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePermission:
    """What the options of a pack permit."""

    control: bool = False
    """Write at all."""
    dangerous: bool = False
    """Change without a confirmation what is dangerous or clears history."""
    experimental: bool = False
    """Write parameters that were never tried on a real pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """Who requests a change, and what they confirmed."""

    source: str = ""
    user_id: str | None = None
    user: str | None = None
    context: Any = None
    """Passed on to `on_record` with the outcome."""
    confirm: bool = False
    """The user confirmed a dangerous change."""
    force: bool = False
    """Write even if a protection would trip at once."""
    exact: bool = False
    """The values come from a pack and need not be multiples of the step that users are offered."""
    procedure: bool = False
    """It is a step of a calibration."""
    temporary: bool = False
    """It is undone at the end of a calibration: the baseline does not change."""
    puts_back: bool = False
    """It restores what a procedure has changed temporarily: no option forbids it."""
