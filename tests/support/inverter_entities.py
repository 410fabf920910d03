"""Entities of an inverter that follows a pack: numbers, a switch and a select, set by their own actions."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.smart_bms.equipment.options import EquipmentOptions
from custom_components.smart_bms.steering.demand import FallbackAction, FallbackSettings
from custom_components.smart_bms.steering.target import Target, TargetKind, Unit

from .protected_pack import Mirrored

CHARGE, VOLTS, DISCHARGE = "input_number.charge", "input_number.volts", "input_number.discharge"
SWITCH, MODE = "input_boolean.charger", "input_select.mode"
TARGETS = (
    Target(entity=CHARGE, kind=TargetKind.CHARGE_CURRENT, maximum=80.0),
    Target(entity=VOLTS, kind=TargetKind.CHARGE_VOLTAGE, unit=Unit.VOLT, step=0.1, smallest_change=0.1, minimum=10),
    Target(entity=DISCHARGE, kind=TargetKind.DISCHARGE_CURRENT, maximum=100.0),
    Target(entity=SWITCH, kind=TargetKind.CHARGE_SWITCH, minimum=1.0),
    Target(entity=MODE, kind=TargetKind.DISCHARGE_SWITCH, minimum=1.0, on_option="Use", off_option="Save"),
)


def equipment_options(*targets: Target, **fallback: Any) -> dict[str, Any]:
    """Return options with equipment as if its dry run had been seen."""
    actions = {key: FallbackAction(value) for key, value in fallback.items() if key.startswith("on_")}
    options = EquipmentOptions(targets or TARGETS, FallbackSettings(**{**fallback, **actions}))
    return {"equipment": options.as_dict()}


async def set_up_inverter(hass: HomeAssistant) -> None:
    """Set up the entities of the inverter."""
    numbers = {
        name: {"min": 0, "max": 200, "step": 0.1, "initial": initial, "unit_of_measurement": unit}
        for name, initial, unit in (("charge", 10, "A"), ("volts", 13, "V"), ("discharge", 10, "A"))
    }
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_number", {"input_number": numbers})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"charger": {"initial": False}}})
    modes = {"mode": {"options": ["Save", "Use", "Sell"], "initial": "Save"}}
    assert await async_setup_component(hass, "input_select", {"input_select": modes})
    await hass.async_block_till_done()


async def turn(hass: HomeAssistant, pack: Mirrored, how: str) -> None:
    """Switch the steering."""
    entity = pack.entity("steering", "switch")
    await hass.services.async_call("switch", f"turn_{how}", {"entity_id": entity}, blocking=True)
    await hass.async_block_till_done()


def shown(hass: HomeAssistant) -> list[str]:
    """Return what the inverter shows: currents, voltage, switch, mode."""
    found = [hass.states.get(entity) for entity in (CHARGE, VOLTS, DISCHARGE, SWITCH, MODE)]
    return [state.state for state in found if state is not None]
