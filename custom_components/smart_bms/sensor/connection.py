"""Sensors of the link to a pack: every pack has them, and they stay available without it."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import SIGNAL_STRENGTH_DECIBELS_MILLIWATT, EntityCategory, UnitOfRatio, UnitOfTime

from ..bms.connection_state import REASONS, ConnectionState
from ..coordinator import SmartBmsCoordinator
from ..entity.connection_state import connection_hint_codes, connection_step
from ..entity.status import time_of_day
from ..messages import explanation, reason_sentences
from ..pack_entry import bluetooth_paths
from ..pack_entry.publishing import Quantity, quantize_age
from ..pack_entry.simulated import NAME as SIMULATION
from ..protection.permission import Reason
from .description import SmartBmsSensorDescription

_TURN: Final = "turn"


def _explained(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return what goes with the state: what is doubted, since when there is no data, what is being done, what may help."""
    pack, state = coordinator.pack, coordinator.connection_state
    attributes: dict[str, Any] = {"doubt": pack.trust.doubt, **connection_hint_attributes(coordinator)}
    if state in REASONS:
        attributes |= {
            "since": time_of_day(coordinator.now, pack.silent_since),
            "step": connection_step(coordinator),
        }
    connection = coordinator.connection
    if connection.place is not None:
        attributes[_TURN] = "{} / {}".format(*connection.place)
    attributes["until"] = time_of_day(coordinator.now, connection.released_until or connection.rests_until)
    return {key: value for key, value in attributes.items() if value}


def _discrete(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return what is news of its own: not the place in the queue, which changes all the time where many wait."""
    return {key: bool(value) if key == _TURN else value for key, value in _explained(coordinator).items()}


def connection_hint_attributes(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return what may help to get data of the pack again, in codes and in sentences."""
    codes = connection_hint_codes(coordinator)
    sentences = reason_sentences(coordinator.hass, map(Reason, codes), "hint")
    return {"hints": codes, "explanation": explanation(coordinator.hass, sentences)} if codes else {}


def _better_path(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return which adapter or proxy heard the pack much better than the one in use, and whether it is full now."""
    found = None if coordinator.simulation else bluetooth_paths.better_path(coordinator.hass, coordinator.address)
    return {} if found is None else {"better_path": found[0], "full": found[1]}


CONNECTION_DESCRIPTIONS: Final[tuple[SmartBmsSensorDescription, ...]] = (
    SmartBmsSensorDescription(
        key="link",
        translation_key="link",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in ConnectionState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.connection_state,
        attributes_fn=_explained,
        discrete_fn=_discrete,
        explained_every=30.0,
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
        value_fn=lambda coordinator: quantize_age(coordinator.pack.age(coordinator.now)),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="connected_through",
        translation_key="connected_through",
        quantity=Quantity.STATE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: (
            SIMULATION
            if coordinator.simulation
            else bluetooth_paths.connected_through(coordinator.hass, coordinator.address)
        ),
        attributes_fn=_better_path,
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
        value_fn=lambda coordinator: bluetooth_paths.signal_strength(coordinator.hass, coordinator.address),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="connection_quality",
        translation_key="connection_quality",
        quantity=Quantity.CONNECTION_QUALITY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: coordinator.pack.connection_quality(coordinator.now),
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
