"""Actions: several packs at once, dry runs, profiles, and a sentence for everything that cannot be."""

import asyncio

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.storage import Store
import probatio
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.control import writer
from custom_components.smart_bms.storage import profiles
from custom_components.smart_bms.storage.profiles import async_profiles
from tests.support.packs import jk_pack

ALLOWED = {"allow_control": True}
OTHER = "C8:47:80:00:00:02"


@pytest.fixture(autouse=True)
def patience(monkeypatch) -> None:
    monkeypatch.setattr(writer, "SECOND_LOOK", 0.1)


def device(hass, address: str) -> str:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data["address"] == address:
            (found,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            return found.id
    raise AssertionError(address)


@pytest.fixture
def act(hass, pack):
    """Return what calls an action for the pack, or for others, and returns the answers."""

    async def act(action: str, *packs, context=None, **data):
        ids = [device(hass, item.address) for item in packs or (pack,)]
        ids = ids[0] if action.startswith("calibrate") else ids
        answer = await hass.services.async_call(
            DOMAIN, action, {"device_id": ids, **data}, blocking=True, return_response=True, context=context
        )
        return answer["packs"] if len(packs) > 1 else answer["packs"][0]

    return act


async def test_parameters_are_told_with_what_may_be_written(house, pack, adopt, act) -> None:
    await adopt(pack)
    answer = await act("get_parameters")
    assert answer["name"] == "Shed"
    assert answer["variant"] == "JK02_32S"
    assert answer["age"] >= 0
    assert answer["parameters"]["cell_overvoltage"] == {
        "value": 3.6,
        "unit": "V",
        "writable": True,
        "experimental": False,
        "minimum": 1.2,
        "maximum": 4.35,
        "step": 0.001,
    }
    assert answer["parameters"]["mosfet_overtemperature"] == {"value": 90, "unit": "°C", "writable": False}
    assert answer["parameters"]["cell_count"]["confirm"] is True
    assert answer["parameters"]["can_protocol"]["options"][0] == "jk_250k"
    assert answer["parameters"]["emergency_mode"]["value"] is False
    few = await act("get_parameters", parameters=["cell_overvoltage", "wire_resistances"])
    assert set(few["parameters"]) == {"cell_overvoltage", "wire_resistances"}


async def test_a_dry_run_shows_the_writes_and_what_speaks_against_them(hass, house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    changes = {"cell_overvoltage": 3.5, "cell_overvoltage_release": 3.4, "cell_count": 9, "charge_switch": True}
    sent = len(pack.written)
    answer = await act("set_parameters", parameters=changes, dry_run=True)
    assert answer["possible"] is False
    assert [(step["parameter"], step["old"], step["new"]) for step in answer["plan"]] == [
        ("cell_overvoltage_release", 3.5, 3.4),
        ("cell_overvoltage", 3.6, 3.5),
        ("cell_count", 8, 9),
    ]
    (issue,) = answer["findings"]
    assert issue["code"] == "confirm_needed"
    assert issue["parameters"] == ["cell_count"]
    assert issue["message"].startswith("Changing Cell count is dangerous")
    assert (await act("set_parameters", parameters=changes, dry_run=True, confirm=True))["possible"] is True
    assert len(pack.written) == sent


async def test_a_set_is_written_and_its_results_returned(house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    answer = await act("set_parameters", parameters={"cell_overvoltage": 3.55, "charge_switch": False})
    assert answer["results"] == [
        {"parameter": "charge_switch", "old": True, "new": False, "found": False, "outcome": "confirmed"},
        {"parameter": "cell_overvoltage", "old": 3.6, "new": 3.55, "found": 3.55, "outcome": "confirmed"},
    ]
    assert (await act("set_parameters", parameters={"cell_overvoltage": 3.55}))["results"] == []


async def test_what_did_not_hold_is_in_the_response_or_raised(hass, house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    pack.faults.forget_writes = True
    answer = await act("set_parameters", parameters={"charge_switch": False})
    assert answer["results"][0]["outcome"] == "refused"
    data = {"device_id": device(hass, pack.address), "parameters": {"charge_switch": False}}
    with pytest.raises(HomeAssistantError, match="did not accept off for Charge switch: it kept on"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cell_overvoltage": 9}, r"Cell overvoltage cannot be 9 V: it must be between 1.2 V and 4.35 V"),
        ({"cell_overvoltage": 3.4}, r"Cell overvoltage \(3.4 V\) must be higher than Cell overvoltage release"),
        ({"nonsense": 1}, 'There is no parameter "nonsense"'),
        ({"port_mode": "can"}, 'This model has no parameter "port_mode"'),
        ({"rebulk_soc": 5}, "Experimental writes"),
        ({"cell_overvoltage": "high"}, "must be a number, not high"),
        ({"cell_overvoltage": 3.2, "cell_overvoltage_release": 3.1}, "would stop charging immediately: it is at 3.2"),
    ],
)
async def test_refusals_are_sentences(house, pack, adopt, act, changes, sentence) -> None:
    await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match=sentence):
        await act("set_parameters", parameters=changes)


async def test_a_preset_keeps_cells_and_capacity(house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED, allow_dangerous=True)
    dry = await act("apply_preset", chemistry="lto", dry_run=True)
    assert {"would_stop_charging", "below_chemistry"} <= {issue["code"] for issue in dry["findings"]}
    answer = await act("apply_preset", chemistry="lto", force=True, confirm=True)
    assert {result["outcome"] for result in answer["results"]} == {"confirmed"}
    assert pack.board.limits.cell_overvoltage == 2.7
    parameters = (await act("get_parameters"))["parameters"]
    assert (parameters["cell_count"]["value"], parameters["design_capacity"]["value"]) == (8, 100)


async def test_a_preset_that_no_manual_gives_is_refused(house, adopt, act) -> None:
    pack = jk_pack(model="JK-B5A25S60P", name="Shed")
    await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match=r"no LTO preset for this model\. Available presets: NMC, LFP"):
        await act("apply_preset", pack, chemistry="lto")


async def test_a_check_finds_what_is_questionable(house, pack, adopt, act) -> None:
    await adopt(pack)
    codes = {issue["code"] for issue in (await act("check_parameters"))["findings"]}
    assert codes == {"balance_trigger_advice"}
    found = (await act("check_parameters", chemistry="nmc"))["findings"]
    assert {"severity": "advice", "code": "differs_from_preset", "parameters": ["cell_overvoltage"],
            "message": "Cell overvoltage is 3.6 V; the NMC preset of the manual has 4.2 V"} in found  # fmt: skip


NMC = {"version": 1, "family": "jk", "variant": "JK02_32S",
       "parameters": {"cell_overvoltage": 4.2, "charge_undertemperature": -20}}  # fmt: skip


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_parameters", {"parameters": {"cell_overvoltage": 4.3}}),
        ("apply_preset", {"chemistry": "nmc"}),
        ("restore_parameters", {"data": NMC}),
    ],
)
async def test_limits_of_other_cells_take_the_option_and_a_second_word(
    hass, house, pack, adopt, act, action, data
) -> None:
    entry = await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await act(action, **data, confirm=True)
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "control": {**ALLOWED, "allow_dangerous": True}}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await act(action, **data)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await hass.services.async_call(
            "number", "set_value", {"entity_id": "number.shed_cell_overvoltage_limit", "value": 4.3}, blocking=True
        )
    assert pack.board.limits.cell_overvoltage == 3.6
    assert {result["outcome"] for result in (await act(action, **data, confirm=True))["results"]} == {"confirmed"}
    found = (await act("check_parameters"))["findings"][0]
    assert (found["severity"], found["code"], found["parameters"]) == (
        "error", "above_chemistry", ["cell_overvoltage"])  # fmt: skip


