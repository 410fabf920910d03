"""A pack in trouble, through Home Assistant's own Bluetooth: it is seen, whatever it says and whatever fails on our side."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smart_bms.bms import polling, trust
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.diagnostics import async_get_config_entry_diagnostics
from custom_components.smart_bms.entity import SmartBmsEntity
from custom_components.smart_bms.pack_entry import wiring_issue as wiring
from custom_components.smart_bms.pack_entry.energy_account import EnergyAccount
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.storage.checked_store import set_aside_issue
from tests.support.issues import issues
from tests.support.packs import daly_pack, jbd_pack, jk_pack
from tests.support.radio import SPEED

MAKES = {"jk": jk_pack, "jbd": jbd_pack, "daly": daly_pack}


@pytest.mark.parametrize("make", MAKES)
async def test_a_loose_wire_between_two_cells_raises_its_repair(hass, house, adopt, make, monkeypatch) -> None:
    monkeypatch.setattr(wiring, "_CHECK_INTERVAL", 0.1)
    pack = MAKES[make](name="DL-40D63C3223A2" if make == "daly" else "Shed", cells=4)
    pack.board.limits.power_off = 0.5  # a JK board would switch itself off
    entry = await adopt(pack)
    pack.board.battery.cells[1].sense_error, pack.board.battery.cells[2].sense_error = -2.4, 2.4
    await house.until(lambda: "wiring_wire_between_cells" in issues(hass), 30)
    assert entry.runtime_data.available


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_shorted_probe_is_unknown_and_a_problem_while_all_else_is_shown(hass, house, adopt, pack) -> None:
    entry = await adopt(pack)
    assert house.state("binary_sensor.shed_problem") == STATE_OFF
    pack.board.battery.cells[0].temperature = 185.0
    pack.board.extra_alarms.add("mosfet_overtemperature")
    await house.until(lambda: house.state("sensor.shed_temperature_1") == STATE_UNKNOWN)
    await house.until(lambda: house.state("binary_sensor.shed_problem") == STATE_ON)
    attributes = hass.states.get("binary_sensor.shed_problem").attributes
    assert attributes["implausible_values"] == ["temperature_1"]
    assert "mosfet_overtemperature" in attributes["alarms"]
    assert house.state("binary_sensor.shed_mosfet_overtemperature_alarm") == STATE_ON
    assert house.state("sensor.shed_voltage") not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    assert house.state("binary_sensor.shed_charging_allowed") != STATE_ON
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["pack"]["link"]["withheld"]["temperature_1"] > 0


@pytest.mark.parametrize("make", MAKES)
async def test_a_pack_whose_cells_do_not_add_up_is_added_and_says_so(hass, house, adopt, make, monkeypatch) -> None:
    # Packs live twenty times as fast here.
    monkeypatch.setattr(trust, "MAX_DOUBT", trust.MAX_DOUBT / SPEED)
    monkeypatch.setattr(polling, "_RECHECK", polling._RECHECK / SPEED)
    pack = MAKES[make](name="DL-40D63C3223A2" if make == "daly" else "Shed", cells=4)
    pack.board.battery.voltage_gain = 1.2
    entry = await adopt(pack)
    assert entry.runtime_data.available
    (link,) = (state for state in hass.states.async_all("sensor") if state.entity_id.endswith("_connection"))
    assert link.attributes["doubt"] == "cells_disagree_with_voltage"


FOLLOWERS = {
    "protection": (ProtectionEngine, "update"),
    "energy": (EnergyAccount, "async_update"),
    "wiring": (wiring.WiringMonitor, "update"),
}


@pytest.mark.parametrize("follower", FOLLOWERS)
async def test_readings_are_shown_whatever_a_follower_does(
    hass, house, adopt, pack, follower, monkeypatch, caplog
) -> None:
    entry = await adopt(pack)
    owner, method = FOLLOWERS[follower]
    broken = [True]
    whole = getattr(owner, method)

    def fail(self, *args):
        if broken[0]:
            raise ZeroDivisionError("of our own making")
        return whole(self, *args)

    monkeypatch.setattr(owner, method, fail)
    pack.board.extra_alarms.add("mosfet_overtemperature")
    await house.until(lambda: house.state("binary_sensor.shed_problem") == STATE_ON)
    failures = entry.runtime_data.isolation.failures
    assert failures[follower].error == "ZeroDivisionError"
    count = failures[follower].count
    await house.until(lambda: failures[follower].count > count + 3)
    assert caplog.text.count(f"{follower} failed") == 1
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["pack"]["failed_followers"][follower]["error"] == "ZeroDivisionError"
    if follower == "protection":
        assert house.state("binary_sensor.shed_charging_allowed") != STATE_ON
    broken[0] = False
    count = failures[follower].count
    pack.board.extra_alarms.clear()
    await house.until(lambda: house.state("binary_sensor.shed_problem") == STATE_OFF)
    assert failures[follower].count <= count + 1


async def test_one_entity_that_fails_takes_no_other_with_it(hass, house, adopt, pack, monkeypatch, caplog) -> None:
    entry = await adopt(pack)
    whole = SmartBmsEntity._submit

    def fail(self) -> bool:
        if self.entity_description.key == "soc":
            raise RuntimeError
        return whole(self)

    monkeypatch.setattr(SmartBmsEntity, "_submit", fail)
    pack.board.extra_alarms.add("mosfet_overtemperature")
    await house.until(lambda: house.state("binary_sensor.shed_problem") == STATE_ON)
    assert entry.runtime_data.isolation.failures["entity soc"].error == "RuntimeError"
    assert caplog.text.count("entity soc failed") == 1


BROKEN = {
    "records": 7,
    "baseline": {"cell_overvoltage": [3.6]},
    "tally": {"totals": {"cell_overvoltage": "many"}},
    "learnt": ["x"],
    "protection": {"clock": "noon"},
    "reading": 5,
}


@pytest.mark.parametrize("part", BROKEN)
async def test_a_mistyped_part_of_the_pack_store_is_set_aside_and_the_rest_is_used(
    hass, house, adopt, pack, part, hass_storage
) -> None:
    entry = await adopt(pack)
    await hass.config_entries.async_unload(entry.entry_id)
    key = f"{DOMAIN}.{entry.entry_id}"
    kept = hass_storage[key]["data"]
    broken = BROKEN[part]
    if part == "protection":
        broken = {**kept["protection"], **broken}
    if isinstance(broken, dict) and isinstance(kept[part], dict) and part == "tally":
        broken = {**kept[part], **broken}
    hass_storage[key]["data"] = {**kept, part: broken}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, set_aside_issue(entry.runtime_data.parameters._store))
    assert issue is not None
    assert issue.translation_placeholders["parts"].split(".")[0] == part
    if part != "baseline":
        assert entry.runtime_data.parameters.writer.baseline.values == kept["baseline"]
