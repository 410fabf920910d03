"""What a binary sensor shows."""

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.components.binary_sensor import BinarySensorEntityDescription

from ..bms.reading import Reading
from ..pack_entry.publishing import Quantity


@dataclass(frozen=True, kw_only=True)
class SmartBmsBinarySensorDescription(BinarySensorEntityDescription):
    """What a binary sensor shows."""

    value_fn: Callable[[Reading], bool | None]
    needs: str | None = None
    """The value that a pack must have for this sensor to exist; by default the one of the same key."""
    quantity: Quantity = Quantity.STATE
