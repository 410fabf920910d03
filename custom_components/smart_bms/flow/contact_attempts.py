"""Contact attempts: which families a device is asked as, one after the other, and what came of it."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ..bms.errors import (
    ConnectionLostError,
    NotThisKindError,
    PackError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from ..bms.families import Family, attempts
from ..bms.pack import Pack
from .contact import failure_of

IDENTIFIED: Final = "identified"
PASSWORD: Final = "password"  # noqa: S105
FAILED: Final = "connect"
"""Steps of the config flow that come after the last attempt."""

_MAYBE_ANOTHER_FAMILY: Final = (NotThisKindError, SilentError, ConnectionLostError, PairingNeededError)


class ContactAttempts:
    """The attempts that are left, and the outcome of those that were made."""

    def __init__(self, families: Sequence[Family] = ()) -> None:
        """`families` are those that the device may be of, the likeliest first."""
        self._left = [*attempts(families)]
        self.several = len(families) > 1
        self.next_step = FAILED
        self.family: Family | None = None
        """The one that the device turned out to be of."""
        self.pack: Pack | None = None
        """That answered."""
        self.password_error: PackError | None = None
        self.failures: dict[str, tuple[str, str]] = {}
        """Reason and detail by family, in the order in which they were asked."""

    @property
    def current(self) -> tuple[Family, bool] | None:
        """Return the family to ask now, and whether in haste; None if no attempt is left."""
        return self._left[0] if self._left else None

    def finish(self, task: asyncio.Task[Pack], name: str) -> None:
        """Take the outcome of the current attempt; drop those that cannot help after it."""
        family, _ = self._left.pop(0)
        try:
            self.pack = task.result()
        except (PasswordNeededError, WrongPasswordError) as error:
            self.password_error = error
            self._end(PASSWORD, family)
        except _MAYBE_ANOTHER_FAMILY as error:
            self.failures[family.key] = failure_of(error, name)
            if not isinstance(error, SilentError):
                # Only who says nothing may be slow: more patience does not help the others.
                self._left = [attempt for attempt in self._left if attempt[0] is not family]
        except Exception as error:  # noqa: BLE001
            self.failures = {family.key: failure_of(error, name)}
            self._end(FAILED)
        else:
            self._end(IDENTIFIED, family)

    def _end(self, next_step: str, family: Family | None = None) -> None:
        """Make no other attempt."""
        self._left, self.next_step, self.family = [], next_step, family
