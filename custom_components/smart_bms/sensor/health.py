"""Sensors of cell health: what was learned of the cells, with its evidence. They stay available without the pack."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfElectricPotential, UnitOfRatio, UnitOfTime
from homeassistant.util import dt as dt_util

from ..const import AMPERE_HOUR
from ..coordinator import SmartBmsCoordinator
from ..energy.health import PackHealth
from ..energy.imbalance import ComparisonCondition
from ..energy.resistance import CellResistance
from ..energy.soc_confidence import FULL_CHARGE_ADVISED_FROM
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.publishing import Quantity, Value
from .description import SmartBmsSensorDescription

_MILLI_OHM: Final = "mΩ"
_MILLI: Final = 1000.0
GOOD: Final = "good"
DOUBTFUL: Final = "doubtful"


def _described(value: float | None, digits: int, factor: float = 1.0) -> float | None:
    """Return a number in the unit that is shown, None if it is not known."""
    return None if value is None else round(value * factor, digits)


def _day(at: float) -> str:
    """Return the day of a time stamp in s."""
    return dt_util.utc_from_timestamp(round(at)).isoformat()


def _health(
    value: Callable[[PackHealth], Value], attributes: Callable[[PackHealth], Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return what reads one thing of the health."""
    return {
        "value_fn": lambda coordinator: value(coordinator.energy.health),
        "attributes_fn": (lambda coordinator: attributes(coordinator.energy.health)) if attributes else None,
    }


def _description(key: str, **more: Any) -> SmartBmsSensorDescription:
    """Return a description of something that changes slowly."""
    usual: dict[str, Any] = {
        "translation_key": key,
        "quantity": Quantity.COUNTER,
        "state_class": SensorStateClass.MEASUREMENT,
        "entity_category": EntityCategory.DIAGNOSTIC,
        "entity_registry_enabled_default": False,
        "always": True,
    }
    return SmartBmsSensorDescription(key=key, **usual | more)


def _verdict(health: PackHealth) -> Value:
    """Return whether the cells are alike."""
    consistent = health.consistent
    return None if consistent is None else GOOD if consistent else DOUBTFUL


def _evidence(health: PackHealth) -> dict[str, Any]:
    """Return by which criteria the cells were judged, and the weakest ones."""
    return {
        "evidence": {
            str(criterion): {"good": verdict.good, "spread": verdict.spread, "at": _day(verdict.at)}
            for criterion, verdict in health.verdicts.items()
        },
        "weakest_cells": health.weakest_cells(),
    }


def _of_cell(found: CellResistance | None) -> dict[str, float] | None:
    """Return the internal resistance of a cell in mΩ with its uncertainty."""
    if found is None:
        return None
    return {"value": round(found.value * _MILLI, 3), "uncertainty": round(found.uncertainty * _MILLI, 3)}


def _resistance_details(health: PackHealth) -> dict[str, Any]:
    """Return the internal resistance of each cell in mΩ, and what it was learned from."""
    known = [item.steps for item in health.resistances if item is not None]
    return {
        "cells": {str(place): _of_cell(item) for place, item in enumerate(health.resistances, 1)},
        "steps": min(known, default=0),
        "at": None if health.resistances_at is None else _day(health.resistances_at),
        "change_per_week": _described(health.trend.per_week, 2),
    }


def _spread(condition: ComparisonCondition) -> Callable[[PackHealth], Value]:
    """Return what shows the cell voltage difference of an occasion in V."""

    def value(health: PackHealth) -> Value:
        """Return the value of the newest reading."""
        found = health.imbalance.spreads.get(condition)
        return None if found is None else round(found.volts, 4)

    return value


def _spread_details(condition: ComparisonCondition) -> Callable[[PackHealth], dict[str, Any]]:
    """Return what tells which cells differ most on an occasion."""

    def details(health: PackHealth) -> dict[str, Any]:
        """Return what goes with the value."""
        found = health.imbalance.spreads.get(condition)
        return {} if found is None else {"lowest": found.lowest, "highest": found.highest, "at": _day(found.at)}

    return details


def _summary(health: PackHealth) -> Value:
    """Return the imbalance that says most: the newer of those at rest and when full, else that under load."""
    spreads = health.imbalance.spreads
    telling = [spread for condition, spread in spreads.items() if condition is not ComparisonCondition.LOAD]
    newest = max(telling or spreads.values(), key=lambda spread: spread.at, default=None)
    return None if newest is None else round(newest.volts, 4)


def _occasions(health: PackHealth) -> dict[str, Any]:
    """Return the cell voltage difference of each occasion in V."""
    return {
        str(condition): {"volts": round(spread.volts, 4), "at": _day(spread.at)}
        for condition, spread in health.imbalance.spreads.items()
    }


def _learned(health: PackHealth) -> Value:
    """Return the learned capacity in Ah."""
    return None if health.capacity.learned is None else round(health.capacity.learned.ampere_hours, 1)


