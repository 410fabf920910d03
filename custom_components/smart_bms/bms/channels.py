"""Channels: finding the characteristics of a family among the services of a device."""

from collections.abc import Iterable
from dataclasses import replace

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.service import BleakGATTServiceCollection

from .connection import Channel
from .errors import NotThisKindError

type Layout = tuple[str, str, str]
"""UUIDs of a service, of what it notifies with and of what it is written to."""


def choose(services: BleakGATTServiceCollection, layouts: Iterable[Layout], missing: str) -> Channel:
    """Return the channel of the first layout that the device has; the others are where to try otherwise.

    Raises NotThisKindError with `missing` if it has none.
    """
    found: Channel | None = None
    for layout in reversed([*layouts]):
        if channel := _channel(services, layout):
            found = replace(channel, otherwise=found)
    if found is None:
        raise NotThisKindError(missing)
    return found


def _channel(services: BleakGATTServiceCollection, layout: Layout) -> Channel | None:
    service, notify, write = layout
    notifying = _find(services, service, notify, ("notify", "indicate"))
    # Several stacks fail without a word if a characteristic is written in a way that it does not offer.
    writing = _find(services, service, write, ("write-without-response", "write"))
    if notifying is None or writing is None:
        return None
    return Channel(notifying, writing, response="write-without-response" not in writing.properties)


def _find(
    services: BleakGATTServiceCollection, service: str, uuid: str, properties: tuple[str, ...]
) -> BleakGATTCharacteristic | None:
    return next(
        (
            characteristic
            for candidate in services
            if candidate.uuid == service
            for characteristic in candidate.characteristics
            if characteristic.uuid == uuid and any(name in characteristic.properties for name in properties)
        ),
        None,
    )
