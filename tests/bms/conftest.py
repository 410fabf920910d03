"""What the tests of packs share: time that does not have to be waited for."""

from tests.support.virtual_time import configure_event_loop, enable_event_loop_debug, pytest_asyncio_loop_factories  # noqa: F401
