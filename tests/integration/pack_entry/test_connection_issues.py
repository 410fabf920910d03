"""Repairs about the connection: raised when something lasts, and gone with it."""

from homeassistant.helpers import device_registry as dr, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import NoFreeSlotError
from custom_components.smart_bms.pack_entry import bluetooth_paths, connection_issues
from custom_components.smart_bms.pack_entry.connection_issues import ConnectionIssues
from custom_components.smart_bms.pack_entry.issues import async_delete_pack_issues
from tests.support.issues import issues as all_issues

STEP = 30.0
"""s between two looks."""


def issues(hass) -> list[str | None]:
    """Return the issues about the connection."""
    return [key for key in all_issues(hass) if key != "default_password"]


class Watched:
    """The issues of one pack, in a time of their own."""

    def __init__(self, hass, entry, pack) -> None:
        self.now = entry.runtime_data.now
        self.pack = entry.runtime_data.pack
        self.drift = False
        self.issues = ConnectionIssues(
            hass,
            entry.entry_id,
            pack.address,
            self.pack,
            name=lambda: "Shed",
            describe=lambda: {"model": "JK", "firmware": "11"},
            has_drift=lambda: self.drift,
        )

    def last(self, state: ConnectionState, seconds: float, monkeypatch) -> None:
        """Let a state last."""
        monkeypatch.setattr(type(self.pack), "connection_state", lambda *_: state)
        until = self.now + seconds
        while self.now < until:
            self.now += STEP
            self.issues.async_update(self.now)


@pytest.fixture
async def watched(hass, house, pack, adopt) -> Watched:
    return Watched(hass, await adopt(pack), pack)


@pytest.mark.parametrize("by", ["unique_id", "address", "device"])
async def test_another_integration_on_the_same_pack_is_named_until_it_is_gone(
    hass, watched, pack, monkeypatch, by
) -> None:
    values = {"unique_id": {"unique_id": pack.address}, "address": {"data": {"address": pack.address.lower()}}}
    other = MockConfigEntry(domain="bms_ble", title="BMS", **values.get(by, {}))
    other.add_to_hass(hass)
    if by == "device":
        dr.async_get(hass).async_get_or_create(
            config_entry_id=other.entry_id, connections={(dr.CONNECTION_BLUETOOTH, pack.address)}
        )
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    assert issues(hass) == ["other_integration"]
    await hass.config_entries.async_remove(other.entry_id)
    watched.last(ConnectionState.STREAMING, 600, monkeypatch)
    assert issues(hass) == []


async def test_integrations_that_only_listen_are_no_problem(hass, watched, pack, monkeypatch) -> None:
    MockConfigEntry(domain="ibeacon", unique_id=pack.address).add_to_hass(hass)
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    assert issues(hass) == []


async def test_a_pack_that_was_near_and_is_not_heard_is_probably_taken(hass, watched, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth_paths, "signal_strength", lambda *_: -60)
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 570, monkeypatch)
    assert issues(hass) == []
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 90, monkeypatch)
    assert issues(hass) == ["second_client"]
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    assert issues(hass) == []


async def test_parameters_that_somebody_changed_make_that_certain_sooner(hass, watched, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth_paths, "signal_strength", lambda *_: -60)
    watched.drift = True
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 210, monkeypatch)
    assert issues(hass) == ["second_client"]


async def test_a_pack_at_the_edge_of_reach_is_not_said_to_be_taken(hass, watched, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth_paths, "signal_strength", lambda *_: -93)
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 1200, monkeypatch)
    assert issues(hass) == []


async def test_a_pack_that_is_heard_and_refuses_is_probably_taken(hass, watched, monkeypatch) -> None:
    watched.last(ConnectionState.CONNECT_FAILED, 210, monkeypatch)
    assert issues(hass) == ["second_client"]


async def test_slots_that_are_full_for_long_are_named(hass, watched, monkeypatch) -> None:
    watched.pack.last_error = NoFreeSlotError("Garage proxy")
    watched.last(ConnectionState.NO_FREE_SLOT, 570, monkeypatch)
    assert issues(hass) == []
    watched.last(ConnectionState.NO_FREE_SLOT, 90, monkeypatch)
    assert issues(hass) == ["no_free_slot"]


