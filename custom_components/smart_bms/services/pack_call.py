"""An action called for one pack: what its handler gets, and what it returns."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from homeassistant.core import ServiceCall

from ..bms.settings import Catalog, Settings
from ..control.request import WriteRequest
from ..control.validation_issue import rejection
from ..control.write_log import WriteRecord
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.parameters import async_request
from .schema import ATTR_CONFIRM, ATTR_FORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCall:
    """A call of an action, for one of its packs."""

    coordinator: SmartBmsCoordinator
    service_call: ServiceCall
    is_one_of_several: bool
    """The call is for other packs too."""

    @property
    def catalog(self) -> Catalog:
        """Return the parameters of the pack's model. Raises RejectedError while it is unknown."""
        catalog = self.coordinator.pack.catalog()
        if catalog is None:
            raise rejection("unread")
        return catalog

    @property
    def settings(self) -> Settings:
        """Return the values of this session. Raises RejectedError before they are read."""
        settings = self.coordinator.pack.current_settings
        if settings is None:
            raise rejection("unread")
        return settings

    async def async_write_request(self, *, exact: bool = False) -> WriteRequest:
        """Return the request of the call's user, with what they confirmed; `exact` values may lie between steps."""
        call = self.service_call
        await self.coordinator.connection.async_wait_connected()
        confirm, force = call.data[ATTR_CONFIRM], call.data[ATTR_FORCE]
        return await async_request(
            self.coordinator.hass, call.context, call.service, confirm=confirm, force=force, exact=exact
        )


@dataclass(frozen=True, slots=True)
class ActionResult[R]:
    """What a handler returns for a pack: its part of the response, and its writes, which are checked for failures."""

    response: R
    records: Sequence[WriteRecord] = ()


type PackHandler = Callable[[PackCall], Awaitable[ActionResult[Mapping[str, object]]]]
"""Does an action for one pack. Raises RejectedError or HomeAssistantError."""
