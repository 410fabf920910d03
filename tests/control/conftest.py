"""A pack on the simulated radio, and the writer to it."""

from collections.abc import AsyncIterator

import pytest

from custom_components.smart_bms.control import calibration, temporary, writer
from tests.support.packs import capable_pack
from tests.support.site import Site, site_of
from tests.support.virtual_time import configure_event_loop, enable_event_loop_debug, pytest_asyncio_loop_factories  # noqa: F401


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten all waiting times."""
    monkeypatch.setattr(writer, "RECHECK_DELAY", 0.1)
    monkeypatch.setattr(writer, "EFFECT_TIMEOUT", 0.4)
    monkeypatch.setattr(calibration, "REST_TIMEOUT", 0.4)
    monkeypatch.setattr(temporary, "RETRY_DELAY", 0.05)


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Connect to a pack of the newest layout, with everything permitted."""
    async with site_of(monkeypatch, capable_pack()) as site:
        yield site
