"""Scale: many packs over some proxies, added as a user would, and what that costs. For script/scale."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
import json
from pathlib import Path
import statistics
import time
from typing import Any, Final

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util
import psutil

from custom_components.smart_bms.coordinator import SmartBmsCoordinator
from custom_components.smart_bms.simulator.battery import Battery, Profile
from custom_components.smart_bms.simulator.board import Board
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import EmulatedClient, SimulatedRadio
from custom_components.smart_bms.storage.history_import import async_import_soc

from .proxy import EmulatedProxy

DOMAIN: Final = "smart_bms"
_SAMPLE: Final = 0.5
_PATIENCE: Final = 120.0
"""s that adding a pack may take."""
_WARM_UP: Final = 75.0
"""s after the last first value before anything is measured."""
_BASELINE: Final = 30.0
"""s for which Home Assistant is measured without packs."""
_AT_ONCE: Final = 4
"""Packs that are added at the same time."""


def ramp(number: int) -> Profile:
    """Return a charge that rises by 60 A within the hour; each pack at another place of it."""
    return lambda now: (now / 60 + 7 * number) % 60


def packs(count: int) -> list[Peripheral]:
    """Return JK packs of sixteen cells."""
    found: list[Peripheral] = []
    for number in range(count):
        battery = Battery(cells=16, capacity=280, soc=0.5, profile=ramp(number), seed=number + 1, temperature=22)
        address = f"C8:47:80:00:{number // 256:02X}:{number % 256:02X}"
        found.append(JkPeripheral(address, f"Scale {number + 1}", PB2A16S20P, Board(battery)))
    return found


def proxies(radio: SimulatedRadio, count: int) -> list[EmulatedProxy]:
    """Return proxies of three slots."""
    return [EmulatedProxy(radio, f"24:6F:28:01:00:{number:02X}", f"Proxy {number + 1}") for number in range(count)]


class SimulationCost:
    """Counts the CPU time of the simulated packs and radio, which no real house has."""

    def __init__(self, radio: SimulatedRadio) -> None:
        """Watch a radio."""
        self.seconds = 0.0
        self._delivering = 0.0
        advance, deliver = radio.advance, EmulatedClient.deliver

        def timed_advance(seconds: float) -> None:
            start, before = time.thread_time(), self._delivering
            advance(seconds)
            self.seconds += time.thread_time() - start - (self._delivering - before)

        def timed_deliver(client: EmulatedClient, handle: int, data: bytes) -> None:
            start = time.thread_time()
            deliver(client, handle, data)
            self._delivering += time.thread_time() - start

        radio.advance = timed_advance  # type: ignore[method-assign]
        EmulatedClient.deliver = timed_deliver  # type: ignore[method-assign, assignment]


@dataclass
class Ages:
    """Ages of what one pack showed."""

    seen: list[float] = field(default_factory=list)
    unavailable: int = 0
    first: float | None = None
    """s from the start of the run to the first reading after it."""


class Run:
    """One run: add, restart all, measure, write down."""

    def __init__(
        self, hass: HomeAssistant, radio: SimulatedRadio, addresses: list[str], config: dict[str, Any]
    ) -> None:
        """`config`: seconds to measure, and where the result goes."""
        self._hass, self._addresses = hass, addresses
        self._seconds, self._target = float(config["seconds"]), Path(config["result"])
        self._cost = SimulationCost(radio)
        self._ages = {address: Ages() for address in addresses}
        self._longest = 0.0
        self._guarded: Counter[str] = Counter()
        """Samples in which a pack was near a protection or held back, by address."""
        self._changes: Counter[str] = Counter()
        """Rows for the database while it is measured, by entity."""

    async def run(self) -> None:
        """Run, and end Home Assistant."""
        try:
            result = await self._measure()
        except Exception as error:
            result = {"error": repr(error)}
            raise
        finally:
            await self._hass.async_add_executor_job(self._target.write_text, json.dumps(result))
            await self._hass.services.async_call("homeassistant", "stop")

    async def _measure(self) -> dict[str, Any]:
        began = self._hass.loop.time()
        limit = asyncio.Semaphore(_AT_ONCE)

        async def add(address: str) -> bool:
            async with limit:
                return await self._add(address)

        added = await asyncio.gather(*(add(address) for address in self._addresses))
        adding = self._hass.loop.time() - began
        started = self._hass.loop.time()
        entries = self._hass.config_entries.async_entries(DOMAIN)
        await asyncio.gather(*(self._hass.config_entries.async_reload(entry.entry_id) for entry in entries))
        await self._settle(started)
        # Limits rise from nothing after a start, which is no ordinary hour.
        await asyncio.sleep(_WARM_UP)
        process = psutil.Process()
        block = asyncio.create_task(self._watch_blocks())
        start = self._hass.loop.time()
        stop_counting = self._hass.bus.async_listen("state_changed", self._count)
        spent = await self._spend(self._seconds, started)
        stop_counting()
        minutes = (self._hass.loop.time() - start) / 60
        imported, statistics_seen = await self._check_history()
        longest = self._longest
        # What the same Home Assistant, radio and this measurement cost without our packs.
        for entry in entries:
            await self._hass.config_entries.async_unload(entry.entry_id)
        alone = await self._spend(min(self._seconds, _BASELINE), started)
        block.cancel()
        mean = [statistics.fmean(ages.seen) if ages.seen else None for ages in self._ages.values()]
        return {
            "packs": len(self._addresses),
            "added": sum(added),
            "seconds_to_add": round(adding, 1),
            "first_values": [ages.first for ages in self._ages.values()],
            "cpu_per_pack_and_minute": (spent - alone) / len(self._addresses),
            "cpu_alone": alone,
            "changes": self._changes.total(),
            "guarded": [self._guarded[address] for address in self._addresses],
            "most": self._changes.most_common(12),
            "memory_mb": process.memory_info().rss / 2**20,
            "longest_block_ms": longest * 1000,
            "mean_age": mean,
            "oldest": [max(ages.seen, default=None) for ages in self._ages.values()],
            "unavailable": [
                ages.unavailable / max(1, ages.unavailable + len(ages.seen)) for ages in self._ages.values()
            ],
            "minutes": minutes,
            "imported": imported,
            "statistics": statistics_seen,
        }

    async def _spend(self, seconds: float, started: float) -> float:
        """Sample for some time; return the CPU time in s of a minute, without that of the simulated packs."""
        cpu, simulated, start = time.process_time(), self._cost.seconds, self._hass.loop.time()
        while self._hass.loop.time() - start < seconds:
            self._sample(started)
            await asyncio.sleep(_SAMPLE)
        spent = time.process_time() - cpu - (self._cost.seconds - simulated)
        return spent / (self._hass.loop.time() - start) * 60

    @callback
    def _count(self, event: Event) -> None:
        """Count a row of one of our entities."""
        _, of_pack, name = event.data["entity_id"].partition(".scale_")
        if of_pack:
            self._changes[name.partition("_")[2]] += 1

    async def _check_history(self) -> tuple[int, int]:
        """Return how many hours of history a pack could import, and how many statistics there are of its sensors by now."""
        (address, *_) = self._addresses
        imported = await async_import_soc(self._hass, address, {ago: 50.0 + ago for ago in range(24)})
        recorder = get_instance(self._hass)
        await recorder.async_block_till_done()
        entity_ids = {state.entity_id for state in self._hass.states.async_all("sensor")}
        since = dt_util.utcnow() - timedelta(days=2)
        found = 0
        for period in ("hour", "5minute"):
            rows = await recorder.async_add_executor_job(
                statistics_during_period, self._hass, since, None, entity_ids, period, None, {"mean"}
            )
            found += sum(len(of_one) for of_one in rows.values())
        return imported, found

    async def _settle(self, started: float) -> None:
        """Wait until every pack was read once, or no longer."""
        until = self._hass.loop.time() + _PATIENCE
        while self._hass.loop.time() < until and any(ages.first is None for ages in self._ages.values()):
            self._sample(started)
            await asyncio.sleep(0.1)
        for ages in self._ages.values():
            ages.seen.clear()
            ages.unavailable = 0

    def _sample(self, started: float) -> None:
        for entry in self._hass.config_entries.async_entries(DOMAIN):
            coordinator: SmartBmsCoordinator | None = getattr(entry, "runtime_data", None)
            if coordinator is None:
                continue
            self._guarded[coordinator.address] += coordinator._is_guarded()  # noqa: SLF001
            ages, now = self._ages[coordinator.address], coordinator.now
            age = coordinator.pack.age(now)
            if age is not None and ages.first is None and now - age > started:
                ages.first = round(now - age - started, 1)
            if coordinator.available and age is not None:
                ages.seen.append(age)
            else:
                ages.unavailable += 1

    async def _watch_blocks(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self._longest = max(self._longest, time.perf_counter() - before - 0.01)

    async def _add(self, address: str) -> bool:
        """Add a pack as a user would; return whether that worked."""
        flows = self._hass.config_entries.flow
        try:
            async with asyncio.timeout(_PATIENCE):
                step: Any = await flows.async_init(DOMAIN, context={"source": "user"})
                step = await flows.async_configure(step["flow_id"], {"next_step_id": "search"})
                while step.get("step_id") == "nothing_found":
                    await asyncio.sleep(1)
                    step = await flows.async_configure(step["flow_id"], {})
                step = await flows.async_configure(step["flow_id"], {"address": address})
                while True:
                    if step["type"] == "progress":
                        await asyncio.sleep(0.2)
                        step = await flows.async_configure(step["flow_id"])
                    elif step.get("step_id") == "connect":
                        return False
                    elif step["type"] == "create_entry":
                        return True
                    else:
                        step = await flows.async_configure(step["flow_id"], {})
        except TimeoutError:
            return False


def async_run_when_started(hass: HomeAssistant, run: Run) -> CALLBACK_TYPE:
    """Begin a run once Home Assistant is up."""

    async def begin(_: Event | None = None) -> None:
        await run.run()

    if hass.state is CoreState.running:
        hass.async_create_task(begin())
        return lambda: None
    return hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, begin)
