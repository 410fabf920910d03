"""The simulated Daly pack talks like a real one, in all three dialects."""

from dataclasses import replace
from datetime import UTC, datetime
import struct

import pytest

from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.daly.labels import (
    ESS_81,
    K_81_NO_NTC,
    K_D2,
    LAYOUT_B,
    LEGACY_A5,
    R24_A5,
    Label,
)
from custom_components.smart_bms.simulator.daly.modbus import sealed
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.peripheral import serial_number_of
from tests.support.notifications import listen

ADDRESS = "40:D6:3C:00:00:01"
D2_STATUS = bytes.fromhex("D2030000003ED7B9")
D2_SETTINGS = bytes.fromhex("D20300800029965F")
D2_EXTENDED = bytes.fromhex("D203003E0009F7A3")
P81_LIVE = bytes.fromhex("8103000000419A3A")
P81_LIVE_64 = bytes.fromhex("8103000000405BFA")
P81_MORE = bytes.fromhex("81030041003E8BCE")
A5_PACK_80 = bytes.fromhex("A58090080000000000000000BD")
A5_PACK_40 = bytes.fromhex("A540900800000000000000007D")


def pack(label: Label = K_D2, *, cells: int = 16, name: str = "DL-40D63C000001", frozen: bool = True, **options):
    """Return a connected pack at rest, whose time stands still unless told otherwise."""
    limits = options.pop("limits", None) or Limits()
    changes = {key: options.pop(key) for key in tuple(options) if key in Label.__dataclass_fields__}
    board = Board(Battery(cells=cells, **{"capacity": 280, "spread": 0, **options}), limits)
    device = DalyPeripheral(ADDRESS, name, replace(label, **changes), board)
    device.connect()
    device.subscribe(device.label.notify_handle)
    device.advance(0.1)
    device.faults.frozen = frozen
    return device


def ask(device, request: bytes, seconds: float = 0.5) -> bytes:
    device.write(device.label.write_handle, request)
    return b"".join(listen(device, seconds))


def asked(device, address: int, register: int, count: int = 1) -> tuple[int, ...]:
    """Read registers; the frame around them must be right."""
    reply = ask(device, sealed(struct.pack(">BBHH", address, 3, register, count)))
    assert reply == sealed(reply[:-2])
    assert reply[:3] == bytes(({0xD2: 0xD2, 0x81: 0x51}[address], 3, 2 * count))
    return struct.unpack(f">{count}H", reply[3:-2])


def one(address: int, register: int, value: int) -> bytes:
    return sealed(struct.pack(">BBHH", address, 6, register, value))


def many(address: int, register: int, *values: int) -> bytes:
    return sealed(struct.pack(f">BBHH{len(values)}H", address, 0x10, register, len(values), *values))


def a5(command: int, data: bytes = bytes(8), host: int = 0x40) -> bytes:
    body = bytes((0xA5, host, command, 8)) + data
    return body + bytes((sum(body) & 0xFF,))


def a5_data(device, command: int) -> list[bytes]:
    """Ask in the older dialect; return the data of every frame."""
    reply = ask(device, a5(command))
    frames = [reply[start : start + 13] for start in range(0, len(reply), 13)]
    for frame in frames:
        assert frame[:4] == bytes((0xA5, 0x01, command, 8))
        assert sum(frame[:12]) & 0xFF == frame[12]
    return [frame[4:12] for frame in frames]


# What it is.


def test_it_advertises_what_its_name_says() -> None:
    mac = bytes.fromhex("40d63c000001")
    assert pack().manufacturer_data == {0x0302: b"\x16" + mac + b"DL"}
    assert pack(name="JHB-40D63C000001").manufacturer_data == {0x0104: b"\x01" + mac + b"JHB"}
    assert pack().service_uuids == ("0000fff0-0000-1000-8000-00805f9b34fb",)
    assert pack(ESS_81).service_uuids == ()


@pytest.mark.parametrize(
    ("label", "variant"),
    [(K_D2, "D2"), (ESS_81, "81"), (K_81_NO_NTC, "81"), (LEGACY_A5, "A5"), (R24_A5, "A5"), (LAYOUT_B, "D2")],
)
def test_every_pack_has_a_main_dialect(label, variant) -> None:
    assert (pack(label).family, pack(label).variant) == ("daly", variant)


def test_the_other_layout_can_be_seen_but_not_subscribed() -> None:
    device = pack(LAYOUT_B)
    handles = {
        characteristic.uuid[4:8]: characteristic.handle
        for service in device.services
        for characteristic in service.characteristics
    }
    assert device.refused == {handles["fff1"]}
    assert (handles["ff01"], handles["ff02"]) == (device.label.notify_handle, device.label.write_handle)
    assert pack().refused == frozenset()
    device.write(handles["fff2"], D2_STATUS)
    assert listen(device) == []


def test_a_module_may_greet_whoever_subscribes() -> None:
    device = pack()
    device.subscribe(device.label.notify_handle)
    assert listen(device) == [b"char1_ntf_data"]
    device.subscribe(14)
    assert listen(device) == []
    device = pack(ESS_81)
    device.subscribe(device.label.notify_handle)
    assert listen(device) == []


