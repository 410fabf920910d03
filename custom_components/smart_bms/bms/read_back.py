"""Read-back: what the value that a pack has afterwards proves about a write."""

from enum import StrEnum

from .settings import Same, SettingValue


class ReadBack(StrEnum):
    """What reading a parameter back proves about a write."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """The old value is still there."""
    DIFFERENT = "different"
    """Neither the old nor the wished value is there."""
    UNKNOWN = "unknown"
    """Nothing was read back."""


def judge_write(
    same: Same, *, old: SettingValue | None, wanted: SettingValue | None, found: SettingValue | None
) -> ReadBack:
    """Return what a write turned out to be, from the values before and after it; None is a value that was not read."""
    if found is None:
        return ReadBack.UNKNOWN
    if same(found, wanted):
        return ReadBack.CONFIRMED
    return ReadBack.REFUSED if same(found, old) else ReadBack.DIFFERENT
