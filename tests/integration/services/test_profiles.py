"""Actions about profiles: back up, compare, restore, list and delete."""

import asyncio

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers.storage import Store
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.storage import profiles
from custom_components.smart_bms.storage.profiles import async_profiles
from tests.support.actions import ALLOWED, OTHER
from tests.support.devices import device_of
from tests.support.packs import jk_pack


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


async def test_names_of_several_backups_are_told_apart(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack)
    await adopt(other)
    answers = await act("backup_parameters", pack, other, name="Good")
    assert [answer["profile"] for answer in answers] == ["Good – Shed", "Good – Barn"]


async def test_backups_of_the_packs_of_a_bank_do_not_replace_each_other(hass, house, pack, adopt) -> None:
    entries = [await adopt(pack), await adopt(jk_pack(address=OTHER, name="Barn"))]
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    chosen = {"name": "House", "packs": [entry.entry_id for entry in entries], "wiring": "parallel", "strings": 1}
    bank = (await hass.config_entries.flow.async_configure(flow["flow_id"], chosen))["result"]
    await hass.async_block_till_done()
    bank_device = device_of(hass, bank)
    data = {"device_id": [bank_device.id], "name": "Good"}
    answer = await hass.services.async_call(DOMAIN, "backup_parameters", data, blocking=True, return_response=True)
    assert [item["profile"] for item in answer["packs"]] == ["Good – Shed", "Good – Barn"]
    assert set(await async_profiles(hass).async_all()) == {"Good – Shed", "Good – Barn"}


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