async def test_a_profile_is_kept_compared_and_restored_to_several_packs(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    await adopt(other, **ALLOWED)
    await act("set_parameters", parameters={"cell_overvoltage": 3.55, "max_charge_current": 80})
    backup = await act("backup_parameters", name="Good")
    assert backup["profile"] == "Good"
    assert backup["data"]["parameters"]["cell_overvoltage"] == 3.55
    assert pack.address not in str(backup)
    assert (await act("compare_parameters", profile="Good"))["differences"] == []
    answer = await act("compare_parameters", other, data=backup["data"])
    assert answer["differences"] == [
        {"parameter": "cell_overvoltage", "pack": 3.6, "profile": 3.55},
        {"parameter": "max_charge_current", "pack": 100, "profile": 80},
    ]
    dry = await act("restore_parameters", other, profile="Good", dry_run=True)
    assert [step["parameter"] for step in dry["plan"]] == ["cell_overvoltage", "max_charge_current"]
    some = await act("restore_parameters", other, profile="Good", parameters=["max_charge_current"])
    assert [result["parameter"] for result in some["results"]] == ["max_charge_current"]
    first, second = await act("restore_parameters", pack, other, profile="Good")
    assert first["results"] == []
    assert [result["outcome"] for result in second["results"]] == ["confirmed"]
    assert "charge_switch" in second["left_out"]
    assert "user_data" not in backup["data"]["parameters"]
    assert other.board.limits.cell_overvoltage == 3.55


async def test_profiles_outlive_a_restart_and_a_removed_pack(hass, house, pack, adopt, act, hass_storage) -> None:
    entry = await adopt(pack, **ALLOWED)
    await act("backup_parameters", name="Good")
    assert hass_storage[f"{DOMAIN}.profiles"]["data"]["Good"]["parameters"]["cell_count"] == 8
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    assert (await act("compare_parameters", profile="Good"))["differences"] == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Enter the name of a profile"),
        ({"profile": "Other"}, 'no profile "Other". Available profiles: –'),
        ({"data": "text"}, "not a profile of parameters"),
        ({"data": {"version": 9, "parameters": {}}}, "newer Smart BMS"),
        ({"data": {"version": 1, "family": "jk", "variant": "JK04", "parameters": {}}}, "is for jk JK04"),
        (
            {
                "data": {"version": 1, "family": "jk", "variant": "JK02_32S", "parameters": {}},
                "parameters": ["cell_count"],
            },
            "has no parameter",
        ),
    ],
)
async def test_a_profile_that_does_not_fit_is_refused(house, pack, adopt, act, data, sentence) -> None:
    await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match=sentence):
        await act("restore_parameters", **data)


