"""The forms about equipment: proposed from what entities say, checked, and saved after a look at the dry run."""

from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.equipment.options import EquipmentOptions
from custom_components.smart_bms.equipment.options_flow import proposed
from custom_components.smart_bms.steering.demand import FallbackAction, FallbackSettings
from custom_components.smart_bms.steering.target import TargetKind, Unit
from tests.support.inverter_entities import CHARGE, MODE, SWITCH, TARGETS, VOLTS, equipment_options


async def step(hass, flow, **user_input):
    return await hass.config_entries.options.async_configure(flow["flow_id"], user_input)


async def menu(hass, entry):
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    return await step(hass, flow, next_step_id="equipment")


async def add(hass, flow, kind: str, entity: str, **details):
    flow = await step(hass, flow, next_step_id="equipment_add")
    flow = await step(hass, flow, kind=kind, entity=entity)
    if flow["errors"] or flow["step_id"] != "equipment_details":
        return flow
    proposed = {key.schema: key.default() for key in flow["data_schema"].schema if callable(key.default)}
    return await step(hass, flow, **{**proposed, **details})


async def save(hass, flow):
    flow = await step(hass, flow, next_step_id="equipment_preview")
    return flow, await step(hass, flow)


@pytest.fixture
async def pack(hass, steered):
    pack = await steered(on=False)
    hass.config_entries.async_update_entry(pack.entry, options={"limits": {"empty_soc": 7}})
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await pack.see(soc=60)
    return pack


async def test_entities_are_chosen_and_the_dry_run_shows_what_would_be_written(hass, pack):
    flow = await menu(hass, pack.entry)
    assert flow["menu_options"] == ["equipment_add", "equipment_fallback", "equipment_preview"]
    flow = await add(hass, flow, "charge_current", CHARGE, maximum=60)
    flow = await add(hass, flow, "charge_voltage", VOLTS)
    flow = await add(hass, flow, "charge_switch", SWITCH)
    flow = await add(hass, flow, "discharge_switch", MODE, on_option="Use", off_option="Save")
    assert flow["step_id"] == "equipment"
    assert flow["menu_options"][1:3] == ["equipment_edit", "equipment_remove"]
    shown, done = await save(hass, flow)
    table = shown["description_placeholders"]["table"]
    assert "| charge (Charge current or power) | 10 A | 60 A | – |" in table
    assert "| charger (Charging on and off) | off | on | – |" in table
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert pack.entry.options["limits"] == {"empty_soc": 7}
    stored = EquipmentOptions.of(pack.entry.options)
    assert stored.is_seen
    assert [target.entity for target in stored.targets] == [CHARGE, VOLTS, SWITCH, MODE]
    assert (stored.targets[1].unit, stored.targets[1].step) == (Unit.VOLT, 0.1)
    assert (stored.targets[3].on_option, stored.targets[3].off_option) == ("Use", "Save")
    assert pack.state("steering", "switch") == "off"


async def test_nothing_is_saved_without_the_dry_run(hass, pack):
    flow = await menu(hass, pack.entry)
    await add(hass, flow, "charge_current", CHARGE)
    hass.config_entries.options.async_abort(flow["flow_id"])
    assert "equipment" not in pack.entry.options


@pytest.mark.parametrize(
    ("kind", "entity", "details", "errors"),
    [
        ("charge_current", SWITCH, {}, {"entity": "wrong_domain"}),
        ("charge_switch", CHARGE, {}, {"entity": "wrong_domain"}),
        ("charge_current", CHARGE, {"minimum": 5, "maximum": 4}, {"base": "maximum_below_minimum"}),
        ("charge_current", CHARGE, {}, {}),
    ],
)
async def test_what_cannot_be_is_said(hass, pack, kind, entity, details, errors):
    flow = await add(hass, await menu(hass, pack.entry), kind, entity, **details)
    assert (flow.get("errors") or {}) == errors
    if not errors:
        flow = await add(hass, flow, kind, entity)
        assert flow["errors"] == {"entity": "already_a_target"}


async def test_targets_are_changed_and_removed(hass, pack):
    hass.config_entries.async_update_entry(pack.entry, options=equipment_options(*TARGETS[:2]))
    flow = await menu(hass, pack.entry)
    flow = await step(hass, flow, next_step_id="equipment_edit")
    flow = await step(hass, flow, entity=CHARGE)
    defaults = {key.schema: key.default() for key in flow["data_schema"].schema if callable(key.default)}
    assert defaults["maximum"] == 80
    flow = await step(hass, flow, **{**defaults, "unit": "W", "maximum": 3000, "share": 50, "writes_per_day": 99})
    flow = await step(hass, flow, next_step_id="equipment_remove")
    flow = await step(hass, flow, entity=VOLTS)
    _, done = await save(hass, flow)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    (target,) = EquipmentOptions.of(pack.entry.options).targets
    assert (target.kind, target.unit, target.share, target.writes_per_day) == (
        TargetKind.CHARGE_CURRENT,
        Unit.WATT,
        50,
        99,
    )


