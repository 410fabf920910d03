"""Random lives of a pack, with and without the fast path around its mirror: both have to say the same.

A life is short, and what it meets lies around the limits: that is where something changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import random
from typing import Any, Final, override

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.reading import Extremes, Reading
from custom_components.smart_bms.bms.settings import SettingValue
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.families import rules_of
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.rules import ProtectedQuantity
from custom_components.smart_bms.protection.status import ranked

from .protection_life import reading
from .rule_books import DALY_81, DALY_D2, JBD_REAL, JK_LFP, JK_QUICK

type Settings = Mapping[str, SettingValue]

SMART123: Final[dict[str, SettingValue]] = {
    "cell_undervoltage": 2.8,
    "cell_overvoltage": 3.6,
    "balance_start_voltage": 3.45,
    "cell_overtemperature": 55.0,
    "charge_undertemperature": 2.0,
    "charge_restart_soc": 90,
    "discharge_restart_soc": 20,
    "critical_mode": False,
}
_GENERATION_3: Final = SMART123 | {"discharge_undertemperature": -10.0, "low_cell_voltage": 2.9}

FAMILIES: Final[Mapping[str, tuple[str, str, tuple[Settings, ...]]]] = {
    "jk": ("jk", "JK02_32S", (JK_LFP, JK_QUICK, JK_LFP | {"charge_switch": False})),
    "jbd": ("jbd", "extended", (JBD_REAL, JBD_REAL | {"soc_100_voltage": 3.45})),
    "daly": ("daly", "D2", (DALY_D2, DALY_81)),
    "smart123": ("smart123", "gen2", (SMART123, SMART123 | {"critical_mode": True})),
    "smart123_gen3": ("smart123", "gen3", (_GENERATION_3, _GENERATION_3 | {"critical_mode": True})),
}
"""Family, variant, and parameters as such packs have them."""

_SHARES: Final = (1.5, 1.1, 0.9, 0.62, 0.6, 0.59, 0.52, 0.5, 0.48, 0.3, 0.1, 0.02, 0.0, -0.02, -0.5)
"""Distances to a limit, as shares of a comfortable one."""
_VALUES: Final = {
    ProtectedQuantity.CELL_HIGHEST: "highest",
    ProtectedQuantity.CELL_LOWEST: "lowest",
    ProtectedQuantity.PACK_VOLTAGE: "pack",
    ProtectedQuantity.CHARGE_CURRENT: "current",
    ProtectedQuantity.DISCHARGE_CURRENT: "current",
    ProtectedQuantity.HOTTEST: "hottest",
    ProtectedQuantity.COLDEST: "coldest",
    ProtectedQuantity.POWER_STAGE: "stage",
    ProtectedQuantity.SOC: "soc",
}
_COMFORTABLE: Final[Mapping[str, tuple[Any, ...]]] = {
    "highest": (3.3, 3.31, 3.35, 3.38),
    "lowest": (3.29, 3.25, 3.2),
    "pack": (13.2, 13.1, 13.25),
    "current": (0.0, 10.0, -12.0, 14.0, -30.0),
    "hottest": (25.0, 25.1, 28.0),
    "coldest": (24.0, 22.0),
    "stage": (40.0, 41.0),
    "soc": (50, 51, 60),
}
_SECONDS: Final = (0.5, 1.0, 1.0, 2.0, 5.0, 7.0, 9.0, 9.0)
_RARE_SECONDS: Final = (0.0, 12.0, 29.0, 31.0, 45.0, 400.0, -1.0)
CLOCK: Final = 1_700_000_000.0


class UnwrappedMirror(Mirror):
    """A mirror where others expect one with a fast path."""

    steady = None


class PlainEngine(ProtectionEngine):
    """An engine that evaluates every reading."""

    @override
    def _new_mirror(self) -> Any:
        return UnwrappedMirror(self.rules, self._interval)


@dataclass(slots=True)
class _Pack:
    """What the readings of a life are drawn from."""

    settings: Settings
    around_limits: Mapping[str, tuple[Any, ...]]
    alarms: tuple[str, ...]


def _pack(family: str, variant: str, settings: Settings) -> _Pack:
    rules = rules_of(family, variant)
    values: dict[str, list[float]] = {}
    for rule in rules.rules:
        name, limit = _VALUES.get(rule.quantity), settings.get(rule.limit)
        if name is None or not isinstance(limit, int | float):
            continue
        sign = -1 if rule.above else 1
        way = -1 if rule.quantity is ProtectedQuantity.DISCHARGE_CURRENT else 1
        near = [round(way * (limit + sign * share * rule.quantity.comfortable(limit)), 3) for share in _SHARES]
        values.setdefault(name, []).extend(near)
    values.setdefault("soc", []).extend((4, 5, 9, 15, 19, 20, 21, 89, 90, 91, 95, 98, 100, 100))
    values.setdefault("highest", []).extend((3.44, 3.45, 3.46, 3.55))
    values.setdefault("lowest", []).extend((3.44, 3.45, 3.46, 3.0))
    alarms = [alarm.value for rule in rules.rules for alarm in rule.alarms] + [
        row.alarm.value for row in rules.reported
    ]
    return _Pack(
        settings,
        {name: tuple(found) for name, found in values.items()},
        (*dict.fromkeys(alarms), "temperature_sensor_fault", "cell_communication_fault", "charge_mosfet_fault"),
    )


_PACKS: Final = {
    name: [_pack(family, variant, settings) for settings in books]
    for name, (family, variant, books) in FAMILIES.items()
}
_ODD: Final[Mapping[str, tuple[Any, ...]]] = {
    "alarms": (None, ()),
    "charging": (True, False, None),
    "discharging": (True, False, None),
    "current": (None, 0.0),
    "soc": (None, 100, 101),
    "stage": (None, 40.0),
    "hottest": (None, 25.0),
    "highest": (None, 3.3),
    "pack": (None, 13.2),
    "cells": (None, (3.3, None, 3.3, None), (3.3, 3.3, 3.29), (3.3, 3.3, 3.3, 3.29, 3.3)),
    "full_is_fine": (True, False),
}


def _change(chance: random.Random, pack: _Pack, values: dict[str, Any]) -> None:
    """Change what the next reading shows: mostly a little, sometimes to a limit, rarely to something odd."""
    kind = chance.random()
    if kind < 0.45:
        name = chance.choice(tuple(_COMFORTABLE))
        values[name] = chance.choice(_COMFORTABLE[name])
    elif kind < 0.6:
        name = chance.choice(("highest", "lowest", "pack", "hottest", "coldest", "current"))
        if values[name] is not None:
            step = chance.choice((0.001, 0.005, 0.02)) * (1 if name in ("highest", "lowest") else 20)
            values[name] = round(values[name] + chance.choice((-step, step)), 3)
    elif kind < 0.8:
        name = chance.choice(tuple(pack.around_limits))
        values[name] = chance.choice(pack.around_limits[name])
    elif kind < 0.86:
        name = chance.choice(tuple(_ODD))
        values[name] = chance.choice(_ODD[name])
    elif kind < 0.89:
        values["alarms"] = tuple(chance.sample(pack.alarms, chance.choice((1, 1, 2))))


def _reading(chance: random.Random, now: float, values: Mapping[str, Any]) -> Reading:
    seen = reading(now, **values)
    odd = chance.random()
    if odd < 0.01:
        return replace(seen, implausible=(chance.choice(("cell_voltage_2", "temperature_1", "temperature_mosfet")),))
    if odd < 0.02:
        return replace(seen, extremes=Extremes(3.29, 4, 3.3, 1))
    if odd < 0.03:
        return replace(seen, temperatures={**seen.temperatures, chance.choice(("board", "temperature_3")): 25.0})
    return seen


def _same_answers(fast: ProtectionEngine, plain: ProtectionEngine) -> None:
    ours, theirs = fast.mirror, plain.mirror
    assert (ours.charge, ours.discharge) == (theirs.charge, theirs.discharge)
    assert _named(ours.nearest) == _named(theirs.nearest)
    assert _named(fast.nearest_tracker.near) == _named(plain.nearest_tracker.near)
    assert fast.limits == plain.limits
    assert (fast.state, fast.balance, ours.mismatches, ours.refused) == (
        plain.state,
        plain.balance,
        theirs.mismatches,
        theirs.refused,
    )


def _same_numbers(fast: ProtectionEngine, plain: ProtectionEngine) -> None:
    for monitor, other in zip(fast.mirror.monitors.values(), plain.mirror.monitors.values(), strict=True):
        assert (monitor.state, monitor.value, monitor.distance) == (other.state, other.value, other.distance)
    assert [monitor.rule for monitor in fast.mirror.active] == [monitor.rule for monitor in plain.mirror.active]
    assert fast.hints == plain.hints


def live(name: str, seed: int) -> int:
    """Live one life with and without the fast path; return how many readings it spared. Raises AssertionError."""
    family, variant, _ = FAMILIES[name]
    chance = random.Random(f"{name} {seed}")
    pack = chance.choice(_PACKS[name])
    settings: Settings | None = pack.settings
    options = LimitOptions()
    fast, plain = ProtectionEngine(family, variant, options), PlainEngine(family, variant, options)
    now, spared, offset = 1000.0, 0, 0.0
    values = {key: chance.choice(some) for key, some in _COMFORTABLE.items()}
    values |= {"alarms": (), "charging": True, "discharging": True}
    if family != "jk":
        values["stage"] = None
    # Some drift all the time, so that trends are there; most change now and then.
    drifts = chance.choice((None, None, None, ("highest", 0.003), ("lowest", -0.005), ("coldest", -0.3)))
    for _ in range(chance.choice((2, 3, 3, 4, 4, 5, 6, 12))):
        rare = chance.random()
        now += chance.choice(_RARE_SECONDS if rare < 0.06 else _SECONDS)
        if rare > 0.5:
            for _ in range(chance.choice((1, 1, 2, 3))):
                _change(chance, pack, values)
        elif rare > 0.48:
            key = chance.choice(tuple(pack.settings))
            number = pack.settings[key]
            settings = chance.choice((None, pack.settings, dict(pack.settings), {**pack.settings, key: _moved(number)}))
        elif rare > 0.46:
            stored = fast.dump(CLOCK + offset)
            assert stored == plain.dump(CLOCK + offset)
            if rare > 0.47:
                # Another run, with a clock that began anew.
                fast, plain = ProtectionEngine(family, variant, options), PlainEngine(family, variant, options)
                offset += chance.choice((500.0, 0.0))
                now -= chance.choice((500.0, 0.0))
                fast.restore(stored, CLOCK + offset)
                plain.restore(stored, CLOCK + offset)
        elif rare > 0.455:
            for engine in (fast, plain):
                engine.lose()
        if drifts and values[drifts[0]] is not None:
            values[drifts[0]] = round(values[drifts[0]] + drifts[1], 4)
        seen = _reading(chance, now, values)
        steady = fast.mirror.steady
        assert fast.update(seen, settings) == plain.update(seen, settings)
        spared += steady is not None and fast.mirror.steady is steady
        _same_answers(fast, plain)
        if chance.random() < 0.3:
            _same_numbers(fast, plain)
        if chance.random() < 0.3:
            shown = chance.choice(("", "charging_held_back_soc"))
            link = ConnectionState.STREAMING
            assert ranked(fast, seen, link, shown=shown) == ranked(plain, seen, link, shown=shown)
    _same_numbers(fast, plain)
    assert fast.dump(CLOCK) == plain.dump(CLOCK)
    return spared


def _moved(number: SettingValue) -> float:
    """Return a number that is a little higher."""
    assert isinstance(number, int | float)
    return (number or 1) * 1.02


def _named(nearest: Any) -> tuple[Any, ...] | None:
    if nearest is None:
        return None
    monitor = nearest.monitor
    return monitor.rule.protection, monitor.value, monitor.distance, nearest.predicted_trip