async def test_one_pack_that_fails_does_not_stop_the_others(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    await adopt(other)
    first, second = await act("set_parameters", pack, other, parameters={"charge_switch": False})
    assert first["results"][0]["outcome"] == "confirmed"
    assert "Allow control" in second["error"]
    data = {"device_id": [device(hass, pack.address), device(hass, OTHER)], "parameters": {"charge_switch": True}}
    with pytest.raises(HomeAssistantError, match="Barn: Control is off"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)
    assert pack.board.charge_switch


async def test_names_of_several_backups_are_told_apart(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack)
    await adopt(other)
    answers = await act("backup_parameters", pack, other, name="Good")
    assert [answer["profile"] for answer in answers] == ["Good – Shed", "Good – Barn"]


async def test_voltage_and_current_are_calibrated(house, adopt, act) -> None:
    pack = jk_pack(name="Shed", profile=lambda _: -20.0)
    entry = await adopt(pack, **ALLOWED)
    await house.until(lambda: (entry.runtime_data.data.current or 0) < -19)
    answer = await act("calibrate_current", pack, current=22, confirm=True)
    assert [result["outcome"] for result in answer["results"]] == ["confirmed"]
    answer = await act("calibrate_voltage", pack, voltage=26.9, confirm=True)
    assert [result["outcome"] for result in answer["results"]] == ["confirmed"] * 5
    with pytest.raises(ServiceValidationError, match="too far"):
        await act("calibrate_voltage", pack, voltage=2, confirm=True)


async def test_what_writes_is_for_administrators(house, pack, adopt, act, hass_read_only_user) -> None:
    await adopt(pack, **ALLOWED)
    stranger = Context(user_id=hass_read_only_user.id)
    for action, data in {
        "set_parameters": {"parameters": {"charge_switch": False}},
        "apply_preset": {"chemistry": "lfp"},
        "backup_parameters": {"name": "x"},
        "restore_parameters": {"profile": "x"},
        "calibrate_voltage": {"voltage": 26.9},
        "calibrate_current": {"current": 2},
    }.items():
        with pytest.raises(Unauthorized):
            await act(action, context=stranger, **data)
    assert pack.board.charge_switch
    assert await act("get_parameters", context=stranger)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_parameters", {}),
        ("set_parameters", {"parameters": 3}),
        ("apply_preset", {"chemistry": "lead"}),
        ("backup_parameters", {"name": ""}),
        ("restore_parameters", {"profile": "x", "parameters": []}),
        ("calibrate_voltage", {"voltage": "nan"}),
        ("calibrate_voltage", {"voltage": -1}),
        ("calibrate_current", {"current": 0}),
    ],
)
async def test_fields_that_make_no_sense_are_refused(house, pack, adopt, act, action, data) -> None:
    await adopt(pack, **ALLOWED)
    with pytest.raises(probatio.Invalid):
        await act(action, **data)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("get_parameters", {}),
        ("check_parameters", {}),
        ("apply_preset", {"chemistry": "lfp"}),
        ("backup_parameters", {"name": "x"}),
        ("compare_parameters", {"data": {"version": 1, "family": "jk", "variant": "JK02_32S", "parameters": {}}}),
        ("restore_parameters", {"data": {"version": 1, "family": "jk", "variant": "JK02_32S", "parameters": {}}}),
        ("set_parameters", {"parameters": {"charge_switch": False}}),
        ("calibrate_voltage", {"voltage": 26.9}),
        ("calibrate_current", {"current": 2}),
    ],
)
async def test_without_the_pack_there_is_a_sentence(hass, house, pack, adopt, act, action, data) -> None:
    entry = await adopt(pack, **ALLOWED)
    house.take_away(pack)
    await house.until(lambda: not entry.runtime_data.available)
    await hass.config_entries.async_reload(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await act(action, **data)


async def test_an_unknown_device_is_refused(hass, house, pack, adopt) -> None:
    await adopt(pack)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            DOMAIN, "get_parameters", {"device_id": ["nonsense"]}, blocking=True, return_response=True
        )


