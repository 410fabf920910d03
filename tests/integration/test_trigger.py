"""Triggers and conditions that the integration ships: they work in automations, and are offered for our entities."""

import subprocess
import sys

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.helpers.template import Template
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.smart_bms.condition import CONDITIONS
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.entity.findable import KINDS
from custom_components.smart_bms.trigger import TRIGGERS

CALM: dict = {}
HIGH = {"highest": 3.65}
LOW = {"lowest": 2.65}
STRONG = {"current": 120.0}
BROKEN = {"alarms": ("charge_mosfet_fault",)}
PASSWORD = {"alarms": ("default_password",)}
SILENT = "silent"
UNEVEN = {"highest": 3.4, "lowest": 3.3}


@pytest.fixture
async def pack(protected_pack):
    return protected_pack


async def automation(hass, **parts) -> list:
    """Set up an automation; return the list of what it does."""
    done = async_mock_service(hass, "test", "done")
    parts = {
        "alias": "auto",
        "actions": [{"action": "test.done", "data": {"entity": "{{ trigger.entity_id }}"}}],
    } | parts
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: parts})
    await hass.async_block_till_done()
    assert hass.states.get("automation.auto").state == "on"
    return done


async def lives(pack, moments) -> None:
    for moment in moments:
        if moment == SILENT:
            await pack.fall_silent()
        else:
            await pack.see(**moment)


THRESHOLD = {"threshold": {"type": "above", "value": {"number": 50, "unit_of_measurement": "mV"}}}


@pytest.mark.parametrize(
    ("trigger", "options", "moments", "times"),
    [
        ("protection_pending", {}, [STRONG, STRONG], 1),
        ("protection_pending", {"protection": ["charge_overcurrent"]}, [STRONG], 1),
        ("protection_pending", {"protection": ["discharge_overcurrent"]}, [STRONG], 0),
        ("protection_tripped", {}, [HIGH, HIGH, CALM, HIGH], 2),
        ("protection_tripped", {"protection": []}, [HIGH], 1),
        ("protection_tripped", {"protection": ["cell_undervoltage", "cell_overvoltage"]}, [HIGH, LOW], 2),
        ("protection_released", {}, [HIGH, CALM], 1),
        ("alarm_raised", {}, [BROKEN, BROKEN], 1),
        ("alarm_raised", {"severity": ["fault"]}, [PASSWORD, CALM, BROKEN], 1),
        ("alarm_cleared", {"severity": ["notice"]}, [PASSWORD, CALM, BROKEN, CALM], 1),
        ("charging_not_allowed", {}, [HIGH, HIGH], 1),
        ("charging_allowed", {}, [HIGH, CALM], 1),
        ("discharging_not_allowed", {}, [LOW, LOW], 1),
        ("discharging_allowed", {}, [LOW, CALM], 1),
        ("data_went_stale", {}, [SILENT], 1),
        ("data_went_stale", {}, [SILENT, CALM, SILENT], 2),
        ("imbalance_crossed_threshold", THRESHOLD, [UNEVEN] * 62, 1),
        ("imbalance_crossed_threshold", THRESHOLD, [{"highest": 3.32, "lowest": 3.3}] * 62, 0),
    ],
)
async def test_a_trigger_fires_when_it_should_and_only_then(hass, pack, trigger, options, moments, times) -> None:
    done = await automation(
        hass,
        triggers={"trigger": f"{DOMAIN}.{trigger}", "target": {"device_id": [pack.device_id]}, "options": options},
    )
    await lives(pack, [CALM, *moments])
    assert len(done) == times


