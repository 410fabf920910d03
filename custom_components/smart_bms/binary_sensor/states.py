"""Binary sensors of states: what a pack does, and what its switches are set to."""

from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.const import EntityCategory

from ..bms.reading import Reading
from ..pack_entry.publishing import Quantity
from .description import SmartBmsBinarySensorDescription


def _state(
    key: str, device_class: BinarySensorDeviceClass | None = None, *, enabled: bool = True
) -> SmartBmsBinarySensorDescription:
    """Return the description of a state that readings have."""
    return SmartBmsBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_registry_enabled_default=enabled,
        value_fn=lambda reading: getattr(reading, key),
    )


def _detail_state(
    key: str, device_class: BinarySensorDeviceClass | None = None, *, enabled: bool = True
) -> SmartBmsBinarySensorDescription:
    """Return the description of a state that only some families have."""

    def value(reading: Reading) -> bool | None:
        """Return the value of the newest reading."""
        detail = reading.details.get(key)
        return detail if isinstance(detail, bool) else None

    return SmartBmsBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=enabled,
        value_fn=value,
    )


STATE_DESCRIPTIONS: Final[tuple[SmartBmsBinarySensorDescription, ...]] = (
    SmartBmsBinarySensorDescription(
        key="charging",
        translation_key="charging",
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        quantity=Quantity.DIRECTION,
        needs="current",
        value_fn=lambda reading: None if reading.current is None else reading.current > 0,
    ),
    SmartBmsBinarySensorDescription(
        key="discharging",
        translation_key="discharging",
        device_class=BinarySensorDeviceClass.RUNNING,
        quantity=Quantity.DIRECTION,
        needs="current",
        value_fn=lambda reading: None if reading.current is None else reading.current < 0,
    ),
    # Whether the MOSFETs conduct; what the rules allow, and why, is shown by the permissions.
    _state("charging_enabled", enabled=False),
    _state("discharging_enabled", enabled=False),
    _state("balancing_enabled", enabled=False),
    _state("balancing", BinarySensorDeviceClass.RUNNING),
    _state("heating", BinarySensorDeviceClass.RUNNING),
    _state("precharging", BinarySensorDeviceClass.RUNNING),
    _detail_state("soc_calibrated"),
    _detail_state("charge_relay_closed", enabled=False),
    _detail_state("load_relay_closed", enabled=False),
    # Most boards never set them.
    _detail_state("charger_connected", BinarySensorDeviceClass.PLUG, enabled=False),
    _detail_state("load_connected", BinarySensorDeviceClass.PLUG, enabled=False),
)

RELAY_NAMES: Final = {"charging_enabled": "charge_relay", "discharging_enabled": "load_relay"}
"""Translation keys of what other families switch with MOSFETs."""


def balancing_description(number: int) -> SmartBmsBinarySensorDescription:
    """Return the description of whether a cell is balanced."""

    def value(reading: Reading) -> bool | None:
        """Return the value of the newest reading."""
        # Of packs that tell one cell after the other, one that was not heard of lately is unknown.
        unheard = bool(reading.cell_times) and not reading.cell_times[number - 1 : number]
        if reading.balancing_cells is None or unheard or None in reading.cell_times[number - 1 : number]:
            return None
        return number in reading.balancing_cells

    return SmartBmsBinarySensorDescription(
        key=f"cell_balancing_{number}",
        translation_key="cell_balancing",
        translation_placeholders={"cell": str(number)},
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        needs="balancing_cells",
        quantity=Quantity.UNSTEADY_STATE,
        value_fn=value,
    )
