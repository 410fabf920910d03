"""The repair issues about a pack's balance wires: swapped, between cells, or of high resistance."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from ..const import DOCUMENTATION, DOMAIN
from ..energy.balance_wires import standing_out
from ..protection.wiring import signs

_CHECK_INTERVAL: Final = 10.0
"""s between two readings that are checked."""
_CHECKS_IN_A_ROW: Final = 3
"""Checks that must find the same: wires do not come and go, a broken frame does."""
_HIGH_RESISTANCE: Final = "lead_resistance"
WIRING_ISSUES: Final = ("wires_in_wrong_order", "wire_between_cells", _HIGH_RESISTANCE)


def wiring_issue_id(entry_id: str, kind: str) -> str:
    """Return the id of an issue of an entry."""
    return f"wiring_{kind}_{entry_id}"


@callback
def async_delete_wiring_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Delete all issues of an entry."""
    for kind in WIRING_ISSUES:
        ir.async_delete_issue(hass, DOMAIN, wiring_issue_id(entry_id, kind))


class WiringMonitor:
    """Checks the readings of one pack for bad wires, and creates and deletes the issues about them."""

    def __init__(self, hass: HomeAssistant, entry_id: str, name: Callable[[], str]) -> None:
        """`name` returns the pack's name, which users change."""
        self._hass, self._entry_id, self._name = hass, entry_id, name
        self._checked_at = float("-inf")
        self._found: dict[str, tuple[tuple[int, ...], int]] = {}

    def update(self, reading: Reading) -> None:
        """Check a reading; create an issue for what lasts, and delete it when it is gone."""
        now = reading.measured_at
        if 0 <= now - self._checked_at < _CHECK_INTERVAL:
            return
        self._checked_at = now
        found = _cells_of_bad_wires(reading)
        for kind in WIRING_ISSUES:
            self._update_issue(kind, found.get(kind, ()))

    def _update_issue(self, kind: str, cells: tuple[int, ...]) -> None:
        """Create or delete an issue once enough checks in a row have found the same cells."""
        before, times = self._found.get(kind, ((), 0))
        times = times + 1 if cells == before else 1
        self._found[kind] = (cells, times)
        if times != _CHECKS_IN_A_ROW:
            return
        issue = wiring_issue_id(self._entry_id, kind)
        if not cells:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"wiring_{kind}",
            translation_placeholders={"name": self._name(), "cells": ", ".join(map(str, cells))},
            learn_more_url=f"{DOCUMENTATION}/health.md#wires",
        )


def _cells_of_bad_wires(reading: Reading) -> dict[str, tuple[int, ...]]:
    """Return the cells whose wires look wrong, by kind."""
    error = None if reading.alarms is None else Alarm.FRONT_END_FAULT in reading.alarms
    found = {str(sign.sign): sign.cells for sign in signs(reading.cell_voltages, front_end_error=error) or ()}
    found[_HIGH_RESISTANCE] = standing_out(reading.cell_resistances)
    return found