@pytest.mark.parametrize(
    ("condition", "options", "so", "not_so"),
    [
        ("is_protection_tripped", {}, HIGH, STRONG),
        ("is_protection_tripped", {"protection": ["cell_overvoltage"]}, HIGH, LOW),
        ("is_protection_pending", {}, STRONG, HIGH),
        ("is_alarm_raised", {}, BROKEN, CALM),
        ("is_alarm_raised", {"severity": ["fault"]}, BROKEN, {"alarms": ("balance_wire_resistance",)}),
        # What is no problem is an alarm all the same.
        ("is_alarm_raised", {"severity": ["notice"]}, PASSWORD, BROKEN),
        ("is_charging_allowed", {}, CALM, HIGH),
        ("is_charging_not_allowed", {}, HIGH, LOW),
        ("is_discharging_allowed", {}, HIGH, LOW),
        ("is_discharging_not_allowed", {}, LOW, HIGH),
        ("is_data_stale", {}, SILENT, CALM),
        ("is_imbalance", THRESHOLD, UNEVEN, CALM),
    ],
)
@pytest.mark.parametrize("behavior", ["any", "all"])
async def test_a_condition_holds_when_it_should_and_only_then(
    hass, pack, condition, options, so, not_so, behavior
) -> None:
    done = await automation(
        hass,
        triggers={"trigger": "event", "event_type": "ask"},
        conditions={
            "condition": f"{DOMAIN}.{condition}",
            "target": {"device_id": [pack.device_id]},
            "options": options | {"behavior": behavior},
        },
        actions=[{"action": "test.done"}],
    )
    for moment, times in ((not_so, 0), (so, 1)):
        # What is measured is told once a minute.
        await lives(pack, [CALM] + [moment] * (62 if condition == "is_imbalance" else 1))
        hass.bus.async_fire("ask")
        await hass.async_block_till_done()
        assert len(done) == times, moment


@pytest.mark.parametrize(
    ("trigger", "moments", "details"),
    [
        ("protection_tripped", [HIGH], {"protection": "cell_overvoltage", "pack": "Shed"}),
        ("protection_pending", [STRONG], {"protection": "charge_overcurrent", "pack": "Shed"}),
        ("alarm_raised", [BROKEN], {"alarm": "charge_mosfet_fault", "pack": "Shed"}),
        ("charging_not_allowed", [HIGH], {}),
        ("data_went_stale", [SILENT], {}),
    ],
)
async def test_a_bank_triggers_for_its_packs(hass, pack, trigger, moments, details) -> None:
    bank = await pack.in_a_bank()
    done = await automation(
        hass,
        triggers={"trigger": f"{DOMAIN}.{trigger}", "target": {"device_id": [bank]}, "options": {}},
        actions=[{"action": "test.done", "data": {"told": "{{ trigger.to_state.attributes | string }}"}}],
    )
    await lives(pack, [CALM, *moments])
    (call,) = done
    assert all(
        f"'{key}': '{value}'" in call.data["told"] or f"{key}={value}" in call.data["told"]
        for key, value in details.items()
    )


@pytest.mark.parametrize(
    ("condition", "options", "so", "not_so"),
    [
        ("is_protection_tripped", {}, HIGH, STRONG),
        ("is_protection_pending", {}, STRONG, HIGH),
        ("is_alarm_raised", {"severity": ["fault"]}, BROKEN, CALM),
        ("is_charging_not_allowed", {}, HIGH, CALM),
        ("is_data_stale", {}, SILENT, CALM),
        ("is_imbalance", THRESHOLD, UNEVEN, CALM),
    ],
)
async def test_a_condition_about_a_bank_looks_at_its_packs(hass, pack, condition, options, so, not_so) -> None:
    bank = await pack.in_a_bank()
    done = await automation(
        hass,
        triggers={"trigger": "event", "event_type": "ask"},
        conditions={"condition": f"{DOMAIN}.{condition}", "target": {"device_id": [bank]}, "options": options},
        actions=[{"action": "test.done"}],
    )
    for moment, times in ((not_so, 0), (so, 1)):
        await lives(pack, [CALM] + [moment] * (62 if condition == "is_imbalance" else 1))
        hass.bus.async_fire("ask")
        await hass.async_block_till_done()
        assert len(done) == times, moment


async def test_changed_limits_trigger_also_when_they_are_no_longer_known(hass, pack) -> None:
    done = await automation(
        hass, triggers={"trigger": f"{DOMAIN}.limits_changed", "target": {"device_id": [pack.device_id]}}
    )
    await lives(pack, [CALM] * 65)
    done.clear()
    await lives(pack, [CALM] * 10)
    assert not done
    for moment in (HIGH, SILENT):
        await lives(pack, [moment])
        assert done, moment
        done.clear()


