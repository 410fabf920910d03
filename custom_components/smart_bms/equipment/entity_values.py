"""Values of the equipment's entities: numbers, switches and selects, read and written alike."""

import math
from typing import Any, Final

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State, callback

from ..steering.setpoint import OFF, ON
from ..steering.target import Target

NUMBERS: Final = ("number", "input_number")
SWITCHES: Final = ("switch", "input_boolean")
SELECTS: Final = ("select", "input_select")
_NEITHER: Final = 0.5
"""Of a select that shows another option than those for on and off: neither is right."""
_SWITCHED: Final = {STATE_ON: ON, STATE_OFF: OFF}


def domain_of(entity: str) -> str:
    """Return the domain of an entity."""
    return entity.partition(".")[0]


def stated_unit(state: State | None) -> str:
    """Return the unit that an entity states; empty if it states none."""
    return str(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or "") if state is not None else ""


@callback
def shown_value(hass: HomeAssistant, target: Target) -> float | None:
    """Return what the entity of a target shows, on as 1 and off as 0; None while it is not available."""
    state = hass.states.get(target.entity)
    if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return None
    if target.kind.is_switch:
        if domain_of(target.entity) in SELECTS:
            return {target.on_option: ON, target.off_option: OFF}.get(state.state, _NEITHER)
        return _SWITCHED.get(state.state)
    if target.entity_unit and stated_unit(state) != target.entity_unit:
        # Somebody chose another unit for it: its numbers mean something else now.
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


async def async_set_value(hass: HomeAssistant, target: Target, value: float) -> None:
    """Set the entity of a target, and wait until its integration has taken that. Raises what the integration raises."""
    domain = domain_of(target.entity)
    data: dict[str, Any] = {"entity_id": target.entity}
    if domain in SELECTS:
        option = target.on_option if value >= ON else target.off_option
        await hass.services.async_call(domain, "select_option", data | {"option": option}, blocking=True)
    elif domain in SWITCHES:
        await hass.services.async_call(domain, "turn_on" if value >= ON else "turn_off", data, blocking=True)
    else:
        await hass.services.async_call(domain, "set_value", data | {"value": value}, blocking=True)
