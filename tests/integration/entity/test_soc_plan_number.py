"""Target, floor and what goes with them: numbers that belong to the owner, of a pack and of a bank."""

from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.protection.soc_plan import SocPlan
from tests.support.protected_pack import mirrored
from tests.support.rule_books import JK_LFP

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")


@pytest.fixture
async def pack(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see(soc=60)
        yield pack


async def set_number(hass, entity: str, value: float) -> None:
    await hass.services.async_call("number", "set_value", {"entity_id": entity, "value": value}, blocking=True)
    await hass.async_block_till_done()


async def test_the_target_ends_charging_and_outlives_a_restart(hass, pack):
    assert pack.state("target_soc", "number") == "100.0"
    await set_number(hass, pack.entity("target_soc", "number"), 55)
    assert pack.state("target_soc", "number") == "55.0"
    await pack.see(10, soc=60)
    assert pack.state("charge_current_limit") == "0.0"
    assert pack.attributes("charge_current_limit")["limited_by"] == "target_soc"
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert pack.state("target_soc", "number") == "55.0"
    assert pack.coordinator.protection_engine.plan == SocPlan(target=55)
    assert pack.entry.options["soc_plan"]["target"] == 55


async def test_the_floor_ends_discharging(hass, pack):
    await set_number(hass, pack.entity("discharge_floor", "number"), 60)
    await pack.see(10, soc=60)
    assert pack.state("discharge_current_limit") == "0.0"
    assert pack.attributes("discharge_current_limit")["limited_by"] == "discharge_floor"


async def test_target_and_floor_must_not_meet(hass, pack):
    await set_number(hass, pack.entity("discharge_floor", "number"), 60)
    with pytest.raises(ServiceValidationError, match="at least 10 % apart"):
        await set_number(hass, pack.entity("target_soc", "number"), 65)
    assert pack.state("target_soc", "number") == "100.0"
    assert pack.coordinator.plan == SocPlan(floor=60)


async def test_numbers_are_there_while_the_pack_is_not(hass, pack):
    await pack.fall_silent()
    assert pack.state("target_soc", "number") == "100.0"
    await set_number(hass, pack.entity("full_every", "number"), 14)
    assert pack.coordinator.plan.full_every == 14


async def test_the_time_to_a_chosen_state_of_charge_and_the_stage_are_shown(hass, pack):
    await set_number(hass, pack.entity("chosen_soc", "number"), 80)
    assert pack.state("charge_stage") == "resting"
    assert pack.attributes("charge_stage")["source"] == "calculated"
    for _ in range(20):
        await pack.see(2, soc=60, current=10.0)
    assert pack.state("charge_stage") == "bulk"
    for _ in range(20):
        await pack.see(2, soc=60, current=-10.0)
    assert pack.state("charge_stage") == "discharging"


async def test_minutes_are_counted_by_reason(hass, pack):
    for _ in range(60):
        await pack.see(5, soc=60, coldest=7.0)
    await pack.see(300, soc=60, coldest=7.0)
    assert float(pack.state("charging_limited_temperature")) >= 4
    assert float(pack.state("charging_limited_target")) == 0


async def test_a_bank_has_a_plan_of_its_own(hass, pack):
    await pack.in_a_bank()
    entry = pack.bank

    def entity(domain: str, key: str) -> str:
        found = er.async_get(hass).async_get_entity_id(domain, DOMAIN, f"{entry.entry_id}_{key}")
        assert found is not None
        return found

    await pack.see(2, soc=60)
    await set_number(hass, entity("number", "target_soc"), 50)
    await pack.see(2, soc=60)
    limit = hass.states.get(entity("sensor", "charge_current_limit"))
    assert (limit.state, limit.attributes["limited_by"]) == ("0.0", "target_soc")
    assert pack.state("target_soc", "number") == "100.0"
    assert entry.options["soc_plan"]["target"] == 50
    assert entry.options["packs"] == [pack.entry.entry_id]
    assert hass.states.get(entity("sensor", "charge_stage")).state == "resting"
    assert hass.states.get(entity("sensor", "time_to_chosen_soc")).state == "unknown"
    assert hass.states.get(entity("sensor", "power_discharging")).state in ("0.0", "-0.0")
    for _ in range(31):
        await pack.see(10, soc=60)
    minutes = hass.states.get(entity("sensor", "charging_limited_target"))
    assert float(minutes.state) >= 4
