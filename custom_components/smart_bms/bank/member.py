"""Members: what a bank knows of each of its packs, and what a string of them in series amounts to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..bms.reading import Reading
from ..energy.energy_totals import EnergyTotals
from ..protection.relays import Tristate
from ..protection.status import PackStatus


class PackBuild(NamedTuple):
    """What is known of how a pack is built."""

    name: str
    cells: int | None
    """In series."""
    chemistry: str | None


def string_name(packs: Sequence[PackBuild]) -> str:
    """Return what a string is called."""
    return ", ".join(pack.name for pack in packs)


STALE: Final = "stale"
"""Why a member is left out: nothing current is known of it."""
INCOMPLETE: Final = "incomplete"
"""It says no voltage or current, or its string lacks a pack."""
BLOCKED_CHARGE: Final = "charge_blocked"
BLOCKED_DISCHARGE: Final = "discharge_blocked"
UNKNOWN_CHARGE: Final = "charge_unknown"
UNKNOWN_DISCHARGE: Final = "discharge_unknown"
REASONS: Final = (STALE, INCOMPLETE, BLOCKED_CHARGE, BLOCKED_DISCHARGE, UNKNOWN_CHARGE, UNKNOWN_DISCHARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLimits:
    """What a charger and an inverter should keep to: V, A, A. None is not known."""

    charge_voltage: float | None = None
    charge_current: float | None = None
    discharge_current: float | None = None
    charge_limited_by: str = ""
    """What reduces the charge current; empty: nothing. As of a pack, and of a bank also `BLOCKED`, `LEFT_OUT` and `UNFIT`."""
    discharge_limited_by: str = ""


NO_LIMITS: Final = MemberLimits()

BLOCKED: Final = "blocked"
"""Limited by a string that may not be used: the others have to carry all."""
LEFT_OUT: Final = "left_out"
"""The same for one of which nothing current is known."""
UNFIT: Final = "unfit"
"""Limited by packs that are not one battery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMember:
    """One pack at a moment."""

    key: str
    name: str
    reading: Reading | None
    """None: stale."""
    age: float | None = None
    """s since the reading."""
    charge: Tristate = Tristate.UNKNOWN
    discharge: Tristate = Tristate.UNKNOWN
    limits: MemberLimits = NO_LIMITS
    energy_totals: EnergyTotals | None = None
    chemistry: str | None = None
    status: PackStatus | None = None
    """What matters now about it; None while it is not set up."""

    @property
    def build(self) -> PackBuild:
        """How it is built, as far as its newest reading tells."""
        return PackBuild(self.name, len(self.reading.cell_voltages) or None if self.reading else None, self.chemistry)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesString:
    """Members in series, all of which are current: as strong as the weakest."""

    members: tuple[BankMember, ...]
    voltage: float
    current: float
    soc: float | None
    capacity: float | None
    remaining: float | None

    @classmethod
    def from_members(cls, members: tuple[BankMember, ...]) -> SeriesString | None:
        """Return what a string amounts to; None if a member is stale or says neither voltage nor current."""
        readings = [member.reading for member in members]
        voltages = [reading.voltage if reading else None for reading in readings]
        currents = [reading.current if reading else None for reading in readings]
        known_voltages = [voltage for voltage in voltages if voltage is not None]
        known_currents = [current for current in currents if current is not None]
        if len(known_voltages) < len(members) or len(known_currents) < len(members):
            return None
        return cls(
            members=members,
            voltage=sum(known_voltages),
            # The same current flows through all; each measures it a little differently.
            current=sum(known_currents) / len(members),
            soc=min_known([reading.soc for reading in readings if reading]),
            capacity=min_known(
                [reading.full_capacity or reading.design_capacity or None for reading in readings if reading]
            ),
            remaining=min_known([reading.remaining_capacity for reading in readings if reading]),
        )

    @property
    def name(self) -> str:
        """What it is called: its packs."""
        return string_name([member.build for member in self.members])

    @property
    def cut_off(self) -> bool:
        """Whether a pack in it is known to let no current pass in one direction."""
        return Tristate.NO in (self.is_allowed(charge=True), self.is_allowed(charge=False))

    def is_allowed(self, *, charge: bool) -> Tristate:
        """Return whether the whole string may be charged or discharged: all of its members must."""
        answers = {member.charge if charge else member.discharge for member in self.members}
        return (
            Tristate.NO if Tristate.NO in answers else Tristate.UNKNOWN if Tristate.UNKNOWN in answers else Tristate.YES
        )

    @property
    def charge_voltage(self) -> float | None:
        """Charge voltage limit in V."""
        found = [member.limits.charge_voltage for member in self.members]
        known = [voltage for voltage in found if voltage is not None]
        return sum(known) if len(known) == len(found) else None

    def current_limit(self, *, charge: bool) -> float | None:
        """Return the current limit in A: that of the member that stands least."""
        return min_known(
            [getattr(member.limits, f"{'' if charge else 'dis'}charge_current") for member in self.members]
        )

    def limited_by(self, *, charge: bool) -> str:
        """Return what reduces the current limit: that of the member that stands least."""
        side = "charge" if charge else "discharge"
        known = [member.limits for member in self.members if getattr(member.limits, f"{side}_current") is not None]
        weakest = min(known, key=lambda limits: getattr(limits, f"{side}_current"), default=NO_LIMITS)
        cause: str = getattr(weakest, f"{side}_limited_by")
        return cause


def min_known(values: list[float | None]) -> float | None:
    """Return the lowest of values of which all have to be known."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
