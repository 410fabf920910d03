"""The simulated JBD pack talks like a real one."""

from dataclasses import replace
import itertools
import struct

import pytest

from custom_components.smart_bms.simulator.battery import Battery, Chemistry, idle
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from custom_components.smart_bms.simulator.jbd.module import cipher, pack_message, unpack_message
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.peripheral import WRITE, WRITE_WITHOUT_RESPONSE
from tests.support.notifications import listen

NOTIFY_HANDLE, WRITE_HANDLE = 0x11, 0x15
ADDRESS = "A4:C1:37:04:2D:BE"

INFO = bytes.fromhex("DD A5 03 00 FF FD 77")
CELLS = bytes.fromhex("DD A5 04 00 FF FC 77")
MODEL = bytes.fromhex("DD A5 05 00 FF FB 77")
COUNTERS = bytes.fromhex("DD A5 AA 00 FF 56 77")
ENTER = bytes.fromhex("DD 5A 00 02 56 78 FF 30 77")
EXIT_A = bytes.fromhex("DD 5A 01 02 00 00 FF FD 77")
EXIT_B = bytes.fromhex("DD 5A 01 02 28 28 FF AD 77")
LOGIN = bytes.fromhex("DD 5A 06 07 06 00 00 00 00 00 00 FF ED 77")
FETS = [
    bytes.fromhex(text)
    for text in (
        "DD 5A E1 02 00 00 FF 1D 77",
        "DD 5A E1 02 00 01 FF 1C 77",
        "DD 5A E1 02 00 02 FF 1B 77",
        "DD 5A E1 02 00 03 FF 1A 77",
    )
]
APP_KEY = bytes.fromhex("FF AA 15 06 30 30 30 30 30 30 3B")
GET_RANDOM = bytes.fromhex("FF AA 17 00 17")
ROOT_PASSWORD = bytes.fromhex("4A 42 44 62 74 70 77 64 21 40 23 32 30 32 33")

# Real board of 280 Ah, software 8.0.
WORDS = """
10 6D60  11 5780  12 0DAC  13 0AF0  14 0002  15 2C7C  16 0000  17 0000
18 0D99  19 0CD1  1A 0A47  1B 0AAB  1C 0D99  1D 0CD1  1E 0A47  1F 0AAB
20 05B4  21 058C  22 03E8  23 0438  24 0E42  25 0DDE  26 09C4  27 0A8C
28 59D8  29 A628  2A 0C80  2B 001E  2C 0001  2D 0006  2E 0007  2F 0004
30 001E  32 0D48  33 0D16  34 0CE4  35 0C1C  36 0F3C  37 07D0
38 8D5C  39 F064  3A 0202  3B 0202  3C 0202  3D 0202  3E 0A1E  3F 0A1E
"""
DUMP = {int(register, 16): int(word, 16) for register, word in itertools.batched(WORDS.split(), 2, strict=True)}
REAL_LIMITS = Limits(
    cell_overvoltage=3.65,
    cell_overvoltage_release=3.55,
    cell_undervoltage=2.5,
    cell_undervoltage_release=2.7,
    charge_current=230,
    discharge_current=230,
    charge_overcurrent_delay=10,
    charge_overcurrent_release=30,
    discharge_overcurrent_delay=10,
    discharge_overcurrent_release=30,
    charge_overtemperature=75,
    charge_overtemperature_release=55,
    charge_undertemperature=-10,
    charge_undertemperature_release=0,
    discharge_overtemperature=75,
    discharge_overtemperature_release=55,
    balance_trigger=0.03,
    balance_start=3.2,
)


def jbd_pack(label=SP04S034, *, address=ADDRESS, limits=None, cells=4, capacity=100, board=None, **options):
    battery = Battery(cells=cells, capacity=capacity, **{"profile": idle} | options)
    return JbdPeripheral(address, label.name, label, Board(battery, limits or Limits(), **board or {}))


def connected(label=SP04S034, *, factory=False, **options):
    """Return a pack that is awake, has let its stray byte out and whose password was given."""
    pack = jbd_pack(label, **options)
    pack.connect()
    pack.subscribe(NOTIFY_HANDLE)
    pack.asleep_requests = 0
    pack.login.user = True
    pack.factory_mode = factory
    listen(pack, 1.0)
    return pack


def ask(pack, request: bytes) -> bytes:
    """Return what comes back, put together."""
    pack.write(WRITE_HANDLE, request)
    return b"".join(listen(pack, 1.0))


