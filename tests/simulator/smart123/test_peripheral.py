r"""The simulated 123\SmartBMS talks like a real one, in lines and in frames."""

from dataclasses import replace
import re

import pytest

from custom_components.smart_bms.simulator.battery import Battery, Chemistry
from custom_components.smart_bms.simulator.smart123.board import Smart123Board
from custom_components.smart_bms.simulator.smart123.frame58 import KEYS, frame, key_value
from custom_components.smart_bms.simulator.smart123.labels import (
    BRIDGE,
    GEN2_BRSP,
    GEN3_BRSP,
    GEN3_NUS,
    OLD_FIRMWARE_BRIDGE,
)
from custom_components.smart_bms.simulator.smart123.lines import Lines, checksum
from custom_components.smart_bms.simulator.smart123.meters import Entry
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral
from custom_components.smart_bms.simulator.smart123.relays import (
    Lamps,
    Relays,
    Sample,
    Thresholds,
    decide,
    is_full,
    lamps,
)
from custom_components.smart_bms.simulator.smart123.settings import Settings, temperature_counts, voltage_counts
from tests.support.packs import smart123_pack

NUS_WRITE, NUS_NOTIFY = 13, 15
BRSP_INFO, BRSP_MODE, BRSP_WRITE, BRSP_NOTIFY, BRSP_RTS = 33, 35, 37, 39, 42
PING = b"$"


def connected(label=GEN3_NUS, *, pin=True, mode=1, **options):
    """Return a pack with a client that is let in."""
    pack = smart123_pack(label, **options)
    join(pack, pin=pin, mode=mode)
    return pack


def join(pack, *, pin=True, mode=1) -> None:
    module = pack.label.module
    pack.connect()
    pack.subscribe(module.notify_handle)
    if module.mode_handle is not None:
        pack.write(module.mode_handle, bytes((mode,)))
    if pin and pack.label.pin:
        assert say(pack, f"PW{pack.label.pin}!")[-1] == "OK"


def listen(pack, seconds=0.4, *, ping=True, step=0.02) -> list[bytes]:
    """Return notifications; somebody pings three times a second."""
    heard = []
    for tick in range(round(seconds / step)):
        if ping and tick % 15 == 14:
            pack.write(pack.label.module.write_handle, PING)
        heard += [data for _, data in pack.advance(step)]
    return heard


def lines(pack, seconds=0.4) -> list[str]:
    return b"".join(listen(pack, seconds)).decode("latin-1").replace(" ", "\r").split("\r")[:-1]


def say(pack, command: str, seconds=0.4) -> list[str]:
    pack.write(pack.label.module.write_handle, command.encode() + b"\r")
    return lines(pack, seconds)


def ask(pack, query: str) -> list[str]:
    """Return the fields of an answer; its checksum must be right."""
    echo, answer = say(pack, query)
    assert echo == query
    body, _, seal = answer.rpartition("_")
    assert seal == f"{checksum(body):02X}"
    return body.split("_")


def stream(pack, seconds=2.4) -> list[str]:
    """Return the records of a little more than a cycle."""
    assert say(pack, "E!")[:2] == ["E!", "OK"]
    return lines(pack, seconds)


def still(pack):
    pack.faults.frozen = True
    return pack


def board(cells=4, *, label=GEN3_NUS, **options):
    """Return a board on equal cells, that has not moved yet."""
    own = {key: options.pop(key) for key in ("load", "cold_start", "calibrated") if key in options}
    it = Smart123Board(Battery(cells=cells, **{"capacity": 100, "spread": 0, "soc": 0.6} | options), **own)
    it.fit(label)
    return it


def at_rest(it, volts: list[float], celsius: float | None = None) -> None:
    """Let the cells have these voltages as they are, and the board see them."""
    for cell, value in zip(it.battery.cells, volts, strict=True):
        cell.voltage = value
        cell.temperature = cell.temperature if celsius is None else celsius
    it.fit(it.label)


# Relays.

VECTORS = """
normal   OFF/OFF 3.3/3.3/3.3/3.3   20          50  yes OFF/OFF=ON/ON
normal   OFF/OFF 3.3/3.3/3.3/3.3   20          90  yes OFF/OFF=OFF/ON
normal   ON/ON   3.3/3.3/3.3/3.3   20          90  yes ON/ON=ON/ON
normal   OFF/OFF 3.3/3.3/3.3/3.3   20          89  yes OFF/OFF=ON/ON
normal   ON/ON   3.5/3.5/3.5/3.49  20          99  yes ON/ON=ON/ON
normal   ON/ON   3.5/3.5/3.5/3.5   20          99  yes ON/ON=OFF/ON
normal   OFF/ON  3.5/3.49/3.49/3.49 20         50  yes OFF/ON=OFF/ON
normal   ON/ON   3.3/3.3/3.3/3.65  20          50  yes ON/ON=OFF/ON
normal   ON/ON   3.3/3.3/3.3/3.645 20          50  yes ON/ON=ON/ON
normal   ON/ON   3.3/3.3/3.3/2.8   20          50  yes ON/ON=ON/OFF
normal   ON/ON   3.3/3.3/3.3/2.805 20          50  yes ON/ON=ON/ON
normal   ON/OFF  3.2/3.2/3.2/3.2   20          20  yes ON/OFF=ON/ON
normal   ON/OFF  3.2/3.2/3.2/3.2   20          19  yes ON/OFF=ON/OFF
normal   ON/ON   3.2/3.2/3.2/3.2   20          5   yes ON/ON=ON/ON
normal   ON/ON   3.3/3.3/3.3/3.3   0           50  yes ON/ON=ON/ON
normal   OFF/OFF 3.3/3.3/3.3/3.3   0           50  yes OFF/OFF=OFF/OFF
normal   ON/ON   3.3/3.3/3.3/3.3   20/20/20/-1 50  yes ON/ON=OFF/OFF
normal   ON/ON   3.3/3.3/3.3/3.3   20/20/20/50 50  yes ON/ON=ON/ON
normal   ON/ON   3.3/3.3/3.3/3.3   20/20/20/51 50  yes ON/ON=OFF/OFF
normal   ON/ON   3.3/3.3/3.3/3.3   20          50  no  ON/ON=OFF/OFF
normal   ON/ON   -                 20          50  yes ON/ON=OFF/OFF
normal   OFF/OFF 3.3/3.3/3.3/3.3   20          95  yes OFF/OFF=OFF/ON
critical ON/ON   3.5/3.5/3.5/3.5   20          100 yes ON/ON=ON/ON
critical OFF/OFF 3.6/3.6/3.6/3.6   20          100 yes OFF/OFF=ON/ON
critical ON/ON   3.3/3.3/3.3/3.65  20          50  yes ON/ON=OFF/ON
critical OFF/ON  3.3/3.3/3.3/3.645 20          100 yes OFF/ON=ON/ON
critical ON/ON   3/3/3/2.8         20          0   yes ON/ON=ON/OFF
critical ON/OFF  3/3/3/2.805       20          0   yes ON/OFF=ON/ON
critical ON/ON   3.3/3.3/3.3/3.3   20/20/20/-1 50  yes ON/ON=OFF/OFF
critical OFF/OFF 3.3/3.3/3.3/3.3   20/20/20/0  50  yes OFF/OFF=OFF/OFF
critical ON/ON   3.3/3.3/3.3/3.3   20          50  no  ON/ON=OFF/OFF
"""
LIMITS = Thresholds(
    v_min=560,
    v_max=730,
    bypass=700,
    t_min_charge=0,
    t_min_load=0,
    t_max=50,
    charge_restart=90,
    load_restart=20,
    critical=False,
)


