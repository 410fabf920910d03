"""Energy in Home Assistant: counted at full rate, kept over crashes, shown on the energy dashboard when asked."""

from datetime import datetime, timedelta
import errno
from unittest.mock import patch

from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.components import persistent_notification
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import Context, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.storage.energy_store import energy_store
from tests.support.protected_pack import STARTED, mirrored
from tests.support.protection_life import reading
from tests.support.rule_books import JK_LFP


@pytest.fixture
async def pack(hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth):
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        yield pack


def full_of(second: float, current: float = -36.0, left: float = 60.0):
    """Return a reading at 50 V that also says what is left."""
    values = reading(STARTED + second, current=current, pack=50.0).__dict__
    return type(reading(0)).of({**values, "remaining_capacity": left, "full_capacity": 100.0, "power": current * 50})


async def live(pack, seconds: int, current: float = -36.0, left: float = 60.0) -> None:
    for _ in range(seconds // 5):
        await pack.wait(5)
        pack.show(full_of(pack.now - STARTED, current, left))


async def test_energy_is_counted_and_told_in_kilowatt_hours(hass, pack) -> None:
    pack.show(full_of(0))
    await live(pack, 200)
    await hass.async_block_till_done()
    # 36 A at 50 V for 200 s are 100 Wh.
    assert float(pack.state("discharged_energy")) == pytest.approx(0.1, abs=0.03)
    assert float(pack.state("charged_energy")) == 0
    attributes = pack.attributes("discharged_energy")
    assert attributes["unit_of_measurement"] == "kWh"
    assert attributes["state_class"] == "total_increasing"
    assert attributes["bridged"] == 0
    assert pack.coordinator.energy.counter.total.discharged == pytest.approx(100, abs=0.1)
    # A sum does not age.
    await pack.fall_silent()
    assert float(pack.state("discharged_energy")) > 0.05


async def test_what_was_counted_is_on_disk_within_the_minute(hass, hass_storage, pack) -> None:
    pack.show(full_of(0))
    await live(pack, 70)
    await pack.wait(1)
    await hass.async_block_till_done()
    kept = hass_storage[energy_store(hass, pack.entry.entry_id).key]["data"]
    assert kept["counter"]["total"]["discharged"] == pytest.approx(36 * 50 * 65 / 3600, abs=3)
    assert kept["counter"]["anchor"]["remaining"] == 60.0


async def test_after_a_crash_it_goes_on_where_it_was_kept_and_bridges_the_rest(
    hass, hass_storage, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        pack.show(full_of(0))
        await live(pack, 130)
        await hass.async_block_till_done()
        entry = pack.entry
        before = pack.coordinator.energy.counter.total.discharged
        assert before == pytest.approx(65, abs=0.1)
        shown = float(pack.state("discharged_energy"))
        # Killed: nothing more is written. Ten minutes later it is back.
        with patch.object(type(pack.coordinator.energy.file._store), "async_save"):
            await hass.config_entries.async_unload(entry.entry_id)
        await pack.wait(600)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        counter = pack.coordinator.energy.counter
        lost = before - counter.total.discharged
        assert 0 <= lost <= 36 * 50 * 60 / 3600 + 0.1
        assert float(pack.state("discharged_energy")) == pytest.approx(counter.total.discharged / 1000, abs=0.001)
        assert float(pack.state("discharged_energy")) >= shown
        # Meanwhile the pack counted 2 Ah.
        pack.show(full_of(pack.now - STARTED, 0.0, left=58.0))
        assert counter.bridged.charge_out == pytest.approx(2.0)
        await pack.wait(400)
        pack.show(full_of(pack.now - STARTED, 0.0, left=58.0))
        await hass.async_block_till_done()
        assert pack.attributes("discharged_energy")["bridged"] == pytest.approx(100, abs=0.5)


async def test_a_lost_file_is_replaced_by_what_home_assistant_remembers(
    hass, hass_storage, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth, caplog
) -> None:
    entity_id = "sensor.shed_energy_discharged"
    extra = {"native_value": 123_456.5, "native_unit_of_measurement": "Wh"}
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, "123.4565"), extra)])
    monkeypatch.setattr(
        "custom_components.smart_bms.storage.checked_store.CheckedStore.async_load", broken_only_for_energy()
    )
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        assert pack.entity("discharged_energy") == entity_id
        assert "cannot be used and are set aside: counter" in caplog.text
        issue = ir.async_get(hass).async_get_issue(DOMAIN, f"set_aside_smart_bms.{pack.entry.entry_id}.energy")
        assert issue.translation_placeholders["parts"] == "counter"
        assert float(pack.state("discharged_energy")) == pytest.approx(123.4565)
        pack.show(full_of(0))
        await live(pack, 100)
        assert pack.coordinator.energy.counter.total.discharged == pytest.approx(123_506.5, abs=0.1)
        statistics = pack.coordinator.energy.statistics
        assert statistics.today(pack.coordinator.energy.counter.total).discharged == pytest.approx(50, abs=0.1)


