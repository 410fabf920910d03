"""A lost link in the logbook: no line for what does not depend on it."""

from homeassistant.components.logbook.helpers import is_sensor_continuous
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er

from tests.support.packs import jk_pack


async def test_a_lost_link_fills_no_logbook_with_parameters_and_numbers(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed", cells=16)
    await adopt(pack, allow_control=True)
    await house.until(lambda: house.state("sensor.shed_protection") not in (None, "unknown", STATE_UNAVAILABLE))
    lost: list[str] = []

    @callback
    def heard(event) -> None:
        new = event.data["new_state"]
        if event.data["old_state"] is not None and new is not None and new.state == STATE_UNAVAILABLE:
            lost.append(new.entity_id)

    hass.bus.async_listen("state_changed", heard)
    house.take_away(pack)
    await house.until(lambda: house.state("sensor.shed_protection") == STATE_UNAVAILABLE, 40.0)
    registry = er.async_get(hass)
    by_key = {registry.async_get(entity_id).unique_id.removeprefix(f"{pack.address}_"): entity_id for entity_id in lost}
    shown = {
        key
        for key, entity_id in by_key.items()
        # What has a unit or a state class is no line in the logbook.
        if not (entity_id.startswith("sensor.") and is_sensor_continuous(hass, registry, entity_id))
    }
    assert "voltage" in by_key.keys() - shown
    assert {key for key in shown if key.startswith("parameter_")} == {
        "parameter_charge_switch",
        "parameter_balance_switch",
    }
    states = {"charge_stage", "protection_state", "nearest_protection"}
    assert {key for key in shown if by_key[key].startswith("sensor.")} == states