def sample(volts: str, celsius: str = "20", soc: int = 50, *, communicates: bool = True) -> Sample:
    voltages = [] if volts == "-" else [voltage_counts(float(text)) for text in volts.split("/")]
    temperatures = [int(text) for text in celsius.split("/")]
    return Sample(voltages, (temperatures * 4)[: len(voltages)], soc, communicates)


def switched(text: str) -> Relays:
    return Relays(*(state == "ON" for state in text.split("/")))


@pytest.mark.parametrize("vector", VECTORS.strip().splitlines())
def test_the_decision_tables(vector) -> None:
    mode, before, volts, celsius, soc, heard, change = vector.split()
    look = sample(volts, celsius, int(soc), communicates=heard == "yes")
    limits = replace(LIMITS, critical=mode == "critical")
    assert decide(look, limits, switched(before)) == switched(change.partition("=")[2])


def test_full_and_empty_one_after_the_other() -> None:
    relays = switched("ON/ON")
    steps = (
        ("3.50/3.50/3.50/3.49", 97, "ON/ON"),
        ("3.50/3.50/3.50/3.50", 100, "OFF/ON"),
        ("3.40/3.40/3.40/3.40", 99, "OFF/ON"),
        ("3.33/3.33/3.33/3.33", 90, "OFF/ON"),
        ("3.33/3.33/3.33/3.33", 89, "ON/ON"),
        ("3.10/3.10/3.10/2.80", 12, "ON/OFF"),
        ("3.20/3.20/3.20/3.10", 19, "ON/OFF"),
        ("3.25/3.25/3.25/3.25", 20, "ON/ON"),
    )
    for volts, soc, expected in steps:
        relays = decide(sample(volts, soc=soc), LIMITS, relays)
        assert relays == switched(expected)


def test_directions_have_their_own_lower_limit_of_temperature() -> None:
    limits = replace(LIMITS, t_min_load=-20)
    assert decide(sample("3.3/3.3/3.3/3.3", "-5"), limits, switched("ON/ON")) == switched("OFF/ON")
    assert decide(sample("3.3/3.3/3.3/3.3", "-25"), limits, switched("ON/ON")) == switched("OFF/OFF")


@pytest.mark.parametrize(
    ("volts", "celsius", "lit"),
    [
        ("3.3/3.3/3.3/3.3", "20", Lamps()),
        ("3.3/3.3/3.3/2.8", "20", Lamps(voltage_low=True)),
        ("3.3/3.3/3.3/3.65", "20", Lamps(voltage_high=True)),
        ("3.3/3.3/3.3/3.3", "0/50/20/20", Lamps()),
        ("3.3/3.3/3.3/3.3", "-1/51/20/20", Lamps(temperature_low=True, temperature_high=True)),
        ("-", "20", Lamps(communication=True)),
    ],
)
def test_lamps(volts, celsius, lit) -> None:
    assert lamps(sample(volts, celsius), LIMITS) == lit


@pytest.mark.parametrize(
    ("volts", "normal", "critical"),
    [
        ("3.60/3.60/3.40/3.40", False, True),
        ("3.60/3.60/3.40/3.395", False, False),
        ("3.50/3.50/3.50/3.50", True, True),
    ],
)
def test_full_depends_on_the_mode(volts, normal, critical) -> None:
    voltages = sample(volts).voltages
    assert is_full(voltages, sum(voltages), LIMITS) is normal
    assert is_full(voltages, sum(voltages), replace(LIMITS, critical=True)) is critical


# The board.


def test_a_board_that_has_been_running_has_its_relays_closed() -> None:
    it = board()
    assert (it.status, it.status2, it.relays) == (0x03, 0x30, switched("ON/ON"))
    # No cell is below the load's restart, yet the relay was on.
    assert board(soc=0.05).relays.load


def test_a_cold_start_waits_for_every_cell() -> None:
    it = board(cold_start=True)
    for _ in range(3):
        it.step(1)
        assert it.status == 0x84
    it.step(1)
    assert it.status == 0x83
    assert board(cold_start=True, calibrated=True).status == 0x04


def test_the_chain_breaks_and_is_mended() -> None:
    it = board()
    it.comm_error = True
    it.step(1)
    assert (it.status, it.status2) == (0x04, 0x00)
    it.comm_error = False
    it.step(1)
    assert it.status == 0x03


@pytest.mark.parametrize(
    ("volts", "celsius", "status", "status2"),
    [
        (3.3, 20, 0x03, 0x30),
        (2.95, 20, 0x03, 0x32),
        (2.8, 20, 0x09, 0x12),
        (3.65, 20, 0x12, 0x20),
        (3.3, -5, 0x22, 0x24),
        (3.3, -25, 0x20, 0x0C),
        (3.3, 60, 0x40, 0x00),
    ],
)
def test_status_bytes(volts, celsius, status, status2) -> None:
    it = board()
    at_rest(it, [3.3, volts, 3.3, 3.3], celsius)
    assert (it.status, it.status2) == (status, status2)


def test_the_older_boards_have_one_lower_limit_of_temperature() -> None:
    it = board(label=GEN2_BRSP)
    at_rest(it, [3.3] * 4, -5)
    assert it.status == 0x20
    newer = board()
    newer.settings.t_min_discharge = 0
    at_rest(newer, [3.3] * 4, -5)
    assert newer.status == 0x20


