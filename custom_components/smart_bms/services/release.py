"""The action that leaves packs to a phone for some minutes."""

from homeassistant.util import dt as dt_util

from ..entity.status import time_of_day
from .pack_call import ActionResult, PackCall
from .responses import ReleaseResponse
from .schema import ATTR_MINUTES


async def async_release_connection(call: PackCall) -> ActionResult[ReleaseResponse]:
    """End the connection of a pack for some minutes; 0 connects again. Raises ServiceValidationError while it is written to."""
    coordinator = call.coordinator
    coordinator.connection.async_release(call.service_call.data[ATTR_MINUTES])
    until = time_of_day(coordinator.now, coordinator.connection.released_until)
    return ActionResult(ReleaseResponse(until=until or dt_util.utcnow().isoformat(timespec="seconds")))
