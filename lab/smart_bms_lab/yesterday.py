"""Yesterday: what the packs of the demo would have counted in the hours before they were added, so that there is something to see."""

from copy import deepcopy
from datetime import datetime, timedelta
import math
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.energy.counter import EnergyCounter
from custom_components.smart_bms.energy.flow import Flow
from custom_components.smart_bms.simulator.battery import Battery, Profile

OURS = "smart_bms"
_NOTHING = (STATE_UNAVAILABLE, STATE_UNKNOWN)
HOURS = 24
_STEP = 5.0
_SUN, _EVENING = 0.12, 0.08
"""Capacities per hour."""
_SUPPER = range(17, 23)


def sunny(house: Profile, more: float) -> Profile:
    """Return a house with so many A of sun on its roof, or of supper being cooked."""
    return lambda now: house(now) + more


def lived(battery: Battery, until: datetime) -> list[Flow]:
    """Return what a battery like this moves in each of the last hours of a sunny day: all at a simulated 5 s."""
    battery = deepcopy(battery)
    house = battery.profile
    # Whatever the pack shows today, it had room in both directions then.
    for cell in battery.cells:
        cell.soc = 0.5
    counter, hours = EnergyCounter(3 * _STEP), []
    start = until - timedelta(hours=HOURS)
    for hour in range(HOURS):
        before = counter.total.copy()
        local = (start + timedelta(hours=hour)).hour
        sun = max(0.0, math.sin((local - 6) / 12 * math.pi)) * battery.capacity * _SUN
        evening = battery.capacity * _EVENING if local in _SUPPER else 0.0
        battery.profile = sunny(house, sun - evening)
        for _ in range(int(3600 / _STEP)):
            soc = sum(cell.soc for cell in battery.cells) / len(battery.cells)
            battery.step(_STEP, charge=soc < 0.97, discharge=soc > 0.1)
            counter.take(Reading(measured_at=battery.now, voltage=battery.voltage, current=battery.current))
        hours.append(counter.total.since(before))
    return hours


async def async_import_yesterday(hass: HomeAssistant, packs: list[Any]) -> None:
    """Import the simulated hours as statistics of the packs that are set up, and of the banks that they belong to."""
    now = dt_util.now().replace(minute=0, second=0, microsecond=0)
    addresses = {peripheral.address: peripheral for peripheral in packs}
    moved: dict[str, list[Flow]] = {}
    for entry in hass.config_entries.async_entries(OURS):
        peripheral = addresses.get(entry.unique_id or "")
        if peripheral is not None:
            battery: Battery = peripheral.board.battery
            moved[entry.entry_id] = await hass.async_add_executor_job(lived, battery, now)
            _import(hass, peripheral.address, now, moved[entry.entry_id])
    for entry in hass.config_entries.async_entries(OURS):
        members = [moved[key] for key in entry.options.get("packs", ()) if key in moved]
        if members:
            together = [Flow() for _ in range(HOURS)]
            for hours in members:
                for total, hour in zip(together, hours, strict=True):
                    total.add(hour)
            _import(hass, entry.entry_id, now, together)
    await get_instance(hass).async_block_till_done()


def _import(hass: HomeAssistant, unique_id: str, until: datetime, hours: list[Flow]) -> None:
    registry = er.async_get(hass)
    for key, name in (("charged_energy", "charged"), ("discharged_energy", "discharged")):
        entity_id = registry.async_get_entity_id("sensor", OURS, f"{unique_id}_{key}")
        if entity_id is None:
            continue
        metadata = StatisticMetaData(
            statistic_id=entity_id,
            source="recorder",
            name=None,
            unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            unit_class="energy",
            has_sum=True,
            mean_type=StatisticMeanType.NONE,
        )
        total = 0.0
        rows = [StatisticData(start=until - timedelta(hours=len(hours) + 1), state=0.0, sum=0.0)]
        for place, hour in enumerate(hours):
            total += getattr(hour, name) / 1000
            rows.append(StatisticData(start=until - timedelta(hours=len(hours) - place), state=total, sum=total))
        async_import_statistics(hass, metadata, rows)
        # What Home Assistant itself adds goes on from the last five minutes that it knows.
        now = dt_util.utcnow()
        last = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) - timedelta(minutes=5)
        state = hass.states.get(entity_id)
        shown = float(state.state) if state is not None and state.state not in _NOTHING else 0.0
        newest = [StatisticData(start=last, state=shown, sum=total)]
        get_instance(hass).async_import_statistics(metadata, newest, StatisticsShortTerm)