def frame(second: int, third: int, data: bytes = b"") -> bytes:
    body = bytes((third, len(data))) + data
    return bytes((0xDD, second)) + body + (0x10000 - sum(body) & 0xFFFF).to_bytes(2) + b"\x77"


def read(register: int) -> bytes:
    return frame(0xA5, register)


def write(register: int, value: int | bytes) -> bytes:
    return frame(0x5A, register, value if isinstance(value, bytes) else value.to_bytes(2))


def empty(register: int, status: int = 0) -> bytes:
    return frame(register, status)


def value(pack, register: int) -> bytes:
    """Return the data of a register."""
    answer = ask(pack, read(register))
    assert answer == frame(register, 0, answer[4:-3])
    return answer[4:-3]


def info(pack) -> tuple[int, ...]:
    """Return the fields of the basic information before the temperatures."""
    return struct.unpack_from(">HhHHHHHHHBBBBB", pack.firmware.basic_info())


def test_answers_come_in_fragments_after_a_while() -> None:
    pack = connected()
    pack.write(WRITE_HANDLE, INFO)
    assert listen(pack, 0.06) == []
    heard = listen(pack, 0.1)
    assert [len(part) for part in heard] == [20, 16]
    assert b"".join(heard) == frame(0x03, 0, pack.firmware.basic_info())


def test_answers_do_not_mix() -> None:
    pack = connected()
    pack.write(WRITE_HANDLE, COUNTERS)
    pack.write(WRITE_HANDLE, MODEL)
    heard = b"".join(listen(pack, 1.0))
    assert heard[:4] == b"\xdd\xaa\x00\x18"
    assert heard[31:] == frame(0x05, 0, b"JBD-SP04S034-L4S-200A-B-U")


def test_the_profile_and_who_it_is() -> None:
    assert [(pack.family, pack.variant) for pack in map(jbd_pack, (LEGACY, SP04S034, DP16S020, WATTCYCLE))] == [
        ("jbd", "legacy"),
        ("jbd", "classic"),
        ("jbd", "classic"),
        ("jbd", "2.5"),
    ]
    assert [pack.service_uuids[0][4:8] for pack in map(jbd_pack, (SP04S034, DP16S020, WATTCYCLE))] == [
        "ff00",
        "ff00",
        "fff0",
    ]
    for label, write_type in (
        (SP04S034, WRITE_WITHOUT_RESPONSE),
        (LEGACY, WRITE),
        (DP16S020, WRITE_WITHOUT_RESPONSE),
        (WATTCYCLE, WRITE_WITHOUT_RESPONSE),
    ):
        notify, written = label.module.services[0].characteristics
        assert (notify.handle, notify.properties) == (NOTIFY_HANDLE, ("read", "notify"))
        assert (written.handle, written.properties) == (WRITE_HANDLE, ("read", write_type))


@pytest.mark.parametrize(
    ("form", "address", "data"),
    [
        ("reversed", "A5:C2:37:28:18:52", {6226: bytes.fromhex("28 37 C2 A5")}),
        ("forward", "A4:C1:38:99:15:54", {49572: bytes.fromhex("38 99 15 54")}),
        (None, "A5:C2:37:28:18:52", {}),
    ],
)
def test_the_advertisement_carries_the_address(form, address, data) -> None:
    assert jbd_pack(replace(SP04S034, mac_form=form), address=address).manufacturer_data == data


def test_the_first_request_is_lost_and_a_stray_byte_comes() -> None:
    pack = jbd_pack()
    pack.connect()
    pack.subscribe(WRITE_HANDLE)
    pack.subscribe(NOTIFY_HANDLE)
    assert listen(pack, 1.0) == [b"\x00"]
    assert ask(pack, CELLS) == b""
    assert ask(pack, CELLS)[:4] == b"\xdd\x04\x00\x08"
    pack.asleep_requests = 2
    assert [ask(pack, MODEL) != b"" for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    "data",
    [
        bytes(4),
        b"",
        b"garbage",
        bytes.fromhex("DD A5 03 00 FF FE 77"),  # checksum
        bytes.fromhex("DD A5 03 00 FF FD 78"),  # end
        bytes.fromhex("DD 00 03 00 FF FD 77"),  # neither read nor write
        bytes.fromhex("DD A5 00 02 00 00 FF FE 77"),  # the vendor app's other way to ask for the front end
        bytes.fromhex("DD A5 FA 03 00 75 04 FE 8A 77"),
        bytes.fromhex("FF AA 15 06 30 30 30 30 30 30 3C"),
        APP_KEY,  # an old module
    ],
)
def test_what_makes_no_sense_is_ignored(data) -> None:
    pack = connected()
    assert ask(pack, data) == b""
    assert ask(pack, INFO)[:2] == b"\xdd\x03"