@pytest.mark.parametrize(
    ("changes", "contacts"),
    [
        ({}, (True, True)),
        ({"relay1_function": 0}, (False, True)),
        ({"relay1_function": 2, "relay2_function": 3}, (True, True)),
        ({"relay1_function": 4, "relay2_inverted": 1}, (False, False)),
        ({"relay1_force": 1, "relay2_force": 2}, (False, True)),
        ({"charge_forced_off": 1}, (False, True)),
        ({"discharge_forced_off": 1, "relay1_function": 3}, (True, False)),
    ],
)
def test_contacts_follow_function_inversion_and_force(changes, contacts) -> None:
    it = board()
    for name, value in changes.items():
        setattr(it.settings, name, value)
    assert it.contacts == contacts
    assert it.status == 0x03


@pytest.mark.parametrize(
    ("changes", "wanted", "flows"),
    [
        ({}, 20, 20),
        ({}, -20, -20),
        ({"charge_forced_off": 1}, 20, 0),
        ({"charge_forced_off": 1}, -20, -20),
        ({"discharge_forced_off": 1}, -20, 0),
        ({"relay1_force": 1}, 20, 0),
        ({"relay1_function": 4}, 20, 20),
        ({"relay2_function": 4, "discharge_forced_off": 1}, -20, 0),
        ({"relay2_inverted": 1}, -20, -20),
    ],
)
def test_current_flows_where_the_relays_let_it(changes, wanted, flows) -> None:
    it = board(profile=lambda _: wanted)
    for name, value in changes.items():
        setattr(it.settings, name, value)
    it.step(1)
    assert it.battery.current == flows


def test_energy_is_counted_and_full_is_full() -> None:
    it = board(profile=lambda _: 100.0, soc=0.5)
    assert (it.capacity, it.soc) == (1300, 50)
    today = it.meters.collected.today, it.meters.charged.today, it.meters.consumed.today
    for _ in range(36):
        it.step(1)
    energy = it.stored - 650
    assert 13.2 < energy < 14.0
    assert it.meters.collected.today - today[0] == pytest.approx(energy)
    assert it.meters.charged.today - today[1] == pytest.approx(energy)
    assert it.meters.consumed.today == today[2]
    it.battery.profile = lambda _: -100.0
    for _ in range(72):
        it.step(1)
    assert it.stored < 650
    assert it.meters.consumed.today - today[2] > 2 * energy * 0.95
    it.calibrated = False
    it.settings.balance = 600
    it.step(1)
    assert (it.soc, it.stored, it.calibrated, it.relays) == (100, 1300, True, switched("OFF/ON"))
    it.settings.capacity = 10
    assert it.soc == 100


def test_energy_never_runs_below_nothing() -> None:
    it = board(profile=lambda _: -100.0)
    it.stored = 0.2
    it.step(1)
    assert (it.stored, it.soc) == (0, 0)


def test_the_counters_of_the_day_begin_anew_at_midnight() -> None:
    it = board()
    it.meters.clock = 86_399
    it.step(1)
    assert it.meters.clock == 0
    assert it.meters.collected.today == it.meters.discharged.today == 0
    assert it.meters.collected.total > 1000


def test_cells_at_the_balance_voltage_burn_and_warm_their_board() -> None:
    it = board()
    at_rest(it, [3.55, 3.3, 3.3, 3.3], 20)
    it.settings.balance = voltage_counts(it.battery.cells[0].voltage)
    high = it.battery.cells[0]
    it.settings.balance = 660
    high.soc = 1.05
    for cell in it.battery.cells[1:]:
        cell.soc = 0.3
    for _ in range(360):
        it.step(1)
    assert high.soc == pytest.approx(1.05 - 0.001 * 100 / high.capacity, abs=1e-6)
    assert it.battery.cells[1].soc == pytest.approx(0.3)
    assert it.temperatures[0] > it.temperatures[1] + 10
    assert it.status == 0x12


@pytest.mark.parametrize(
    ("sensors", "readings"), [(0, (None, 0.0, None)), (1, (None, 20.0, None)), (2, (50.0, 20.0, 30.0))]
)
def test_sensors(sensors, readings) -> None:
    it = board(label=replace(GEN3_NUS, sensors=sensors), profile=lambda _: 20.0, load=lambda _: 30.0)
    it.step(1)
    assert it.battery.current == 20.0
    assert (it.current_in, it.current, it.current_out) == pytest.approx(readings)
    for relay in ("charge_forced_off", "discharge_forced_off"):
        setattr(it.settings, relay, 1)
    it.step(1)
    assert it.battery.current == 0


def test_both_sensors_count_on_their_own() -> None:
    it = board(label=replace(GEN3_NUS, sensors=2), profile=lambda _: 20.0, load=lambda _: 30.0)
    before = it.meters.collected.today, it.meters.consumed.today, it.meters.charged.today
    it.step(3600)
    volts = it.battery.voltage
    assert it.meters.collected.today - before[0] == pytest.approx(50 * volts)
    assert it.meters.consumed.today - before[1] == pytest.approx(30 * volts)
    assert it.meters.charged.today - before[2] == pytest.approx(20 * volts)


@pytest.mark.parametrize(
    ("current", "reading"),
    [(20.2, 20.0), (20.3, 20.5), (1.0, 0.0), (-1.0, 0.0), (-1.3, -1.5), (500.0, 100.0), (-500.0, -100.0)],
)
def test_older_sensors_are_coarse_and_blind_around_nothing(current, reading) -> None:
    it = board(label=GEN2_BRSP, profile=lambda _: current)
    it.step(1)
    assert it.current == reading


def test_sensors_can_be_inverted() -> None:
    it = board(label=replace(GEN3_NUS, sensors=2), profile=lambda _: 20.0, load=lambda _: 30.0)
    it.settings.invert_charge_sensor = it.settings.invert_discharge_sensor = 1
    it.step(1)
    assert (it.current_in, it.current, it.current_out) == pytest.approx((-50, -20, -30))


def test_a_battery_of_255_cells() -> None:
    it = board(255)
    it.step(1)
    assert Lines(it).record("C", 255).startswith("C_FF_FF_")
    assert it.voltage == round(it.battery.voltage / 0.005)


def test_events_are_noted_when_they_begin() -> None:
    it = board()
    at_rest(it, [3.3, 3.3, 2.7, 3.7], 20)
    at_rest(it, [3.3, 3.3, 2.7, 3.7], 20)
    time = int(it.meters.uptime)
    assert it.log.entries[:3] == [Entry(time, 1, 540, 3), Entry(time, 2, 740, 4), Entry(0, 0, 0, 0)]
    at_rest(it, [3.3] * 4, -30)
    it.comm_error = True
    at_rest(it, [3.3] * 4, -30)
    it.comm_error = False
    at_rest(it, [3.3] * 4, 70)
    assert [entry.kind for entry in it.log.entries] == [1, 2, 3, 6, 5, 4, 0, 0, 0, 0]
    assert it.log.entries[2].value == temperature_counts(-30)
    assert it.log.newest == 5
    for celsius in (20, 70) * 6:
        at_rest(it, [3.3] * 4, celsius)
    assert it.log.newest == 1


