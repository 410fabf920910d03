"""Sensors of the mirror: what is nearest, how near and when; where each protection stands; limits for chargers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfElectricCurrent, UnitOfElectricPotential, UnitOfTime

from ..coordinator import SmartBmsCoordinator
from ..entity.status import time_of_day
from ..messages import explanation, reason_sentences
from ..pack_entry.publishing import Quantity, Value
from ..protection.monitor import ProtectionMonitor, ProtectionState
from ..protection.rules import ProtectionRule
from .description import SmartBmsSensorDescription

PROTECTION: Final = "protection_"
NONE_NEAR: Final = "none_near"
"""All limits are far away."""
_STEPS: Final[Mapping[str, float]] = {"V": 0.005, "A": 1, "°C": 0.5, "%": 1}
"""In which margins are told, by unit; whole numbers where the step is one."""
STATES: Final = [state.value for state in ProtectionState if state is not ProtectionState.UNKNOWN]


def protection_descriptions(coordinator: SmartBmsCoordinator) -> Iterator[SmartBmsSensorDescription]:
    """Return the sensors of a pack whose rules are known."""
    rules = coordinator.protection_engine.rules.rules
    names = [rule.protection for rule in rules if not rule.is_warning and _has(coordinator, rule)]
    if names:
        yield from descriptions_of(names)


def descriptions_of(names: Sequence[str]) -> Iterator[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these protections."""
    yield SmartBmsSensorDescription(
        key="protection_state",
        acted_on=True,
        translation_key="protection_state",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=STATES,
        value_fn=_state,
        attributes_fn=_protections_by_state,
        discrete_fn=_protections_by_state,
    )
    yield SmartBmsSensorDescription(
        key="nearest_protection",
        acted_on=True,
        translation_key="nearest_protection",
        quantity=Quantity.UNSTEADY_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[NONE_NEAR, *names],
        value_fn=_nearest,
        attributes_fn=_nearest_details,
        discrete_fn=lambda coordinator: [hint.code for hint in coordinator.protection_engine.hints],
    )
    yield SmartBmsSensorDescription(
        key="protection_margin",
        acted_on=True,
        translation_key="protection_margin",
        quantity=Quantity.MARGIN,
        entity_registry_enabled_default=False,
        value_fn=_of_nearest(_quantize_margin),
        unit_fn=_nearest_unit,
    )
    yield SmartBmsSensorDescription(
        key="time_to_protection",
        acted_on=True,
        translation_key="time_to_protection",
        quantity=Quantity.UNSTEADY_STATE,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=_time_to_trip,
        attributes_fn=_uncertainty,
    )
    yield _limit("charge_voltage_limit", "charge_voltage", SensorDeviceClass.VOLTAGE, UnitOfElectricPotential.VOLT)
    yield _limit("charge_current_limit", "charge_current", SensorDeviceClass.CURRENT, UnitOfElectricCurrent.AMPERE)
    yield _limit(
        "discharge_current_limit", "discharge_current", SensorDeviceClass.CURRENT, UnitOfElectricCurrent.AMPERE
    )
    for name in names:
        yield SmartBmsSensorDescription(
            key=f"{PROTECTION}{name}",
            acted_on=True,
            translation_key=f"{PROTECTION}{name}",
            quantity=Quantity.STATE,
            device_class=SensorDeviceClass.ENUM,
            options=STATES,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=_state_of(name),
            attributes_fn=_details_of(name),
        )


def _has(coordinator: SmartBmsCoordinator, rule: ProtectionRule) -> bool:
    """Return whether a pack has a protection that not all packs of its kind have."""
    catalog = coordinator.catalog
    return not rule.optional or (catalog is not None and rule.limit in catalog.settings)


def _state(coordinator: SmartBmsCoordinator) -> Value:
    """Return the state of the protection that matters most."""
    state = coordinator.protection_engine.state
    return None if state is ProtectionState.UNKNOWN else state.value


