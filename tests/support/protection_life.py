"""A pack that lives through a table of moments."""

from typing import Any

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.events import ProtectionEvent
from custom_components.smart_bms.protection.fast_path import FastPath
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.monitor import ProtectionState
from custom_components.smart_bms.protection.rules import RuleSet, Side

USUAL: dict[str, Any] = {
    "highest": 3.3,
    "lowest": 3.29,
    "pack": 13.2,
    "current": 0.0,
    "hottest": 25.0,
    "coldest": 24.0,
    "stage": 40.0,
    "soc": 50,
    "alarms": (),
    "charging": True,
    "discharging": True,
}


def reading(now: float, **values: Any) -> Reading:
    """Return a reading of a pack of four cells on which all is well, but for these values."""
    have = USUAL | values
    cells = have.get("cells") or (have["highest"], 3.295, 3.295, have["lowest"])
    if None in (have["highest"], have["lowest"]):
        cells = ()
    temperatures = {"temperature_1": have["hottest"], "temperature_2": have["coldest"], "mosfet": have["stage"]}
    return Reading(
        measured_at=now,
        cell_voltages=tuple(cells),
        voltage=have["pack"],
        current=have["current"],
        soc=have["soc"],
        temperatures={key: value for key, value in temperatures.items() if value is not None},
        alarms=None if have["alarms"] is None else tuple(Alarm(alarm) for alarm in have["alarms"]),
        charging_enabled=have["charging"],
        discharging_enabled=have["discharging"],
        balancing_enabled=have.get("balancing"),
        overvoltage_ends_charge=have.get("full_is_fine", True),
    )


def shown_by_smart123(
    cells: str, celsius: str = "20", soc: float = 50, *, hears: bool = True, **more: Any
) -> dict[str, Any]:
    r"""Return what a 123\SmartBMS shows, as values of a reading: cells in V and probes in °C, each divided by /."""
    voltages = tuple(float(cell) for cell in cells.split("/") if cell)
    degrees = [float(degree) for degree in celsius.split("/") if degree]
    known = {"cells": voltages} if voltages else {"highest": None}
    return {
        **known,
        "hottest": max(degrees, default=None),
        "coldest": min(degrees, default=None),
        "stage": None,
        "soc": soc,
        "alarms": () if hears else ("cell_communication_fault",),
        "full_is_fine": False,
        **more,
    }


class Life:
    """What happens to one pack."""

    def __init__(self, rules: RuleSet, settings: dict[str, Any] | None, *, began: bool = True) -> None:
        """Begin with a reading on which all is well, at 1000 s."""
        self.plain = Mirror(rules)
        self.mirror = FastPath(self.plain)
        self.settings = settings
        self.now = 1000.0
        self.events: list[ProtectionEvent] = []
        if began:
            self.see(0)

    def see(self, seconds: float, **values: Any) -> list[ProtectionEvent]:
        """Take a reading so many seconds after the one before."""
        self.now += seconds
        events = self.mirror.update(reading(self.now, **values), self.settings)
        self.events += events
        return events

    def state(self, protection: str) -> ProtectionState:
        """Return where a protection stands."""
        return self.mirror.monitors[protection].state

    def answer(self, side: str) -> str:
        """Return what the mirror says of a side."""
        return self.mirror.permission(Side(side)).answer.value

    def codes(self, side: str) -> list[str]:
        """Return the reasons, by code and what they are about."""
        return [f"{reason.code}:{reason.about}" for reason in self.mirror.permission(Side(side)).reasons]

    def restart(self, shift: float = -500.0) -> None:
        """Stop and start again with another clock."""
        kept = self.mirror.dump()
        self.plain = Mirror(self.plain.rules)
        self.mirror = FastPath(self.plain)
        self.mirror.restore(kept, shift)
        self.now += shift
