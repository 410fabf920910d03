"""Yesterday: what the packs of the demo would have counted before they were added, so that there is something to see."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from custom_components.smart_bms.simulator.battery import Battery

from .meters import Meters, sun, use

OURS = "smart_bms"
_NOTHING = (STATE_UNAVAILABLE, STATE_UNKNOWN)
_STEP = 60
_HOUR = timedelta(hours=1)
_EMPTY, _FULL = 0.1, 0.95
_MIDNIGHT = 0.5
"""State of charge that a battery had then."""


def hours_until(now: datetime) -> list[datetime]:
    """Return the beginnings, in local time, of the whole hours of yesterday and today: the energy page shows one or the other."""
    hour = dt_util.as_utc(dt_util.start_of_local_day((now - timedelta(days=1)).date()))
    hours = []
    while hour + _HOUR <= now:
        hours.append(dt_util.as_local(hour))
        hour += _HOUR
    return hours


def lived(battery: Battery, hours: list[datetime]) -> list[EnergyTotals]:
    """Return what a battery like this moves in each of these hours: it takes what the sun has left over, and gives it back."""
    battery = deepcopy(battery)
    # Whatever the pack shows today, it had room in both directions then.
    for cell in battery.cells:
        cell.soc = _MIDNIGHT
    counter, moved = EnergyCounter(3.0 * _STEP), []
    for hour in hours:
        before = counter.total.copy()
        for second in range(0, 3600, _STEP):
            when = hour + timedelta(seconds=second)
            wanted = (sun(when) - use(when)) * battery.capacity
            battery.profile = lambda _, wanted=wanted: wanted  # type: ignore[misc]
            soc = sum(cell.soc for cell in battery.cells) / len(battery.cells)
            battery.step(_STEP, charge=soc < _FULL, discharge=soc > _EMPTY)
            counter.update(Reading(measured_at=battery.now, voltage=battery.voltage, current=battery.current))
        moved.append(counter.total.since(before))
    return moved


def summed(members: list[list[EnergyTotals]]) -> list[EnergyTotals]:
    """Return what packs have moved together in each hour."""
    together = [EnergyTotals() for _ in members[0]]
    for hours in members:
        for total, hour in zip(together, hours, strict=True):
            total.add(hour)
    return together


def metered(capacity: float, hours: list[datetime], moved: list[EnergyTotals]) -> list[Meters]:
    """Return what the meters of the house had counted at the end of each hour, around batteries of so many kWh."""
    meters, shown = Meters(capacity), []
    for hour, flow in zip(hours, moved, strict=True):
        meters.count(1.0, hour + _HOUR / 2, (flow.charged - flow.discharged) / 1000)
        shown.append(deepcopy(meters))
    return shown


async def async_import_yesterday(hass: HomeAssistant, packs: list[Any]) -> None:
    """Import the simulated hours as statistics of the packs that are set up, of their banks, and of the house's meters."""
    hours = hours_until(dt_util.now())
    batteries: dict[str, Battery] = {peripheral.address: peripheral.board.battery for peripheral in packs}
    registry = er.async_get(hass)
    moved: dict[str, list[EnergyTotals]] = {}

    def take_over(unique_id: str, flows: list[EnergyTotals]) -> None:
        for name in ("charged", "discharged"):
            total, totals = 0.0, []
            for flow in flows:
                total += getattr(flow, name) / 1000
                totals.append(total)
            _import(hass, registry.async_get_entity_id("sensor", OURS, f"{unique_id}_{name}_energy"), hours, totals)

    entries = hass.config_entries.async_entries(OURS)
    for entry in entries:
        if entry.unique_id in batteries:
            flows = await hass.async_add_executor_job(lived, batteries[entry.unique_id], hours)
            moved[entry.entry_id] = flows
            take_over(entry.unique_id, flows)
    for entry in entries:
        if members := [moved[key] for key in entry.options.get("packs", ()) if key in moved]:
            together = summed(members)
            take_over(entry.entry_id, together)
            meters: Meters = hass.data[f"{OURS}_lab"]
            shown = metered(meters.capacity, hours, together)
            for key in ("solar_energy", "grid_import", "grid_export"):
                _import(hass, f"sensor.{key}", hours, [getattr(meter, key) for meter in shown])
            await _add_meters(hass)
    await get_instance(hass).async_block_till_done()


async def _add_meters(hass: HomeAssistant) -> None:
    """Add sun and grid to the energy dashboard, without which nobody could say what the house uses."""
    manager = await async_get_manager(hass)
    preferences: Any = manager.data or manager.default_preferences()
    others = [source for source in preferences["energy_sources"] if source["type"] not in {"solar", "grid"}]
    solar = {"type": "solar", "stat_energy_from": "sensor.solar_energy", "stat_rate": "sensor.solar_power"}
    prices = ("stat_cost", "entity_energy_price", "number_energy_price", "stat_compensation")
    grid = {
        "type": "grid",
        "stat_energy_from": "sensor.grid_import",
        "stat_energy_to": "sensor.grid_export",
        "stat_rate": "sensor.grid_power",
        "cost_adjustment_day": 0.0,
        **dict.fromkeys((*prices, "entity_energy_price_export", "number_energy_price_export")),
    }
    sources: Any = [solar | {"config_entry_solar_forecast": None}, grid, *others]
    await manager.async_update(preferences | {"energy_sources": sources})


def _import(hass: HomeAssistant, entity_id: str | None, hours: list[datetime], totals: list[float]) -> None:
    """Import what a meter had counted, in kWh, at the end of each hour."""
    if entity_id is None:
        return
    metadata = StatisticMetaData(
        statistic_id=entity_id,
        source="recorder",
        name=None,
        unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        unit_class="energy",
        has_sum=True,
        mean_type=StatisticMeanType.NONE,
    )
    starts = [dt_util.as_utc(hour) for hour in hours]
    rows = [StatisticData(start=starts[0] - _HOUR, state=0.0, sum=0.0)]
    rows += [StatisticData(start=start, state=total, sum=total) for start, total in zip(starts, totals, strict=True)]
    async_import_statistics(hass, metadata, rows)
    # What Home Assistant itself adds goes on from the last five minutes that it knows.
    now = dt_util.utcnow()
    last = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) - timedelta(minutes=5)
    state = hass.states.get(entity_id)
    shown = float(state.state) if state is not None and state.state not in _NOTHING else 0.0
    newest = [StatisticData(start=last, state=shown, sum=totals[-1])]
    get_instance(hass).async_import_statistics(metadata, newest, StatisticsShortTerm)
