"""How JK packs announce themselves."""

from typing import Final

from ..advertisement import Advertisement

SERVICE: Final = "0000ffe0-0000-1000-8000-00805f9b34fb"
COMPANY: Final = 0x0B65
COMPANY_PREFIX: Final = b"\x88\xa0"
"""Followed by the six bytes of the address (modules of address blocks C8:47:80 and A4:C1:38)."""
COMPANY_NEWER: Final = 0x4B4A
_NAMES: Final = ("JK-", "JK_", "jk-", "jk_")
"""As the manifest asks Home Assistant for them, to the letter."""


def is_jk(advertisement: Advertisement) -> bool:
    """Return whether this surely is a JK pack. Service FFE0 alone is not enough: half of all UART bridges have it."""
    data = advertisement.manufacturer_data
    return (
        data.get(COMPANY, b"").startswith(COMPANY_PREFIX)
        or COMPANY_NEWER in data
        or (advertisement.name.startswith(_NAMES) and SERVICE in advertisement.service_uuids)
    )


def may_be_jk(advertisement: Advertisement) -> bool:
    """Return whether this could be an older module under a name of the user's: only connecting can tell."""
    return SERVICE in advertisement.service_uuids
