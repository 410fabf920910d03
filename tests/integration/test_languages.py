"""A Home Assistant in another language: sentences, names and numbers come in it, and codes stay as they are."""

import asyncio
import json
from pathlib import Path
import re

from homeassistant.core import Event
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.smart_bms import logbook
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry import simulated
from custom_components.smart_bms.texts import async_load_texts, parameter_name
from tests.support.devices import device_of
from tests.support.flows import add_simulated
from tests.support.packs import jk_pack
from tests.support.protected_pack import mirrored
from tests.support.rule_books import JK_LFP

TRANSLATIONS = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations"
LANGUAGES = sorted(path.stem for path in TRANSLATIONS.glob("*.json"))
POINT = {"en", "zh-Hans"}


def texts(language: str):
    return json.loads((TRANSLATIONS / f"{language}.json").read_text())


def number(language: str, text: str) -> str:
    return text if language in POINT else text.replace(".", ",")


@pytest.fixture(params=LANGUAGES)
def language(hass, request) -> str:
    hass.config.language = request.param
    return request.param


async def test_an_explanation_is_a_sentence_of_the_language_with_names_and_numbers(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth, language
) -> None:
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see(highest=3.65)
        found = hass.states.get(pack.entity("charge_allowed", "binary_sensor")).attributes
        assert found["reasons"] == ["cell_overvoltage"]
        name = texts(language)["entity"]["sensor"]["nearest_protection"]["state"]["cell_overvoltage"]
        sentence = texts(language)["exceptions"]["reason_tripped"]["message"]
        filled = {"about": name, "value": number(language, "3.65"), "limit": number(language, "3.6")}
        filled |= {"release": number(language, "3.5"), "unit": "V"}
        assert sentence.format(**filled) in found["explanation"]
        (event,) = (state for state in hass.states.async_all("event") if "protection" in state.attributes)
        assert event.attributes["protection"] == "cell_overvoltage"
        assert event.attributes["protection_name"] == name


async def test_a_rejection_names_parameter_value_and_limits(hass, house, adopt, language) -> None:
    entry = await adopt(jk_pack(name="Shed"), allow_control=True)
    await house.until(lambda: entry.runtime_data.pack.last_settings)
    data = {"device_id": device_of(hass, entry).id, "parameters": {"cell_overvoltage": 9}}
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)
    assert error.value.translation_key == "out_of_range"
    name = texts(language)["entity"]["number"]["cell_overvoltage"]["name"]
    limits = {"minimum": number(language, "1.2 V"), "maximum": number(language, "4.35 V")}
    assert error.value.translation_placeholders == {"parameter": name, "value": "9 V", **limits}
    answer = await hass.services.async_call(
        DOMAIN, "check_parameters", {"device_id": data["device_id"]}, blocking=True, return_response=True
    )
    for finding in answer["packs"][0]["findings"]:
        start = texts(language)["exceptions"][finding["code"]]["message"].partition("{")[0]
        assert finding["message"].startswith(start)


async def test_an_error_within_another_is_in_the_language_too(hass, house, adopt, language) -> None:
    entries = [await adopt(jk_pack(name=name, address=f"C8:47:80:00:00:0{name[-1]}")) for name in ("Pack 1", "Pack 2")]
    await house.until(lambda: all(entry.runtime_data.pack.last_settings for entry in entries))
    ids = [device_of(hass, entry).id for entry in entries]
    with pytest.raises(HomeAssistantError) as error:
        await hass.services.async_call(
            DOMAIN, "set_parameters", {"device_id": ids, "parameters": {"charge_switch": False}}, blocking=True
        )
    reasons = error.value.translation_placeholders["reasons"]
    assert reasons.count(texts(language)["exceptions"]["control_off"]["message"]) == 2


async def test_the_logbook_and_repairs_use_the_language(hass, house, adopt, language) -> None:
    pack = jk_pack(name="Shed")
    entry = await adopt(pack)
    await house.until(lambda: entry.runtime_data.pack.last_settings)
    described = {}
    logbook.async_describe_events(hass, lambda domain, event, describe: described.update({event: describe}))
    heard: list[Event] = []
    hass.bus.async_listen("smart_bms_parameter", heard.append)
    pack.change(0x1D, bytes(4))  # the charge switch
    await entry.runtime_data.parameters.writer.refresh()
    await house.until(lambda: heard)
    (describe,) = described.values()
    options = texts(language)["selector"]
    value = options["value"]["options"]
    name = texts(language)["entity"]["switch"]["charge_switch"]["name"]
    sentence = options["logbook"]["options"]["write_changed_elsewhere"]
    expected = sentence.format(parameter=name, old=value["on"], found=value["off"])
    assert describe(heard[0]) == {"name": "Shed", "message": expected}
    (issue,) = (item for item in ir.async_get(hass).issues.values() if item.translation_key == "drift")
    assert issue.translation_placeholders["changes"] == f"- {name}: {value['on']} → {value['off']}"


async def test_a_language_that_nobody_translated_is_english(hass, house, adopt) -> None:
    hass.config.language = "tlh"
    entry = await adopt(jk_pack(name="Shed"))
    await house.until(lambda: entry.runtime_data.pack.last_settings)
    data = {"device_id": device_of(hass, entry).id, "parameters": {"cell_overvoltage": 3.5}}
    with pytest.raises(ServiceValidationError, match="Control is off for this pack"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


async def test_chinese_in_another_script_is_english_with_its_spaces_and_points(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    hass.config.language = "zh-Hant"
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see(highest=3.65, alarms=("charge_mosfet_fault",))
        explanation = hass.states.get(pack.entity("charge_allowed", "binary_sensor")).attributes["explanation"]
        assert "3.65 V" in explanation
        assert not re.search(r"\.[A-Z]", explanation)


async def test_a_key_that_is_a_number_here_and_a_switch_there_has_the_name_of_what_it_is(
    hass, enable_custom_integrations
) -> None:
    await async_load_texts(hass)
    key = "discharge_overcurrent_2"
    names = {False: "Discharge overcurrent 2 limit", True: "Discharge overcurrent 2 protection"}
    for is_switch, name in names.items():
        assert parameter_name(hass, key, is_switch=is_switch) == name


STANDARD = {
    *(
        "assumed_state",
        "attribution",
        "device_class",
        "event_type",
        "event_types",
        "friendly_name",
        "icon",
        "max",
        "min",
    ),
    *("mode", "options", "restored", "state_class", "step", "supported_features", "unit_of_measurement"),
    "kind",  # by which templates find an entity
}
"""Attributes that Home Assistant names itself, and one that is not for people."""


@pytest.mark.usefixtures("quick_simulation", "entity_registry_enabled_by_default")
@pytest.mark.parametrize("choice", simulated.CHOICES)
async def test_every_attribute_has_a_name_and_every_code_in_one_a_word(
    hass, enable_custom_integrations, enable_bluetooth, choice
) -> None:
    entry = await add_simulated(hass, choice)
    for _ in range(20):
        await asyncio.sleep(0.1)
        await hass.async_block_till_done()
    seen = 0
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        state = hass.states.get(item.entity_id)
        named = texts("en")["entity"][item.domain].get(item.translation_key, {}).get("state_attributes", {})
        for key, value in (state.attributes if state else {}).items():
            if key in STANDARD:
                continue
            seen += 1
            assert named.get(key, {}).get("name"), (item.entity_id, key)
            for code in value if isinstance(value, list | tuple) else [value]:
                if isinstance(code, str) and re.fullmatch("[a-z][a-z0-9_]+", code):
                    assert code in named[key].get("state", {}), (item.entity_id, key, code)
    assert seen > 20
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
