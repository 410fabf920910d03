"""Conditions: the state of the protections of battery packs, what they allow, and whether their data is current."""

from datetime import datetime
from typing import Any, ClassVar, Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, UnitOfElectricPotential
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityConditionBase,
    EntityNumericalConditionWithUnitBase,
    EntityStateConditionBase,
)
from homeassistant.util.unit_conversion import ElectricPotentialConverter
import probatio

from .bms.alarm import Alarm, AlarmSeverity
from .protection.monitor import ProtectionState
from .trigger import PROTECTION, SEVERITY, device_of, own_entities


class _OwnEntities(EntityConditionBase):
    """A condition about entities of this integration."""

    _translation_keys: ClassVar[frozenset[str]]
    _primary_entities_only = False

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities among those targeted that the condition is about."""
        return super().entity_filter(own_entities(self._hass, entities, self._translation_keys))

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether all entities are in the state."""
        # "All" of no pack must not be true.
        return bool(states) and super()._check_all_match_state(states)


def _selected(allowed: Any) -> Any:
    """Return the validator of one or several choices."""
    return probatio.All(probatio.EnsureList(), [allowed])


def _schema_with_option(option: str, allowed: Any) -> Any:
    """Return the schema of a state condition with one more option, which may be left out."""
    return ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {probatio.Required(CONF_OPTIONS, default={}): {probatio.Optional(option): _selected(allowed)}}
    )


def _state_condition(translation_key: str, state: str) -> type[Condition]:
    """Return the condition that a binary sensor is in a state."""

    class StateCondition(_OwnEntities, EntityStateConditionBase):
        """A binary sensor is in the state."""

        _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
        _translation_keys = frozenset({translation_key})
        _states = {state}

    return StateCondition


def _protection_condition(protection_state: ProtectionState) -> type[Condition]:
    """Return the condition that a protection is in a state."""

    class ProtectionCondition(_OwnEntities):
        """A protection of a pack, or one of those chosen, is in the state."""

        _domain_specs = {SENSOR_DOMAIN: DomainSpec()}
        _translation_keys = frozenset({"protection_state"})
        _schema = _schema_with_option(PROTECTION, str)

        def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
            """`config` has the protections that count; none means any."""
            super().__init__(hass, config)
            self._chosen = frozenset[str]((config.options or {}).get(PROTECTION) or ())

        @override
        def is_valid_state(self, entity_state: State) -> bool:
            """Return whether a protection that counts is in the state."""
            protections = entity_state.attributes.get(protection_state.value) or ()
            return bool(self._chosen.intersection(protections) if self._chosen else protections)

    return ProtectionCondition


class IsAlarmRaised(_OwnEntities):
    """A pack reports an alarm of these severities."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _schema = _schema_with_option(SEVERITY, probatio.In([severity.value for severity in AlarmSeverity]))

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """`config` has the severities that count; none means any."""
        super().__init__(hass, config)
        chosen = (config.options or {}).get(SEVERITY) or tuple(AlarmSeverity)
        self._alarms = frozenset(alarm for alarm in Alarm if alarm.severity in chosen)

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities among those targeted that show alarms of the severities."""
        # "Problem" names all alarms; each has an entity of its own too, which few enable.
        keys = {"problem", *(f"alarm_{alarm}" for alarm in self._alarms)}
        return EntityConditionBase.entity_filter(self, own_entities(self._hass, entities, keys))

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether an entity shows an alarm of the severities."""
        attributes = entity_state.attributes
        if "alarms" not in attributes:
            return entity_state.state == STATE_ON
        # A bank puts the name of the pack before each.
        return any(
            alarm.rpartition(": ")[2] in self._alarms
            for alarm in (*attributes["alarms"], *attributes.get("other_alarms", ()))
        )

    @override
    def _state_valid_since(self, _state: State) -> datetime:
        """Return since when the state is valid: alarms are attributes, which do not change the state."""
        return _state.last_updated

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether every pack reports an alarm of the severities."""
        # "All" means every pack, not every alarm that a pack knows.
        of_packs: dict[str | None, list[State]] = {}
        for state in states:
            of_packs.setdefault(device_of(self._hass, state.entity_id), []).append(state)
        return bool(of_packs) and all(self._check_any_match_state(alarms) for alarms in of_packs.values())


class IsDataStale(_OwnEntities):
    """A pack sends no data."""

    _domain_specs = {SENSOR_DOMAIN: DomainSpec()}
    _translation_keys = frozenset({"voltage"})

    @property
    @override
    def _needs_duration_tracking(self) -> bool:
        """Return that the last change of the state is enough for a duration."""
        return False

    @override
    def _should_include(self, _state: State) -> bool:
        """Return that entities count in every state."""
        # The base leaves out unavailable, which is what this condition is about.
        return True

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether the entity is unavailable."""
        return entity_state.state == STATE_UNAVAILABLE


class IsImbalance(_OwnEntities, EntityNumericalConditionWithUnitBase):
    """The cell voltage difference is above or below a threshold."""

    _domain_specs = {SENSOR_DOMAIN: DomainSpec()}
    _translation_keys = frozenset({"cell_voltage_delta"})
    _base_unit = UnitOfElectricPotential.MILLIVOLT
    _unit_converter = ElectricPotentialConverter


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_protection_tripped": _protection_condition(ProtectionState.TRIPPED),
    "is_protection_pending": _protection_condition(ProtectionState.PENDING),
    "is_alarm_raised": IsAlarmRaised,
    "is_charging_allowed": _state_condition("charge_allowed", STATE_ON),
    "is_charging_not_allowed": _state_condition("charge_allowed", STATE_OFF),
    "is_discharging_allowed": _state_condition("discharge_allowed", STATE_ON),
    "is_discharging_not_allowed": _state_condition("discharge_allowed", STATE_OFF),
    "is_data_stale": IsDataStale,
    "is_imbalance": IsImbalance,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
