"""The file of the equipment of an entry: whether it is steered, how often it was written today, and what was written."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..bms.stored_values import Checks, flag, text
from ..const import DOMAIN
from ..steering.demand import FallbackSettings
from ..steering.steering import Steering
from ..storage.checked_store import CheckedStore, async_load_parts, open_store

IS_ON: Final = "on"
STEERING: Final = "steering"
LOG: Final = "log"
LAST_WRITE: Final = "last_write"


def _check_log(part: Any) -> None:
    """Check that records are a list; the write log skips a record that cannot be read."""
    if not isinstance(part, list):
        raise TypeError("not a list")


def _check_steering(part: Mapping[str, Any]) -> None:
    """Check the state of the steering. Raises what restoring it raises."""
    Steering((), FallbackSettings()).restore(part)
    for target in part.get("targets", {}).values():
        target.get("written")


_CHECKS: Final[Checks] = {IS_ON: flag, STEERING: _check_steering, LOG: _check_log, LAST_WRITE: text}


def equipment_store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    """Return the store of an entry."""
    return open_store(hass, f"{DOMAIN}.{entry_id}.equipment", atomic_writes=True)


async def async_load_equipment(hass: HomeAssistant, entry_id: str, name: str) -> dict[str, Any] | None:
    """Return what is stored; parts that cannot be used are set aside, and reported with `name`."""
    return await async_load_parts(equipment_store(hass, entry_id), _CHECKS, name)
