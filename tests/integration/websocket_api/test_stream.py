"""What cards are sent: everything once, then what changed; never an old value as a new one, and to nobody who may not see it."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components.smart_bms.bank_entry import coordinator as bank_coordinator_module
from custom_components.smart_bms.control.write_log import WriteOutcome, WriteRecord
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.websocket_api import stream as stream_module
from tests.support.flows import allow
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send as often as the tests want to see it."""
    monkeypatch.setattr(stream_module, "MIN_INTERVAL", 0.01)


class Watcher:
    """A page with a card: puts together what it is sent, as the card does."""

    def __init__(self, client: Any, *, confirms: bool = True) -> None:
        self.client = client
        self.confirms = confirms
        self.subscription = 0
        self.messages: list[dict[str, Any]] = []
        self.info: dict[str, Any] = {}
        self.rights: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.running: bool | None = None

    @staticmethod
    def device_of(hass: Any, entry: Any) -> str:
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        return device.id

    async def subscribe(self, entry_id: str) -> dict[str, Any]:
        await self.client.send_json_auto_id({"type": "smart_bms/subscribe", "entry_id": entry_id})
        answer = await self.client.receive_json()
        self.subscription = answer["id"]
        return answer

    def show(self, message: dict[str, Any]) -> None:
        assert message["number"] == len(self.messages) + 1
        self.messages.append(message)
        self.running = message["running"]
        self.info = message.get("info", self.info)
        self.rights = message.get("rights", self.rights)
        if not self.running:
            self.data = {}
        self.data = message.get("data", self.data | message.get("changed", {}))

    async def until(self, house: Any, condition: Any, seconds: float = 8.0) -> None:
        """Show what comes until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                house.advertise()
                message = await self.client.receive_json()
                if message["type"] != "event":
                    continue
                self.show(message["event"])
                if self.confirms:
                    await self.client.send_json_auto_id(
                        {
                            "type": "smart_bms/confirm",
                            "subscription": self.subscription,
                            "number": message["event"]["number"],
                        }
                    )


def battery_of(pack: Any) -> Battery:
    """Return the battery inside a simulated pack."""
    board = pack.controller.board if hasattr(pack, "controller") else pack.board
    return board.battery


@pytest.mark.parametrize("make", [jk_pack, jbd_pack, daly_pack, smart123_pack])
async def test_a_card_is_sent_what_the_pack_is(hass, house, adopt, hass_ws_client, make) -> None:
    pack = make(profile=lambda _: -20.0)
    entry = await adopt(pack, password="1234" if make is smart123_pack else None)
    watcher = Watcher(await hass_ws_client(hass))
    assert (await watcher.subscribe(entry.entry_id))["success"]
    await watcher.until(
        house, lambda: watcher.data.get("fresh") and watcher.data["current"] == pytest.approx(-20, abs=0.5)
    )
    # Some packs send one cell after the other.
    await watcher.until(house, lambda: None not in watcher.data["cells"]["voltages"])
    battery = battery_of(pack)
    assert watcher.messages[0]["data"]
    assert watcher.info["kind"] == "pack"
    assert watcher.info["cells"] == len(battery.cells)
    assert watcher.data["cells"]["voltages"] == pytest.approx([cell.voltage for cell in battery.cells], abs=0.02)
    assert watcher.data["discharge"]["current"] == pytest.approx(20, abs=0.5)
    assert watcher.data["charge"]["current"] == 0
    assert watcher.data["status"]["level"] in ("well", "info", "hold")
    assert watcher.info["entities"]["soc"] == er.async_get(hass).async_get_entity_id(
        "sensor", "smart_bms", f"{entry.runtime_data.address}_soc"
    )


async def test_only_what_changed_is_sent_after_the_first_message(hass, house, adopt, hass_ws_client) -> None:
    entry = await adopt(jk_pack(profile=lambda at: 10.0 if at % 2 < 1 else 12.0))
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: len(watcher.messages) > 5)
    assert all("data" not in message for message in watcher.messages[1:])
    assert all("protections" in message["data"] for message in watcher.messages[:1])
    assert all("charge_stage" not in message["changed"] for message in watcher.messages[1:] if "changed" in message)


async def test_a_lost_pack_shows_nothing_as_current_and_says_what_was(hass, house, adopt, hass_ws_client) -> None:
    pack = jk_pack(soc=0.64)
    entry = await adopt(pack)
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    house.take_away(pack)
    await watcher.until(house, lambda: watcher.data.get("fresh") is False)
    shown = watcher.data
    assert (shown["soc"], shown["current"], shown["cells"]["voltages"]) == (None, None, [])
    assert shown["charge"]["allowed"] is None
    assert shown["last_known"]["soc"] == pytest.approx(64, abs=1)
    assert shown["status"]["level"] == "info"
    assert shown["age"] > 0
    house.bring_back(pack)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    assert watcher.data["last_known"] is None


async def test_a_reload_is_seen_and_survived(hass, house, adopt, hass_ws_client) -> None:
    entry = await adopt(jk_pack())
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    await hass.config_entries.async_unload(entry.entry_id)
    await watcher.until(house, lambda: watcher.running is False)
    assert watcher.data == {}
    await hass.config_entries.async_setup(entry.entry_id)
    await watcher.until(house, lambda: watcher.running and watcher.data.get("fresh"))


async def test_a_removed_pack_is_not_running_any_more(hass, house, adopt, hass_ws_client) -> None:
    entry = await adopt(jk_pack())
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    await hass.config_entries.async_remove(entry.entry_id)
    await watcher.until(house, lambda: watcher.running is False)


async def test_a_renamed_or_disabled_entity_changes_what_is_opened_by_a_tap(
    hass, house, adopt, hass_ws_client, monkeypatch
) -> None:
    monkeypatch.setattr(stream_module, "_INFO_EVERY", 0.05)
    entry = await adopt(jk_pack())
    entities = er.async_get(hass)
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    entities.async_update_entity(watcher.info["entities"]["soc"], new_entity_id="sensor.my_battery")
    entities.async_update_entity(watcher.info["entities"]["power"], disabled_by=er.RegistryEntryDisabler.USER)
    await watcher.until(house, lambda: watcher.info["entities"].get("soc") == "sensor.my_battery")
    await watcher.until(house, lambda: "power" not in watcher.info["entities"] or not watcher.running)
    await watcher.until(house, lambda: watcher.data.get("power") is not None)


async def test_a_browser_that_does_not_keep_up_gets_fewer_messages_and_all_changes(
    hass, house, adopt, hass_ws_client
) -> None:
    entry = await adopt(jk_pack(profile=lambda at: at % 7))
    slow = Watcher(await hass_ws_client(hass), confirms=False)
    await slow.subscribe(entry.entry_id)
    await slow.until(house, lambda: len(slow.messages) == stream_module.MAX_UNCONFIRMED)
    sessions = entry.runtime_data.pack.frames_per_minute(hass.loop.time())
    await house.until(lambda: entry.runtime_data.pack.frames_per_minute(hass.loop.time()) > sessions + 5)
    with pytest.raises(TimeoutError):
        await slow.client.receive_json(timeout=0.1)
    await slow.client.send_json_auto_id(
        {"type": "smart_bms/confirm", "subscription": slow.subscription, "number": len(slow.messages)}
    )
    await slow.until(house, lambda: len(slow.messages) > stream_module.MAX_UNCONFIRMED)


async def test_who_may_not_read_the_entities_is_sent_nothing(
    hass, house, adopt, hass_ws_client, hass_read_only_access_token, hass_read_only_user
) -> None:
    entry = await adopt(jk_pack())
    hass_read_only_user.mock_policy({"entities": {"entity_ids": {"sensor.other": True}}})
    client = await hass_ws_client(hass, hass_read_only_access_token)
    answer = await Watcher(client).subscribe(entry.entry_id)
    assert answer["error"]["code"] == "unauthorized"
    await client.send_json_auto_id({"type": "smart_bms/subscribe_batteries"})
    assert (await client.receive_json())["success"]
    assert (await client.receive_json())["event"] == {"batteries": []}


async def test_an_ordinary_user_watches_and_may_not_write(
    hass, house, adopt, hass_ws_client, hass_read_only_access_token
) -> None:
    entry = await adopt(jk_pack(), allow_control=True)
    watcher = Watcher(await hass_ws_client(hass, hass_read_only_access_token))
    assert (await watcher.subscribe(entry.entry_id))["success"]
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    assert watcher.rights == {"write": False, "control": True}


async def test_control_that_is_allowed_later_is_seen(hass, house, adopt, hass_ws_client) -> None:
    entry = await adopt(jk_pack())
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: watcher.data.get("fresh"))
    assert watcher.rights == {"write": True, "control": False}
    await allow(hass, entry, allow_control=True)
    await watcher.until(house, lambda: watcher.rights["control"] and watcher.data.get("fresh"))


@pytest.mark.parametrize("entry_id", ["no such entry", ""])
async def test_an_unknown_battery_is_an_error_in_words(hass, house, adopt, hass_ws_client, entry_id) -> None:
    await adopt(jk_pack())
    answer = await Watcher(await hass_ws_client(hass)).subscribe(entry_id)
    assert answer["error"] == {"code": "not_found", "message": "There is no such pack or bank"}


async def test_a_confirmation_of_nothing_does_no_harm(hass, house, adopt, hass_ws_client) -> None:
    await adopt(jk_pack())
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "smart_bms/confirm", "subscription": 77, "number": -5})
    assert (await client.receive_json())["success"]


async def test_nothing_is_read_for_nobody(hass, house, adopt, hass_ws_client, monkeypatch) -> None:
    entry = await adopt(jk_pack())
    reads = 0
    whole = stream_module.pack_data

    def counted(coordinator):
        nonlocal reads
        reads += 1
        return whole(coordinator)

    monkeypatch.setattr(stream_module, "pack_data", counted)
    client = await hass_ws_client(hass)
    watcher, other = Watcher(client), Watcher(await hass_ws_client(hass))
    await watcher.subscribe(entry.entry_id)
    await watcher.until(house, lambda: len(watcher.messages) > 2)
    once = reads
    await other.subscribe(entry.entry_id)
    await other.until(house, lambda: len(other.messages) > 1)
    assert reads - once <= len(other.messages) + 1  # one reading is read once for both
    await client.close()
    await other.client.close()
    await house.until(lambda: not hass.data[stream_module.STREAMS])
    before = reads
    frames = entry.runtime_data.pack.frames_per_minute(hass.loop.time())
    await house.until(lambda: entry.runtime_data.pack.frames_per_minute(hass.loop.time()) > frames)
    assert reads == before


async def test_the_list_of_batteries_follows_names_and_banks(hass, house, adopt, hass_ws_client, monkeypatch) -> None:
    entry = await adopt(jk_pack(name="Shed"))
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "smart_bms/subscribe_batteries"})
    assert (await client.receive_json())["success"]
    first = (await client.receive_json())["event"]["batteries"]
    assert [(item["name"], item["kind"], item["running"]) for item in first] == [("Shed", "pack", True)]
    devices = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
    assert first[0]["device_id"] == device.id
    devices.async_update_device(device.id, name_by_user="Garage")
    names = None
    async with asyncio.timeout(5):
        while names != ["Garage"]:
            names = [item["name"] for item in (await client.receive_json())["event"]["batteries"]]
    await hass.config_entries.async_remove(entry.entry_id)
    async with asyncio.timeout(5):
        while names:
            names = [item["name"] for item in (await client.receive_json())["event"]["batteries"]]


async def test_a_bank_is_sent_with_its_packs(hass, house, adopt, hass_ws_client, monkeypatch) -> None:
    monkeypatch.setattr(bank_coordinator_module, "_UPDATE_INTERVAL", timedelta(seconds=0.05))
    one = await adopt(jk_pack(name="Shed", cells=4, profile=lambda _: -10.0))
    two = await adopt(jbd_pack(name="Attic", profile=lambda _: -30.0))
    flow = await hass.config_entries.flow.async_init("smart_bms", context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    chosen = {"name": "House", "packs": [one.entry_id, two.entry_id], "wiring": "parallel", "strings": 1}
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], chosen)
    bank = flow["result"]
    await hass.async_block_till_done()
    watcher = Watcher(await hass_ws_client(hass))
    await watcher.subscribe(bank.entry_id)
    await watcher.until(house, lambda: watcher.data.get("current") == pytest.approx(-40, abs=1))
    assert watcher.info["kind"] == "bank"
    assert [member["name"] for member in watcher.data["members"]] == ["Shed", "Attic"]
    shares = [member["share"] for member in watcher.data["members"]]
    assert shares == pytest.approx([0.25, 0.75], abs=0.03)
    assert all(member["counted"] and member["status"] for member in watcher.data["members"])


async def test_what_was_written_is_listed_for_administrators_alone(
    hass, house, adopt, hass_ws_client, hass_read_only_access_token
) -> None:
    entry = await adopt(jk_pack(), allow_control=True)
    await hass.services.async_call(
        "smart_bms",
        "set_parameters",
        {"device_id": Watcher.device_of(hass, entry), "parameters": {"cell_overvoltage": 3.55}},
        blocking=True,
    )
    request = {"type": "smart_bms/write_log", "entry_id": entry.entry_id}
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(request)
    (record,) = (await client.receive_json())["result"]["records"]
    assert (record["parameter"], record["new"], record["found"]) == ("cell_overvoltage", 3.55, 3.55)
    assert (record["outcome"], record["old"]) == ("confirmed", 3.6)
    steered = WriteRecord(
        at="2000-01-01T00:00:00+00:00", parameter="number.one", old=1.0, new=2.0, outcome=WriteOutcome.CONFIRMED
    )
    entry.runtime_data.equipment.write_log.add(steered)
    await client.send_json_auto_id(request)
    listed = (await client.receive_json())["result"]["records"]
    assert [record["parameter"] for record in listed] == ["cell_overvoltage", "number.one"]
    other = await hass_ws_client(hass, hass_read_only_access_token)
    await other.send_json_auto_id(request)
    assert (await other.receive_json())["error"]["code"] == "unauthorized"
    await client.send_json_auto_id(request | {"entry_id": "none"})
    assert (await client.receive_json())["error"]["code"] == "not_found"
