"""Sensors of a bank."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import StateType

from ..bank.merge import Bank, BankExtreme
from ..const import AMPERE_HOUR
from ..energy.energy_totals import EnergyTotals
from ..entity.findable import FindableEntity
from ..entity.status import OPTIONS, STATUS, status_attributes, status_code, status_identity
from ..messages import explanation, incompatibility_sentences, left_out_sentences
from ..pack_entry.energy_account import CHARGED, DISCHARGED
from ..pack_entry.publishing import Quantity, Value, quantize_age
from ..protection.limited_time import LimitReason, limited_time_key
from ..protection.rules import Side
from ..protection.shown_stage import STAGES
from .coordinator import BankCoordinator
from .entity import BankEntity, left_out_attribute


@dataclass(frozen=True, kw_only=True)
class BankSensorDescription(SensorEntityDescription):
    """What a sensor of a bank shows."""

    quantity: Quantity
    value_fn: Callable[[Bank], Value]
    attributes_fn: Callable[[Bank], Mapping[str, Any]] | None = None
    explained_fn: Callable[[HomeAssistant, Bank], list[str]] | None = None
    """Return the sentences that explain the codes in the attributes."""
    of_coordinator: Callable[[BankCoordinator], Value] | None = None
    """What it shows in place of a value of the bank, if that follows from more than the newest one."""
    of_total: str | None = None
    """The sum that it shows in place of a value of the bank."""
    always: bool = False
    """It says something also when no string counts."""
    discrete: bool = False
    """Other attributes are news of their own."""


def _rounded(value: float | None, digits: int) -> float | None:
    """Return a number rounded, None if it is not known."""
    return None if value is None else round(value, digits)


def _described(  # noqa: PLR0913
    key: str,
    quantity: Quantity,
    value_fn: Callable[[Bank], Value],
    *,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
    shown_in: str | None = None,
    precision: int | None = None,
    category: EntityCategory | None = None,
    enabled: bool = True,
    attributes_fn: Callable[[Bank], Mapping[str, Any]] | None = None,
    discrete: bool = False,
) -> BankSensorDescription:
    """Return the description of a measurement of the bank."""
    return BankSensorDescription(
        key=key,
        translation_key=key,
        quantity=quantity,
        value_fn=value_fn,
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_unit_of_measurement=shown_in,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        attributes_fn=attributes_fn,
        discrete=discrete,
    )


def _extreme(
    key: str, quantity: Quantity, which: Callable[[Bank], BankExtreme | None], **more: Any
) -> BankSensorDescription:
    """Return a description of a highest or lowest value that says where it is."""

    def value(bank: Bank) -> Value:
        """Return the value of the newest reading."""
        found = which(bank)
        return None if found is None else found.value

    def where(bank: Bank) -> Mapping[str, Any]:
        """Return in which pack the value was found, and where there."""
        found = which(bank)
        return {} if found is None else {"pack": found.pack, "place": found.place}

    return _described(key, quantity, value, attributes_fn=where, **more)


def _energy(key: str, name: str) -> BankSensorDescription:
    """Return the description of a total in Wh."""
    return BankSensorDescription(
        key=key,
        translation_key=key,
        quantity=Quantity.ENERGY,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda _: None,
        of_total=name,
        always=True,
    )


def _limited_time(side: Side, reason: LimitReason) -> BankSensorDescription:
    """Return the description of the minutes for which a reason has held a side back today."""
    key = limited_time_key(side, reason)
    return BankSensorDescription(
        key=key,
        translation_key=key,
        quantity=Quantity.COUNTER,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda _: None,
        of_coordinator=lambda coordinator: round(coordinator.limited_time.minutes(side, reason)),
        always=True,
    )


def _shares(bank: Bank) -> Mapping[str, Any]:
    """Return the share of the current of each string in %."""
    return {
        "shares": {
            share.packs: {
                "share": None if share.share is None else round(100 * share.share),
                "expected": None if share.expected is None else round(100 * share.expected),
            }
            for share in bank.shares
        }
    }


_VOLT: Final[dict[str, Any]] = {
    "device_class": SensorDeviceClass.VOLTAGE,
    "unit": UnitOfElectricPotential.VOLT,
}
_AMPERE: Final[dict[str, Any]] = {
    "device_class": SensorDeviceClass.CURRENT,
    "unit": UnitOfElectricCurrent.AMPERE,
    "precision": 1,
}
_CELSIUS: Final[dict[str, Any]] = {
    "device_class": SensorDeviceClass.TEMPERATURE,
    "unit": UnitOfTemperature.CELSIUS,
    "precision": 1,
}

BANK_SENSORS: Final = (
    BankSensorDescription(
        key=STATUS,
        translation_key=STATUS,
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=OPTIONS,
        value_fn=lambda _: None,
        always=True,
    ),
    _described("voltage", Quantity.VOLTAGE, lambda bank: _rounded(bank.voltage, 3), precision=2, **_VOLT),
    _described("current", Quantity.CURRENT, lambda bank: _rounded(bank.current, 2), attributes_fn=_shares, **_AMPERE),
    _described(
        "power",
        Quantity.POWER,
        lambda bank: _rounded(bank.power, 1),
        device_class=SensorDeviceClass.POWER,
        unit=UnitOfPower.WATT,
        precision=0,
    ),
    _described(
        "soc",
        Quantity.SOC,
        lambda bank: _rounded(bank.soc, 1),
        device_class=SensorDeviceClass.BATTERY,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
    ),
    _described(
        "remaining_capacity",
        Quantity.CAPACITY,
        lambda bank: _rounded(bank.remaining, 2),
        unit=AMPERE_HOUR,
        precision=1,
    ),
    _described(
        "full_capacity",
        Quantity.CAPACITY,
        lambda bank: _rounded(bank.capacity, 2),
        unit=AMPERE_HOUR,
        precision=1,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _described(
        "stored_energy",
        Quantity.ENERGY,
        lambda bank: _rounded(bank.stored_energy, 1),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        unit=UnitOfEnergy.WATT_HOUR,
        shown_in=UnitOfEnergy.KILO_WATT_HOUR,
        precision=2,
    ),
    _energy(CHARGED, "charged"),
    _energy(DISCHARGED, "discharged"),
    _extreme("cell_voltage_min", Quantity.CELL_VOLTAGE, lambda bank: bank.lowest_cell, precision=3, **_VOLT),
    _extreme("cell_voltage_max", Quantity.CELL_VOLTAGE, lambda bank: bank.highest_cell, precision=3, **_VOLT),
    _extreme("temperature_min", Quantity.TEMPERATURE, lambda bank: bank.coldest, **_CELSIUS),
    _extreme("temperature_max", Quantity.TEMPERATURE, lambda bank: bank.hottest, **_CELSIUS),
    _described(
        "voltage_spread",
        Quantity.VOLTAGE_SPREAD,
        lambda bank: _rounded(bank.voltage_spread, 3),
        precision=2,
        category=EntityCategory.DIAGNOSTIC,
        **_VOLT,
    ),
    _described(
        "soc_spread",
        Quantity.SOC,
        lambda bank: _rounded(bank.soc_spread, 1),
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _described(
        "charge_voltage_limit",
        Quantity.STATE,
        lambda bank: _rounded(bank.limits.charge_voltage, 2),
        precision=2,
        attributes_fn=lambda bank: {"limited_by": bank.limits.voltage_limited_by or None},
        discrete=True,
        **_VOLT,
    ),
    _described(
        "charge_current_limit",
        Quantity.STATE,
        lambda bank: _rounded(bank.limits.charge_current, 1),
        attributes_fn=lambda bank: {"limited_by": bank.limits.charge_limited_by or None},
        discrete=True,
        **_AMPERE,
    ),
    _described(
        "discharge_current_limit",
        Quantity.STATE,
        lambda bank: _rounded(bank.limits.discharge_current, 1),
        attributes_fn=lambda bank: {"limited_by": bank.limits.discharge_limited_by or None},
        discrete=True,
        **_AMPERE,
    ),
    _described(
        "power_discharging",
        Quantity.POWER,
        lambda bank: None if bank.power is None else 0.0 - round(bank.power, 1),
        device_class=SensorDeviceClass.POWER,
        unit=UnitOfPower.WATT,
        precision=0,
        enabled=False,
    ),
    BankSensorDescription(
        key="charge_stage",
        translation_key="charge_stage",
        quantity=Quantity.UNSTEADY_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=list(STAGES),
        value_fn=lambda _: None,
        of_coordinator=lambda coordinator: coordinator.charge_stage,
    ),
    BankSensorDescription(
        key="time_to_chosen_soc",
        translation_key="time_to_chosen_soc",
        quantity=Quantity.TIME_LEFT,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=lambda _: None,
        of_coordinator=lambda coordinator: coordinator.time_to_chosen_soc,
    ),
    *(_limited_time(side, reason) for side in Side for reason in LimitReason),
    _described(
        "data_age",
        Quantity.DATA_AGE,
        lambda bank: quantize_age(bank.age),
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
    ),
    BankSensorDescription(
        key="counted_strings",
        translation_key="counted_strings",
        quantity=Quantity.STATE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda bank: bank.active_strings,
        attributes_fn=lambda bank: {
            "left_out": left_out_attribute(bank.left_out),
            "advice": [row.code for row in bank.advice],
        },
        explained_fn=lambda hass, bank: [
            *left_out_sentences(hass, bank.left_out),
            *incompatibility_sentences(hass, bank.advice),
        ],
        always=True,
        discrete=True,
    ),
)


class BankSensor(FindableEntity, BankEntity, SensorEntity):
    """One value of a bank."""

    entity_description: BankSensorDescription

    def __init__(self, coordinator: BankCoordinator, description: BankSensorDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, description.quantity, always=description.always)

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        description = self.entity_description
        if description.of_coordinator is not None:
            return description.of_coordinator(self.coordinator)
        return description.value_fn(self.coordinator.data)

    @override
    def details(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        description, bank = self.entity_description, self.coordinator.data
        attributes = {} if description.attributes_fn is None else dict(description.attributes_fn(bank))
        if description.explained_fn is not None:
            attributes["explanation"] = explanation(self.hass, description.explained_fn(self.hass, bank))
        return attributes

    @override
    def discrete(self) -> Any:
        """Return the part of the attributes whose change is news of its own."""
        return self.details() if self.entity_description.discrete else None

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value that was published last."""
        return self._filter.value


