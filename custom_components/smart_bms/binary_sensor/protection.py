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
from ..entity.automation_targets import FindableEntity
from ..messages import sentences
from ..pack_entry.publishing import Quantity, Value
from ..protection.engine import ProtectionEngine
from ..protection.mismatch import Mismatch
from ..protection.permission import Permission


@dataclass(frozen=True, kw_only=True)
class VerdictDescription(BinarySensorEntityDescription):
    """What a verdict is about."""

    verdict_fn: Callable[[ProtectionEngine], Permission]


DISAGREEMENT = BinarySensorEntityDescription(
    key="disagreement",
    translation_key="disagreement",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)

VERDICTS = (
    VerdictDescription(
        key="charge_allowed", translation_key="charge_allowed", verdict_fn=lambda guard: guard.mirror.charge
    ),
    VerdictDescription(
        key="discharge_allowed", translation_key="discharge_allowed", verdict_fn=lambda guard: guard.mirror.discharge
    ),
    VerdictDescription(
        key="balance_expected",
        translation_key="balance_expected",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        verdict_fn=lambda guard: guard.balance,
    ),
)


def protection_descriptions(coordinator: SmartBmsCoordinator) -> Iterator[BinarySensorEntityDescription]:
    """Return the binary sensors of a pack whose rules are known."""
    rules = coordinator.guard.rules
    if rules:
        yield from VERDICTS
        if not rules.follows_report:
            yield DISAGREEMENT


class SmartBmsVerdict(FindableEntity, SmartBmsEntity, BinarySensorEntity):
    """Whether something is allowed or expected, and why."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: VerdictDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: VerdictDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)
        self._allowed: bool | None = None
        self._explained: Mapping[str, Any] = {}

    @override
    def current_value(self) -> Value:
        """Return the answer with its reasons: other reasons are news too."""
        verdict = self.entity_description.verdict_fn(self.coordinator.guard)
        return "|".join((verdict.answer, *(f"{reason.code}:{reason.about}" for reason in verdict.reasons)))

    @override
    def _offer(self) -> bool:
        news = super()._offer()
        if news:
            verdict = self.entity_description.verdict_fn(self.coordinator.guard)
            self._allowed = verdict.allowed
            self._explained = {
                "reasons": [reason.code if not reason.about else reason.about for reason in verdict.reasons],
                "explanation": " ".join(sentences(verdict.reasons)),
            }
        return news

    @property
    @override
    def is_on(self) -> bool | None:
        return self._allowed

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return self._explained


class SmartBmsDisagreement(SmartBmsEntity, BinarySensorEntity):
    """Whether mirror and pack see the same thing differently."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: BinarySensorEntityDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: BinarySensorEntityDescription) -> None:
        """Show both sides."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)

    @property
    def _open(self) -> tuple[Mismatch, ...]:
        return self.coordinator.guard.mirror.disagreements

    @override
    def current_value(self) -> Value:
        # Nothing can be said against a pack whose parameters are not known.
        moment = self.coordinator.guard.mirror.moment
        return "|".join(found.key for found in self._open) if moment is not None and moment.known else None

    @property
    @override
    def is_on(self) -> bool | None:
        value = self._gate.value
        return None if value is None else bool(value)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
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
