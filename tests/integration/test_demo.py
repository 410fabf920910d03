"""The demo as it starts: every pack can be added and is back after a restart, and what it shows belongs together."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
import importlib.util
from itertools import pairwise
from pathlib import Path
import subprocess
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar, device_registry as dr, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from lab.smart_bms_lab import yesterday
from lab.smart_bms_lab.areas import async_set_areas
from lab.smart_bms_lab.meters import sun
from lab.smart_bms_lab.packs import AREAS, HOME_STORAGE, all_packs
from lab.smart_bms_lab.proxy import advertise, demo_proxies
from tests.support.flows import configure, search
from tests.support.house import House
from tests.support.radio import SPEED, TICK

ROOT = Path(__file__).parents[2]
PASSWORDS = {"A4:C1:37:04:2D:05": "123456", "D4:11:09:00:0D:02": "1234"}
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def script() -> Any:
    """Return what script/demo runs."""
    spec = importlib.util.spec_from_file_location("smart_bms_demo", ROOT / "script" / "lib" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class DemoHouse(House):
    """The packs and proxies of the demo."""

    def __init__(self, hass) -> None:
        super().__init__(hass)
        self.radio = SimulatedRadio(*all_packs(), speed=SPEED, tick=TICK)
        self.proxies = demo_proxies(self.radio)

    def open(self) -> None:
        leaves = [proxy.register(self.hass) for proxy in self.proxies]
        self._leave = lambda: [leave() for leave in leaves] and None
        self.radio.start()

    def advertise(self, *packs) -> None:
        advertise(self.radio, self.proxies)

    async def add_pack(self, address: str) -> Any:
        """Add a pack the way a user does."""
        flow = await configure(self.hass, await search(self.hass), {"address": address})
        if address in PASSWORDS:
            assert flow["step_id"].startswith("password"), flow
            flow = await configure(self.hass, flow, {"password": PASSWORDS[address]})
        assert flow["step_id"] == "identified", (address, flow)
        flow = await configure(self.hass, flow, {})
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        await self.until(lambda: flow["result"].runtime_data.available)
        return flow["result"]

    async def add_bank(self, entries: dict[str, Any], name: str, members: tuple[str, ...]) -> Any:
        """Make the bank of the demo."""
        flow = await self.hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
        flow = await self.hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
        packs = [entries[address].entry_id for address in members]
        answer = {"name": name, "packs": packs, "wiring": "parallel", "strings": 1}
        flow = await self.hass.config_entries.flow.async_configure(flow["flow_id"], answer)
        assert flow["type"] is FlowResultType.CREATE_ENTRY, flow
        return flow["result"]


@pytest.fixture
async def demo(hass, enable_custom_integrations, enable_bluetooth) -> AsyncIterator[DemoHouse]:
    """Open the demo's house with nothing set up."""
    house = DemoHouse(hass)
    house.open()
    house.advertise()
    yield house
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    await house.close()
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_every_pack_that_waits_can_be_added_and_is_back_after_a_restart(hass, demo) -> None:
    script_demo = script()
    entries = {address: await demo.add_pack(address) for address in script_demo.SET_UP}
    waiting = [address for address in demo.radio.peripherals if address not in entries]
    assert len(waiting) == 2
    for address in waiting:
        entries[address] = await demo.add_pack(address)
    assert len(entries) == len(demo.radio.peripherals)
    assert all(entry.runtime_data.available for entry in entries.values())

    # A restart: all of them want a slot at the same moment.
    for entry in entries.values():
        assert await hass.config_entries.async_unload(entry.entry_id)
    await demo.until(lambda: not any(pack.connected for pack in demo.radio.peripherals.values()))
    assert all(await asyncio.gather(*(hass.config_entries.async_setup(entry.entry_id) for entry in entries.values())))
    await demo.until(lambda: all(entry.runtime_data.available for entry in entries.values()), 20)

    # One pack only asks its owner to change a password.
    await demo.until(lambda: all(entry.runtime_data.pack.current_settings for entry in entries.values()), 20)
    issues = [issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN]
    assert len(issues) <= 1

    bank = await demo.add_bank(entries, script_demo.BANK, script_demo.BANKED)
    async_set_areas(hass)
    areas, devices = ar.async_get(hass), dr.async_get(hass)
    places = {
        key: areas.async_get_area(device.area_id).name if device.area_id else None
        for key, entry in (entries | {"bank": bank}).items()
        for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
    }
    assert places == AREAS | dict.fromkeys(waiting) | {"bank": "Cellar"}
    serials = [
        device.serial_number
        for entry in entries.values()
        for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
        if device.serial_number
    ]
    assert len(serials) == len(set(serials)) == 6


