"""Another password or transport for a pack that is set up: tried before it is kept."""

import asyncio

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.flow import reconfigure_flow
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, SP04S034
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP, GEN3_NUS
from tests.support.flows import allow, configure, set_options
from tests.support.packs import daly_pack, jbd_pack, smart123_pack

PASSWORD = "123456"
ABORT = FlowResultType.ABORT


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(reconfigure_flow, "HEARD_WITHIN", 1.0)


async def reconfigure(hass, entry):
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


def fields(flow) -> list[str]:
    return [str(key) for key in flow["data_schema"].schema]


async def test_a_new_password_is_tried_before_it_is_kept(hass, house, adopt) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    flow = await reconfigure(hass, entry)
    assert (flow["step_id"], fields(flow), flow["errors"]) == ("reconfigure_jbd", ["password"], {})
    assert flow["description_placeholders"] == {"name": "Shed", "detail": "–"}
    flow = await configure(hass, flow, {"password": "111111"})
    assert flow["errors"] == {"base": "wrong_password"}
    assert entry.data["password"] == PASSWORD
    assert "111111" not in str(flow["data_schema"].schema)
    # The old one still works, and is used again.
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)
    pack.login.password = "654321"
    flow = await configure(hass, flow, {"password": " 654321 "})
    assert (flow["type"], flow["reason"]) == (ABORT, "reconfigure_successful")
    assert entry.data["password"] == "654321"
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


@pytest.mark.parametrize("entered", [{}, {"password": ""}, {"password": "  "}, {"password": PASSWORD}])
async def test_an_empty_or_unchanged_password_keeps_the_old_one(hass, house, adopt, entered) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    before, sessions = entry.runtime_data, entry.runtime_data.pack.sessions
    flow = await configure(hass, await reconfigure(hass, entry), entered)
    assert (flow["type"], flow["reason"]) == (ABORT, "nothing_changed")
    assert entry.data["password"] == PASSWORD
    assert entry.runtime_data is before
    assert before.pack.sessions == sessions
    assert before.available


async def test_a_pack_without_a_password_may_get_one(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(SP04S034, name="Shed"))
    flow = await configure(hass, await reconfigure(hass, entry), {})
    assert flow["reason"] == "nothing_changed"
    assert "password" not in entry.data
    flow = await configure(hass, await reconfigure(hass, entry), {"password": PASSWORD})
    assert flow["reason"] == "reconfigure_successful"
    assert entry.data["password"] == PASSWORD


async def test_a_transport_is_tried_too_and_leaves_the_other_options_alone(hass, house, adopt) -> None:
    entry = await adopt(smart123_pack(GEN2_BRSP, name="Shed"))
    await allow(hass, entry, allow_control=True)
    await set_options(hass, entry, "pack", temperature_formula="document")
    before = dict(entry.options)
    await house.until(lambda: entry.runtime_data.available)
    flow = await reconfigure(hass, entry)
    assert (flow["step_id"], fields(flow)) == ("reconfigure_smart123", ["password", "transport"])
    assert flow["data_schema"]({}) == {"transport": "auto"}
    flow = await configure(hass, flow, {"transport": "frames"})
    assert flow["errors"] == {"base": "silent"}
    (shown,) = (key.description for key in flow["data_schema"].schema if key == "transport")
    assert shown == {"suggested_value": "frames"}
    assert entry.options == before
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)
    flow = await configure(hass, flow, {"transport": "records"})
    assert (flow["type"], flow["reason"]) == (ABORT, "reconfigure_successful")
    assert entry.options == before | {"pack": before["pack"] | {"transport": "records"}}
    assert "password" not in entry.data
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)
    assert entry.runtime_data.pack.context.options["transport"] == "records"


async def test_a_pin_alone_leaves_the_options_as_they_are(hass, house, adopt) -> None:
    pack = smart123_pack(GEN3_NUS, name="Shed")
    entry = await adopt(pack, password="1234")
    flow = await configure(hass, await reconfigure(hass, entry), {"password": "9999", "transport": "auto"})
    assert flow["errors"] == {"base": "wrong_password"}
    assert (entry.data["password"], entry.options) == ("1234", {})


