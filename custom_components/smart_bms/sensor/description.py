"""What a sensor shows: its description, and the shortest way to write one down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory

from ..bms.reading import Reading
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import Quantity, Value


@dataclass(frozen=True, kw_only=True)
class SmartBmsSensorDescription(SensorEntityDescription):
    """What a sensor shows, and how calmly."""

    quantity: Quantity
    value_fn: Callable[[SmartBmsCoordinator], Value]
    needs: str | None = None
    """The value that a pack must have for this sensor to exist; by default the one of the same key."""
    always: bool = False
    """It speaks of the link: every pack has it, and it stays available without the pack."""
    acted_on: bool = False
    """Automations act on it: it is not shown any longer than they may go by it, also while the pack waits for its turn."""
    measured_at_fn: Callable[[Reading], float | None] | None = None
    """Monotonic time of a value that may be older than its reading."""
    attributes_fn: Callable[[SmartBmsCoordinator], Mapping[str, Any]] | None = None
    """What explains the value, as it is when the value is published; never recorded."""
    explained_every: float = 300.0
    """Seconds after which the numbers that explain a value are renewed."""
    discrete_fn: Callable[[SmartBmsCoordinator], Any] | None = None
    """The part of that explanation whose change is news of its own."""
    unit_fn: Callable[[SmartBmsCoordinator], str | None] | None = None
    """The unit, where it goes with the value."""


def described(  # noqa: PLR0913
    key: str,
    quantity: Quantity,
    *,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
    precision: int | None = None,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    category: EntityCategory | None = None,
    enabled: bool = True,
    value_fn: Callable[[SmartBmsCoordinator], Value] | None = None,
    needs: str | None = None,
    shown_in: str | None = None,
    translation: str | None = None,
) -> SmartBmsSensorDescription:
    """Return a description named by its key, of a measurement unless something else is said."""
    return SmartBmsSensorDescription(
        key=key,
        translation_key=translation or key,
        quantity=quantity,
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_display_precision=precision,
        state_class=state_class,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn or of_reading(key),
        needs=needs,
        suggested_unit_of_measurement=shown_in,
    )


def of_reading(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a value that readings have in our vocabulary."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        result: Value = getattr(coordinator.data, key, None)
        return result

    return value


def detail(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a value that only some families have."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        found = coordinator.data.details.get(key) if coordinator.data else None
        return None if isinstance(found, tuple) else found

    return value