def test_the_state_of_charge_is_remembered_by_the_hour() -> None:
    it = board()
    assert (it.history.newest, it.history.ring[:2]) == (0, [60, 0xFF])
    it.stored = it.capacity * 0.3
    for _ in range(4):
        it.step(900)
    assert (it.history.newest, it.history.ring[:3]) == (1, [30, 30, 0xFF])
    for _ in range(168):
        it.step(3600)
    assert (it.history.newest, 0xFF in it.history.ring) == (1, False)


@pytest.mark.parametrize("chemistry", Chemistry)
def test_settings_suit_the_cells(chemistry) -> None:
    have = Settings.for_battery(Battery(cells=4, capacity=100, chemistry=chemistry))
    assert have.v_min < have.v_low < have.v_nominal < have.balance < have.v_max
    assert have.capacity == round(4 * 100 * have.v_nominal * 0.005 / 100)


# What it is.


def test_advertisements() -> None:
    assert smart123_pack().manufacturer_data == {2330: bytes.fromhex("0006506C")}
    assert smart123_pack(GEN3_BRSP).manufacturer_data == {2330: bytes.fromhex("0004506C")}
    assert smart123_pack(GEN2_BRSP, address="00:00:00:00:0D:02").manufacturer_data == {2330: bytes.fromhex("00020D02")}
    assert smart123_pack(BRIDGE).manufacturer_data == {}
    nus = ("6e400001-b5a3-f393-e0a9-e50e24dcca9e",)
    assert [smart123_pack(label).service_uuids for label in (GEN3_NUS, BRIDGE)] == [nus, nus]
    assert smart123_pack(GEN2_BRSP).service_uuids == ("da2b84f1-6279-48de-bdc0-afbea0226079",)
    assert [
        (pack.family, pack.variant)
        for pack in map(smart123_pack, (GEN2_BRSP, GEN3_BRSP, GEN3_NUS, OLD_FIRMWARE_BRIDGE, BRIDGE))
    ] == [("smart123", variant) for variant in ("gen2", "gen3", "gen3", "frame58", "frame58")]


def characteristics(label):
    return {
        characteristic.uuid[:8]: (characteristic.handle, characteristic.properties)
        for service in label.module.services
        for characteristic in service.characteristics
    }


def test_characteristics() -> None:
    both = ("write", "write-without-response")
    for label in (GEN3_NUS, BRIDGE):
        assert characteristics(label)["6e400002"] == (NUS_WRITE, both)
        assert characteristics(label)["6e400003"] == (NUS_NOTIFY, ("notify",))
    brsp = characteristics(GEN2_BRSP)
    assert brsp["99564a02"] == (BRSP_INFO, ("read",))
    assert brsp["a87988b9"] == (BRSP_MODE, ("read", "write"))
    assert brsp["bf03260c"] == (BRSP_WRITE, ("write",))
    assert brsp["18cda784"] == (BRSP_NOTIFY, ("indicate",))
    assert brsp["fdd6b4d3"] == (BRSP_RTS, ("notify",))


def test_reading_characteristics() -> None:
    assert smart123_pack().read(characteristics(GEN3_NUS)["00002a19"][0]) == b"\x64"
    assert smart123_pack().read(99) == b""
    pack = connected(GEN2_BRSP)
    assert (len(pack.read(BRSP_INFO)), pack.read(BRSP_MODE)) == (10, b"\x01")


# The line layer.


def test_commands_are_echoed_and_answered() -> None:
    pack = connected(pin=False)
    assert say(pack, "PW1234!") == ["PW1234!", "OK"]
    assert say(pack, "D!") == ["D!", "OK"]
    assert say(pack, "V@") == ["V@", "33B_03_05_03_2BC_8A"]
    assert say(connected(echo=False, pin=False), "D!") == ["OK"]


def test_a_checksum_known_from_elsewhere() -> None:
    assert checksum("01_02") == 0xC3
    assert checksum("333_03_05_03_DBB") == 0x8C


def test_replies_stay_inside_until_the_next_byte() -> None:
    pack = connected()
    pack.write(NUS_WRITE, b"D!\r")
    assert listen(pack, 2, ping=False) == []
    pack.refuse_pings = True
    assert listen(pack) == []
    pack.refuse_pings = False
    pack.write(NUS_WRITE, PING)
    assert pack.advance(0) == [(NUS_NOTIFY, b"D!\rOK\r")]
    pack.write(NUS_WRITE, b"D!\r")
    listen(pack, 1, ping=False)
    pack.write(NUS_WRITE, b"V")
    assert pack.advance(0) == [(NUS_NOTIFY, b"D!\rOK\r")]


def test_some_units_hold_nothing_back() -> None:
    pack = connected(ping_flush=False)
    pack.write(NUS_WRITE, b"D!\r")
    assert listen(pack, ping=False) == [b"D!\r", b"OK\r"]


def test_what_waits_too_long_inside_is_lost() -> None:
    pack = connected()
    stream(pack)
    listen(pack, 60, ping=False)
    pack.write(NUS_WRITE, PING)
    heard = b"".join(data for _, data in pack.advance(0))
    assert len(heard) == 2048


def test_notifications_cut_lines_anywhere() -> None:
    pack = connected()
    pack.write(NUS_WRITE, b"E!\r")
    heard = listen(pack, 5)
    assert max(map(len, heard)) == 20
    assert any(b"\r" in part[:-1] for part in heard)
    assert any(not part.endswith(b"\r") for part in heard)
    pack.glue = True
    listen(pack, 2)
    glued = listen(pack, 5)
    assert max(map(len, glued)) > 100
    assert max(part.count(b"\r") for part in glued) >= 8
    few = connected(max_chunk=7)
    few.write(NUS_WRITE, b"V@\r")
    assert max(map(len, listen(few))) == 7


def test_commands_may_come_in_parts_and_with_pings_between() -> None:
    pack = connected()
    for part in (b"D", PING, b"!$", b"\rV@\rD"):
        pack.write(NUS_WRITE, part)
    assert lines(pack) == ["D!", "OK", "V@", "33B_03_05_03_2BC_8A"]
    assert say(pack, "!") == ["D!", "OK"]


