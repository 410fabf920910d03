"""What a reading costs in Home Assistant, by part: from the notification to the states that are written.

Run by pytest, whose Home Assistant it needs: script/bench reading does that.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time as clock
from typing import Any, Final

from homeassistant.helpers.entity import Entity
import pytest

from custom_components.smart_bms.bms.pack import Change
from custom_components.smart_bms.coordinator import SmartBmsCoordinator
from custom_components.smart_bms.pack_entry.coordinator_base import PackCoordinatorBase
from custom_components.smart_bms.simulator.battery import household
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from script.lib import bench
from tests.support.packs import jk_pack
from tests.support.protected_pack import mirrored
from tests.support.rule_books import JK_LFP

READINGS: Final = 2400
A_MINUTE: Final = 120
BUDGET: Final = 0.08
"""s of a minute, per pack."""


class Parts:
    """Times by part; what runs inside another part is taken off it."""

    def __init__(self) -> None:
        """Initialize."""
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of a block for a part."""
        start = clock()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took = clock() - start
            inside = self._inner.pop()
            self._inner[-1] += took
            self.seconds[name] = self.seconds.get(name, 0.0) + took - inside

    def measure(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, part: str) -> None:
        """Count the time of a method for a part."""
        function = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(part):
                return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, timed)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Do without asyncio's debug mode, which a real server does not have."""


def frames(pack: JkPeripheral) -> Iterator[list[bytearray]]:
    """Yield the notifications of one reading after the other."""
    for number in range(READINGS):
        pack.board.step(bench.PERIOD)
        yield bench.cut(bench.sealed(pack.cell_info(), 0x02, number))


@pytest.mark.usefixtures("enable_custom_integrations", "enable_bluetooth")
async def test_reading(hass: Any, freezer: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Print it."""
    peripheral = jk_pack(cells=bench.CELLS, profile=household(seed=7))
    parts, written = Parts(), [0]
    async with mirrored(hass, freezer, monkeypatch, dict(JK_LFP)) as pack:
        coordinator = pack.coordinator
        listener = bench.listener()
        driver = bench.introduced(listener, peripheral)

        def heard(change: Change) -> None:
            if change is Change.READING and listener.last_reading is not None:
                pack.show(listener.last_reading)

        monkeypatch.setattr(listener, "_listener", heard)
        stream = [*frames(peripheral)]
        for notification in (one for some in stream[:20] for one in some):
            pack.now += bench.PERIOD / len(bench.FRAGMENTS)
            driver.notified(notification, pack.now)
        await hass.async_block_till_done()
        parts.measure(monkeypatch, coordinator.pipeline, "async_process", "protection, energy, wiring")
        parts.measure(monkeypatch, PackCoordinatorBase, "async_update_listeners", "entities that are asked")
        parts.measure(monkeypatch, coordinator, "_update_status", "status")
        parts.measure(monkeypatch, SmartBmsCoordinator, "_async_handle_reading", "coordinator")
        original = Entity.async_write_ha_state

        def write(entity: Entity) -> None:
            written[0] += 1
            with parts.part("states that are written"):
                original(entity)

        monkeypatch.setattr(Entity, "async_write_ha_state", write)
        for notifications in stream[20:]:
            for notification in notifications:
                pack.now += bench.PERIOD / len(bench.FRAGMENTS)
                with parts.part("decoding and trust"):
                    driver.notified(notification, pack.now)
            await asyncio.sleep(0)
        count = len(stream) - 20
    total = sum(parts.seconds.values())
    lines = [f"{name:<32} {1e6 * seconds / count:8.1f} µs a reading" for name, seconds in parts.seconds.items()]
    share = total / count * A_MINUTE
    held = "of" if share <= BUDGET else "EXCEEDS"
    lines += [
        f"{'all':<32} {1e6 * total / count:8.1f} µs a reading, {share:.3f} s a minute, {held} {BUDGET} s",
        f"{'states written':<32} {written[0] / count * A_MINUTE * 60:8.0f} an hour",
    ]
    with capsys.disabled():
        print("\n" + "\n".join(lines))
