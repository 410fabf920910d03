"""The families we know: the one place where a new one is entered."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from .advertisement import Advertisement
from .alarm import Alarm
from .connection_hints import ConnectionHint
from .daly.advertisement import is_daly, may_be_daly
from .daly.alarms import possible_alarms as daly_alarms
from .daly.catalog import catalog_of as daly_catalog
from .daly.driver import STORED_CHECKS as DALY_STORED, DalyDriver
from .daly.privacy import mask as daly_mask
from .driver import Driver, FrameWriter
from .driver_listener import DriverListener
from .event_log import EventKind
from .jbd.advertisement import is_jbd, may_be_jbd
from .jbd.alarms import possible_alarms as jbd_alarms
from .jbd.catalog import catalog_of as jbd_catalog
from .jbd.connection_hints import connection_hints as jbd_connection_hints
from .jbd.driver import UNIT, UNITS, JbdDriver
from .jbd.privacy import mask as jbd_mask
from .jk.advertisement import is_jk, may_be_jk
from .jk.alarms import possible_alarms as jk_alarms
from .jk.catalog import catalog_of as jk_catalog
from .jk.driver import JkDriver
from .jk.privacy import mask as jk_mask
from .polling import Polling
from .reading import Identity
from .recording import Mask
from .session_context import SessionContext
from .settings import FORMULA, Catalog
from .smart123.advertisement import is_other_product, is_smart123, may_be_smart123
from .smart123.alarms import possible_alarms as smart123_alarms
from .smart123.catalog import catalog_of as smart123_catalog
from .smart123.driver import RECORDS, SCALE, Smart123Driver
from .smart123.frame_session import FRAMES, TRANSPORT
from .smart123.generation import AUTO, CHOICES as SCALES, Variant as Smart123Variant
from .smart123.learned import STORED_CHECKS as SMART123_STORED
from .smart123.privacy import mask as smart123_mask
from .smart123.record_session import IMPORT_HISTORY
from .smart123.scales import Formula
from .stored_values import Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyOption:
    """What the owner of a pack may choose, because nothing that the pack says decides it."""

    key: str
    choices: tuple[str, ...] = ()
    """Of which the first is the default; none: on or off, and off by default."""
    is_transport: bool = False
    """It decides how the pack is talked to, so that a connection tells at once whether the choice is right."""

    @property
    def default(self) -> str | bool:
        """Return what holds while the owner chose nothing."""
        return self.choices[0] if self.choices else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the rest of the integration needs to know of a family."""

    key: str
    name: str
    manufacturer: str
    recognizes: Callable[[Advertisement], bool]
    """The advertisement leaves no doubt."""
    may_be: Callable[[Advertisement], bool]
    """The advertisement does not rule it out; only connecting can tell."""
    rules_out: Callable[[Advertisement], bool] = lambda _: False
    """The advertisement is of another product of the same vendor, and of no pack of any family."""
    confirms: Callable[[Identity], bool]
    """What a device says of itself when connected makes sure that it is of this family."""
    make_driver: Callable[[FrameWriter, DriverListener, SessionContext], Driver]
    polling: Polling | None = None
    """None for a family that streams by itself."""
    stale_after: float = 0.0
    rhythm: float = 1.0
    """s between two readings of a pack that sends by itself."""
    """Seconds after which a reading of such a family is too old to be shown as current."""
    reread_interval: int = 10
    """Minutes between two reads of the parameters, unless the user chooses otherwise."""
    first_answer: float
    """Seconds after connecting within which nearly every pack of the family has said who it is."""
    alarms: Callable[[str], tuple[Alarm, ...]]
    """Alarms that a variant can report."""
    catalog: Callable[[Identity, Collection[str]], Catalog]
    """What can be set on a pack that says this of itself and states the parameters of these keys."""
    mask: Mask
    """Removes secrets from recorded traffic."""
    options: tuple[FamilyOption, ...] = ()
    logs: Callable[[str], tuple[EventKind, ...]] = lambda _: ()
    """Events that a variant writes down by itself."""
    stored_checks: Checks = field(default_factory=dict)
    """What `SessionContext.learned` may hold, by key: a file comes back broken now and then."""
    switches_relays: bool = False
    """Its outputs drive relays outside; boards of the other families have MOSFETs of their own."""
    counts_by_manual: bool = False
    """JBD's manual says how its boards count cycles and charge, and what makes them forget."""
    takes_password: bool = False
    """Some packs of the family ask for a password before they answer."""
    password_protects: bool = True
    """Somebody without the pack's password is kept out by the pack itself, not only by the vendor's app."""
    connection_hints: Callable[[str, float | None, str], tuple[ConnectionHint, ...]] = lambda *_: ()
    """What to check, by the state of the connection, the signal in dBm and the version of the board's software.

    Nothing: what may help with any pack.
    """


