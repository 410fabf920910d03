"""Bytes as a radio brings them: in pieces."""

from collections.abc import Callable, Iterable
from typing import Protocol

from custom_components.smart_bms.simulator.peripheral import Peripheral


class Reassembler[Message](Protocol):
    """What every family has to put pieces together."""

    def feed(self, data: bytes, now: float, /) -> Iterable[Message]:
        """Return the messages that a notification completes."""


def cut(data: bytes, size: int = 20) -> list[bytes]:
    """Return notifications of so many bytes at most."""
    return [data[place : place + size] for place in range(0, len(data), size)]


def put_together[Message](
    new: Callable[[], Reassembler[Message]], *notifications: bytes, gap: float = 0.01
) -> list[Message]:
    """Return the messages in notifications that come `gap` seconds apart."""
    reassembler = new()
    return [
        message
        for number, notification in enumerate(notifications)
        for message in reassembler.feed(notification, number * gap)
    ]


def listen(pack: Peripheral, seconds: float = 0.5, step: float = 0.01) -> list[bytes]:
    """Return what a simulated pack notifies in so many seconds of its life."""
    return [data for _ in range(round(seconds / step)) for _, data in pack.advance(step)]