# Conversation.


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"AT+BAND=?",
        b"HiLink",
        D2_STATUS[:-1] + b"\x00",
        D2_STATUS[:-1],
        P81_LIVE,
        A5_PACK_80,
        sealed(b"\xd2\x03\x00\x00\x00\x00"),
        sealed(b"\xd2\x03\x00\x00\x00\x80"),
        sealed(b"\xd2\x03\x00\x00\x00\x01\x00"),
        sealed(b"\xd2\x04\x00\x00\x00\x01"),
        sealed(b"\xd2\x06\x00\xa5\x00\x00\x00"),
        sealed(b"\xd2\x10\x00\xa5\x00\x00"),
        sealed(b"\xd2\x10\x00\xa5\x00\x01\x02\x00\x00"),  # a count of bytes has no place here
    ],
)
def test_what_is_no_request_to_this_board_is_ignored(data) -> None:
    device = pack()
    assert ask(device, data) == b""
    assert device.board.charge_switch


def test_module_commands_do_not_reach_the_board() -> None:
    device = pack()
    device.write(14, D2_STATUS)
    assert listen(device) == []


def test_a_reply_takes_a_tenth_of_a_second() -> None:
    device = pack()
    device.write(12, D2_STATUS)
    assert listen(device, 0.09) == []
    assert [len(data) for data in listen(device, 0.03)] == [129]


def test_a_reply_is_cut_into_what_the_connection_carries() -> None:
    device = pack(fragment=20)
    device.write(12, D2_STATUS)
    sizes = [len(data) for data in listen(device)]
    assert sizes == [20] * 6 + [9]


def test_frames_come_one_by_one_or_glued() -> None:
    device = pack(R24_A5)
    device.write(12, a5(0x95))
    device.advance(0.095)
    assert [len(listen(device, 0.01)) for _ in range(8)] == [1] * 6 + [0] * 2
    device = pack(R24_A5, glue=True, fragment=244)
    device.write(12, a5(0x95))
    assert [len(data) for data in listen(device)] == [6 * 13]


def test_a_request_that_overtakes_garbles_the_reply() -> None:
    device = pack()
    right = ask(device, D2_SETTINGS)
    status = ask(device, D2_STATUS)
    device.write(12, D2_STATUS)
    device.advance(0.05)
    mixed = ask(device, D2_SETTINGS)
    assert mixed == right[:-2] + status[-2:]
    device.write(12, D2_STATUS)
    mixed = ask(device, D2_STATUS)
    assert mixed[:-2] == status[:-2]
    assert mixed[-2:] != status[-2:]
    device.write(12, D2_STATUS)
    assert ask(device, one(0xD2, 0xCF, 1)) == bytes.fromhex("d20600cf0001") + status[-2:]
    device = pack(R24_A5)
    right = ask(device, A5_PACK_40)
    device.write(12, a5(0x93))
    mixed = ask(device, A5_PACK_40)
    assert mixed[:-1] == right[:-1]
    assert mixed[-1] != right[-1]


def test_a_link_that_ends_takes_its_reply_along() -> None:
    device = pack()
    device.write(12, D2_STATUS)
    device.disconnect()
    device.connect()
    device.subscribe(9)
    assert listen(device) == [b"char1_ntf_data"]


def test_an_open_wire_sends_requests_back() -> None:
    device = pack()
    device.echo = True
    assert ask(device, one(0xD2, 0xA5, 0)) == one(0xD2, 0xA5, 0)
    assert device.board.charge_switch


def test_replies_can_be_late() -> None:
    device = pack()
    device.late = True
    assert ask(device, D2_STATUS, 1.5) == b""
    assert len(b"".join(listen(device, 0.2))) == 129


# Faults that a family has to help with.


def test_settings_can_arrive_broken() -> None:
    for device, request in ((pack(), D2_SETTINGS), (pack(R24_A5), a5(0x59))):
        right = ask(device, request)
        device.faults.corrupt_settings = 1
        assert len(ask(device, D2_STATUS if device.variant == "D2" else A5_PACK_40))
        broken = ask(device, request)
        assert broken[:-1] == right[:-1]
        assert broken != right
        assert ask(device, request) == right


WRITES = [
    (K_D2, one(0xD2, 0xA6, 0), bytes.fromhex("d20600a600007a4a")),
    (ESS_81, one(0x81, 0x122, 0), bytes.fromhex("510601220000246c")),
    (R24_A5, a5(0xD9), bytes.fromhex("a501d908000000000000000087")),
]


@pytest.mark.parametrize(("label", "request_frame", "reply"), WRITES)
def test_writes_can_go_wrong_in_many_ways(label, request_frame, reply) -> None:
    device = pack(label)
    device.faults.forget_writes = True
    assert ask(device, request_frame) == reply
    assert device.board.discharge_switch
    device.faults.forget_writes = False
    device.faults.distort_writes = True
    assert ask(device, request_frame) == reply
    assert device.board.discharge_switch
    device.faults.distort_writes = False
    device.faults.lose_ready = True
    assert ask(device, request_frame) == b""
    assert not device.board.discharge_switch
    device.faults.lose_ready = False
    device.faults.ready_delay = 2.0
    assert ask(device, request_frame, 1.9) == b""
    assert b"".join(listen(device)) == reply


def test_a_distorted_value_is_another_one() -> None:
    device = pack()
    device.faults.distort_writes = True
    ask(device, one(0xD2, 0x8C, 3650))
    assert asked(device, 0xD2, 0x8C)[0] == 3650 ^ 0x11


