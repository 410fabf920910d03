"""The mirror in Home Assistant: its entities, events, action and memory."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import probatio
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.const import DOMAIN
from tests.support.protected_pack import mirrored
from tests.support.protection_life import shown_by_smart123
from tests.support.rule_books import JK_LFP, SMART123_SETTINGS


@pytest.fixture
async def pack(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        yield pack


async def test_what_is_allowed_is_told_with_its_reasons(hass, pack) -> None:
    assert pack.state("charge_allowed", "binary_sensor") == STATE_UNAVAILABLE
    await pack.see()
    assert pack.state("charge_allowed", "binary_sensor") == STATE_ON
    assert pack.attributes("charge_allowed", "binary_sensor")["explanation"] == "No restriction."
    await pack.see(highest=3.65)
    assert pack.state("charge_allowed", "binary_sensor") == STATE_OFF
    attributes = pack.attributes("charge_allowed", "binary_sensor")
    assert attributes["reasons"] == ["cell_overvoltage"]
    assert attributes["explanation"] == "Cell overvoltage: 3.65 V, limit 3.6 V, released at 3.5 V."
    assert pack.state("discharge_allowed", "binary_sensor") == STATE_ON
    await pack.see(current=None)
    assert pack.state("discharge_allowed", "binary_sensor") == STATE_UNKNOWN


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_why_it_does_not_balance_is_told(hass, pack) -> None:
    pack.settings = JK_LFP | {"balance_switch": True}
    await pack.see(highest=3.39, lowest=3.37)
    assert pack.state("balance_expected", "binary_sensor") == STATE_OFF
    assert pack.attributes("balance_expected", "binary_sensor")["explanation"] == (
        "Waiting for the highest cell to exceed 3.4 V (now 3.39 V)."
    )
    await pack.see(2, highest=3.42, lowest=3.37, alarms=("balance_wire_resistance",))
    assert "balance wire" in pack.attributes("balance_expected", "binary_sensor")["explanation"]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_nearest_protection_its_margin_and_its_time(hass, pack) -> None:
    # A limit that is far away needs no number.
    await pack.see(current=2.0)
    assert pack.state("protection_margin") == STATE_UNKNOWN
    for second in range(62):
        await pack.see(highest=round(3.5 + second * 0.001, 3), current=20.0)
    assert pack.state("nearest_protection") == "cell_overvoltage"
    assert float(pack.state("protection_margin")) == pytest.approx(0.05, abs=0.02)
    assert pack.attributes("protection_margin")["unit_of_measurement"] == "V"
    assert float(pack.state("time_to_protection")) == pytest.approx(40, abs=12)
    assert pack.attributes("time_to_protection")["protection"] == "cell_overvoltage"
    await pack.see(40, lowest=2.69)
    assert pack.state("nearest_protection") == "cell_undervoltage"
    assert pack.attributes("nearest_protection")["limit"] == 2.7
    assert "disappear at 2.6 V" in pack.attributes("nearest_protection")["explanation"]
    assert pack.state("time_to_protection") == STATE_UNKNOWN
    assert pack.attributes("protection_margin")["unit_of_measurement"] == "V"
    # What is over, and still near, gives way after a minute.
    for _ in range(8):
        await pack.see(10, current=98.0)
    assert pack.state("nearest_protection") == "charge_overcurrent"
    # Whole amperes are told as such.
    assert (pack.state("protection_margin"), pack.attributes("protection_margin")["unit_of_measurement"]) == ("2", "A")


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_while_all_is_comfortable_no_protection_is_near(hass, pack) -> None:
    for second in range(90):
        await pack.see(current=(-60.0, -5.0, 40.0)[second % 3])
        assert pack.state("nearest_protection") == "none_near"
    assert "limit" not in pack.attributes("nearest_protection")
    assert pack.state("protection_margin") == STATE_UNKNOWN
    assert pack.attributes("protection_margin")["unit_of_measurement"]


async def test_where_the_protections_stand(hass, pack) -> None:
    await pack.see()
    assert pack.state("protection_state") == "clear"
    await pack.see(current=120.0)
    assert pack.state("protection_state") == "pending"
    assert pack.attributes("protection_state")["pending"] == ["charge_overcurrent"]
    await pack.see(current=120.0, lowest=2.65)
    assert pack.state("protection_state") == "tripped"
    await pack.see(current=None, lowest=2.65)
    assert pack.state("protection_state") == "tripped"
    await pack.see(current=None)
    assert pack.state("protection_state") == STATE_UNKNOWN


async def test_each_protection_has_a_sensor_for_those_who_want_it(hass, pack) -> None:
    registry = er.async_get(hass)
    entity_id = pack.entity("protection_discharge_overcurrent")
    assert registry.async_get(entity_id).disabled_by is er.RegistryEntryDisabler.INTEGRATION
    registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(pack.entry.entry_id)
    for _ in range(32):
        await pack.see(current=-200.0)
    assert hass.states.get(entity_id).state == "tripped"
    attributes = hass.states.get(entity_id).attributes
    assert attributes["blocks"] == ["discharge"]
    assert attributes["released_at"] > attributes["tripped_at"]
    # A protection that this pack does not have has no sensor.
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{pack.coordinator.address}_protection_soc_low") is None
    found = registry.async_get_entity_id(
        "sensor", DOMAIN, f"{pack.coordinator.address}_protection_discharge_undertemperature"
    )
    assert found is None


async def test_limits_without_data_are_unknown_and_begin_at_nothing(hass, pack) -> None:
    assert [pack.state(f"{key}_limit") for key in ("charge_voltage", "charge_current", "discharge_current")] == [
        STATE_UNKNOWN,
        STATE_UNKNOWN,
        STATE_UNKNOWN,
    ]
    await pack.see(soc=60)
    assert float(pack.state("charge_voltage_limit")) == 14.0
    assert float(pack.state("charge_current_limit")) == 90.0
    assert pack.attributes("charge_current_limit")["limited_by"] is None
    assert pack.attributes("charge_voltage_limit")["stage"] == "bulk"
    await pack.see(soc=60, coldest=7.0)
    assert float(pack.state("charge_current_limit")) == 45.0
    assert pack.attributes("charge_current_limit")["limited_by"] == "coldest"
    await pack.fall_silent()
    assert pack.state("charge_current_limit") == pack.state("discharge_current_limit") == STATE_UNKNOWN
    assert float(pack.state("charge_voltage_limit")) == 13.6
    assert pack.attributes("charge_current_limit")["limited_by"] == "no_data"
    assert pack.state("charge_allowed", "binary_sensor") == STATE_UNAVAILABLE
    # Back again it begins where it fell to.
    await pack.see(soc=60)
    assert float(pack.state("charge_current_limit")) == 0.0
    assert pack.attributes("charge_current_limit")["limited_by"] == "recovering"
    for _ in range(50):
        await pack.see(soc=60)
    assert float(pack.state("charge_current_limit")) == 90.0
    assert pack.attributes("charge_current_limit")["limited_by"] is None


async def test_what_the_owner_chose_for_times_without_data_is_told(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    chosen = {"failsafe_discharge_current": 10.0}
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, limits=chosen) as pack:
        await pack.see(soc=60)
        await pack.fall_silent()
        assert pack.state("charge_current_limit") == STATE_UNKNOWN
        assert pack.state("discharge_current_limit") == "10.0"


async def test_what_explains_a_value_is_never_older_than_what_it_lists(hass, pack) -> None:
    await pack.see(lowest=2.65)
    await pack.see(lowest=2.65, highest=3.65, current=120.0)
    attributes = pack.attributes("protection_state")
    assert attributes["tripped"] == ["cell_overvoltage", "cell_undervoltage"]
    assert attributes["pending"] == ["charge_overcurrent"]
    for second in range(320):
        await pack.see(highest=3.3, lowest=round(3.1 - second / 2000, 3))
    assert pack.attributes("nearest_protection")["margin"] < 0.4
    for _ in range(3):
        await pack.see(lowest=2.7)
    assert "disappear" in pack.attributes("nearest_protection")["explanation"]


async def test_whoever_hears_of_a_trip_finds_entities_that_show_it(hass, pack) -> None:
    await pack.see()
    seen = []

    @callback
    def heard(event) -> None:
        if event.data["entity_id"].startswith("event."):
            seen.append((pack.state("protection_state"), pack.state("charge_allowed", "binary_sensor")))

    hass.bus.async_listen("state_changed", heard)
    await pack.see(highest=3.65)
    assert seen == [("tripped", "off")]


async def test_what_is_running_outlives_the_end_of_home_assistant(hass, hass_storage, pack) -> None:
    await pack.see()
    for _ in range(20):
        await pack.see(current=120.0)
    await pack.coordinator._async_end()
    await pack.wait(2)
    kept = hass_storage[f"smart_bms.{pack.entry.entry_id}"]["data"]["protection"]["mirror"]
    assert kept["looked_at"] == pack.now - 2


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_nothing_is_said_against_a_pack_whose_parameters_are_not_known(hass, pack) -> None:
    pack.settings = None
    await pack.see()
    assert pack.state("disagreement", "binary_sensor") == STATE_UNKNOWN


async def test_the_owner_chooses_the_distances(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
):
    options = {"limits": {"voltage_distance": 0.2, "failsafe_charge_current": 3}}
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, **options) as pack:
        assert float(pack.state("charge_current_limit")) == 3
        await pack.see(soc=60)
        assert float(pack.state("charge_voltage_limit")) == 13.6


async def test_what_happens_is_an_event_with_all_particulars(hass, pack) -> None:
    await pack.see()
    events = async_capture_events(hass, "state_changed")

    def reported() -> list[tuple]:
        states = [event.data["new_state"] for event in events if "protection_event" in event.data["entity_id"]]
        return [
            (state.attributes["event_type"], state.attributes.get("protection") or state.attributes.get("alarm"))
            for state in states
        ]

    await pack.see(lowest=2.65, alarms=("cell_undervoltage", "charge_mosfet_fault"))
    await pack.see(current=120.0, alarms=("cell_undervoltage",))
    assert reported() == [
        ("alarm_raised", "cell_undervoltage"),
        ("alarm_raised", "charge_mosfet_fault"),
        ("tripped", "cell_undervoltage"),
        ("alarm_cleared", "charge_mosfet_fault"),
        ("released", "cell_undervoltage"),
        ("pending", "charge_overcurrent"),
    ]
    attributes = pack.attributes("protection_event", "event")
    assert (attributes["value"], attributes["limit"], attributes["seconds_left"]) == (120.0, 100.0, 30.0)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_mismatch_is_a_problem_with_both_sides_numbers(hass, pack) -> None:
    await pack.see()
    assert pack.state("disagreement", "binary_sensor") == STATE_OFF
    for _ in range(12):
        await pack.see(alarms=("cell_overvoltage",))
    assert pack.state("disagreement", "binary_sensor") == STATE_ON
    found = pack.attributes("disagreement", "binary_sensor")["cell_overvoltage"]
    assert (found["mirror"], found["pack"], found["value"], found["limit"]) == ("clear", "reported", 3.3, 3.6)


async def test_a_hold_and_a_delay_outlive_a_restart(hass, hass_storage, pack) -> None:
    for _ in range(31):
        await pack.see(current=-200.0)
    await pack.see(current=120.0, alarms=("discharge_overcurrent",))
    monitor = pack.coordinator.protection_engine.mirror.monitors["discharge_overcurrent"]
    until, began = monitor.release_at, pack.coordinator.protection_engine.mirror.monitors["charge_overcurrent"].began_at
    assert await hass.config_entries.async_reload(pack.entry.entry_id)
    mirror = pack.coordinator.protection_engine.mirror
    await pack.see(5, current=120.0, alarms=("discharge_overcurrent",))
    assert mirror.monitors["discharge_overcurrent"].release_at == pytest.approx(until, abs=0.001)
    assert mirror.monitors["charge_overcurrent"].began_at == pytest.approx(began, abs=0.001)
    assert pack.state("protection_state") == "tripped"


async def test_another_dialect_brings_other_rules(hass, pack) -> None:
    await pack.see()
    protection_engine = pack.coordinator.protection_engine
    pack.coordinator.pack.last_identity = Identity(family="jk", variant="JK02_24S", model="Other")
    pack.coordinator._async_handle_identity()
    assert pack.coordinator.protection_engine is not protection_engine
    assert pack.coordinator.protection_engine.variant == "JK02_24S"


async def test_a_balancer_has_no_mirror(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, {}, variant="JK04") as pack:
        registry = er.async_get(hass)
        keys = {item.unique_id for item in er.async_entries_for_config_entry(registry, pack.entry.entry_id)}
        assert not any("protection" in key or "allowed" in key or "limit" in key for key in keys)
        await pack.see()
        with pytest.raises(ServiceValidationError, match="protections"):
            await evaluate(hass, pack)


async def test_why_a_123_stays_off_after_a_fault_is_said_in_words(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
):
    async with mirrored(hass, freezer, monkeypatch, SMART123_SETTINGS, family="smart123", variant="gen2") as pack:
        await pack.see(**shown_by_smart123("3.3/3.3/3.3/3.3", soc=95, charging=False))
        assert pack.state("charge_allowed", "binary_sensor") == STATE_OFF
        explanation = pack.attributes("charge_allowed", "binary_sensor")["explanation"]
        assert explanation.endswith(
            "Charging stays off until the state of charge is below 90 % (now 95 %), although nothing is wrong anymore."
        )


async def evaluate(hass, pack, **data):
    """Ask what would be."""
    response = await hass.services.async_call(
        DOMAIN, "evaluate_protection", {"device_id": pack.device_id, **data}, blocking=True, return_response=True
    )
    return response["packs"][0]


async def test_what_if_answers_for_a_situation(hass, pack) -> None:
    with pytest.raises(ServiceValidationError):
        await evaluate(hass, pack)
    await pack.see()
    answer = await evaluate(hass, pack)
    assert answer["charge_allowed"] == answer["discharge_allowed"] == "yes"
    assert answer["trips"] == []
    answer = await evaluate(hass, pack, current=-180, duration=60)
    (trip,) = answer["trips"]
    assert (trip["protection"], trip["trips_after"]) == ("discharge_overcurrent", 30)
    assert (trip["released"], trip["release"], trip["blocks"]) == ("after", 60, ["discharge"])
    assert (answer["charge_allowed"], answer["discharge_allowed"]) == ("yes", "no")
    answer = await evaluate(
        hass,
        pack,
        cell_voltages=[3.3, 3.65, 3.3, 3.3],
        temperatures=[-5, 20],
        power_stage_temperature=80,
        soc=5,
        current=5,
    )
    assert [trip["protection"] for trip in answer["trips"]] == [
        "cell_overvoltage",
        "charge_undertemperature",
        "mosfet_overtemperature",
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cell_voltages": [3.3, 3.3]}, "2 cell voltages were given, but the pack has 4"),
        ({"parameters": {"cell_overvoltge": 3.4}}, "There is no parameter"),
        ({"parameters": {"cell_overvoltage": "3.4"}}, "3.4 is not a valid value for Cell overvoltage"),
        ({"parameters": {"cell_overvoltage": float("nan")}}, "nan is not a valid value"),
        ({"parameters": {"cell_overvoltage": True}}, "True is not a valid value"),
        ({"parameters": {"cell_overvoltage": None}}, "None is not a valid value"),
        ({"parameters": {"balance_switch": 1}}, "1 is not a valid value"),
    ],
)
async def test_what_makes_no_sense_is_not_answered(hass, pack, asked, message) -> None:
    pack.settings = JK_LFP | {"balance_switch": True}
    await pack.see()
    with pytest.raises(ServiceValidationError, match=message):
        await evaluate(hass, pack, **asked)


async def test_what_is_old_is_no_ground_for_an_answer(hass, pack) -> None:
    await pack.see()
    await pack.fall_silent()
    with pytest.raises(ServiceValidationError, match="too old"):
        await evaluate(hass, pack)
    with pytest.raises(probatio.MultipleInvalid):
        await evaluate(hass, pack, cell_voltages=[True, 3.3, 3.3, 3.3])


async def test_what_if_tries_other_parameters(hass, pack) -> None:
    await pack.see(highest=3.45)
    assert not (await evaluate(hass, pack))["trips"]
    (trip,) = (await evaluate(hass, pack, parameters={"cell_overvoltage": 3.4}))["trips"]
    assert trip["protection"] == "cell_overvoltage"
