"""The JBD packs there are: their firmware, Bluetooth modules and what is written on them."""

from dataclasses import dataclass
from typing import Final, Literal

from ..peripheral import NOTIFY, WRITE, WRITE_WITHOUT_RESPONSE, Characteristic, Service, uuid16


@dataclass(frozen=True, slots=True)
class Module:
    """The Bluetooth module on the board; the first service is the one it advertises."""

    services: tuple[Service, ...]
    notify_handle: int
    write_handle: int


def _service(service: int, notify: int, write: int, write_property: str) -> Service:
    return Service(
        0x000F,
        uuid16(service),
        (
            Characteristic(0x0011, uuid16(notify), ("read", NOTIFY)),
            Characteristic(0x0015, uuid16(write), ("read", write_property)),
        ),
    )


MODULE_FF00: Final = Module((_service(0xFF00, 0xFF01, 0xFF02, WRITE_WITHOUT_RESPONSE),), 0x0011, 0x0015)
MODULE_OLD: Final = Module((_service(0xFF00, 0xFF01, 0xFF02, WRITE),), 0x0011, 0x0015)
"""Offers writes with response only."""
MODULE_PASSWORD: Final = Module(
    (
        *MODULE_FF00.services,
        Service(
            0x0018,
            uuid16(0xFA00),
            (Characteristic(0x001A, uuid16(0xFA01), ("read", WRITE_WITHOUT_RESPONSE, NOTIFY)),),
        ),
    ),
    0x0011,
    0x0015,
)
MODULE_FFF0: Final = Module((_service(0xFFF0, 0xFFF1, 0xFFF2, WRITE_WITHOUT_RESPONSE),), 0x0011, 0x0015)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written on the pack, and which firmware is on its board."""

    model: str
    """As register 0x05 tells it until somebody writes another one."""
    name: str
    """As a module of this kind advertises."""
    sw_version: int
    """High nibble . low nibble; from 0x20 on there are the finer voltage points."""
    module: Module = MODULE_FF00
    tail: Literal[0, 9, 16] = 0
    """Bytes behind the temperatures of the basic information; 16 is firmware "2.5"."""
    ntcs: int = 3
    legacy: bool = False
    """Puts A5 where others repeat the register."""
    password: str | None = None
    """Of the module's user. None: a module without the dialog; empty: none was set."""
    wants_unlock: bool = False
    """Factory mode needs the root password and then command 0x09."""
    takes_login: bool = True
    """Knows command 0x06."""
    loses_first: bool = False
    """The first request after connecting finds the board asleep."""
    stray_byte: bool = False
    """A lone 00 comes right after subscribing."""
    counts: bool = True
    """Knows the protection counters."""
    restart_counter: bool = False
    """Has a twelfth counter, of restarts."""
    fet_commands: frozenset[int] = frozenset({0xE1})
    wants_factory_for_fet: bool = False
    hundred_ma: bool = False
    """Counts in 100 mA and 100 mAh."""
    mac_form: Literal["reversed", "forward"] | None = "reversed"
    """How the manufacturer data carry the address."""
    manufacturer: str = "DGJBD"

    @property
    def variant(self) -> str:
        """Dialect of the firmware."""
        if self.legacy:
            return "legacy"
        return "2.5" if self.tail == 16 else "classic"


SP04S034: Final = Label(
    model="JBD-SP04S034-L4S-200A-B-U",
    name="JBD-SP04S034-L4S-200A-B-U",
    sw_version=0x80,
    loses_first=True,
    stray_byte=True,
    restart_counter=True,
    mac_form="forward",
)
DP16S020: Final = Label(
    model="DP16S020L16S200A",
    name="DP16S020L16S200A",
    sw_version=0x62,
    module=MODULE_PASSWORD,
    tail=9,
    password="123456",  # noqa: S106
    wants_unlock=True,
    fet_commands=frozenset({0xE1, 0xFB}),
)
LEGACY: Final = Label(
    model="LH-SP15S001-P13S-30A",
    name="xiaoxiang BMS",
    sw_version=0x19,
    module=MODULE_OLD,
    ntcs=2,
    legacy=True,
    takes_login=False,
    counts=False,
    mac_form=None,
)
WATTCYCLE: Final = Label(
    model="DG04S100",
    name="WTaHdB0001",
    sw_version=0x25,
    module=MODULE_FFF0,
    tail=16,
    takes_login=False,
    fet_commands=frozenset({0xFB}),
)