def test_a_frozen_pack_answers_with_the_same_measurements() -> None:
    device = pack(profile=lambda _: -50.0, frozen=False)
    assert ask(device, D2_STATUS) != ask(device, D2_STATUS, 30)
    device.faults.frozen = True
    clock = asked(device, 0xD2, 0xD4, 3)
    assert ask(device, D2_STATUS) == ask(device, D2_STATUS, 30)
    assert asked(device, 0xD2, 0xD4, 3) == clock


# D2: what it reads.


def measured(device, voltages: list[int], current: float, soc: float) -> None:
    """Give the board something to measure: mV, A, 0 to 1."""
    for cell, millivolts in zip(device.board.battery.cells, voltages, strict=True):
        cell.voltage = millivolts / 1000
    device.board.battery.current = current
    device.board.soc = soc


def test_the_status_block_of_the_worked_example() -> None:
    device = pack(capacity=230)
    measured(device, [3281] + [3283] * 13 + [3282] * 2, -2.5, 0.512)
    status = asked(device, 0xD2, 0, 62)
    assert status[:16] == (3281,) + (3283,) * 13 + (3282,) * 2
    assert sum(status[:16]) == 52_524
    assert set(status[16:32]) == {0}
    assert status[0x20:0x28] == (62, 62, 62, 62, 0, 0, 0, 0)
    assert status[0x28:0x2D] == (525, 0x7517, 512, 3283, 3281)
    assert status[0x2D:0x34] == (62, 62, 2, 1178, 16, 4, device.board.cycles)
    assert status[0x34:0x3A] == (0, 1, 1, 3283, 2, 131)
    assert status[0x3A:] == (0, 0, 0, 0)


def test_state_follows_the_current() -> None:
    device = pack()
    for current, state in ((18.9, 1), (0.4, 0), (-0.4, 0), (-18.9, 2)):
        device.board.battery.current = current
        assert asked(device, 0xD2, 0x29)[0] == 30000 + round(current * 10)
        assert asked(device, 0xD2, 0x2F)[0] == state


def test_the_extended_block() -> None:
    device = pack()
    assert asked(device, 0xD2, 0x3E, 9) == (0, 0, 0x7530, 0, 66, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF)
    device.board.battery.balance = (1, 2, 1.5)
    assert asked(device, 0xD2, 0x40)[0] == 31500
    assert asked(device, 0xD2, 0x34)[0] == 1
    bare = pack(LAYOUT_B)
    assert ask(bare, D2_EXTENDED) == b""
    assert asked(bare, 0xD2, 0, 80)[0x3E:0x43] == (0, 0, 0, 0, 0)


def test_more_than_32_cells_stand_behind() -> None:
    device = pack(cells=40)
    assert asked(device, 0xD2, 0x31)[0] == 40
    assert asked(device, 0xD2, 0x47, 16)[7:9] == (asked(device, 0xD2, 0x00)[0], 0)


def test_temperature_slots_behind_the_sensors_may_hold_leftovers() -> None:
    device = pack(LAYOUT_B)
    assert asked(device, 0xD2, 0x20, 8) == (62, 62, 0x84, 0x03, 0, 0, 0, 0)
    assert asked(device, 0xD2, 0x32)[0] == 2


def test_the_settings_go_with_the_firmware() -> None:
    device = pack(limits=Limits(charge_undertemperature=-5.0))
    settings = asked(device, 0xD2, 0x80, 41)
    assert settings[:11] == (2800, 3200, 1, 16, 0, 0, 4, 0, 0, 0, 3600)
    assert settings[0x0B:0x13] == (3550, 3600, 2750, 2700, 568, 576, 440, 432)
    assert settings[0x13:0x17] == (29200, 29000, 31200, 31500)
    assert settings[0x17:0x1F] == (95, 100, 40, 35, 95, 100, 25, 20)
    assert settings[0x1F:] == (500, 800, 10, 15, 3300, 10, 1, 1, 600, 87)


def test_the_identity() -> None:
    device = pack()
    reply = ask(device, bytes.fromhex("D20300A900208791"))
    assert reply[3:-2] == (b"T00K_321042_11".ljust(16, b"\0") + b"H2.0_103R_309F9F" + b"20240229".ljust(32, b"\0"))
    assert ask(device, bytes.fromhex("D20300C90003C656")) == bytes.fromhex("d203063132333435364c69")
    assert ask(device, bytes.fromhex("D20300CF0001A796")) == bytes.fromhex("d203020001fc56")
    assert asked(device, 0xD2, 0xD7)[0] == 0
    assert set(asked(device, 0xD2, 0xDF, 17)) == {0xFFFF}


# D2: what it takes.


@pytest.mark.parametrize(
    ("frame", "switch", "permission", "actual"),
    [
        ("d20600a500008a4a", "charge_switch", 0xA5, 0x35),
        ("d20600a600007a4a", "discharge_switch", 0xA6, 0x36),
    ],
)
def test_switches_obey(frame, switch, permission, actual) -> None:
    device = pack()
    assert ask(device, bytes.fromhex(frame)).hex() == frame
    assert not getattr(device.board, switch)
    assert asked(device, 0xD2, permission) == (0,)
    assert asked(device, 0xD2, actual) == (0,)
    assert asked(device, 0xD2, 0x3D) == (1 << 4,)
    assert ask(device, one(0xD2, permission, 1)) == one(0xD2, permission, 1)
    assert asked(device, 0xD2, actual) == (1,)