def _learned_details(health: PackHealth) -> dict[str, Any]:
    """Return how the capacity was learned."""
    learned, vendor = health.capacity.learned, health.capacity.vendor
    return {
        "energy": None if learned is None else round(learned.watt_hours),
        "not_seen": None if learned is None else round(learned.bridged, 2),
        "at": None if learned is None else _day(learned.at),
        "runs": len(health.capacity.runs),
        "by_vendor_rule": None if vendor is None or not vendor.cycles else round(vendor.learned, 1),
        "aging_cycles": None if vendor is None else vendor.cycles,
    }


def _self_discharge(health: PackHealth) -> Value:
    """Return the self-discharge of the fastest cell in mV a day."""
    drift = health.rest_imbalance.drift
    return None if drift is None else round(-drift.fastest[1] * _MILLI, 2)


def _drift_details(health: PackHealth) -> dict[str, Any]:
    """Return how fast each cell falls behind at rest."""
    drift = health.rest_imbalance.drift
    if drift is None:
        return {}
    return {
        "cell": drift.fastest[0],
        "uncertainty": round(drift.uncertainty * _MILLI, 2),
        "days": round(drift.days, 1),
        "at": _day(drift.at),
        "cells": [round(cell * _MILLI, 2) for cell in drift.cells],
    }


def _drift_advice(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return whether a full charge is advised."""
    drift = coordinator.energy.soc_drift
    reported: dict[str, Any] = {"charge_to_full": drift is not None and drift >= FULL_CHARGE_ADVISED_FROM}
    board = coordinator.energy.health.jbd_counters
    if board is not None:
        reported["guessed_from_voltage"] = board.estimated
        reported["jumps"] = [
            {"at": _day(jump.at), "from": jump.before, "to": jump.after, "cause": str(jump.cause)}
            for jump in board.jumps
        ]
    return reported


def _cycle_progress(coordinator: SmartBmsCoordinator) -> Value:
    """Return how far the board is towards its next cycle."""
    board = coordinator.energy.health.jbd_counters
    return None if board is None else _described(board.cycle.progress, 0, 100)


_VOLT: Final[dict[str, Any]] = {
    "device_class": SensorDeviceClass.VOLTAGE,
    "native_unit_of_measurement": UnitOfElectricPotential.VOLT,
    "suggested_display_precision": 3,
}

HEALTH_DESCRIPTIONS: Final = (
    _description(
        "cell_consistency",
        quantity=Quantity.STATE,
        state_class=None,
        device_class=SensorDeviceClass.ENUM,
        options=[GOOD, DOUBTFUL],
        **_health(_verdict, _evidence),
    ),
    _description(
        "internal_resistance",
        native_unit_of_measurement=_MILLI_OHM,
        suggested_display_precision=2,
        **_health(lambda health: _described(health.mean_resistance, 3, _MILLI), _resistance_details),
    ),
    _description("imbalance", **_VOLT, **_health(_summary, _occasions)),
    *(
        _description(f"imbalance_{condition}", **_VOLT, **_health(_spread(condition), _spread_details(condition)))
        for condition in ComparisonCondition
    ),
    _description(
        "learnt_capacity",
        native_unit_of_measurement=AMPERE_HOUR,
        suggested_display_precision=1,
        **_health(_learned, _learned_details),
    ),
    _description(
        "self_discharge",
        native_unit_of_measurement="mV/d",
        suggested_display_precision=1,
        **_health(_self_discharge, _drift_details),
    ),
    _description(
        "time_since_full",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=1,
        value_fn=lambda coordinator: _described(coordinator.energy.days_since_full, 1),
    ),
    _description(
        "soc_drift",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        value_fn=lambda coordinator: _described(coordinator.energy.soc_drift, 1),
        attributes_fn=_drift_advice,
    ),
    _description(
        "counted_soc",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        entity_category=None,
        value_fn=lambda coordinator: _described(coordinator.energy.counted_soc, 1),
    ),
)


CYCLE_PROGRESS: Final = _description(
    "cycle_progress",
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    suggested_display_precision=0,
    value_fn=_cycle_progress,
)


def _resistance_of(place: int) -> Callable[[PackHealth], Value]:
    """Return what shows the internal resistance of a cell in mΩ."""

    def value(health: PackHealth) -> Value:
        """Return the value of the newest reading."""
        found = health.resistances[place - 1] if place <= len(health.resistances) else None
        return None if found is None else round(found.value * _MILLI, 3)

    return value


def health_descriptions(
    capabilities: Capabilities, *, follows_jbd_manual: bool = False
) -> list[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these cells; `follows_board`: its board goes by JBD's manual."""
    if not capabilities.cells:
        return []
    return [
        *HEALTH_DESCRIPTIONS,
        *((CYCLE_PROGRESS,) if follows_jbd_manual else ()),
        *(
            _description(
                f"cell_{place}_internal_resistance",
                translation_key="cell_internal_resistance",
                translation_placeholders={"cell": str(place)},
                native_unit_of_measurement=_MILLI_OHM,
                suggested_display_precision=2,
                **_health(_resistance_of(place)),
            )
            for place in range(1, capabilities.cells + 1)
        ),
    ]