async def test_all_failures_of_several_packs_are_named(hass, house, pack, adopt) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    await adopt(other)
    pack.faults.forget_writes = True
    data = {"device_id": [device(hass, pack.address), device(hass, OTHER)], "parameters": {"charge_switch": False}}
    with pytest.raises(HomeAssistantError, match=r"Shed: The pack did not accept off .* Barn: Control is off"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


@pytest.mark.parametrize("word", ["off", "false"])
async def test_switches_may_be_written_as_people_do(house, pack, adopt, act, word) -> None:
    await adopt(pack, **ALLOWED)
    answer = await act("set_parameters", parameters={"charge_switch": word, "can_protocol": "pylon"})
    assert [result["new"] for result in answer["results"]] == [False]


async def test_the_owners_words_are_for_administrators(house, pack, adopt, act, hass_read_only_user) -> None:
    await adopt(pack)
    assert (await act("get_parameters"))["parameters"]["user_data"]["value"] == "Input Userdata"
    answer = await act("get_parameters", context=Context(user_id=hass_read_only_user.id))
    assert "user_data" not in answer["parameters"]


async def test_backups_of_several_packs_at_once_are_all_kept(hass, house, pack, adopt, act, monkeypatch) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack)
    await adopt(other)
    load = Store.async_load

    async def slowly(self):
        await asyncio.sleep(0.01)
        return await load(self)

    monkeypatch.setattr(Store, "async_load", slowly)
    await act("backup_parameters", pack, other, name="Good")
    assert set(await async_profiles(hass).async_all()) == {"Good – Shed", "Good – Barn"}


