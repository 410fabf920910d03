"""Read-back: whether a write was confirmed, refused, or led to something else."""

from ..bms.read_back import judge_write
from ..bms.settings import Setting
from .write_log import WriteOutcome, WriteRecord


def outcome_of(setting: Setting, record: WriteRecord) -> WriteOutcome:
    """Return the outcome of a write from the value that was read back."""
    same = setting.same if setting.seen is None else setting.nearer(record.old, record.new)
    return WriteOutcome(judge_write(same, old=record.old, wanted=record.new, found=record.found))
