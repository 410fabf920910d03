"""record_frames: raw traffic for bug reports, without secrets, as a download."""

import asyncio
from datetime import timedelta
import json
from pathlib import Path
import re
import time

from homeassistant.components import persistent_notification
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import probatio
import pytest

from custom_components.smart_bms.bms.records import decode_lines
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.services import recording
from custom_components.smart_bms.simulator.daly.labels import K_D2
from custom_components.smart_bms.simulator.jbd.labels import DP16S020
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN3_NUS
from custom_components.smart_bms.storage.recordings import recordings_folder
from tests.support.devices import device_of
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack

PACKS = {
    "jk": (lambda: jk_pack(name="Shed"), None),
    "jbd": (lambda: jbd_pack(DP16S020, name="Shed"), "123456"),
    "daly": (lambda: daly_pack(K_D2, name="Shed"), None),
    "smart123": (lambda: smart123_pack(GEN3_NUS, name="Shed"), "1234"),
    "smart123_bridge": (lambda: smart123_pack(BRIDGE, name="Shed"), None),
}
SECRETS = (b"1234", b"31323334", b"Shed")


@pytest.fixture(autouse=True)
def short(monkeypatch, tmp_path, hass) -> None:
    """Let a minute last less than a second, and keep what is recorded apart."""
    monkeypatch.setattr(recording, "SECONDS_PER_MINUTE", 0.4)
    hass.config.config_dir = str(tmp_path)


async def record(hass, entry, minutes: float = 1, *, response: bool = True):
    return await hass.services.async_call(
        DOMAIN,
        "record_frames",
        {"device_id": device_of(hass, entry).id, "minutes": minutes},
        blocking=True,
        return_response=response,
    )


@pytest.mark.parametrize("name", PACKS)
async def test_what_passes_is_handed_out_without_secrets(hass, house, adopt, hass_client_no_auth, name) -> None:
    make, password = PACKS[name]
    pack = make()
    entry = await adopt(pack, password=password)
    task = hass.async_create_task(record(hass, entry, 3))
    await asyncio.sleep(0.1)
    pack.hang_up = True  # what is said at the beginning holds the secrets
    (answer,) = (await task)["packs"]
    assert answer["complete"]
    client = await hass_client_no_auth()
    response = await client.get(answer["url"])
    assert response.status == 200
    assert re.search(
        r'filename="smart_bms_shed_\d{4}-\d\d-\d\d_[\d-]+\.jsonl"', response.headers["Content-Disposition"]
    )
    text = await response.text()
    lines = [json.loads(line) for line in text.splitlines()]
    head = lines[0]["recording"]
    assert head["family"] == entry.data["family"]
    assert head["simulated"] is False
    packets = [line for line in lines if "notification" in line or "sent" in line]
    assert len(packets) == answer["packets"]
    assert any(line.get("state") == "streaming" for line in lines)
    sent = b"".join(bytes.fromhex(line.get("sent", "")) for line in lines)
    received = b"".join(bytes.fromhex(line.get("notification", "")) for line in lines)
    for secret in SECRETS:
        assert secret not in sent
        assert secret not in received
    assert "Shed" not in text
    assert pack.address not in text
    kinds = [result["kind"] for result in decode_lines(entry.data["family"], iter(text.splitlines()))]
    assert "reading" in kinds
    (notification,) = persistent_notification._async_get_or_create_notifications(hass).values()
    assert answer["url"] in notification["message"]


def notified(hass) -> str:
    return "".join(
        item["message"] for item in persistent_notification._async_get_or_create_notifications(hass).values()
    )


