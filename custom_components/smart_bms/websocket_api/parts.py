"""Parts that packs and banks are sent alike."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..control.write_log import WriteRecord
from ..protection.permission import NOT_KNOWN, Reason as ProtectionReason
from ..protection.status import PackStatus
from ..protection.status_codes import StatusRank
from ..protection.status_monitor import StatusMonitor
from .messages import Reason, Status, WriteLogRecord

type Level = Literal["stop", "hold", "info", "well"]

LEVELS: Final[Mapping[StatusRank, Level]] = {
    StatusRank.ACCESS: "info",
    StatusRank.NO_DATA: "info",
    StatusRank.TRIPPED: "stop",
    StatusRank.PENDING: "hold",
    StatusRank.NOT_ALLOWED: "stop",
    StatusRank.MISMATCH: "hold",
    StatusRank.HELD_BACK: "hold",
    StatusRank.ADVICE: "hold",
    StatusRank.FULL: "info",
    StatusRank.NOT_KNOWN: "info",
    StatusRank.ALL_WELL: "well",
}
"""How a status looks: red, amber, neutral, or a check mark."""


def rounded(value: float | None, digits: int) -> float | None:
    """Return a number as finely as a card shows it: what it cannot show is no change."""
    return None if value is None else round(value, digits)


def reasons_data(reasons: Iterable[ProtectionReason]) -> list[Reason]:
    """Return reasons as codes with their numbers."""
    return [Reason(code=item.code, about=item.about, numbers=dict(item.numbers or {})) for item in reasons]


def status_data(status: PackStatus, now: float) -> Status:
    """Return a status at a monotonic time in s."""
    return Status(
        code=status.code,
        rank=int(status.rank),
        level=LEVELS[status.rank],
        about=status.about,
        cell=status.cell,
        probe=status.probe,
        value=rounded(status.value, 3),
        limit=status.limit,
        release=status.release,
        unit=status.unit,
        current_limit=rounded(status.current_limit, 1),
        seconds=rounded(status.seconds, 0),
        since=None if status.since is None else rounded(now - status.since, 0),
        pack=status.pack,
    )


def statuses(monitor: StatusMonitor, now: float) -> tuple[Status, list[Status]]:
    """Return what is shown, and what else holds."""
    shown = monitor.shown or PackStatus(rank=StatusRank.NOT_KNOWN, code=NOT_KNOWN)
    return status_data(shown, now), [status_data(status, now) for status in monitor.also]


def device_id_of(hass: HomeAssistant, entry_id: str) -> str | None:
    """Return the device of a pack or bank; None before its entities are added."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry_id)
    return devices[0].id if devices else None


def entities_of(hass: HomeAssistant, entry_id: str, prefix: str) -> dict[str, str]:
    """Return the enabled entities of an entry by the rest of their unique id behind `prefix`."""
    return {
        entity.unique_id.removeprefix(f"{prefix}_"): entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
        if entity.platform == DOMAIN and entity.disabled_by is None
    }


def write_record_data(record: WriteRecord) -> WriteLogRecord:
    """Return a record of the write log."""
    return WriteLogRecord(
        at=record.at,
        parameter=record.parameter,
        old=record.old,
        new=record.new,
        found=record.found,
        outcome=record.outcome.value,
        source=record.source,
        user=record.user,
    )
