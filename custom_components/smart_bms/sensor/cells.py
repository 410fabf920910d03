"""Sensors of what a pack has several of: cells, probes, counters, and thresholds among its parameters."""

from collections.abc import Callable, Iterable
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)

from ..bms.reading import Reading
from ..bms.settings import Catalog, Setting, Unit
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.parameters import MAX_AGE_SHOWN
from ..pack_entry.publishing import Quantity, Value
from .description import SmartBmsSensorDescription, described

OHM: Final = "Ω"


ENABLED_CELLS: Final = 32
"""Cells beyond are there but disabled: chains have up to 255, and each would fill the database."""


_OF_THE_BOARD: Final = frozenset({"mosfet", "board"})


def cell_descriptions(capabilities: Capabilities) -> Iterable[SmartBmsSensorDescription]:
    """One voltage and one temperature for each cell, and one resistance of each balance lead."""
    for place in range(capabilities.cells):
        yield SmartBmsSensorDescription(
            key=f"cell_voltage_{place + 1}",
            translation_key="cell_voltage",
            translation_placeholders={"cell": str(place + 1)},
            quantity=Quantity.CELL_VOLTAGE,
            device_class=SensorDeviceClass.VOLTAGE,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=3,
            entity_registry_enabled_default=place < ENABLED_CELLS,
            value_fn=_item(lambda reading: reading.cell_voltages, place),
            measured_at_fn=_cell_time(place),
        )
    for place in range(capabilities.cell_temperatures):
        yield SmartBmsSensorDescription(
            key=f"cell_temperature_{place + 1}",
            translation_key="cell_temperature",
            translation_placeholders={"cell": str(place + 1)},
            quantity=Quantity.TEMPERATURE,
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=1,
            # Within 5 °C only, and too hot while balancing; lowest and highest are enough for most.
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=_item(lambda reading: reading.cell_temperatures, place),
            measured_at_fn=_cell_time(place),
        )
    for place in range(capabilities.resistances):
        yield SmartBmsSensorDescription(
            key=f"cell_resistance_{place + 1}",
            translation_key="cell_resistance",
            translation_placeholders={"cell": str(place + 1)},
            quantity=Quantity.RESISTANCE,
            native_unit_of_measurement=OHM,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=3,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=_item(lambda reading: reading.cell_resistances, place),
        )


def _cell_time(place: int) -> Callable[[Reading], float | None]:
    """Return what tells when a cell was measured, as monotonic time in s."""
    return lambda reading: reading.cell_times[place] if place < len(reading.cell_times) else None


def _item(values: Callable[[Reading], tuple[float | None, ...]], place: int) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows one item of a list of a reading."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        listed = values(coordinator.data) if coordinator.data else ()
        return listed[place] if place < len(listed) else None

    return value


def probe_descriptions(capabilities: Capabilities) -> Iterable[SmartBmsSensorDescription]:
    """One temperature for each probe."""
    for probe in capabilities.probes:
        numbered, _, number = probe.rpartition("_")
        yield SmartBmsSensorDescription(
            key=f"temperature_{probe}" if not numbered else probe,
            translation_key="temperature" if numbered else f"{probe}_temperature",
            translation_placeholders={"probe": number} if numbered else {},
            quantity=Quantity.TEMPERATURE,
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC if probe in _OF_THE_BOARD else None,
            value_fn=_probe(probe),
        )


def counter_descriptions(capabilities: Capabilities) -> Iterable[SmartBmsSensorDescription]:
    """How often each protection has tripped, over all that the pack has forgotten."""
    for counter in capabilities.counters:
        yield described(
            f"trips_{counter}",
            Quantity.STATE,
            precision=0,
            state_class=SensorStateClass.TOTAL_INCREASING,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
            value_fn=_total(counter),
        )


def _total(counter: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows how often a protection has tripped."""
    return lambda coordinator: coordinator.parameters.counter_totals.totals.get(counter)


def _probe(probe: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows the temperature of a probe in °C."""
    return lambda coordinator: coordinator.data.temperatures.get(probe) if coordinator.data else None


_UNITS: Final[dict[Unit, tuple[str | None, SensorDeviceClass | None]]] = {
    Unit.VOLT: (UnitOfElectricPotential.VOLT, SensorDeviceClass.VOLTAGE),
    Unit.CELSIUS: (UnitOfTemperature.CELSIUS, SensorDeviceClass.TEMPERATURE),
    Unit.PERCENT: (UnitOfRatio.PERCENTAGE, None),
    Unit.WATT: (UnitOfPower.WATT, SensorDeviceClass.POWER),
    Unit.WATT_HOUR: (UnitOfEnergy.WATT_HOUR, SensorDeviceClass.ENERGY_STORAGE),
}
_PRECISIONS: Final = {Unit.VOLT: 3, Unit.PERCENT: 0, Unit.WATT: 0}
"""Digits after the point, where it is not one."""


def parameter_descriptions(catalog: Catalog | None) -> Iterable[SmartBmsSensorDescription]:
    """Thresholds and the like of packs whose parameters can, or may, only be read."""
    for setting in catalog.settings.values() if catalog else ():
        if setting.shown:
            unit, device_class = _UNITS[setting.unit]
            yield described(
                f"parameter_{setting.key}",
                Quantity.STATE,
                translation=setting.key,
                device_class=device_class,
                unit=unit,
                shown_in=UnitOfEnergy.KILO_WATT_HOUR if setting.unit is Unit.WATT_HOUR else None,
                precision=_PRECISIONS.get(setting.unit, 1),
                state_class=None,
                category=EntityCategory.DIAGNOSTIC,
                enabled=False,
                value_fn=_parameter(setting),
            )


def _parameter(setting: Setting) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a parameter that can only be read."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        stored = coordinator.parameters.writer.value(setting)
        last = coordinator.pack.last_settings
        if stored is None and coordinator.pack.current_settings is None and last is not None:
            # Just connected again: for a moment it is what was read before, and no older than what is shown at other times.
            stored = last.values.get(setting.key) if coordinator.now - last.measured_at < MAX_AGE_SHOWN else None
        return None if isinstance(stored, tuple) else stored

    return value
