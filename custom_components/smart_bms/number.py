"""Numbers: parameters with a number, such as limits, delays and thresholds, and how full a battery is wanted."""

from collections.abc import Mapping
from typing import Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.entity import unique_device
from .bms.settings import Setting, SettingKind, Unit
from .coordinator import SmartBmsConfigEntry
from .entity import attribution_of
from .entity.parameter import SmartBmsParameterEntity, async_add_parameters, description_fields
from .entity.soc_plan_number import SOC_PLAN_NUMBERS, SocPlanNumber

# One connection, one write at a time.
PARALLEL_UPDATES: Final = 1

_UNITS: Final[Mapping[Unit, tuple[str | None, NumberDeviceClass | None]]] = {
    Unit.NONE: (None, None),
    Unit.VOLT: (UnitOfElectricPotential.VOLT, NumberDeviceClass.VOLTAGE),
    Unit.AMPERE: (UnitOfElectricCurrent.AMPERE, NumberDeviceClass.CURRENT),
    Unit.AMPERE_HOUR: ("Ah", None),
    Unit.CELSIUS: (UnitOfTemperature.CELSIUS, NumberDeviceClass.TEMPERATURE),
    Unit.WATT: (UnitOfPower.WATT, NumberDeviceClass.POWER),
    Unit.WATT_HOUR: (UnitOfEnergy.WATT_HOUR, NumberDeviceClass.ENERGY_STORAGE),
    Unit.OHM: ("Ω", None),
    Unit.PERCENT: (UnitOfRatio.PERCENTAGE, None),
    Unit.SECOND: (UnitOfTime.SECONDS, NumberDeviceClass.DURATION),
    Unit.MICROSECOND: (UnitOfTime.MICROSECONDS, NumberDeviceClass.DURATION),
    Unit.MINUTE: (UnitOfTime.MINUTES, NumberDeviceClass.DURATION),
    Unit.HOUR: (UnitOfTime.HOURS, NumberDeviceClass.DURATION),
}


def describe(setting: Setting) -> NumberEntityDescription:
    """Return the description of the number for a parameter."""
    unit, device_class = _UNITS[setting.unit]
    return NumberEntityDescription(
        **description_fields(setting),
        device_class=device_class,
        native_unit_of_measurement=unit,
        native_min_value=setting.minimum,
        native_max_value=setting.maximum,
        native_step=setting.step,
        mode=NumberMode.BOX,
    )


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of a pack or a bank."""
    coordinator = entry.runtime_data
    unique_id, device_info = unique_device(coordinator)
    attribution = None if isinstance(coordinator, BankCoordinator) else attribution_of(coordinator)
    # Without rules there are no limits that could follow a plan.
    if isinstance(coordinator, BankCoordinator) or coordinator.protection_engine.rules:
        async_add_entities(
            SocPlanNumber(
                coordinator, description, unique_id=unique_id, device_info=device_info, attribution=attribution
            )
            for description in SOC_PLAN_NUMBERS
        )
    if isinstance(coordinator, BankCoordinator):
        return
    async_add_parameters(
        hass, coordinator, async_add_entities, kind=SettingKind.NUMBER, describe=describe, entity=SmartBmsNumber
    )


class SmartBmsNumber(SmartBmsParameterEntity, NumberEntity):
    """A parameter with a number."""

    _is_typed_in = True

    @property
    @override
    def native_min_value(self) -> float:
        """Return the lowest value that can be set now; it may depend on other parameters."""
        return self.setting.minimum if self.setting else super().native_min_value

    @property
    @override
    def native_max_value(self) -> float:
        """Return the highest value that can be set now, or the special value above it."""
        if self.setting is None:
            return super().native_max_value
        return max(self.setting.maximum, self.setting.special or 0.0)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value as it was published."""
        value = self.shown_value
        return value if isinstance(value, (int, float)) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Write the value, and wait until it is read back."""
        converted = self.unit_of_measurement != self.native_unit_of_measurement
        if self.setting and converted and value != self.setting.special:
            # A round number in the user's unit need not lie on the steps of the parameter.
            value = round(round(value / self.setting.step) * self.setting.step, 6)
        await self.async_change(value)
