"""Import of the state of charge for the hours that Home Assistant missed, from the history of a pack."""

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
_LAST_HOURS: Final = 1
"""Hours before the present one that are left out. Home Assistant compiles the statistics of an hour some minutes after
its end, for all sensors together, and fails for all of them if those of one exist already.
"""


async def async_import_soc(hass: HomeAssistant, address: str, soc: Mapping[int, float]) -> int:
    """Import the state of charge in % by hours before the present one; return how many hours were missing.

    The present hour, the one before, and all hours that have statistics are left as they are.
    """
    entity_id = er.async_get(hass).async_get_entity_id(Platform.SENSOR, DOMAIN, f"{address}_soc")
    if entity_id is None or RECORDER not in hass.config.components:
        return 0
    now = dt_util.utcnow()
    if not believable(now.timestamp()):
        return 0  # statistics of a wrong hour would stay for good
    hour = now.replace(minute=0, second=0, microsecond=0)
    by_start = {hour - ago * _HOUR: value for ago, value in soc.items() if ago > _LAST_HOURS}
    if not by_start:
        return 0
    recorder = get_instance(hass)
    statistics = await recorder.async_add_executor_job(
        statistics_during_period, hass, min(by_start), None, {entity_id}, "hour", None, {"mean"}
    )
    existing = {row["start"] for row in statistics.get(entity_id, ())}
    missing = {start: value for start, value in sorted(by_start.items()) if start.timestamp() not in existing}
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
