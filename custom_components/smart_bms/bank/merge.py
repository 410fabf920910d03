"""Merge the states of several packs into one battery.

A bank is strings in parallel, each of one or more packs in series. A string with a stale member is left out of
everything; one that may not be charged is left out of the charge limit, one that may not be discharged out of the
other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from ..protection.limited_time import RECOVERING
from ..protection.relays import Tristate
from .compatibility import Incompatibility, build_differences, compatibility_advice, measured_differences
from .member import (
    BLOCKED,
    BLOCKED_CHARGE,
    BLOCKED_DISCHARGE,
    INCOMPLETE,
    LEFT_OUT,
    NO_LIMITS,
    STALE,
    UNFIT,
    UNKNOWN_CHARGE,
    UNKNOWN_DISCHARGE,
    BankMember,
    MemberLimits,
    SeriesString,
    min_known,
)

type BankTopology = tuple[tuple[str, ...], ...]
"""Keys of members: strings in parallel, each of members in series."""

_SHARED_FROM: Final = 0.05
"""Capacities per hour through the bank from which on the shares of the current are meaningful. Our judgment."""
UNEVEN: Final = 0.5
"""Of the share that its capacity gives a string, by which the real one must differ to be uneven. Our judgment."""
_REASONS: Final = {
    (True, Tristate.NO): BLOCKED_CHARGE,
    (False, Tristate.NO): BLOCKED_DISCHARGE,
    (True, Tristate.UNKNOWN): UNKNOWN_CHARGE,
    (False, Tristate.UNKNOWN): UNKNOWN_DISCHARGE,
}


class BankExtreme(NamedTuple):
    """A highest or lowest value, and where it is."""

    value: float
    pack: str
    place: str
    """Cell number or probe."""


class CurrentShare(NamedTuple):
    """Share of the current that a string carries, and the one expected by its capacity: 0 to 1."""

    packs: str
    share: float | None
    expected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The state of a bank: V, A (positive while charging), W, %, Ah. None is what its members do not report."""

    active_strings: int
    """Number of strings with complete and current readings."""
    left_out: tuple[tuple[str, str], ...]
    """Names of members, and why they are left out of everything or of one limit."""
    age: float | None = None
    """s since the oldest reading of an active string."""
    voltage: float | None = None
    current: float | None = None
    power: float | None = None
    soc: float | None = None
    capacity: float | None = None
    remaining: float | None = None
    stored_energy: float | None = None
    lowest_cell: BankExtreme | None = None
    highest_cell: BankExtreme | None = None
    coldest: BankExtreme | None = None
    hottest: BankExtreme | None = None
    voltage_spread: float | None = None
    """V between strings."""
    soc_spread: float | None = None
    """% between packs."""
    alarms: tuple[tuple[str, str], ...] | None = None
    """Names of members and their alarms; None if it is not known whether there are any."""
    charge: Tristate = Tristate.UNKNOWN
    discharge: Tristate = Tristate.UNKNOWN
    limits: MemberLimits = NO_LIMITS
    shares: tuple[CurrentShare, ...] = ()
    uneven: bool | None = None
    """A string carries much more or less than its share at this moment."""
    unfit: tuple[Incompatibility, ...] = ()
    """Why these packs are not one battery: nothing of it may be charged or discharged."""
    apart: tuple[Incompatibility, ...] = ()
    """Measured differences that would forbid it if they last."""
    advice: tuple[Incompatibility, ...] = ()
    cells: int = 0
    """In series."""


def split_into_strings(keys: Sequence[str], strings: int) -> BankTopology:
    """Return members in their order as so many strings of equal length. Raises ValueError if that is not possible."""
    length, rest = divmod(len(keys), strings)
    if rest or not length:
        raise ValueError("packs do not make strings of equal length")
    return tuple(tuple(keys[start : start + length]) for start in range(0, len(keys), length))