def test_bytes_beyond_a_packet_are_lost_and_so_is_a_line_without_end() -> None:
    pack = connected()
    assert say(pack, " " * 20 + "D!") == []
    for _ in range(10):
        pack.write(NUS_WRITE, b"x" * 20)
    assert len(say(pack, "D!")[0]) == 64 + 2


@pytest.mark.parametrize("data", [b"\r", b"\r\r", b"\x05\r", b"\xff\r", b"", PING])
def test_what_is_no_command_gets_no_answer(data) -> None:
    pack = connected()
    pack.write(NUS_WRITE, data)
    assert lines(pack) == []


def test_unknown_commands_are_not_authorized() -> None:
    pack = connected()
    for command in ("X!", "S4@", "SRY2@", "HE@", "LA@", "V", "PW12!", "12-34!", "ab-050!"):
        assert say(pack, command) == [command, "NA"]


def test_writes_to_other_characteristics_do_nothing() -> None:
    pack = connected()
    pack.write(NUS_NOTIFY, b"D!\r")
    assert lines(pack) == []


def test_the_serial_port_carries_bytes_only_in_data_mode() -> None:
    pack = connected(GEN2_BRSP, mode=0)
    assert say(pack, "D!") == []
    pack.write(BRSP_MODE, b"")
    pack.write(BRSP_MODE, b"\x02")
    assert say(pack, "D!") == []
    pack.write(BRSP_MODE, b"\x01")
    assert say(pack, "D!") == ["D!", "OK"]
    pack.write(BRSP_WRITE, b"D!\r")
    pack.write(BRSP_MODE, b"\x00")
    assert lines(pack) == []
    plain = connected(GEN2_BRSP, ping_flush=False)
    plain.write(BRSP_WRITE, b"D!\r")
    plain.write(BRSP_MODE, b"\x00")
    assert lines(plain) == []


def test_the_serial_port_gives_leave_to_send() -> None:
    pack = connected(GEN2_BRSP)
    pack.subscribe(BRSP_RTS)
    assert pack.advance(0) == [(BRSP_RTS, b"\x00")]


def test_an_idle_link_is_ended_by_some_modules() -> None:
    pack = connected()
    listen(pack, 200, step=0.1)
    pack.faults.silent = True
    listen(pack, 200, step=0.1)
    assert not pack.hang_up
    pack.advance(91)
    assert pack.hang_up
    patient = connected(GEN3_BRSP)
    patient.advance(500)
    assert not patient.hang_up
    alone = smart123_pack()
    alone.advance(500)
    assert not alone.hang_up


# PIN.


def test_without_the_pin_there_is_little_to_learn() -> None:
    pack = connected(pin=False)
    assert say(pack, "D!")[-1] == "OK"
    assert ask(pack, "V@")[0] == "33B"
    for command in ("E!", "S1@", "02-050!"):
        assert say(pack, command) == [command, "NA"]
    assert say(connected(pin=False, free_queries=frozenset({"S3@"})), "V@")[-1] == "NA"


def test_wrong_pins_lock_out() -> None:
    pack = connected(pin=False)
    for _ in range(4):
        assert say(pack, "PW4321!")[-1] == "NA"
    assert say(pack, "PW1234!")[-1] == "OK"
    for _ in range(4):
        say(pack, "PW4321!")
    assert not pack.pin_locked
    say(pack, "PW4321!")
    assert pack.pin_locked
    assert say(pack, "PW1234!")[-1] == "NA"
    assert say(connected(pin=False, wrong_pin_reply="WRONG"), "PW0000!")[-1] == "WRONG"


def test_the_pin_is_wanted_on_every_link() -> None:
    pack = connected()
    assert "U_" in "".join(stream(pack))
    pack.disconnect()
    join(pack, pin=False)
    assert say(pack, "E!")[-1] == "NA"
    assert lines(pack, 2) == []


def test_older_units_want_no_pin_but_have_one() -> None:
    pack = connected(GEN2_BRSP)
    assert say(pack, "E!")[-1] == "OK"
    say(pack, "D!")
    assert say(pack, "PW0000!")[-1] == "NA"
    assert say(pack, "PW1234!")[-1] == "OK"
    assert ask(pack, "S1@")[3] == "31323334"


def test_the_stream_may_outlive_the_link() -> None:
    pack = connected(GEN2_BRSP)
    stream(pack)
    pack.disconnect()
    pack.advance(5)
    join(pack)
    assert pack.streaming
    heard = lines(pack, 2)
    assert {record[0] for record in heard} == set("UVTCEM")


# Records.

REAL_ODD = {
    1: (666, 299),
    3: (665, 294),
    5: (662, 297),
    7: (665, 298),
    9: (663, 294),
    11: (666, 293),
    13: (661, 295),
    15: (667, 297),
}


def real_unit() -> Smart123Board:
    """Return a board that sees what a real one of 15 cells saw."""
    it = board(15, label=GEN2_BRSP)
    for number, cell in enumerate(it.battery.cells, 1):
        counts, celsius = REAL_ODD.get(number, (665 if number <= 6 else 664, 296))
        # So the pack voltage ends up one count below the sum of the cells', as it did.
        cell.voltage = counts * 0.005 - 0.0003
        cell.temperature = celsius * 0.857 - 232.1
    it.settings.balance = 680
    it.fit(replace(GEN2_BRSP, sensors=2))
    return it


def test_a_real_readout_comes_out_the_same() -> None:
    said = Lines(real_unit())
    assert [said.record("C", number) for number in range(1, 16, 2)] == [
        "C_01_0F_29A_12B_03",
        "C_03_0F_299_126_03",
        "C_05_0F_296_129_03",
        "C_07_0F_299_12A_03",
        "C_09_0F_297_126_03",
        "C_0B_0F_29A_125_03",
        "C_0D_0F_295_127_03",
        "C_0F_0F_29B_129_03",
    ]
    assert said.record("V", 1) == "V_295_0D_29B_0F_2A8"
    assert said.record("U", 1) == "U_26ED_+0000_+0000_+0000"
    assert said.record("T", 1) == "T_125_0B_12B_01"