def broken_only_for_energy():
    async def load(self):
        return {"counter": "gone"} if self.key.endswith(".energy") else None

    return load


REMEMBERED = {"native_value": 123_456.5, "native_unit_of_measurement": "Wh"}


async def test_what_a_deleted_pack_of_that_name_had_counted_is_not_inherited(
    hass, hass_storage, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    mock_restore_cache_with_extra_data(hass, [(State("sensor.shed_energy_discharged", "123.4565"), REMEMBERED)])
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        assert float(pack.state("discharged_energy")) == 0
        pack.show(full_of(0))
        await live(pack, 130)
        counted = pack.coordinator.energy.file.saved_total.discharged
        assert 0 < counted < 100
        # Once it had a file of its own, that memory is its own too.
        assert pack.entry.data["counted"]
        key = energy_store(hass, pack.entry.entry_id).key
        await hass.config_entries.async_unload(pack.entry.entry_id)
        del hass_storage[key]
        mock_restore_cache_with_extra_data(hass, [(State("sensor.shed_energy_discharged", "123.4565"), REMEMBERED)])
        assert await hass.config_entries.async_setup(pack.entry.entry_id)
        await hass.async_block_till_done()
        assert float(pack.state("discharged_energy")) == pytest.approx(123.4565)


@pytest.mark.parametrize(
    ("path", "value", "lost"),
    [
        (("ledger", "capacity"), "x", "ledger"),
        (("health", "full_at"), "yesterday", "health.full_at"),
        (("counter", "anchor", "voltage"), "50", "counter.anchor"),
        (("clock",), "noon", "clock"),
    ],
)
async def test_a_mistyped_value_in_the_file_takes_only_its_part_with_it(
    hass, hass_storage, pack, path, value, lost
) -> None:
    pack.show(full_of(0))
    await live(pack, 130)
    store = energy_store(hass, pack.entry.entry_id)
    await hass.config_entries.async_unload(pack.entry.entry_id)
    kept = hass_storage[store.key]["data"]
    *tables, last = path
    table = kept
    for name in tables:
        table = table[name]
    table[last] = value
    store._data = None
    assert await hass.config_entries.async_setup(pack.entry.entry_id)
    counter = pack.coordinator.energy.counter
    assert counter.total.discharged == pytest.approx(kept["counter"]["total"]["discharged"])
    assert f"{store.key}.set_aside" in hass_storage
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"set_aside_{store.key}")
    assert issue.translation_placeholders["parts"] == lost
    # And every reading is taken.
    before = counter.total.discharged
    pack.show(full_of(pack.now - STARTED + 1))
    await live(pack, 60)
    assert counter.total.discharged > before + 20