class BankStatusSensor(BankSensor):
    """The one thing that matters now."""

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        return status_code(self.coordinator.status)

    @override
    def details(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        return status_attributes(self.coordinator.status, self.coordinator.now)

    @override
    def discrete(self) -> Any:
        """Return the part of the attributes whose change is news of its own."""
        return status_identity(self.coordinator.status)


class BankEnergySensor(BankSensor, RestoreSensor):
    """A sum: it does not age."""

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        total: float = getattr(self.coordinator.file.saved_total, self.entity_description.of_total or "")
        return round(total, 2)

    @override
    async def async_added_to_hass(self) -> None:
        """Raise a total that lost its file to what Home Assistant remembers of it."""
        name, last = self.entity_description.of_total, await self.async_get_last_sensor_data()
        file = self.coordinator.file
        if file.falls_back and name and last is not None and isinstance(last.native_value, (int, float)):
            file.raise_to(EnergyTotals(**{name: float(last.native_value)}))
        await super().async_added_to_hass()


def bank_sensors(coordinator: BankCoordinator) -> list[BankSensor]:
    """Return the sensors of a bank."""
    return [
        (BankEnergySensor if row.of_total else BankStatusSensor if row.key == STATUS else BankSensor)(coordinator, row)
        for row in BANK_SENSORS
    ]
