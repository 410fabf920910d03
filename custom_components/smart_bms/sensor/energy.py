"""Sensors of what was counted: energy in both directions, and what follows from it. They stay available without the pack:
a sum does not age.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfRatio

from ..const import AMPERE_HOUR
from ..coordinator import SmartBmsCoordinator
from ..energy.energy_totals import EnergyTotals
from ..pack_entry.energy_account import CHARGED, DISCHARGED
from ..pack_entry.publishing import Quantity, Value
from .description import SmartBmsSensorDescription


@dataclass(frozen=True, kw_only=True)
class EnergyDescription(SmartBmsSensorDescription):
    """A sensor of the account."""

    of_total: str | None = None
    """The sum that it shows, which must never go back."""


def _total(name: str) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows a total in Wh or Ah."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        total: float = getattr(coordinator.energy.file.saved_total, name)
        return round(total, 2)

    return value


def _bridged(name: str) -> Callable[[SmartBmsCoordinator], dict[str, Any]]:
    """Return what tells how much of a sum nobody saw, and what is missing in it."""

    def attributes(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
        """Return how much of the total was bridged."""
        counter = coordinator.energy.counter
        return {
            "bridged": round(getattr(counter.bridged, name), 1),
            "not_bridged": round(getattr(counter.unproven, name), 1),
            "gaps_not_bridged": counter.gaps,
            "hours_not_bridged": round(counter.missed / 3600, 2),
        }

    return attributes


def _of_totals(
    flow: Callable[[SmartBmsCoordinator], EnergyTotals | None], *names: str
) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows parts of totals that begin anew."""

    def value(coordinator: SmartBmsCoordinator) -> Value:
        """Return the value of the newest reading."""
        found = flow(coordinator)
        return None if found is None else round(sum(getattr(found, name) for name in names), 1)

    return value


def _rounded(value: float | None, digits: int) -> float | None:
    """Return a number rounded, None if it is not known."""
    return None if value is None else round(value, digits)


def _energy(
    key: str,
    value_fn: Callable[[SmartBmsCoordinator], Value],
    *,
    enabled: bool = True,
    of_total: str | None = None,
    state_class: SensorStateClass | None = SensorStateClass.TOTAL_INCREASING,
) -> EnergyDescription:
    """Return the description of a total in Wh."""
    return EnergyDescription(
        key=key,
        translation_key=key,
        quantity=Quantity.ENERGY,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        state_class=state_class,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        of_total=of_total,
        attributes_fn=_bridged(of_total) if of_total else None,
        always=True,
    )


ENERGY_DESCRIPTIONS: Final = (
    _energy(CHARGED, _total("charged"), of_total="charged"),
    _energy(DISCHARGED, _total("discharged"), of_total="discharged"),
    *(
        EnergyDescription(
            key=key,
            translation_key=key,
            quantity=Quantity.CAPACITY,
            native_unit_of_measurement=AMPERE_HOUR,
            suggested_display_precision=1,
            state_class=SensorStateClass.TOTAL_INCREASING,
            entity_registry_enabled_default=False,
            value_fn=_total(name),
            of_total=name,
            attributes_fn=_bridged(name),
            always=True,
        )
        for key, name in (("charge_in", "charge_in"), ("charge_out", "charge_out"))
    ),
    _energy(
        "discharged_since_full",
        _of_totals(lambda coordinator: coordinator.energy.statistics.since_full, "discharged"),
        enabled=False,
        # They begin anew again and again, which no statistics can tell from a loss.
        state_class=None,
    ),
    _energy(
        "charged_since_empty",
        _of_totals(lambda coordinator: coordinator.energy.statistics.since_empty, "charged"),
        enabled=False,
        # They begin anew again and again, which no statistics can tell from a loss.
        state_class=None,
    ),
    _energy(
        "throughput_today",
        _of_totals(lambda coordinator: coordinator.energy.today, "charged", "discharged"),
        enabled=False,
    ),
    EnergyDescription(
        key="measured_efficiency",
        translation_key="measured_efficiency",
        quantity=Quantity.COUNTER,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: _rounded(coordinator.energy.statistics.efficiency, 1),
        attributes_fn=lambda coordinator: {"runs": coordinator.energy.statistics.runs},
        always=True,
    ),
    EnergyDescription(
        key="equivalent_full_cycles",
        translation_key="equivalent_full_cycles",
        quantity=Quantity.COUNTER,
        suggested_display_precision=1,
        # It falls if the pack is told of another capacity.
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda coordinator: _rounded(coordinator.energy.statistics.full_cycles, 2),
        always=True,
    ),
)