@pytest.mark.parametrize("of_bank", [False, True])
async def test_what_templates_look_for_says_its_kind_also_while_unavailable(hass, pack, of_bank) -> None:
    device = await pack.in_a_bank() if of_bank else pack.device_id
    await pack.see()

    def found() -> dict[str, int]:
        text = "{% for i in device_entities(d) %}{{ state_attr(i, 'kind') or '' }},{% endfor %}"
        kinds = [kind for kind in Template(text, hass).async_render({"d": device}).split(",") if kind]
        return {kind: kinds.count(kind) for kind in kinds}

    known = found()
    assert set(known) == set(KINDS.values())
    assert all(count == 1 for kind, count in known.items() if kind != "temperature")
    await pack.fall_silent()
    assert found() == known
    await pack.rename()
    assert await hass.config_entries.async_unload((pack.bank if of_bank else pack.entry).entry_id)
    await hass.async_block_till_done()
    assert found() == known


async def test_a_condition_about_no_pack_of_ours_does_not_hold(hass, pack) -> None:
    done = await automation(
        hass,
        triggers={"trigger": "event", "event_type": "ask"},
        conditions={
            "condition": f"{DOMAIN}.is_charging_allowed",
            "target": {"entity_id": ["binary_sensor.of_somebody_else"]},
            "options": {"behavior": "all"},
        },
        actions=[{"action": "test.done"}],
    )
    hass.bus.async_fire("ask")
    await hass.async_block_till_done()
    assert not done


async def test_a_reload_is_no_silence(hass, pack) -> None:
    done = await automation(
        hass,
        triggers={"trigger": f"{DOMAIN}.data_went_stale", "target": {"device_id": [pack.device_id]}, "options": {}},
    )
    assert await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    await pack.see()
    assert not done


async def test_the_particulars_are_there_for_the_actions(hass, pack) -> None:
    done = await automation(
        hass,
        triggers={"trigger": f"{DOMAIN}.protection_tripped", "target": {"device_id": [pack.device_id]}, "options": {}},
        actions=[
            {
                "action": "test.done",
                "data": {
                    "what": "{{ trigger.to_state.attributes.protection }} {{ trigger.to_state.attributes.value }}"
                },
            }
        ],
    )
    await lives(pack, [CALM, HIGH])
    assert done[0].data == {"what": "cell_overvoltage 3.65"}


async def test_they_are_offered_for_a_pack(hass, pack, hass_ws_client) -> None:
    # The token is made after the pack, whose tests begin at noon.
    assert await async_setup_component(hass, AUTOMATION, {})
    client = await hass_ws_client(hass)
    target = {"device_id": [pack.device_id]}
    for command, known in (("get_triggers_for_target", TRIGGERS), ("get_conditions_for_target", CONDITIONS)):
        await client.send_json_auto_id({"type": command, "target": target})
        answer = await client.receive_json()
        assert {f"{DOMAIN}.{key}" for key in known} <= set(answer["result"])
    for part in ("triggers", "conditions"):
        texts = await async_get_translations(hass, "en", part, {DOMAIN})
        assert any("Battery pack" in text for text in texts.values())


def test_they_can_be_checked_before_anything_is_installed_for_packs() -> None:
    """Home Assistant checks automations early; what fails then stays broken until somebody edits the automation."""
    code = (
        "import sys; sys.modules['fastcrc'] = None;"
        "import custom_components.smart_bms.trigger, custom_components.smart_bms.condition"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_an_alarm_may_be_asked_for_by_its_own_entity(hass, pack) -> None:
    done = await automation(
        hass,
        triggers={"trigger": "event", "event_type": "ask"},
        conditions={
            "condition": f"{DOMAIN}.is_alarm_raised",
            "target": {"entity_id": [pack.entity("alarm_charge_mosfet_fault", "binary_sensor")]},
            "options": {"behavior": "any"},
        },
        actions=[{"action": "test.done"}],
    )
    for moment, times in (({"alarms": ("balance_wire_resistance",)}, 0), ({"alarms": ("charge_mosfet_fault",)}, 1)):
        await lives(pack, [CALM, moment])
        hass.bus.async_fire("ask")
        await hass.async_block_till_done()
        assert len(done) == times
