"""The repair issue about a pack's wires: which ones, and in which order to look at them."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from ..const import DOCUMENTATION, DOMAIN
from ..energy.balance_wires import standing_out
from ..protection.wiring import signs

_LOOK_EVERY: Final = 10.0
"""s between two looks."""
_IN_A_ROW: Final = 3
"""Looks that must show the same: wires do not come and go, a broken frame does."""
LEAD: Final = "lead_resistance"
KINDS: Final = ("wires_in_wrong_order", "wire_between_cells", LEAD)


def wiring_issue(entry_id: str, kind: str) -> str:
    """Return the id of an issue of an entry."""
    return f"wiring_{kind}_{entry_id}"


class WiringWatch:
    """Looks at one pack's wires."""

    def __init__(self, hass: HomeAssistant, entry_id: str, name: Callable[[], str]) -> None:
        """Have seen nothing. `name` returns the pack's name, which users change."""
        self._hass, self._entry_id, self._name = hass, entry_id, name
        self._looked_at = float("-inf")
        self._seen: dict[str, tuple[tuple[int, ...], int]] = {}

    def update(self, reading: Reading) -> None:
        """Take a reading; tell the user of what lasts, and take it back when it is gone."""
        now = reading.measured_at
        if 0 <= now - self._looked_at < _LOOK_EVERY:
            return
        self._looked_at = now
        found = _found(reading)
        for kind in KINDS:
            self._count(kind, found.get(kind, ()))

    def _count(self, kind: str, cells: tuple[int, ...]) -> None:
        before, times = self._seen.get(kind, ((), 0))
        times = times + 1 if cells == before else 1
        self._seen[kind] = (cells, times)
        if times != _IN_A_ROW:
            return
        issue = wiring_issue(self._entry_id, kind)
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


def _found(reading: Reading) -> dict[str, tuple[int, ...]]:
    """Return the cells whose wires look wrong, by kind."""
    error = None if reading.alarms is None else Alarm.FRONT_END_FAULT in reading.alarms
    found = {str(sign.sign): sign.cells for sign in signs(reading.cell_voltages, front_end_error=error) or ()}
    found[LEAD] = standing_out(reading.cell_resistances)
    return found
