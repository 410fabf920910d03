"""How long a confirmed write takes beside what it cannot do without: the pack's ready frame, and one reading of its settings.

On the lab's radio at the speed of real packs; the simulated pack sends its ready frame after 100 ms, as real ones do on average.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import statistics
import tempfile
import time
from typing import Any, override

from bleak.backends.device import BLEDevice
import bleak_retry_connector

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.settings import Settings, SettingValue
from custom_components.smart_bms.control.baseline import Baseline
from custom_components.smart_bms.control.request import WritePermission, WriteRequest
from custom_components.smart_bms.control.write_log import WriteLog
from custom_components.smart_bms.control.writer import ParameterWriter
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.board import Board
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio

ADDRESS = "C8:47:80:00:00:01"
WRITES = 30


class TimedPack(Pack):
    """A pack that takes down how long it waits for what."""

    spent: float = 0.0

    @contextmanager
    def _taken_down(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.spent += time.perf_counter() - start

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        with self._taken_down():
            return await super().write(key, value)

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        with self._taken_down():
            return await super().read_settings(key)


async def measure() -> tuple[list[float], list[float]]:
    """Return seconds per confirmed write, and the seconds of each that were spent waiting for the pack."""
    peripheral = JkPeripheral(ADDRESS, "bench", PB2A16S20P, Board(Battery(cells=16, capacity=280)))
    radio = SimulatedRadio(peripheral)
    backend = radio.client_class()
    original = bleak_retry_connector.BleakClientWithServiceCache

    class Client(original):  # type: ignore[misc, valid-type]
        def __init__(self, device: BLEDevice, **kwargs: Any) -> None:
            kwargs.pop("_is_retry_client", None)
            super().__init__(device, backend=backend, **kwargs)

    bleak_retry_connector.BleakClientWithServiceCache = Client  # type: ignore[assignment, misc]
    pack = TimedPack(FAMILIES["jk"], "bench", lambda: BLEDevice(ADDRESS, "bench", {}))
    write_log = WriteLog()
    with tempfile.TemporaryDirectory() as folder:

        async def save() -> None:
            text = json.dumps(write_log.as_list())
            await asyncio.to_thread(Path(folder, "journal").write_text, text)

        async def backup(_: str) -> None:
            """Nothing here needs one."""

        control = ParameterWriter(
            pack,
            permission=WritePermission(control=True),
            write_log=write_log,
            baseline=Baseline(),
            save=save,
            backup=backup,
            on_record=lambda *_: None,
            on_drift=lambda *_: None,
        )
        radio.start()
        running = asyncio.create_task(pack.run())
        while pack.state is not ConnectionState.STREAMING or pack.current_settings is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        totals, waited = [], []
        for number in range(WRITES):
            pack.spent = 0.0
            start = time.perf_counter()
            (record,) = await control.apply({"cell_overvoltage": 3.6 - 0.001 * (number + 1)}, WriteRequest())
            totals.append(time.perf_counter() - start)
            waited.append(pack.spent)
            if record.outcome != "confirmed":
                raise RuntimeError(record)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await radio.stop()
    return totals, waited


def main() -> None:
    """Print it."""
    totals, waited = asyncio.run(measure())
    ratio = statistics.median(total / wait for total, wait in zip(totals, waited, strict=True))
    print(f"\nA confirmed write (median of {WRITES}; ready frame after 100 ms, radio in steps of 20 ms)")
    print(f"  ready frame and one reading of the settings {statistics.median(waited) * 1000:7.1f} ms")
    print(
        f"  request to proof, journal kept on disk      {statistics.median(totals) * 1000:7.1f} ms   ratio {ratio:.3f}"
    )


if __name__ == "__main__":
    main()