def test_permission_is_not_the_actual_state() -> None:
    device = pack(limits=Limits(cell_overvoltage=3.0, cell_overvoltage_release=2.9))
    assert asked(device, 0xD2, 0xA5) == (1,)
    assert asked(device, 0xD2, 0x35) == (0,)
    # Both levels of the cells, and of the pack, whose limit goes with theirs.
    assert asked(device, 0xD2, 0x3A) == (0b11_0011,)


def test_the_balancer_switch_may_be_missing() -> None:
    device = pack()
    ask(device, bytes.fromhex("d20600cf0000aa56"))
    assert not device.board.balance_switch
    bare = pack(supports_balancer=False)
    assert asked(bare, 0xD2, 0xCF) == (0xFFFF,)
    ask(bare, one(0xD2, 0xCF, 0))
    assert bare.board.balance_switch


def test_registers_that_mean_nothing_are_echoed_without_effect() -> None:
    device = pack()
    before = ask(device, D2_STATUS)
    assert ask(device, bytes.fromhex("d206000c00019baa")) == bytes.fromhex("d206000c00019baa")
    assert ask(device, bytes.fromhex("d210000c0002000100027d65")) == bytes.fromhex("d210000c00029268")
    assert ask(device, D2_STATUS) == before
    assert not device.change_elsewhere(bytes.fromhex("d206000c00019baa"))


def test_soc_sleep_and_capacity_can_be_set() -> None:
    device = pack()
    ask(device, one(0xD2, 0xA7, 873))
    ask(device, one(0xD2, 0x8A, 0xFFFF))
    ask(device, one(0xD2, 0x80, 1000))
    assert asked(device, 0xD2, 0x2A) == asked(device, 0xD2, 0xA7) == (873,)
    assert asked(device, 0xD2, 0x8A) == (0xFFFF,)
    assert device.board.battery.capacity == 100
    assert asked(device, 0xD2, 0x30) == (873,)


@pytest.mark.parametrize(
    ("register", "value", "derived"),
    [
        (0x8C, 3650, {0x8B: 3600}),
        (0x8E, 2600, {0x8D: 2650}),
        (0x90, 580, {0x8F: 572}),
        (0x92, 420, {0x91: 428}),
        (0x94, 29200, {0x93: 29360}),
        (0x96, 30800, {0x95: 30640}),
        (0x98, 105, {0x97: 95}),
        (0xA0, 700, {0x9F: 500}),
        (0xA2, 20, {0xA1: 10}),
        (0x8B, 3560, {0x8C: 3600}),
        (0xA3, 3400, {}),
        (0xA4, 20, {}),
        (0x81, 3300, {}),
    ],
)
def test_the_board_moves_what_hangs_on_a_second_level(register, value, derived) -> None:
    device = pack()
    assert ask(device, one(0xD2, register, value)) == one(0xD2, register, value)
    assert asked(device, 0xD2, register) == (value,)
    for other, expected in derived.items():
        assert asked(device, 0xD2, other) == (expected,)


def test_the_firmware_acts_upon_the_second_level() -> None:
    device = pack()
    ask(device, one(0xD2, 0x8C, 3650))
    ask(device, one(0xD2, 0x94, 29200))
    ask(device, one(0xD2, 0x9A, 45))
    limits = device.board.limits
    assert (limits.cell_overvoltage, limits.cell_overvoltage_release) == (3.65, 3.6)
    assert (limits.charge_current, limits.charge_undertemperature) == (80, 5)


def test_a_second_level_moves_release_and_second_layer_too() -> None:
    device = pack(K_D2, dialects=frozenset({"D2", "81"}))
    ask(device, one(0xD2, 0x8C, 3650))
    ask(device, one(0xD2, 0x90, 580))
    ask(device, one(0xD2, 0x96, 30800))
    ask(device, one(0xD2, 0xA2, 20))
    assert asked(device, 0x81, 0x130, 3) == (3600, 3650, 3600)
    assert asked(device, 0x81, 0x1C3, 2) == (3700, 3650)
    assert asked(device, 0x81, 0x1C9, 2) == (584, 576)
    assert asked(device, 0x81, 0x148) == (30960,)
    assert asked(device, 0x81, 0x15E, 3) == (10, 20, 19)


def test_a_register_may_be_written_without_an_echo() -> None:
    device = pack(LAYOUT_B)
    assert ask(device, one(0xD2, 0x90, 580)) == b""
    assert asked(device, 0xD2, 0x90) == (580,)


def test_the_clock_is_set_without_a_reply() -> None:
    device = pack()
    assert ask(device, bytes.fromhex("d21000d40003180b0709341cf7d8")) == b""
    assert device.firmware.clock == datetime(2024, 11, 7, 9, 52, 28, tzinfo=UTC)
    assert asked(device, 0xD2, 0xD4, 3) == (0x180B, 0x0709, 0x341C)
    ask(device, one(0xD2, 0xD6, 0x0000))
    assert device.firmware.clock == datetime(2024, 11, 7, 9, 0, 0, tzinfo=UTC)
    ask(device, many(0xD2, 0xD4, 0, 0, 0))
    assert device.firmware.clock == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("label", "address"), [(K_D2, 0xD2), (ESS_81, 0x81)])
