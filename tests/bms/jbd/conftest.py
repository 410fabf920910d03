"""A session with a simulated board."""

import pytest

from tests.support.jbd_boards import wire_of
from tests.support.jbd_wire import Wire


@pytest.fixture
async def wire() -> Wire:
    """Begin a session."""
    return await wire_of().begin()


@pytest.fixture
async def open_wire(wire: Wire) -> Wire:
    """Give a session in which the parameters were read."""
    await wire.driver.read_settings()
    wire.written.clear()
    return wire
