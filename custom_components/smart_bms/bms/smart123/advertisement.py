r"""How 123\SmartBMS announce themselves: three company ids, four bytes with type and serial number, and one name.

The same vendor's ignition distributors share company id, service and Bluetooth module: only the type byte tells them apart.
"""

from collections.abc import Iterable
from typing import Final

from ..advertisement import Advertisement

NORDIC: Final = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
BLUERADIOS: Final = "da2b84f1-6279-48de-bdc0-afbea0226079"
BRIDGES: Final = (
    "0000ffe0-0000-1000-8000-00805f9b34fb",
    "0000fff0-0000-1000-8000-00805f9b34fb",
    "49535343-fe7d-4ae5-8fa9-9fafd205e455",
)
"""Services of common serial bridges, one of which an owner may have put behind EXT OUT."""

NAME: Final = "123\\SmartBMS"
_NAME_PREFIX: Final = "123"
_OTHER_PRODUCT: Final = "123\\TUNE"
"""Ignition distributors of the same vendor."""
VENDOR: Final = 2330
"""Albertronic (real)."""
_MODULE_MAKERS: Final = frozenset({133, 1674})
"""BlueRadios and Raytac: they make modules for thousands of products (one source)."""
_PAYLOAD: Final = 4
PACKS: Final = frozenset({2, 4, 6})
"""Type bytes of packs; 6 is real, the others one source."""
RECORD_TYPES: Final = frozenset({4, 6})
"""Of these, the ones whose newer module sends records."""
OTHER_PRODUCTS: Final = frozenset({0, 1, 5})
"""Ignition distributors."""
OFFGRID: Final = 3
"""A product nobody has described: only if the owner picks it."""


def device_type(advertisement: Advertisement) -> int | None:
    """Return the type byte of the vendor's manufacturer data, None if there is none."""
    for company, payload in advertisement.manufacturer_data.items():
        if company in {VENDOR, *_MODULE_MAKERS} and len(payload) == _PAYLOAD:
            vouched = company == VENDOR or (
                bool({NORDIC, BLUERADIOS} & set(advertisement.service_uuids))
                or advertisement.name.startswith(_NAME_PREFIX)
            )
            if vouched:
                return payload[1]
    return None


def serial_number(advertisement: Advertisement) -> str:
    """Return the serial number as the vendor's app shows it, empty if it is not there."""
    for company, payload in advertisement.manufacturer_data.items():
        if company in {VENDOR, *_MODULE_MAKERS} and len(payload) == _PAYLOAD and device_type(advertisement) is not None:
            return f"{int.from_bytes(payload[2:]):05d}"
    return ""


def is_smart123(advertisement: Advertisement) -> bool:
    """Return whether this surely is such a pack; the service alone says nothing, the company not enough."""
    kind = device_type(advertisement)
    return kind in PACKS if kind is not None else advertisement.name == NAME


def is_other_product(advertisement: Advertisement) -> bool:
    """Return whether this is one of the vendor's ignition distributors."""
    return device_type(advertisement) in OTHER_PRODUCTS or advertisement.name.upper().startswith(_OTHER_PRODUCT)


def may_be_smart123(advertisement: Advertisement) -> bool:
    """Return whether this could be one behind a bridge, or with half of its advertisement lost: only listening can tell."""
    if is_other_product(advertisement):
        return False
    kind = device_type(advertisement)
    if kind is not None:
        return kind in PACKS or kind == OFFGRID
    services: Iterable[str] = advertisement.service_uuids
    return bool({NORDIC, BLUERADIOS, *BRIDGES} & set(services))


def speaks_records(advertisement: Advertisement | None) -> bool:
    """Return whether the advertisement says that a Nordic UART brings records, not frames of a bridge."""
    if advertisement is None:
        return False
    kind = device_type(advertisement)
    return kind in RECORD_TYPES if kind is not None else advertisement.name == NAME
