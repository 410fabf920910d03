"""What if: the mirror's answer to a situation that somebody thinks of, for one pack."""

from collections.abc import Mapping
from dataclasses import replace
import math
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from ..control.validation_issue import parameter_name, rejection
from ..coordinator import SmartBmsCoordinator
from ..protection.what_if import Forecast, WhatIfResult, what_if

ATTR_CELLS: Final = "cell_voltages"
ATTR_CURRENT: Final = "current"
ATTR_TEMPERATURES: Final = "temperatures"
ATTR_POWER_STAGE: Final = "power_stage_temperature"
ATTR_SOC: Final = "soc"
ATTR_DURATION: Final = "duration"
ATTR_PARAMETERS: Final = "parameters"

USUAL_DURATION: Final = 600.0
"""s."""


def evaluate(coordinator: SmartBmsCoordinator, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pack's rules make of a situation; what is not given is as it is now. Raises RefusedError."""
    settings, reading = coordinator.pack.last_settings, coordinator.data
    if not coordinator.protection_engine.rules:
        raise rejection("no_rules")
    if settings is None or reading is None:
        raise rejection("unread")
    if not coordinator.available:
        raise rejection("stale")
    seconds = float(data.get(ATTR_DURATION, USUAL_DURATION))
    cells = data.get(ATTR_CELLS)
    if cells is not None and len(cells) != reading.cell_count:
        raise rejection("cells_differ", given=str(len(cells)), count=str(reading.cell_count))
    proposed = data.get(ATTR_PARAMETERS, {})
    for key, value in proposed.items():
        _check(settings.values, key, value)
    values: dict[str, SettingValue] = {**settings.values, **proposed}
    outcome = what_if(coordinator.protection_engine.rules, values, _situation(reading, data), seconds)
    return _described(outcome, seconds)


def immediate_effects(
    coordinator: SmartBmsCoordinator, changes: Mapping[str, SettingValue | None]
) -> dict[str, Any] | None:
    """Return what changed parameters would make of the pack as it is; None if that is not known."""
    settings = coordinator.pack.last_settings
    if (
        not coordinator.protection_engine.rules
        or coordinator.data is None
        or settings is None
        or not coordinator.available
    ):
        return None
    proposed = {key: value for key, value in changes.items() if value is not None and key in settings.values}
    return evaluate(coordinator, {ATTR_PARAMETERS: proposed})


def _check(known: Mapping[str, SettingValue], key: str, value: object) -> None:
    """See that somebody tries a parameter that the pack has, with a value of its kind. Raises RefusedError."""
    if key not in known:
        raise rejection("unknown_parameter", parameter=key)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if isinstance(known[key], bool) is not isinstance(value, bool) or not (number or isinstance(value, (bool, str))):
        raise rejection("not_a_value", parameter=parameter_name(key), value=str(value))
    if isinstance(known[key], str) is not isinstance(value, str):
        raise rejection("not_a_value", parameter=parameter_name(key), value=str(value))


def _situation(reading: Reading, data: Mapping[str, Any]) -> Reading:
    changes: dict[str, Any] = {}
    if ATTR_CELLS in data:
        cells = tuple(data[ATTR_CELLS])
        changes |= {"cell_voltages": cells, "cell_times": (), "extremes": None, "voltage": round(sum(cells), 3)}
    if ATTR_CURRENT in data:
        changes["current"] = data[ATTR_CURRENT]
    if ATTR_SOC in data:
        changes["soc"] = data[ATTR_SOC]
    temperatures = dict(reading.temperatures)
    if ATTR_TEMPERATURES in data:
        temperatures = {key: value for key, value in temperatures.items() if key in ("mosfet", "board")}
        temperatures |= {f"temperature_{number}": value for number, value in enumerate(data[ATTR_TEMPERATURES], 1)}
    if ATTR_POWER_STAGE in data:
        temperatures["mosfet"] = data[ATTR_POWER_STAGE]
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


def _described(outcome: WhatIfResult, seconds: float) -> dict[str, Any]:
    return {
        "duration": seconds,
        "charge_allowed": outcome.charge.value,
        "discharge_allowed": outcome.discharge.value,
        "trips": [
            _prospect(item)
            for item in sorted(outcome.prospects, key=lambda item: item.trips_after or 0.0)
            if item.trips_after is not None
        ],
        "protections": [_prospect(item) for item in outcome.prospects],
    }


def _prospect(item: Forecast) -> dict[str, Any]:
    told = {
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
    return {key: value for key, value in told.items() if value is not None}
