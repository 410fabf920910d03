"""Defect logger: unexpected errors are logged once each, for a pack makes us run into the same one several times a second."""

import logging
import sys
from typing import Final

_LOGGER: Final = logging.getLogger(__name__)


class DefectLogger:
    """Logs the unexpected errors of one pack."""

    def __init__(self, name: str) -> None:
        """`name` is what the log calls the pack."""
        self._name = name
        self._logged: set[tuple[type, str]] = set()

    def exception(self, place: str, *args: object) -> None:
        """Log the error being handled with its traceback, unless one of its type was logged for this place before.

        `args` are put into `place`, as logging does it.
        """
        error, place = sys.exception(), place % args
        if (type(error), place) in self._logged:
            return
        self._logged.add((type(error), place))
        _LOGGER.error("%s: unexpected error %s", self._name, place, exc_info=error)
