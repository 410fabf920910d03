"""A pack on the simulated radio, and the writer to it."""

from collections.abc import AsyncIterator

import pytest

from custom_components.smart_bms.control import calibration, temporary, writer
from tests.support.packs import capable_pack
from tests.support.site import Site, site_of
from tests.support.virtual_time import configure_event_loop, enable_event_loop_debug, pytest_asyncio_loop_factories  # noqa: F401


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for little."""
    monkeypatch.setattr(writer, "SECOND_LOOK", 0.1)
    monkeypatch.setattr(writer, "SEEN_WITHIN", 0.4)
    monkeypatch.setattr(calibration, "AT_REST_WITHIN", 0.4)
    monkeypatch.setattr(temporary, "PAUSE", 0.05)


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Open the way to a pack of the newest layout, with everything allowed."""
    async with site_of(monkeypatch, capable_pack()) as site:
        yield site
