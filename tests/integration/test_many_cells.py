"""255 cells in Home Assistant: entities for all of them, and a house that stays responsive."""

import asyncio
import time

from homeassistant.helpers import entity_registry as er

from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS
from tests.support.packs import smart123_pack

CELLS = 255
SPEED = 80.0
"""Times as fast as life."""


async def longest_block(seconds: float) -> float:
    """Return the longest time in s for which the event loop did not get to us."""
    worst, until = 0.0, time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        await asyncio.sleep(0)
        worst = max(worst, time.perf_counter() - began)
    return worst


async def test_every_cell_has_entities_and_only_the_first_are_enabled(hass, house, adopt, capsys) -> None:
    house.radio.speed = SPEED
    pack = smart123_pack(GEN3_NUS, name="Shed", cells=CELLS)
    entry = await adopt(pack, password="1234")
    await house.until(lambda: None not in entry.runtime_data.data.cell_voltages, 30)
    block = await longest_block(2.0)
    registry = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for kind in ("cell_voltage", "cell_temperature"):
        cells = {
            int(item.unique_id.rpartition("_")[2]): item
            for item in registry
            if item.unique_id.startswith(f"{pack.address}_{kind}_") and item.unique_id[-1].isdecimal()
        }
        assert set(cells) == set(range(1, CELLS + 1))
        enabled = {number for number, item in cells.items() if item.disabled_by is None}
        # Of temperatures, lowest and highest are enough for most.
        assert enabled == (set(range(1, 33)) if kind == "cell_voltage" else set())
    assert hass.states.get("sensor.shed_cell_32_voltage").attributes["measured_at"]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n255 cells in Home Assistant, {SPEED:.0f} times as fast as life: {len(registry)} entities, longest block of the"
            f" event loop {block * 1000:.0f} ms"
        )


async def test_all_255_cells_may_be_enabled(hass, house, adopt, capsys) -> None:
    house.radio.speed = SPEED
    pack = smart123_pack(GEN3_NUS, name="Shed", cells=CELLS)
    entry = await adopt(pack, password="1234")
    registry = er.async_get(hass)
    for item in er.async_entries_for_config_entry(registry, entry.entry_id):
        if item.disabled_by is not None:
            registry.async_update_entity(item.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available)
    await house.until(lambda: None not in entry.runtime_data.data.cell_voltages, 30)
    block = await longest_block(2.0)
    shown = [house.state(f"sensor.shed_cell_{number}_voltage") for number in range(1, CELLS + 1)]
    assert all(float(value) > 3 for value in shown if value != "unknown")
    assert shown.count("unknown") == 0
    with capsys.disabled():
        print(f"\n255 cells, all enabled: longest block of the event loop {block * 1000:.0f} ms")  # noqa: T201
