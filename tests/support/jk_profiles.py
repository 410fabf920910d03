"""Random lives of packs, for the comparison of mirror and firmware: both see the same samples, and nothing of each other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.monitor import ProtectionState
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.protection.rules import RuleSet, Side
from custom_components.smart_bms.simulator.latch import Latch
from custom_components.smart_bms.simulator.measurement import Measurement

BYTES_OF_A_SEGMENT = 7
_DISCHARGE_CURRENTS = ("max_discharge_current", "discharge_overcurrent_warning", "discharge_overcurrent_2")
INTERVALS = (0.5, 1.0, 2.0, 5.0)


class Firmware(Protocol):
    """What the boards of the simulator have."""

    def evaluate(self, seconds: float, seen: Measurement) -> None: ...

    latches: dict[str, Latch]

    @property
    def charge_blocked(self) -> bool: ...

    @property
    def discharge_blocked(self) -> bool: ...


@dataclass(frozen=True)
class Family:
    """How to try out one family."""

    rules: RuleSet
    firmware: Callable[[Mapping[str, float]], Firmware]
    limits: tuple[dict[str, float], ...]


class Sample(NamedTuple):
    """A look, and the seconds since the one before."""

    seconds: float
    seen: Measurement


def around(*limits: float | None, usual: tuple[float, ...], step: float, most: float = 1e9) -> list[float]:
    """Return the values that are worth trying: usual ones, and those at and beside every limit."""
    values = list(usual)
    for limit in limits:
        if limit is not None:
            values += [limit - step, limit, limit + step]
    return [round(value, 3) for value in values if value <= most]


def choices(limits: Mapping[str, float]) -> dict[str, list[float]]:
    """Return what a pack with these limits is shown."""

    def all_of(*names: str) -> list[float | None]:
        layers = ("", "_release", "_warning", "_2", "_2_release")
        return [limits.get(name + end) for name in names for end in layers] + [
            limits.get(f"hardware_{name}") for name in names
        ]

    low, high = limits["cell_undervoltage"], limits["cell_overvoltage"]
    return {
        "highest": around(*all_of("cell_overvoltage"), usual=(3.3, 3.4, high + 0.1), step=0.001),
        "lowest": around(
            *all_of("cell_undervoltage", "power_off_voltage"), usual=(3.3, 3.25, 3.29, low - 0.03), step=0.001
        ),
        "pack": around(*all_of("pack_overvoltage", "pack_undervoltage"), usual=(13.2,), step=0.01),
        "current": around(
            limits.get("max_charge_current"),
            limits.get("charge_overcurrent_warning"),
            limits.get("charge_overcurrent_2"),
            *(-limits[key] for key in _DISCHARGE_CURRENTS if key in limits),
            usual=(0.0, 0.001, -0.001, 10.0, -10.0, 500.0, -500.0),
            step=0.1,
        ),
        "hottest": around(*all_of("charge_overtemperature", "discharge_overtemperature"), usual=(25.0,), step=0.1),
        "coldest": around(
            *all_of("charge_undertemperature", "discharge_undertemperature"), usual=(20.0, 24.0), step=0.1
        ),
        "stage": around(*all_of("mosfet_overtemperature"), usual=(40.0,), step=0.1),
        "soc": around(*all_of("soc_low", "soc_high"), usual=(50.0,), step=0.1, most=100.0),
    }


def samples(data: bytes, limits: Mapping[str, float]) -> Iterator[Sample]:
    """Yield the life that the bytes stand for: segments in which nothing changes."""
    offered = choices(limits)
    nominal = Measurement((3300, 3290, 3300, 3290), 13200, 0, (21.0, 20.0), 40.0, 50.0)
    yield Sample(0.0, nominal)
    for start in range(0, len(data) - BYTES_OF_A_SEGMENT + 1, BYTES_OF_A_SEGMENT):
        lasts, highest, lowest, current, hot, cold, more = data[start : start + BYTES_OF_A_SEGMENT]
        look = Measurement(
            cells=tuple(
                round(1000 * value)
                for value in (pick(offered["highest"], highest), pick(offered["lowest"], lowest), 3.295, 3.3)
            ),
            pack=round(1000 * pick(offered["pack"], more >> 4)),
            current=round(1000 * pick(offered["current"], current)),
            probes=(pick(offered["hottest"], hot), 24.5, pick(offered["coldest"], cold)),
            power_stage=pick(offered["stage"], more & 15),
            soc=pick(offered["soc"], more),
        )
        for _ in range(1 + (lasts & 7)):
            yield Sample(INTERVALS[lasts >> 6], look)


def pick(offered: list[float], number: int) -> float:
    """Return one of the values."""
    return offered[number % len(offered)]


def reading_of(seen: Measurement, now: float, *, first: bool) -> Reading:
    """Return what a driver would make of it. Only the first one says that no alarm is on: the rest is not told."""
    values: dict[str, Any] = {
        "measured_at": now,
        "cell_voltages": tuple(cell / 1000 for cell in seen.cells),
        "voltage": seen.pack / 1000,
        "current": seen.current / 1000,
        "soc": seen.soc,
        "temperatures": {f"temperature_{number}": value for number, value in enumerate(seen.probes, 1)}
        | ({} if seen.power_stage is None else {"mosfet": seen.power_stage}),
        "alarms": () if first else None,
    }
    return Reading.of(values)


def compare(family: Family, data: bytes) -> int:
    """Let mirror and firmware live the same life; return how many samples. Raises AssertionError where they differ."""
    limits = family.limits[data[0] % len(family.limits)]
    mirror, firmware = Mirror(family.rules), family.firmware(limits)
    now, count = 1000.0, 0
    for seconds, seen in samples(data[1:], limits):
        now += seconds
        mirror.update(reading_of(seen, now, first=not count), limits)
        firmware.evaluate(seconds, seen)
        count += 1
        tripped = {monitor.rule.protection for monitor in mirror.active if monitor.state is ProtectionState.TRIPPED}
        if getattr(firmware, "powered_off", False) or "automatic_shutdown" in tripped:
            assert getattr(firmware, "powered_off", False) is ("automatic_shutdown" in tripped), seen
            break
        latched = {name for name, latch in firmware.latches.items() if latch.tripped}
        assert tripped == latched, (tripped, latched, seen)
        for side, blocked in ((Side.CHARGE, firmware.charge_blocked), (Side.DISCHARGE, firmware.discharge_blocked)):
            assert (
                any(
                    side in monitor.rule.blocks and monitor.state is ProtectionState.TRIPPED
                    for monitor in mirror.active
                )
                is blocked
            )
            if blocked:
                assert mirror.permission(side).answer is Tristate.NO
    return count
