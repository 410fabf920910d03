"""Profiles that Home Assistant keeps: named backups of parameters."""

import asyncio
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .bms.pack import Pack
from .const import DOMAIN
from .control.findings import refuse
from .control.profile import Profile, make
from .stores import open_store

_SIMULATED: Final = "simulated"
_KEY: Final[HassKey[Profiles]] = HassKey(f"{DOMAIN}.profiles")


class Profiles:
    """Profiles by name."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; nothing is read yet."""
        self._store = open_store(hass, f"{DOMAIN}.profiles")
        self._profiles: dict[str, Profile] | None = None
        self._turn = asyncio.Lock()

    async def async_all(self) -> dict[str, Profile]:
        """Return all profiles."""
        async with self._turn:
            if self._profiles is None:
                self._profiles = dict(await self._store.async_load() or {})
        return self._profiles

    async def async_get(self, name: str) -> Profile:
        """Return one. Raises RefusedError."""
        profiles = await self.async_all()
        if name not in profiles:
            raise refuse("unknown_profile", profile=name, profiles=", ".join(profiles) or "–")
        return profiles[name]

    async def async_backup(self, pack: Pack, name: str, simulated: str | None = None) -> Profile:
        """Keep the parameters of a pack under a name; one of the same name is replaced. Raises RefusedError.

        `simulated`: the entry of a simulated pack, with which they go.
        """
        settings, identity, catalogue = pack.current_settings, pack.last_identity, pack.catalogue()
        if settings is None or identity is None or catalogue is None:
            raise refuse("unread")
        profile = make(identity, settings, catalogue, dt_util.utcnow())
        profiles = await self.async_all()
        profiles[name] = profile if simulated is None else {**profile, _SIMULATED: simulated}
        await self._store.async_save(profiles)
        return profile

    async def async_forget(self, entry_id: str) -> None:
        """Remove what a simulated pack has left."""
        profiles = await self.async_all()
        left = [name for name, profile in profiles.items() if profile.get(_SIMULATED) == entry_id]
        for name in left:
            del profiles[name]
        if left:
            await self._store.async_save(profiles)


def async_profiles(hass: HomeAssistant) -> Profiles:
    """Return the profiles of this Home Assistant."""
    return hass.data.setdefault(_KEY, Profiles(hass))