def merge(
    members: Sequence[BankMember],
    topology: BankTopology,
    uneven: Mapping[str, float] = MappingProxyType({}),
    lasting: tuple[Incompatibility, ...] = (),
) -> Bank:
    """Return the state of the bank that these members form.

    `uneven`: shares of strings, 0 to 1 by name, that are known to carry other than by capacity. `lasting`: measured
    differences that have lasted so long that this is not one battery.
    """
    by_key = {member.key: member for member in members}
    strings: list[SeriesString] = []
    left_out: list[tuple[str, str]] = []
    for keys in topology:
        found = tuple(by_key[key] for key in keys if key in by_key)
        string = SeriesString.from_members(found) if len(found) == len(keys) else None
        if string is None:
            left_out += [(member.name, STALE if member.reading is None else INCOMPLETE) for member in found]
        else:
            strings.append(string)
    for string in strings:
        left_out += _not_usable(string)
    if not strings:
        return Bank(active_strings=0, left_out=tuple(left_out), alarms=_alarms(members, topology))
    active = [member for string in strings for member in string.members]
    current = sum(string.current for string in strings)
    capacity = _sum([string.capacity for string in strings])
    shares = tuple(_current_shares(strings, current, capacity))
    by_build = build_differences([[member.build for member in string.members] for string in strings])
    unfit = (*by_build, *lasting)
    lowest = min(strings, key=lambda string: string.charge_voltage or float("inf"))
    limits = MemberLimits(
        voltage_limited_by=lowest.voltage_limited_by,
        charge_voltage=min_known([string.charge_voltage for string in strings]),
        charge_current=0.0 if unfit else _current_limit(strings, shares, uneven, charge=True),
        discharge_current=0.0 if unfit else _current_limit(strings, shares, uneven, charge=False),
        charge_limited_by=UNFIT if unfit else _limited_by(strings, len(topology), charge=True),
        discharge_limited_by=UNFIT if unfit else _limited_by(strings, len(topology), charge=False),
    )
    # Strings with different numbers of cells have no common voltage.
    voltage = None if by_build else sum(string.voltage for string in strings) / len(strings)
    return Bank(
        active_strings=len(strings),
        left_out=tuple(left_out),
        age=max((member.age for member in active if member.age is not None), default=None),
        voltage=voltage,
        current=current,
        # Strings measure their common voltage a little differently: the power shown must be voltage times current.
        power=sum(string.voltage * string.current for string in strings) if voltage is None else voltage * current,
        soc=_weighted_soc(strings),
        capacity=capacity,
        remaining=_sum([string.remaining for string in strings]),
        stored_energy=_sum([member.reading.stored_energy for member in active if member.reading]),
        lowest_cell=min(_cells(active, lowest=True), default=None),
        highest_cell=max(_cells(active, lowest=False), default=None),
        coldest=min(_probes(active), default=None),
        hottest=max(_probes(active), default=None),
        voltage_spread=_spread([string.voltage for string in strings]),
        soc_spread=_spread([member.reading.soc for member in active if member.reading]),
        alarms=_alarms(members, topology),
        charge=Tristate.NO if unfit else _any_allowed([string.is_allowed(charge=True) for string in strings]),
        discharge=Tristate.NO if unfit else _any_allowed([string.is_allowed(charge=False) for string in strings]),
        limits=limits,
        shares=shares,
        uneven=_uneven(shares),
        unfit=unfit,
        apart=measured_differences(strings),
        advice=compatibility_advice(strings),
        cells=max(sum(member.build.cells or 0 for member in string.members) for string in strings),
    )


def _not_usable(string: SeriesString) -> Iterator[tuple[str, str]]:
    for charge in (True, False):
        for member in string.members:
            answer = member.charge if charge else member.discharge
            if answer is not Tristate.YES:
                yield member.name, _REASONS[charge, answer]


