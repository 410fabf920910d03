"""The door: what it takes, in which order, and that everybody gets his turn."""

import pytest

from custom_components.smart_bms.control.journal import Outcome
from tests.control.asking import ASK, outcomes
from tests.control.conftest import site_of
from tests.packs import jk_pack


async def test_a_write_is_confirmed_by_reading_it_back(site) -> None:
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is Outcome.CONFIRMED
    assert (record.old, record.new, record.found) == (3.6, 3.55, 3.55)
    assert (record.user, record.user_id, record.source) == ("Ada", "1", "test")
    assert site.peripheral.board.limits.cell_overvoltage == 3.55
    assert site.value("cell_overvoltage") == 3.55
    assert site.sent == [0x04]
    assert site.records == [record]
    assert site.drifts == []


async def test_the_journal_is_kept_before_the_write_leaves(site) -> None:
    seen = []
    site.peripheral.on_write = lambda *_: seen.append(site.saved[-1][-1]["outcome"])
    site.peripheral.faults.lose_ready = True
    await site.control.apply({"balance_switch": False}, ASK)
    assert seen[0] == "pending"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("charge_switch", False),
        ("heating_switch", True),
        ("max_charge_current", 55.5),
        ("charge_undertemperature", -12.5),
        ("heating_start_temperature", -5),
        ("smart_sleep_delay", 12),
        ("discharge_undertemperature", -25),
        ("emergency_duration", 31),
        ("requested_charge_time", 2.5),
        ("can_protocol", "victron"),
        ("buzzer_trigger", "low_soc"),
        ("user_data", "shed"),
        ("short_circuit_delay", 1000),
        ("emergency_mode", True),
    ],
)
async def test_every_kind_of_parameter_can_be_changed(site, key, value) -> None:
    (record,) = await site.control.apply({key: value}, ASK)
    assert record.outcome is Outcome.CONFIRMED
    assert record.found == value
    assert site.control.value(site.control.catalogue.settings[key]) == value


@pytest.mark.parametrize("variant", ["JK02_24S", "JK04"])
async def test_other_layouts_are_written_in_their_own_way(monkeypatch, variant) -> None:
    changes = {"balance_trigger": 0.108, "balance_start_voltage": 3.45, "cell_count": 9}
    async with site_of(monkeypatch, jk_pack(variant)) as site:
        records = await site.control.apply(changes, ASK)
        assert outcomes(records) == [Outcome.CONFIRMED] * 3
        assert {key: site.value(key) for key in changes} == changes


async def test_what_is_already_so_is_not_sent(site) -> None:
    assert await site.control.apply({"cell_overvoltage": 3.6, "charge_switch": True, "cell_count": 8}, ASK) == []
    assert site.sent == []


async def test_a_group_is_written_in_an_order_that_the_board_takes(site) -> None:
    nmc = {"power_off_voltage": 2.8, "cell_undervoltage": 2.9, "cell_overvoltage": 4.2, "cell_overvoltage_release": 4.1}
    records = await site.control.apply(nmc | {"cell_undervoltage_release": 3.2}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED] * 5
    lto = {"power_off_voltage": 1.7, "cell_undervoltage": 1.8, "cell_overvoltage": 3.7, "cell_overvoltage_release": 3.6}
    records = await site.control.apply(lto | {"cell_undervoltage_release": 2.0}, ASK)
    assert outcomes(records) == [Outcome.CONFIRMED] * 5
