"""Repairs and logbook: what was changed elsewhere is shown, and put right through the same door."""

from http import HTTPStatus
import struct
from types import SimpleNamespace

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.smart_bms.const import DOMAIN, EVENT_PARAMETER
from custom_components.smart_bms.logbook import async_describe_events
from custom_components.smart_bms.repairs import async_create_fix_flow
from tests.support.jbd_wire import request
from tests.support.packs import jbd_pack, jk_pack

ALLOWED = {"allow_control": True}
JBD_CELL_OVERVOLTAGE = 0x24


def issue(hass, entry, kind="drift"):
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


def password_issue(hass):
    return ir.async_get(hass).async_get_issue(DOMAIN, "default_password")


async def drifted(hass, house, pack, entry) -> None:
    """Let the phone app change two parameters."""
    pack.change(0x04, struct.pack("<I", 3650))
    pack.change(0x1D, bytes(4))
    await entry.runtime_data.parameters.writer.refresh()
    await house.until(lambda: issue(hass, entry))


@pytest.fixture
async def fix(hass, hass_client):
    """Return what opens the repair of an entry, chooses from its menu and confirms what is asked."""
    assert await async_setup_component(hass, "repairs", {})
    forms = []

    async def fix(entry, choice: str, meanwhile=None) -> dict:
        client = await hass_client()
        data = {"handler": DOMAIN, "issue_id": f"drift_{entry.entry_id}"}
        response = await client.post("/api/repairs/issues/fix", json=data)
        assert response.status == HTTPStatus.OK
        flow = await response.json()
        assert flow["type"] == "menu"
        assert flow["menu_options"] == ["accept", "restore"]
        assert "Cell overvoltage limit: 3.6 V → 3.65 V" in flow["description_placeholders"]["changes"]
        if meanwhile:
            await meanwhile()
        url = f"/api/repairs/issues/fix/{flow['flow_id']}"
        flow = await (await client.post(url, json={"next_step_id": choice})).json()
        while flow["type"] == "form":
            forms.append(flow)
            flow = await (await client.post(url, json={})).json()
        return flow

    fix.forms = forms
    return fix


async def test_a_change_elsewhere_raises_a_repair_and_an_event(hass, house, pack, adopt) -> None:
    entry = await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)
    await drifted(hass, house, pack, entry)
    placeholders = issue(hass, entry).translation_placeholders
    assert placeholders["name"] == "Shed"
    assert placeholders["changes"] == "- Cell overvoltage limit: 3.6 V → 3.65 V\n- Charge switch: on → off"
    assert {event.data["outcome"] for event in events} == {"changed_elsewhere"}