FAMILIES: Final = {
    "jk": Family(
        key="jk",
        name="JK",
        manufacturer="Jikong",
        recognizes=is_jk,
        may_be=may_be_jk,
        confirms=lambda identity: identity.model.upper().startswith("JK"),
        make_driver=JkDriver,
        # Nothing is shown that is older than ten seconds; long enough to ride out that the driver asks again.
        stale_after=9.5,
        # The slowest of eight firmwares; 431 to 544 ms were measured.
        rhythm=0.545,
        alarms=jk_alarms,
        catalog=jk_catalog,
        mask=jk_mask,
        first_answer=2.0,
    ),
    "jbd": Family(
        key="jbd",
        name="JBD",
        manufacturer="Jiabaida",
        recognizes=is_jbd,
        may_be=may_be_jbd,
        # Nobody gets an identity who did not answer in this protocol, with a right checksum.
        confirms=lambda _: True,
        make_driver=JbdDriver,
        polling=Polling(default=5, lowest=1),
        reread_interval=60,
        alarms=jbd_alarms,
        catalog=jbd_catalog,
        mask=jbd_mask,
        # A board asleep does not hear the first question.
        first_answer=3.5,
        options=(FamilyOption(key=UNIT, choices=(AUTO, *UNITS)),),
        takes_password=True,
        connection_hints=jbd_connection_hints,
        counts_by_manual=True,
    ),
    "daly": Family(
        key="daly",
        name="Daly",
        manufacturer="Daly",
        recognizes=is_daly,
        may_be=may_be_daly,
        # Nobody gets an identity whose answers did not have the right checksum and a plausible number of cells.
        confirms=lambda _: True,
        make_driver=DalyDriver,
        polling=Polling(default=5, lowest=3),
        alarms=daly_alarms,
        catalog=daly_catalog,
        mask=daly_mask,
        stored_checks=DALY_STORED,
        password_protects=False,
        # One that speaks A5 is asked in the other dialects first, then for its versions.
        first_answer=8.0,
    ),
    "smart123": Family(
        key="smart123",
        name="123\\SmartBMS",
        manufacturer="123electric",
        recognizes=is_smart123,
        may_be=may_be_smart123,
        rules_out=is_other_product,
        # Nobody gets a reading whose lines or frames did not make sense together.
        confirms=lambda _: True,
        make_driver=Smart123Driver,
        # Nine of its rounds. The vendor's own worker takes a silent pack for gone after 20 s, which is long for who acts on it.
        stale_after=9.5,
        alarms=smart123_alarms,
        catalog=smart123_catalog,
        mask=smart123_mask,
        options=(
            FamilyOption(key=TRANSPORT, choices=(AUTO, RECORDS, FRAMES), is_transport=True),
            FamilyOption(key=SCALE, choices=(AUTO, *SCALES)),
            FamilyOption(key=FORMULA, choices=tuple(Formula)),
            FamilyOption(key=IMPORT_HISTORY),
        ),
        takes_password=True,
        stored_checks=SMART123_STORED,
        switches_relays=True,
        # It is listened to before anything is written to it.
        first_answer=6.0,
        logs=lambda variant: tuple(EventKind) if variant == Smart123Variant.GENERATION_3 else (),
    ),
}


def recognize(advertisement: Advertisement) -> Family | None:
    """Return the family that surely sent this advertisement."""
    return next((family for family in FAMILIES.values() if family.recognizes(advertisement)), None)


def candidates(advertisement: Advertisement) -> tuple[Family, ...]:
    """Return the families that may have sent this advertisement; one if that is sure."""
    if any(family.rules_out(advertisement) for family in FAMILIES.values()):
        return ()
    sure = recognize(advertisement)
    return (sure,) if sure else tuple(family for family in FAMILIES.values() if family.may_be(advertisement))


def attempts(families: Sequence[Family]) -> tuple[tuple[Family, bool], ...]:
    """Return in which order to try families that one advertisement may be of, and whether hastily.

    Where there are several, each is given the time of a usual answer, before any is waited for that may be slow or asleep.
    """
    hasty = tuple((family, True) for family in families) if len(families) > 1 else ()
    return (*hasty, *((family, False) for family in families))
