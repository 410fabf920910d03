"""Sensors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
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
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from . import adapters
from .bms.pack import LinkState
from .bms.reading import Reading
from .bms.settings import Catalogue, Setting, Unit
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from .entity import SmartBmsEntity, async_add_described
from .features import Features
from .publishing import Quantity, Value
from .simulated import NAME as SIMULATION

PARALLEL_UPDATES: Final = 0

_AGE_STEPS: Final = ((60, 10), (600, 60), (3600, 600))
"""Up to an age, the step in which it is told, in s."""

AMPERE_HOUR: Final = "Ah"
OHM: Final = "Ω"
MEASURED_AT: Final = "measured_at"
ENABLED_CELLS: Final = 32
"""Cells beyond are there but disabled: chains have up to 255, and each would fill the database."""
_OF_THE_BOARD: Final = frozenset({"mosfet", "board"})
CHARGE_STAGES: Final = ["bulk", "absorption", "float"]


@dataclass(frozen=True, kw_only=True)
class SmartBmsSensorDescription(SensorEntityDescription):
    """What a sensor shows, and how calmly."""

    quantity: Quantity
    value_fn: Callable[[SmartBmsCoordinator], Value]
    needs: str | None = None
    """The value that a pack must have for this sensor to exist; by default the one of the same key."""
    always: bool = False
    """It speaks of the link: every pack has it, and it stays available without the pack."""
    measured_at_fn: Callable[[Reading], float | None] | None = None
    """Monotonic time of a value that may be older than its reading."""


def _of_reading(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    def value(coordinator: SmartBmsCoordinator) -> Value:
        result: Value = getattr(coordinator.data, key, None)
        return result

    return value


def _described(  # noqa: PLR0913
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
        value_fn=value_fn or _of_reading(key),
        needs=needs,
        suggested_unit_of_measurement=shown_in,
    )


def _cell_voltage(key: str) -> SmartBmsSensorDescription:
    return _described(
        key,
        Quantity.CELL_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=3,
    )


def _detail(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    def value(coordinator: SmartBmsCoordinator) -> Value:
        detail = coordinator.data.details.get(key) if coordinator.data else None
        return None if isinstance(detail, tuple) else detail

    return value


def _from_settings(key: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a value of the reading, or else that among the parameters."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        told: Value = getattr(coordinator.data, key, None)
        settings = coordinator.pack.last_settings
        if told is None and settings is not None:
            stored = settings.values.get(key)
            told = stored if isinstance(stored, (int, float)) else None
        return told

    return value


SENSOR_DESCRIPTIONS: Final[tuple[SmartBmsSensorDescription, ...]] = (
    _described(
        "voltage",
        Quantity.VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=2,
    ),
    _described(
        "current",
        Quantity.CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
    ),
    _described("power", Quantity.POWER, device_class=SensorDeviceClass.POWER, unit=UnitOfPower.WATT, precision=0),
    _described("soc", Quantity.SOC, device_class=SensorDeviceClass.BATTERY, unit=UnitOfRatio.PERCENTAGE, precision=0),
    _described(
        "soh",
        Quantity.COUNTER,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _described("remaining_capacity", Quantity.CAPACITY, unit=AMPERE_HOUR, precision=1),
    _described("full_capacity", Quantity.CAPACITY, unit=AMPERE_HOUR, precision=1, category=EntityCategory.DIAGNOSTIC),
    _described(
        "design_capacity",
        Quantity.CAPACITY,
        unit=AMPERE_HOUR,
        precision=1,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=_from_settings("design_capacity"),
    ),
    *(
        _described(
            key,
            Quantity.COUNTER,
            unit=AMPERE_HOUR,
            precision=0,
            state_class=SensorStateClass.TOTAL_INCREASING,
            category=EntityCategory.DIAGNOSTIC,
            value_fn=_from_settings(key),
        )
        for key in ("charged_total", "discharged_total")
    ),
    _described(
        "humidity",
        Quantity.TEMPERATURE,
        device_class=SensorDeviceClass.HUMIDITY,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=_detail("humidity"),
    ),
    _described(
        "manufacturing_date",
        Quantity.STATE,
        state_class=None,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=_detail("manufacturing_date"),
    ),
    _described(
        "stored_energy",
        Quantity.ENERGY,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        unit=UnitOfEnergy.WATT_HOUR,
        shown_in=UnitOfEnergy.KILO_WATT_HOUR,
        precision=2,
    ),
    _described(
        "cycles",
        Quantity.COUNTER,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _described(
        "throughput",
        Quantity.COUNTER,
        unit=AMPERE_HOUR,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _described(
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
    _described(
        "balance_current",
        Quantity.BALANCE_CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
    ),
    *(
        _cell_voltage(key)
        for key in ("cell_voltage_min", "cell_voltage_max", "cell_voltage_mean", "cell_voltage_delta")
    ),
    # Numbers of cells are no measurements, but without a state class each change would be an entry in the logbook.
    _described("cell_min_number", Quantity.CELL_NUMBER),
    _described("cell_max_number", Quantity.CELL_NUMBER),
    _described(
        "time_to_empty",
        Quantity.TIME_LEFT,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        shown_in=UnitOfTime.HOURS,
        precision=1,
        value_fn=lambda coordinator: coordinator.time_left.to_empty,
        needs="remaining_capacity",
    ),
    _described(
        "time_to_full",
        Quantity.TIME_LEFT,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.SECONDS,
        shown_in=UnitOfTime.HOURS,
        precision=1,
        value_fn=lambda coordinator: coordinator.time_left.to_full,
        needs="full_capacity",
    ),
    SmartBmsSensorDescription(
        key="charge_stage",
        translation_key="charge_stage",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=CHARGE_STAGES,
        value_fn=_of_reading("charge_stage"),
    ),
    _described(
        "heater_current",
        Quantity.CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=_detail("heater_current"),
    ),
)

_ENERGY_UNITS: Final = {"today": UnitOfEnergy.WATT_HOUR, "total": UnitOfEnergy.KILO_WATT_HOUR}


def _flow_descriptions() -> Iterable[SmartBmsSensorDescription]:
    """What comes in from the charging side, and goes out to the loads, of packs that measure both."""
    for side in ("in", "out"):
        yield _described(
            f"current_{side}",
            Quantity.CURRENT,
            device_class=SensorDeviceClass.CURRENT,
            unit=UnitOfElectricCurrent.AMPERE,
            precision=2,
            value_fn=_detail(f"current_{side}"),
        )
        yield _described(
            f"power_{side}",
            Quantity.POWER,
            device_class=SensorDeviceClass.POWER,
            unit=UnitOfPower.WATT,
            precision=0,
            value_fn=_detail(f"power_{side}"),
        )
    for flow in ("collected", "consumed", "charged", "discharged"):
        for period, unit in _ENERGY_UNITS.items():
            key = f"energy_{flow}_{period}"
            yield _described(
                key,
                # What counts in whole kWh has no use for a dead band.
                Quantity.ENERGY if period == "today" else Quantity.COUNTER,
                device_class=SensorDeviceClass.ENERGY,
                unit=unit,
                shown_in=UnitOfEnergy.KILO_WATT_HOUR,
                precision=2 if period == "today" else 0,
                state_class=SensorStateClass.TOTAL_INCREASING,
                value_fn=_detail(key),
            )


FLOW_DESCRIPTIONS: Final = tuple(_flow_descriptions())

DETAIL_DESCRIPTIONS: Final = (
    _described("coldest_cell", Quantity.CELL_NUMBER, value_fn=_detail("coldest_cell")),
    _described("hottest_cell", Quantity.CELL_NUMBER, value_fn=_detail("hottest_cell")),
    _described(
        "balance_voltage",
        Quantity.CELL_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=3,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=_detail("balance_voltage"),
    ),
    _described(
        "charge_efficiency",
        Quantity.COUNTER,
        unit=UnitOfRatio.PERCENTAGE,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=_detail("charge_efficiency"),
    ),
    _described(
        "discharge_cycles",
        Quantity.COUNTER,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=_detail("discharge_cycles"),
    ),
    *(
        _described(
            key,
            Quantity.COUNTER,
            device_class=SensorDeviceClass.ENERGY_STORAGE,
            unit=UnitOfEnergy.WATT_HOUR,
            shown_in=UnitOfEnergy.KILO_WATT_HOUR,
            precision=2,
            category=EntityCategory.DIAGNOSTIC,
            enabled=enabled,
            value_fn=_detail(key),
        )
        for key, enabled in (("measured_capacity", True), ("measured_charge_capacity", False))
    ),
    _described(
        "clock_offset",
        Quantity.COUNTER,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.MINUTES,
        precision=0,
        category=EntityCategory.DIAGNOSTIC,
        value_fn=_detail("clock_offset"),
    ),
)

LINK_DESCRIPTIONS: Final[tuple[SmartBmsSensorDescription, ...]] = (
    SmartBmsSensorDescription(
        key="link",
        translation_key="link",
        quantity=Quantity.STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in LinkState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.link_state,
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
        value_fn=lambda coordinator: _coarse(coordinator.pack.age(coordinator.now)),
        always=True,
    ),
    SmartBmsSensorDescription(
        key="connected_through",
        translation_key="connected_through",
        quantity=Quantity.STATE,
        entity_category=EntityCategory.DIAGNOSTIC,
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
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: coordinator.pack.dropped.total(),
        always=True,
    ),
)


def _coarse(age: float | None) -> int | None:
    """Return an age in steps that grow with it: a pack that is away for the winter must not fill the database."""
    if age is None:
        return None
    step = next((step for below, step in _AGE_STEPS if age < below), 3600)
    return int(age // step) * step


def _cell_descriptions(features: Features) -> Iterable[SmartBmsSensorDescription]:
    """One voltage and one temperature for each cell, and one resistance of each balance lead."""
    for place in range(features.cells):
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
    for place in range(features.cell_temperatures):
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
            entity_registry_enabled_default=place < ENABLED_CELLS,
            value_fn=_item(lambda reading: reading.cell_temperatures, place),
            measured_at_fn=_cell_time(place),
        )
    for place in range(features.resistances):
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
    return lambda reading: reading.cell_times[place] if place < len(reading.cell_times) else None


def _item(values: Callable[[Reading], tuple[float | None, ...]], place: int) -> Callable[[SmartBmsCoordinator], Value]:
    def value(coordinator: SmartBmsCoordinator) -> Value:
        listed = values(coordinator.data) if coordinator.data else ()
        return listed[place] if place < len(listed) else None

    return value


def _probe_descriptions(features: Features) -> Iterable[SmartBmsSensorDescription]:
    for probe in features.probes:
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


def _counter_descriptions(features: Features) -> Iterable[SmartBmsSensorDescription]:
    """How often each protection has tripped, over all that the pack has forgotten."""
    for counter in features.counters:
        yield _described(
            f"trips_{counter}",
            Quantity.STATE,
            state_class=SensorStateClass.TOTAL_INCREASING,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
            value_fn=_total(counter),
        )


def _total(counter: str) -> Callable[[SmartBmsCoordinator], Value]:
    return lambda coordinator: coordinator.parameters.tally.totals.get(counter)


def _probe(probe: str) -> Callable[[SmartBmsCoordinator], Value]:
    return lambda coordinator: coordinator.data.temperatures.get(probe) if coordinator.data else None


_UNITS: Final[dict[Unit, tuple[str | None, SensorDeviceClass | None]]] = {
    Unit.VOLT: (UnitOfElectricPotential.VOLT, SensorDeviceClass.VOLTAGE),
    Unit.CELSIUS: (UnitOfTemperature.CELSIUS, SensorDeviceClass.TEMPERATURE),
    Unit.PERCENT: (UnitOfRatio.PERCENTAGE, None),
    Unit.WATT: (UnitOfPower.WATT, SensorDeviceClass.POWER),
    Unit.WATT_HOUR: (UnitOfEnergy.WATT_HOUR, SensorDeviceClass.ENERGY_STORAGE),
}


def parameter_descriptions(catalogue: Catalogue | None) -> Iterable[SmartBmsSensorDescription]:
    """Thresholds and the like of packs whose parameters can, or may, only be read."""
    for setting in catalogue.settings.values() if catalogue else ():
        if setting.shown:
            unit, device_class = _UNITS[setting.unit]
            yield _described(
                f"parameter_{setting.key}",
                Quantity.STATE,
                translation=setting.key,
                device_class=device_class,
                unit=unit,
                shown_in=UnitOfEnergy.KILO_WATT_HOUR if setting.unit is Unit.WATT_HOUR else None,
                precision=3 if setting.unit is Unit.VOLT else 1 if setting.unit is not Unit.PERCENT else 0,
                state_class=None,
                category=EntityCategory.DIAGNOSTIC,
                value_fn=_parameter(setting),
            )


def _parameter(setting: Setting) -> Callable[[SmartBmsCoordinator], Value]:
    def value(coordinator: SmartBmsCoordinator) -> Value:
        stored = coordinator.parameters.control.value(setting)
        return None if isinstance(stored, tuple) else stored

    return value


def descriptions(features: Features) -> list[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these features."""
    possible = (*SENSOR_DESCRIPTIONS, *FLOW_DESCRIPTIONS, *DETAIL_DESCRIPTIONS)
    return [
        *(item for item in possible if (item.needs or item.key) in features.values),
        *_cell_descriptions(features),
        *_probe_descriptions(features),
        *_counter_descriptions(features),
        *LINK_DESCRIPTIONS,
    ]


async def async_setup_entry(
    hass: HomeAssistant, entry: SmartBmsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a pack."""
    coordinator = entry.runtime_data

    def described() -> list[SmartBmsSensorDescription]:
        return [*descriptions(coordinator.features), *parameter_descriptions(coordinator.catalogue)]

    async_add_described(coordinator, async_add_entities, described, SmartBmsSensor)


class SmartBmsSensor(SmartBmsEntity, SensorEntity):
    """One value of a pack, or of the link to it."""

    _unrecorded_attributes = frozenset({MEASURED_AT})
    entity_description: SmartBmsSensorDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: SmartBmsSensorDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, description.quantity, always=description.always)

    @override
    def current_value(self) -> Value:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def native_value(self) -> StateType:
        return self._gate.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Tell when it was measured, if that is not the same for all that the pack says."""
        of, reading = self.entity_description.measured_at_fn, self.coordinator.data
        at = of(reading) if of is not None and reading is not None else None
        if at is None:
            return None
        wall = dt_util.utcnow().timestamp() - (self.coordinator.now - at)
        return {MEASURED_AT: dt_util.utc_from_timestamp(round(wall)).isoformat()}