def _protections_by_state(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return which protections are tripped, pending or not known."""
    protection_engine = coordinator.protection_engine
    return {
        state.value: protection_engine.protections_in(state)
        for state in (ProtectionState.TRIPPED, ProtectionState.PENDING, ProtectionState.UNKNOWN)
    }


def _of_nearest(value: Callable[[ProtectionMonitor], Value]) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a value of the nearest protection."""

    def of(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the nearest protection."""
        near = coordinator.protection_engine.nearest_tracker.near
        return None if near is None else value(near.monitor)

    return of


def _nearest(coordinator: SmartBmsCoordinator) -> Value:
    """Return the protection that is nearest to its limit."""
    protection_engine = coordinator.protection_engine
    if protection_engine.mirror.nearest is None:
        return None
    return (
        NONE_NEAR
        if protection_engine.nearest_tracker.near is None
        else protection_engine.nearest_tracker.near.monitor.rule.protection
    )


def _quantize_margin(monitor: ProtectionMonitor) -> float | None:
    """Return a margin as finely as people care: it is published often."""
    if monitor.margin is None:
        return None
    step = _STEPS[monitor.rule.quantity.unit]
    return round(round(monitor.margin / step) * step, 3)


def _nearest_unit(coordinator: SmartBmsCoordinator) -> str | None:
    """Return the unit of the margin."""
    # A margin that is unknown for the moment keeps its unit.
    nearest = coordinator.protection_engine.nearest_tracker.near or coordinator.protection_engine.mirror.nearest
    return None if nearest is None else nearest.monitor.rule.quantity.unit


def _nearest_details(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return the numbers of the nearest protection, and hints."""
    nearest = coordinator.protection_engine.nearest_tracker.near
    details = _details(coordinator, nearest.monitor) if nearest else {}
    if hints := coordinator.protection_engine.hints:
        sentences = reason_sentences(coordinator.hass, hints, "hint")
        details |= {"hints": [hint.code for hint in hints], "explanation": explanation(coordinator.hass, sentences)}
    return details


def _time_to_trip(coordinator: SmartBmsCoordinator) -> Value:
    """Return the predicted time to the next trip in s."""
    nearest = coordinator.protection_engine.nearest_tracker.near
    return None if nearest is None or nearest.predicted_trip is None else round(nearest.predicted_trip.seconds)


def _uncertainty(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return which protection would trip, and the uncertainty in s."""
    nearest = coordinator.protection_engine.nearest_tracker.near
    if nearest is None or nearest.predicted_trip is None:
        return {}
    return {"protection": nearest.monitor.rule.protection, "uncertainty": round(nearest.predicted_trip.uncertainty)}


def _limit(key: str, name: str, device_class: SensorDeviceClass, unit: str) -> SmartBmsSensorDescription:
    """Return the description of a limit for chargers or inverters."""

    def explained(coordinator: SmartBmsCoordinator) -> Mapping[str, Any]:
        """Return what limits, or the charge stage."""
        limits = coordinator.protection_engine.limits
        by = {"charge_current": limits.charge_limited_by, "discharge_current": limits.discharge_limited_by}
        if name == "charge_voltage":
            return {"stage": limits.stage.value, "limited_by": limits.voltage_limited_by or None}
        waits = {"balance_difference": limits.balance_spread} if limits.is_held_for_balance else {}
        return {"limited_by": by[name] or None, **(waits if name == "charge_current" else {})}

    return SmartBmsSensorDescription(
        key=key,
        translation_key=key,
        quantity=Quantity.LIMIT,
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_display_precision=2 if name == "charge_voltage" else 1,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda coordinator: getattr(coordinator.protection_engine.limits, name),
        attributes_fn=explained,
        discrete_fn=explained,
        # Without data it says what is safe.
        always=True,
    )


def _state_of(name: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows the state of a protection."""

    def state(coordinator: SmartBmsCoordinator) -> Value:
        """Return the state of the protection, None if it is not known."""
        monitor = coordinator.protection_engine.mirror.monitors.get(name)
        return None if monitor is None or monitor.state is ProtectionState.UNKNOWN else monitor.state.value

    return state


def _details_of(name: str) -> Callable[[SmartBmsCoordinator], Mapping[str, Any]]:
    """Return what shows the numbers of a protection."""

    def details(coordinator: SmartBmsCoordinator) -> Mapping[str, Any]:
        """Return what goes with the value."""
        monitor = coordinator.protection_engine.mirror.monitors.get(name)
        return {} if monitor is None else _details(coordinator, monitor)

    return details


def _details(coordinator: SmartBmsCoordinator, monitor: ProtectionMonitor) -> dict[str, Any]:
    """Return the numbers of a protection."""
    attributes = {
        "value": monitor.value,
        "limit": monitor.limit,
        "release": monitor.release,
        "margin": monitor.margin,
        "unit": monitor.rule.quantity.unit,
        "blocks": sorted(monitor.rule.blocks),
        "tripped_at": time_of_day(coordinator.now, monitor.since) if monitor.state is ProtectionState.TRIPPED else None,
        "released_at": time_of_day(coordinator.now, monitor.release_at),
    }
    return {key: value for key, value in attributes.items() if value is not None}