def test_there_is_a_slot_for_every_pack_and_one_more() -> None:
    radio = SimulatedRadio(*all_packs())
    assert sum(proxy._slots for proxy in demo_proxies(radio)) > len(radio.peripherals)


def test_what_the_script_sets_up_stands_somewhere() -> None:
    assert set(script().SET_UP) == set(AREAS)
    assert set(script().BANKED) == set(HOME_STORAGE)


@pytest.mark.parametrize("seconds", [60, 900, 3600])
def test_the_bank_is_one_battery(seconds) -> None:
    packs = {pack.address: pack for pack in all_packs()}
    boards = [packs[address].board for address in HOME_STORAGE]
    for _ in range(seconds):
        for board in boards:
            board.step(1.0)
        one, other = (board.battery for board in boards)
        assert one.current * other.capacity == pytest.approx(other.current * one.capacity)
        assert one.voltage == pytest.approx(other.voltage, abs=0.25)
    assert (len(one.cells), one.chemistry) == (len(other.cells), other.chemistry)
    assert boards[0].soc == pytest.approx(boards[1].soc, abs=0.02)


@pytest.fixture
async def in_amsterdam(hass) -> None:
    """Live where the demo lives."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("now", "count"),
    [
        ("2026-7-2 0:5", 24),
        ("2026-7-2 1:0", 25),
        ("2026-7-2 12:34", 36),
        ("2026-7-2 23:59", 47),
        # The night in between had another number of hours.
        ("2026-3-30 0:20", 23),
        ("2026-10-26 0:20", 25),
    ],
)
def test_yesterday_begins_at_midnight_whatever_the_hour(in_amsterdam, now, count) -> None:
    now = datetime.strptime(now, "%Y-%m-%d %H:%M").replace(tzinfo=AMSTERDAM)
    hours = yesterday.hours_until(now)
    assert len(hours) == count
    assert (hours[0].hour, hours[0].date()) == (0, now.date() - timedelta(days=1))
    starts = [dt_util.as_utc(hour) for hour in hours]
    assert {after - before for before, after in pairwise(starts)} == {timedelta(hours=1)}
    assert timedelta() <= dt_util.as_utc(now) - starts[-1] - timedelta(hours=1) < timedelta(hours=1)


def test_a_day_charges_by_the_sun_and_feeds_the_house_at_night(in_amsterdam) -> None:
    hours = yesterday.hours_until(datetime(2026, 7, 2, 23, 59, tzinfo=AMSTERDAM))
    packs = {pack.address: pack for pack in all_packs()}
    batteries = [packs[address].board.battery for address in HOME_STORAGE]
    moved = yesterday.summed([yesterday.lived(battery, hours) for battery in batteries])
    capacity = sum(51.2 * battery.capacity for battery in batteries) / 1000
    meters = yesterday.metered(capacity, hours, moved)
    for hour, flow in zip(hours, moved, strict=True):
        assert flow.charged == 0 or sun(hour) + sun(hour + timedelta(minutes=59)) > 0, hour
    charged, discharged = (sum(getattr(flow, name) for flow in moved) / 1000 for name in ("charged", "discharged"))
    assert 0.5 * capacity < charged < 2 * capacity
    assert discharged == pytest.approx(charged, rel=0.35)
    shown = meters[-1]
    assert shown.solar_energy > charged
    home = shown.solar_energy + shown.grid_import - shown.grid_export + discharged - charged
    assert 0.5 * capacity < home < 3 * capacity
    # What the battery gives, the house uses: nothing of it is sold at night.
    for before, after, hour in zip(meters, meters[1:], hours[1:], strict=False):
        if not sun(hour + timedelta(minutes=30)):
            assert after.grid_export == pytest.approx(before.grid_export)


@pytest.mark.parametrize(
    ("options", "code", "reported"),
    [
        (["--help"], 0, "script/demo --fresh"),
        (["--bogus"], 1, "does not know --bogus"),
        (["--seconds"], 1, "takes a number"),
        (["--seconds", "soon"], 1, "takes a number"),
    ],
)
def test_the_script_answers(options, code, reported) -> None:
    ended = subprocess.run(
        [ROOT / "script" / "demo", *options], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == code
    assert reported in ended.stdout + ended.stderr


def test_automations_made_in_the_user_interface_run() -> None:
    assert "automation: !include automations.yaml\n" in script().CONFIGURATION
