"""Every example in the documentation: it is valid, and does what the page says."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.logbook import CONFIG_SCHEMA as LOGBOOK_SCHEMA
from homeassistant.core import Context
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
import yaml

from custom_components.smart_bms.condition import CONDITIONS
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.services import recording
from custom_components.smart_bms.trigger import TRIGGERS
from tests.support.devices import device_of
from tests.support.packs import jk_pack

DOCS = Path(__file__).parents[2] / "docs"
FRONTEND = Path(__file__).parents[2] / "frontend" / "src"
BLOCK = re.compile(r"^```(yaml|jinja)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IDS = ("3f1c…", "9ab0…", "77de…")
"""Stand for the ids of devices."""
CALM: dict[str, Any] = {}
HIGH = {"highest": 3.65}
LOW = {"lowest": 2.65}
STRONG = {"current": 120.0}
BROKEN = {"alarms": ("charge_mosfet_fault",)}
UNEVEN = {"highest": 3.4, "lowest": 3.3}
SILENT = "silent"
MINUTE = 12
"""Readings in a minute."""

FIRES: dict[str, list[Any]] = {
    "protection_pending": [STRONG],
    "protection_tripped": [HIGH],
    "protection_released": [HIGH, CALM],
    "alarm_raised": [BROKEN],
    "alarm_cleared": [BROKEN, CALM],
    "charging_not_allowed": [HIGH],
    "charging_allowed": [HIGH, *[CALM] * 16 * MINUTE],
    "discharging_not_allowed": [LOW],
    "discharging_allowed": [LOW, CALM],
    "limits_changed": [HIGH],
    "data_went_stale": [SILENT],
    "imbalance_crossed_threshold": [UNEVEN] * 62,
}
"""What a pack has to live through until the example of a trigger does something."""
HOLDS: dict[str, tuple[list[Any], list[Any]]] = {
    "is_charging_allowed": ([CALM], [HIGH]),
    "is_charging_not_allowed": ([HIGH] * 2 * MINUTE, [CALM]),
    "is_discharging_allowed": ([CALM], [LOW]),
    "is_discharging_not_allowed": ([LOW], [CALM]),
    "is_protection_tripped": ([HIGH], [LOW]),
    "is_protection_pending": ([STRONG], [CALM]),
    "is_alarm_raised": ([BROKEN], [CALM]),
    "is_data_stale": ([SILENT], [CALM]),
    "is_imbalance": ([UNEVEN] * 14, [CALM] * 14),
}
"""What makes the example of a condition true, and what makes it false."""


def blocks(kind: str) -> Iterator[tuple[str, str]]:
    """Yield each block of code of a kind with the page that it stands on."""
    for page in sorted(DOCS.glob("*.md")):
        for found in BLOCK.finditer(page.read_text()):
            if found[1] == kind:
                yield page.stem, found[2]


def with_ids(text: str, *ids: str) -> Any:
    """Return an example with ids of devices that exist."""
    for place, device_id in zip(IDS, ids, strict=False):
        text = text.replace(place, device_id)
    return yaml.safe_load(text)


EXAMPLES = [(page, text, yaml.safe_load(text)) for page, text in blocks("yaml")]
AUTOMATIONS = [text for _, text, example in EXAMPLES if "triggers" in example]
OF_CONDITIONS = [text for _, text, example in EXAMPLES if "condition" in example]
OF_ACTIONS = [text for _, text, example in EXAMPLES if isinstance(example, list) or "action" in example]
OTHERS = [
    (page, example) for page, text, example in EXAMPLES if text not in (*AUTOMATIONS, *OF_CONDITIONS, *OF_ACTIONS)
]


def named(texts: list[str], key: str) -> set[str]:
    """Return which of ours the examples show."""
    return set(re.findall(rf"{key}: {DOMAIN}\.(\w+)", "\n".join(texts)))


def first(text: str) -> str:
    """Return what an example is about, for the name of its test."""
    return (re.findall(r"smart_bms[._](\w+)", text) or ["example"])[0]


def test_each_trigger_condition_and_action_has_an_example(hass) -> None:
    services = yaml.safe_load((DOCS.parent / "custom_components" / DOMAIN / "services.yaml").read_text())
    assert named(AUTOMATIONS, "trigger") == set(TRIGGERS)
    assert named(OF_CONDITIONS, "condition") == set(CONDITIONS)
    assert named(OF_ACTIONS, "action") == set(services)


@pytest.fixture
async def pack(protected_pack):
    return protected_pack


async def lives(pack, moments) -> None:
    """Let a pack live through moments, five seconds each."""
    for moment in moments:
        if moment == SILENT:
            await pack.fall_silent()
            for _ in range(2):
                await pack.wait(60)
        else:
            await pack.see(5, **moment)


@pytest.mark.parametrize("text", AUTOMATIONS, ids=first)
async def test_an_automation_does_what_it_shows(hass, pack, text) -> None:
    done = [
        async_mock_service(hass, *service)
        for service in (("notify", "notify"), ("switch", "turn_on"), ("switch", "turn_off"), ("number", "set_value"))
    ]
    example = with_ids(text, pack.device_id)
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: example | {"alias": "auto"}})
    await hass.async_block_till_done()
    assert hass.states.get("automation.auto").state == "on"
    before = sum(map(len, done))
    trigger = example["triggers"][0]
    if trigger["trigger"] == "event":
        data = trigger["event_data"] | {"name": "Shed", "parameter": "cell_overvoltage"}
        hass.bus.async_fire(trigger["event_type"], data)
        await hass.async_block_till_done()
    else:
        await lives(pack, [CALM, *FIRES[trigger["trigger"].removeprefix(f"{DOMAIN}.")]])
    calls = [call for calls in done for call in calls]
    assert len(calls) > before
    assert not [call for call in calls if "Undefined" in str(call.data) or "None" in str(call.data)]


@pytest.mark.parametrize("text", OF_CONDITIONS, ids=first)
async def test_a_condition_is_true_when_the_page_says_so(hass, pack, text) -> None:
    done = async_mock_service(hass, "test", "done")
    example = with_ids(text, pack.device_id)
    automation = {
        "alias": "auto",
        "triggers": {"trigger": "event", "event_type": "ask"},
        "conditions": example,
        "actions": [{"action": "test.done"}],
    }
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    await hass.async_block_till_done()
    true, false = HOLDS[example["condition"].removeprefix(f"{DOMAIN}.")]
    await lives(pack, [CALM, *false])
    hass.bus.async_fire("ask")
    await hass.async_block_till_done()
    assert not done
    await lives(pack, [CALM] * 3 if true != false else [])
    await lives(pack, true)
    hass.bus.async_fire("ask")
    await hass.async_block_till_done()
    assert len(done) == 1


@pytest.mark.parametrize("text", OF_ACTIONS, ids=first)
async def test_an_action_works_as_it_is_shown(hass, house, adopt, monkeypatch, text) -> None:
    monkeypatch.setattr(recording, "SECONDS_PER_MINUTE", 0.2)
    ids = []
    for name in ("Shed", "Attic", "Cellar")[: sum(place in text for place in IDS) or 1]:
        pack = jk_pack(name=name, cells=16, address=f"C8:47:80:00:00:0{len(ids) + 1}")
        pack.board.battery.profile = lambda _: 26.0
        entry = await adopt(pack, allow_control=True)
        await house.until(lambda entry=entry: entry.runtime_data.pack.last_settings)
        ids.append(device_of(hass, entry).id)
    if "delete_profiles" in text:
        await hass.services.async_call(
            DOMAIN,
            "backup_parameters",
            {"device_id": ids, "name": "Before winter"},
            blocking=True,
            return_response=True,
        )
    example = with_ids(text, *ids)
    steps = example if isinstance(example, list) else [example]
    actions = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA(steps))
    result = await Script(hass, actions, "example", DOMAIN).async_run(context=Context())
    responses = [value for value in result.variables.values() if isinstance(value, dict) and "packs" in value]
    assert responses or "response_variable" not in text or "profiles" in text
    for answer in (answer for response in responses for answer in response["packs"]):
        assert "error" not in answer
        assert answer.get("possible", True)


@pytest.mark.parametrize(("page", "example"), OTHERS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_to_be_written_into_a_file_or_a_card_is_valid(page, example) -> None:
    if "logbook" in example:
        assert LOGBOOK_SCHEMA(example)["logbook"]["exclude"]["entity_globs"]
        return
    kind = example.get("type") or example["strategy"]["type"]
    source = "".join(file.read_text() for file in FRONTEND.rglob("*.ts"))
    name = kind.removeprefix("custom:")
    assert f'"{name}"' in source or f"-{name}" in source
    for key in example.keys() - {"type", "strategy"}:
        assert re.search(rf"\b{key}\??:|\.{key}\b", source), key
    for block in example.get("hide", ()):
        assert f'"{block}"' in source


@pytest.mark.parametrize("text", [text for _, text in blocks("jinja")])
async def test_a_template_finds_what_the_page_says(hass, pack, text) -> None:
    found = Template(text.replace(IDS[0], pack.device_id), hass).async_render()
    assert found == pack.entity("charge_current_limit")
