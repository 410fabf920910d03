"""What the tests of the actions share: how an action is called for packs."""

from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control import writer

ALLOWED = {"allow_control": True}
OTHER = "C8:47:80:00:00:02"


@pytest.fixture(autouse=True)
def patience(monkeypatch) -> None:
    monkeypatch.setattr(writer, "RECHECK_DELAY", 0.1)


def device_of(hass, address: str) -> str:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data["address"] == address:
            (found,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            return found.id
    raise AssertionError(address)


@pytest.fixture
def act(hass, pack):
    """Return what calls an action for the pack, or for others, and returns the answers."""

    async def act(action: str, *packs, context=None, **data):
        ids = [device_of(hass, item.address) for item in packs or (pack,)]
        ids = ids[0] if action.startswith("calibrate") else ids
        answer = await hass.services.async_call(
            DOMAIN, action, {"device_id": ids, **data}, blocking=True, return_response=True, context=context
        )
        return answer["packs"] if len(packs) > 1 else answer["packs"][0]

    return act