async def test_a_full_disk_is_told_and_nothing_is_shown_that_is_not_on_disk(hass, hass_storage, pack) -> None:
    pack.show(full_of(0))
    await live(pack, 70)
    key = energy_store(hass, pack.entry.entry_id).key
    kept, shown = hass_storage[key]["data"]["counter"]["total"], pack.coordinator.energy.file.saved_total.copy()

    async def full(_, data) -> None:
        if "data_func" in data:
            data["data"] = data.pop("data_func")()
        raise WriteError("full") from OSError(errno.ENOSPC, "No space left on device")

    with patch.object(Store, "_async_write_data", full):
        await live(pack, 130)
        assert hass_storage[key]["data"]["counter"]["total"] == kept
        assert pack.coordinator.energy.file.saved_total == shown
        issue = ir.async_get(hass).async_get_issue(DOMAIN, "disk_full")
        assert issue.translation_placeholders == {"reason": "No space left on device"}
        # A reload loses nothing of it, and still shows what is on disk.
        total = pack.coordinator.energy.counter.total.discharged
        await hass.config_entries.async_reload(pack.entry.entry_id)
        assert pack.coordinator.energy.counter.total.discharged == pytest.approx(total, abs=1e-5)
        assert pack.coordinator.energy.file.saved_total.discharged == pytest.approx(shown.discharged, abs=1e-5)
    pack.show(full_of(pack.now - STARTED))
    await live(pack, 70)
    assert pack.coordinator.energy.file.saved_total.discharged > total - 0.01
    await pack.wait(61)
    assert ir.async_get(hass).async_get_issue(DOMAIN, "disk_full") is None


async def test_a_state_of_charge_that_somebody_set_is_no_energy_and_is_told(hass, pack) -> None:
    pack.show(full_of(0, 0.0, left=40.0))
    await live(pack, 30, 0.0, left=40.0)
    await pack.wait(600)
    pack.show(full_of(pack.now - STARTED, 0.0, left=80.0))
    await live(pack, 130, 0.0, left=80.0)
    await pack.wait(600)
    pack.show(full_of(pack.now - STARTED, 0.0, left=80.0))
    assert float(pack.state("charged_energy")) == 0
    attributes = pack.attributes("charged_energy")
    assert (attributes["bridged"], attributes["not_bridged"]) == (0, 2000)
    assert attributes["gaps_not_bridged"] == 1


# Dates.


def moment(year: int, month: int, day: int, hour: int, minute: int, zone: str = "UTC") -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=dt_util.get_time_zone(zone))


@pytest.mark.parametrize(
    ("zone", "before"),
    [
        ("UTC", (2027, 3, 5, 23, 50)),
        # Where daylight saving skips midnight.
        ("America/Santiago", (2027, 9, 4, 23, 50)),
    ],
)
async def test_a_new_day_begins_at_midnight_also_where_there_is_none(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth, zone, before
) -> None:
    await hass.config.async_set_time_zone(zone)
    freezer.move_to(moment(*before, zone))
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        pack.show(full_of(0))
        await live(pack, 180)
        assert pack.coordinator.energy.today.discharged > 30
        await pack.wait(900)
        assert pack.coordinator.energy.today.discharged == 0
        pack.show(full_of(pack.now - STARTED))
        await live(pack, 100)
        statistics = pack.coordinator.energy.statistics
        assert statistics.today(pack.coordinator.energy.counter.total).discharged == pytest.approx(50, abs=0.1)


