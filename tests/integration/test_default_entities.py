"""Which entities a new pack or bank shows by itself, which come with control, and the page that says so."""

from datetime import timedelta
import os

from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.simulator.daly.labels import K_D2
from custom_components.smart_bms.simulator.jbd.labels import SP04S034
from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS
from script.lib import entities
from script.lib.entities import Row, Start
from tests.support.flows import allow, bank_of
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack

PACKS = {
    "JK, 16 cells": (lambda: jk_pack(name="Shed", cells=16), None),
    "123\\SmartBMS, 16 cells, both current sensors": (
        lambda: smart123_pack(GEN3_NUS, name="Shed", cells=16, sensors=2),
        "1234",
    ),
    "JBD, 4 cells": (lambda: jbd_pack(SP04S034, name="Shed"), None),
    "Daly, 16 cells": (lambda: daly_pack(K_D2, name="Shed", cells=16), None),
}
BANK = "Bank"
FITS = 28
"""Characters that fit beside a value on a device page of a screen 1440 px wide."""
ON = {
    "JK, 16 cells": (57, 17),
    "123\\SmartBMS, 16 cells, both current sensors": (54, 0),
    "JBD, 4 cells": (40, 10),
    "Daly, 16 cells": (53, 2),
    BANK: (31, 1),
}
"""Entities that are on, and those that control brings. One more is a row more to read for everybody: think twice."""


