"""Adding packs: found, picked, refused in words."""

import asyncio

from homeassistant.components import bluetooth
from homeassistant.config_entries import SOURCE_BLUETOOTH
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.daly.labels import R24_A5
from custom_components.smart_bms.simulator.peripheral import Service
from lab.smart_bms_lab.proxy import EmulatedProxy
from tests.support.flows import configure, search, settled
from tests.support.packs import daly_pack, jk_pack

OTHER = "C8:47:80:00:00:02"


async def start(hass, source=None, data=None):
    if source is None:
        return await search(hass)
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": source}, data=data)


async def submit(hass, flow, **user_input):
    return await configure(hass, flow, user_input)


def labels(flow) -> list[str]:
    (selector,) = flow["data_schema"].schema.values()
    return [option["label"] for option in selector.config["options"]]


async def test_a_pack_is_picked_connected_to_shown_and_added(hass, house, pack) -> None:
    house.add(pack)
    flow = await start(hass)
    bluetooth.async_request_active_scan.assert_awaited_once()
    assert flow["step_id"] == "search"
    assert labels(flow) == [f"JK: Shed ({pack.address}, -60 dBm)"]
    flow = await submit(hass, flow, address=pack.address)
    assert flow["step_id"] == "identified"
    shown = flow["description_placeholders"]
    assert shown["model"] == "JK_PB2A16S20P"
    assert shown["sw_version"] == "19.27"
    assert shown["soc"] == "60 %"
    assert float(shown["voltage"]) == pytest.approx(26.3, abs=0.3)
    await house.until(lambda: not pack.connected)
    flow = await submit(hass, flow)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "Shed"
    data = flow["data"]
    assert data["address"] == pack.address
    assert data["family"] == "jk"
    assert data["identity"]["variant"] == "JK02_32S"
    assert data["features"]["cells"] == 8
    assert "123456" not in str(data)


async def test_nothing_found_is_explained_and_searched_again_on_submit(hass, house, pack) -> None:
    flow = await start(hass)
    assert flow["step_id"] == "nothing_found"
    house.add(pack)
    flow = await submit(hass, flow)
    assert flow["step_id"] == "search"


async def test_without_any_adapter_there_is_nothing_to_search_with(hass, house, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth, "async_scanner_count", lambda hass, connectable: 0)
    flow = await start(hass)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "no_adapter")


async def test_uart_bridges_are_listed_last_and_marked(hass, house, pack) -> None:
    renamed = jk_pack("JK02_24S", address=OTHER, name="A battery")
    lamp = jk_pack(address="C8:47:80:00:00:03", name="Lamp")
    lamp.manufacturer_data, lamp.service_uuids = {}, ()
    house.add(renamed, pack, lamp)
    flow = await start(hass)
    assert labels(flow) == [f"JK: Shed ({pack.address}, -60 dBm)", f"? A battery ({OTHER}, -60 dBm)"]
    flow = await submit(hass, flow, address=OTHER)
    assert flow["step_id"] == "identified"


async def test_a_bridge_that_answers_as_something_else_is_refused(hass, house) -> None:
    stranger = jk_pack("JK02_24S", name="Thing", model="XX-900")
    house.add(stranger)
    flow = await submit(hass, await start(hass), address=stranger.address)
    assert flow["step_id"] == "connect"
    assert flow["errors"] == {"base": "not_this_kind"}
    assert "XX-900" in flow["description_placeholders"]["detail"]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("silent", "silent"),
        ("pairing_required", "pairing_needed"),
        ("refuse_connections", "no_connectable_path"),
        ("no_service", "not_this_kind"),
        ("disconnect_after", "link_lost"),
    ],
)
async def test_trouble_is_named_and_can_be_overcome(hass, house, pack, trouble, error) -> None:
    services = pack.services
    house.add(pack)
    flow = await start(hass)
    if trouble == "no_service":
        pack.services = (Service(1, "0000180f-0000-1000-8000-00805f9b34fb", ()),)
    elif trouble == "refuse_connections":
        house.take_away(pack)
    elif trouble == "disconnect_after":
        pack.faults.disconnect_after = 0
    else:
        setattr(pack.faults, trouble, True)
    flow = await submit(hass, flow, address=pack.address)
    assert (flow["step_id"], flow["errors"]) == ("connect", {"base": error})
    assert flow["description_placeholders"]["detail"]
    pack.services = services
    pack.faults.silent = pack.faults.pairing_required = False
    house.bring_back(pack)
    flow = await submit(hass, flow)
    assert flow["step_id"] == "identified"
    assert (await submit(hass, flow))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_defect_of_ours_is_said_to_be_one(hass, house, pack, monkeypatch, caplog) -> None:
    house.add(pack)
    flow = await start(hass)

    async def broken(self, seconds=0, *, hasty=False):
        raise ValueError("secret detail")

    monkeypatch.setattr("custom_components.smart_bms.bms.pack.Pack.first_contact", broken)
    flow = await submit(hass, flow, address=pack.address)
    assert flow["errors"] == {"base": "unknown"}
    assert flow["description_placeholders"]["detail"] == "ValueError"


async def test_a_full_proxy_is_named_before_anything_is_tried(hass, house, pack) -> None:
    house.add(pack)
    flow = await start(hass)
    for number in range(3):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    flow = await submit(hass, flow, address=pack.address)
    assert flow["errors"] == {"base": "no_free_slot"}
    assert "Garage proxy" in flow["description_placeholders"]["detail"]
    house.proxy.release("AA:AA:AA:AA:AA:00")
    assert (await submit(hass, flow))["step_id"] == "identified"


