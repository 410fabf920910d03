"""What JBD's manual says of a board that cannot be reached, and of the light on its Bluetooth module."""

from enum import StrEnum
import re
from typing import Final, NamedTuple

from ..connection_hints import WEAK, ConnectionHint

_VERSION: Final = re.compile(r"[Vv]?(\d+)\.(\d+)")


class Light(StrEnum):
    """What the light of the Bluetooth module does."""

    OFF = "off"
    ON = "on"
    FLASHES = "flashes"
    """Slowly."""
    OFF_LATER = "off_later"
    """8 s after the connection ended."""
    UNKNOWN = "unknown"


class Lights(NamedTuple):
    """By what the connection does."""

    disconnected: Light
    connecting: Light
    connected: Light
    ended: Light
    sleeps: bool | None
    """The module goes to sleep together with the board, 8 s later."""


_OLD: Final = Lights(Light.FLASHES, Light.ON, Light.ON, Light.OFF_LATER, sleeps=True)
_NEW: Final = Lights(Light.OFF, Light.UNKNOWN, Light.ON, Light.OFF, sleeps=False)
_NOT_DESCRIBED: Final = Lights(Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, sleeps=None)
_LAST_OLD, _FIRST_NEW = (1, 3), (1, 5)


def lights(version: str) -> Lights:
    """Return what the light does, by the version of the board's software (whether the manual means that one is not certain)."""
    found = _VERSION.match(version.strip())
    if found is None:
        return _NOT_DESCRIBED
    number = int(found[1]), int(found[2])
    return _OLD if number <= _LAST_OLD else _NEW if number >= _FIRST_NEW else _NOT_DESCRIBED


def connection_hints(state: str, signal: float | None, version: str) -> tuple[ConnectionHint, ...]:
    """Return what to check, by the state of the connection, the signal in dBm and the version of the board's software."""
    if state == "no_connectable_path":
        asleep = (ConnectionHint.WAKE_BOARD,) if lights(version).sleeps else ()
        return (ConnectionHint.CHECK_SUPPLY, *asleep, ConnectionHint.RESTART_BLUETOOTH)
    if state == "connect_failed":
        return (
            ConnectionHint.WEAK_SIGNAL if signal is not None and signal < WEAK else ConnectionHint.RESTART_BLUETOOTH,
        )
    if state == "not_this_kind":
        return ConnectionHint.WEAK_SIGNAL, ConnectionHint.RESTART_BLUETOOTH
    if state == "silent":
        return (ConnectionHint.OTHER_CLIENT,)
    return ()