def test_one_cycle_of_the_latest_generation() -> None:
    pack = still(connected(cells=4, temperature=25))
    heard = stream(pack)
    shapes = {
        "U": r"U_0[0-9A-F]{3}_X0000_\+0000_X0000",
        "V": r"V_[0-9A-F]{3}_0\d_[0-9A-F]{3}_0\d_2BC",
        "T": r"T_12[0-9A-F]_0\d_12[0-9A-F]_0\d_XX",
        "C": r"C_0\d_04_[0-9A-F]{3}_12[0-9A-F]_03_30",
        "E": r"E_0001A4_[0-9A-F]{6}_000136_3[BC]",
        "M": r"M_0004D2_000460_0C:00",
        "H": r"H_5F_04D3_04DF_63_[0-9A-F]{6}_[0-9A-F]{6}",
        "B": r"B_00049C_00042C_000190_000122",
    }
    assert [record[0] for record in heard[:8]] == list("UVTCEMHB")
    assert all(re.fullmatch(shapes[record[0]], record) for record in heard)


def test_the_clock_is_hexadecimal() -> None:
    it = board()
    it.meters.clock = 23 * 3600 + 3 * 60
    assert Lines(it).record("M", 1).endswith("_17:03")


def test_unknown_health_is_all_ones() -> None:
    it = board()
    it.soh = it.efficiency = None
    assert re.fullmatch("H_FF_0514_0521_FF_.*", Lines(it).record("H", 1))


@pytest.mark.parametrize(("label", "record"), [(GEN3_NUS, "-0190"), (replace(GEN2_BRSP, sensor_step=0.125), "-00A0")])
def test_currents_have_the_unit_of_the_generation(label, record) -> None:
    it = board(label=label, profile=lambda _: -20.0)
    it.step(1)
    assert Lines(it).record("U", 1).split("_")[2:4] == ["X0000", record]


def test_cells_take_turns_and_places_may_be_empty() -> None:
    pack = still(connected(cells=3, slots=5))
    cells = [record for record in stream(pack, 6) if record[0] == "C"]
    numbers = [int(record[2:4], 16) for record in cells]
    first = numbers[0]
    assert numbers[:5] == [(first + place - 1) % 5 + 1 for place in range(5)]
    assert {record[5:] for record in cells if int(record[2:4]) > 3} == {"03_000_000_03_30"}


def test_a_fast_unit_has_half_the_cycle() -> None:
    heard = {}
    for cycle in (1.0, 0.5):
        pack = connected(cycle=cycle)
        stream(pack)
        heard[cycle] = sum(record[0] == "U" for record in lines(pack, 9.9))
    assert heard[1.0] in {9, 10, 11}
    assert heard[0.5] in {19, 20, 21}


def test_the_battery_moves_once_per_cycle() -> None:
    pack = smart123_pack()
    for _ in range(49):
        pack.advance(0.02)
    assert pack.board.battery.now == 0
    pack.advance(0.02)
    assert pack.board.battery.now == 1
    pack.advance(10)
    assert pack.board.battery.now == 11


def test_widths_and_ends_vary() -> None:
    pack = still(connected(cells=4, extra_digits=2, record_end=b" "))
    heard = stream(pack)
    assert re.fullmatch("C_000._0004_00..._00..._0003_0030", next(record for record in heard if record[0] == "C"))
    narrow = Lines(board(label=replace(GEN3_NUS, extra_digits=-9)))
    assert re.fullmatch("E_1A4_..._136_3[BC]", narrow.record("E", 1))
    assert narrow.answer("V@").startswith("33B_03_05_3_2BC_")


def test_a_query_is_answered_while_records_stream() -> None:
    pack = connected()
    stream(pack)
    heard = say(pack, "S3@", 2)
    place = heard.index("S3@")
    answer = next(line for line in heard[place:] if line.startswith("00_"))
    assert answer.endswith(f"_{checksum(answer[:-3]):02X}")
    assert {line[0] for line in heard} >= set("UVTCEMHB")
    assert say(pack, "D!")[-1] == "OK"
    assert lines(pack, 3) == []


def test_the_stream_begins_with_a_whole_cycle_and_ends_at_once() -> None:
    pack = connected(ping_flush=False)
    listen(pack, 0.95 - pack.now)
    assert say(pack, "E!", 1.0) == ["E!", "OK"]
    assert [line[0] for line in lines(pack, 0.4)] == list("UVTC")
    assert say(pack, "D!", 3.0) == ["D!", "OK"]


# Queries and writes.


def test_queries_of_the_latest_generation() -> None:
    pack = still(connected(cells=8))
    pack.board.settings.relay2_force = 2
    assert ask(pack, "S1@") == ["01F4", "012C", "001A", "31323334"]
    assert ask(pack, "S2@") == ["230", "2DA", "10F", "149", "5A", "14", "0F7", "24E", "280", "0A", "05"]
    assert ask(pack, "S3@") == ["00", "00", "00", "00", "00", "00", "00", "05", "05", "01", "01", "19"]
    assert ask(pack, "SRY0@") == ["00", "01", "00"]
    assert ask(pack, "SRY1@") == ["02", "02", "00"]
    assert ask(pack, "TS@") == [f"{int(pack.board.meters.uptime):08X}"]
    assert [ask(pack, f"L{place}@") for place in range(10)] == [["00000000", "00", "000", "00"]] * 10
    pack.board.log.entries[9] = Entry(1000, 4, 330, 7)
    assert ask(pack, "L9@") == ["000003E8", "04", "14A", "07"]
    pack.board.history.ring[167] = 55
    assert ask(pack, "H0@") == ["00", "3C" + "FF" * 11] or ask(pack, "H0@") == ["00", "3B" + "FF" * 11]
    assert ask(pack, "HD@") == ["00", "FF" * 11 + "37"]
    assert ask(still(connected(sensor_range=1000.0)), "S3@")[0] == "0B"


def test_older_units_know_less() -> None:
    pack = connected(GEN2_BRSP, cells=15)
    assert ask(pack, "V@") == ["17", "03", "05", "03", "2BC"]
    assert len(ask(pack, "S2@")) == 6
    for query in ("S3@", "SRY0@", "TS@", "L0@", "H0@", "02-050!"):
        assert say(pack, query) == [query, "NA"]
    assert not pack.change_elsewhere(b"02-050!\r")


