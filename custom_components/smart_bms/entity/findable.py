"""Entities that a template finds by their device and kind."""

from typing import Any, Final, override

from homeassistant.helpers.entity import Entity

ATTR_KIND: Final = "kind"
KINDS: Final = {
    **{key: key for key in ("charge_allowed", "discharge_allowed", "charge_current_limit", "discharge_current_limit")},
    "charge_voltage_limit": "charge_voltage_limit",
    "soc": "soc",
    # Temperatures of the battery, not of the board.
    "temperature": "temperature",
    "lowest_temperature": "temperature",
    "highest_temperature": "temperature",
    "temperature_min": "temperature",
    "temperature_max": "temperature",
}
"""What templates look for among the entities of a device, by translation key."""


class FindableEntity(Entity):
    """An entity that a template finds by its device and its kind, also when it is renamed or unavailable.

    Templates see neither translation keys nor unique ids. Of an unavailable entity only capabilities are shown.
    """

    _unrecorded_attributes = frozenset({ATTR_KIND})

    @property
    @override
    def capability_attributes(self) -> dict[str, Any] | None:
        """Return the capabilities, with the kind of the entity if it has one."""
        capabilities = super().capability_attributes
        kind = KINDS.get(self.translation_key or "")
        return capabilities if kind is None else {**(capabilities or {}), ATTR_KIND: kind}
