"""Sensors of how a pack is charged: its stage, when a state of charge is reached, and for how long what has held it back."""

from collections.abc import Callable, Iterator
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfTime

from ..coordinator import SmartBmsCoordinator
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.publishing import Quantity, Value
from ..protection.limited_time import OF_PACK, LimitReason, limited_time_key
from ..protection.rules import Side
from ..protection.shown_stage import STAGES, shown_stage
from .description import SmartBmsSensorDescription, described


def charging_descriptions(capabilities: Capabilities, *, has_rules: bool = True) -> Iterator[SmartBmsSensorDescription]:
    """Yield the sensors of a pack with these capabilities; without rules it has no limits."""
    if "current" not in capabilities.values:
        return
    yield SmartBmsSensorDescription(
        key="charge_stage",
        translation_key="charge_stage",
        quantity=Quantity.UNSTEADY_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=list(STAGES),
        value_fn=_stage,
        attributes_fn=_said_by,
        discrete_fn=_said_by,
    )
    if "full_capacity" in capabilities.values:
        yield described(
            "time_to_chosen_soc",
            Quantity.TIME_LEFT,
            device_class=SensorDeviceClass.DURATION,
            unit=UnitOfTime.SECONDS,
            shown_in=UnitOfTime.HOURS,
            precision=1,
            enabled=False,
            value_fn=_time_to_chosen_soc,
        )
    for side in Side if has_rules else ():
        for reason in OF_PACK:
            yield limited_time(side, reason, _minutes(side, reason))


def limited_time(
    side: Side, reason: LimitReason, value_fn: Callable[[SmartBmsCoordinator], Value]
) -> SmartBmsSensorDescription:
    """Return the description of the minutes for which a reason has held a side back today."""
    return described(
        limited_time_key(side, reason),
        Quantity.COUNTER,
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.MINUTES,
        precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        category=EntityCategory.DIAGNOSTIC,
        enabled=False,
        value_fn=value_fn,
    )


def _minutes(side: Side, reason: LimitReason) -> Callable[[SmartBmsCoordinator], Value]:
    """Return what shows the minutes of today."""
    return lambda coordinator: round(coordinator.protection_engine.limited_time.minutes(side, reason))


def _stage(coordinator: SmartBmsCoordinator) -> Value:
    """Return the stage of charging."""
    shown = shown_stage(coordinator.data, coordinator.protection_engine.limits) if coordinator.data else None
    return None if shown is None else shown.stage


def _said_by(coordinator: SmartBmsCoordinator) -> dict[str, Any]:
    """Return who says so: the pack, or the integration out of its readings."""
    shown = shown_stage(coordinator.data, coordinator.protection_engine.limits) if coordinator.data else None
    return {} if shown is None else {"source": "pack" if shown.by_pack else "calculated"}


def _time_to_chosen_soc(coordinator: SmartBmsCoordinator) -> Value:
    """Return the seconds until the chosen state of charge is reached, either way."""
    reading = coordinator.data
    return None if reading is None else coordinator.time_left.to(coordinator.plan.chosen, reading)