def registered(hass, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Return the entities of an entry, by the end of their unique ids with the domain before it."""
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    # One whose options changed meanwhile has moved to the end.
    entries.sort(key=lambda item: item.created_at)
    return {f"{item.domain}.{item.unique_id.partition('_')[2]}": item for item in entries}


def switched_on(hass, entry: MockConfigEntry) -> set[str]:
    return {key for key, item in registered(hass, entry).items() if item.disabled_by is None}


def rows(hass, entry: MockConfigEntry, before: set[str]) -> list[Row]:
    """Return what was on before control was allowed, what is on now, and what is off."""
    found = []
    for key, item in registered(hass, entry).items():
        domain, _, end = key.partition(".")
        start = Start.ON if key in before else Start.CONTROL if item.disabled_by is None else Start.OFF
        found.append(Row(domain, end, item.original_name or "", start))
    return sorted(found, key=lambda row: row.domain)


EVERYTHING = {"allow_control": True, "allow_dangerous": True}


async def documented(hass, house, adopt) -> dict[str, list[Row]]:
    """Return the entities of a pack of each family, and of a bank."""
    found = {}
    for title, (make, password) in PACKS.items():
        entry = await adopt(make(), password=password)
        await house.until(lambda entry=entry: None not in entry.runtime_data.data.cell_voltages)
        before = switched_on(hass, entry)
        await allow(hass, entry, **EVERYTHING)
        found[title] = rows(hass, entry, before)
        await hass.config_entries.async_remove(entry.entry_id)
    one, two = [
        await adopt(jk_pack(name=name, address=f"C8:47:80:00:00:0{place}")) for place, name in ((1, "A"), (2, "B"))
    ]
    bank = await bank_of(hass, (one, two))
    before = switched_on(hass, bank)
    for pack in (one, two):
        await allow(hass, pack, **EVERYTHING)
    await hass.async_block_till_done()
    found[BANK] = rows(hass, bank, before)
    return found


async def test_a_page_of_each_kind_is_short_and_documented(hass, house, adopt) -> None:
    found = await documented(hass, house, adopt)
    counted = {
        title: tuple(sum(row.start is start for row in listed) for start in (Start.ON, Start.CONTROL))
        for title, listed in found.items()
    }
    assert counted == ON
    every = [row for listed in found.values() for row in listed]
    assert not [row for row in every if row.start is Start.OFF and entities.reason(row) is None]
    shown = {row.name for row in every if row.start is not Start.OFF}
    assert not [name for name in shown if len(name) > FITS]
    page = entities.document(found)
    if os.environ.get("WRITE_ENTITIES"):
        entities.DOCUMENT.write_text(page, encoding="utf-8")
    assert page == entities.DOCUMENT.read_text(encoding="utf-8"), "docs/entities.md is stale: run script/entities"


CONTROLS = ("switch.", "number.parameter_", "select.", "button.parameter_")


@pytest.mark.parametrize("title", PACKS)
async def test_what_could_only_refuse_is_off(hass, house, adopt, title) -> None:
    make, password = PACKS[title]
    entry = await adopt(make(), password=password, experimental_writes=True)
    assert not [key for key in switched_on(hass, entry) if key.startswith(CONTROLS)]
    await allow(hass, entry, allow_control=True, experimental_writes=True)
    settings = entry.runtime_data.catalog.settings
    on = {key.partition(".parameter_")[2] for key in switched_on(hass, entry) if key.startswith(CONTROLS)}
    assert not [key for key in on if settings[key].dangerous or settings[key].clears_history]


async def test_control_brings_its_entities_at_once_and_leaves_the_rest_alone(hass, house, adopt, monkeypatch) -> None:
    entry = await adopt(jk_pack(name="Shed"))
    registry, before = er.async_get(hass), registered(hass, entry)
    refused = "number.parameter_cell_overvoltage"
    registry.async_update_entity(before[refused].entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    by_default = switched_on(hass, entry)
    await allow(hass, entry, allow_control=True)
    brought = switched_on(hass, entry) - by_default
    assert {"switch.parameter_charge_switch", "number.parameter_max_charge_current"} <= brought
    assert {key.partition(".")[0] for key in brought} == {"switch", "number"}
    assert registered(hass, entry)[refused].disabled_by is er.RegistryEntryDisabler.USER
    await house.until(lambda: house.state("switch.shed_charge_switch") == "on")
    # Enabled before they were added: Home Assistant has no reason to cut the link once more.
    reloaded = []
    monkeypatch.setattr(hass.config_entries, "async_schedule_reload", reloaded.append)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=40))
    await hass.async_block_till_done()
    # Since 2026.11 Home Assistant itself says why an entity is disabled, and cuts it once more all the same.
    assert reloaded == ([entry.entry_id] if hasattr(er, "_derived_disabled_by") else [])
    # What is there stays, and says that it may not.
    await allow(hass, entry, allow_control=False)
    assert switched_on(hass, entry) == by_default | brought
    # What the user takes away afterwards does not come back.
    gone = "switch.parameter_charge_switch"
    registry.async_update_entity(before[gone].entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await allow(hass, entry, allow_control=True)
    assert gone not in switched_on(hass, entry)


async def test_what_asks_first_comes_when_it_need_not_ask(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(name="Shed"), allow_control=True)
    number = "number.parameter_cell_overvoltage"
    assert number in registered(hass, entry)
    assert number not in switched_on(hass, entry)
    assert "switch.parameter_charge_switch" in switched_on(hass, entry)
    await allow(hass, entry, allow_control=True, allow_dangerous=True)
    assert number in switched_on(hass, entry)


async def test_a_bank_may_be_switched_once_all_its_packs_may(hass, house, adopt) -> None:
    one = await adopt(jk_pack(name="A"), allow_control=True)
    two = await adopt(jk_pack(name="B", address="C8:47:80:00:00:02"))
    bank = await bank_of(hass, (one, two))
    assert "switch.charge_switch" not in switched_on(hass, bank)
    await allow(hass, two, allow_control=True)
    await house.until(lambda: house.state("switch.house_charge_switch") == "on")
    assert "switch.discharge_switch" not in switched_on(hass, bank)
    await hass.config_entries.async_reload(bank.entry_id)
    assert "switch.charge_switch" in switched_on(hass, bank)


async def test_an_existing_registry_keeps_what_it_has(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed")
    registry = er.async_get(hass)
    # As an earlier version left it.
    for domain, key in (("binary_sensor", "alarm_cell_overvoltage"), ("number", "parameter_max_charge_current")):
        registry.async_get_or_create(domain, DOMAIN, f"{pack.address}_{key}")
    entry = await adopt(pack)
    assert {"binary_sensor.alarm_cell_overvoltage", "number.parameter_max_charge_current"} <= switched_on(hass, entry)
