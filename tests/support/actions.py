"""Calling actions for packs."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

type Act = Callable[..., Awaitable[dict[str, Any]]]
"""The fixture that calls an action: its name, packs, context, fields."""

ALLOWED: Final = {"allow_control": True}
"""Options of a pack that may be changed."""
OTHER: Final = "C8:47:80:00:00:02"
"""Address of a second pack."""
