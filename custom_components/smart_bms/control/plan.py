"""Write plan: the order in which changes are written, so that the parameters are valid after each single write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..bms.settings import Catalog, Chain, SettingKind, SettingValue


@dataclass(frozen=True, slots=True)
class WriteStep:
    """One write; a command has no value."""

    key: str
    old: SettingValue | None
    new: SettingValue | None


def plan(
    catalog: Catalog, changes: Mapping[str, SettingValue | None], current: Mapping[str, SettingValue]
) -> list[WriteStep]:
    """Return the writes that lead from the current values to the changed ones.

    Values that are already set are left out. In a chain of falling values those that rise go first, from the top down,
    then those that fall, from the bottom up: no value ever passes its neighbor. What is switched off is switched off
    first, what is switched on comes last.
    """
    changing = [
        key
        for key, new in changes.items()
        if catalog.settings[key].kind is SettingKind.COMMAND or not catalog.settings[key].same(current.get(key), new)
    ]
    # What the pack sets by itself along with another parameter is written after that, also if it is so now.
    rewritten = {also for key in changing for also in catalog.settings[key].also_changes}
    steps = [
        WriteStep(key, current.get(key), new) for key, new in changes.items() if key in rewritten or key in changing
    ]
    positions = _chain_positions(catalog.chains)

    def rank(step: WriteStep) -> tuple[int, int]:
        if step.key in rewritten:
            return 3, 1
        if step.new is False:
            return 0, 0
        if step.new is True or step.new is None:
            return 4, 0
        position = positions.get(step.key)
        if position is None:
            return 3, 0
        return (1, position) if _rises(step) else (2, -position)

    return sorted(steps, key=rank)


def _chain_positions(chains: Iterable[Chain]) -> dict[str, int]:
    """Return for each key how many keys are above it, over all chains that it is part of."""
    listed = tuple(chains)
    positions: dict[str, int] = {}
    for _ in listed:  # a chain may push down a key of an earlier one
        for chain in listed:
            position = -1
            for key in chain:
                position = positions[key] = max(position + 1, positions.get(key, 0))
    return positions


def _rises(step: WriteStep) -> bool:
    old, new = step.old, step.new
    return isinstance(old, (int, float)) and isinstance(new, (int, float)) and new > old
