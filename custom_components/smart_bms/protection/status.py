"""Status: the one thing that matters now about a pack, out of everything that holds. One ranking for all who show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..bms.alarm import Alarm, AlarmSeverity
from ..bms.connection_state import ConnectionState
from ..bms.reading import FULL_SOC, Reading
from .engine import ProtectionEngine
from .hints import FULL as HINT_FULL, SHUTDOWN
from .mirror_view import MirrorView
from .monitor import ProtectionMonitor, ProtectionState
from .monitor_permission import monitor_numbers
from .permission import (
    NO_RULES,
    NO_SETTINGS,
    PACK_BLOCKS,
    PACK_BLOCKS_SILENTLY,
    SWITCHED_OFF,
    WAITS,
    WOULD_TRIP,
    Permission,
    Reason,
)
from .quantities import measure, probe_at
from .relays import Tristate
from .rules import BOTH, CHARGE, DISCHARGE, ProtectedQuantity, Side
from .status_codes import (
    ADVICE_OF_HINTS,
    ALL_WELL,
    CAUSES,
    FAULT,
    FULL,
    HELD_BACK,
    NEEDS_ACCESS,
    OF_LINK,
    WHEN_CHARGED,
    StatusRank,
    stopped,
)

USED: Final = 0.9
"""Share of a current limit from which on it holds current back: below it whoever charges does not want more."""
STILL_USED: Final = 0.8
"""Share down to which what is shown as held back stays so."""
_VERBS: Final = {Side.CHARGE: "charging", Side.DISCHARGE: "discharging"}
_SOON: Final = {CHARGE: "charging_stops_soon", DISCHARGE: "discharging_stops_soon", BOTH: "stops_soon"}
_BLOCKED: Final = {PACK_BLOCKS: "blocked", PACK_BLOCKS_SILENTLY: "blocked", SWITCHED_OFF: "switched_off"}
_ENDS_CHARGE: Final = frozenset({f"{WAITS}_charge_restart", f"{WAITS}_cells_above_bypass"})
_NUMBERS: Final = ("value", "limit", "release", "unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackStatus:
    """One thing that holds: a code, how much it matters, and its numbers."""

    rank: StatusRank
    code: str
    about: str = ""
    """The protection, the alarm, or what else it is about."""
    sides: frozenset[Side] = frozenset()
    """What is stopped by it."""
    cell: int | None = None
    probe: str | None = None
    value: float | None = None
    limit: float | None = None
    release: float | None = None
    unit: str | None = None
    """Of these three."""
    current_limit: float | None = None
    """A to which a current is held back."""
    seconds: float | None = None
    """Until it comes, or until it ends."""
    since: float | None = None
    """Monotonic time since when, where that is known better than by when it was first seen."""
    pack: str = ""
    """Of a bank: the pack that it is about."""


def ranked(  # noqa: PLR0913
    protection_engine: ProtectionEngine,
    reading: Reading | None,
    link: ConnectionState,
    *,
    silent_since: float | None = None,
    advice: Sequence[str] = (),
    shown: str = "",
) -> list[PackStatus]:
    """Return everything that holds, what matters most first; there is always something.

    `reading`: what may be shown as current, or None. `advice`: codes of what else is advised. `shown`: the code that is
    shown now; a current that is held back stays so a little longer.
    """
    if reading is None:
        rank = StatusRank.ACCESS if link in NEEDS_ACCESS else StatusRank.NO_DATA
        return [PackStatus(rank=rank, code=OF_LINK[link], about=link.value, since=silent_since)]
    mirror, hints = protection_engine.mirror, protection_engine.hints
    # In a steady state nothing is tripped, and no delay runs.
    monitors = () if mirror.steady is not None else tuple(monitor for monitor in mirror.active if not monitor.warns)
    found = [
        *_tripped(monitors, reading),
        *_faults(monitors, reading),
        *_pending(monitors, reading),
        *_not_allowed(mirror, reading),
        *_mismatches(mirror, reading),
        *_held_back(protection_engine, reading, shown),
        *_ahead(mirror, hints, reading),
        *_advice(hints, advice),
        *_full(hints, reading),
        *_not_known(mirror),
    ]
    # Python's sort keeps the order of what matters alike; of what is said twice the first stays.
    found.sort(key=lambda status: status.rank)
    first: dict[tuple[str, str], PackStatus] = {}
    for status in found:
        first.setdefault((status.code, status.about), status)
    return list(first.values()) or [PackStatus(rank=StatusRank.ALL_WELL, code=ALL_WELL)]


def _place(quantity: ProtectedQuantity, reading: Reading) -> dict[str, Any]:
    """Return which cell or probe a quantity is measured at."""
    if quantity is ProtectedQuantity.CELL_HIGHEST:
        return {"cell": reading.cell_max_number}
    if quantity is ProtectedQuantity.CELL_LOWEST:
        return {"cell": reading.cell_min_number}
    if quantity is ProtectedQuantity.POWER_STAGE:
        return {"probe": "mosfet"}
    if quantity in (ProtectedQuantity.HOTTEST, ProtectedQuantity.COLDEST):
        return {"probe": probe_at(reading.temperatures, measure(reading)[quantity])}
    return {}


def _of_monitor(monitor: ProtectionMonitor, reading: Reading) -> dict[str, Any]:
    return monitor_numbers(monitor) | _place(monitor.rule.quantity, reading)


def _ends_charge(reading: Reading, name: str) -> bool:
    """Return whether a cell at its limit is how this pack ends its charge: no event, it happens every day."""
    full = reading.soc is not None and reading.soc >= FULL_SOC
    return full and reading.overvoltage_ends_charge and name == Alarm.CELL_OVERVOLTAGE


def _tripped(monitors: Sequence[ProtectionMonitor], reading: Reading) -> Iterator[PackStatus]:
    for monitor in monitors:
        name = monitor.rule.protection
        if monitor.state is not ProtectionState.TRIPPED or _ends_charge(reading, name):
            continue
        left = None if monitor.release_at is None else round(max(0.0, monitor.release_at - reading.measured_at), 1)
        yield PackStatus(
            rank=StatusRank.TRIPPED,
            code=stopped(name) or FAULT,
            about=name,
            sides=monitor.rule.blocks,
            seconds=left,
            **_of_monitor(monitor, reading),
        )


def _faults(monitors: Sequence[ProtectionMonitor], reading: Reading) -> Iterator[PackStatus]:
    seen = {alarm for monitor in monitors if monitor.state is ProtectionState.TRIPPED for alarm in monitor.rule.alarms}
    for alarm in reading.problems:
        if alarm.severity is AlarmSeverity.FAULT and alarm not in seen:
            sides = CAUSES[alarm][0] if alarm in CAUSES else frozenset[Side]()
            yield PackStatus(rank=StatusRank.TRIPPED, code=stopped(alarm) or FAULT, about=alarm.value, sides=sides)


def _pending(monitors: Sequence[ProtectionMonitor], reading: Reading) -> Iterator[PackStatus]:
    for monitor in monitors:
        if monitor.state is ProtectionState.PENDING:
            yield PackStatus(
                rank=StatusRank.PENDING,
                code=_SOON[monitor.rule.blocks],
                about=monitor.rule.protection,
                seconds=monitor.time_left(reading.measured_at),
                **_of_monitor(monitor, reading),
            )


def _permissions(mirror: MirrorView) -> tuple[tuple[Side, Permission], ...]:
    return (Side.CHARGE, mirror.charge), (Side.DISCHARGE, mirror.discharge)


def _not_allowed(mirror: MirrorView, reading: Reading) -> Iterator[PackStatus]:
    for side, permission in _permissions(mirror):
        if permission.answer is not Tristate.NO:
            continue
        found = [_of_reason(reason, side, mirror, reading) for reason in permission.reasons]
        # That the pack lets nothing pass is no news where something says why.
        explained = [status for status in found if not status.code.endswith("_blocked")]
        yield from explained or found


def _of_reason(reason: Reason, side: Side, mirror: MirrorView, reading: Reading) -> PackStatus:
    """Return what a reason against a side amounts to."""
    verb, sides = _VERBS[side], frozenset({side})
    monitor = mirror.monitors.get(reason.about)
    of_monitor = {} if monitor is None else _of_monitor(monitor, reading)
    reported: dict[str, Any] = {"about": reason.about, "sides": sides} | of_monitor | _numbers(reason)
    if reason.code in _ENDS_CHARGE or reason.about == "pack_full" or _ends_charge(reading, reason.about):
        return PackStatus(rank=StatusRank.FULL, code=FULL, **reported)
    if reason.code in _BLOCKED:
        return PackStatus(rank=StatusRank.NOT_ALLOWED, code=f"{verb}_{_BLOCKED[reason.code]}", **reported)
    if reason.code == f"{WAITS}_discharge_restart":
        return PackStatus(rank=StatusRank.NOT_ALLOWED, code="discharging_waits", **reported)
    if reason.code == WOULD_TRIP:
        return PackStatus(rank=StatusRank.NOT_ALLOWED, code=WHEN_CHARGED[reason.about], **reported)
    return PackStatus(rank=StatusRank.NOT_ALLOWED, code=stopped(reason.about) or f"{verb}_blocked", **reported)


def _mismatches(mirror: MirrorView, reading: Reading) -> Iterator[PackStatus]:
    for found in mirror.mismatches:
        yield PackStatus(
            rank=StatusRank.MISMATCH,
            code="mismatch",
            about=found.key,
            value=found.value,
            limit=found.limit,
            release=found.release,
            unit=found.unit or None,
            since=found.since,
        )
    for alarm in reading.problems:
        if alarm.severity is not AlarmSeverity.FAULT:
            yield PackStatus(rank=StatusRank.MISMATCH, code="warning", about=alarm.value)


def _held_back(protection_engine: ProtectionEngine, reading: Reading, shown: str) -> Iterator[PackStatus]:
    limits, current = protection_engine.limits, reading.current
    rows = (
        (Side.CHARGE, limits.charge_current, limits.charge_limited_by, current),
        (Side.DISCHARGE, limits.discharge_current, limits.discharge_limited_by, None if current is None else -current),
    )
    for side, limit, cause, flows in rows:
        code = HELD_BACK.get((side, cause))
        if code is None or limit is None or flows is None:
            continue
        if flows >= (STILL_USED if code == shown else USED) * limit:
            quantity = ProtectedQuantity(cause)
            yield PackStatus(
                rank=StatusRank.HELD_BACK,
                code=code,
                about=cause,
                current_limit=limit,
                **_of_quantity(protection_engine.mirror, quantity, side, reading),
            )


def _of_quantity(mirror: MirrorView, quantity: ProtectedQuantity, side: Side, reading: Reading) -> dict[str, Any]:
    """Return the numbers of the protection of a side that is about a quantity, as far as there is one."""
    for monitor in mirror.active:
        if monitor.rule.quantity is quantity and side in monitor.rule.blocks:
            return _of_monitor(monitor, reading)
    assert mirror.moment is not None
    return {"value": mirror.moment.measured[quantity], "unit": quantity.unit} | _place(quantity, reading)


def _ahead(mirror: MirrorView, hints: Sequence[Reason], reading: Reading) -> Iterator[PackStatus]:
    nearest = mirror.nearest
    if nearest is not None and nearest.predicted_trip is not None and nearest.monitor.state is ProtectionState.CLEAR:
        monitor = nearest.monitor
        yield PackStatus(
            rank=StatusRank.HELD_BACK,
            code="cut_off_ahead",
            about=monitor.rule.protection,
            seconds=round(nearest.predicted_trip.seconds),
            **_of_monitor(monitor, reading),
        )
    for hint in hints:
        if hint.code == SHUTDOWN:
            cell = reading.cell_min_number
            yield PackStatus(rank=StatusRank.HELD_BACK, code="shutdown_ahead", cell=cell, **_numbers(hint))


def _numbers(reason: Reason) -> dict[str, Any]:
    return {key: value for key, value in (reason.numbers or {}).items() if key in _NUMBERS}


def _advice(hints: Sequence[Reason], advice: Sequence[str]) -> Iterator[PackStatus]:
    for hint in hints:
        if hint.code in ADVICE_OF_HINTS:
            yield PackStatus(rank=StatusRank.ADVICE, code=ADVICE_OF_HINTS[hint.code], about=hint.about)
    for code in advice:
        yield PackStatus(rank=StatusRank.ADVICE, code=code)


def _full(hints: Sequence[Reason], reading: Reading) -> Iterator[PackStatus]:
    says_full = any(hint.code == HINT_FULL for hint in hints)
    if says_full or (reading.soc is not None and reading.soc >= FULL_SOC):
        yield PackStatus(rank=StatusRank.FULL, code=FULL, value=reading.soc, unit="%")


def _not_known(mirror: MirrorView) -> Iterator[PackStatus]:
    codes = {NO_SETTINGS: "parameters_not_read", NO_RULES: "rules_not_known"}
    for _, permission in _permissions(mirror):
        if permission.answer is Tristate.UNKNOWN:
            reason = permission.reasons[0]
            yield PackStatus(rank=StatusRank.NOT_KNOWN, code=codes.get(reason.code, "not_known"), about=reason.about)