async def test_a_recording_shows_that_it_runs_and_only_the_newest_is_kept(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    task = hass.async_create_task(record(hass, entry, 2))
    await asyncio.sleep(0.05)
    until = dt_util.as_local(dt_util.utcnow() + timedelta(minutes=2))
    assert f"being recorded until {until:%H:%M}" in notified(hass)
    await task
    assert "is ready" in notified(hass)
    await asyncio.sleep(1.05)  # another time in its name
    await record(hass, entry)
    assert len([*recordings_folder(hass).iterdir()]) == 1


async def test_only_one_recording_at_a_time(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    first = hass.async_create_task(record(hass, entry))
    await asyncio.sleep(0.05)
    with pytest.raises(ServiceValidationError, match="already being recorded"):
        await record(hass, entry, response=False)
    assert (await first)["packs"][0]["packets"]
    assert (await record(hass, entry, 1))["packs"][0]["packets"]


async def test_a_pack_that_says_nothing_gives_nothing_to_download(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    house.take_away(pack)
    await house.until(lambda: not pack.connected)
    with pytest.raises(HomeAssistantError, match="Nothing was heard"):
        await record(hass, entry, 1, response=False)
    assert notified(hass) == ""


async def test_unloading_ends_a_recording_early_and_keeps_it(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    task = hass.async_create_task(record(hass, entry, 50))
    await asyncio.sleep(0.3)
    await hass.config_entries.async_unload(entry.entry_id)
    async with asyncio.timeout(5):
        answer = (await task)["packs"][0]
    assert answer["packets"]


async def test_a_full_disk_is_said(hass, house, adopt, pack, monkeypatch) -> None:
    entry = await adopt(pack)

    def full(self, *args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(HomeAssistantError, match="could not be written"):
        await record(hass, entry, 1, response=False)
    assert entry.runtime_data.pack.recording is None


@pytest.mark.parametrize("minutes", [0, -1, 0.9, 61])
async def test_how_long_is_bounded(hass, house, adopt, pack, minutes) -> None:
    entry = await adopt(pack)
    with pytest.raises(probatio.Invalid):
        await record(hass, entry, minutes)


async def test_a_recording_goes_with_its_entry(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    await record(hass, entry, 1)
    folder = recordings_folder(hass)
    assert len(list(folder.iterdir())) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not list(folder.iterdir())
    assert not persistent_notification._async_get_or_create_notifications(hass)


@pytest.mark.parametrize("name", ["nothing.jsonl", "..%2Fsecrets.yaml", "a.txt"])
async def test_nothing_else_is_handed_out(hass, house, adopt, pack, hass_client, name) -> None:
    await adopt(pack)
    client = await hass_client()
    response = await client.get(f"/api/smart_bms/recordings/{name}")
    assert response.status in (400, 404)


async def test_without_a_signature_it_takes_an_administrator(
    hass, house, adopt, pack, hass_client, hass_client_no_auth, hass_read_only_access_token
) -> None:
    entry = await adopt(pack)
    url = (await record(hass, entry, 1))["packs"][0]["url"].partition("?")[0]
    stranger, reader, admin = (
        await hass_client_no_auth(),
        await hass_client(hass_read_only_access_token),
        await hass_client(),
    )
    assert (await stranger.get(url)).status == 401
    assert (await reader.get(url)).status == 401
    assert (await admin.get(url)).status == 200


async def test_the_end_of_home_assistant_ends_a_recording_and_keeps_it(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    task = hass.async_create_task(record(hass, entry, 10))
    await asyncio.sleep(0.2)
    # What Home Assistant calls first when it stops.
    (job,) = [job.job for job in hass._shutdown_jobs if job.job.target == entry.runtime_data._async_end]
    hass.async_run_hass_job(job)
    async with asyncio.timeout(5):
        assert (await task)["packs"][0]["packets"]


async def test_removing_a_pack_while_it_is_recorded_leaves_nothing(hass, house, adopt, pack, monkeypatch) -> None:
    entry = await adopt(pack)
    keep = Path.write_text

    def slow(self, *args, **kwargs):
        if self.suffix == ".jsonl":
            time.sleep(0.3)
        return keep(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", slow)
    task = hass.async_create_task(record(hass, entry, 60))
    await asyncio.sleep(0.2)
    await hass.config_entries.async_remove(entry.entry_id)
    answer = (await task)["packs"][0]
    assert "error" in answer
    await hass.async_block_till_done(wait_background_tasks=True)
    folder = recordings_folder(hass)
    assert not folder.exists() or not list(folder.iterdir())
    assert not persistent_notification._async_get_or_create_notifications(hass)


async def test_recordings_of_an_earlier_run_are_removed(hass, enable_custom_integrations, enable_bluetooth) -> None:
    folder = recordings_folder(hass)
    folder.mkdir(parents=True)
    (folder / "old.jsonl").write_text("x")
    assert await async_setup_component(hass, DOMAIN, {})
    assert not folder.exists()
