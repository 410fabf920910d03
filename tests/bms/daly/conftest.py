"""A session with a simulated board."""

import pytest

from tests.bms.daly.wire import Wire


@pytest.fixture
async def wire() -> Wire:
    return await Wire().begin()
