"""Cell health in Home Assistant: what is learned is shown with its evidence, wrong wires raise a repair issue in words."""

from homeassistant.const import STATE_UNKNOWN
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.smart_bms.bms.reading import Reading
from tests.support.issues import issues
from tests.support.protected_pack import STARTED, mirrored
from tests.support.rule_books import JK_LFP

CELLS = (3.3, 3.301, 3.302, 3.303)


def shown(at: float, current: float = 0.0, **values) -> Reading:
    usual = {"voltage": 13.2, "soc": 60.0, "full_capacity": 100.0, "design_capacity": 105.0, "cell_voltages": CELLS}
    return Reading(measured_at=at, current=current, alarms=(), **usual | values)


@pytest.fixture
async def pack(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=shown(STARTED)) as pack:
        yield pack


async def see(pack, seconds: float, current: float = 0.0, **values) -> None:
    await pack.wait(seconds)
    pack.show(shown(pack.now, current, **values))


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_nothing_is_said_without_evidence(hass, pack) -> None:
    for _ in range(5):
        await see(pack, 5, -5.0)
    for key in ("cell_consistency", "internal_resistance", "imbalance"):
        assert pack.state(key) == STATE_UNKNOWN
    assert pack.attributes("cell_consistency")["evidence"] == {}


async def test_all_but_the_summaries_is_off(hass, pack) -> None:
    registry = er.async_get(hass)
    for key in ("imbalance_rest", "learnt_capacity", "self_discharge", "soc_drift", "counted_soc", "time_since_full"):
        assert registry.async_get(pack.entity(key)).disabled
    assert registry.async_get(pack.entity("cell_2_internal_resistance")).disabled


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_resistances_are_shown_with_their_uncertainty(hass, pack) -> None:
    for place in range(200):
        on = place // 2 % 2
        await see(pack, 2, -30.0 * on, cell_voltages=tuple(round(cell - 0.03 * on, 3) for cell in CELLS))
    await see(pack, 400, cell_voltages=CELLS)
    await hass.async_block_till_done()
    assert float(pack.state("internal_resistance")) == pytest.approx(1.0, abs=0.01)
    attributes = pack.attributes("internal_resistance")
    assert attributes["cells"]["2"]["uncertainty"] < 0.1
    assert attributes["unit_of_measurement"] == "mΩ"
    assert pack.attributes("cell_consistency")["weakest_cells"]["lowest_under_load"] == 1


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_permission_comes_with_its_evidence_and_survives_a_restart(hass, hass_storage, pack) -> None:
    await see(pack, 5)
    pack.coordinator.energy.health.capacity.vendor.cycles = 11
    wide = (3.45, 3.45, 3.45, 3.49)
    await see(pack, 15, 1.0, soc=100.0, cell_voltages=wide)
    await see(pack, 400, 1.0, soc=100.0, cell_voltages=wide)
    await hass.async_block_till_done()
    assert pack.state("cell_consistency") == "doubtful"
    assert pack.attributes("cell_consistency")["evidence"]["capacity"]["spread"] == pytest.approx(0.04)
    await hass.config_entries.async_reload(pack.entry.entry_id)
    await hass.async_block_till_done()
    assert pack.state("cell_consistency") == "doubtful"
    account = pack.coordinator.energy
    assert account.days_since_full == pytest.approx(0, abs=0.01)
    assert account.soc_drift == pytest.approx(0, abs=0.01)
    assert account.counted_soc == 100


async def test_what_is_not_known_of_a_full_charge_is_not_told(hass, pack) -> None:
    account = pack.coordinator.energy
    assert account.days_since_full is None
    assert account.soc_drift is None
    assert account.counted_soc is None


# Wires.


async def looks(pack, count: int, **values) -> None:
    for _ in range(count):
        await see(pack, 11, **values)


async def test_a_loose_wire_raises_an_issue_that_goes_when_it_is_fixed(hass, pack) -> None:
    loose = {"cell_voltages": (3.3, 0.9, 5.7, 3.3)}
    await looks(pack, 2, **loose)
    assert issues(hass) == []
    await looks(pack, 1, **loose)
    assert issues(hass) == ["wiring_wire_between_cells"]
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {"name": "Shed", "cells": "2, 3"}
    await looks(pack, 3)
    assert issues(hass) == []


async def test_a_lead_with_much_resistance_raises_an_issue_that_leaves_with_the_pack(hass, pack) -> None:
    await looks(pack, 3, cell_resistances=(0.1, 0.1, 0.6, 0.1))
    assert issues(hass) == ["wiring_lead_resistance"]
    await hass.config_entries.async_remove(pack.entry.entry_id)
    assert issues(hass) == []


async def test_what_is_seen_now_and_then_is_no_issue(hass, pack) -> None:
    for _ in range(4):
        await looks(pack, 1, cell_voltages=(3.3, 0.9, 5.7, 3.3))
        await looks(pack, 1)
    assert issues(hass) == []
