"""The families we know: the one place where a new one is entered."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from .advertisement import Advertisement
from .alarm import Alarm
from .driver import Driver, Sink, Writer
from .jk.advertisement import is_jk, may_be_jk
from .jk.catalogue import catalogue_of
from .jk.driver import JkDriver
from .jk.layouts import LAYOUTS, Variant
from .reading import Identity
from .settings import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the rest of the house needs to know of a family."""

    key: str
    name: str
    manufacturer: str
    recognises: Callable[[Advertisement], bool]
    """The advertisement leaves no doubt."""
    may_be: Callable[[Advertisement], bool]
    """The advertisement does not rule it out; only connecting can tell."""
    confirms: Callable[[Identity], bool]
    """What a device says of itself when connected makes sure that it is of this family."""
    make_driver: Callable[[Writer, Sink], Driver]
    stale_after: float
    """Seconds after which a reading is too old to be shown as current."""
    alarms: Callable[[str], tuple[Alarm, ...]]
    """Alarms that a variant can report."""
    catalogue: Callable[[Identity, Collection[str]], Catalogue]
    """What can be set on a pack that says this of itself and states the parameters of these keys."""


def _jk_alarms(variant: str) -> tuple[Alarm, ...]:
    layout = LAYOUTS.get(Variant(variant))
    return layout.alarms if layout else ()


FAMILIES: Final = {
    "jk": Family(
        key="jk",
        name="JK",
        manufacturer="Jikong",
        recognises=is_jk,
        may_be=may_be_jk,
        confirms=lambda identity: identity.model.upper().startswith("JK"),
        make_driver=JkDriver,
        # Twice the silence after which the driver asks again: long enough to ride out one recovery.
        stale_after=10.0,
        alarms=_jk_alarms,
        catalogue=catalogue_of,
    ),
}


def recognise(advertisement: Advertisement) -> Family | None:
    """Return the family that surely sent this advertisement."""
    return next((family for family in FAMILIES.values() if family.recognises(advertisement)), None)


def possible(advertisement: Advertisement) -> Family | None:
    """Return the family that may have sent this advertisement."""
    return recognise(advertisement) or next(
        (family for family in FAMILIES.values() if family.may_be(advertisement)), None
    )
