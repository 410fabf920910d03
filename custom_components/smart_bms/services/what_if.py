"""The action that evaluates a situation: what a pack's protections would make of it."""

from collections.abc import Mapping
from dataclasses import replace
import math
from typing import Any, Final, cast

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from ..control.validation_issue import ParameterName, rejection
from ..coordinator import SmartBmsCoordinator
from ..protection.what_if import Forecast, WhatIfResult, what_if
from .pack_call import ActionResult, PackCall
from .responses import EvaluationResponse, ForecastResponse
from .schema import (
    ATTR_CELL_VOLTAGES,
    ATTR_CURRENT,
    ATTR_DURATION,
    ATTR_PARAMETERS,
    ATTR_POWER_STAGE_TEMPERATURE,
    ATTR_SOC,
    ATTR_TEMPERATURES,
    DEFAULT_DURATION,
)

_OF_BOARD: Final = ("mosfet", "board")
"""Temperatures that are not a battery's."""


async def async_evaluate_protection(call: PackCall) -> ActionResult[EvaluationResponse]:
    """Return what a pack's protections would make of a situation; what is not given is as it is now."""
    return ActionResult(_evaluate(call.coordinator, call.service_call.data))


def immediate_effects(
    coordinator: SmartBmsCoordinator, changes: Mapping[str, SettingValue | None]
) -> EvaluationResponse | None:
    """Return what changed parameters would make of the pack as it is; None if that is not known."""
    settings = coordinator.pack.last_settings
    if (
        not coordinator.protection_engine.rules
        or coordinator.data is None
        or settings is None
        or not coordinator.is_current
    ):
        return None
    proposed = {key: value for key, value in changes.items() if value is not None and key in settings.values}
    return _evaluate(coordinator, {ATTR_PARAMETERS: proposed})


def _evaluate(coordinator: SmartBmsCoordinator, data: Mapping[str, Any]) -> EvaluationResponse:
    """Return what the protections would make of a situation, given as the action's fields. Raises RejectedError."""
    settings, reading = coordinator.pack.last_settings, coordinator.data
    if not coordinator.protection_engine.rules:
        raise rejection("no_rules")
    if settings is None or reading is None:
        raise rejection("unread")
    if not coordinator.is_current:
        raise rejection("stale")
    seconds = float(data.get(ATTR_DURATION, DEFAULT_DURATION))
    cells = data.get(ATTR_CELL_VOLTAGES)
    if cells is not None and len(cells) != reading.cell_count:
        raise rejection("cells_differ", given=str(len(cells)), count=str(reading.cell_count))
    proposed = data.get(ATTR_PARAMETERS, {})
    for key, value in proposed.items():
        _check_parameter(settings.values, key, value)
    values: dict[str, SettingValue] = {**settings.values, **proposed}
    outcome = what_if(coordinator.protection_engine.rules, values, _situation(reading, data), seconds)
    return _evaluation_response(outcome, seconds)


def _check_parameter(known: Mapping[str, SettingValue], key: str, value: object) -> None:
    """Check that the pack has a proposed parameter, and that the value is of its kind. Raises RejectedError."""
    if key not in known:
        raise rejection("unknown_parameter", parameter=key)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if isinstance(known[key], bool) is not isinstance(value, bool) or not (number or isinstance(value, (bool, str))):
        raise rejection("not_a_value", parameter=ParameterName(key, isinstance(known[key], bool)), value=str(value))
    if isinstance(known[key], str) is not isinstance(value, str):
        raise rejection("not_a_value", parameter=ParameterName(key, isinstance(known[key], bool)), value=str(value))


def _situation(reading: Reading, data: Mapping[str, Any]) -> Reading:
    """Return the present reading with what the fields say instead, without alarms and with all switched on."""
    changes: dict[str, Any] = {}
    if ATTR_CELL_VOLTAGES in data:
        cells = tuple(data[ATTR_CELL_VOLTAGES])
        changes |= {"cell_voltages": cells, "cell_times": (), "extremes": None, "voltage": round(sum(cells), 3)}
    if ATTR_CURRENT in data:
        changes["current"] = data[ATTR_CURRENT]
    if ATTR_SOC in data:
        changes["soc"] = data[ATTR_SOC]
    temperatures = dict(reading.temperatures)
    if ATTR_TEMPERATURES in data:
        temperatures = {key: value for key, value in temperatures.items() if key in _OF_BOARD}
        temperatures |= {f"temperature_{number}": value for number, value in enumerate(data[ATTR_TEMPERATURES], 1)}
    if ATTR_POWER_STAGE_TEMPERATURE in data:
        temperatures["mosfet"] = data[ATTR_POWER_STAGE_TEMPERATURE]
    # The pack's present alarms and switches belong to what is, not to what might be.
    return replace(
        reading,
        **changes,
        measured_at=0.0,
        temperatures=temperatures,
        alarms=(),
        charging_enabled=True,
        discharging_enabled=True,
    )


def _evaluation_response(outcome: WhatIfResult, seconds: float) -> EvaluationResponse:
    """Return what becomes of the pack; the protections that trip, the first one first."""
    tripping = [item for item in outcome.prospects if item.trips_after is not None]
    return EvaluationResponse(
        duration=seconds,
        charge_allowed=outcome.charge.value,
        discharge_allowed=outcome.discharge.value,
        trips=[_forecast_response(item) for item in sorted(tripping, key=lambda item: item.trips_after or 0.0)],
        protections=[_forecast_response(item) for item in outcome.prospects],
    )


def _forecast_response(item: Forecast) -> ForecastResponse:
    """Return what becomes of one protection, without what is unknown."""
    response = {
        "protection": item.protection,
        "trips_after": item.trips_after,
        "known": item.known,
        "value": item.value,
        "limit": item.limit,
        "margin": item.margin,
        "unit": item.unit,
        "blocks": list(item.blocks),
        "released": item.released,
        "release": item.release,
    }
    return cast(ForecastResponse, {key: value for key, value in response.items() if value is not None})
