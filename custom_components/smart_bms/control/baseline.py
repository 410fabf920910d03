"""The baseline: the parameters as they are meant to be, to tell what others changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..bms.settings import Catalog, SettingValue

type Difference = tuple[SettingValue, SettingValue]
"""What was meant to be, and what is."""


class Baseline:
    """What the pack had when it was first read, and every change since that was made here or accepted."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        """Take up what was kept."""
        self.values: dict[str, SettingValue] = dict(stored or {})

    def complete(self, values: Mapping[str, SettingValue], keys: Iterable[str]) -> None:
        """Take what was never read before."""
        for key in keys:
            self.values.setdefault(key, values[key])

    def accept(self, values: Mapping[str, SettingValue], keys: Iterable[str]) -> None:
        """Take these as what is meant to be."""
        for key in keys:
            if key in values:
                self.values[key] = values[key]

    def differences(self, values: Mapping[str, SettingValue], catalog: Catalog) -> dict[str, Difference]:
        """Return what differs from what is meant to be."""
        return {
            key: (self.values[key], value)
            for key, value in values.items()
            if key in self.values
            and key in catalog.settings
            and not catalog.settings[key].moves
            and not catalog.settings[key].same(self.values[key], value)
        }
