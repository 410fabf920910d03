"""Binary sensors of the mirror: what the pack's own rules allow, with their reasons."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import MATCH_ALL, EntityCategory

from ..coordinator import SmartBmsCoordinator
from ..entity import SmartBmsEntity
from ..entity.findable import FindableEntity
from ..messages import explanation, reason_sentences
from ..pack_entry.publishing import Quantity, Value
from ..protection.engine import ProtectionEngine
from ..protection.mismatch import Mismatch
from ..protection.permission import Permission


@dataclass(frozen=True, kw_only=True)
class PermissionDescription(BinarySensorEntityDescription):
    """What a verdict is about."""

    permission_fn: Callable[[ProtectionEngine], Permission]


MISMATCH = BinarySensorEntityDescription(
    key="disagreement",
    translation_key="disagreement",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)

PERMISSIONS = (
    PermissionDescription(
        key="charge_allowed",
        translation_key="charge_allowed",
        permission_fn=lambda protection_engine: protection_engine.mirror.charge,
    ),
    PermissionDescription(
        key="discharge_allowed",
        translation_key="discharge_allowed",
        permission_fn=lambda protection_engine: protection_engine.mirror.discharge,
    ),
    PermissionDescription(
        key="balance_expected",
        translation_key="balance_expected",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        permission_fn=lambda protection_engine: protection_engine.balance,
    ),
)


def protection_descriptions(coordinator: SmartBmsCoordinator) -> Iterator[BinarySensorEntityDescription]:
    """Return the binary sensors of a pack whose rules are known."""
    rules = coordinator.protection_engine.rules
    if rules:
        yield from PERMISSIONS
        if not rules.follows_report:
            yield MISMATCH


class SmartBmsPermission(FindableEntity, SmartBmsEntity, BinarySensorEntity):
    """Whether something is allowed or expected, and why."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: PermissionDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: PermissionDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, Quantity.STATE, always=False, acted_on=True)
        self._allowed: bool | None = None
        self._explained: Mapping[str, Any] = {}

    @override
    def current_value(self) -> Value:
        """Return the answer with its reasons: other reasons are news too."""
        permission = self.entity_description.permission_fn(self.coordinator.protection_engine)
        return "|".join((permission.answer, *(f"{reason.code}:{reason.about}" for reason in permission.reasons)))

    @override
    def _submit(self) -> bool:
        """Submit the newest value; return whether there is something new to show."""
        news = super()._submit()
        if news:
            permission = self.entity_description.permission_fn(self.coordinator.protection_engine)
            self._allowed = permission.allowed
            self._explained = {
                "reasons": [reason.code if not reason.about else reason.about for reason in permission.reasons],
                "explanation": explanation(self.hass, reason_sentences(self.hass, permission.reasons)),
            }
        return news

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        return self._allowed

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what explains the state."""
        return self._explained


class SmartBmsMismatch(SmartBmsEntity, BinarySensorEntity):
    """Whether mirror and pack see the same thing differently."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: BinarySensorEntityDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: BinarySensorEntityDescription) -> None:
        """Show both sides."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)

    @property
    def _open(self) -> tuple[Mismatch, ...]:
        """Return the mismatches that last."""
        return self.coordinator.protection_engine.mirror.mismatches

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        # Nothing can be said against a pack whose parameters are not known.
        moment = self.coordinator.protection_engine.mirror.moment
        return "|".join(found.key for found in self._open) if moment is not None and moment.known else None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
        return None if value is None else bool(value)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what explains the state."""
        return {
            found.key: {
                "mirror": found.mirror,
                "pack": found.pack,
                "value": found.value,
                "limit": found.limit,
                "release": found.release,
                "unit": found.unit,
            }
            for found in self._open
        }
