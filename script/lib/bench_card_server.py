"""What a browser that watches a pack costs the server: turning a reading into data, and sending what changed.

Run by pytest, whose Home Assistant it needs: script/bench card does that.
"""

import statistics
from time import thread_time as clock
from typing import Any, Final

import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.simulator.battery import Battery, household
from custom_components.smart_bms.websocket_api import stream as stream_module
from custom_components.smart_bms.websocket_api.messages import Rights
from custom_components.smart_bms.websocket_api.stream import Subscription, stream_of
from tests.support.protected_pack import mirrored
from tests.support.rule_books import JK_LFP

MESSAGES: Final = 600
A_SECOND: Final = 2
"""Messages."""
BUDGET: Final = 1.0
"""ms a second, per browser."""


class Connection:
    """A browser that takes everything."""

    def __init__(self) -> None:
        """Initialize."""
        self.bytes = 0

    def send_message(self, message: bytes) -> None:
        """Take a message."""
        self.bytes += len(message)


def reading_of(battery: Battery, now: float) -> Reading:
    """Return what a pack of sixteen cells says."""
    return Reading(
        measured_at=now,
        cell_voltages=tuple(cell.voltage for cell in battery.cells),
        cell_resistances=(0.058,) * len(battery.cells),
        voltage=battery.voltage,
        current=battery.current,
        soc=68.0,
        temperatures={"temperature_1": 20.7, "temperature_2": 20.9, "mosfet": 26.0},
        alarms=(),
        charging_enabled=True,
        discharging_enabled=True,
    )


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Do without asyncio's debug mode, which a real server does not have."""


@pytest.mark.usefixtures("enable_custom_integrations", "enable_bluetooth")
async def test_server(hass: Any, freezer: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Print it."""
    battery = Battery(cells=16, capacity=280, profile=household(seed=7), seed=7)
    lines = []
    # Sent below, and nowhere else.
    monkeypatch.setattr(stream_module, "MIN_INTERVAL", 1e9)
    async with mirrored(hass, freezer, monkeypatch, dict(JK_LFP)) as pack:
        for browsers in (1, 4):
            stream = stream_of(hass, pack.entry)
            connections = [Connection() for _ in range(browsers)]
            ends = []
            watching: list[Subscription] = []
            for connection in connections:
                one = Subscription(connection, 1, lambda: Rights(write=True, control=True))  # type: ignore[arg-type]
                watching.append(one)
                ends.append(stream.add(one))
            times = []
            for _ in range(MESSAGES):
                battery.step(0.5)
                pack.now += 0.5
                pack.show(reading_of(battery, pack.now))
                for one in watching:
                    one.confirmed = one.number
                start = clock()
                stream._send()  # noqa: SLF001
                times.append(clock() - start)
            share = 1000 * statistics.median(times) * A_SECOND / browsers
            size = connections[0].bytes / MESSAGES
            for end in ends:
                end()
            label = f"server, per browser and second, {browsers} watching a pack of 16 cells"
            held = "of" if share <= BUDGET else "EXCEEDS"
            lines.append(f"{label:<64} {share:8.2f} ms  {held} {BUDGET:.0f} ms   ({size:.0f} bytes a message)")
            assert connections[0].bytes
    with capsys.disabled():
        print("\n" + "\n".join(lines))
