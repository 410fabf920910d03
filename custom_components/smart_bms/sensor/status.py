"""The sensor that says the one thing that matters now about a pack, and what goes with it."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass

from ..coordinator import SmartBmsCoordinator
from ..entity.status import OPTIONS, STATUS, status_attributes, status_code, status_identity
from ..pack_entry.publishing import Quantity
from ..protection.status_codes import StatusRank
from .connection import connection_hint_attributes
from .description import SmartBmsSensorDescription


def _attributes(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return the numbers of the status, and hints while there is no data."""
    monitor = coordinator.status
    lost = monitor.shown is not None and monitor.shown.rank in (StatusRank.ACCESS, StatusRank.NO_DATA)
    hints = connection_hint_attributes(coordinator) if lost else {}
    return status_attributes(monitor, coordinator.now) | hints


STATUS_DESCRIPTION: Final = SmartBmsSensorDescription(
    key=STATUS,
    translation_key=STATUS,
    quantity=Quantity.STATE,
    device_class=SensorDeviceClass.ENUM,
    options=OPTIONS,
    value_fn=lambda coordinator: status_code(coordinator.status),
    attributes_fn=_attributes,
    discrete_fn=lambda coordinator: status_identity(coordinator.status),
    explained_every=60.0,
    always=True,
)
