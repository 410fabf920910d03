"""Profiles that Home Assistant keeps: named backups of parameters."""

import asyncio
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..bms.pack import Pack
from ..bms.stored_values import EVERY
from ..const import DOMAIN
from ..control.profile import Profile, make
from ..control.validation_issue import rejection
from .checked_store import async_load_parts, open_store

_SIMULATED: Final = "simulated"
_AUTOMATIC: Final = "automatic"
MAX_PROFILES: Final = 100
"""Profiles that users have made; one is some 3 kB."""
MAX_AUTOMATIC: Final = 5
"""Profiles of one pack that were made before a command; the oldest go."""
_KEY: Final[HassKey[Profiles]] = HassKey(f"{DOMAIN}.profiles")


def _check(profile: Any) -> None:
    """Raise an error if this is no profile, and so would fail whoever lists or uses it."""
    if not isinstance(profile, dict) or not isinstance(profile["parameters"], dict):
        raise TypeError("no profile")


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
                kept = await async_load_parts(self._store, {EVERY: _check}, "Smart BMS")
                self._profiles = dict(kept or {})
        return self._profiles

    async def async_get(self, name: str) -> Profile:
        """Return one. Raises RefusedError."""
        profiles = await self.async_all()
        if name not in profiles:
            raise rejection("unknown_profile", profile=name, profiles=", ".join(profiles) or "–")
        return profiles[name]

    async def async_backup(
        self, pack: Pack, name: str, simulated: str | None = None, automatic: str | None = None
    ) -> Profile:
        """Keep the parameters of a pack under a name; one of the same name is replaced. Raises RefusedError.

        `simulated`: the entry of a simulated pack, with which they go; `automatic`: the entry of the pack if nobody asked
        for it, so that only the newest are kept.
        """
        settings, identity, catalog = pack.current_settings, pack.last_identity, pack.catalog()
        if settings is None or identity is None or catalog is None:
            raise rejection("unread")
        profile = make(identity, settings, catalog, dt_util.utcnow())
        profiles = await self.async_all()
        made = [key for key, kept in profiles.items() if _AUTOMATIC not in kept]
        if automatic is None and name not in made and len(made) >= MAX_PROFILES:
            raise rejection("too_many_profiles", count=str(len(made)))
        profiles.pop(name, None)
        origin = {_SIMULATED: simulated, _AUTOMATIC: automatic}
        profiles[name] = profile | {key: entry for key, entry in origin.items() if entry is not None}
        if automatic is not None:
            own = [key for key, kept in profiles.items() if kept.get(_AUTOMATIC) == automatic]
            for key in own[:-MAX_AUTOMATIC]:
                del profiles[key]
        await self._store.async_save(profiles)
        return profile

    async def async_list(self) -> list[dict[str, Any]]:
        """Return what is known of each profile, without its parameters, the newest first."""
        profiles = await self.async_all()
        told = ("created_at", "family", "variant", "model", "sw_version")
        listed = [
            {"name": name, **{key: profile.get(key) for key in told}, _AUTOMATIC: _AUTOMATIC in profile}
            for name, profile in profiles.items()
        ]
        return sorted(listed, key=lambda item: str(item["created_at"]), reverse=True)

    async def async_delete(self, names: list[str]) -> None:
        """Remove profiles; none of them if one does not exist. Raises RefusedError."""
        for name in names:
            await self.async_get(name)
        profiles = await self.async_all()
        for name in names:
            profiles.pop(name, None)
        await self._store.async_save(profiles)

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
