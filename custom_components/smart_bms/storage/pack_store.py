"""The file of a pack: what is stored of its parameters, its sessions and its protections, checked when it is loaded."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..bms.families import Family
from ..bms.stored_values import Checks, text, whole
from ..const import DOMAIN
from ..protection.engine import check_kept
from .checked_store import CheckedStore, async_load_parts, open_store

LEARNED: Final = "learnt"
"""Key of what the pack's sessions learned."""
PROTECTION: Final = "protection"
"""Key of the state of the protections."""
TEMPORARY: Final = "temporary"
"""Key of the values that a calibration has to restore."""


def pack_store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    """Return the store of an entry: write log, intended values, and the rest."""
    return open_store(hass, f"{DOMAIN}.{entry_id}")


async def async_load_pack(
    hass: HomeAssistant, entry_id: str, family: Family, variant: str, name: str
) -> dict[str, Any] | None:
    """Return what is stored of a pack; parts that cannot be used are set aside, and reported with `name`."""
    return await async_load_parts(pack_store(hass, entry_id), _pack_checks(family, variant), name)


def _pack_checks(family: Family, variant: str) -> Checks:
    """Return the checks of the parts of the file, for a pack of this family and variant."""
    return {
        "records": _check_records,
        "baseline": _check_parameters,
        "tally": {"totals": _check_counts, "last": _check_counts},
        "reading": _check_texts,
        LEARNED: family.stored_checks,
        PROTECTION: lambda part: check_kept(family.key, variant, part),
    }


def _check_records(part: Any) -> None:
    """Check that records are a list; the write log skips a record that cannot be read."""
    if not isinstance(part, list):
        raise TypeError("not a list")


def _check_parameters(part: Any) -> None:
    """Check that values have names, and are values."""
    for key, value in _mapping(part).items():
        text(key)
        if not isinstance(value, (bool, int, float, str)):
            raise TypeError("not a parameter")


def _check_counts(part: Any) -> None:
    """Check that counts are whole numbers."""
    for count in _mapping(part).values():
        whole(count)


def _check_texts(part: Any) -> None:
    """Check that values are texts."""
    for value in _mapping(part).values():
        text(value)


def _mapping(part: Any) -> Mapping[str, Any]:
    """Return a part that is a mapping. Raises TypeError if it is none."""
    if not isinstance(part, Mapping):
        raise TypeError("not a table")
    return part