async def test_the_fail_safe_is_chosen(hass, pack):
    flow = await menu(hass, pack.entry)
    flow = await step(hass, flow, next_step_id="equipment_fallback")
    chosen = {"on_loss": "hold", "on_stop": "off", "longest_hold": 120, "charge_current": 5, "discharge_current": 0}
    shown, _ = await save(hass, await step(hass, flow, **chosen))
    assert shown["description_placeholders"]["table"] == "No entity is chosen: nothing is steered."
    fallback = EquipmentOptions.of(pack.entry.options).fallback
    assert (fallback.on_loss, fallback.on_stop) == (FallbackAction.HOLD, FallbackAction.OFF)
    assert (fallback.longest_hold, fallback.charge_current) == (120, 5)


async def test_the_dry_run_says_what_it_does_not_know(hass, pack):
    hass.config_entries.async_update_entry(pack.entry, options=equipment_options(*TARGETS[:1]))
    await pack.fall_silent()
    flow = await step(hass, await menu(hass, pack.entry), next_step_id="equipment_preview")
    # Also without data something would be written: what the owner chose for it.
    assert "| 10 A | 0 A | No current data |" in flow["description_placeholders"]["table"]
    await hass.config_entries.async_unload(pack.entry.entry_id)
    flow = await step(hass, await menu(hass, pack.entry), next_step_id="equipment_preview")
    assert "not set up" in flow["description_placeholders"]["table"]


async def test_less_than_can_be_set_is_said(hass, pack):
    low = EquipmentOptions.of(equipment_options(*TARGETS[:1])).targets[0].as_dict() | {"minimum": 70}
    options = equipment_options(*TARGETS[:1])
    options["equipment"]["targets"] = [low]
    hass.config_entries.async_update_entry(pack.entry, options=options)
    await pack.see(soc=60, coldest=3.0)
    flow = await step(hass, await menu(hass, pack.entry), next_step_id="equipment_preview")
    assert "less is not possible" in flow["description_placeholders"]["table"]


async def test_a_bank_has_the_same_forms_and_keeps_its_packs(hass, pack):
    await pack.in_a_bank()
    flow = await menu(hass, pack.bank)
    flow = await add(hass, flow, "charge_current", CHARGE)
    await save(hass, flow)
    assert pack.bank.options["packs"] == [pack.entry.entry_id]
    assert EquipmentOptions.of(pack.bank.options).targets[0].entity == CHARGE


def test_what_cannot_be_understood_is_left_out():
    broken = {"targets": [{"entity": "number.one"}, 5], "fallback": {"on_loss": "pray"}, "seen": 3}
    options = EquipmentOptions.of({"equipment": broken})
    assert options.targets == ()
    assert options.fallback.on_loss is FallbackAction.REDUCE
    assert not options.is_seen


@pytest.mark.parametrize(
    "fallback", [{"charge_current": None}, {"longest_hold": "x"}, {"charge_current": float("nan")}, {"more": 1}]
)
def test_a_fail_safe_that_cannot_be_understood_is_the_default_one(fallback):
    options = EquipmentOptions.of({"equipment": {"targets": [TARGETS[0].as_dict()], "fallback": fallback}})
    assert options.fallback == FallbackSettings()
    assert len(options.targets) == 1
    broken = TARGETS[0].as_dict() | {"step": None, "minimum": "low"}
    assert EquipmentOptions.of({"equipment": {"targets": [broken]}}).targets == ()


@pytest.mark.parametrize(
    ("unit", "found"),
    [("kW", ("W", 0.001)), ("W", ("W", 1.0)), ("%", ("%", 100.0)), ("mA", ("A", 1000.0)), (None, ("A", 1.0))],
)
async def test_the_unit_is_proposed_from_what_the_entity_states(hass, pack, unit, found):
    attributes = {"min": 0, "max": 100, "step": 1} | ({"unit_of_measurement": unit} if unit else {})
    hass.states.async_set("number.any", "1", attributes)
    target = proposed(TargetKind.CHARGE_CURRENT, "number.any", hass.states.get("number.any"))
    assert (target.unit.value, target.scale) == found
    assert target.entity_unit == (unit or "")


async def test_what_another_battery_steers_is_refused(hass, pack):
    await pack.in_a_bank()
    options = {**pack.bank.options, **equipment_options(TARGETS[0])}
    hass.config_entries.async_update_entry(pack.bank, options=options)
    flow = await add(hass, await menu(hass, pack.entry), "charge_current", CHARGE)
    assert flow["errors"] == {"entity": "steered_elsewhere"}


async def test_numbers_of_smart_bms_itself_cannot_be_chosen(hass, pack):
    registry = er.async_get(hass)
    entity = registry.async_get_or_create("number", DOMAIN, "parameter", config_entry=pack.entry).entity_id
    hass.states.async_set(entity, "3.45", {"unit_of_measurement": "A"})
    flow = await menu(hass, pack.entry)
    with pytest.raises(InvalidData):
        await add(hass, flow, "charge_current", entity)


@pytest.mark.parametrize(
    ("kind", "unit", "fits"),
    [
        ("charge_current", "V", False),
        ("charge_voltage", "A", False),
        ("discharge_current", "kWh", False),
        ("charge_current", "kW", True),
        ("charge_voltage", "mV", True),
        ("charge_voltage", None, True),
    ],
)
async def test_a_unit_that_does_not_fit_is_refused(hass, pack, kind, unit, fits):
    hass.states.async_set("number.any", "1", {"min": 0, "max": 60, "step": 1, "unit_of_measurement": unit})
    flow = await add(hass, await menu(hass, pack.entry), kind, "number.any")
    assert (flow.get("errors") or {}) == ({} if fits else {"entity": "wrong_unit"})
