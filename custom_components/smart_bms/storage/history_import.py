"""State of charge of the hours that Home Assistant missed, as far as the pack remembers them. One source says how it does."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
    async_import_statistics,
    statistics_during_period,
)
from homeassistant.const import Platform, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..bms.dates import believable
from ..const import DOMAIN

_HOUR: Final = timedelta(hours=1)
_NOT_YET: Final = 1
"""Home Assistant writes down an hour some minutes after its end, all sensors together, and fails for all if one is there already."""


async def async_import_soc(hass: HomeAssistant, address: str, soc: Mapping[int, float]) -> int:
    """Import state of charge in % by hours before the present one; return for how many hours there was nothing yet.

    The present hour and the one before are left to Home Assistant, and so is every hour of which it has statistics.
    """
    entity_id = er.async_get(hass).async_get_entity_id(Platform.SENSOR, DOMAIN, f"{address}_soc")
    if entity_id is None or RECORDER not in hass.config.components:
        return 0
    now = dt_util.utcnow()
    if not believable(now.timestamp()):
        return 0  # statistics at a wrong hour stay there for good
    hour = now.replace(minute=0, second=0, microsecond=0)
    told = {hour - ago * _HOUR: value for ago, value in soc.items() if ago > _NOT_YET}
    if not told:
        return 0
    recorder = get_instance(hass)
    known = await recorder.async_add_executor_job(
        statistics_during_period, hass, min(told), None, {entity_id}, "hour", None, {"mean"}
    )
    there = {row["start"] for row in known.get(entity_id, ())}
    missing = {start: value for start, value in sorted(told.items()) if start.timestamp() not in there}
    if missing:
        converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(UnitOfRatio.PERCENTAGE)
        metadata = StatisticMetaData(
            mean_type=StatisticMeanType.ARITHMETIC,
            has_sum=False,
            name=None,
            source=RECORDER,
            statistic_id=entity_id,
            unit_class=converter.UNIT_CLASS if converter else None,
            unit_of_measurement=UnitOfRatio.PERCENTAGE,
        )
        rows = [StatisticData(start=start, mean=value, min=value, max=value) for start, value in missing.items()]
        async_import_statistics(hass, metadata, rows)
    return len(missing)
