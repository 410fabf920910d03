"""From the first advertisement to the day the pack comes back, through Home Assistant's own Bluetooth stack."""

import logging

from homeassistant.config_entries import SOURCE_BLUETOOTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
import pytest

from custom_components.smart_bms.const import DOMAIN
from tests.support.flows import configure
from tests.support.log_lines import problems_in
from tests.support.packs import jk_pack


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
async def test_discovered_added_streamed_lost_and_regained(hass, house, variant, caplog) -> None:
    pack = jk_pack(variant, name="JK-Shed", profile=lambda now: -20 if int(now / 10) % 2 else -10)
    house.add(pack)
    await house.until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_BLUETOOTH
    assert flow["context"]["title_placeholders"] == {"name": "JK-Shed"}

    flow = await configure(hass, flow, {})
    assert flow["step_id"] == "identified"
    assert flow["description_placeholders"]["model"] == pack.label.model
    assert flow["description_placeholders"]["cells"] == "8"
    flow = await configure(hass, flow, {})
    entry = flow["result"]
    assert entry.title == "JK-Shed"
    assert entry.unique_id == pack.address

    voltage = "sensor.jk_shed_voltage"
    await house.until(lambda: house.state(voltage) not in (None, STATE_UNAVAILABLE))
    assert float(house.state(voltage)) == pytest.approx(pack.board.battery.voltage, abs=0.1)
    assert house.state("sensor.jk_shed_connection") == "streaming"
    assert house.state("sensor.jk_shed_connected_through") == "Garage proxy"
    assert house.state("sensor.jk_shed_cell_8_voltage") is not None
    assert (house.state("binary_sensor.jk_shed_problem") is None) is (variant == "JK04")

    house.take_away(pack)
    await house.until(lambda: house.state(voltage) == STATE_UNAVAILABLE)
    await house.until(lambda: house.state("sensor.jk_shed_connection") == "no_connectable_path")
    assert float(house.state("sensor.jk_shed_data_age")) >= 0
    assert house.state("binary_sensor.jk_shed_balancing") == STATE_UNAVAILABLE

    house.bring_back(pack)
    await house.until(lambda: house.state(voltage) != STATE_UNAVAILABLE)
    await house.until(lambda: house.state("sensor.jk_shed_connection") == "streaming")

    lost = [record for record in caplog.records if "is lost" in record.message]
    back = [record for record in caplog.records if "is back" in record.message]
    assert (len(lost), len(back)) == (1, 1)
    assert {record.levelno for record in (*lost, *back)} == {logging.INFO}
    assert problems_in(caplog) == []

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await house.until(lambda: not pack.connected)