def test_a_restart_ends_the_link_without_a_word(label, address) -> None:
    device = pack(label)
    device.faults.forget_writes = True
    assert ask(device, one(address, 0xF0, 1)) == b""
    assert not device.hang_up
    device.faults.forget_writes = False
    device.board.runtime += 1000
    assert ask(device, one(address, 0xF0, 1)) == b""
    assert device.hang_up
    assert device.firmware.uptime == 0


# 81.


def test_the_live_block_of_the_worked_example() -> None:
    device = pack(ESS_81, capacity=314)
    measured(device, [3316, 3312] + [3313] * 14, -8.9, 0.8637)
    live = asked(device, 0x81, 0, 65)
    assert live[:2] == (3316, 3312)
    assert set(live[16:48]) == {0}
    assert live[0x30:0x38] == (62, 62, 62, 62, 0, 0, 0, 0)
    assert live[0x38:0x3B] == (530, 0x74D7, 0x0360)
    assert live[0x3C:] == (16, 4, 3316, 1, 3312)
    more = asked(device, 0x81, 0x41, 62)
    assert more[:8] == (2, 4, 62, 1, 62, 1, 0, 2)
    assert more[0x4B - 0x41] == 0x0A98
    assert more[0x4D - 0x41 : 0x54 - 0x41] == (0, 30000, 0, 0, 0, 1, 1)
    assert more[0x57 - 0x41 : 0x5C - 0x41] == (3313, 0x01D7, 0, 67, 0xFF)
    assert more[0x5E - 0x41 : 0x64 - 0x41] == (0xFFFF, 0, 30000, 0x1A06, 0x0214, 0x0221)
    assert more[0x6C - 0x41] == 0x035F
    assert more[0x6D - 0x41 : 0x74 - 0x41] == (0,) * 7
    assert asked(device, 0x81, 0xCF) == (0xFFFF,)


def test_the_heartbeat_counts_seconds() -> None:
    device = pack(ESS_81, frozen=False)
    (first,) = asked(device, 0x81, 0x3B)
    listen(device, 59.5, 0.5)
    assert (asked(device, 0x81, 0x3B)[0] - first) % 256 == 60


def test_uptimes_are_counted_by_storage_boards() -> None:
    device = pack(ESS_81, frozen=False)
    before = struct.unpack(">2I", struct.pack(">4H", *asked(device, 0x81, 0xA4, 10)[5:9]))
    listen(device, 59.5, 0.5)
    after = struct.unpack(">2I", struct.pack(">4H", *asked(device, 0x81, 0xA4, 10)[5:9]))
    assert [late - early for early, late in zip(before, after, strict=True)] == [60, 60]
    assert set(asked(pack(K_81_NO_NTC), 0x81, 0xA4, 10)) == {0xFFFF}


def test_balancing_is_shown_if_it_can_be_measured() -> None:
    device = pack(ESS_81)
    device.board.battery.balance = (0, 3, 1.25)
    assert asked(device, 0x81, 0x4D, 2) == (2, 31250)
    assert asked(pack(ESS_81, supports_balance_current=False), 0x81, 0x4E) == (0,)
    assert asked(pack(ESS_81, supports_mos_temperature=False), 0x81, 0x5A) == (0xFF,)


def test_a_pack_without_sensors_says_so_and_goes_on() -> None:
    device = pack(K_81_NO_NTC, cells=4)
    assert asked(device, 0x81, 0x30, 8) == (0xFF,) * 8
    assert asked(device, 0x81, 0x3C, 2) == (4, 2)
    assert asked(device, 0x81, 0x43, 5) == (0xFF, 0, 0xFF, 0, 0)
    assert asked(device, 0x81, 0x52, 2) == (1, 1)
    assert asked(device, 0x81, 0x72) == (0x8000,)


def test_some_boards_answer_only_65_registers() -> None:
    assert len(ask(pack(ESS_81), P81_LIVE_64)) == 133
    device = pack(ESS_81, answers_65_only=True)
    assert ask(device, P81_LIVE_64) == b""
    assert len(ask(device, P81_LIVE)) == 135
    assert len(ask(device, P81_MORE)) == 129


def test_the_settings_of_81() -> None:
    device = pack(ESS_81, capacity=314)
    device.board.throughput = 500.0
    settings = asked(device, 0x81, 0x100, 98)
    assert settings[:9] == (1, 16, 1, 16, 0, 0, 4, 0, 0)
    assert settings[9:17] == (0x4, 0xCA90, 0x4, 0xCA90, 0x3, 0xD090, 0x3, 0xD090)
    assert settings[0x14:0x18] == (3200, 360, 600, 2000)
    assert settings[0x19:0x1C] == (1, 3300, 10)
    assert settings[0x20:0x23] == (0x55, 1, 1)
    assert settings[0x26:0x29] == (0x3132, 0x3334, 0x3536)
    assert settings[0x2E] == 0xFFFF
    assert settings[0x30:0x38] == (3550, 3600, 3500, 1000, 2750, 2700, 2900, 1000)
    assert settings[0x38:0x40] == (568, 576, 568, 1000, 440, 432, 440, 1000)
    assert settings[0x40:0x4A] == (29200, 29000, 30000, 28800, 1000, 31200, 31500, 30000, 31800, 1000)
    assert settings[0x4A:0x52] == (95, 100, 95, 1000, 45, 40, 45, 1000)
    assert settings[0x52:0x5A] == (95, 100, 95, 1000, 25, 20, 25, 1000)
    assert settings[0x5A:0x62] == (500, 800, 500, 1000, 10, 15, 12, 1000)
    assert asked(device, 0x81, 0x162, 13) == (100, 50, 100, 1000, 130, 140, 105, 1000, 105, 110, 105, 1000, 2000)
    second = asked(device, 0x81, 0x1C3, 80)
    assert second[:12] == (3650, 3600, 1000, 2650, 2700, 1000, 580, 572, 1000, 424, 432, 1000)
    assert second[12:24] == (105, 95, 1000, 35, 45, 1000, 105, 95, 1000, 15, 20, 1000)
    assert second[24:39] == (1000, 800, 1000, 20, 15, 1000, 0, 50, 1000, 145, 115, 1000, 115, 110, 1000)
    assert asked(device, 0x81, 0x227, 4) == (2800, 5000, 3500, 5000)


