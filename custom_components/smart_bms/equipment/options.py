"""What is stored of the equipment among an entry's options: its targets, the fail-safe, and whether a dry run was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from ..bms.stored_values import BROKEN, number
from ..const import CONF_EQUIPMENT
from ..steering.demand import FallbackAction, FallbackSettings
from ..steering.target import Target, fingerprint

_TARGETS: Final = "targets"
_FALLBACK: Final = "fallback"
_SEEN: Final = "seen"
"""Key of the fingerprint of what was looked at in a dry run."""


_NUMBERS: Final = ("longest_hold", "charge_current", "discharge_current")


@dataclass(frozen=True, slots=True)
class EquipmentOptions:
    """The equipment of one battery."""

    targets: tuple[Target, ...] = ()
    fallback: FallbackSettings = field(default_factory=FallbackSettings)
    seen: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Return what an entry's options hold; a target that cannot be understood is left out."""
        stored = options.get(CONF_EQUIPMENT, {})
        return cls(
            targets=tuple(_targets(stored.get(_TARGETS, ()))),
            fallback=_fallback(stored.get(_FALLBACK, {})),
            seen=str(stored.get(_SEEN, "")),
        )

    @property
    def is_seen(self) -> bool:
        """Whether the owner has looked at a dry run of just these targets."""
        return bool(self.targets) and self.seen == fingerprint(self.targets)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored, with these targets as seen: they are saved after a look at their dry run only."""
        return {
            _TARGETS: [target.as_dict() for target in self.targets],
            _FALLBACK: asdict(self.fallback),
            _SEEN: fingerprint(self.targets),
        }


def _targets(stored: Iterable[Mapping[str, Any]]) -> Iterable[Target]:
    """Yield the targets that can be understood."""
    for item in stored:
        try:
            yield Target.from_dict(item)
        except BROKEN:
            continue


def _fallback(stored: Mapping[str, Any]) -> FallbackSettings:
    """Return the fail-safe; the default one if what is stored cannot be understood."""
    try:
        chosen: dict[str, Any] = {key: FallbackAction(stored[key]) for key in ("on_loss", "on_stop") if key in stored}
        chosen |= {key: max(0.0, number(stored[key])) for key in _NUMBERS if key in stored}
        return FallbackSettings(**chosen)
    except BROKEN:
        return FallbackSettings()
