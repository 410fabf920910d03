r"""Random lives of a 123\SmartBMS: its relays by the simulator's decision and by the mirror's tables."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.smart123.scales import Formula, celsius, volts
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.monitor import ProtectionState
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.protection.rules import Side
from custom_components.smart_bms.protection.smart123 import SMART123
from custom_components.smart_bms.simulator.smart123.relays import Relays, Sample, Thresholds, decide, lamps

THRESHOLDS = (
    Thresholds(560, 730, 700, 271, 271, 330, 90, 20, critical=False),
    Thresholds(560, 730, 700, 271, 271, 330, 90, 20, critical=True),
    Thresholds(500, 840, 830, 260, 260, 340, 95, 10, critical=False),
)
_BYTES = 5


class Seen(NamedTuple):
    """A sample, and the seconds since the one before."""

    seconds: float
    sample: Sample


def settings_of(limits: Thresholds) -> dict[str, Any]:
    """Return the parameters as our driver tells them."""
    return {
        "cell_undervoltage": volts(limits.v_min),
        "cell_overvoltage": volts(limits.v_max),
        "balance_start_voltage": volts(limits.bypass),
        "charge_undertemperature": celsius(limits.t_min_charge, Formula.APP),
        "cell_overtemperature": celsius(limits.t_max, Formula.APP),
        "charge_restart_soc": limits.charge_restart,
        "discharge_restart_soc": limits.load_restart,
        "critical_mode": limits.critical,
    }


def samples(data: bytes, limits: Thresholds) -> Iterator[Seen]:
    """Yield the life that the bytes stand for."""
    volts_offered = [level + step for level in (limits.v_min, limits.bypass, limits.v_max) for step in (-1, 0, 1)] + [
        660,
        660,
        662,
    ]
    warm = (
        [limits.t_min_charge + step for step in (-1, 0, 1)] + [limits.t_max + step for step in (-1, 0, 1)] + [295] * 3
    )
    charged = [limits.charge_restart + step for step in (-1, 0, 1)] + [
        limits.load_restart + step for step in (-1, 0, 1)
    ]
    charged += [0, 50, 100]
    for start in range(0, len(data) - _BYTES + 1, _BYTES):
        first, second, third, temperature, more = data[start : start + _BYTES]
        cells = tuple(volts_offered[number % len(volts_offered)] for number in (first, second, third))
        if third & 0x80:
            cells = (cells[0], cells[0], cells[0])
        sample = Sample(
            voltages=cells,
            temperatures=(warm[temperature % len(warm)], 295 if temperature & 0x40 else warm[temperature % len(warm)]),
            soc=charged[more % len(charged)],
            communicates=more < 250,
        )
        for _ in range(1 + (more & 1)):
            yield Seen(0.5 if more & 2 else 1.0, sample)


def reading_of(sample: Sample, now: float, before: Relays | None) -> Reading:
    """Return what a driver would make of it; where the relays stand only the first one tells."""
    alarms = () if sample.communicates else (Alarm.CELL_COMMUNICATION_FAULT,)
    cells = tuple(volts(count) for count in sample.voltages)
    return Reading.of(
        {
            "measured_at": now,
            "cell_voltages": cells,
            "voltage": sum(cells),
            "current": 0.0,
            "soc": sample.soc,
            "temperatures": {
                "lowest": celsius(min(sample.temperatures), Formula.APP),
                "highest": celsius(max(sample.temperatures), Formula.APP),
            },
            "alarms": alarms,
            "charging_enabled": before.charge if before else None,
            "discharging_enabled": before.load if before else None,
        }
    )


def compare(data: bytes) -> int:
    """Let mirror and board live the same life; return how many samples. Raises AssertionError where they differ."""
    limits = THRESHOLDS[data[0] % len(THRESHOLDS)]
    settings, mirror = settings_of(limits), Mirror(SMART123)
    relays = Relays(bool(data[0] & 8), bool(data[0] & 16))
    now, count = 1000.0, 0
    for seconds, sample in samples(data[1:], limits):
        now += seconds
        mirror.update(reading_of(sample, now, None if count else relays), settings)
        relays = decide(sample, limits, relays)
        count += 1
        stand = mirror.relays[limits.critical]
        for side, closed in ((Side.CHARGE, relays.charge), (Side.DISCHARGE, relays.load)):
            assert stand[side].answer is (Tristate.YES if closed else Tristate.NO), (side, sample, relays)
            if not closed:
                assert mirror.permission(side).answer is Tristate.NO
        if sample.communicates:
            lit = lamps(sample, limits)
            tripped = {monitor.rule.protection for monitor in mirror.active if monitor.state is ProtectionState.TRIPPED}
            assert tripped == {
                name
                for name, on in zip(
                    ("cell_undervoltage", "cell_overvoltage", "cell_undertemperature", "cell_overtemperature"),
                    lit[1:],
                    strict=True,
                )
                if on
            }
    return count
