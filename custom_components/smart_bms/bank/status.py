"""Bank status: what matters most now, out of the statuses of its packs and of the bank as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..protection.relays import Tristate
from ..protection.rules import Side
from ..protection.status import PackStatus
from ..protection.status_codes import ALL_WELL, CODES as PACK_CODES, FULL, StatusRank
from .compatibility import CAPACITIES_DIFFER
from .member import INCOMPLETE, STALE, BankMember
from .merge import Bank

ORDER: Final = (
    StatusRank.TRIPPED,
    StatusRank.PENDING,
    StatusRank.NOT_ALLOWED,
    StatusRank.ACCESS,
    StatusRank.NO_DATA,
    StatusRank.MISMATCH,
    StatusRank.HELD_BACK,
    StatusRank.ADVICE,
    StatusRank.FULL,
    StatusRank.NOT_KNOWN,
    StatusRank.ALL_WELL,
)
"""What matters most first: a pack that has cut off comes before one that is merely out of reach."""

UNFIT: Final = "unfit"
NO_PACK: Final = "no_pack"
PACK_LEFT_OUT: Final = "pack_left_out"
PACK_STOPPED: Final = "pack_stopped"
UNEVEN: Final = "uneven_current"
CODES: Final = (*PACK_CODES, UNFIT, NO_PACK, PACK_LEFT_OUT, PACK_STOPPED, UNEVEN, CAPACITIES_DIFFER)
"""Every code that a bank may have."""
_LOST: Final = frozenset({StatusRank.ACCESS, StatusRank.NO_DATA})
_OF_ALL: Final = frozenset({StatusRank.FULL, StatusRank.ALL_WELL})
"""Ranks that a bank has only if every pack has them."""


def bank_statuses(bank: Bank, members: Sequence[BankMember], *, uneven: bool | None) -> list[PackStatus]:
    """Return every status that applies, the most important first; there is always one.

    `uneven`: a string has carried much more or less than its share for a while.
    """
    found = [*_whole_bank_statuses(bank, uneven=uneven), *_left_out_statuses(bank, members)]
    current = [(member, status) for member in members if (status := member.status) and status.rank not in _LOST]
    found += [_member_status(bank, member, status) for member, status in current if status.rank not in _OF_ALL]
    if current and all(status.rank is StatusRank.FULL for _, status in current):
        found.append(PackStatus(rank=StatusRank.FULL, code=FULL))
    found.sort(key=lambda status: ORDER.index(status.rank))
    return found or [PackStatus(rank=StatusRank.ALL_WELL, code=ALL_WELL)]


def _whole_bank_statuses(bank: Bank, *, uneven: bool | None) -> Iterator[PackStatus]:
    for unfit in bank.unfit:
        yield PackStatus(rank=StatusRank.TRIPPED, code=UNFIT, about=unfit.code, sides=frozenset(Side))
    if not bank.active_strings:
        yield PackStatus(rank=StatusRank.NO_DATA, code=NO_PACK)
    if uneven:
        yield PackStatus(rank=StatusRank.MISMATCH, code=UNEVEN)
    for row in bank.advice:
        yield PackStatus(rank=StatusRank.ADVICE, code=CAPACITIES_DIFFER, about=row.code)


def _left_out_statuses(bank: Bank, members: Sequence[BankMember]) -> Iterator[PackStatus]:
    """Yield the packs that are left out, stale ones first: packs in series with them are left out because of them."""
    by_name = {member.name: member.status for member in members}
    for why in (STALE, INCOMPLETE):
        for name, reason in bank.left_out:
            if reason == why:
                status = by_name.get(name)
                is_lost = status is not None and status.rank in _LOST
                about = status.code if status is not None and is_lost else why
                since = status.since if status is not None and is_lost else None
                yield PackStatus(rank=StatusRank.NO_DATA, code=PACK_LEFT_OUT, about=about, pack=name, since=since)


def _member_status(bank: Bank, member: BankMember, status: PackStatus) -> PackStatus:
    """Return what the status of a pack means for its bank: what one pack no longer does the others may still do."""
    answers = {Side.CHARGE: bank.charge, Side.DISCHARGE: bank.discharge}
    of_all = not status.sides or any(answers[side] is Tristate.NO for side in status.sides)
    if of_all:
        return replace(status, pack=member.name)
    return PackStatus(
        rank=status.rank,
        code=PACK_STOPPED,
        about=status.code,
        pack=member.name,
        since=status.since,
        sides=status.sides,
    )