def test_writes_to_another_characteristic_are_ignored() -> None:
    pack = connected()
    pack.write(NOTIFY_HANDLE, INFO)
    assert listen(pack, 1.0) == []


def test_requests_may_come_in_parts_and_after_zeros() -> None:
    pack = connected(factory=True)
    request = write(0xA1, b"\x1f" + b"x" * 31)
    pack.write(WRITE_HANDLE, bytes(4) + request[:16])
    pack.write(WRITE_HANDLE, request[16:])
    assert b"".join(listen(pack, 1.0)) == empty(0xA1)
    assert ask(pack, MODEL) == frame(0x05, 0, b"x" * 31)
    pack.write(WRITE_HANDLE, INFO[:4])
    listen(pack, 1.5)
    assert ask(pack, INFO[4:]) == b""


def test_basic_information() -> None:
    pack = connected(capacity=280, cells=4, soc=0.5, spread=0.0, temperature=20.0)
    pack.board.soc, pack.board.throughput = 0.5, 280 * 3.5
    fields = info(pack)
    assert fields[0] == round(pack.board.battery.voltage * 100)
    assert fields[1:] == (0, 14000, 28000, 3, 0x2C7C, 0, 0, 0, 0x80, 50, 0x03, 4, 3)
    raw = struct.unpack(">3H", pack.firmware.basic_info()[23:])
    assert all(abs(kelvin - 2731 - 200) < 10 for kelvin in raw)
    cells = struct.unpack(">4H", ask(pack, CELLS)[4:-3])
    assert cells == tuple(round(cell.voltage * 1000) for cell in pack.board.battery.cells)
    assert ask(pack, read(0x00)) == bytes.fromhex("DD 00 00 02 00 00 FF FE 77")


@pytest.mark.parametrize(("current", "raw"), [(30.0, 3000), (-20.12, -2012), (900.0, 0x7FFF), (-900.0, -0x8000)])
def test_currents_are_positive_while_charging_and_saturate(current, raw) -> None:
    pack = jbd_pack(profile=lambda _: current)
    pack.advance(0.1)
    assert info(pack)[1] == raw


def test_no_probe_is_fine() -> None:
    assert len(jbd_pack(replace(SP04S034, ntcs=0)).firmware.basic_info()) == 23


def test_tails() -> None:
    newer = jbd_pack(DP16S020, cells=16)
    newer.board.soc = 0.5
    newer.board.extra_alarms |= {"cell_overvoltage_warning", "soc_low_warning"}
    newer.firmware.registers.words[0x10] = 20000
    data = newer.firmware.basic_info()
    assert info(newer)[3] == 20000
    assert data[29:] == struct.pack(">BHHHh", 0, 0x0801, 10000, 5000, 0)
    newest = jbd_pack(WATTCYCLE)
    newest.board.soc = 1.0
    assert newest.firmware.basic_info()[29:] == bytes.fromhex("00 8000 2710 2710 0000 0000 19 0000 0000")


def test_hundred_milliampere_units() -> None:
    label = replace(SP04S034, hundred_ma=True)
    pack = connected(label, factory=True, capacity=1000, profile=lambda _: 40.0, limits=Limits(charge_current=500))
    pack.board.soc = 0.5
    assert info(pack)[1:4] == (400, 5000, 10000)
    assert info(pack)[11] == 0x83
    assert value(pack, 0x10) == (10000).to_bytes(2)
    assert value(pack, 0x28) == (5000).to_bytes(2)
    assert value(pack, 0x2D) == b"\x10\x06"


ALARMS = {
    0: "cell_overvoltage",
    1: "cell_undervoltage",
    2: "pack_overvoltage",
    3: "pack_undervoltage",
    4: "charge_overtemperature",
    5: "charge_undertemperature",
    6: "discharge_overtemperature",
    7: "discharge_undertemperature",
    8: "charge_overcurrent",
    9: "discharge_overcurrent",
    10: "short_circuit",
    11: "front_end_fault",
}


