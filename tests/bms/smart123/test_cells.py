"""The largest chain there is: 255 cells, for hours."""

import asyncio
from itertools import pairwise
import time

from bleak.backends.device import BLEDevice
import pytest

from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN3_NUS
from tests.support import virtual_time
from tests.support.packs import smart123_pack
from tests.support.radio import advertised

HOURS = 0.5
CELLS = 255


async def live(peripheral, password: str | None, hours: float):
    """Let a pack stream for hours; return it with the ages of its cells and what was waiting, each minute."""
    radio = SimulatedRadio(peripheral, tick=0.1)
    readings: list[float] = []
    worst: list[float] = []

    def changed(change: Change) -> None:
        if change is Change.READING:
            readings.append(pack.last_reading.measured_at)
            known = [at for at in pack.last_reading.cell_times if at is not None]
            worst.append(pack.last_reading.measured_at - min(known, default=pack.last_reading.measured_at))

    pack = Pack(
        FAMILIES["smart123"],
        "test",
        lambda: BLEDevice(peripheral.address, peripheral.name, {}),
        changed,
        context=SessionContext(
            password=password,
            advertisement=lambda: advertised(peripheral),
            client_class=radio.direct_client_class(),
        ),
    )
    radio.start()
    task = asyncio.create_task(pack.run())
    waiting: list[int] = []
    for _ in range(int(hours * 60)):
        await asyncio.sleep(60)
        session = pack._session._driver._session
        reassembler = session._lines if hasattr(session, "_lines") else session._reassembler
        waiting.append(reassembler.pending + len(asyncio.all_tasks()) + len(peripheral._queue))
    shown = pack.last_reading
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await radio.stop()
    return pack, shown, readings, worst, waiting


@pytest.mark.parametrize(("label", "password"), [(GEN3_NUS, "1234"), (BRIDGE, None)], ids=["records", "frames"])
def test_a_chain_of_255_cells_streams_for_hours(label, password, capsys) -> None:
    peripheral = smart123_pack(label, cells=CELLS, name="UART" if password is None else "123\\SmartBMS")
    began = time.perf_counter()
    (pack, shown, readings, worst, waiting), loop = virtual_time.run(live(peripheral, password, HOURS))
    took = time.perf_counter() - began
    assert shown.cell_count == CELLS
    assert None not in shown.cell_voltages
    for voltage, cell in zip(shown.cell_voltages, peripheral.board.battery.cells, strict=True):
        assert voltage == pytest.approx(cell.voltage, abs=0.02)
    assert len(readings) > HOURS * 3600 * 0.98
    assert max(later - earlier for earlier, later in pairwise(readings[10:])) < 15
    assert max(worst) <= 3 * CELLS
    assert max(waiting[-10:]) <= max(waiting[:10]) + 20
    assert pack.sessions == 1
    assert not pack.dropped
    with capsys.disabled():
        print(  # noqa: T201
            f"\n255 cells, {HOURS} h, {label.variant}: {len(readings)} readings, {took:.1f} s of real time,"
            f" longest block of the event loop {loop.longest * 1000:.1f} ms, most waiting {max(waiting)}"
        )
