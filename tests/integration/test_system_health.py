"""System health tells how many packs there are and how they are reached."""

from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.smart_bms.const import DOMAIN
from tests.support.packs import jk_pack


async def test_it_counts_adapters_packs_frames_and_writes(hass, house, adopt) -> None:
    assert await async_setup_component(hass, "system_health", {})
    pack = jk_pack(name="Shed")
    entry = await adopt(pack)
    await house.until(lambda: (entry.runtime_data.pack.frames_per_minute(entry.runtime_data.now) or 0) > 0)
    found = await get_system_health_info(hass, DOMAIN)
    assert found["adapters"] >= 1
    free, slots = map(int, found["slots"].split(" / "))
    assert slots - free == 1
    assert (found["packs"], found["connected"], found["lost"], found["waiting"]) == (1, 1, 0, 0)
    assert (found["simulated"], found["banks"], found["writes"], found["writes_failed"]) == (0, 0, 0, 0)
    assert found["frames_per_minute"] > 0
    house.take_away(pack)
    await house.until(
        lambda: entry.runtime_data.connection_state == "link_lost" or not entry.runtime_data.available, 40
    )
    found = await get_system_health_info(hass, DOMAIN)
    assert (found["packs"], found["connected"], found["lost"]) == (1, 0, 1)
