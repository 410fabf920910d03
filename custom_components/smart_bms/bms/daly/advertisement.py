"""How Daly packs announce themselves: by names with their address, and by manufacturer data that hold it."""

from collections.abc import Iterable
import re
from typing import Final

from ..advertisement import Advertisement

SERVICE: Final = "0000fff0-0000-1000-8000-00805f9b34fb"
OTHER_SERVICE: Final = "0000ff00-0000-1000-8000-00805f9b34fb"
"""Of newer DL and JHB firmware; JBD packs have it too."""
COMPANIES: Final = frozenset({0x0102, 0x0104, 0x0302, 0x0303, 0x0402})
_NAMES: Final = ("DL-", "JHB-")
_MARKS: Final = (b"DL", b"JHB")
_ADDRESS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_ADDRESS_LENGTH: Final = 6


def _has_mark(payload: bytes) -> bool:
    """Tell whether a payload is one byte of type, an address, and the maker's letters."""
    return len(payload) > _ADDRESS_LENGTH and payload[_ADDRESS_LENGTH + 1 :].startswith(_MARKS)


def _has_own_address(payload: bytes, address: str) -> bool:
    """Tell whether a payload holds the module's own address, followed by the maker's letters."""
    own = bytes.fromhex(address.replace(":", "")) if _ADDRESS.fullmatch(address) else b""
    return bool(own) and any(own + mark in payload for mark in _MARKS)


def is_daly(advertisement: Advertisement) -> bool:
    """Tell whether this surely is a Daly pack."""
    if advertisement.name.upper().startswith(_NAMES):
        return True
    return any(
        (company in COMPANIES and _has_mark(payload)) or _has_own_address(payload, advertisement.address)
        for company, payload in advertisement.manufacturer_data.items()
    )


def may_be_daly(advertisement: Advertisement) -> bool:
    """Tell whether this could be a pack under a name of the user's: only connecting can tell."""
    services: Iterable[str] = advertisement.service_uuids
    return SERVICE in services or OTHER_SERVICE in services or bool(COMPANIES & advertisement.manufacturer_data.keys())