@pytest.mark.parametrize("bit", ALARMS)
def test_protections_open_their_switch_and_are_counted_once(bit) -> None:
    pack = connected(profile=lambda _: 10.0)
    pack.board.extra_alarms.add(ALARMS[bit])
    listen(pack, 1.0)
    assert info(pack)[8] == 1 << bit
    closed = info(pack)[11]
    assert closed == (0 if bit == 11 else 0x02 if bit in {0, 2, 4, 5, 8} else 0x01)
    assert pack.board.battery.current == (10.0 if closed & 1 else 0.0)
    # Short circuit, over-currents, cell voltages, temperatures, pack voltages; then restarts.
    order = [10, 8, 9, 0, 1, 4, 5, 6, 7, 2, 3]
    expected = [int(bit == place) for place in order]
    assert ask(pack, COUNTERS) == frame(0xAA, 0, struct.pack(">12H", *expected, 1))
    pack.board.extra_alarms.clear()
    listen(pack, 1.0)
    pack.board.extra_alarms.add(ALARMS[bit])
    assert ask(pack, COUNTERS) == frame(0xAA, 0, struct.pack(">12H", *(2 * count for count in expected), 1))


@pytest.mark.parametrize(("label", "bits"), [(SP04S034, 0), (DP16S020, 0x6000), (WATTCYCLE, 0xE000)])
def test_newer_firmware_has_more_bits(label, bits) -> None:
    pack = jbd_pack(label)
    pack.board.extra_alarms |= {"charge_mosfet_fault", "discharge_mosfet_fault", "mosfet_overtemperature", "unheard_of"}
    assert info(pack)[8] == bits


def test_counters_differ_by_firmware() -> None:
    assert ask(connected(DP16S020), COUNTERS) == frame(0xAA, 0, bytes(22))
    assert ask(connected(LEGACY), COUNTERS) == bytes.fromhex("DD A5 80 00 FF 80 77")


@pytest.mark.parametrize(("command", "fets", "lock"), [(0, 0x03, 0), (1, 0x02, 1), (2, 0x01, 1), (3, 0x00, 1)])
def test_switches_by_one_command(command, fets, lock) -> None:
    pack = connected(profile=lambda _: 5.0)
    for before in FETS:
        assert ask(pack, before) == bytes.fromhex("DD E1 00 00 00 00 77")
        ask(pack, FETS[command])
        assert (info(pack)[11], info(pack)[8]) == (fets, lock << 12)
    assert pack.board.charge_switch is bool(fets & 1)
    assert pack.board.discharge_switch is bool(fets & 2)
    assert pack.board.battery.current == (5.0 if fets & 1 else 0.0)


def test_the_software_lock_outlives_a_protection() -> None:
    pack = connected()
    pack.board.extra_alarms.add("cell_overvoltage")
    ask(pack, FETS[1])
    assert (info(pack)[11], info(pack)[8]) == (0x02, 0x1001)
    pack.board.extra_alarms.clear()
    assert (info(pack)[11], info(pack)[8]) == (0x02, 0x1000)


@pytest.mark.parametrize("data", [b"\x00\x04", b"\xaa\x01", b"\x01", b""])
def test_forbidden_switch_commands_are_refused(data) -> None:
    pack = connected()
    assert ask(pack, write(0xE1, data)) == empty(0xE1, 0x81)
    assert info(pack)[11] == 0x03


def test_some_firmware_wants_factory_mode_for_its_switches() -> None:
    pack = connected(replace(SP04S034, wants_factory_for_fet=True))
    assert ask(pack, FETS[1]) == empty(0xE1, 0x81)
    ask(pack, ENTER)
    assert ask(pack, FETS[1]) == empty(0xE1)
    assert info(pack)[11] == 0x02


def test_newest_firmware_switches_one_at_a_time() -> None:
    pack = connected(WATTCYCLE)
    assert ask(pack, FETS[1]) == empty(0xE1, 0x80)
    assert ask(pack, bytes.fromhex("DD 5A FB 02 01 01 FF 01 77")) == bytes.fromhex("DD FB 00 00 00 00 77")
    assert info(pack)[11] == 0x02
    steps = [(0x0001, 0x00), (0x0100, 0x01), (0x0A00, 0x03), (0x0301, 0x03), (0x0A01, 0x00)]
    for data, fets in steps:
        assert ask(pack, write(0xFB, data)) == empty(0xFB)
        assert info(pack)[11] == fets
    for data in (b"\x02\x00", b"\x01\x02", b"\x01"):
        assert ask(pack, write(0xFB, data)) == empty(0xFB, 0x81)
    assert ask(connected(), write(0xFB, 0x0101)) == empty(0xFB, 0x80)


def test_newest_firmware_shows_heater_and_factory_mode() -> None:
    pack = connected(WATTCYCLE, factory=True, board={"heater": True})
    assert info(pack)[11] == 0b0101_1011
    assert info(jbd_pack(board={"heater": True}))[11] == 0b1011


