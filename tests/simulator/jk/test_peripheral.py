"""The simulated JK pack talks like a real one."""

from functools import partial
import struct

import pytest

from custom_components.smart_bms.bms.jk.frames import Command, Reassembler, encode_command
from custom_components.smart_bms.simulator.jk.labels import MODULE_A, MODULE_A_PB, MODULE_B, MODULE_D
from custom_components.smart_bms.simulator.peripheral import Peripheral
from tests.support.notifications import listen as listen_for
from tests.support.packs import READY, jk_pack

listen = partial(listen_for, step=0.05)
INFO = encode_command(Command.READ_DEVICE_INFO)
SETTINGS = encode_command(Command.READ_SETTINGS)


def connected(**options):
    pack = jk_pack(**options)
    pack.connect()
    pack.subscribe(pack.label.module.notify_handle)
    return pack


def frames(notifications: list[bytes]) -> list[bytes]:
    reassembler = Reassembler()
    return [frame for data in notifications for frame in reassembler.feed(data, 0.0)]


def kinds(notifications: list[bytes]) -> list[int]:
    return [frame[4] for frame in frames(notifications)]


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
@pytest.mark.parametrize("module", [MODULE_A, MODULE_A_PB, MODULE_B, MODULE_D])
def test_the_conversation(variant, module) -> None:
    pack = connected(variant=variant, module=module)
    assert kinds(listen(pack, 1)) == []
    pack.write(17, INFO)
    assert kinds(listen(pack, 1)) == [0x03, 0xC8]
    pack.write(17, SETTINGS)
    heard = kinds(listen(pack, 3.05))
    answer = [0x01, 0x03, 0xC8] if pack.label.pushes_info else [0x01, 0xC8]
    assert heard[: len(answer)] == answer
    assert heard[len(answer) :] == [0x02] * 6
    pack.write(17, SETTINGS)
    assert kinds(listen(pack, 1.0)).count(0x01) == 1


def test_fragments_and_chatter_are_those_of_the_module() -> None:
    pack = connected(module=MODULE_A_PB)
    assert listen(pack, 1.0) == [b"AT\r\n"] * 5
    pack.write(17, INFO)
    sizes = [len(data) for data in listen(pack, 0.15, step=0.01) if data != b"AT\r\n"]
    assert sizes == [128, 22, 128, 22 + len(READY)]


def test_nothing_is_sent_to_nobody() -> None:
    pack = jk_pack()
    pack.connect()
    pack.write(17, INFO)
    assert listen(pack, 1) == []
    pack.subscribe(17)
    pack.write(17, INFO)
    pack.disconnect()
    assert listen(pack, 1) == []


@pytest.mark.parametrize("data", [b"", b"\x01" * 20, INFO[:-1] + b"\x00", encode_command(0x42)])
def test_what_is_no_command_is_ignored(data) -> None:
    pack = connected()
    pack.write(17, data)
    assert frames(listen(pack, 1)) == []
    assert pack.written[-1] == data


def streaming(**options):
    pack = connected(module=MODULE_B, **options)
    pack.write(2, SETTINGS)
    listen(pack, 0.3)
    return pack


def test_one_client_at_a_time() -> None:
    pack = jk_pack()
    assert pack.connectable
    pack.connect()
    assert not pack.connectable
    pack.disconnect()
    pack.faults.refuse_connections = True
    assert not pack.connectable


def test_a_silent_pack_answers_nothing() -> None:
    pack = streaming()
    pack.faults.silent = True
    pack.write(2, INFO)
    assert listen(pack, 2) == []


def test_a_frozen_pack_goes_on_sending_the_same_measurements() -> None:
    pack = streaming()
    pack.faults.frozen = True
    heard = frames(listen(pack, 3))
    assert len(heard) == 6
    assert len({frame[6:299] for frame in heard}) == 1


def test_a_pack_can_hang_up() -> None:
    pack = streaming()
    pack.faults.disconnect_after = 3
    assert len(listen(pack, 3)) == 3
    assert pack.hang_up


@pytest.mark.parametrize(("fault", "expected"), [("lose_every", 0), ("corrupt_every", 0), ("duplicate_every", 6)])
def test_the_radio_loses_breaks_and_doubles(fault, expected) -> None:
    pack = streaming()
    setattr(pack.faults, fault, 2)
    heard = frames(listen(pack, 3))
    assert len(heard) == expected


def write(pack, register: int, payload: bytes) -> bool:
    """Let a second master write; tell whether the board took it."""
    return pack.change_elsewhere(encode_command(register, payload))


def test_a_board_takes_writes_and_says_so() -> None:
    pack = streaming()
    pack.write(2, encode_command(0x04, struct.pack("<I", 3650)))
    assert 0xC8 in kinds(listen(pack, 0.5))
    assert pack.board.limits.cell_overvoltage == 3.65
    assert (pack.family, pack.variant) == ("jk", "JK02_32S")


@pytest.mark.parametrize(
    ("register", "payload"),
    [
        (0x04, struct.pack("<I", 3500)),  # not above its release
        (0x05, struct.pack("<I", 3700)),
        (0x14, struct.pack("<i", 500)),
        (0x04, b"\x01"),
        (0x28, b"\x01"),
        (0xB5, b"\x01\x02"),
        (0x29, struct.pack("<I", 1)),  # not on this firmware's list
        (0x9B, b"name"),
    ],
)
def test_a_board_refuses_what_makes_no_sense(register, payload) -> None:
    pack = streaming()
    before = bytes(pack.settings())
    pack.write(2, encode_command(register, payload))
    assert 0xC8 not in kinds(listen(pack, 0.5))
    assert bytes(pack.settings()) == before


@pytest.mark.parametrize("variant", ["JK02_24S", "JK04"])
def test_older_boards_have_fewer_registers(variant) -> None:
    pack = streaming(variant=variant)
    assert not write(pack, 0x6B, struct.pack("<I", 1))
    assert not write(pack, 0x30, struct.pack("<I", 1))
    assert write(pack, 0x1C, struct.pack("<I" if variant == "JK02_24S" else "<H", 9))
    assert not write(pack, 0x1C, b"\x01")


def test_a_frame_that_claims_too_much_is_ignored() -> None:
    pack = streaming()
    frame = bytearray(encode_command(0x04, struct.pack("<I", 3650)))
    frame[5] = 14
    frame[19] = sum(frame[:19]) & 0xFF
    pack.write(2, bytes(frame))
    assert pack.board.limits.cell_overvoltage == 3.6


def test_an_unknown_kind_of_device_takes_nothing() -> None:
    device = Peripheral("00", "x", {}, (), ())
    assert not device.change_elsewhere(b"")
    assert (device.family, device.variant) == ("", "")
