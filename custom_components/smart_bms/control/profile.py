"""Profiles: the parameters of a pack as a file that can be stored, compared and restored to packs of the same kind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..bms.reading import Identity
from ..bms.settings import FORMULA, Catalog, Proof, Setting, SettingKind, Settings, SettingValue
from .validation_issue import rejection

FORMAT_VERSION: Final = 1

PACK_SPECIFIC: Final = frozenset({"device_address", "charge_switch", "discharge_switch"})
"""Parameters that belong to one pack, or one moment, alone: restored only if named."""

type Profile = dict[str, Any]


def create_profile(identity: Identity, settings: Settings, catalog: Catalog, at: datetime) -> Profile:
    """Return the parameters of a pack as a profile; it contains nothing personal."""
    return {
        "version": FORMAT_VERSION,
        "created_at": at.isoformat(timespec="seconds"),
        "family": identity.family,
        "variant": settings.variant,
        "model": identity.model,
        "sw_version": identity.sw_version,
        FORMULA: _formula(identity),
        "parameters": {
            key: value
            for key, value in settings.values.items()
            if key in catalog.settings and not (catalog.settings[key].personal or catalog.settings[key].moves)
        },
    }


def _formula(identity: Identity) -> str:
    return str(identity.details.get(FORMULA, ""))


def profile_values(profile: object, identity: Identity, variant: str) -> dict[str, Any]:
    """Return the parameters in a profile for a pack of this variant.

    Raises RejectedError if it is no profile, of a newer version, or of another kind of pack.
    """
    if not isinstance(profile, Mapping) or not isinstance(profile.get("parameters"), Mapping):
        raise rejection("not_a_profile")
    version = profile.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise rejection("not_a_profile")
    if version > FORMAT_VERSION:
        raise rejection("newer_profile", version=str(version))
    # The same temperature is another number in the pack if it is calculated in another way.
    kind = f"{profile.get('family')} {profile.get('variant')} {profile.get(FORMULA, '')}".rstrip()
    mine = f"{identity.family} {variant} {_formula(identity)}".rstrip()
    if kind != mine:
        raise rejection("foreign_profile", profile=kind, pack=mine)
    return dict(profile["parameters"])


def restorable_values(
    values: Mapping[str, Any], catalog: Catalog, only: list[str] | None
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a profile that can be written to this pack, and the keys that cannot.

    `only`: restore these keys alone. Raises RejectedError if one of them is not in the profile.
    """
    unknown = [key for key in only or () if key not in values]
    if unknown:
        raise rejection("not_in_profile", parameter=unknown[0])
    wanted = values if only is None else only
    changes = {
        key: values[key]
        for key in wanted
        if _can_be_restored(catalog.settings.get(key)) and (only is not None or key not in PACK_SPECIFIC)
    }
    return changes, [key for key in wanted if key not in changes]


def _can_be_restored(setting: Setting | None) -> bool:
    return (
        setting is not None
        and setting.proof is not Proof.READ_ONLY
        and setting.kind is not SettingKind.COMMAND
        and setting.seen is None
        and not (setting.procedure or setting.personal)
    )


def profile_differences(
    one: Mapping[str, SettingValue], other: Mapping[str, SettingValue], catalog: Catalog
) -> dict[str, tuple[SettingValue | None, SettingValue | None]]:
    """Return the values that differ, by key: of one profile and of the other, None for what it does not have."""
    found: dict[str, tuple[SettingValue | None, SettingValue | None]] = {}
    for key in dict.fromkeys((*one, *other)):
        setting = catalog.settings.get(key)
        if setting is not None and (setting.personal or setting.moves):
            continue
        mine, theirs = one.get(key), other.get(key)
        if not (setting.same(mine, theirs) if setting else mine == theirs):
            found[key] = (mine, theirs)
    return found
