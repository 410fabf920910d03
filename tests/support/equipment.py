"""Equipment that is steered: one entity of it, whose faults are set by hand."""

from dataclasses import dataclass, field
from typing import Any

from custom_components.smart_bms.steering.demand import Demand, FallbackSettings
from custom_components.smart_bms.steering.follower import Write
from custom_components.smart_bms.steering.steering import Steering
from custom_components.smart_bms.steering.target import Target, TargetKind


@dataclass
class Device:
    """Shows what it was set to, after a while."""

    shown: float | None = 0.0
    lag: float = 2.0
    ignores: bool = False
    most: float = float("inf")
    rounds_to: float = 0.0
    written: list[tuple[float, float]] = field(default_factory=list)
    _due: list[tuple[float, float]] = field(default_factory=list)

    def write(self, now: float, value: float) -> None:
        self.written.append((now, value))
        if not self.ignores:
            self._due.append((now + self.lag, value))

    def look(self, now: float) -> float | None:
        for at, value in list(self._due):
            if at <= now and self.shown is not None:
                rounded = round(value / self.rounds_to) * self.rounds_to if self.rounds_to else value
                self.shown = min(rounded, self.most)
                self._due.remove((at, value))
        return self.shown


class Site:
    """One target and its device, second by second."""

    def __init__(self, kind: str = "charge_current", fallback: FallbackSettings | None = None, **target: Any) -> None:
        self.target = Target(entity="number.one", kind=TargetKind(kind), **target)
        self.steering = Steering([self.target], fallback or FallbackSettings())
        self.device = Device()
        self.now = 1000.0
        self.restarts: list[float] = []
        self.asked = Demand(charge_current=50.0, discharge_current=50.0, charge_voltage=55.0, voltage=52.0)

    @property
    def state(self) -> str:
        return self.steering.followers[0].state.value

    def ask(self, current: float, cause: str = "") -> None:
        self.asked = Demand(
            charge_current=current, discharge_current=50.0, charge_voltage=55.0, voltage=52.0, charge_limited_by=cause
        )

    def lose(self) -> None:
        self.asked = Demand(charge_limited_by="no_data", discharge_limited_by="no_data")

    def run(self, seconds: float, step: float = 1.0) -> list[Write]:
        """Let time pass; return what was written."""
        found: list[Write] = []
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += step
            for write in self.steering.step(self.now, self.asked, {"number.one": self.device.look(self.now)}):
                self.device.write(self.now, write.value)
                found.append(write)
        return found

    def restart(self) -> None:
        """Stop without a word, as when the power goes, and start again."""
        self.restarts.append(self.now)
        kept = self.steering.dump()
        self.steering = Steering([self.target], FallbackSettings())
        self.steering.restore(kept)
