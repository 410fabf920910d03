"""The data of an entry and the catalog in it: what one session found out, the next one starts with."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.bms.settings import Settings
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.pack_entry.catalog_cache import CatalogCache
from custom_components.smart_bms.pack_entry.entry_data import EntryData, catalog_data, identity_data

IDENTITY = Identity(family="jk", variant="JK02_32S", model="JK_B2A8S20P", sw_version="11.20", serial_number="123")
READING = Reading(measured_at=1.0, voltage=26.4, cell_voltages=(3.3,) * 8, temperatures={"temperature_1": 20.0})
KEYS = ("cell_overvoltage", "cell_undervoltage")


def entry_of(hass: HomeAssistant, **data: Any) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Shed",
        data={
            "address": "C8:47:80:00:00:01",
            "family": "jk",
            "identity": identity_data(IDENTITY),
            "features": Capabilities.of(READING, None).as_dict(),
            **data,
        },
    )
    entry.add_to_hass(hass)
    return entry


def catalog_of(identity: Identity, *keys: str) -> Any:
    return FAMILIES["jk"].catalog(identity, keys)


async def test_what_a_pack_does_not_say_this_time_is_what_it_was(hass: HomeAssistant) -> None:
    entry = entry_of(hass)
    data = EntryData(hass, entry)
    assert not data.async_update_identity(Identity(family="jk", variant="JK02_32S", model=""))
    assert data.async_update_identity(Identity(family="jk", variant="JK02_32S", model="", sw_version="11.26"))
    expected = identity_data(IDENTITY) | {"sw_version": "11.26"}
    assert (data.identity, entry.data["identity"]) == (expected, expected)
    # Of another variant nothing is known.
    assert data.async_update_identity(Identity(family="jk", variant="JK04", model=""))
    assert entry.data["identity"] == identity_data(Identity(family="jk", variant="JK04", model=""))
    assert (data.variant, EntryData(hass, entry).variant) == ("JK04", "JK04")


async def test_what_a_pack_once_had_stays(hass: HomeAssistant) -> None:
    entry = entry_of(hass)
    data = EntryData(hass, entry)
    assert not data.async_update_capabilities(READING, None)
    assert not data.async_update_capabilities(Reading(measured_at=2.0), None)
    more = Reading(measured_at=3.0, soc=50.0, counters={"cell_overvoltage": 1})
    settings = Settings(measured_at=3.0, variant="JK02_32S", values={"design_capacity": 280.0})
    assert data.async_update_capabilities(more, settings)
    restored = EntryData(hass, entry).capabilities
    assert restored == data.capabilities
    assert {"voltage", "soc", "design_capacity"} <= restored.values
    assert (restored.cells, restored.probes, restored.counters) == (8, ("temperature_1",), ("cell_overvoltage",))


async def test_only_the_password_is_forgotten(hass: HomeAssistant) -> None:
    entry = entry_of(hass, password="1234")
    data = EntryData(hass, entry)
    before = dict(entry.data)
    assert data.password == "1234"
    data.async_forget_password()
    assert data.password is None
    assert entry.data == {key: value for key, value in before.items() if key != "password"}
    data.async_forget_password()


@pytest.mark.parametrize("broken", [{"dialect": 7}, {"dialect": ["A5", "B6"]}, {}])
async def test_what_adding_the_pack_found_is_checked_before_it_is_used(
    hass: HomeAssistant, broken: dict[str, Any]
) -> None:
    data = EntryData(hass, entry_of(hass, family="daly", learned=broken))
    assert data.learned() == {}


async def test_a_session_does_not_change_what_is_stored_of_adding(hass: HomeAssistant) -> None:
    entry = entry_of(hass, family="daly", learned={"dialect": ["A5", 0x40]})
    EntryData(hass, entry).learned()["dialect"].append("more")
    assert entry.data["learned"] == {"dialect": ["A5", 0x40]}


async def test_without_a_stored_catalog_nothing_can_be_set_yet(hass: HomeAssistant) -> None:
    assert CatalogCache(EntryData(hass, entry_of(hass))).catalog is None
    assert CatalogCache(EntryData(hass, entry_of(hass, catalogue={}))).catalog is None


async def test_a_stored_catalog_is_there_before_the_pack_is_heard(hass: HomeAssistant) -> None:
    entry = entry_of(hass, catalogue=catalog_data(IDENTITY, KEYS))
    catalog = CatalogCache(EntryData(hass, entry)).catalog
    assert catalog is not None
    assert catalog == catalog_of(IDENTITY, *KEYS)
    assert set(KEYS) <= set(catalog.settings)


async def test_an_answer_that_was_lost_takes_no_parameter_out_of_the_stored_catalog(hass: HomeAssistant) -> None:
    entry = entry_of(hass, catalogue=catalog_data(IDENTITY, KEYS))
    cache = CatalogCache(EntryData(hass, entry))
    cache.async_update(IDENTITY, KEYS[:1], catalog_of(IDENTITY, *KEYS[:1]))
    assert entry.data["catalogue"]["keys"] == sorted(KEYS)
    cache.async_update(IDENTITY, (), catalog_of(IDENTITY))
    assert entry.data["catalogue"]["keys"] == sorted(KEYS)
    assert set(KEYS) <= set(CatalogCache(EntryData(hass, entry)).catalog.settings)


async def test_other_firmware_has_its_own_parameters(hass: HomeAssistant) -> None:
    entry = entry_of(hass, catalogue=catalog_data(IDENTITY, KEYS))
    cache = CatalogCache(EntryData(hass, entry))
    newer = Identity(family="jk", variant="JK02_32S", model="JK_B2A8S20P", sw_version="15.0")
    cache.async_update(newer, KEYS[1:], catalog_of(newer, *KEYS[1:]))
    assert entry.data["catalogue"]["keys"] == [KEYS[1]]
    # From now on it is the one whose lost answers count.
    cache.async_update(newer, (), catalog_of(newer))
    assert entry.data["catalogue"]["keys"] == [KEYS[1]]


async def test_only_another_catalog_is_news(hass: HomeAssistant) -> None:
    cache = CatalogCache(EntryData(hass, entry_of(hass)))
    catalog = catalog_of(IDENTITY, *KEYS)
    assert cache.async_update(IDENTITY, KEYS, catalog)
    assert not cache.async_update(IDENTITY, KEYS, catalog_of(IDENTITY, *KEYS))
    assert cache.catalog == catalog
    assert cache.async_update(IDENTITY, KEYS, None)
    assert cache.catalog is None


async def test_the_entry_is_not_written_again_for_what_is_stored(hass: HomeAssistant, monkeypatch) -> None:
    entry = entry_of(hass, catalogue=catalog_data(IDENTITY, KEYS))
    data = EntryData(hass, entry)
    monkeypatch.setattr(hass.config_entries, "async_update_entry", lambda *_, **__: pytest.fail("written"))
    data.async_store("catalogue", catalog_data(IDENTITY, KEYS))
    CatalogCache(data).async_update(IDENTITY, KEYS, catalog_of(IDENTITY, *KEYS))
    data.async_update_identity(IDENTITY)
    data.async_update_capabilities(READING, None)