def test_the_switch_input_counts_only_if_enabled() -> None:
    pack = connected(factory=True)
    pack.firmware.switch_input_open = True
    assert info(pack)[11] == 0x03
    ask(pack, write(0x2D, 0x0007))
    assert (info(pack)[11], info(pack)[8]) == (0x00, 0)


def test_the_registers_read_like_those_of_a_real_board() -> None:
    pack = connected(factory=True, capacity=280, limits=REAL_LIMITS, board={"throughput": 0.0})
    assert {register: int.from_bytes(value(pack, register)) for register in DUMP} == DUMP
    assert value(pack, 0xA0) == b"\x05DGJBD"
    assert value(pack, 0xA1) == b"\x19JBD-SP04S034-L4S-200A-B-U"
    assert ask(pack, read(0xA2)) == bytes.fromhex("DD A2 00 01 00 FF FF 77")


@pytest.mark.parametrize("chemistry", Chemistry)
def test_voltage_points_rise(chemistry) -> None:
    pack = connected(factory=True, chemistry=chemistry)
    rising = [0x13, 0x46, 0x35, 0x45, 0x34, 0x44, 0x33, 0x43, 0x32, 0x42, 0x12]
    points = [int.from_bytes(value(pack, register)) for register in rising]
    assert points == sorted(set(points))
    assert value(pack, 0x47) == value(pack, 0x12)


def test_registers_need_factory_mode() -> None:
    pack = connected()
    assert ask(pack, read(0x24)) == bytes.fromhex("DD 24 81 00 FF 7F 77")
    assert ask(pack, write(0x24, 3650)) == empty(0x24, 0x81)
    assert ask(pack, write(0xE0, 5000)) == empty(0xE0, 0x81)
    assert ask(pack, read(0x40)) == empty(0x40, 0x80)
    assert ask(pack, write(0x40, 1)) == empty(0x40, 0x80)
    assert ask(pack, bytes.fromhex("DD 5A 0A 02 01 00 FF F3 77")) == bytes.fromhex("DD 0A 80 00 FF 80 77")
    assert ask(pack, ENTER) == bytes.fromhex("DD 00 00 00 00 00 77")
    assert value(pack, 0x24) == (3600).to_bytes(2)
    assert ask(pack, INFO)[:2] == b"\xdd\x03"
    assert ask(pack, EXIT_A) == bytes.fromhex("DD 01 00 00 00 00 77")
    assert ask(pack, read(0x24)) == empty(0x24, 0x81)
    assert ask(pack, write(0x00, 0x1234)) == empty(0x00, 0x83)
    assert ask(pack, EXIT_A) == empty(0x01)
    assert not pack.factory_mode


def test_older_firmware_has_no_finer_points() -> None:
    pack = connected(LEGACY, factory=True, cells=13, chemistry=Chemistry.NMC)
    assert ask(pack, read(0x42)) == frame(0xA5, 0x80)
    assert ask(pack, read(0x12)) == frame(0xA5, 0, (4150).to_bytes(2))
    assert ask(pack, MODEL) == bytes.fromhex("dda500144c482d53503135533030312d503133532d333041fb3977")
    assert ask(pack, LOGIN) == frame(0xA5, 0x80)


@pytest.mark.parametrize("register", [*DUMP, *range(0x42, 0x48)])
def test_words_are_kept_as_written(register) -> None:
    pack = connected(factory=True)
    before = {other: value(pack, other) for other in DUMP}
    # A word that every kind of register can mean.
    word = int.from_bytes(value(pack, register)) ^ 0x0101 if register != 0x2D else 0x000B
    assert ask(pack, write(register, word)) == empty(register)
    assert value(pack, register) == word.to_bytes(2)
    assert {other: value(pack, other) for other in DUMP} == before | (
        {register: word.to_bytes(2)} if register in DUMP else {}
    )


@pytest.mark.parametrize(
    ("register", "word", "name", "expected"),
    [
        (0x18, 0x0CD1, "charge_overtemperature", 55.0),
        (0x1B, 0x0A47, "charge_undertemperature_release", -10.0),
        (0x24, 0x0E42, "cell_overvoltage", 3.65),
        (0x28, 0x59D8, "charge_current", 230.0),
        (0x29, 0xD8F0, "discharge_current", 100.0),
        (0x29, 0x2710, "discharge_current", -100.0),
        (0x2A, 0x0D48, "balance_start", 3.4),
        (0x2B, 0x001E, "balance_trigger", 0.03),
        (0x3E, 0x0A1E, "charge_overcurrent_delay", 10.0),
        (0x3F, 0x0A1E, "discharge_overcurrent_release", 30.0),
    ],
)
def test_the_board_acts_upon_its_limits(register, word, name, expected) -> None:
    pack = connected(factory=True)
    ask(pack, write(register, word))
    assert getattr(pack.board.limits, name) == pytest.approx(expected)


