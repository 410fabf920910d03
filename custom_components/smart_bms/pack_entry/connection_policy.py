"""Connection policy: what the owner of a pack chose about its connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ..const import CONF_CONNECTION, CONF_FRESH_WITHIN, CONF_FRESHNESS, CONF_LEAVE_ONE_FREE, CONF_READ_EVERY


class Freshness(StrEnum):
    """What is promised of the age of a pack's data when there are more packs than connection slots."""

    ALWAYS = "always"
    FRESH = "fresh"
    AS_SLOTS_ALLOW = "as_slots_allow"
    ON_DEMAND = "on_demand"


AS_SLOTS_ALLOW_TARGET = 300.0
"""s of age that are promised where nothing is asked for."""
_MARGIN = 60.0
"""s that a visit may come late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPolicy:
    """When a pack is connected."""

    freshness: Freshness = Freshness.FRESH
    fresh_within: float = 60.0
    """Age in s that the data may have."""
    read_every: float = 10.0
    """Minutes between two visits of a pack that is only connected to be read."""
    leave_one_free: bool = False
    """Every adapter and proxy keeps a slot for others."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the policy in the options of an entry."""
        chosen = options.get(CONF_CONNECTION, {})
        default = cls()
        return cls(
            freshness=Freshness(chosen.get(CONF_FRESHNESS, default.freshness)),
            fresh_within=chosen.get(CONF_FRESH_WITHIN, default.fresh_within),
            read_every=chosen.get(CONF_READ_EVERY, default.read_every),
            leave_one_free=chosen.get(CONF_LEAVE_ONE_FREE, default.leave_one_free),
        )

    @property
    def rests(self) -> bool:
        """Return whether the pack is only connected to be read."""
        return self.freshness is Freshness.ON_DEMAND

    @property
    def target(self) -> float:
        """Return the age in s that the data may have."""
        if self.freshness is Freshness.FRESH:
            return self.fresh_within
        return self.read_every * 60 + _MARGIN if self.rests else AS_SLOTS_ALLOW_TARGET