async def test_the_owners_own_words_are_for_administrators(
    hass, house, pack, adopt, hass_client, hass_ws_client
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    entry = await adopt(pack, **ALLOWED)
    events = async_capture_events(hass, EVENT_PARAMETER)
    pack.change(0x9F, b"My street 7\0\0")
    pack.hang_up = True
    await house.until(lambda: issue(hass, entry))
    # Every user may list issues.
    socket = await hass_ws_client(hass)
    await socket.send_json_auto_id({"type": "repairs/list_issues"})
    listed = str((await socket.receive_json())["result"])
    assert "User data: (hidden)" in listed
    assert "My street 7" not in listed
    assert "My street 7" not in str([event.data for event in events])
    # Whoever opens the repair is an administrator, and has to know what to accept.
    data = {"handler": DOMAIN, "issue_id": f"drift_{entry.entry_id}"}
    flow = await (await (await hass_client()).post("/api/repairs/issues/fix", json=data)).json()
    assert "User data: Input Userdata → My street 7" in flow["description_placeholders"]["changes"]


async def test_it_can_be_accepted(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    assert (await fix(entry, "accept"))["type"] == "create_entry"
    assert issue(hass, entry) is None
    assert pack.board.limits.cell_overvoltage == 3.65


async def test_what_makes_the_pack_forget_takes_a_second_word(hass, house, adopt, fix) -> None:
    pack = jbd_pack(name="Shed")
    entry = await adopt(pack, **ALLOWED)
    assert pack.change_elsewhere(request(JBD_CELL_OVERVOLTAGE, (3650).to_bytes(2)))
    await entry.runtime_data.parameters.writer.refresh()
    await house.until(lambda: issue(hass, entry))
    assert (await fix(entry, "restore"))["type"] == "create_entry"
    (form,) = fix.forms
    assert form["step_id"] == "restore"
    assert form["description_placeholders"]["dangerous"] == "Cell overvoltage limit"
    assert pack.board.limits.cell_overvoltage == 3.6
    assert not pack.factory_mode


async def test_it_can_be_undone(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack, **ALLOWED)
    await drifted(hass, house, pack, entry)
    events = async_capture_events(hass, EVENT_PARAMETER)
    assert (await fix(entry, "restore"))["type"] == "create_entry"
    assert issue(hass, entry) is None
    assert pack.board.limits.cell_overvoltage == 3.6
    assert pack.board.charge_switch
    assert {event.data["source"] for event in events} == {"repair"}
    assert all(event.context.user_id and event.data["user"] for event in events)


async def test_without_permission_it_says_what_to_do(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    flow = await fix(entry, "restore")
    assert flow["type"] == "abort"
    assert flow["reason"] == "not_restored"
    assert "Allow control" in flow["description_placeholders"]["reason"]
    assert issue(hass, entry)


@pytest.mark.parametrize("choice", ["accept", "restore"])
async def test_an_entry_that_went_away_meanwhile_ends_it(hass, house, pack, adopt, fix, choice) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)

    async def unload() -> None:
        await hass.config_entries.async_unload(entry.entry_id)

    flow = await fix(entry, choice, unload)
    assert flow["reason"] == "not_loaded"


async def test_default_passwords_are_one_issue_until_all_are_changed(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    found = password_issue(hass)
    assert (found.is_fixable, found.severity) == (False, ir.IssueSeverity.WARNING)
    assert found.translation_placeholders == {"packs": "Shed"}
    barn = jk_pack(address="C8:47:80:00:00:02", name="Barn")
    other = await adopt(barn)
    assert password_issue(hass).translation_placeholders == {"packs": "Barn, Shed"}
    ir.async_ignore_issue(hass, DOMAIN, "default_password", True)
    # One that is away, and was not heard since the start, still counts.
    house.take_away(barn)
    await hass.config_entries.async_reload(other.entry_id)
    pack.memory.info |= {62: b"9876", 118: b"654321"}
    pack.hang_up = True
    await house.until(lambda: password_issue(hass).translation_placeholders == {"packs": "Barn"})
    assert password_issue(hass).dismissed_version
    house.bring_back(barn)
    await house.until(lambda: other.runtime_data.available)
    assert password_issue(hass).dismissed_version
    barn.memory.info |= {62: b"9876", 118: b"654321"}
    barn.hang_up = True
    await house.until(lambda: password_issue(hass) is None)
    assert entry.runtime_data.available


async def test_titles_and_repairs_follow_a_renamed_device(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    devices = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
    ir.async_ignore_issue(hass, DOMAIN, f"drift_{entry.entry_id}", True)
    devices.async_update_device(device.id, name_by_user="Cellar")
    await hass.async_block_till_done()
    assert entry.title == "Cellar"
    assert issue(hass, entry).translation_placeholders["name"] == "Cellar"
    assert issue(hass, entry).dismissed_version
    assert issue(hass, entry).data == {"entry_id": entry.entry_id}
    assert password_issue(hass).translation_placeholders == {"packs": "Cellar"}
    devices.async_update_device(device.id, name_by_user=None)
    await hass.async_block_till_done()
    assert entry.title == "Shed"
    # Who gives the entry a name of its own keeps it.
    hass.config_entries.async_update_entry(entry, title="West side")
    devices.async_update_device(device.id, name_by_user="Attic")
    await hass.async_block_till_done()
    assert entry.title == "West side"
    assert issue(hass, entry).translation_placeholders["name"] == "West side"


async def test_other_issues_are_only_confirmed(hass) -> None:
    flow = await async_create_fix_flow(hass, "x", None)
    assert type(flow).__name__ == "ConfirmRepairFlow"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Cell overvoltage limit changed from 3.6 V to 3.55 V, read back from the pack (Set parameters)"),
        ({"outcome": "refused"}, "Cell overvoltage limit was not changed to 3.55 V: the pack kept 3.6 V (Set parameters)"),
        ({"outcome": "different", "found": 3.5}, "Cell overvoltage limit should change from 3.6 V to 3.55 V, but the pack has 3.5 V (Set parameters)"),
        ({"outcome": "changed_elsewhere", "new": None, "found": 3.65, "source": ""}, "Cell overvoltage limit was changed from 3.6 V to 3.65 V by something other than Home Assistant"),
        ({"parameter": "factory_reset", "command": True, "found": 5, "unit": ""}, "Factory reset was carried out; parameters changed: 5 (Set parameters)"),
        ({"outcome": "unknown", "found": None}, "Cell overvoltage limit was sent to change from 3.6 V to 3.55 V, but could not be read back; the next reading will show whether it was accepted (Set parameters)"),
        ({"outcome": "unknown", "found": 3.4}, "Cell overvoltage limit was sent to change from 3.6 V to 3.55 V; it shows 3.4 V now, and whether the change was accepted is unknown (Set parameters)"),
        ({"user": "Ada"}, "Cell overvoltage limit changed from 3.6 V to 3.55 V, read back from the pack (Set parameters, Ada)"),
    ],
)  # fmt: skip
async def test_the_logbook_tells_the_story(hass, changes, message) -> None:
    described = {}
    async_describe_events(hass, lambda domain, event, describe: described.update({(domain, event): describe}))
    data = {
        "name": "Shed",
        "parameter": "cell_overvoltage",
        "old": 3.6,
        "new": 3.55,
        "found": 3.55,
        "unit": "V",
        "command": False,
        "outcome": "confirmed",
        "source": "set_parameters",
        "user": None,
    }
    # What the recorder hands over has its data and no more.
    line = described[DOMAIN, EVENT_PARAMETER](SimpleNamespace(data=data | changes))
    assert line == {"name": "Shed", "message": message}


async def test_dangerous_parameters_take_a_second_word(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack, **ALLOWED)
    pack.change(0x1C, struct.pack("<I", 4))
    await drifted(hass, house, pack, entry)
    assert (await fix(entry, "restore"))["type"] == "create_entry"
    assert fix.forms[0]["description_placeholders"] == {"dangerous": "Number of cells"}
    assert entry.runtime_data.pack.current_settings.values["cell_count"] == 8


async def test_what_cannot_be_written_is_named_and_the_rest_restored(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack, **ALLOWED)
    entry.runtime_data.parameters.writer.baseline.values["mosfet_overtemperature"] = 80
    await drifted(hass, house, pack, entry)
    flow = await fix(entry, "restore")
    assert flow["reason"] == "left_out"
    assert flow["description_placeholders"] == {"parameters": "MOSFET overtemperature limit"}
    assert pack.board.limits.cell_overvoltage == 3.6
    assert "MOSFET" in issue(hass, entry).translation_placeholders["changes"]


@pytest.mark.parametrize("choice", ["accept", "restore"])
async def test_only_what_was_shown_is_decided_upon(hass, house, pack, adopt, fix, choice) -> None:
    entry = await adopt(pack, **ALLOWED)
    await drifted(hass, house, pack, entry)

    async def again() -> None:
        pack.change(0x1F, bytes(4))
        await entry.runtime_data.parameters.writer.refresh()

    assert (await fix(entry, choice, again))["reason"] == "changed_again"
    assert len(entry.runtime_data.parameters.writer.drift) == 3


async def test_nothing_is_accepted_while_the_pack_is_away(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)

    async def away() -> None:
        house.take_away(pack)
        await house.until(lambda: entry.runtime_data.pack.current_settings is None)

    assert (await fix(entry, "accept", away))["reason"] == "changed_again"
    assert issue(hass, entry)


async def test_what_was_accepted_stays_accepted(hass, house, pack, adopt, fix, hass_storage) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    await fix(entry, "accept")
    assert hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["baseline"]["cell_overvoltage"] == 3.65


async def test_what_was_ignored_stays_ignored_until_there_is_news(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    events = async_capture_events(hass, EVENT_PARAMETER)
    for ignored in (f"drift_{entry.entry_id}", "default_password"):
        ir.async_ignore_issue(hass, DOMAIN, ignored, True)
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.parameters.writer.drift)
    assert issue(hass, entry).dismissed_version
    assert password_issue(hass).dismissed_version
    assert events == []
    pack.change(0x1F, bytes(4))
    await entry.runtime_data.parameters.writer.refresh()
    await house.until(lambda: not issue(hass, entry).dismissed_version)
    assert len(events) == 1


@pytest.mark.parametrize("end", ["remove", "disable"])
async def test_a_pack_that_is_gone_has_no_issues(hass, house, pack, adopt, end) -> None:
    entry = await adopt(pack)
    await drifted(hass, house, pack, entry)
    if end == "remove":
        await hass.config_entries.async_remove(entry.entry_id)
    else:
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert issue(hass, entry) is None
    assert password_issue(hass) is None


async def test_a_change_during_the_repair_stays_to_be_seen(hass, house, pack, adopt, fix) -> None:
    entry = await adopt(pack, **ALLOWED)
    await drifted(hass, house, pack, entry)

    async def change_in_secret() -> None:
        pack.change(0x02, struct.pack("<I", 2850))

    assert (await fix(entry, "restore", change_in_secret))["reason"] == "changed_again"
    assert "Cell undervoltage limit: 2.7 V → 2.85 V" in issue(hass, entry).translation_placeholders["changes"]
