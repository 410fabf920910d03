"""Sensors of single values: one row for each that any pack may have."""

from collections.abc import Callable, Iterable
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTime,
)

from ..const import AMPERE_HOUR
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import Quantity, Value
from .description import SmartBmsSensorDescription, described, detail


def _cell_voltage(key: str, *, enabled: bool) -> SmartBmsSensorDescription:
    """Return the description of a cell voltage in V."""
    return described(
        key,
        Quantity.CELL_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=3,
        enabled=enabled,
    )


def _power_discharging(coordinator: SmartBmsCoordinator) -> Value:
    """Return the power in W, positive while discharging: some dashboards and automations want it so."""
    power = coordinator.data.power if coordinator.data else None
    return None if power is None else 0.0 - power


def _from_settings(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a value of the reading, or else that among the parameters."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        attributes: Value = getattr(coordinator.data, key, None)
        settings = coordinator.pack.last_settings
        if attributes is None and settings is not None:
            stored = settings.values.get(key)
            attributes = stored if isinstance(stored, (int, float)) else None
        return attributes

    return value


_COMMON: Final[tuple[SmartBmsSensorDescription, ...]] = (
    described(
        "voltage",
        Quantity.VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=2,
    ),
    described(
        "current",
        Quantity.CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
    ),
    described("power", Quantity.POWER, device_class=SensorDeviceClass.POWER, unit=UnitOfPower.WATT, precision=0),
    described("soc", Quantity.SOC, device_class=SensorDeviceClass.BATTERY, unit=UnitOfRatio.PERCENTAGE, precision=0),
    described(
        "soh",
        Quantity.COUNTER,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
    ),
    described("remaining_capacity", Quantity.CAPACITY, unit=AMPERE_HOUR, precision=1),
    described("full_capacity", Quantity.CAPACITY, unit=AMPERE_HOUR, precision=1, category=EntityCategory.DIAGNOSTIC),
    described(
        "design_capacity",
        Quantity.CAPACITY,
        unit=AMPERE_HOUR,
        precision=1,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=_from_settings("design_capacity"),
    ),
    *(
        described(
            key,
            Quantity.COUNTER,
            unit=AMPERE_HOUR,
            precision=0,
            state_class=SensorStateClass.TOTAL_INCREASING,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
            value_fn=_from_settings(key),
        )
        for key in ("charged_total", "discharged_total")
    ),
    described(
        "humidity",
        Quantity.TEMPERATURE,
        device_class=SensorDeviceClass.HUMIDITY,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=detail("humidity"),
    ),
    described(
        "manufacturing_date",
        Quantity.STATE,
        state_class=None,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("manufacturing_date"),
    ),
    described(
        "stored_energy",
        Quantity.ENERGY,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        unit=UnitOfEnergy.WATT_HOUR,
        shown_in=UnitOfEnergy.KILO_WATT_HOUR,
        precision=2,
    ),
    described(
        "cycles",
        Quantity.COUNTER,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
    ),
    described(
        "throughput",
        Quantity.COUNTER,
        unit=AMPERE_HOUR,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
    ),
    described(
        "runtime",
        Quantity.COUNTER,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        shown_in=UnitOfTime.DAYS,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
    ),
    described(
        "balance_current",
        Quantity.BALANCE_CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
    ),
    *(
        _cell_voltage(key, enabled=key == "cell_voltage_delta")
        for key in ("cell_voltage_min", "cell_voltage_max", "cell_voltage_mean", "cell_voltage_delta")
    ),
    # Numbers of cells are no measurements, but without a state class each change would be an entry in the logbook.
    described("cell_min_number", Quantity.CELL_NUMBER, precision=0, enabled=False),
    described("cell_max_number", Quantity.CELL_NUMBER, precision=0, enabled=False),
    described(
        "time_to_empty",
        Quantity.TIME_LEFT,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        shown_in=UnitOfTime.HOURS,
        precision=1,
        value_fn=lambda coordinator: coordinator.time_left.to_empty,
        needs="remaining_capacity",
    ),
    described(
        "time_to_full",
        Quantity.TIME_LEFT,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        shown_in=UnitOfTime.HOURS,
        precision=1,
        value_fn=lambda coordinator: coordinator.time_left.to_full,
        needs="full_capacity",
    ),
    described(
        "power_discharging",
        Quantity.POWER,
        device_class=SensorDeviceClass.POWER,
        unit=UnitOfPower.WATT,
        precision=0,
        enabled=False,
        value_fn=_power_discharging,
        needs="power",
    ),
    described(
        "heater_current",
        Quantity.CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("heater_current"),
    ),
)


_ENERGY_UNITS: Final = {"today": UnitOfEnergy.WATT_HOUR, "total": UnitOfEnergy.KILO_WATT_HOUR}


def _flow_descriptions() -> Iterable[SmartBmsSensorDescription]:
    """What comes in from the charging side, and goes out to the loads, of packs that measure both."""
    for side in ("in", "out"):
        yield described(
            f"current_{side}",
            Quantity.CURRENT,
            device_class=SensorDeviceClass.CURRENT,
            unit=UnitOfElectricCurrent.AMPERE,
            precision=2,
            value_fn=detail(f"current_{side}"),
        )
        yield described(
            f"power_{side}",
            Quantity.POWER,
            device_class=SensorDeviceClass.POWER,
            unit=UnitOfPower.WATT,
            precision=0,
            value_fn=detail(f"power_{side}"),
        )
    for flow in ("collected", "consumed", "charged", "discharged"):
        for period, unit in _ENERGY_UNITS.items():
            key = f"energy_{flow}_{period}"
            yield described(
                key,
                # What counts in whole kWh has no use for a dead band.
                Quantity.ENERGY if period == "today" else Quantity.COUNTER,
                device_class=SensorDeviceClass.ENERGY,
                unit=unit,
                shown_in=UnitOfEnergy.KILO_WATT_HOUR,
                precision=2 if period == "today" else 0,
                state_class=SensorStateClass.TOTAL_INCREASING,
                # We count the same for every family, and that is what the energy dashboard gets.
                enabled=False,
                value_fn=detail(key),
            )


_DETAILS: Final = (
    *(
        described(key, Quantity.CELL_BY_TEMPERATURE, precision=0, enabled=False, value_fn=detail(key))
        for key in ("coldest_cell", "hottest_cell")
    ),
    described(
        "balance_voltage",
        Quantity.CELL_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=3,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("balance_voltage"),
    ),
    described(
        "charge_efficiency",
        Quantity.COUNTER,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("charge_efficiency"),
    ),
    described(
        "discharge_cycles",
        Quantity.COUNTER,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("discharge_cycles"),
    ),
    *(
        described(
            key,
            Quantity.COUNTER,
            device_class=SensorDeviceClass.ENERGY_STORAGE,
            unit=UnitOfEnergy.WATT_HOUR,
            shown_in=UnitOfEnergy.KILO_WATT_HOUR,
            precision=2,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
            value_fn=detail(key),
        )
        for key in ("measured_capacity", "measured_charge_capacity")
    ),
    described(
        "clock_offset",
        Quantity.COUNTER,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.MINUTES,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=detail("clock_offset"),
    ),
)

SENSOR_DESCRIPTIONS: Final = (*_COMMON, *_flow_descriptions(), *_DETAILS)