async def test_a_pack_that_is_not_set_up_does_not_stop_the_others(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    entry = await adopt(other, **ALLOWED)
    await hass.config_entries.async_unload(entry.entry_id)
    first, second = await act("set_parameters", pack, other, parameters={"charge_switch": False})
    assert first["results"][0]["outcome"] == "confirmed"
    assert second["error"]
    assert not pack.board.charge_switch


async def listed(hass, context=None) -> list[dict]:
    answer = await hass.services.async_call(
        DOMAIN, "list_profiles", {}, blocking=True, return_response=True, context=context
    )
    return answer["profiles"]


async def delete(hass, *names, context=None) -> None:
    await hass.services.async_call(DOMAIN, "delete_profiles", {"name": list(names)}, blocking=True, context=context)


async def test_profiles_are_listed_and_deleted(hass, house, pack, adopt, act, hass_storage) -> None:
    await adopt(pack)
    await act("backup_parameters", name="Old")
    (await async_profiles(hass).async_get("Old"))["created_at"] = "2026-01-01T00:00:00+00:00"
    await act("backup_parameters", name="Good")
    newest, oldest = await listed(hass)
    assert (newest["name"], oldest["name"]) == ("Good", "Old")
    assert newest | {"created_at": None} == {
        "name": "Good", "created_at": None, "family": "jk", "variant": "JK02_32S", "model": "JK_PB2A16S20P",
        "sw_version": newest["sw_version"], "automatic": False}  # fmt: skip
    with pytest.raises(ServiceValidationError, match=r'no profile "Bad"\. Available profiles: Old, Good'):
        await delete(hass, "Old", "Bad")
    assert len(await listed(hass)) == 2
    await delete(hass, "Old", "Old")
    assert [profile["name"] for profile in await listed(hass)] == ["Good"]
    assert set(hass_storage[f"{DOMAIN}.profiles"]["data"]) == {"Good"}


async def test_only_administrators_delete_profiles(hass, house, pack, adopt, act, hass_read_only_user) -> None:
    await adopt(pack)
    await act("backup_parameters", name="Good")
    stranger = Context(user_id=hass_read_only_user.id)
    assert await listed(hass, stranger)
    with pytest.raises(Unauthorized):
        await delete(hass, "Good", context=stranger)


async def test_profiles_of_users_are_bounded_and_none_is_dropped(house, pack, adopt, act, monkeypatch) -> None:
    await adopt(pack)
    monkeypatch.setattr(profiles, "MAX_PROFILES", 2)
    for name in ("A", "B", "A"):
        await act("backup_parameters", name=name)
    with pytest.raises(ServiceValidationError, match="There are already 2 profiles"):
        await act("backup_parameters", name="C")


async def test_of_automatic_profiles_only_the_newest_of_each_pack_are_kept(
    hass, house, pack, adopt, act, monkeypatch
) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    entries = [await adopt(pack), await adopt(other)]
    monkeypatch.setattr(profiles, "MAX_PROFILES", 1)
    await act("backup_parameters", name="Mine")
    for number in range(profiles.MAX_AUTOMATIC + 2):
        for entry in entries:
            await entry.runtime_data.parameters.async_backup(f"{entry.title} {number}", automatic=True)
    kept = {profile["name"]: profile["automatic"] for profile in await listed(hass)}
    assert kept == {"Mine": False} | {
        f"{name} {number}": True for name in ("Shed", "Barn") for number in range(2, profiles.MAX_AUTOMATIC + 2)
    }
