"""Triggers: events of the protections of battery packs, what they allow, and when their data becomes stale.

Nothing here may need the packs: automations are checked before the integration, or what it requires, is set up.
"""

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import ATTR_EVENT_TYPE, DOMAIN as EVENT_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, UnitOfElectricPotential
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityNumericalStateCrossedThresholdTriggerWithUnitBase,
    EntityTargetStateTriggerBase,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerConfig,
)
from homeassistant.util.unit_conversion import ElectricPotentialConverter
import probatio

from .bms.alarm import AlarmSeverity
from .const import CONF_BANK, CONF_PACKS, DOMAIN
from .protection.events import ProtectionEventType

PROTECTION: Final = "protection"
SEVERITY: Final = "severity"
_RESTORED: Final = "restored"


@callback
def own_entities(hass: HomeAssistant, entities: Collection[str], translation_keys: Collection[str]) -> set[str]:
    """Return those entities of this integration that have one of the keys; if a bank has none, those of its packs."""
    registry = er.async_get(hass)
    named = [entry for entity_id in entities if (entry := registry.async_get(entity_id)) and entry.platform == DOMAIN]
    found = [entry for entry in named if entry.translation_key in translation_keys]
    without = {entry.config_entry_id for entry in named} - {entry.config_entry_id for entry in found}
    found += [
        entry
        for entry in _pack_entities(hass, registry, without)
        if entry.translation_key in translation_keys and entry.disabled_by is None
    ]
    return {entry.entity_id for entry in found}


def _pack_entities(
    hass: HomeAssistant, registry: er.EntityRegistry, banks: Collection[str | None]
) -> Iterator[er.RegistryEntry]:
    """Yield the entities of the packs of banks, which are given as config entries among others."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id in banks and CONF_BANK in entry.data:
            for pack in entry.options[CONF_PACKS]:
                yield from er.async_entries_for_config_entry(registry, pack)


@callback
def device_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the id of the device of an entity."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.device_id if entry else None


class _OwnEntities(EntityTriggerBase):
    """A trigger about entities of this integration."""

    _translation_keys: ClassVar[frozenset[str]]
    _primary_entities_only = False

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities among those targeted that the trigger is about."""
        return super().entity_filter(own_entities(self._hass, entities, self._translation_keys))


class _EventTrigger(_OwnEntities, StatelessEntityTriggerBase):
    """A trigger for one type of event of the protections."""

    _domain_specs = {EVENT_DOMAIN: DomainSpec()}
    _translation_keys = frozenset({"protection_event"})
    _event_type: ClassVar[ProtectionEventType]
    _option: ClassVar[str]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """`config` has the choices of the option; none, or the empty list that the form may leave, means all."""
        super().__init__(hass, config)
        self._accepted = frozenset[str](self._options.get(self._option, ()))

    @override
    def is_valid_state(self, state: State, report_not_triggered: NotTriggeredReasonReporter) -> bool:
        """Return whether the event is of the type and among the choices."""
        if state.attributes.get(ATTR_EVENT_TYPE) != self._event_type:
            return False
        return not self._accepted or state.attributes.get(self._option) in self._accepted


def _event_trigger(event_type: ProtectionEventType, option: str, allowed: Any) -> type[Trigger]:
    """Return the trigger for a type of event, with an option that restricts it to some protections or severities."""
    selected = probatio.All(probatio.EnsureList(), [allowed])

    class OneEventTrigger(_EventTrigger):
        """The event happened."""

        _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
            {probatio.Required(CONF_OPTIONS, default={}): {probatio.Optional(option): selected}}
        )
        _event_type = event_type
        _option = option

    return OneEventTrigger


def _state_trigger(translation_key: str, to_state: str) -> type[Trigger]:
    """Return the trigger for a binary sensor that changes to a state."""

    class StateTrigger(_OwnEntities, EntityTargetStateTriggerBase):
        """A binary sensor changed to the state."""

        _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
        _translation_keys = frozenset({translation_key})
        _to_states = {to_state}

    return StateTrigger


class DataWentStaleTrigger(_OwnEntities):
    """The data of a pack became stale: all its entities become unavailable, of which every pack has the voltage."""

    _domain_specs = {SENSOR_DOMAIN: DomainSpec()}
    _translation_keys = frozenset({"voltage"})
    # The base leaves out unavailable, which is what this trigger is about.
    _excluded_states = frozenset[str]()  # type: ignore[misc]
    _excluded_from_states = frozenset({STATE_UNAVAILABLE})

    @override
    def is_valid_state(self, state: State, report_not_triggered: NotTriggeredReasonReporter) -> bool:
        """Return whether the entity became unavailable because its pack sends no data."""
        # A reload leaves restored states behind, which are unavailable too.
        return state.state == STATE_UNAVAILABLE and not state.attributes.get(_RESTORED)


class LimitsChangedTrigger(_OwnEntities):
    """What a pack allows or one of its limits changed or became unknown, or the reason for it changed."""

    _schema = ENTITY_STATE_TRIGGER_SCHEMA
    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec(), SENSOR_DOMAIN: DomainSpec()}
    _translation_keys = frozenset(
        {"charge_allowed", "discharge_allowed", "charge_voltage_limit"}
        | {"charge_current_limit", "discharge_current_limit"}
    )
    # A limit that becomes unknown is a change too.
    _excluded_states = _excluded_from_states = frozenset[str]()  # type: ignore[misc]

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return that every change counts."""
        return True


class ImbalanceCrossedThresholdTrigger(_OwnEntities, EntityNumericalStateCrossedThresholdTriggerWithUnitBase):
    """The cell voltage difference crossed a threshold."""

    _domain_specs = {SENSOR_DOMAIN: DomainSpec()}
    _translation_keys = frozenset({"cell_voltage_delta"})
    _base_unit = UnitOfElectricPotential.MILLIVOLT
    _unit_converter = ElectricPotentialConverter


_SEVERITIES: Final = probatio.In([severity.value for severity in AlarmSeverity])

TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "protection_pending": _event_trigger(ProtectionEventType.PENDING, PROTECTION, str),
    "protection_tripped": _event_trigger(ProtectionEventType.TRIPPED, PROTECTION, str),
    "protection_released": _event_trigger(ProtectionEventType.RELEASED, PROTECTION, str),
    "alarm_raised": _event_trigger(ProtectionEventType.ALARM_RAISED, SEVERITY, _SEVERITIES),
    "alarm_cleared": _event_trigger(ProtectionEventType.ALARM_CLEARED, SEVERITY, _SEVERITIES),
    "charging_allowed": _state_trigger("charge_allowed", STATE_ON),
    "charging_not_allowed": _state_trigger("charge_allowed", STATE_OFF),
    "discharging_allowed": _state_trigger("discharge_allowed", STATE_ON),
    "discharging_not_allowed": _state_trigger("discharge_allowed", STATE_OFF),
    "limits_changed": LimitsChangedTrigger,
    "data_went_stale": DataWentStaleTrigger,
    "imbalance_crossed_threshold": ImbalanceCrossedThresholdTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of this integration."""
    return TRIGGERS
