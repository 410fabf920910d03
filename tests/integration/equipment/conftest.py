"""A pack whose equipment is in the house and follows it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.smart_bms.steering.target import Target
from tests.support.inverter_entities import equipment_options, set_up_inverter, turn
from tests.support.protected_pack import Mirrored, mirrored
from tests.support.rule_books import JK_LFP

type Steered = Callable[..., Awaitable[Mirrored]]


@pytest.fixture
async def steered(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    enable_custom_integrations: None,
    enable_bluetooth: None,
) -> AsyncIterator[Steered]:
    """Return what sets up a pack with these options for its equipment, steered from the start."""
    await set_up_inverter(hass)
    open_packs = []

    async def make(*targets: Target, on: bool = True, settings: Any = JK_LFP, **fallback: Any) -> Mirrored:
        context = mirrored(hass, freezer, monkeypatch, settings, **equipment_options(*targets, **fallback))
        pack = await context.__aenter__()
        open_packs.append(context)
        await pack.see(soc=60)
        if on:
            await turn(hass, pack, "on")
        return pack

    yield make
    await hass.async_block_till_done()
    for context in open_packs:
        await context.__aexit__(None, None, None)
