"""The repair issues about equipment: it does not follow, somebody else sets it too, or it is gone."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOCUMENTATION, DOMAIN
from ..steering.follower import Follower, FollowerState
from ..texts import UNKNOWN, format_number

MISSING_FOR: Final = 600.0
"""s for which an entity must be unavailable before somebody is asked to look: integrations reload now and then."""
EQUIPMENT_ISSUES: Final = {
    FollowerState.NOT_FOLLOWING: "equipment_not_following",
    FollowerState.OTHER_MASTER: "equipment_other_master",
    FollowerState.MISSING: "equipment_missing",
}


def _issue_id(entry_id: str, entity: str) -> str:
    """Return the id of the issue about an entity."""
    return f"equipment_{entry_id}_{entity}"


@callback
def async_delete_equipment_issues(hass: HomeAssistant, entry_id: str, entities: Iterable[str]) -> None:
    """Delete the issues about these entities of an entry."""
    for entity in entities:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry_id, entity))


class EquipmentIssues:
    """Creates and deletes the issues about the equipment of one entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin without any."""
        self._hass, self._entry_id = hass, entry_id
        self._missing_since: dict[str, float] = {}

    @callback
    def async_update(self, now: float, name: str, followers: Iterable[Follower]) -> None:
        """Look at the targets of the battery of this name, at a monotonic time in s."""
        for follower in followers:
            entity = follower.target.entity
            if follower.state is not FollowerState.MISSING:
                self._missing_since.pop(entity, None)
            elif now - self._missing_since.setdefault(entity, now) < MISSING_FOR:
                continue
            kind = EQUIPMENT_ISSUES.get(follower.state)
            if kind is None:
                ir.async_delete_issue(self._hass, DOMAIN, _issue_id(self._entry_id, entity))
                continue
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                _issue_id(self._entry_id, entity),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=kind,
                translation_placeholders={
                    "name": name,
                    "entity": entity,
                    "shown": self._number(follower.shown),
                    "wanted": self._number(follower.setpoint.value if follower.setpoint else None),
                },
                learn_more_url=f"{DOCUMENTATION}/equipment.md",
            )

    def _number(self, value: float | None) -> str:
        """Return a value in words; a dash if it is not known."""
        return UNKNOWN if value is None else format_number(self._hass, value, 2)
