"""What permissions and mismatches are judged by: a reading with its measured values, and where a pack's protections are."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .monitor import ProtectionMonitor
from .quantities import NOTHING_MISSING, Measured
from .relays import Relay
from .rules import ProtectedQuantity, RuleSet, Side


class Moment(NamedTuple):
    """What a reading showed."""

    at: float
    """Monotonic time of the reading in s."""
    reading: Reading
    measured: Measured
    known: bool
    """The parameters of the pack are known."""
    partial: frozenset[ProtectedQuantity] = NOTHING_MISSING
    """Quantities of which not all cells or probes are known."""

    @property
    def charging(self) -> bool:
        """Whether current flows into the pack."""
        return (self.measured[ProtectedQuantity.CHARGE_CURRENT] or 0.0) > 0.0


class MirrorState(Protocol):
    """The part of a mirror that its own judgments need."""

    @property
    def rules(self) -> RuleSet:
        """What packs of this kind go by."""

    @property
    def moment(self) -> Moment | None:
        """The newest reading; None before the first."""

    @property
    def values(self) -> Mapping[str, float | None]:
        """Thresholds and other numbers as the pack stated them last."""

    @property
    def switches(self) -> Mapping[str, SettingValue]:
        """All parameters as the pack stated them last."""

    @property
    def active(self) -> tuple[ProtectionMonitor, ...]:
        """Monitors of the protections that this pack has, as far as it has stated."""

    @property
    def relays(self) -> Mapping[bool, Mapping[Side, Relay]]:
        """Relays that a decision table sets, by mode (critical or not) and side; empty for a family without tables."""