def test_capacity_cycles_and_charge_can_be_set() -> None:
    pack = connected(factory=True)
    ask(pack, write(0x10, 20000))
    ask(pack, write(0x17, 77))
    assert ask(pack, write(0xE0, 5000)) == empty(0xE0)
    assert (info(pack)[2:5], info(pack)[10]) == ((5000, 20000, 77), 25)
    ask(pack, write(0xE0, 30000))
    assert (info(pack)[2], info(pack)[10]) == (20000, 100)
    assert ask(pack, write(0xE0, b"\x01")) == empty(0xE0, 0x81)
    ask(pack, write(0x10, 0))
    assert info(pack)[3] == 1


@pytest.mark.parametrize(
    ("register", "data"),
    [(0x24, b"\x01"), (0x24, b"\x01\x02\x03"), (0xA0, b""), (0xA0, b"\x04abc"), (0xA0, b"\x20" + b"x" * 32)],
)
def test_what_does_not_fit_a_register_is_refused(register, data) -> None:
    pack = connected(factory=True)
    before = value(pack, register)
    assert ask(pack, write(register, data)) == empty(register, 0x81)
    assert value(pack, register) == before


def test_leaving_with_storing_clears_counters_and_estimates_the_charge() -> None:
    pack = connected(soc=0.6, spread=0.0)
    pack.board.extra_alarms.add("short_circuit")
    pack.board.soc = 0.2
    for leave, count, soc in ((EXIT_A, 1, 20), (EXIT_B, 1, 20)):
        # The second one, outside of the mode, does nothing.
        ask(pack, leave)
        assert (pack.firmware.counters[0], info(pack)[10]) == (count, soc)
    ask(pack, ENTER)
    assert ask(pack, write(0x01, 0x1111)) == empty(0x01, 0x81)
    assert pack.factory_mode
    assert ask(pack, EXIT_B) == empty(0x01)
    assert (pack.firmware.counters[0], info(pack)[10], pack.factory_mode) == (0, 60, False)
    assert ask(pack, COUNTERS) == frame(0xAA, 0, bytes(22) + b"\x00\x01")


def test_factory_mode_outlives_the_link() -> None:
    pack = connected()
    ask(pack, ENTER)
    pack.disconnect()
    pack.connect()
    assert pack.factory_mode


@pytest.mark.parametrize(
    ("functions", "current", "balances"),
    [
        (0x0006, 0.0, True),
        (0x0006, -10.0, True),
        (0x0006, 10.0, False),
        (0x000E, 10.0, True),
        (0x000E, 0.0, False),
        (0x0002, 0.0, False),
        (0x000A, 10.0, False),
    ],
)
def test_balancing_follows_the_function_register(functions, current, balances) -> None:
    pack = connected(factory=True, soc=0.8, limits=Limits(balance_trigger=0.0), profile=lambda _: current)
    ask(pack, write(0x2D, functions))
    listen(pack, 1.0)
    high = max(range(4), key=lambda place: pack.board.battery.cells[place].voltage)
    assert info(pack)[6:8] == (1 << high if balances else 0, 0)
    assert pack.board.balance_switch is bool(functions & 4)


@pytest.mark.parametrize(("cell", "masks"), [(0, (1, 0)), (15, (0x8000, 0)), (16, (0, 1))])
def test_balancing_cells_have_a_bit_each(cell, masks) -> None:
    pack = jbd_pack(cells=20)
    pack.board.battery.balance = (cell, 1, 0.1)
    assert info(pack)[6:8] == masks


def test_logins() -> None:
    pack = connected()
    assert ask(pack, LOGIN) == bytes.fromhex("DD 06 00 00 00 00 77")
    assert ask(pack, write(0x06, b"\x06\x01\x02\x03\x04\x05\x06")) == empty(0x06, 0x83)
    assert ask(pack, write(0x09, b"\x06J1B2D4")) == empty(0x09, 0x80)
    newest = connected(WATTCYCLE, factory=True)
    assert ask(newest, LOGIN) == bytes.fromhex("DD 06 80 00 FF 80 77")
    assert [ask(newest, write(register, 0)) for register in (0x07, 0x08)] == [empty(7, 0x80), empty(8, 0x80)]


# The module's dialog.


