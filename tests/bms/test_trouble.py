"""A pack in trouble is seen, in every family and through the radio: what cannot be is taken away alone, and doubt ends."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
import itertools

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import ImplausibleError
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.driver import JkDriver
from custom_components.smart_bms.bms.jk.frames import FrameType
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_D2, R24_A5
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN3_NUS
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack
from tests.support.radio import finder, on_radio

PACKS: dict[str, Callable] = {
    "jk": jk_pack,
    "jk_24s": lambda **options: jk_pack("JK02_24S", **options),
    "jbd": jbd_pack,
    "daly_d2": lambda **options: daly_pack(K_D2, **options),
    "daly_81": lambda **options: daly_pack(ESS_81, **options),
    "daly_a5": lambda **options: daly_pack(R24_A5, **options),
    "smart123": lambda **options: smart123_pack(GEN3_NUS, pin=None, **options),
    "smart123_frames": lambda **options: smart123_pack(BRIDGE, **options),
}
POLLED = ("jbd", "daly_d2", "daly_81", "daly_a5")


@pytest.fixture(autouse=True)
def real_time(monkeypatch) -> None:
    """Let packs live as fast as the clock: how long doubt lasts is part of what is looked at."""
    monkeypatch.setattr("tests.support.radio.SPEED", 1.0)
    monkeypatch.setattr("tests.support.radio.TICK", 0.02)


@asynccontextmanager
async def living(monkeypatch, peripheral):
    """Keep a pack connected."""
    async with on_radio(monkeypatch, peripheral) as simulated_radio:
        pack = Pack(FAMILIES[peripheral.family], "test", finder(simulated_radio, peripheral.address))
        task = asyncio.create_task(pack.run())
        try:
            yield pack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


def loosen(peripheral, lower: int = 1, volts: float = 2.4) -> None:
    """Loosen the wire between two cells: one reads less, the other as much more."""
    cells = peripheral.board.battery.cells
    cells[lower].sense_error, cells[lower + 1].sense_error = -volts, volts


@pytest.mark.parametrize("family", PACKS)
async def test_a_loose_wire_between_two_cells_is_shown_as_the_board_measures_it(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    if not family.startswith("smart123"):
        peripheral.board.limits.power_off = 0.5  # a JK board would switch itself off
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.last_reading)
        loosen(peripheral)
        if family.startswith("smart123"):
            await until(lambda: pack.last_reading.cell_range[1] > 5, 60)
            return
        await until(lambda: pack.last_reading.cell_voltages[2] > 5)
        low, high = pack.last_reading.cell_voltages[1:3]
        assert (low, high) == pytest.approx((0.88, 5.68), abs=0.1)
        assert pack.last_reading.implausible == ()
        assert pack.sessions == 1


@pytest.mark.parametrize("family", ["jk", "jk_24s", "jbd", "daly_d2", "daly_81", "daly_a5"])
async def test_a_shorted_probe_is_unknown_alone_and_the_alarms_are_shown(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.last_reading)
        assert "temperature_1" in pack.last_reading.temperatures
        peripheral.board.battery.cells[0].temperature = 185.0
        peripheral.board.extra_alarms.add("cell_overvoltage" if family == "jk_24s" else "discharge_overtemperature")
        await until(lambda: pack.last_reading.implausible)
        reading = pack.last_reading
        assert reading.implausible[0] == "temperature_1"
        assert "temperature_1" not in reading.temperatures
        assert reading.alarms
        assert reading.voltage is not None
        assert reading.soc is not None
        seen = pack.trust.withheld["temperature_1"]
        await until(lambda: pack.trust.withheld["temperature_1"] > seen + 2)
        assert pack.sessions == 1


@pytest.mark.parametrize("family", ["jk", "jk_24s", "jbd", "daly_d2", "daly_81", "daly_a5"])
async def test_a_cell_that_cannot_be_is_unknown_alone_and_named(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.last_reading)
        peripheral.board.battery.cells[2].sense_error = 12.0
        await until(lambda: pack.last_reading.implausible == ("cell_voltage_3",))
        assert pack.last_reading.cell_voltages[2] is None
        assert pack.last_reading.cell_voltages[1] == pytest.approx(3.28, abs=0.05)


@pytest.mark.parametrize("family", PACKS)
async def test_a_pack_whose_cells_never_add_up_can_be_added(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    peripheral.board.battery.voltage_gain = 1.12
    async with on_radio(monkeypatch, peripheral) as simulated_radio:
        pack = Pack(FAMILIES[peripheral.family], "test", finder(simulated_radio, peripheral.address))
        _, reading = await pack.first_contact()
        assert reading.voltage == pytest.approx(4 * 3.28 * 1.12, abs=0.3)


@pytest.mark.parametrize("family", POLLED)
async def test_doubt_is_said_as_such_and_does_not_end_the_session(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    peripheral.board.battery.voltage_gain = 1.12
    async with living(monkeypatch, peripheral) as pack:
        loop = asyncio.get_running_loop()
        await until(lambda: pack.connection_state(loop.time()) is ConnectionState.IMPLAUSIBLE)
        assert pack.trust.doubt == "cells_disagree_with_voltage"
        await until(lambda: pack.last_reading)
        await asyncio.sleep(60)
        assert pack.sessions == 1
        assert pack.is_fresh(loop.time())
        assert pack.trust.doubt == "cells_disagree_with_voltage"


@pytest.mark.parametrize("family", ["jk", "jbd", "daly_d2"])
async def test_doubt_goes_on_in_the_next_session(monkeypatch, family) -> None:
    peripheral = PACKS[family](cells=4)
    peripheral.board.battery.voltage_gain = 1.12
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.trust.dropped["cells_disagree_with_voltage"] == 2)
        peripheral.hang_up = True
        await until(lambda: pack.sessions == 2)
        await until(lambda: pack.last_reading)
        limit = 10 if family == "jk" else 4
        assert pack.trust.dropped["cells_disagree_with_voltage"] <= limit
        assert pack.sessions == 2


async def test_a_loose_contact_that_never_reads_the_same_twice_does_not_hide_the_pack(monkeypatch) -> None:
    peripheral = jbd_pack(cells=4)
    battery = peripheral.board.battery
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.last_reading)
        step, jumps = battery.step, [0]

        def shaken(seconds: float, **switches: bool) -> None:
            jumps[0] += 1
            battery.cells[jumps[0] % 4].sense_error = (7.0, -1.5, 9.0)[jumps[0] % 3]
            battery.cells[(jumps[0] + 1) % 4].sense_error = 0.0
            step(seconds, **switches)

        monkeypatch.setattr(battery, "step", shaken)
        peripheral.board.extra_alarms.add("cell_overvoltage")
        await until(lambda: "cell_overvoltage" in (pack.last_reading.alarms or ()), 60)
        assert pack.sessions == 1


async def test_one_that_insists_on_nothing_that_can_be_shown_says_why(monkeypatch) -> None:
    peripheral = jbd_pack(cells=4)
    peripheral.board.battery.voltage_gain = 1.12
    monkeypatch.setattr("custom_components.smart_bms.bms.trust.MAX_DOUBT", 1e9)
    async with on_radio(monkeypatch, peripheral) as simulated_radio:
        pack = Pack(FAMILIES["jbd"], "test", finder(simulated_radio, peripheral.address))
        with pytest.raises(ImplausibleError, match="cells_disagree_with_voltage"):
            await pack.first_contact()
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: isinstance(pack.last_error, ImplausibleError), 120)
        assert pack.state is ConnectionState.IMPLAUSIBLE


async def test_a_listener_that_fails_is_logged_once_and_ends_nothing(monkeypatch, caplog) -> None:
    peripheral = jk_pack(cells=4)
    async with on_radio(monkeypatch, peripheral) as simulated_radio:

        def fail(_) -> None:
            raise ZeroDivisionError

        pack = Pack(FAMILIES["jk"], "test", finder(simulated_radio, peripheral.address), fail)
        task = asyncio.create_task(pack.run())
        await until(lambda: pack.frames_per_minute(asyncio.get_running_loop().time()) > 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert pack.sessions == 1
    assert caplog.text.count("after news of its reading") == 1


async def test_a_defect_of_ours_in_one_message_does_not_cost_the_next(monkeypatch, caplog) -> None:
    peripheral = jk_pack(cells=4)
    take, count = JkDriver._handle, itertools.count()

    def fail(self, frame: bytes, now: float) -> None:
        if frame[4] == FrameType.CELL_INFO and next(count) % 3 == 0:
            raise ZeroDivisionError
        take(self, frame, now)

    monkeypatch.setattr(JkDriver, "_handle", fail)
    async with living(monkeypatch, peripheral) as pack:
        await until(lambda: pack.dropped["defect"] > 5)
        assert pack.is_fresh(asyncio.get_running_loop().time())
        assert caplog.text.count("unexpected error in a message") == 1