def test_the_identity_of_81() -> None:
    device = pack(ESS_81)
    fields = ask(device, bytes.fromhex("81030178004A5A18"))[3:-2]
    assert len(fields) == 148
    texts = [fields[start : start + 14].rstrip(b"\0").decode() for start in range(0, 56, 14)]
    assert texts == ["41_260321_0323", "ESS-DL-BMS", "ESS41_0323", serial_number_of(device.address)]
    assert fields[66:78] == b"    20260326"


@pytest.mark.parametrize(
    ("frame", "switch", "permission", "actual"),
    [
        ("810601210000c7fc", "charge_switch", 0x121, 0x52),
        ("81060122000037fc", "discharge_switch", 0x122, 0x53),
    ],
)
def test_switches_of_81_obey(frame, switch, permission, actual) -> None:
    device = pack(ESS_81)
    assert ask(device, bytes.fromhex(frame)) == sealed(b"\x51" + bytes.fromhex(frame)[1:-2])
    assert not getattr(device.board, switch)
    assert asked(device, 0x81, permission) == asked(device, 0x81, actual) == (0,)
    assert asked(device, 0x81, 0x73) == (1 << (8 if actual == 0x52 else 9),)


def test_writes_to_81_land_where_they_should() -> None:
    device = pack(ESS_81)
    assert ask(device, bytes.fromhex("811001400002743073F02CA9")) == sealed(bytes.fromhex("511001400002"))
    assert asked(device, 0x81, 0x140, 2) == (0x7430, 0x73F0)
    assert device.board.limits.charge_current == pytest.approx(32)
    assert ask(device, many(0x81, 0x123, 0x1A06, 0x0214, 0x0000)) == bytes.fromhex("5110012300037C6E")
    assert device.firmware.clock_bytes == bytes((26, 6, 2, 20, 0, 0))
    assert ask(device, one(0x81, 0x174, 162)) == bytes.fromhex("5106017400A245C5")
    assert asked(device, 0x81, 0x174) == (162,)
    ask(device, bytes.fromhex("81060119000187f1"))
    ask(device, one(0x81, 0x119, 0))
    assert not device.board.balance_switch
    ask(device, one(0x81, 0x116, 500))
    assert asked(device, 0x81, 0x3A) == (500,)
    ask(device, one(0x81, 0x142, 5000))
    assert device.board.limits.charge_overcurrent_delay == 5
    ask(device, one(0x81, 0x1C3, 3800))
    assert asked(device, 0x81, 0x1C3) == (3800,)


def test_nothing_is_derived_from_a_write_to_81() -> None:
    device = pack(ESS_81)
    before = asked(device, 0x81, 0x130, 4), asked(device, 0x81, 0x1C3, 3)
    ask(device, one(0x81, 0x131, 3650))
    assert asked(device, 0x81, 0x130, 4) == (before[0][0], 3650, *before[0][2:])
    assert asked(device, 0x81, 0x1C3, 3) == before[1]
    assert device.board.limits.cell_overvoltage == 3.65


@pytest.mark.parametrize(("written", "kept"), [(6553, 0xFFFF), (7000, 0xFFFF), (180, 180), (6552, 6552)])
def test_sleep_is_counted_in_ten_seconds(written, kept) -> None:
    device = pack(ESS_81)
    ask(device, one(0x81, 0x115, written))
    assert asked(device, 0x81, 0x115) == (kept,)
    assert device.firmware.settings["sleep"] == (0xFFFF if kept == 0xFFFF else 10 * kept)


def test_the_capacity_of_81_takes_two_registers() -> None:
    device = pack(ESS_81)
    ask(device, many(0x81, 0x109, 0x0002, 0xBF20))
    assert device.board.battery.capacity == 180
    ask(device, one(0x81, 0x10A, 0))
    assert device.board.battery.capacity == pytest.approx(131.1)


def test_what_81_does_not_take_it_refuses() -> None:
    device = pack(ESS_81)
    assert ask(device, bytes.fromhex("81100F05000200000000876A")) == bytes.fromhex("51100F05AAAA2193")
    assert not device.change_elsewhere(bytes.fromhex("81100F05000200000000876A"))