async def test_a_board_that_does_not_know_the_time_yet_deletes_nothing(
    hass, hass_storage, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0)) as pack:
        pack.show(full_of(0))
        await live(pack, 130)
        health = pack.coordinator.energy.health
        for ago in range(50, -1, -1):
            health.trend.update(int(dt_util.utcnow().timestamp() // (7 * 86_400)) - ago, 0.001)
        health.full_at, weeks = dt_util.utcnow().timestamp(), dict(health.trend.weeks)
        today, right = pack.coordinator.energy.today.discharged, dt_util.utcnow()
        await hass.config_entries.async_unload(pack.entry.entry_id)
        freezer.move_to(moment(1970, 1, 1, 0, 1))
        assert await hass.config_entries.async_setup(pack.entry.entry_id)
        for second in range(0, 300, 5):
            await pack.wait(5)
            current = -36.0 * (second // 5 % 2)
            pack.show(full_of(pack.now - STARTED, current))
        account = pack.coordinator.energy
        assert account.health.trend.weeks == weeks
        assert account.days_since_full is None
        freezer.move_to(right + timedelta(minutes=10))
        pack.show(full_of(pack.now - STARTED + 5))
        assert account.days_since_full == pytest.approx(0, abs=0.1)
        assert account.today.discharged >= today
        # Whatever was kept meanwhile does no harm either.
        await hass.config_entries.async_reload(pack.entry.entry_id)
        assert pack.coordinator.energy.health.trend.weeks == weeks


async def test_a_sensor_that_is_the_wrong_way_round_is_turned_and_the_mirror_does_not_care(
    hass, freezer, monkeypatch, enable_custom_integrations, enable_bluetooth
) -> None:
    options = {"current": {"invert": True, "offset": 1.0, "floor": 0.0}}
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, first=full_of(0), **options) as pack:
        pack.show(full_of(0))
        await live(pack, 100)
        await hass.async_block_till_done()
        assert float(pack.state("current")) == 37
        assert pack.coordinator.energy.counter.total.charged > 0
        assert pack.coordinator.energy.counter.total.discharged == 0
        assert pack.coordinator.protection_engine.mirror.moment.reading.current == -36


# The dashboard.


async def press(hass, pack, user=None) -> None:
    target = {"entity_id": pack.entity("add_to_energy_dashboard", "button")}
    context = Context(user_id=user.id if user else None)
    await hass.services.async_call("button", "press", target, blocking=True, context=context)


async def test_only_administrators_change_the_energy_dashboard(recorder_mock, hass, hass_admin_user, pack) -> None:
    assert await async_setup_component(hass, "energy", {})
    pack.show(full_of(0))
    await hass.async_block_till_done()
    manager = await async_get_manager(hass)
    child = await hass.auth.async_create_user("Child", group_ids=[GROUP_ID_USER])
    with pytest.raises(ServiceValidationError, match="Only administrators"):
        await press(hass, pack, child)
    assert not manager.data or not manager.data["energy_sources"]
    await press(hass, pack, hass_admin_user)
    assert len(manager.data["energy_sources"]) == 1


async def test_a_battery_is_added_to_the_energy_dashboard_only_when_asked_and_once(recorder_mock, hass, pack) -> None:
    assert await async_setup_component(hass, "energy", {})
    manager = await async_get_manager(hass)
    assert not manager.data or not manager.data["energy_sources"]
    pack.show(full_of(0))
    await hass.async_block_till_done()
    solar = {"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": None}
    await manager.async_update({**manager.default_preferences(), "energy_sources": [solar]})
    await press(hass, pack)
    await press(hass, pack)
    kept, battery = manager.data["energy_sources"]
    assert kept == solar
    assert battery["type"] == "battery"
    assert battery["stat_energy_from"] == pack.entity("discharged_energy")
    assert battery["stat_energy_to"] == pack.entity("charged_energy")
    assert battery["power_config"] == {"stat_rate_inverted": pack.entity("power")}
    assert battery["stat_soc"] == pack.entity("soc")
    assert battery["capacity"] == 5.0
    assert battery["name"] == "Shed"


def reported(hass) -> str:
    (notification,) = persistent_notification._async_get_or_create_notifications(hass).values()
    return notification["message"]


async def test_the_button_answers_what_was_entered_or_that_it_was_there(recorder_mock, hass, pack) -> None:
    assert await async_setup_component(hass, "energy", {})
    pack.show(full_of(0))
    await hass.async_block_till_done()
    await press(hass, pack)
    assert "was added" in reported(hass)
    for key in ("charged_energy", "discharged_energy", "power", "soc"):
        assert pack.entity(key) in reported(hass)
    assert "5 kWh" in reported(hass)
    await press(hass, pack)
    assert "Nothing was added" in reported(hass)
    er.async_get(hass).async_update_entity(pack.entity("soc"), new_entity_id="sensor.level")
    await press(hass, pack)
    assert "with other sensors" in reported(hass)
    assert "sensor.level" in reported(hass)


async def test_without_the_dashboard_or_its_sensors_the_button_says_why(recorder_mock, hass, pack) -> None:
    with pytest.raises(HomeAssistantError, match="not set up"):
        await press(hass, pack)
    assert await async_setup_component(hass, "energy", {})
    registry = er.async_get(hass)
    registry.async_update_entity(pack.entity("charged_energy"), disabled_by=er.RegistryEntryDisabler.USER)
    with pytest.raises(HomeAssistantError, match="Enable the sensors"):
        await press(hass, pack)