WRITES = {
    "solar_peak": 0x010,
    "inverter_peak": 0x020,
    "capacity": 0x030,
    "v_min": 0x040,
    "v_low": 0x044,
    "v_nominal": 0x046,
    "v_max": 0x050,
    "t_min_charge": 0x060,
    "t_min_discharge": 0x062,
    "t_max": 0x070,
    "charge_restart_delay": 0x082,
    "discharge_restart_delay": 0x084,
    "chemistry": 0x015,
    "sensor_type": 0x016,
    "critical": 0x017,
    "charge_forced_off": 0x019,
    "discharge_forced_off": 0x01A,
    "v_min_hysteresis": 0x042,
    "v_max_hysteresis": 0x052,
    "charge_pause_delay": 0x086,
    "discharge_pause_delay": 0x087,
    "use_measured_capacity": 0x08B,
    "soc_voltage_correction": 0x08D,
    "invert_charge_sensor": 0x08E,
    "invert_discharge_sensor": 0x08F,
    "tail_current": 0x092,
    "relay1_function": 0x340,
    "relay1_inverted": 0x341,
    "relay1_force": 0x342,
    "relay2_function": 0x360,
    "relay2_inverted": 0x361,
    "relay2_force": 0x362,
}
WORDS = list(WRITES)[:12]


@pytest.mark.parametrize("name", WRITES)
def test_settings_can_be_written(name) -> None:
    pack, address = smart123_pack(), WRITES[name]
    if name in WORDS:
        assert pack.change_elsewhere(f"02-{address:03X}!\r".encode())
        assert pack.change_elsewhere(f"D0-{address + 1:03X}!\r".encode())
        assert getattr(pack.board.settings, name) == 720
    else:
        assert pack.change_elsewhere(f"01-{address:03X}!\r".encode())
        assert getattr(pack.board.settings, name) == 1


def test_half_a_number_counts_at_once() -> None:
    pack = connected()
    pack.board.settings.v_min = 510
    assert say(pack, "02-040!", 2) == ["02-040!", "OK"]
    assert pack.board.settings.v_min == 0x2FE
    assert not pack.board.relays.load
    assert say(pack, "08-041!", 2) == ["08-041!", "OK"]
    assert pack.board.settings.v_min == 520
    assert pack.board.relays.load


@pytest.mark.parametrize("line", ["01-080!", "02-017!", "05-340!", "00-999!", "0C-016!"])
def test_writes_that_make_no_sense_are_refused(line) -> None:
    pack = connected()
    assert say(pack, line) == [line, "KO"]
    assert not pack.change_elsewhere(line.encode() + b"\r")


def test_a_second_master_needs_no_pin() -> None:
    pack = smart123_pack()
    assert pack.change_elsewhere(b"01-017!\r")
    assert pack.board.thresholds.critical
    for refused in (b"V@\r", b"", b"01-017\r", b"\xff"):
        assert not pack.change_elsewhere(refused)


# Frames.


def test_a_real_frame_comes_out_the_same() -> None:
    it = board(35, label=replace(OLD_FIRMWARE_BRIDGE, clock_order="minutes_first"), chemistry=Chemistry.NMC)
    volts = {11: 3.64, 27: 3.66}
    degrees = {6: 292, 20: 295}
    for number, cell in enumerate(it.battery.cells, 1):
        cell.voltage = volts.get(number, 3.645)
        cell.temperature = degrees.get(number, 293) * 0.857 - 232.1
    it.fit(it.label)
    it.settings.capacity = 130
    it.stored = 6251
    meters = it.meters
    meters.collected.total, meters.consumed.total, meters.clock = 27.5, 0, 19 * 3600 + 119
    meters.collected.today = meters.consumed.today = 0
    mask = (
        "0063??5830305830302b000002d?0b02d?1b012406012714??23????????0300000000186b000000"
        "3000001b000000011300??02a8033e0320"
    )
    got = frame(it, 0, 36)
    assert re.fullmatch(mask.replace("?", "."), got[:57].hex())
    assert got[24:30] == bytes.fromhex("24 23 0000 0000")
    assert len(got) == 58
    assert got[57] == sum(got[:57]) & 0xFF


def test_the_currents_of_a_frame_have_signs() -> None:
    it = board(label=replace(BRIDGE, sensors=2), profile=lambda _: -8.0, load=lambda _: 32.0)
    it.step(1)
    assert frame(it, 0, 1)[3:12] == b"+\x00\xc0+\x01\x00-\x00\x40"
    it.current = 1e6
    assert frame(it, 0, 1)[9:12] == b"+\xff\xff"


def test_a_full_turn_of_keys() -> None:
    it = board(label=BRIDGE)
    at_rest(it, [3.3] * 4, -25)
    it.meters.charged.total, it.meters.discharged.total = 66_000.9, 300
    pairs = [key_value(it, turn) for turn in range(KEYS)]
    assert [pair[0] for pair in pairs] == list(range(25, 44))
    assert bytes(pair[1] for pair in pairs).hex() == "5f63024e0280330bc6510101d000012c0c02bc"
    it.soh = it.efficiency = None
    assert [key_value(it, turn) for turn in (19, 20)] == [b"\x19\xff", b"\x1a\xff"]


def test_a_bridge_sends_frames_by_itself_and_ignores_what_it_is_told() -> None:
    pack = connected(BRIDGE, cells=4, slots=6)
    pack.write(NUS_WRITE, b"PW1234!\rE!\r")
    heard = listen(pack, 6.0, ping=False)
    assert [len(part) for part in heard] == [20, 20, 18] * 6
    frames = [b"".join(heard[start : start + 3]) for start in range(0, 18, 3)]
    assert all(sum(part[:57]) & 0xFF == part[57] for part in frames)
    first = frames[0][24] - 1
    assert [part[24] for part in frames] == [(first + place) % 6 + 1 for place in range(6)]
    assert [part[47] for part in frames] == [frames[0][47] + place for place in range(6)]
    assert pack.written[-1] == b"PW1234!\rE!\r"
    assert not pack.streaming


def test_older_firmware_has_a_clock_instead_of_keys() -> None:
    for order, clock in (("hours_first", b"\x0c\x00"), ("minutes_first", b"\x00\x0c")):
        pack = connected(OLD_FIRMWARE_BRIDGE, clock_order=order)
        assert b"".join(listen(pack, 1.0, ping=False))[47:49] == clock
    assert replace(BRIDGE, firmware=(3, 3, 6)).key_values
    assert not replace(BRIDGE, firmware=(3, 3, 5)).key_values


def test_frames_can_be_glued_halted_and_of_no_cell() -> None:
    pack = connected(BRIDGE)
    pack.glue = True
    assert [len(part) for part in listen(pack, 4.0)] == [116, 116]
    pack.glue, pack.cell_zero = False, True
    assert b"".join(listen(pack, 1.0))[24:30] == bytes.fromhex("00 08 0000 0000")
    pack.cell_zero, pack.absent = False, set(range(1, 9))
    got = b"".join(listen(pack, 1.0))
    assert got[12:30] == bytes(13) + b"\x08" + bytes(4)
    pack.stream_stops = True
    assert listen(pack, 3.0) == []
    pack.stream_stops = False
    assert len(listen(pack, 3.0)) == 9