@pytest.mark.parametrize(
    ("chance", "password", "encrypted", "check"),
    [
        (0x62, b"000000", "F6 53 69 96 7F F0", 0xD5),
        (0x21, b"111111", "B6 11 27 56 3D B0", 0x4F),
        (0x61, b"123412", "F6 54 65 91 7D ED", 0xC8),
        (0x37, b"123123", "CC 2A 3B 6C 56 C4", 0xD5),
        (0x61, ROOT_PASSWORD, "4F E4 D4 C7 BA 2F D8 C5 82 A1 84 93 91 93 94", 0x72),
        (0x37, ROOT_PASSWORD, "25 BA AA 9D 90 05 AE 9B 58 77 5A 69 67 69 6A", 0xFC),
    ],
)
def test_passwords_travel_encrypted(chance, password, encrypted, check) -> None:
    data = cipher(bytes.fromhex("a4c137042dbe"), password, chance)
    assert data == bytes.fromhex(encrypted)
    assert pack_message(0x18 if len(data) == 6 else 0x1D, data)[-1] == check


def guarded(password="123123", chance=0x37):
    pack = jbd_pack(replace(DP16S020, password=password), address="A4:C1:37:04:2D:BE")
    pack.login.randoms = itertools.repeat(chance)
    pack.connect()
    pack.subscribe(NOTIFY_HANDLE)
    return pack


USER_OK = bytes.fromhex("FF AA 18 06 CC 2A 3B 6C 56 C4 D5")
ROOT_OK = bytes.fromhex("FF AA 1D 0F 25 BA AA 9D 90 05 AE 9B 58 77 5A 69 67 69 6A FC")
ROOT_ACCEPTED = bytes.fromhex("FF AA 1D 01 00 1E")


def test_the_gate_opens_to_the_password() -> None:
    pack = guarded()
    assert ask(pack, INFO) == b""
    assert ask(pack, GET_RANDOM) == b""
    assert ask(pack, APP_KEY) == bytes.fromhex("FF AA 15 01 00 16")
    assert ask(pack, USER_OK) == bytes.fromhex("FF AA 18 01 01 1A")  # no random byte yet
    assert ask(pack, GET_RANDOM) == bytes.fromhex("FF AA 17 01 37 4F")
    assert ask(pack, ROOT_OK) == bytes.fromhex("FF AA 1D 01 01 1F")  # not before the user's
    assert ask(pack, pack_message(0x18, b"wrong!")) == bytes.fromhex("FF AA 18 01 01 1A")
    assert ask(pack, INFO) == b""
    assert ask(pack, USER_OK) == bytes.fromhex("FF AA 18 01 00 19")
    assert ask(pack, INFO)[:3] == b"\xdd\x03\x00"
    assert ask(pack, pack_message(0x42, b"")) == b""
    pack.disconnect()
    pack.connect()
    pack.subscribe(NOTIFY_HANDLE)
    assert ask(pack, INFO) == b""


def test_factory_mode_needs_the_root_password_and_the_unlock_command() -> None:
    pack = guarded()
    for request in (APP_KEY, GET_RANDOM, USER_OK):
        ask(pack, request)
    unlock = write(0x09, b"\x06J1B2D4")
    assert ask(pack, unlock) == empty(0x09)
    assert ask(pack, ENTER) == b""
    assert ask(pack, ROOT_OK) == ROOT_ACCEPTED
    assert ask(pack, ENTER) == empty(0x00)
    pack.disconnect()
    pack.connect()
    pack.subscribe(NOTIFY_HANDLE)
    for request in (APP_KEY, GET_RANDOM, USER_OK, ROOT_OK):
        ask(pack, request)
    assert ask(pack, write(0x09, b"\x06xxxxxx")) == empty(0x09, 0x83)
    assert ask(pack, ENTER) == b""
    ask(pack, unlock)
    assert ask(pack, ENTER) == empty(0x00)
    assert ask(pack, write(0x09, b"")) == empty(0x09, 0x83)
    assert ask(pack, ENTER) == empty(0x00)


def test_the_module_rejects_another_key_and_knows_when_no_password_is_set() -> None:
    pack = guarded()
    assert ask(pack, pack_message(0x15, b"123123")) == bytes.fromhex("FF AA 15 01 01 17")
    assert ask(pack, GET_RANDOM) == b""
    free = guarded(password="")
    assert ask(free, INFO) == b""
    assert ask(free, APP_KEY) == bytes.fromhex("FF AA 15 01 02 18")
    assert ask(free, INFO)[:2] == b"\xdd\x03"


