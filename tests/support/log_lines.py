"""What the log says of us."""

import logging

import pytest


def problems_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that name the integration or bleak."""
    return [
        f"{record.name}: {record.message}"
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and ("smart_bms" in record.name or "bleak" in record.name)
        # Home Assistant says this of every custom integration.
        and "custom integration" not in record.message
    ]
