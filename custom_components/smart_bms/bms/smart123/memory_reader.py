"""Reading what generation 3 stores: its event log, each entry reported once, and the state of charge of the last week."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ..errors import FrameError
from ..event_log import LoggedEvent
from ..repeated_answer import MAX_QUESTIONS
from .frames import number
from .memory import HISTORY, LOG, TIME, Entry, by_hours_ago, decode_block, decode_entry, event_of
from .scales import Formula

_KEPT: Final = "log"

type Ask = Callable[[str], Awaitable[list[str]]]
"""Sends a query; returns the fields of its answer."""


async def read_log(ask: Ask, kept: dict[str, Any], drop: Callable[[str], None], formula: Formula) -> list[LoggedEvent]:
    """Return what the log holds that was not known, oldest first; what it holds is kept.

    What stood in it before it was first read is old, and is not reported.
    """
    known: list[list[int]] | None = kept.get(_KEPT)
    entries: list[Entry] = []
    unread: list[list[int]] = []
    time = number((await ask(TIME))[0]) or 0
    for place in LOG:
        try:
            entry = await _read_entry(ask, place, known)
        except FrameError as error:
            drop(error.reason)
            unread = known or []  # what stood there may still be what was known
            continue
        if entry is not None:
            entries.append(entry)
    listed = [list(entry) for entry in entries]
    kept[_KEPT] = listed + [entry for entry in unread if entry not in listed]
    if known is None:
        return []
    now = asyncio.get_running_loop().time()
    news = [event_of(entry, time, formula, now) for entry in entries if list(entry) not in known]
    return sorted(news, key=lambda event: -event.age)


async def _read_entry(ask: Ask, place: str, known: list[list[int]] | None) -> Entry | None:
    """Return what stands in a place; a new one is reported once and for all, so two answers have to agree on it. Raises FrameError."""
    reported: Entry | None = None
    for _ in range(MAX_QUESTIONS):
        entry = decode_entry(await ask(place))
        if entry is None or known is None or list(entry) in known or entry == reported:
            return entry
        reported = entry
    raise FrameError("unconfirmed")


async def read_history(ask: Ask) -> dict[int, float]:
    """Return the state of charge in % by hours before the present one. Raises FrameError, also if the hour turned meanwhile."""
    blocks: list[list[int | None]] = []
    hours: set[int] = set()
    for name in HISTORY:
        newest, values = decode_block(await ask(name))
        hours.add(newest)
        blocks.append(values)
    if len(hours) > 1:
        raise FrameError("hour_turned")
    return by_hours_ago(hours.pop(), blocks)