def test_the_password_can_be_changed_by_who_knows_it() -> None:
    pack = guarded(password="000000", chance=0x62)
    change = bytes.fromhex("FF AA 16 06 31 32 33 31 32 33 48")
    ask(pack, APP_KEY)
    assert ask(pack, change) == bytes.fromhex("FF AA 16 01 01 18")
    ask(pack, GET_RANDOM)
    ask(pack, bytes.fromhex("FF AA 18 06 F6 53 69 96 7F F0 D5"))
    assert ask(pack, pack_message(0x16, b"12345x")) == bytes.fromhex("FF AA 16 01 01 18")
    assert ask(pack, pack_message(0x16, b"12345")) == bytes.fromhex("FF AA 16 01 01 18")
    assert ask(pack, change) == bytes.fromhex("FF AA 16 01 00 17")
    assert pack.login.password == "123123"


def test_the_dice_fall_the_same_way_for_the_same_address() -> None:
    first, second = (list(itertools.islice(jbd_pack(DP16S020).login.randoms, 5)) for _ in range(2))
    assert first == second
    assert len(set(first)) > 1


def test_any_module_can_be_renamed() -> None:
    pack = connected()
    assert ask(pack, bytes.fromhex("FF AA 07 03 58 59 5A 15")) == bytes.fromhex("FF AA 07 00 07")
    assert pack.name == "XYZ"


@pytest.mark.parametrize("message", [b"", b"\xff\xaa", b"\xff\xaa\x17\x00", APP_KEY[:-1], APP_KEY + b"\x00"])
def test_a_broken_message_is_none(message) -> None:
    assert unpack_message(message) is None


def test_a_module_that_waits_for_pairing_echoes() -> None:
    pack = connected()
    pack.echo = True
    assert ask(pack, INFO) == INFO
    assert ask(pack, APP_KEY) == APP_KEY
    pack.paired = True
    assert ask(pack, INFO)[:3] == b"\xdd\x03\x00"


# Faults and other masters.


def test_a_frozen_pack_answers_the_same() -> None:
    pack = connected(profile=lambda now: 10 * now % 7)
    pack.faults.frozen = True
    assert len({ask(pack, INFO) for _ in range(4)}) == 1
    pack.faults.frozen = False
    assert len({ask(pack, INFO) for _ in range(4)}) > 1


def test_writes_without_a_word_take_effect() -> None:
    pack = connected()
    pack.faults.lose_ready = True
    assert ask(pack, ENTER) == empty(0x00)
    assert ask(pack, write(0x24, 3650)) == b""
    assert pack.board.limits.cell_overvoltage == 3.65


def test_forgotten_and_distorted_writes_are_acknowledged() -> None:
    pack = connected(factory=True)
    pack.faults.forget_writes = True
    assert ask(pack, write(0x24, 3650)) == empty(0x24)
    assert value(pack, 0x24) == (3600).to_bytes(2)
    assert ask(pack, write(0x40, 1)) == empty(0x40, 0x80)
    pack.faults.forget_writes = False
    pack.faults.distort_writes = True
    assert ask(pack, write(0x24, 3650)) == empty(0x24)
    assert value(pack, 0x24) == (3651).to_bytes(2)
    ask(pack, FETS[0])
    assert info(pack)[11] == 0x02
    assert ask(pack, write(0x24, b"")) == empty(0x24, 0x81)


def test_answers_to_writes_can_be_late() -> None:
    pack = connected()
    pack.faults.ready_delay = 0.5
    pack.write(WRITE_HANDLE, FETS[1])
    assert listen(pack, 0.45) == []
    assert listen(pack, 0.1) == [empty(0xE1)]


def test_answers_with_settings_can_be_broken() -> None:
    pack = connected(factory=True)
    pack.faults.corrupt_settings = 2
    good = frame(0x24, 0, (3600).to_bytes(2))
    assert ask(pack, read(0x42))[2] == 0
    for expected in (False, False, True):
        answer = ask(pack, read(0x24))
        assert (answer == good) is expected
        assert (len(answer), answer[:6], answer[-1]) == (9, good[:6], 0x77)


def test_a_second_master_needs_no_factory_mode() -> None:
    pack = jbd_pack()
    assert pack.change_elsewhere(write(0x24, 3650))
    assert pack.board.limits.cell_overvoltage == 3.65
    assert pack.change_elsewhere(FETS[2])
    assert pack.change_elsewhere(write(0xE0, 1000))
    assert (info(pack)[2], info(pack)[11]) == (1000, 0x01)
    for refused in (read(0x24), write(0x40, 1), write(0xFB, 1), write(0x24, b"\x01"), FETS[0][:-1], b""):
        assert not pack.change_elsewhere(refused)
