"""First contact with a pack: before it is added, and before a new password or transport is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant

from ..bms.advertisement import Advertisement
from ..bms.errors import NotThisKindError, PackError
from ..bms.families import FAMILIES, Family, recognize
from ..bms.pack import Pack
from ..const import CONF_FAMILY
from ..pack_entry.pack_builder import build_pack
from ..pack_entry.simulated import Simulation
from ..pack_entry.slot_scheduler import async_slot_scheduler

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ContactTarget:
    """Which device to connect to: one that was heard, or a simulated one."""

    name: str
    advertisement: Advertisement
    simulation: Simulation | None = None

    @property
    def address(self) -> str:
        """Return its Bluetooth address."""
        return self.advertisement.address


async def async_contact(  # noqa: PLR0913
    hass: HomeAssistant,
    target: ContactTarget,
    family: Family,
    *,
    password: str | None,
    hasty: bool,
    learned: dict[str, Any],
) -> Pack:
    """Return a pack that has told who it is and one reading, and is disconnected again. Raises PackError.

    `hasty` is that of Pack.first_contact; what the pack's later sessions shall know is put into `learned`.
    """
    simulation = target.simulation
    pack = build_pack(
        hass,
        family,
        target.name,
        target.address,
        simulation=simulation,
        heard=target.advertisement,
        password=password,
        learned=learned,
    )
    if simulation:
        simulation.start()
    try:
        if simulation:
            identity, _ = await pack.first_contact(hasty=hasty)
        else:
            async with async_slot_scheduler(hass).async_guest(target.address):
                identity, _ = await pack.first_contact(hasty=hasty)
    finally:
        if simulation:
            await simulation.stop()
    if recognize(target.advertisement) is None and not (simulation or family.confirms(identity)):
        raise NotThisKindError(f"it calls itself {identity.model}")
    return pack


async def async_contact_entry(
    hass: HomeAssistant, entry: ConfigEntry, password: str | None, options: Mapping[str, Any]
) -> None:
    """Connect once to a pack that is set up already, with another password or other options. Raises PackError."""
    family = FAMILIES[entry.data[CONF_FAMILY]]
    pack = build_pack(hass, family, entry.title, entry.data[CONF_ADDRESS], password=password, options=options)
    async with async_slot_scheduler(hass).async_guest(entry.data[CONF_ADDRESS]):
        await pack.first_contact()


def failure_of(error: Exception, name: str) -> tuple[str, str]:
    """Return the key of the text that explains a failed contact, and a detail; log what is a defect of ours."""
    if isinstance(error, PackError):
        return error.reason, str(error)
    _LOGGER.error("Unexpected error while connecting to %s", name, exc_info=error)
    return "unknown", type(error).__name__
