"""What the tests of the actions share: how an action is called for packs."""

from typing import Any

from homeassistant.core import Context, HomeAssistant
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.peripheral import Peripheral
from tests.support.actions import Act
from tests.support.devices import device_id_at


@pytest.fixture(autouse=True)
def quick_recheck(quick_recheck: None) -> None:
    """Wait for little in every test of an action."""


@pytest.fixture
def act(hass: HomeAssistant, pack: Peripheral) -> Act:
    """Return what calls an action for the pack, or for others, and returns the answers."""

    async def act(action: str, *packs: Peripheral, context: Context | None = None, **data: Any) -> Any:
        ids = [device_id_at(hass, item.address) for item in packs or (pack,)]
        target = ids[0] if action.startswith("calibrate") else ids
        answer: Any = await hass.services.async_call(
            DOMAIN, action, {"device_id": target, **data}, blocking=True, return_response=True, context=context
        )
        return answer["packs"] if len(packs) > 1 else answer["packs"][0]

    return act
