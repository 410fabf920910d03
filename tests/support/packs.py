"""Simulated packs, and frames from them."""

from dataclasses import replace
import struct
from typing import Any

from custom_components.smart_bms.simulator.battery import Battery, Profile, idle
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.daly.labels import K_D2, Label as DalyLabel
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.jbd.labels import SP04S034, Label as JbdLabel
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.jk.labels import B5A24S, BD6A24S10P, PB2A16S20P, Label
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.smart123.board import Smart123Board
from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS, Label as Smart123Label
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral

ADDRESS = "C8:47:80:00:00:01"
LABELS = {"JK02_32S": PB2A16S20P, "JK02_24S": BD6A24S10P, "JK04": B5A24S}


def jk_pack(
    variant: str = "JK02_32S",
    *,
    address: str = ADDRESS,
    name: str | None = None,
    cells: int = 8,
    soc: float = 0.6,
    profile: Profile = idle,
    temperature: float = 22.0,
    limits: Limits | None = None,
    label: Label | None = None,
    **changes: Any,
) -> JkPeripheral:
    """Return a simulated JK pack."""
    battery = Battery(cells=cells, capacity=100, soc=soc, profile=profile, temperature=temperature)
    label = replace(label or LABELS[variant], **changes)
    return JkPeripheral(address, name or label.model, label, Board(battery, limits or Limits()))


def jbd_pack(
    label: JbdLabel = SP04S034,
    *,
    address: str = "A5:C2:37:28:18:52",
    name: str | None = None,
    cells: int = 4,
    soc: float = 0.6,
    profile: Profile = idle,
    temperature: float = 22.0,
    limits: Limits | None = None,
    **changes: Any,
) -> JbdPeripheral:
    """Return a simulated JBD pack."""
    battery = Battery(cells=cells, capacity=100, soc=soc, profile=profile, temperature=temperature)
    label = replace(label, **changes)
    board = Board(battery, limits or Limits(balance_trigger=0.03))
    return JbdPeripheral(address, name or label.name, label, board)


def daly_pack(
    label: DalyLabel = K_D2,
    *,
    address: str = "40:D6:3C:32:23:A2",
    name: str = "DL-40D63C3223A2",
    cells: int = 4,
    soc: float = 0.6,
    profile: Profile = idle,
    temperature: float = 22.0,
    limits: Limits | None = None,
    **changes: Any,
) -> DalyPeripheral:
    """Return a simulated Daly pack."""
    battery = Battery(cells=cells, capacity=100, soc=soc, profile=profile, temperature=temperature)
    return DalyPeripheral(address, name, replace(label, **changes), Board(battery, limits or Limits()))


def smart123_pack(
    label: Smart123Label = GEN3_NUS,
    *,
    address: str = "D4:11:09:00:50:6C",
    name: str = "123\\SmartBMS",
    cells: int = 8,
    soc: float = 0.6,
    profile: Profile = idle,
    temperature: float = 22.0,
    **changes: Any,
) -> Smart123Peripheral:
    r"""Return a simulated 123\SmartBMS."""
    battery = Battery(cells=cells, capacity=100, soc=soc, profile=profile, temperature=temperature)
    return Smart123Peripheral(address, name, replace(label, **changes), Smart123Board(battery))


def capable_pack(**options: Any) -> JkPeripheral:
    """Return a pack whose firmware takes every command that is known."""
    return jk_pack(commands=PB2A16S20P.commands | {0x6E, 0x6F, 0x9D}, **options)


def sealed(body: bytes | bytearray, kind: int, counter: int = 0) -> bytes:
    """Return a response frame: the body with header, type, counter and a checksum that fits."""
    frame = bytearray(body)
    frame[0:6] = bytes((0x55, 0xAA, 0xEB, 0x90, kind, counter & 0xFF))
    frame[299] = sum(frame[:299]) & 0xFF
    return bytes(frame)


def cell_info(variant: str = "JK02_32S", counter: int = 0, **pack: Any) -> bytes:
    """Return a runtime frame of a simulated pack."""
    return sealed(jk_pack(variant, **pack).cell_info(), 0x02, counter)


def settings(variant: str = "JK02_32S", **pack: Any) -> bytes:
    """Return a settings frame of a simulated pack."""
    return sealed(jk_pack(variant, **pack).settings(), 0x01)


def device_info(variant: str = "JK02_32S", **pack: Any) -> bytes:
    """Return a device-info frame of a simulated pack."""
    return sealed(jk_pack(variant, **pack).device_info(), 0x03)


def log_frame(count: int, *entries: tuple[int, int]) -> bytes:
    """Return a system-log frame that claims so many entries, with these: seconds of run time and code."""
    body = bytearray(300)
    struct.pack_into("<I", body, 6, count)
    for place, entry in enumerate(entries):
        struct.pack_into("<IB", body, 11 + 5 * place, *entry)
    return sealed(body, 0x05)


READY = bytes.fromhex("aa5590ebc8010100000000000000000000000044")
CHATTER = b"AT\r\n"


def changed(frame: bytes, offset: int, data: bytes) -> bytes:
    """Return the frame with other bytes at an offset and a checksum that fits again."""
    return sealed(frame[:offset] + data + frame[offset + len(data) :], frame[4], frame[5])
