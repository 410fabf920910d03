"""What the tests of packs share: time that does not have to be waited for, and a pack on the radio."""

from collections.abc import AsyncIterator

import pytest

from custom_components.smart_bms.simulator.jk.labels import MODULE_B
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from tests.support.packs import jk_pack
from tests.support.radio import on_radio
from tests.support.virtual_time import configure_event_loop, enable_event_loop_debug, pytest_asyncio_loop_factories  # noqa: F401


@pytest.fixture
def peripheral() -> Peripheral:
    """Return a pack behind the older Bluetooth module."""
    return jk_pack(module=MODULE_B)


@pytest.fixture
async def radio(monkeypatch: pytest.MonkeyPatch, peripheral: Peripheral) -> AsyncIterator[SimulatedRadio]:
    """Put the pack on the radio."""
    async with on_radio(monkeypatch, peripheral) as radio:
        yield radio
