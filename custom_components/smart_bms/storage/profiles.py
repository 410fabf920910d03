"""Stored profiles: named backups of parameters."""

import asyncio
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..bms.pack import Pack
from ..bms.stored_values import EVERY
from ..const import DOMAIN
from ..control.profile import Profile, create_profile
from ..control.validation_issue import rejection
from .checked_store import async_load_parts, open_store

_SIMULATED: Final = "simulated"
_AUTOMATIC: Final = "automatic"
MAX_PROFILES: Final = 100
"""Profiles that users have made; one is some 3 kB."""
MAX_AUTOMATIC: Final = 5
"""Profiles of one pack that were made before a command; the oldest are deleted."""
_KEY: Final[HassKey[Profiles]] = HassKey(f"{DOMAIN}.profiles")


def _check(profile: Any) -> None:
    """Check a stored profile, which is listed and used later. Raises TypeError or KeyError."""
    if not isinstance(profile, dict) or not isinstance(profile["parameters"], dict):
        raise TypeError("no profile")


class Profiles:
    """The profiles of this Home Assistant, by name."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare the store; it is read at the first use."""
        self._store = open_store(hass, f"{DOMAIN}.profiles")
        self._profiles: dict[str, Profile] | None = None
        self._load_lock = asyncio.Lock()

    async def async_all(self) -> dict[str, Profile]:
        """Return all profiles."""
        async with self._load_lock:
            if self._profiles is None:
                stored = await async_load_parts(self._store, {EVERY: _check}, "Smart BMS")
                self._profiles = dict(stored or {})
        return self._profiles

    async def async_get(self, name: str) -> Profile:
        """Return a profile. Raises RejectedError if there is none of this name."""
        profiles = await self.async_all()
        if name not in profiles:
            raise rejection("unknown_profile", profile=name, profiles=", ".join(profiles) or "–")
        return profiles[name]

    async def async_backup(
        self, pack: Pack, name: str, simulated: str | None = None, automatic: str | None = None
    ) -> Profile:
        """Store the parameters of a pack under a name, in place of a profile of the same name. Raises RejectedError.

        `simulated` is the entry of a simulated pack, with which its profiles are removed. `automatic` is the entry of
        the pack if the integration made the backup by itself: only the newest of those stay.
        """
        settings, identity, catalog = pack.current_settings, pack.last_identity, pack.catalog()
        if settings is None or identity is None or catalog is None:
            raise rejection("unread")
        profile = create_profile(identity, settings, catalog, dt_util.utcnow())
        profiles = await self.async_all()
        by_user = [key for key, stored in profiles.items() if _AUTOMATIC not in stored]
        if automatic is None and name not in by_user and len(by_user) >= MAX_PROFILES:
            raise rejection("too_many_profiles", count=str(len(by_user)))
        profiles.pop(name, None)
        origin = {_SIMULATED: simulated, _AUTOMATIC: automatic}
        profiles[name] = profile | {key: entry for key, entry in origin.items() if entry is not None}
        if automatic is not None:
            own = [key for key, stored in profiles.items() if stored.get(_AUTOMATIC) == automatic]
            for key in own[:-MAX_AUTOMATIC]:
                del profiles[key]
        await self._store.async_save(profiles)
        return profile

    async def async_list(self) -> list[dict[str, Any]]:
        """Return name, time and kind of each profile, without its parameters, the newest first."""
        profiles = await self.async_all()
        keys = ("created_at", "family", "variant", "model", "sw_version")
        listed = [
            {"name": name, **{key: profile.get(key) for key in keys}, _AUTOMATIC: _AUTOMATIC in profile}
            for name, profile in profiles.items()
        ]
        return sorted(listed, key=lambda item: str(item["created_at"]), reverse=True)

    async def async_delete(self, names: list[str]) -> None:
        """Delete profiles. Raises RejectedError, and deletes none, if one does not exist."""
        for name in names:
            await self.async_get(name)
        profiles = await self.async_all()
        for name in names:
            profiles.pop(name, None)
        await self._store.async_save(profiles)

    async def async_delete_simulated(self, entry_id: str) -> None:
        """Delete the profiles of a simulated pack."""
        profiles = await self.async_all()
        names = [name for name, profile in profiles.items() if profile.get(_SIMULATED) == entry_id]
        for name in names:
            del profiles[name]
        if names:
            await self._store.async_save(profiles)


def async_profiles(hass: HomeAssistant) -> Profiles:
    """Return the profiles of this Home Assistant."""
    return hass.data.setdefault(_KEY, Profiles(hass))