@pytest.mark.parametrize(
    ("bonded", "path", "key"),
    [
        (False, ("hci0", True), "pairing_adapter"),
        (False, ("Garage proxy", False), "pairing_proxy"),
        (False, None, "pairing_adapter"),
        (True, ("Garage proxy", False), "bond_lost"),
    ],
)
async def test_pairing_names_who_would_hold_the_bond(hass, watched, monkeypatch, bonded, path, key) -> None:
    monkeypatch.setattr(bluetooth_paths, "best_path", lambda *_: path)
    watched.pack.was_bonded = bonded
    watched.last(ConnectionState.PAIRING_NEEDED, 90, monkeypatch)
    assert issues(hass) == [key]


async def test_removing_the_pack_takes_its_issues_along(hass, house, watched, monkeypatch) -> None:
    watched.last(ConnectionState.CONNECT_FAILED, 210, monkeypatch)
    (entry,) = hass.config_entries.async_entries("smart_bms")
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == []


async def test_a_pack_whose_data_nobody_understands_is_asked_for_a_recording(hass, watched, monkeypatch) -> None:
    watched.last(ConnectionState.SILENT, 1200, monkeypatch)
    assert issues(hass) == []
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    watched.last(ConnectionState.SILENT, 60, monkeypatch)
    watched.pack.dropped["checksum"] += 20
    watched.last(ConnectionState.SILENT, 480, monkeypatch)
    assert issues(hass) == []
    watched.last(ConnectionState.SILENT, 120, monkeypatch)
    assert issues(hass) == ["unsupported_firmware"]
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    assert issues(hass) == []


async def test_a_pack_that_sends_nothing_but_broken_frames_for_long_may_have_another_firmware(
    hass, house, pack, adopt, monkeypatch
) -> None:
    monkeypatch.setattr(connection_issues, "_LASTING", 5.0)
    await adopt(pack)
    pack.faults.corrupt_every = 1
    await house.until(lambda: "unsupported_firmware" in issues(hass), 120.0)
    (issue,) = (item for item in ir.async_get(hass).issues.values() if item.translation_key == "unsupported_firmware")
    assert issue.translation_placeholders["model"]
    pack.faults.corrupt_every = 0
    await house.until(lambda: "unsupported_firmware" not in issues(hass), 60.0)


async def test_a_home_assistant_without_any_adapter_is_told_once_for_all_packs(hass, watched, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth_paths, "signal_strength", lambda *_: None)
    count = 0
    monkeypatch.setattr(bluetooth_paths, "count_adapters", lambda _: count)
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 90, monkeypatch)
    assert issues(hass) == []
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 90, monkeypatch)
    assert issues(hass) == ["no_adapter"]
    count = 1
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 30, monkeypatch)
    assert issues(hass) == []


async def test_silence_is_no_firmware(hass, watched, monkeypatch) -> None:
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    watched.last(ConnectionState.SILENT, 60, monkeypatch)
    watched.pack.dropped.update(unanswered=50, unasked=50, defect=50, settings_unread=50)
    watched.last(ConnectionState.SILENT, 700, monkeypatch)
    assert issues(hass) == []


async def test_two_ways_to_make_no_sense_are_one(hass, watched, monkeypatch) -> None:
    for _ in range(4):
        watched.last(ConnectionState.SILENT, 150, monkeypatch)
        watched.pack.dropped["checksum"] += 20
        watched.last(ConnectionState.IMPLAUSIBLE, 60, monkeypatch)
    assert issues(hass) == ["unsupported_firmware"]


async def test_without_an_adapter_nobody_is_said_to_have_the_pack(hass, watched, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth_paths, "signal_strength", lambda *_: -50)
    watched.last(ConnectionState.STREAMING, 60, monkeypatch)
    monkeypatch.setattr(bluetooth_paths, "count_adapters", lambda _: 0)
    watched.last(ConnectionState.NO_CONNECTABLE_PATH, 900, monkeypatch)
    assert issues(hass) == ["no_adapter"]


async def test_without_bluetooth_a_pack_can_be_removed(hass, house, watched, monkeypatch) -> None:
    watched.last(ConnectionState.CONNECT_FAILED, 210, monkeypatch)
    (entry,) = hass.config_entries.async_entries("smart_bms")
    MockConfigEntry(domain="smart_bms", data={"family": "jk"}).add_to_hass(hass)
    hass.config.components.remove("bluetooth")
    try:
        assert bluetooth_paths.count_adapters(hass) == 0
        async_delete_pack_issues(hass, entry.entry_id)
    finally:
        hass.config.components.add("bluetooth")
    assert issues(hass) == []
