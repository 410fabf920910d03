"""The file of a pack: what is kept of its parameters, its sessions and its protections, checked before it is used."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from ..bms.families import Family
from ..bms.stored_values import Checks, text, whole
from ..pack_entry.parameters import LEARNED, PROTECTION, store
from ..protection.engine import check_kept
from .checked_store import async_load_parts


async def async_load_pack(
    hass: HomeAssistant, entry_id: str, family: Family, variant: str, name: str
) -> dict[str, Any] | None:
    """Return what was kept of a pack; parts that cannot be used are set aside, and the owner of `name` is told."""
    return await async_load_parts(store(hass, entry_id), checks_of(family, variant), name)


def checks_of(family: Family, variant: str) -> Checks:
    """Return what the parts of the file of such a pack must be."""
    return {
        "records": _records,
        "baseline": _parameters,
        "tally": {"totals": _counts, "last": _counts},
        "reading": _texts,
        LEARNED: family.stored_checks,
        PROTECTION: lambda part: check_kept(family.key, variant, part),
    }


def _records(part: Any) -> None:
    """Check the list; a record that cannot be read is passed over alone."""
    if not isinstance(part, list):
        raise TypeError("not a list")


def _parameters(part: Any) -> None:
    for key, value in _mapping(part).items():
        text(key)
        if not isinstance(value, (bool, int, float, str)):
            raise TypeError("not a parameter")


def _counts(part: Any) -> None:
    for count in _mapping(part).values():
        whole(count)


def _texts(part: Any) -> None:
    for value in _mapping(part).values():
        text(value)


def _mapping(part: Any) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise TypeError("not a table")
    return part
