"""The password dialog of newer Bluetooth modules: `FF AA` messages in front of a board that stays silent.

The cipher and all test vectors were seen on two modules. The second password is the module vendor's own, the same on
all of them; it is only used after the owner's was accepted.
"""

from enum import IntEnum
import re
from typing import Final

APP_KEY: Final = b"000000"
PASSWORD_LENGTH: Final = 6
_VENDOR_PASSWORD: Final = bytes.fromhex("4a4244627470776421402332303233")
_ADDRESS: Final = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)


class ModuleCommand(IntEnum):
    """Third byte of a module message."""

    RENAME = 0x07
    APP_KEY = 0x15
    CHANGE_PASSWORD = 0x16
    RANDOM = 0x17
    PASSWORD = 0x18
    VENDOR_PASSWORD = 0x1D


class AuthAnswer(IntEnum):
    """What the module says to a key or password."""

    ACCEPTED = 0
    REJECTED = 1
    NO_PASSWORD = 2
    """Only to the app key: nobody set one."""


def cipher(password: bytes, address: str, random: int) -> bytes:
    """Return a password as it goes over the air: mixed with the address of the module and its newest random byte.

    Raises ValueError if this is no Bluetooth address: some operating systems hide it.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("the address of the module is not known")
    mixer = bytes.fromhex(address.replace(":", ""))
    return bytes(
        ((mixer[place] if place < len(mixer) else 0) ^ byte) + random & 0xFF for place, byte in enumerate(password)
    )


def decipher(data: bytes, address: str, random: int) -> bytes:
    """Return what `cipher` was given. Raises ValueError."""
    plain = bytes(byte - random & 0xFF for byte in data)
    return cipher(plain, address, 0)


def user_password(password: str, address: str, random: int) -> bytes:
    """Return the data of the owner's password. Raises ValueError unless it has six digits."""
    if not is_password(password):
        raise ValueError("the password has six digits")
    return cipher(password.encode("ascii"), address, random)


def vendor_password(address: str, random: int) -> bytes:
    """Return the data of the module vendor's password."""
    return cipher(_VENDOR_PASSWORD, address, random)


def is_password(text: str) -> bool:
    """Return whether this can be a password at all."""
    return len(text) == PASSWORD_LENGTH and text.isascii() and text.isdecimal()