def test_forced_closure_overrides_the_permissions_for_a_while() -> None:
    device = pack(K_81_NO_NTC, cells=4, frozen=False)
    assert asked(device, 0x81, 0x12E) == (0,)
    device.board.charge_switch = device.board.discharge_switch = False
    ask(device, one(0x81, 0x12E, 0))
    assert asked(device, 0x81, 0x52, 2) == (0, 0)
    ask(device, bytes.fromhex("8106012e0001363f"))
    assert asked(device, 0x81, 0x52, 2) == (1, 1)
    assert asked(device, 0x81, 0x72) == (0x8004,)
    listen(device, 100, 0.5)
    assert 190 < asked(device, 0x81, 0x12E)[0] < 201
    listen(device, 210, 0.5)
    assert asked(device, 0x81, 0x52, 2) == (0, 0)
    storage = pack(ESS_81)
    ask(storage, bytes.fromhex("8106012e0001363f"))
    assert asked(storage, 0x81, 0x12E) == (0xFFFF,)
    assert storage.firmware.forced_closure == 0


# Alarms.


def test_alarms_are_shown_in_every_dialect() -> None:
    alarms = {
        "cell_undervoltage",
        "cell_imbalance_warning",
        "soc_low",
        "temperature_sensor_fault",
        "short_circuit",
        "pack_overvoltage",
    }
    device = pack(ESS_81, dialects=frozenset({"D2", "81", "A5"}), hosts=frozenset({0x40}))
    device.board.extra_alarms |= alarms
    assert asked(device, 0xD2, 0x3A, 4) == (1 << 3 | 1 << 5, 1 << 7 | 1 << 8, 1 << 10, 1 << 2)
    assert a5_data(device, 0x98) == [bytes.fromhex("2800800100040400")]
    assert asked(device, 0x81, 0x6D, 7) == (2 << 3 | 1 << 8, 0, 2 | 1 << 6, 2, 0, 0x8000, 0)
    assert asked(device, 0x81, 0x66, 4) == (0x2800, 0x8001, 0x0004, 0x0400)
    plain = pack(K_81_NO_NTC, cells=4)
    assert asked(plain, 0x81, 0x66, 4) == (0, 0, 0, 0)


# A5.


def test_a_board_answers_the_masters_it_knows() -> None:
    older, newer = pack(LEGACY_A5), pack(R24_A5)
    assert len(ask(older, A5_PACK_80)) == len(ask(older, A5_PACK_40)) == len(ask(newer, A5_PACK_40)) == 13
    assert ask(newer, A5_PACK_80) == b""


@pytest.mark.parametrize(
    "data",
    [
        A5_PACK_40[:-1],
        A5_PACK_40[:-1] + b"\x00",
        bytes.fromhex("A540020800000000000000 00EF"),
        bytes.fromhex("A54090070000000000000000 7C"),
        a5(0x10),
        D2_STATUS,
    ],
)
def test_what_is_no_a5_command_is_ignored(data) -> None:
    device = pack(R24_A5)
    assert ask(device, data) == b""
    assert not device.change_elsewhere(data)


def test_the_pack_of_the_worked_example() -> None:
    device = pack(LEGACY_A5)
    measured(device, [3312] * 8 + [3313] * 8, 0.0, 0.512)
    assert ask(device, A5_PACK_80) == bytes.fromhex("A501900802120000753002 00F9")


def test_the_sign_of_the_current_depends_on_the_generation() -> None:
    for label, raw in ((LEGACY_A5, 29900), (R24_A5, 30100)):
        device = pack(label)
        device.board.battery.current = 10.0
        assert a5_data(device, 0x90)[0][4:6] == raw.to_bytes(2)
        assert a5_data(device, 0x93)[0][0] == 1


def test_live_data_of_a_newer_board() -> None:
    device = pack(R24_A5, cells=14, capacity=80)
    measured(device, [3790, 3794] + [3793] * 12, -5.0, 0.512)
    device.board.runtime = 0x1ED
    assert a5_data(device, 0x91) == [bytes.fromhex("0ed2020ece010000")]
    assert a5_data(device, 0x92) == [bytes.fromhex("3e013e0100000000")]
    assert a5_data(device, 0x93) == [bytes.fromhex("020101ed0000a000")]
    device.board.throughput = 80 * 3.5
    assert a5_data(device, 0x94) == [bytes.fromhex("0e0200010200 03 42")]
    frames = a5_data(device, 0x95)
    assert [frame[0] for frame in frames] == [1, 2, 3, 4, 5]
    assert frames[0] == bytes.fromhex("010ece0ed20ed100")
    assert frames[4] == bytes.fromhex("050ed10ed1000000")
    assert a5_data(device, 0x96) == [bytes.fromhex("013e3e0000ffffff")]
    assert a5_data(pack(R24_A5, ntcs=8), 0x96) == [bytes.fromhex("013e3e3e3e3e3e3e"), bytes.fromhex("023e000000ffffff")]


def test_no_sensor_is_shown_as_zero() -> None:
    device = pack(R24_A5, ntcs_plugged=False)
    assert a5_data(device, 0x92) == [bytes(8)]
    assert a5_data(device, 0x98) == [bytes.fromhex("0000000000040000")]


