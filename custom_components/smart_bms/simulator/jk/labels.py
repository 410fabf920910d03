"""The JK packs there are: their layouts, Bluetooth modules and what is written on them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ..peripheral import NOTIFY, WRITE, WRITE_WITHOUT_RESPONSE, Characteristic, Service, uuid16


class Layout(StrEnum):
    """Which of the three generations of frames the pack speaks."""

    JK04 = "JK04"
    JK02_24S = "JK02_24S"
    JK02_32S = "JK02_32S"


@dataclass(frozen=True, slots=True)
class Module:
    """The Bluetooth module on the board and its habits."""

    services: tuple[Service, ...]
    notify_handle: int
    fragments: tuple[int, ...]
    """Sizes into which a frame is cut, the last one repeated."""
    chatter: bool = False
    """Sends AT commands to whoever listens, five times a second."""
    glued_ready: bool = False
    """The ready frame comes in one notification with the end of the answer."""


_WWR: Final = (WRITE_WITHOUT_RESPONSE, WRITE, NOTIFY)

MODULE_A: Final = Module(
    services=(
        Service(
            14,
            uuid16(0xFFE0),
            (
                Characteristic(15, uuid16(0xFFE2), (WRITE_WITHOUT_RESPONSE,)),
                Characteristic(17, uuid16(0xFFE1), _WWR),
            ),
        ),
    ),
    notify_handle=17,
    fragments=(128, 128, 44),
    glued_ready=True,
)
MODULE_A_PB: Final = replace(MODULE_A, fragments=(128, 22, 128, 22), chatter=True)
MODULE_B: Final = Module(
    services=(
        Service(
            1,
            uuid16(0xFFE0),
            (
                Characteristic(2, uuid16(0xFFE1), (WRITE, WRITE_WITHOUT_RESPONSE)),
                Characteristic(4, uuid16(0xFFE1), ("read", NOTIFY)),
            ),
        ),
    ),
    notify_handle=4,
    fragments=(150,),
)
MODULE_D: Final = Module(
    services=(
        Service(
            14,
            uuid16(0xFFE0),
            (
                Characteristic(15, uuid16(0xFFE1), _WWR),
                Characteristic(18, uuid16(0xFFE2), _WWR),
                Characteristic(21, uuid16(0xFFE3), (WRITE,)),
            ),
        ),
    ),
    notify_handle=15,
    fragments=(80, 80, 80, 60),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written on the pack."""

    layout: Layout
    model: str
    hw_version: str
    sw_version: str
    module: Module
    probes: int = 2
    max_cells: int = 0
    pushes_info: bool = False
    """Newer firmware sends its device info unasked between the settings and the ready frame."""
    password: str = "1234"  # noqa: S105  # the factory's
    """Of the connection."""
    settings_password: str = "123456"  # noqa: S105  # the factory's
    commands: frozenset[int] = frozenset()
    """Ids that the board says it takes; older boards list none."""


PB2A16S20P: Final = Label(
    layout=Layout.JK02_32S,
    model="JK_PB2A16S20P",
    hw_version="19A",
    sw_version="19.27",
    module=MODULE_A_PB,
    probes=4,
    max_cells=16,
    pushes_info=True,
    # As 19.27 lists them.
    commands=frozenset(
        {
            *range(0x24),
            *(0x25, 0x27, 0x28, 0x2B, *range(0x2D, 0x31), 0x32, 0x33, *range(0x37, 0x3C)),
            *(0x64, *range(0x67, 0x6D), 0x96, 0x97, 0x9B, 0x9C, *range(0x9E, 0xA3)),
            *(*range(0xA4, 0xA8), *range(0xA9, 0xB4), *range(0xB5, 0xB8)),
        }
    ),
)
BD6A24S10P: Final = Label(
    layout=Layout.JK02_24S,
    model="JK-BD6A24S10P",
    hw_version="8.X",
    sw_version="8.0.6G",
    module=MODULE_A,
)
B5A24S: Final = Label(
    layout=Layout.JK04,
    model="JK-B5A24S",
    hw_version="8.X",
    sw_version="8.0.3M",
    module=MODULE_D,
)
