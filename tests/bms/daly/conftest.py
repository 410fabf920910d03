"""A session with a simulated board."""

import pytest

from tests.support.daly_wire import Wire


@pytest.fixture
async def wire() -> Wire:
    """Begin a session."""
    return await Wire().begin()