def test_an_older_board_leaves_stale_bytes() -> None:
    device = pack(LEGACY_A5, cells=8)
    measured(device, [3000 + place for place in range(8)], 0.0, 0.5)
    soc = a5_data(device, 0x90)[0][6:8]
    assert soc == (500).to_bytes(2)
    extremes = a5_data(device, 0x91)[0]
    assert extremes[6:] == soc
    assert a5_data(device, 0x92)[0][4:] == extremes[4:]
    last = a5_data(device, 0x93)[0][7]
    assert a5_data(device, 0x94)[0][7] == last
    frames = a5_data(device, 0x95)
    assert [frame[0] for frame in frames] == list(range(1, 17))
    assert {frame[7] for frame in frames} == {last}
    cells = [struct.unpack(">3H", frame[1:7]) for frame in frames]
    assert cells[:3] == [(3000, 3001, 3002), (3003, 3004, 3005), (3006, 3007, 3005)]
    assert set(cells[3:]) == {cells[2]}
    assert a5_data(device, 0x96) == [bytes.fromhex("013e000000000000"), bytes.fromhex("0200000000000000")]


def test_the_cell_that_is_balanced_is_a_mask_or_a_number() -> None:
    for label, shown in ((LEGACY_A5, "8000000000000000"), (R24_A5, "0108000000000000")):
        device = pack(label)
        assert a5_data(device, 0x97) == [bytes(8)]
        device.board.battery.balance = (7, 0, 1.0)
        assert a5_data(device, 0x97) == [bytes.fromhex(shown)]


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (0x50, "0000753000000c80"),
        (0x51, "0110000002000000"),
        (0x52, "0000007b0000007b"),
        (0x53, "010016080a0e100a"),
        (0x54, "3230323630333136"),
        (0x59, "0dde0e100abe0a8c"),
        (0x5A, "0238024001b801b0"),
        (0x5B, "7210714879e07b0c"),
        (0x5C, "5f642d285f641914"),
        (0x5D, "03e803e800640032"),
        (0x5E, "01f403200a0f0000"),
        (0x5F, "0ce4000a00000000"),
        (0x60, "0258014d00000000"),
        (0x61, "1a06021402210000"),
    ],
)
def test_settings_of_a5(command, data) -> None:
    device = pack(R24_A5, capacity=30)
    device.board.throughput = 246.0
    assert a5_data(device, command) == [bytes.fromhex(data)]


def test_texts_of_a5() -> None:
    device = pack(LEGACY_A5)
    reply = ask(device, bytes.fromhex("a5406308000000000000000050"))
    assert reply == bytes.fromhex("a501630801444c2d424d532dde") + bytes.fromhex("a501630802 5233322d3031459d")
    assert b"".join(data[1:] for data in a5_data(device, 0x62)) == b"20210222-1.01T"
    code = a5_data(device, 0x57)
    assert [data[0] for data in code] == [1, 2, 3, 4, 5]
    assert b"".join(data[1:] for data in code) == b"2021022216S100A00001".ljust(35, b"\0")


def test_switches_of_a5_obey_and_repeat_the_command() -> None:
    device = pack(LEGACY_A5)
    cells = a5_data(device, 0x95)[-1]
    reply = ask(device, bytes.fromhex("a540d9080000000000000000c6"))
    assert reply[:5] == bytes.fromhex("a501d90800")
    assert reply[5:12] == cells[1:]
    assert not device.board.discharge_switch
    assert a5_data(device, 0x93)[0][1:3] == b"\1\0"
    assert a5_data(device, 0x98)[0][6] == 1 << 4
    ask(device, bytes.fromhex("a540d9080100000000000000c7"))
    assert device.board.discharge_switch
    ask(device, a5(0xDA, host=0x80))
    assert not device.board.charge_switch
    assert a5_data(device, 0x93)[0][1:3] == b"\0\1"


def test_soc_and_clock_are_set_at_once() -> None:
    device = pack(R24_A5)
    reply = ask(device, bytes.fromhex("A5402108 15030B0C392C 0064 06"))
    assert reply == bytes.fromhex("a5012108010000000000000000")[:12] + reply[-1:]
    assert sum(reply[:12]) & 0xFF == reply[12]
    assert device.board.soc == pytest.approx(0.1)
    assert device.firmware.clock == datetime(2021, 3, 11, 12, 57, 44, tzinfo=UTC)
    assert a5_data(device, 0x90)[0][6:] == (100).to_bytes(2)
    ask(device, bytes.fromhex("A5402108160C0D151D27012CC3"))
    assert device.board.soc == pytest.approx(0.3)
    device.faults.distort_writes = True
    ask(device, bytes.fromhex("A5402108160C0D151D27012CC3"))
    assert abs(device.board.soc - 0.3) > 0.01


def test_only_older_boards_restart_by_a5() -> None:
    older, newer = pack(LEGACY_A5), pack(R24_A5)
    assert ask(older, a5(0x00)) == ask(newer, a5(0x00)) == b""
    assert older.hang_up
    assert not newer.hang_up


# A second master.


def test_a_second_master_changes_things() -> None:
    device = pack(ESS_81, dialects=frozenset({"D2", "81", "A5"}), hosts=frozenset({0x40}))
    assert device.change_elsewhere(one(0xD2, 0xA5, 0))
    assert device.change_elsewhere(one(0x81, 0x122, 0))
    assert not device.board.charge_switch
    assert not device.board.discharge_switch
    assert device.change_elsewhere(a5(0xD9, b"\1" + bytes(7)))
    assert device.board.discharge_switch
    assert listen(device) == []
    for data in (b"", b"AT", D2_STATUS, A5_PACK_40, A5_PACK_80, one(0xD2, 0xA5, 1)[:-1]):
        assert not device.change_elsewhere(data)
    assert device.change_elsewhere(one(0xD2, 0xF0, 1))
    assert device.hang_up
