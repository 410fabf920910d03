"""Stores: a full disk is seen and told, tried again, and a broken part does not take the rest with it."""

from datetime import timedelta
import errno
import json
from pathlib import Path
import tempfile

from atomicwrites import AtomicWriter
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smart_bms.bms.stored_values import number
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.repairs import async_create_fix_flow
from custom_components.smart_bms.storage.checked_store import (
    DISK_FULL,
    RETRY_AFTER,
    async_load_parts,
    open_store,
    set_aside_issue,
)

KEY = "smart_bms.test"


class Disk:
    """Where Home Assistant writes, which may be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False

    def read(self, name: str):
        return json.loads((self.folder / ".storage" / name).read_text())["data"]

    def has(self, name: str) -> bool:
        return (self.folder / ".storage" / name).exists()

    def put(self, name: str, content: str) -> None:
        (self.folder / ".storage").mkdir(exist_ok=True)
        (self.folder / ".storage" / name).write_text(content)


@pytest.fixture
def hass_storage() -> dict:
    """Replace nothing: here it is about the disk itself."""
    return {}


@pytest.fixture
def hass_config_dir(tmp_path) -> str:
    return str(tmp_path)


@pytest.fixture
def disk(hass, tmp_path, monkeypatch) -> Disk:
    disk = Disk(tmp_path)

    def place(where):
        def refuse(*args, **kwargs):
            if disk.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return where(*args, **kwargs)

        return refuse

    monkeypatch.setattr("homeassistant.util.file.AtomicWriter", place(AtomicWriter))
    monkeypatch.setattr("homeassistant.util.file.tempfile.NamedTemporaryFile", place(tempfile.NamedTemporaryFile))
    return disk


def issue(hass, issue_id: str = DISK_FULL):
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


async def pass_time(hass, seconds: float) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_write_that_fails_is_told_and_tried_again(hass, disk, atomic) -> None:
    store = open_store(hass, KEY, atomic_writes=atomic)
    await store.async_save(first := {"count": 1})
    assert store.is_saved(first)
    assert issue(hass) is None
    disk.full = True
    await store.async_save(second := {"count": 2})
    assert not store.is_saved(second)
    assert store.on_disk is first
    assert disk.read(KEY) == first
    assert issue(hass).translation_placeholders == {"reason": "No space left on device"}
    await pass_time(hass, RETRY_AFTER + 1)
    assert disk.read(KEY) == first
    disk.full = False
    await pass_time(hass, 2 * RETRY_AFTER + 2)
    assert disk.read(KEY) == second
    assert issue(hass) is None


async def test_what_is_newer_is_not_overwritten_by_what_could_not_be_written(hass, disk) -> None:
    disk.full = True
    await open_store(hass, KEY).async_save({"count": 1})
    # After a reload of the entry it is the same store, which knows what it owes.
    assert await open_store(hass, KEY).async_load() == {"count": 1}
    disk.full = False
    await open_store(hass, KEY).async_save({"count": 2})
    await pass_time(hass, RETRY_AFTER + 1)
    assert disk.read(KEY) == {"count": 2}


async def test_the_issue_stays_until_everything_landed_or_was_removed(hass, disk) -> None:
    disk.full = True
    one, two = open_store(hass, KEY), open_store(hass, f"{KEY}.two")
    await one.async_save({})
    await two.async_save({})
    disk.full = False
    await one.async_save({})
    assert issue(hass)
    await two.async_remove()
    assert issue(hass) is None
    await pass_time(hass, RETRY_AFTER + 1)
    assert not disk.has(f"{KEY}.two")


async def test_a_folder_that_cannot_be_made_is_the_same(hass, disk) -> None:
    (disk.folder / ".storage").write_text("a file where the folder should be")
    await open_store(hass, KEY).async_save({})
    assert issue(hass)
    (disk.folder / ".storage").unlink()
    await pass_time(hass, RETRY_AFTER + 1)
    assert issue(hass) is None


async def test_a_bad_part_is_set_aside_and_the_rest_is_used(hass, disk) -> None:
    checks = {"count": number, "more": {"deep": number}}
    store = open_store(hass, KEY)
    assert await async_load_parts(store, checks, "Shed") is None
    await store.async_save({"count": "many", "more": {"deep": 5, "newer": "x"}})
    assert await async_load_parts(store, checks, "Shed") == {"more": {"deep": 5, "newer": "x"}}
    assert disk.read(f"{KEY}.set_aside")["count"]["value"] == "many"
    # Another one later joins it.
    await store.async_save({"count": 1, "more": {"deep": None}})
    assert await async_load_parts(store, checks, "Shed") == {"count": 1, "more": {}}
    assert set(disk.read(f"{KEY}.set_aside")) == {"count", "more.deep"}
    found = issue(hass, set_aside_issue(store))
    expected = {"name": "Shed", "parts": "count, more.deep", "file": f"{KEY}.set_aside"}
    assert found.translation_placeholders == expected
    assert found.is_persistent
    assert type(await async_create_fix_flow(hass, found.issue_id, None)).__name__ == "ConfirmRepairFlow"
    await store.async_remove()
    assert not disk.has(f"{KEY}.set_aside")
    assert issue(hass, set_aside_issue(store)) is None


@pytest.mark.parametrize(
    "content", ["[]", '{"data": {}}', '{"version": 9, "data": {}}', '{"version": 1, "data": [1]}', "{}", "\xff"]
)
async def test_a_file_that_is_none_of_ours_does_not_stop_anything(hass, disk, content) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    disk.put(KEY, content)
    store = open_store(hass, KEY)
    assert not await async_load_parts(store, {"count": number}, "Shed")
    await store.async_save({"count": 1})
    assert await async_load_parts(store, {"count": number}, "Shed") == {"count": 1}
    await store.async_remove()
    assert not [name.name for name in (disk.folder / ".storage").iterdir() if "corrupt" not in name.name]
