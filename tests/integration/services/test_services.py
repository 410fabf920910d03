"""Actions: who may call them, with which fields, and one call for several packs."""

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import probatio
import pytest

from custom_components.smart_bms.const import DOMAIN
from tests.support.actions import ALLOWED, OTHER
from tests.support.devices import device_id_at
from tests.support.packs import jk_pack


async def test_what_did_not_hold_is_in_the_response_or_raised(hass, house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    pack.faults.forget_writes = True
    answer = await act("set_parameters", parameters={"charge_switch": False})
    assert answer["results"][0]["outcome"] == "refused"
    data = {"device_id": device_id_at(hass, pack.address), "parameters": {"charge_switch": False}}
    with pytest.raises(HomeAssistantError, match="did not accept off for Charge switch: it kept on"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


async def test_one_pack_that_fails_does_not_stop_the_others(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    await adopt(other)
    first, second = await act("set_parameters", pack, other, parameters={"charge_switch": False})
    assert first["results"][0]["outcome"] == "confirmed"
    assert "Allow control" in second["error"]
    data = {
        "device_id": [device_id_at(hass, pack.address), device_id_at(hass, OTHER)],
        "parameters": {"charge_switch": True},
    }
    with pytest.raises(HomeAssistantError, match="Barn: Control is off"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)
    assert pack.board.charge_switch


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
    data = {
        "device_id": [device_id_at(hass, pack.address), device_id_at(hass, OTHER)],
        "parameters": {"charge_switch": False},
    }
    with pytest.raises(HomeAssistantError, match=r"Shed: The pack did not accept off .* Barn: Control is off"):
        await hass.services.async_call(DOMAIN, "set_parameters", data, blocking=True)


async def test_a_pack_that_is_not_set_up_does_not_stop_the_others(hass, house, pack, adopt, act) -> None:
    other = jk_pack(address=OTHER, name="Barn")
    await adopt(pack, **ALLOWED)
    entry = await adopt(other, **ALLOWED)
    await hass.config_entries.async_unload(entry.entry_id)
    first, second = await act("set_parameters", pack, other, parameters={"charge_switch": False})
    assert first["results"][0]["outcome"] == "confirmed"
    assert second["error"]
    assert not pack.board.charge_switch
