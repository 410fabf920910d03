"""How Daly packs announce themselves: by names with their address, and by manufacturer data that hold it."""

from collections.abc import Iterable
import re
from typing import Final

from ..advertisement import Advertisement

SERVICE: Final = "0000fff0-0000-1000-8000-00805f9b34fb"
OTHER_SERVICE: Final = "0000ff00-0000-1000-8000-00805f9b34fb"
"""Of newer DL and JHB firmware; JBD packs have it too."""
COMPANIES: Final = frozenset({0x0102, 0x0104, 0x0106, 0x0302, 0x0303, 0x0402})
_NAMES: Final = ("DL-", "JHB-", "dl-", "jhb-")
"""As the manifest asks Home Assistant for them, to the letter."""
_MARKS: Final = (b"DL", b"JHB")
_ADDRESS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_ADDRESS_LENGTH: Final = 6


def _own(address: str) -> bytes:
    """Return an address as bytes; none where the operating system hides it."""
    return bytes.fromhex(address.replace(":", "")) if _ADDRESS.fullmatch(address) else b""


def _is_of_daly(payload: bytes, address: str) -> bool:
    """Return whether a payload is one byte of type and an address, with the maker's letters or the module's own address."""
    found, rest = payload[1 : 1 + _ADDRESS_LENGTH], payload[1 + _ADDRESS_LENGTH :]
    return len(found) == _ADDRESS_LENGTH and (rest.startswith(_MARKS) or (not rest and found == _own(address)))


def _has_own_address(payload: bytes, address: str) -> bool:
    """Return whether a payload holds the module's own address, followed by the maker's letters."""
    own = _own(address)
    return bool(own) and any(own + mark in payload for mark in _MARKS)


def is_daly(advertisement: Advertisement) -> bool:
    """Return whether this surely is a Daly pack."""
    return advertisement.name.startswith(_NAMES) or any(
        company in COMPANIES and _is_of_daly(payload, advertisement.address)
        for company, payload in advertisement.manufacturer_data.items()
    )


def may_be_daly(advertisement: Advertisement) -> bool:
    """Return whether this could be a pack under a name of the user's: only connecting can tell.

    The maker's letters under a company id that nobody has seen yet, too: Home Assistant could not be asked for those.
    """
    services: Iterable[str] = advertisement.service_uuids
    data = advertisement.manufacturer_data
    return (
        SERVICE in services
        or OTHER_SERVICE in services
        or bool(COMPANIES & data.keys())
        or any(_has_own_address(payload, advertisement.address) for payload in data.values())
    )