async def test_an_unknown_transport_is_refused(hass, house, adopt) -> None:
    entry = await adopt(smart123_pack(GEN2_BRSP, name="Shed"))
    flow = await reconfigure(hass, entry)
    with pytest.raises(InvalidData):
        await configure(hass, flow, {"transport": "pigeons"})


async def test_a_pack_out_of_reach_is_named_and_found_again(hass, house, adopt) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    house.take_away(pack)
    flow = await configure(hass, await reconfigure(hass, entry), {"password": "654321"})
    assert flow["errors"] == {"base": "no_connectable_path"}
    assert flow["description_placeholders"]["detail"] not in ("", "–")
    pack.login.password = "654321"
    house.bring_back(pack)
    assert (await configure(hass, flow, {"password": "654321"}))["reason"] == "reconfigure_successful"


async def test_a_pack_that_does_not_advertise_while_it_is_connected_is_waited_for(
    hass, house, adopt, monkeypatch
) -> None:
    monkeypatch.setattr(reconfigure_flow, "HEARD_WITHIN", 8.0)
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    house.proxy.lose_sight_of(pack.address)
    pack.login.password = "654321"
    flow = await reconfigure(hass, entry)
    submitted = asyncio.create_task(configure(hass, flow, {"password": "654321"}))
    await house.until(lambda: entry.state is ConfigEntryState.NOT_LOADED and not pack.connected)
    assert not submitted.done()
    house.bring_back(pack)
    assert (await submitted)["reason"] == "reconfigure_successful"


async def test_a_pack_that_is_not_set_up_can_be_reconfigured(hass, house, adopt) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    await hass.config_entries.async_unload(entry.entry_id)
    flow = await configure(hass, await reconfigure(hass, entry), {"password": "111111"})
    assert flow["errors"] == {"base": "wrong_password"}
    assert entry.state is ConfigEntryState.NOT_LOADED
    pack.login.password = "654321"
    flow = await configure(hass, flow, {"password": "654321"})
    assert flow["reason"] == "reconfigure_successful"
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)


async def test_a_pack_that_waits_for_another_password_goes_on_waiting_until_one_is_right(hass, house, adopt) -> None:
    pack = jbd_pack(DP16S020, name="Shed")
    entry = await adopt(pack, password=PASSWORD)
    pack.login.password = "654321"
    pack.hang_up = True
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    before, sessions = entry.runtime_data, entry.runtime_data.pack.sessions
    flow = await configure(hass, await reconfigure(hass, entry), {"password": "111111"})
    assert flow["errors"] == {"base": "wrong_password"}
    assert entry.runtime_data is before
    assert before.pack.sessions == sessions
    sources = {item["context"]["source"] for item in hass.config_entries.flow.async_progress_by_handler(DOMAIN)}
    assert sources == {SOURCE_REAUTH, SOURCE_RECONFIGURE}
    flow = await configure(hass, flow, {"password": "654321"})
    assert flow["reason"] == "reconfigure_successful"
    await house.until(lambda: entry.runtime_data is not before and entry.runtime_data.available)
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_a_defect_of_ours_is_said_to_be_one(hass, house, adopt, monkeypatch) -> None:
    entry = await adopt(jbd_pack(DP16S020, name="Shed"), password=PASSWORD)

    async def broken(self, seconds=0, *, hasty=False):
        raise ValueError("secret detail")

    with monkeypatch.context() as patched:
        patched.setattr("custom_components.smart_bms.bms.pack.Pack.first_contact", broken)
        flow = await configure(hass, await reconfigure(hass, entry), {"password": "654321"})
    assert flow["errors"] == {"base": "unknown"}
    assert flow["description_placeholders"]["detail"] == "ValueError"
    assert entry.data["password"] == PASSWORD
    await house.until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)


async def test_packs_without_password_and_transport_have_nothing_to_reconfigure(hass, house, adopt, pack) -> None:
    for entry in (await adopt(pack), await adopt(daly_pack(name="Boat"))):
        flow = await reconfigure(hass, entry)
        assert (flow["type"], flow["reason"]) == (ABORT, "nothing_to_reconfigure")
