"""Temporary changes: what a procedure has switched, and how it is restored whatever comes between.

The previous values are on disk before anything is switched, and deleted once they are restored and read back. After a
crash, or a lost connection, the next session restores them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ..bms.pack import Pack
from ..bms.settings import SettingValue
from .drift import DriftDetector
from .request import Changes, WriteRequest
from .validation_issue import RejectedError
from .write_log import WriteOutcome, WriteRecord

_CLOSING: Final = "closing"
"""Code of a rejection because the connection is being closed: no further attempt can succeed."""
RETRY_DELAY: Final = 2.0
"""s between two attempts."""
_MAX_TRIES: Final = 3

type ApplyChanges = Callable[[Changes, WriteRequest], Awaitable[list[WriteRecord]]]


class TemporaryChanges:
    """The changes of one pack that have to be restored."""

    def __init__(
        self, pack: Pack, drift_detector: DriftDetector, save: Callable[[], Awaitable[None]], stored: object
    ) -> None:
        """`stored`: what `as_dict` returned before; values that cannot be read are ignored."""
        content: Mapping[str, Any] = stored if isinstance(stored, Mapping) else {}
        values = content.get("values")
        self.values: dict[str, SettingValue] = {
            str(key): value
            for key, value in (values.items() if isinstance(values, Mapping) else ())
            if isinstance(value, (bool, int, float, str))
        }
        """Values to restore, by parameter."""
        requester = {key: str(content[key]) for key in ("source", "user_id", "user") if content.get(key)}
        self._request = WriteRequest(
            source=requester.get("source", ""), user_id=requester.get("user_id"), user=requester.get("user")
        )
        self._pack = pack
        self._drift_detector = drift_detector
        self._save = save
        self._last_tried_session = 0
        """Number of the session in which restoring was last attempted."""
        drift_detector.temporary_keys.update(self.values)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        request = self._request
        requester = {"source": request.source, "user_id": request.user_id, "user": request.user}
        return {"values": self.values, **requester} if self.values else {}

    @property
    def is_due(self) -> bool:
        """Return whether values are left to restore, without an attempt yet in this session."""
        return bool(self.values) and self._last_tried_session != self._pack.sessions

    async def begin(self, values: Mapping[str, SettingValue], request: WriteRequest) -> None:
        """Save the values to restore, and for whom; only then may they be changed."""
        self._request = request
        self.values.update(values)
        self._drift_detector.temporary_keys.update(values)
        await self._save()

    async def put_back(self, apply: ApplyChanges) -> list[WriteRecord]:
        """Restore everything, the last change first, and return the writes.

        What could not be restored stays in `values`.
        """
        records: list[WriteRecord] = []
        saved = list(self.values.items())
        for key, value in reversed(saved):
            records += await self._put_back(apply, key, value)
        self._drift_detector.temporary_keys.difference_update(key for key, _ in saved)
        self._drift_detector.compare()
        await self._save()
        return records

    async def _put_back(self, apply: ApplyChanges, key: str, value: SettingValue) -> list[WriteRecord]:
        """Restore one value, with several attempts."""
        request = replace(self._request, force=True, temporary=True, puts_back=True)
        records: list[WriteRecord] = []
        for attempt in range(_MAX_TRIES):
            if attempt:
                await asyncio.sleep(RETRY_DELAY)
            try:
                done = await apply({key: value}, request)
            except RejectedError as error:
                if error.issues[0].code == _CLOSING:
                    break
                continue
            records += done
            if done:
                self._last_tried_session = self._pack.sessions
            if all(record.outcome is WriteOutcome.CONFIRMED for record in done):
                self.forget(key)
                break
        return records

    def forget(self, *keys: str) -> None:
        """Do not restore these parameters: they were set since."""
        for key in keys:
            self.values.pop(key, None)
