"""How JBD packs announce themselves: a service that others use too, names that users change, and their address."""

from collections.abc import Iterator, Mapping
import re
from typing import Final

from ..advertisement import Advertisement

SERVICE: Final = "0000ff00-0000-1000-8000-00805f9b34fb"
OTHER_SERVICES: Final = (
    "0000fff0-0000-1000-8000-00805f9b34fb",
    "0000ffe0-0000-1000-8000-00805f9b34fb",
)
"""Of recent boards (DH04, DG04) and of one rebrand: Daly and JK packs have them too."""

_PREFIXES: Final = (
    *("10:A5:62", "70:3E:97", "A2:C2:37", "A4:C1:37", "A4:C1:38"),
    *("A5:C2:37", "A5:C2:39", "A5:C2:3A", "AA:C2:37"),
)
_OTHER_PREFIXES: Final = ("EE:C2:37", *_PREFIXES)
"""With the service of recent boards."""
_LENGTH: Final = 6

# Board models: maximum of cells, chemistry and cells, rating; then brands.
_NAMES: Final = re.compile(
    r"JBD-|xiaoxiang BMS|(?:AP|DP|SP)\d{2}S\d{3}|SBL-|(?:12|24).{3}BL|N-.{5}BL|SX1|SX60|SJ-.{3}-"
    r"|LSG-|OGR-|TITAN-|TZ-H|@KsM:",
    re.IGNORECASE,
)
_RECENT_NAMES: Final = re.compile(r"WT[ae]Hd[AB]")


def _addresses(data: Mapping[int, bytes]) -> Iterator[str]:
    """Yield what may be the address in manufacturer data: modules write it either way round."""
    for company, payload in data.items():
        field = company.to_bytes(2, "little") + payload
        if len(field) >= _LENGTH:
            raw = field[:_LENGTH]
            yield raw.hex(":").upper()
            yield raw[::-1].hex(":").upper()


def address_in(data: Mapping[int, bytes]) -> str:
    """Return the address that manufacturer data hold, empty if none of a known block is in them."""
    return next(filter(_is_known, _addresses(data)), "")


def _is_known(address: str) -> bool:
    return address.startswith(_OTHER_PREFIXES)


def is_jbd(advertisement: Advertisement) -> bool:
    """Return whether this surely is a JBD pack. The service alone is not enough: others use it too."""
    services = advertisement.service_uuids
    known = _is_known(advertisement.address.upper()) or bool(address_in(advertisement.manufacturer_data))
    if SERVICE in services:
        return known or bool(_NAMES.match(advertisement.name))
    return OTHER_SERVICES[0] in services and (known or bool(_RECENT_NAMES.match(advertisement.name)))


def may_be_jbd(advertisement: Advertisement) -> bool:
    """Return whether this could be a pack under a name of the user's: only connecting can tell."""
    return bool({SERVICE, *OTHER_SERVICES} & set(advertisement.service_uuids))
