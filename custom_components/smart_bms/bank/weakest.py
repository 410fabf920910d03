"""Whether what limits a bank is a matter of one of its packs, while others could take more."""

from collections.abc import Iterable

from ..protection.limited_time import RECOVERING, LimitReason, reason_of
from .member import BLOCKED, BankMember

_FREE = frozenset({"", RECOVERING})
_OF_WHOLE_BANK = frozenset({LimitReason.TARGET, LimitReason.NO_DATA, LimitReason.WEAKEST_PACK})
"""Reasons that are not one pack's."""


def counted_cause(cause: str, members: Iterable[BankMember], *, charge: bool) -> str:
    """Return as what the time counts for which a cause limits a bank: for its weakest pack, or for the cause of them all."""
    if cause in _FREE or reason_of(cause) in _OF_WHOLE_BANK:
        return cause
    own = {member.limits.charge_limited_by if charge else member.limits.discharge_limited_by for member in members}
    return BLOCKED if own & _FREE else cause
