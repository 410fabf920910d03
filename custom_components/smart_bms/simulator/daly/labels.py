"""The Daly packs there are: their dialects, Bluetooth services, habits and what is written on them."""

from dataclasses import dataclass
from typing import Final

from ..peripheral import NOTIFY, WRITE, WRITE_WITHOUT_RESPONSE, Characteristic, Service, uuid16

_ANY_WRITE: Final = ("read", WRITE, WRITE_WITHOUT_RESPONSE)

_SERVICES_A: Final = (
    Service(
        8,
        uuid16(0xFFF0),
        (
            Characteristic(9, uuid16(0xFFF1), ("read", NOTIFY)),
            Characteristic(12, uuid16(0xFFF2), _ANY_WRITE),
            Characteristic(14, uuid16(0xFFF3), _ANY_WRITE),
        ),
    ),
)
_SERVICES_B: Final = (
    *_SERVICES_A,
    Service(
        20,
        uuid16(0xFF00),
        (
            Characteristic(21, uuid16(0xFF01), ("read", NOTIFY)),
            Characteristic(24, uuid16(0xFF02), (WRITE, WRITE_WITHOUT_RESPONSE)),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written on the pack, and how its firmware and its Bluetooth module behave."""

    dialects: frozenset[str]
    """Of "D2", "81" and "A5"."""
    services: tuple[Service, ...] = _SERVICES_A
    notify_handle: int = 9
    write_handle: int = 12
    refused_notify_handle: int | None = None
    """There to be seen, but nobody may subscribe to it."""
    advertises_service: bool = False
    greeting: bytes = b""
    """Notified right after a client subscribes."""
    fragment: int = 244
    """Bytes that fit into one notification."""
    glue: bool = False
    """Several frames share a notification."""

    software: str
    hardware: str
    platform: str = ""
    machine_code: str = ""
    password: str = "123456"  # noqa: S105  # the factory's, readable by anyone
    battery_type: int = 0
    """0 LFP, 1 NMC, 2 LTO."""

    ntcs: int = 4
    """Temperature sensors that are configured."""
    ntcs_plugged: bool = True
    leftovers: tuple[int, ...] = ()
    """What the temperature slots behind the configured ones hold; D2 only."""
    supports_balance_current: bool = True
    supports_mos_temperature: bool = True
    tells_connections: bool = False
    """Says whether a charger and a load are there; A5 only."""
    supports_balancer: bool = True
    """Has the balancer switch; D2 only."""
    unechoed: frozenset[int] = frozenset()
    """Registers whose writes work without a reply; D2 only."""

    storage: bool = False
    """A board for home storage: counts its uptime, fills the old fault words, knows no forced closure; 81 only."""
    answers_65_only: bool = False
    """Answers a read of the live block only if it asks for 65 registers; 81 only."""

    hosts: frozenset[int] = frozenset()
    """Addresses of masters that are answered; A5 only."""
    inverted: bool = False
    """Current above 30000 discharges, as older boards have it; A5 only."""
    stale: bool = False
    """Bytes that a reply does not define keep what the reply before it had; A5 only."""
    all_frames: bool = False
    """Sends the frames of cells and sensors that are not there, too; A5 only."""


K_D2: Final = Label(
    dialects=frozenset({"D2"}),
    advertises_service=True,
    greeting=b"char1_ntf_data",
    software="T00K_321042_11",
    hardware="H2.0_103R_309F9F",
    machine_code="20240229",
)
ESS_81: Final = Label(
    dialects=frozenset({"81"}),
    software="41_260321_0323",
    hardware="ESS-DL-BMS",
    platform="ESS41_0323",
    storage=True,
)
K_81_NO_NTC: Final = Label(
    dialects=frozenset({"81"}),
    fragment=20,
    software="12_260120_K00T",
    hardware="H2.1_103E_30XF",
    platform="DL_HKMS_3.2.E",
    ntcs=2,
    ntcs_plugged=False,
)
LEGACY_A5: Final = Label(
    dialects=frozenset({"A5"}),
    advertises_service=True,
    fragment=20,
    glue=True,
    software="20210222-1.01T",
    hardware="DL-BMS-R32-01E",
    machine_code="2021022216S100A00001",
    ntcs=1,
    supports_mos_temperature=False,
    hosts=frozenset({0x40, 0x80}),
    inverted=True,
    stale=True,
    all_frames=True,
)
R24_A5: Final = Label(
    dialects=frozenset({"A5"}),
    greeting=b"char1_ntf_data",
    fragment=20,
    software="70_260316_01T6",
    hardware="JHB-R24TK-V2.1",
    machine_code="20260316",
    ntcs=2,
    tells_connections=True,
    hosts=frozenset({0x40}),
)
LAYOUT_B: Final = Label(
    dialects=frozenset({"D2"}),
    services=_SERVICES_B,
    notify_handle=21,
    write_handle=24,
    refused_notify_handle=9,
    software="B002_111132_03",
    hardware="E303-032DG-SMB",
    ntcs=2,
    leftovers=(0x84, 0x03),
    supports_balance_current=False,
    supports_mos_temperature=False,
    unechoed=frozenset({0x90}),
)
