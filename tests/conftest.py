"""What all tests share."""

from collections.abc import Iterator
import logging
from typing import override

import pytest

import custom_components  # noqa: F401  the test plugin has a package of that name too, ours must come first

# The test plugin lets the database engine log every statement, and threads print it between the dots.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


class _Reports(logging.Handler):
    """Keeps what Home Assistant reports of our use of it: it warns once, and some releases later it breaks."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.ours: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if "smart_bms" in (message := record.getMessage()):
            self.ours.append(message)


@pytest.fixture(autouse=True)
def nothing_reported() -> Iterator[list[str]]:
    """Fail whatever test makes Home Assistant's frame helper name us; yield what it said so far."""
    reports, logger = _Reports(), logging.getLogger("homeassistant.helpers.frame")
    logger.addHandler(reports)
    yield reports.ours
    logger.removeHandler(reports)
    assert reports.ours == []
