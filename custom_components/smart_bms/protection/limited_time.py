"""Limited time: for how long each reason has reduced the currents of a battery today."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from .balance_hold import HOLD
from .permission import NO_DATA, NO_RULES, NO_SETTINGS, NOT_KNOWN, NOT_SAID
from .rules import ProtectedQuantity, Side
from .soc_plan import FLOOR, TARGET

RECOVERING: Final = "recovering"
"""As what limits a current: nothing but that it rises slowly."""


class LimitReason(StrEnum):
    """Kinds of reasons, as people ask for them."""

    TEMPERATURE = "temperature"
    CELL_VOLTAGE = "cell_voltage"
    SOC = "soc"
    TARGET = "target"
    """What the owner wants: target, floor, hold for balancing."""
    PACK = "pack"
    """The pack itself: a protection, a switch, an alarm."""
    WEAKEST_PACK = "weakest_pack"
    """Of a bank: one of its packs, while others could take more."""
    NO_DATA = "no_data"


_REASONS: Final[Mapping[str, LimitReason]] = {
    **dict.fromkeys(
        (
            ProtectedQuantity.HOTTEST,
            ProtectedQuantity.COLDEST,
            ProtectedQuantity.TEMPERATURE_SPREAD,
            ProtectedQuantity.POWER_STAGE,
        ),
        LimitReason.TEMPERATURE,
    ),
    **dict.fromkeys(
        (
            ProtectedQuantity.CELL_HIGHEST,
            ProtectedQuantity.CELL_LOWEST,
            ProtectedQuantity.CELL_SPREAD,
            ProtectedQuantity.PACK_VOLTAGE,
        ),
        LimitReason.CELL_VOLTAGE,
    ),
    ProtectedQuantity.SOC: LimitReason.SOC,
    **dict.fromkeys((TARGET, FLOOR, HOLD), LimitReason.TARGET),
    **dict.fromkeys((NO_DATA, NO_SETTINGS, NO_RULES, NOT_KNOWN, NOT_SAID), LimitReason.NO_DATA),
    # As bank/member.py names them.
    **dict.fromkeys(("blocked", "left_out", "unfit"), LimitReason.WEAKEST_PACK),
}
OF_PACK: Final = tuple(reason for reason in LimitReason if reason is not LimitReason.WEAKEST_PACK)


def reason_of(limited_by: str) -> LimitReason:
    """Return the kind of a reason, given as what limits a current."""
    return _REASONS.get(limited_by, LimitReason.PACK)


def limited_time_key(side: Side, reason: LimitReason) -> str:
    """Return the key of what shows the time for which a reason has held a side back."""
    return f"{side[:-1]}ing_limited_{reason}"


class LimitedTime:
    """Adds up seconds, by side and kind of reason, since midnight."""

    def __init__(self) -> None:
        """Begin with none."""
        self._day = ""
        self._seconds: dict[str, float] = {}
        self._at: float | None = None
        self._last: dict[Side, LimitReason] = {}

    def minutes(self, side: Side, reason: LimitReason | None = None) -> float:
        """Return the minutes for which a reason, or any, has reduced the current of a side today."""
        found = [
            seconds
            for key, seconds in self._seconds.items()
            if key == f"{side}:{reason}" or (reason is None and key.startswith(f"{side}:"))
        ]
        return sum(found) / 60

    def update_day(self, today: date) -> None:
        """Begin anew when the local date is another."""
        if self._day != (day := today.isoformat()):
            self._day, self._seconds = day, {}

    def update(self, now: float, limited_by: Mapping[Side, str], longest_gap: float) -> None:
        """Count the time since the update before, up to a monotonic time in s, with what limits each side from now on.

        A limit that only rises slowly counts for what it recovers from. Longer than `longest_gap` s nothing was known.
        """
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        for side, cause in limited_by.items():
            before = self._last.get(side)
            if elapsed > longest_gap:
                before = LimitReason.NO_DATA
            if before is not None:
                key = f"{side}:{before}"
                self._seconds[key] = self._seconds.get(key, 0.0) + elapsed
            if not cause:
                self._last.pop(side, None)
            elif cause != RECOVERING:
                self._last[side] = reason_of(cause)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"day": self._day, "seconds": self._seconds}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored."""
        self._day = str(stored.get("day", ""))
        self._seconds = {str(key): float(value) for key, value in stored.get("seconds", {}).items()}
