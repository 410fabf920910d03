"""The file of a pack: what is kept of its parameters, its sessions and its protections, checked before it is used."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..bms.families import Family
from ..bms.stored_values import Checks, text, whole
from ..const import DOMAIN
from ..protection.engine import check_kept
from .checked_store import CheckedStore, async_load_parts, open_store

LEARNED: Final = "learnt"
"""What the pack's sessions found out, in the store."""
PROTECTION: Final = "protection"
"""What the mirror has to remember, in the store."""
TEMPORARY: Final = "temporary"
"""What a procedure has changed for a moment and has to put back, in the store."""


def pack_store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    """Return where journal and baseline of an entry are kept."""
    return open_store(hass, f"{DOMAIN}.{entry_id}")


async def async_load_pack(
    hass: HomeAssistant, entry_id: str, family: Family, variant: str, name: str
) -> dict[str, Any] | None:
    """Return what was kept of a pack; parts that cannot be used are set aside, and the owner of `name` is told."""
    return await async_load_parts(pack_store(hass, entry_id), checks_of(family, variant), name)


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
