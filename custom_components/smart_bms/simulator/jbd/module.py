"""The Bluetooth module of newer JBD boards: it asks for a password before it passes anything to the board."""

from collections.abc import Iterator
from dataclasses import dataclass, field
import itertools
import random
from typing import Final

_HEADER: Final = b"\xff\xaa"
_APP_KEY: Final = b"000000"
_ROOT_PASSWORD: Final = bytes.fromhex("4a4244627470776421402332303233")

RENAME: Final = 0x07
_KEY: Final = 0x15
_NEW_PASSWORD: Final = 0x16
_RANDOM: Final = 0x17
_USER: Final = 0x18
_ROOT: Final = 0x1D
_ACCEPTED, _REJECTED, _NO_PASSWORD = b"\x00", b"\x01", b"\x02"


def pack_message(command: int, data: bytes) -> bytes:
    """Return a message of the module."""
    body = bytes((command, len(data))) + data
    return _HEADER + body + bytes((sum(body) & 0xFF,))


def unpack_message(message: bytes) -> tuple[int, bytes] | None:
    """Return command and data; None unless it is one whole message."""
    if len(message) < 5 or message != pack_message(message[2], message[4:-1]):
        return None
    return message[2], message[4:-1]


def cipher(mac: bytes, password: bytes, chance: int) -> bytes:
    """Return a password as it travels; `chance` is the module's last random byte."""
    key = mac.ljust(len(password), b"\x00")
    return bytes(((secret ^ letter) + chance) & 0xFF for secret, letter in zip(key, password, strict=False))


@dataclass(slots=True)
class ModuleLogin:
    """Who is let through to the board. The password is None on modules without the dialog, empty if none was set."""

    mac: bytes
    password: str | None
    randoms: Iterator[int] = field(init=False)
    """Where the random bytes come from."""
    user: bool = False
    root: bool = False
    _key: bool = False
    _chance: int | None = None

    def __post_init__(self) -> None:
        """Throw dice that fall the same way for the same address."""
        dice = random.Random(self.mac)
        self.randoms = (dice.randrange(256) for _ in itertools.count())

    @property
    def open(self) -> bool:
        """The board hears what clients say."""
        return self.password is None or self.user

    def close(self) -> None:
        """Forget who was let through."""
        self.user = self.root = self._key = False
        self._chance = None

    def answer(self, command: int, data: bytes) -> bytes | None:
        """Return the data of the answer; None: the module says nothing."""
        if self.password is not None and command == _KEY:
            return self._take_key(data)
        return self._answer_known(command, data, self.password) if self.password is not None and self._key else None

    def _answer_known(self, command: int, data: bytes, password: str) -> bytes | None:
        """Go on with an app that gave its key."""
        if command == _RANDOM:
            self._chance = next(self.randoms)
            return bytes((self._chance,))
        if command == _USER:
            self.user = self._right(data, password.encode())
            return _ACCEPTED if self.user else _REJECTED
        if command == _ROOT:
            self.root = self.user and self._right(data, _ROOT_PASSWORD)
            return _ACCEPTED if self.root else _REJECTED
        return self._change_password(data) if command == _NEW_PASSWORD else None

    def _take_key(self, data: bytes) -> bytes:
        self._key = data == _APP_KEY
        if not self._key:
            return _REJECTED
        if self.password:
            return _ACCEPTED
        self.user = True
        return _NO_PASSWORD

    def _right(self, data: bytes, password: bytes) -> bool:
        return self._chance is not None and data == cipher(self.mac, password, self._chance)

    def _change_password(self, data: bytes) -> bytes:
        if not (self.user and len(data) == 6 and data.isdigit()):
            return _REJECTED
        self.password = data.decode()
        return _ACCEPTED