def _sum(values: Sequence[float | None]) -> float | None:
    """Return the sum, None unless all values are known."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _spread(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) - min(known) if len(known) > 1 else None


def _weighted_soc(strings: Sequence[SeriesString]) -> float | None:
    """Return the state of charge in %, each string by its capacity; all alike if one capacity is not known."""
    if any(string.soc is None for string in strings):
        return None
    weighed = all(string.capacity for string in strings)
    weights = [(string.capacity or 0.0) if weighed else 1.0 for string in strings]
    return sum((string.soc or 0.0) * weight for string, weight in zip(strings, weights, strict=True)) / sum(weights)


def _cells(members: Sequence[BankMember], *, lowest: bool) -> Iterator[BankExtreme]:
    for member in members:
        reading = member.reading
        if reading is None or reading.cell_range is None:
            continue
        number = reading.cell_min_number if lowest else reading.cell_max_number
        yield BankExtreme(reading.cell_range[0 if lowest else 1], member.name, str(number))


def _probes(members: Sequence[BankMember]) -> Iterator[BankExtreme]:
    for member in members:
        for probe, value in (member.reading.temperatures if member.reading else {}).items():
            if probe != "mosfet":
                yield BankExtreme(value, member.name, probe)


def _alarms(members: Sequence[BankMember], topology: BankTopology) -> tuple[tuple[str, str], ...] | None:
    """Return the alarms of all members, also of those left out; None without alarms if not all members report them."""
    found = tuple(
        (member.name, str(alarm)) for member in members if member.reading for alarm in member.reading.problems
    )
    silent = any(member.reading is None or member.reading.alarms is None for member in members)
    silent = silent or len(members) < sum(map(len, topology))
    return None if silent and not found else found


def _any_allowed(answers: Sequence[Tristate]) -> Tristate:
    """Return whether any string may be used: one is enough, as the others switch themselves off."""
    return Tristate.YES if Tristate.YES in answers else Tristate.UNKNOWN if Tristate.UNKNOWN in answers else Tristate.NO


def _current_shares(strings: Sequence[SeriesString], current: float, capacity: float | None) -> Iterator[CurrentShare]:
    is_meaningful = bool(capacity) and current != 0 and abs(current) >= _SHARED_FROM * (capacity or 0.0)
    for string in strings:
        expected = string.capacity / capacity if capacity and string.capacity else None
        yield CurrentShare(string.name, string.current / current if is_meaningful else None, expected)


def _uneven(shares: Sequence[CurrentShare]) -> bool | None:
    """Return whether the current is shared unevenly.

    None while the current is too small to tell, or there is only one string.
    """
    if len(shares) < 2 or any(share.share is None or share.expected is None for share in shares):
        return None
    return any(
        abs((share.share or 0.0) - (share.expected or 0.0)) > UNEVEN * (share.expected or 0.0) for share in shares
    )


def _current_limit(
    strings: Sequence[SeriesString], shares: Sequence[CurrentShare], uneven: Mapping[str, float], *, charge: bool
) -> float | None:
    """Return the current limit in A of the strings that may be used, None if one of theirs is not known.

    No string gets more than its own limit: with the current shared by capacity, and also as it is known to be shared
    otherwise. The current of those that are left out goes through the others.
    """
    allowed = [pair for pair in zip(strings, shares, strict=True) if pair[0].is_allowed(charge=charge) is Tristate.YES]
    if not allowed:
        # The limit is 0 only if each string is known: a pack whose parameters are not known yet has no limit.
        known_limits = [
            string.current_limit(charge=charge)
            for string in strings
            if string.is_allowed(charge=charge) is not Tristate.NO
        ]
        return 0.0 if None not in known_limits else None
    limits = [string.current_limit(charge=charge) for string, _ in allowed]
    known = [limit for limit in limits if limit is not None]
    if len(known) < len(limits):
        return None
    by_capacity = _total_at_shares(known, [share.expected for _, share in allowed])
    as_it_is = _total_at_shares(known, [uneven.get(share.packs) for _, share in allowed]) if uneven else None
    together = by_capacity if by_capacity is not None else min(known) * len(known)
    return min(sum(known), together) if as_it_is is None else min(sum(known), together, as_it_is)


def _limited_by(strings: Sequence[SeriesString], all_strings: int, *, charge: bool) -> str:
    """Return what reduces the current limit, the worst first; that a limit is still rising comes last."""
    answers = [string.is_allowed(charge=charge) for string in strings]
    causes = {
        string.limited_by(charge=charge) for string in strings if string.is_allowed(charge=charge) is Tristate.YES
    }
    found = sorted(causes - {"", RECOVERING})
    if found:
        return found[0]
    if Tristate.NO in answers:
        return BLOCKED
    return LEFT_OUT if answers.count(Tristate.YES) < all_strings else RECOVERING if RECOVERING in causes else ""


def _total_at_shares(limits: Sequence[float], parts: Sequence[float | None]) -> float | None:
    """Return the total in A at which no string exceeds its limit if each carries this part of it.

    None if a part is not known, or all are 0.
    """
    known = [max(0.0, part) for part in parts if part is not None]
    whole = sum(known)
    if len(known) < len(limits) or whole <= 0:
        return None
    return min(limit * whole / part for limit, part in zip(limits, known, strict=True) if part > 0)
