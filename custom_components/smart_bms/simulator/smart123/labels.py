r"""The 123\SmartBMS units there are: their boards, firmware, Bluetooth modules and what is connected to them."""

from dataclasses import dataclass
from typing import Final, Literal

from ..peripheral import NOTIFY, WRITE, WRITE_WITHOUT_RESPONSE, Characteristic, Service, uuid16

type Transport = Literal["brsp", "nus", "bridge"]

NUS_UUID: Final = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
BRSP_UUID: Final = "da2b84f1-6279-48de-bdc0-afbea0226079"

_INDICATE: Final = "indicate"


@dataclass(frozen=True, slots=True)
class Module:
    """What carries the bytes; the first service is the one it advertises."""

    services: tuple[Service, ...]
    write_handle: int
    notify_handle: int
    mode_handle: int | None = None
    """Lets bytes through only after 1 was written here."""
    rts_handle: int | None = None
    readable: tuple[tuple[int, bytes], ...] = ()
    """What reads of other characteristics return."""


def _nus(number: int) -> str:
    return f"6e40000{number}{NUS_UUID[8:]}"


_UART: Final = Service(
    12,
    NUS_UUID,
    (
        Characteristic(13, _nus(2), (WRITE, WRITE_WITHOUT_RESPONSE)),
        Characteristic(15, _nus(3), (NOTIFY,)),
    ),
)
_NUS: Final = Module(
    (
        _UART,
        Service(18, uuid16(0x180F), (Characteristic(19, uuid16(0x2A19), ("read", NOTIFY)),)),
        Service(
            22,
            uuid16(0x180A),
            (
                Characteristic(23, uuid16(0x2A29), ("read",)),
                Characteristic(25, uuid16(0x2A25), ("read",)),
                Characteristic(27, uuid16(0x2A26), ("read",)),
            ),
        ),
    ),
    write_handle=13,
    notify_handle=15,
    readable=(
        (19, b"\x64"),  # the module's own level, whatever the pack's is
        (23, b"nRF52810 UART AT Command"),
        (25, b"no data!"),
        (27, b"version: 1.4c(Albertronic BV)"),
    ),
)
_BRSP: Final = Module(
    (
        Service(
            32,
            BRSP_UUID,
            (
                Characteristic(33, "99564a02-dc01-4d3c-b04e-3bb1ef0571b2", ("read",)),
                Characteristic(35, "a87988b9-694c-479c-900e-95dfa6c00a24", ("read", WRITE)),
                Characteristic(37, "bf03260c-7205-4c25-af43-93b1c299d159", (WRITE,)),
                Characteristic(39, "18cda784-4bd3-4370-85bb-bfed91ec86af", (_INDICATE,)),
                Characteristic(42, "fdd6b4d3-046d-4330-bdec-1fd0c90cb43b", (NOTIFY,)),
                Characteristic(45, "0a1934f5-24b8-4f13-9842-37bb167c6aff", (WRITE,)),
            ),
        ),
    ),
    write_handle=37,
    notify_handle=39,
    mode_handle=35,
    rts_handle=42,
    readable=((33, bytes(10)),),  # nobody says what it holds
)
MODULES: Final[dict[Transport, Module]] = {
    "nus": _NUS,
    "brsp": _BRSP,
    "bridge": Module((_UART,), write_handle=13, notify_handle=15),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a unit is, and how its firmware and its Bluetooth module behave."""

    transport: Transport
    generation: Literal[2, 3]
    device_type: int | None = None
    """In the manufacturer data; None: there are none."""
    firmware: tuple[int, int, int]
    cycle: float = 1.0
    """Seconds; half a second in the fast mode."""
    slots: int | None = None
    """Places in the rotation, which may be more than there are cells. None: as many."""

    sensors: Literal[0, 1, 2] = 1
    sensor_range: float = 125.0
    """A; readings saturate there."""
    sensor_step: float = 0.05
    """A; coarser than the unit on the wire with most older sensors."""
    blind_spot: float = 0.0
    """A that read as none, either way."""

    pin: str | None = None
    """None: nobody is asked for it, though there is one."""
    wrong_pin_reply: str = "NA"
    free_queries: frozenset[str] = frozenset({"V@"})
    """Answered before the PIN was given."""
    echo: bool = True
    """Repeats commands as a line before it answers."""
    ping_flush: bool = True
    """Lines stay inside until the next byte arrives."""
    stream_outlives_link: bool = False
    """The next client finds the stream of the one before still running."""
    idle_hangup: float | None = None
    """Ends a link on which nothing was written for so many seconds."""

    records: str = "UVTCEMHB"
    """Letters of the records of one cycle, in order."""
    record_end: bytes = b"\r"
    """Carriage return or space."""
    extra_digits: int = 0
    """Numbers are so much wider; negative: narrower, down to what they need."""
    max_chunk: int = 20
    """Bytes that fit into one notification."""

    clock_order: Literal["hours_first", "minutes_first"] = "hours_first"
    """Of the clock in frames of firmware too old for pairs of key and value."""

    @property
    def module(self) -> Module:
        """What carries the bytes."""
        return MODULES[self.transport]

    @property
    def variant(self) -> str:
        """Dialect of the unit."""
        return "frame58" if self.transport == "bridge" else f"gen{self.generation}"

    @property
    def key_values(self) -> bool:
        """Frames carry pairs of key and value instead of a clock."""
        return self.firmware >= (3, 3, 6)

    @property
    def current_unit(self) -> float:
        """A per count in records; frames have 0.125 whatever the generation."""
        return 0.05 if self.generation == 3 else 0.125


GEN2_BRSP: Final = Label(
    transport="brsp",
    generation=2,
    device_type=2,
    firmware=(2, 3, 0),
    sensor_range=100.0,
    sensor_step=0.5,
    blind_spot=1.0,
    records="UVTCEM",
    stream_outlives_link=True,
)
GEN3_BRSP: Final = Label(transport="brsp", generation=3, device_type=4, firmware=(3, 3, 4), pin="1234")
GEN3_NUS: Final = Label(
    transport="nus",
    generation=3,
    device_type=6,
    firmware=(3, 3, 11),
    pin="1234",
    # Seen on another product of the vendor with the same module.
    idle_hangup=90.0,
)
OLD_FIRMWARE_BRIDGE: Final = Label(
    transport="bridge",
    generation=2,
    firmware=(2, 3, 0),
    sensor_range=100.0,
    sensor_step=0.5,
    blind_spot=1.0,
)
BRIDGE: Final = Label(transport="bridge", generation=3, firmware=(3, 3, 11))
