"""Sensors of the link to a pack: every pack has them, and they stay available without it."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import SIGNAL_STRENGTH_DECIBELS_MILLIWATT, EntityCategory, UnitOfTime

from . import adapters
from .bms.pack import LinkState
from .coordinator import SmartBmsCoordinator
from .explanations import sentences
from .protection.verdict import Reason
from .publishing import Quantity
from .sensor_description import SmartBmsSensorDescription
from .simulated import NAME as SIMULATION

_AGE_STEPS: Final = ((60, 10), (600, 60), (3600, 600))
"""Up to an age, the step in which it is told, in s."""


def _what_may_help(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return what is doubted about the pack's readings, shown or not, and hints for a link that brings none."""
    state, doubt = coordinator.link_state, coordinator.pack.trust.doubt
    doubted = {"doubt": doubt} if doubt else {}
    return doubted | _hints(coordinator, state)


def _hints(coordinator: SmartBmsCoordinator, state: LinkState) -> dict[str, list[str]]:
    if state is LinkState.STREAMING:
        return {}
    hints = coordinator.family.link_hints(
        state,
        adapters.signal_strength(coordinator.hass, coordinator.address),
        coordinator.identity["sw_version"],
    )
    return {"hints": sentences((Reason(hint) for hint in hints), "hint")} if hints else {}


LINK_DESCRIPTIONS: Final[tuple[SmartBmsSensorDescription, ...]] = (
    SmartBmsSensorDescription(
        key="link",
        translation_key="link",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in LinkState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.link_state,
        attributes_fn=_what_may_help,
        discrete_fn=_what_may_help,
        always=True,
    ),
    SmartBmsSensorDescription(
        key="data_age",
        translation_key="data_age",
        quantity=Quantity.DATA_AGE,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: coarse(coordinator.pack.age(coordinator.now)),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="connected_through",
        translation_key="connected_through",
        quantity=Quantity.STATE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: (
            SIMULATION if coordinator.simulation else adapters.connected_through(coordinator.hass, coordinator.address)
        ),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="signal_strength",
        translation_key="signal_strength",
        quantity=Quantity.COUNTER,
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: adapters.signal_strength(coordinator.hass, coordinator.address),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="frames_per_minute",
        translation_key="frames_per_minute",
        quantity=Quantity.COUNTER,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: coordinator.pack.frames_per_minute(coordinator.now),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="dropped_frames",
        translation_key="dropped_frames",
        quantity=Quantity.COUNTER,
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: coordinator.pack.dropped.total(),
        always=True,
    ),
)


def coarse(age: float | None) -> int | None:
    """Return an age in steps that grow with it: a pack that is away for the winter must not fill the database."""
    if age is None:
        return None
    step = next((step for below, step in _AGE_STEPS if age < below), 3600)
    return int(age // step) * step
