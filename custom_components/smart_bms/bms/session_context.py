"""Session context: what a session with a pack is given from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bleak import BleakClient

from .advertisement import Advertisement


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """What a pack and its drivers are given; all of it is optional."""

    address: str = ""
    password: str | None = field(default=None, repr=False)
    """What the owner set in the vendor's app, if the pack asked for it."""
    interval: float = 0.0
    """Time between two polls in s, for families that are polled; 0 for the family's default."""
    clock: Callable[[], datetime] = datetime.now
    """Returns the local time, for boards whose clock is set."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What a session leaves to the next one with the same pack."""
    learned: dict[str, Any] = field(default_factory=dict)
    """What sessions leave to all later ones, also after a restart: values that JSON can hold."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the owner chose among the family's options."""
    advertisement: Callable[[], Advertisement | None] = lambda: None
    """Returns what was last heard of the pack."""
    is_weak: Callable[[], bool] = lambda: False
    """Returns whether the signal of the pack is weak, so that connecting takes long."""
    client_class: type[BleakClient] | None = None
    """What connects; None for the usual one."""