async def test_discovery_of_what_is_not_ours_is_aborted(hass, house, pack) -> None:
    pack.manufacturer_data, pack.name = {2917: b"\x01"}, "Scale"
    house.add(pack)
    info = bluetooth.async_last_service_info(hass, pack.address)
    flow = await start(hass, SOURCE_BLUETOOTH, info)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_supported")


async def test_what_only_may_be_a_pack_is_looked_at_again_when_its_name_is_heard(hass, house) -> None:
    pack = daly_pack(name="")
    pack.manufacturer_data = {0x0102: b"\4"}
    house.add(pack)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    pack.name = "DL-40D63C3223A2"
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "confirm"


async def test_a_daly_pack_of_which_only_its_address_is_heard_is_discovered(hass, house) -> None:
    pack = daly_pack(name="")
    pack.manufacturer_data = {0x0106: b"\1" + bytes.fromhex(pack.address.replace(":", ""))}
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))


async def test_a_pack_is_added_once(hass, house, pack, adopt) -> None:
    await adopt(pack)
    info = bluetooth.async_last_service_info(hass, pack.address)
    flow = await start(hass, SOURCE_BLUETOOTH, info)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")
    flow = await start(hass)
    assert flow["step_id"] == "nothing_found"


async def test_discovery_asks_before_it_connects(hass, house, pack) -> None:
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "confirm"
    assert not pack.connected
    assert not pack.written


async def test_identical_packs_stay_apart(hass, house, adopt) -> None:
    first = jk_pack()
    second = jk_pack(address=OTHER)
    one, two = await adopt(first), await adopt(second)
    assert (one.title, two.title) == ("JK_PB2A16S20P 00:01", "JK_PB2A16S20P 00:02")
    assert one.unique_id != two.unique_id
    assert house.state("sensor.jk_pb2a16s20p_00_01_voltage")
    assert house.state("sensor.jk_pb2a16s20p_00_02_voltage")


async def test_packs_of_the_same_name_get_a_part_of_their_address(hass, house, adopt) -> None:
    one = await adopt(jk_pack(name="Shed"))
    two = await adopt(jk_pack(address=OTHER, name="Shed"))
    assert (one.title, two.title) == ("Shed", "Shed 00:02")


async def test_a_removed_pack_is_discovered_again(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    await hass.config_entries.async_remove(entry.entry_id)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))


async def test_a_flow_that_lost_its_contact_connects_again(hass, house, pack) -> None:
    house.add(pack)
    flow = await submit(hass, await start(hass), address=pack.address)
    handler = hass.config_entries.flow._progress[flow["flow_id"]]
    handler._contact = None
    assert (await submit(hass, flow))["step_id"] == "identified"
    handler._target = None
    with pytest.raises(RuntimeError, match="no pack was chosen"):
        await handler.async_step_confirm()


async def test_a_second_proxy_takes_over_when_the_first_is_full(hass, house, pack) -> None:
    attic = EmulatedProxy(house.radio, "24:6F:28:00:00:02", "Attic proxy", slots=1)
    leave = attic.register(hass)
    house.add(pack)
    attic.hear(pack, rssi=-80)
    for number in range(3):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    flow = await submit(hass, await start(hass), address=pack.address)
    assert flow["step_id"] == "identified"
    leave()


async def test_a_discovered_pack_with_a_name_of_its_own_is_shown_with_its_family(hass, house, pack) -> None:
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["title_placeholders"] == {"name": "JK Shed"}


async def test_the_form_says_whom_it_asks_while_the_user_waits(hass, house) -> None:
    pack = daly_pack(R24_A5, name="Boat", cells=8)
    pack.manufacturer_data, pack.service_uuids = {}, (pack.services[0].uuid,)
    house.add(pack)
    flow, seen = await start(hass), []
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"address": pack.address})
    while flow["type"] is FlowResultType.SHOW_PROGRESS:
        if (now := (flow["progress_action"], flow["description_placeholders"]["family"])) not in seen:
            seen.append(now)
        await asyncio.sleep(0.01)
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert seen[:2] == [("ask_quickly", "JBD"), ("ask_quickly", "Daly")]
    assert flow["step_id"] == "identified"


async def test_who_is_silent_is_asked_again_with_patience(hass, house) -> None:
    pack = daly_pack(name="Boat")
    pack.manufacturer_data, pack.service_uuids = {}, (pack.services[0].uuid,)
    pack.faults.silent = True
    house.add(pack)
    flow = await start(hass)
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"address": pack.address})
    while flow["progress_action"] == "ask_quickly":
        await asyncio.sleep(0.01)
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert flow["progress_action"] == "ask_patiently"
    pack.faults.silent = False
    assert (await settled(hass, flow))["step_id"] == "identified"


async def test_what_adding_found_out_is_known_at_every_start(hass, house, adopt) -> None:
    pack = daly_pack(R24_A5, cells=8)
    entry = await adopt(pack)
    assert entry.data["learned"]["dialect"] == ["A5", 0x40]
    pack.written.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available)
    assert {data[0] for data in pack.written} == {0xA5}


async def test_the_first_session_knows_it_too(hass, house, adopt) -> None:
    pack = daly_pack(R24_A5, cells=8)
    house.add(pack)
    flow = await configure(hass, await start(hass), {"address": pack.address})
    await house.until(lambda: not pack.connected)
    pack.written.clear()
    entry = (await configure(hass, flow, {}))["result"]
    await house.until(lambda: entry.runtime_data.available)
    assert {data[0] for data in pack.written} == {0xA5}
