"""Baseline: the intended value of every parameter, to detect changes made elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..bms.settings import Catalog, SettingValue

type Difference = tuple[SettingValue, SettingValue]
"""The intended and the present value."""


class Baseline:
    """Intended values: those first read from the pack, and every change since that was made here or accepted."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        """`stored`: intended values by parameter, as they were saved."""
        self.values: dict[str, SettingValue] = dict(stored or {})

    def complete(self, values: Mapping[str, SettingValue], keys: Iterable[str]) -> None:
        """Add the values of those `keys` that have no intended value yet."""
        for key in keys:
            self.values.setdefault(key, values[key])

    def accept(self, values: Mapping[str, SettingValue], keys: Iterable[str]) -> None:
        """Set the values of these `keys` as the intended ones."""
        for key in keys:
            if key in values:
                self.values[key] = values[key]

    def differences(self, values: Mapping[str, SettingValue], catalog: Catalog) -> dict[str, Difference]:
        """Return, by parameter, the values that differ from the intended ones.

        Those that move by themselves are left out.
        """
        return {
            key: (self.values[key], value)
            for key, value in values.items()
            if key in self.values
            and key in catalog.settings
            and not catalog.settings[key].moves
            and not catalog.settings[key].same(self.values[key], value)
        }
