"""Sensors of the mirror: what is nearest, how near and when; where each protection stands; limits for chargers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfElectricCurrent, UnitOfElectricPotential, UnitOfTime

from ..coordinator import SmartBmsCoordinator
from ..messages import sentences
from ..pack_entry.publishing import Quantity, Value
from ..protection.monitor import ProtectionMonitor, ProtectionState
from ..protection.rules import ProtectionRule
from .description import SmartBmsSensorDescription, time_of_day

PROTECTION: Final = "protection_"
NONE_NEAR: Final = "none_near"
"""All limits are far away."""
_STEPS: Final[Mapping[str, float]] = {"V": 0.005, "A": 1, "°C": 0.5, "%": 1}
"""In which margins are told, by unit; whole numbers where the step is one."""
STATES: Final = [state.value for state in ProtectionState if state is not ProtectionState.UNKNOWN]


def protection_descriptions(coordinator: SmartBmsCoordinator) -> Iterator[SmartBmsSensorDescription]:
    """Return the sensors of a pack whose rules are known."""
    rules = coordinator.guard.rules.rules
    names = [rule.protection for rule in rules if not rule.is_warning and _has(coordinator, rule)]
    if names:
        yield from descriptions_of(names)


def descriptions_of(names: Sequence[str]) -> Iterator[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these protections."""
    yield SmartBmsSensorDescription(
        key="protection_state",
        translation_key="protection_state",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=STATES,
        value_fn=_state,
        attributes_fn=_standing,
        discrete_fn=_standing,
    )
    yield SmartBmsSensorDescription(
        key="nearest_protection",
        translation_key="nearest_protection",
        quantity=Quantity.UNSTEADY_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[NONE_NEAR, *names],
        value_fn=_nearest,
        attributes_fn=_nearest_particulars,
        discrete_fn=lambda coordinator: [hint.code for hint in coordinator.guard.hints],
    )
    yield SmartBmsSensorDescription(
        key="protection_margin",
        translation_key="protection_margin",
        quantity=Quantity.MARGIN,
        entity_registry_enabled_default=False,
        value_fn=_of_nearest(_coarse_margin),
        unit_fn=_nearest_unit,
    )
    yield SmartBmsSensorDescription(
        key="time_to_protection",
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
            translation_key=f"{PROTECTION}{name}",
            quantity=Quantity.STATE,
            device_class=SensorDeviceClass.ENUM,
            options=STATES,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=_state_of(name),
            attributes_fn=_particulars_of(name),
        )


def _has(coordinator: SmartBmsCoordinator, rule: ProtectionRule) -> bool:
    """Tell whether a pack has a protection that not all packs of its kind have."""
    catalogue = coordinator.catalogue
    return not rule.optional or (catalogue is not None and rule.limit in catalogue.settings)


def _state(coordinator: SmartBmsCoordinator) -> Value:
    state = coordinator.guard.state
    return None if state is ProtectionState.UNKNOWN else state.value


def _standing(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    guard = coordinator.guard
    return {
        state.value: guard.protections_in(state)
        for state in (ProtectionState.TRIPPED, ProtectionState.PENDING, ProtectionState.UNKNOWN)
    }


def _of_nearest(value: Callable[[ProtectionMonitor], Value]) -> Callable[[SmartBmsCoordinator], Value]:
    def of(coordinator: SmartBmsCoordinator) -> Value:
        near = coordinator.guard.approach.near
        return None if near is None else value(near.track)

    return of


def _nearest(coordinator: SmartBmsCoordinator) -> Value:
    guard = coordinator.guard
    if guard.mirror.nearest is None:
        return None
    return NONE_NEAR if guard.approach.near is None else guard.approach.near.track.rule.protection


def _coarse_margin(track: ProtectionMonitor) -> float | None:
    """Return a margin as finely as people care: it is published often."""
    if track.margin is None:
        return None
    step = _STEPS[track.rule.quantity.unit]
    return round(round(track.margin / step) * step, 3)


def _nearest_unit(coordinator: SmartBmsCoordinator) -> str | None:
    # A margin that is unknown for the moment keeps its unit.
    nearest = coordinator.guard.approach.near or coordinator.guard.mirror.nearest
    return None if nearest is None else nearest.track.rule.quantity.unit


def _nearest_particulars(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    nearest = coordinator.guard.approach.near
    hints = sentences(coordinator.guard.hints, "hint")
    return (_particulars(coordinator, nearest.track) if nearest else {}) | ({"hints": hints} if hints else {})


def _time_to_trip(coordinator: SmartBmsCoordinator) -> Value:
    nearest = coordinator.guard.approach.near
    return None if nearest is None or nearest.foretold is None else round(nearest.foretold.seconds)


def _uncertainty(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    nearest = coordinator.guard.approach.near
    if nearest is None or nearest.foretold is None:
        return {}
    return {"protection": nearest.track.rule.protection, "uncertainty": round(nearest.foretold.uncertainty)}


def _limit(key: str, name: str, device_class: SensorDeviceClass, unit: str) -> SmartBmsSensorDescription:
    def explained(coordinator: SmartBmsCoordinator) -> Mapping[str, Any]:
        limits = coordinator.guard.limits
        by = {"charge_current": limits.charge_limited_by, "discharge_current": limits.discharge_limited_by}
        return {"stage": limits.stage.value} if name == "charge_voltage" else {"limited_by": by[name] or None}

    return SmartBmsSensorDescription(
        key=key,
        translation_key=key,
        quantity=Quantity.STATE,
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_display_precision=2 if name == "charge_voltage" else 1,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda coordinator: getattr(coordinator.guard.limits, name),
        attributes_fn=explained,
        discrete_fn=explained,
        # Without data it says what is safe.
        always=True,
    )


def _state_of(name: str) -> Callable[[SmartBmsCoordinator], Value]:
    def state(coordinator: SmartBmsCoordinator) -> Value:
        track = coordinator.guard.mirror.tracks.get(name)
        return None if track is None or track.state is ProtectionState.UNKNOWN else track.state.value

    return state


def _particulars_of(name: str) -> Callable[[SmartBmsCoordinator], Mapping[str, Any]]:
    def particulars(coordinator: SmartBmsCoordinator) -> Mapping[str, Any]:
        track = coordinator.guard.mirror.tracks.get(name)
        return {} if track is None else _particulars(coordinator, track)

    return particulars


def _particulars(coordinator: SmartBmsCoordinator, track: ProtectionMonitor) -> dict[str, Any]:
    told = {
        "value": track.value,
        "limit": track.limit,
        "release": track.release,
        "margin": track.margin,
        "unit": track.rule.quantity.unit,
        "blocks": sorted(track.rule.blocks),
        "tripped_at": time_of_day(coordinator.now, track.since) if track.state is ProtectionState.TRIPPED else None,
        "released_at": time_of_day(coordinator.now, track.release_at),
    }
    return {key: value for key, value in told.items() if value is not None}