# Faults.


def test_a_silent_unit() -> None:
    pack = connected()
    pack.faults.silent = True
    assert say(pack, "D!") == []


def test_a_frozen_unit_goes_on_sending_the_same() -> None:
    for label in (GEN3_NUS, BRIDGE):
        pack = still(connected(label, profile=lambda now: 10 * now % 7))
        if label is GEN3_NUS:
            stream(pack)
            assert len({line for line in lines(pack, 5) if line[0] in "UVTEMHB"}) == 7
        else:
            heard = b"".join(listen(pack, 5))
            assert len({heard[start : start + 24] for start in range(0, len(heard), 58)}) == 1
            assert len({heard[start + 24] for start in range(0, len(heard), 58)}) == 5
        assert pack.board.battery.now <= 1


def test_notifications_are_broken_lost_and_doubled() -> None:
    for fault in ("corrupt_every", "lose_every", "duplicate_every"):
        good, bad = still(connected()), still(connected())
        bad.board.meters.uptime = good.board.meters.uptime
        setattr(bad.faults, fault, 3)
        for pack in (good, bad):
            pack.write(NUS_WRITE, b"E!\r")
        first, second = listen(good, 3), listen(bad, 3)
        assert first != second
        assert (len(first) - len(second) > 0) is (fault == "lose_every")
        assert (len(second) - len(first) > 0) is (fault == "duplicate_every")


def test_writes_without_a_word_take_effect() -> None:
    pack = connected()
    pack.faults.lose_ready = True
    assert say(pack, "01-017!") == ["01-017!"]
    assert pack.board.settings.critical == 1
    assert say(pack, "02-017!") == ["02-017!", "KO"]
    assert say(pack, "E!")[:2] == ["E!", "OK"]


def test_answers_to_writes_can_be_late() -> None:
    pack = connected()
    pack.faults.ready_delay = 1.5
    assert say(pack, "01-017!", 1.0) == ["01-017!"]
    assert lines(pack, 1.0) == ["OK"]


def test_forgotten_and_distorted_writes_are_acknowledged() -> None:
    pack = connected()
    pack.faults.forget_writes = True
    assert say(pack, "01-017!")[-1] == "OK"
    assert say(pack, "02-017!")[-1] == "KO"
    assert pack.board.settings.critical == 0
    pack.faults.forget_writes, pack.faults.distort_writes = False, True
    assert say(pack, "D0-051!")[-1] == "OK"
    assert pack.board.settings.v_max == 0x2CF
    assert say(pack, "04-340!")[-1] == "OK"
    assert pack.board.settings.relay1_function == 3


def test_answers_to_queries_can_be_broken() -> None:
    pack = connected()
    good = say(pack, "S3@")[-1]
    pack.faults.corrupt_settings = 2
    answers = [say(pack, "S3@")[-1] for _ in range(3)]
    assert [answer == good for answer in answers] == [False, False, True]
    assert {answer[:-2] for answer in answers} == {good[:-2]}


def test_a_line_may_never_end() -> None:
    pack = connected()
    stream(pack)
    pack.endless_line = True
    listen(pack, 2)
    heard = b"".join(listen(pack, 5))
    assert len(heard) > 200
    assert set(heard) == set(b"0123456789ABCDEF")
    pack.endless_line = False
    assert len(lines(pack, 3)) > 8


def test_the_stream_may_stop_without_a_word() -> None:
    pack = connected()
    stream(pack)
    pack.stream_stops = True
    listen(pack, 2)
    assert lines(pack, 3) == []
    assert (pack.stream_stops, pack.streaming) == (False, False)
    assert len(stream(pack)) >= 8


def test_records_may_be_bad() -> None:
    pack = still(connected())
    stream(pack)
    listen(pack, 1)
    pack.wrong_hex = 8
    heard = [line for line in lines(pack, 3) if line[3] == "G"]
    assert [line[0] for line in heard] == list("UVTCEMHB")
    pack.missing_fields = 3
    short = [line for line in lines(pack, 3) if line.count("_") == 2]
    assert [line[0] for line in short] == list("UVT")
    assert (pack.wrong_hex, pack.missing_fields) == (0, 0)


def test_records_may_be_odd() -> None:
    pack = still(connected())
    pack.unknown_records = pack.cell_zero = True
    heard = stream(pack)
    assert {"Z_01_0203", "Q_0001_+0002_03_04_05_06", "C_00_08_000_000_03_30"} <= set(heard)
    assert [line[0] for line in heard[:11]] == list("UVTCCEMHBZQ")


def test_cells_may_be_absent() -> None:
    pack = still(connected(cells=3))
    pack.absent = {2}
    heard = stream(pack, 4)
    assert "C_02_03_XXX_XXX_03_30" in heard
    assert pack.absent == {2}
    low, high = next(line.split("_")[2:5:2] for line in heard if line[0] == "V")
    assert {low, high} <= {"01", "03"}
    pack.absent = {1, 2, 3}
    assert Lines(pack.board).record("V", 1) == "V_XXX_XX_XXX_XX_2BC"


def test_the_chain_may_be_broken() -> None:
    pack = connected()
    pack.comm_error = True
    heard = stream(pack, 3)
    assert [line for line in heard if line[0] == "C"][-1].endswith("_04_00")
    assert pack.comm_error
    pack.comm_error = False
    assert [line for line in lines(pack, 3) if line[0] == "C"][-1].endswith("_03_30")


def test_junk_comes_in_between() -> None:
    pack = connected()
    pack.garbage = 50
    heard = b"".join(listen(pack, 3))
    assert (len(heard), pack.garbage) == (50, 0)
    assert len(say(pack, "D!")) >= 2
    bridge = connected(BRIDGE)
    bridge.garbage = 7
    got = b"".join(listen(bridge, 2.0))
    assert len(got) == 7 + 2 * 58
    assert sum(got[7:64]) & 0xFF == got[64]
    other = connected(BRIDGE)
    other.garbage = 7
    assert b"".join(listen(other, 1.0))[:7] == got[:7]


def test_it_can_be_built_by_hand() -> None:
    battery = Battery(cells=2, capacity=10)
    settings = replace(Settings.for_battery(battery), pin="0007")
    pack = Smart123Peripheral(
        "00:00:00:00:00:01", "123BMS-BLE1", GEN2_BRSP, Smart123Board(battery, settings, load=lambda _: 1.0)
    )
    assert pack.board.settings.pin == "0007"
    assert pack.name == "123BMS-BLE1"
