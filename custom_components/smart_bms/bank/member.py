"""Bank members: the state of each pack of a bank, and of a string of packs in series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..bms.reading import Reading
from ..energy.energy_totals import EnergyTotals
from ..protection.relays import Tristate
from ..protection.status import PackStatus


class PackBuild(NamedTuple):
    """How a pack is built, as far as it is known."""

    name: str
    cells: int | None
    """In series."""
    chemistry: str | None
    """`lfp`, `nmc`, `nca` or `lto`."""


def string_name(packs: Sequence[PackBuild]) -> str:
    """Return the name of a string: its packs."""
    return ", ".join(pack.name for pack in packs)


STALE: Final = "stale"
"""Why a member is left out: it has no current reading."""
INCOMPLETE: Final = "incomplete"
"""Its reading has no voltage or current, or its string lacks a pack."""
BLOCKED_CHARGE: Final = "charge_blocked"
BLOCKED_DISCHARGE: Final = "discharge_blocked"
UNKNOWN_CHARGE: Final = "charge_unknown"
UNKNOWN_DISCHARGE: Final = "discharge_unknown"
REASONS: Final = (STALE, INCOMPLETE, BLOCKED_CHARGE, BLOCKED_DISCHARGE, UNKNOWN_CHARGE, UNKNOWN_DISCHARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLimits:
    """Limits for charger and inverter: V, A, A. None is not known."""

    charge_voltage: float | None = None
    charge_current: float | None = None
    discharge_current: float | None = None
    charge_limited_by: str = ""
    """What reduces the charge current; empty: nothing.

    As of a pack, and of a bank also `BLOCKED`, `LEFT_OUT` and `UNFIT`.
    """
    discharge_limited_by: str = ""
    voltage_limited_by: str = ""
    """What reduces the charge voltage; empty: nothing."""


NO_LIMITS: Final = MemberLimits()

BLOCKED: Final = "blocked"
"""Limited by a string that may not be used: the others carry all the current."""
LEFT_OUT: Final = "left_out"
"""The same for one without a current reading."""
UNFIT: Final = "unfit"
"""Limited because the packs are not compatible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMember:
    """The state of one pack of a bank."""

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
    stage: str | None = None
    """Of charging, as it is shown; None while it is not known."""
    days_since_full: float | None = None
    status: PackStatus | None = None
    """Its most important status; None while it is not set up."""

    @property
    def build(self) -> PackBuild:
        """How it is built, by its newest reading."""
        return PackBuild(self.name, len(self.reading.cell_voltages) or None if self.reading else None, self.chemistry)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesString:
    """Members in series, all of them with current readings: the weakest one limits the string."""

    members: tuple[BankMember, ...]
    voltage: float
    """V."""
    current: float
    """A, positive while charging."""
    soc: float | None
    """%."""
    capacity: float | None
    """Ah."""
    remaining: float | None
    """Ah."""

    @classmethod
    def from_members(cls, members: tuple[BankMember, ...]) -> SeriesString | None:
        """Return the string of these members; None if one is stale, or has no voltage or current."""
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
        """Its name: those of its packs."""
        return string_name([member.build for member in self.members])

    @property
    def cut_off(self) -> bool:
        """Whether a pack in it is known to block one direction."""
        return Tristate.NO in (self.is_allowed(charge=True), self.is_allowed(charge=False))

    def is_allowed(self, *, charge: bool) -> Tristate:
        """Return whether the whole string may be charged or discharged: all of its members must."""
        answers = {member.charge if charge else member.discharge for member in self.members}
        return (
            Tristate.NO if Tristate.NO in answers else Tristate.UNKNOWN if Tristate.UNKNOWN in answers else Tristate.YES
        )

    @property
    def charge_voltage(self) -> float | None:
        """Charge voltage limit in V; None if one of its members has none."""
        found = [member.limits.charge_voltage for member in self.members]
        known = [voltage for voltage in found if voltage is not None]
        return sum(known) if len(known) == len(found) else None

    @property
    def voltage_limited_by(self) -> str:
        """What reduces the charge voltage of one of its members; empty if nothing does."""
        causes = sorted({member.limits.voltage_limited_by for member in self.members} - {""})
        return causes[0] if causes else ""

    def current_limit(self, *, charge: bool) -> float | None:
        """Return the current limit in A: that of the weakest member; None if one is not known."""
        return min_known(
            [getattr(member.limits, f"{'' if charge else 'dis'}charge_current") for member in self.members]
        )

    def limited_by(self, *, charge: bool) -> str:
        """Return what reduces the current limit of the weakest member; empty if nothing does."""
        side = "charge" if charge else "discharge"
        known = [member.limits for member in self.members if getattr(member.limits, f"{side}_current") is not None]
        weakest = min(known, key=lambda limits: getattr(limits, f"{side}_current"), default=NO_LIMITS)
        cause: str = getattr(weakest, f"{side}_limited_by")
        return cause


def min_known(values: list[float | None]) -> float | None:
    """Return the lowest value, None unless all are known."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
