"""State-of-charge plan: how full the owner wants a battery, how empty it may get, and what that leaves of its currents."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

TARGET: Final = "target_soc"
"""As what limits a charge current: the battery is as full as its owner wants it."""
FLOOR: Final = "discharge_floor"
"""As what limits a discharge current: the battery is as empty as its owner lets it get."""
SPAN: Final = 3.0
"""% before the target, or the floor, over which the current fades. Our judgment: minutes at usual currents."""
LEAST_SHARE: Final = 0.1
"""Share of the full current that is left until the target is reached: with less it would take for ever."""
TARGET_HYSTERESIS: Final = 0.8
"""% below the target at which charging begins again: less than the one percent in which most packs count."""
FLOOR_HYSTERESIS: Final = 2.0
"""% above the floor at which discharging begins again. Our judgment: a load that comes and goes is worse than none."""
NOISE: Final = 0.5
"""% by which a told state of charge may go back and forth without anything following it."""
TRICKLE: Final = 0.05
"""Share of the full current that is left while the target is held by voltage."""
OVERSHOOT: Final = 0.8
"""% above the target at which no current is left, also while it is held by voltage."""
FULL: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocPlan:
    """What the owner wants, in % and days."""

    target: float = FULL
    """State of charge to charge to; 100: until the battery is full."""
    floor: float = 0.0
    """State of charge at which discharging ends; 0: what its limits say."""
    chosen: float = 50.0
    """State of charge of which the owner asks when it is reached."""
    full_every: float = 0.0
    """Days after which it is charged fully in spite of the target; 0: never."""

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Self:
        """Return the plan with what was chosen in place of the defaults; what cannot be meant is left out."""
        return cls(
            **{
                item.name: float(value)
                for item in fields(cls)
                if isinstance(value := chosen.get(item.name), (int, float)) and 0 <= value <= HIGHEST[item.name]
            }
        )

    def as_dict(self) -> dict[str, float]:
        """Return what is stored."""
        return asdict(self)


_FULL_CHARGE_ENDS: Final = 2 / 24
"""Days after a battery was last full when its full charge is over, whether or not its cells got even."""
HIGHEST: Final = {"target": FULL, "floor": 90.0, "chosen": FULL, "full_every": 365.0}
"""Highest value of each, in % and days."""
LEAST_WINDOW: Final = 10.0
"""% that have to lie between floor and target: charging and discharging are never both to end."""


class SocWindow:
    """Keeps one battery between target and floor, with a hysteresis."""

    def __init__(self) -> None:
        """Begin without a plan: full, and as empty as its limits say."""
        self.plan = SocPlan()
        self.is_full_due = False
        """Whether it is to be charged fully now, in spite of the target."""
        self.is_at_target = False
        """Whether the target is reached and held."""
        self.is_at_floor = False
        """Whether the floor is reached, and nothing is to flow out."""
        self._soc: float | None = None
        """% without the noise of what is told: what fades must not tremble, somebody writes it to an inverter."""

    @property
    def target(self) -> float:
        """The state of charge in % that is charged to now."""
        return FULL if self.is_full_due else self.plan.target

    def update(self, soc: float | None, days_since_full: float | None, *, floats: bool = False) -> None:
        """Follow the state of charge in %; `days_since_full` None: nobody knows when the battery was full.

        `floats`: its cells are even at full voltage. A full charge is over then, or some time after it was last full.
        """
        self._soc = _without_noise(self._soc, soc)
        every = self.plan.full_every
        is_due = every > 0 and (days_since_full is None or days_since_full >= every)
        goes_on = self.is_full_due and every > 0 and not floats and (days_since_full or 0.0) < _FULL_CHARGE_ENDS
        self.is_full_due = is_due or goes_on
        target, floor = self.target, self.plan.floor
        if target >= FULL:
            self.is_at_target = False
        elif soc is not None:
            self.is_at_target = soc >= target or (self.is_at_target and soc > target - TARGET_HYSTERESIS)
        if floor <= 0:
            self.is_at_floor = False
        elif soc is not None:
            self.is_at_floor = soc <= floor or (self.is_at_floor and soc < floor + FLOOR_HYSTERESIS)

    def charge_share(self, *, by_voltage: bool = False) -> float:
        """Return how much of the full charge current is left, 0 to 1; all of it if the state of charge is not known.

        `by_voltage`: the target is held by a lower charge voltage, and a trickle is left for what the loads take.
        """
        soc = self._soc
        if self.target >= FULL or soc is None:
            return 1.0
        if self.is_at_target:
            return TRICKLE if by_voltage and soc < self.target + OVERSHOOT else 0.0
        return _fade(self.target - soc)

    def discharge_share(self) -> float:
        """Return how much of the full discharge current is left, 0 to 1."""
        if self.plan.floor <= 0 or self._soc is None:
            return 1.0
        return 0.0 if self.is_at_floor else _fade(self._soc - self.plan.floor)

    def settled_bounds(self) -> tuple[float, float]:
        """Return between which states of charge in % nothing of this changes."""
        span = SPAN + 2 * NOISE
        low = self.plan.floor + span if self.plan.floor > 0 else float("-inf")
        return low, self.target - span if self.target < FULL else float("inf")

    @property
    def is_settled(self) -> bool:
        """Whether neither target nor floor is being held."""
        return not (self.is_at_target or self.is_at_floor)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"is_at_target": self.is_at_target, "is_at_floor": self.is_at_floor}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored."""
        self.is_at_target = stored.get("is_at_target") is True
        self.is_at_floor = stored.get("is_at_floor") is True


def _without_noise(before: float | None, soc: float | None) -> float | None:
    """Return a state of charge in % that moves only as far as what is told is away from it by more than its noise."""
    if soc is None or before is None:
        return soc
    return min(max(before, soc - NOISE), soc + NOISE)


def _fade(distance: float) -> float:
    """Return what is left so many % before the end."""
    return min(1.0, max(LEAST_SHARE, distance / SPAN))
