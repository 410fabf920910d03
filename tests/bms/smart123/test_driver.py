"""The conversation over all three transports, with everything that goes wrong on the way."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
import re

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.connection import Connection
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import ConnectionLostError, NotThisKindError, SilentError
from custom_components.smart_bms.bms.event_log import EventKind
from custom_components.smart_bms.bms.pack import Change
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.bms.smart123.driver import Smart123Driver
from custom_components.smart_bms.bms.smart123.exchange import DEFAULT_TIMING, Exchange
from custom_components.smart_bms.bms.smart123.frames import checksum
from custom_components.smart_bms.simulator.peripheral import Characteristic, Service
from custom_components.smart_bms.simulator.radio import _services
from custom_components.smart_bms.simulator.smart123.labels import (
    BRIDGE,
    GEN2_BRSP,
    GEN3_BRSP,
    GEN3_NUS,
    OLD_FIRMWARE_BRIDGE,
)
from tests.support.packs import smart123_pack
from tests.support.radio import FAST_SMART123
from tests.support.smart123_wire import PIN, fresh, running_smart123, sent
from tests.support.waiting import until

LABELS = {
    "gen3_nus": (GEN3_NUS, PIN, "gen3"),
    "gen3_brsp": (GEN3_BRSP, PIN, "gen3"),
    "gen2_brsp": (GEN2_BRSP, None, "gen2"),
    "bridge": (BRIDGE, None, "frame58_keys"),
    "old_bridge": (OLD_FIRMWARE_BRIDGE, None, "frame58"),
}
QUERY = re.compile(r"(V|S[123]|SRY[01]|TS|L\d|H[0-9A-D])@")
HARMLESS = re.compile(r"PW\d{4}!|[ED]!|" + QUERY.pattern + "|\x01")


def unit(name: str, **changes):
    label, pin, variant = LABELS[name]
    bridge = label.transport == "bridge"
    pack = smart123_pack(label, name="UART" if bridge else "123\\SmartBMS", **changes)
    return pack, pin, variant


@pytest.mark.parametrize("name", LABELS)
async def test_every_unit_tells_what_its_battery_does(monkeypatch, name) -> None:
    peripheral, pin, variant = unit(name, profile=lambda _: -20.0)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.last_identity.variant == variant)
        await until(lambda: None not in (pack.last_reading.cell_voltages or (None,)))
        await until(lambda: pack.last_reading.soc is not None)
        await until(lambda: pack.last_reading.current is not None and pack.last_reading.current < -15)
        reading, battery = pack.last_reading, peripheral.board.battery
        assert reading.voltage == pytest.approx(battery.voltage, abs=0.1)
        assert reading.current == pytest.approx(-20, abs=0.3)
        assert reading.power == pytest.approx(-20 * battery.voltage, rel=0.05)
        assert reading.soc == pytest.approx(59, abs=1)
        assert reading.cell_count == 8
        for shown, cell in zip(reading.cell_voltages, battery.cells, strict=True):
            assert shown == pytest.approx(cell.voltage, abs=0.02)
        for shown, cell in zip(reading.cell_temperatures, battery.cells, strict=True):
            assert shown == pytest.approx(cell.temperature, abs=1.5)
        assert reading.charging_enabled
        assert reading.discharging_enabled
        assert reading.alarms == ()
        assert reading.details["soc_calibrated"]
        await until(lambda: pack.current_settings is not None)
        assert pack.current_settings.values["cell_overvoltage"] == 3.65


@pytest.mark.parametrize("name", LABELS)
async def test_only_what_reads_is_ever_sent_and_nothing_at_all_to_a_bridge(monkeypatch, name) -> None:
    peripheral, pin, _ = unit(name)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        await asyncio.sleep(0.3)
    assert all(HARMLESS.fullmatch(text) for text in sent(peripheral))
    if peripheral.label.transport == "bridge":
        assert not peripheral.written
    else:
        assert sent(peripheral)[-1] == "D!"


async def test_cells_appear_as_they_come_each_with_its_own_age(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", cells=40)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        reading = pack.last_reading
        assert len(reading.cell_voltages) == 40
        assert None in reading.cell_voltages
        assert reading.cell_voltage_mean is None
        assert reading.cell_count == 40
        assert reading.cell_voltage_min is not None  # the pack says so itself
        await until(lambda: None not in pack.last_reading.cell_voltages)
        reading = pack.last_reading
        assert len(set(reading.cell_times)) > 30
        assert reading.cell_voltage_mean is not None


async def test_cells_that_are_not_heard_of_any_more_become_unknown(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        peripheral.absent = {3}
        await until(lambda: pack.last_reading.cell_voltages[2] is None)
        assert pack.last_reading.cell_voltages[3] is not None
        assert 3 not in pack.last_reading.balancing_cells


async def test_slots_above_the_cells_are_passed_over(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp", slots=12)
    async with running_smart123(monkeypatch, peripheral) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        await asyncio.sleep(0.7)
        assert len(pack.last_reading.cell_voltages) == 8
        assert not pack.dropped


# PIN.


async def test_without_a_pin_it_is_asked_for(monkeypatch) -> None:
    peripheral, _, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.PASSWORD_NEEDED)
        await asyncio.sleep(0.3)
        assert not any(text.startswith("PW") for text in sent(peripheral))
        assert sent(peripheral).count("E!") == 2  # the first answer could have been a late one


async def test_a_board_that_needs_no_pin_is_not_given_one(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp")
    async with running_smart123(monkeypatch, peripheral):
        assert not any(text.startswith("PW") for text in sent(peripheral))


@pytest.mark.parametrize("name", ["gen3_nus", "gen3_brsp"])
@pytest.mark.parametrize("reply", ["NA", "WRONG", "KO"])
async def test_a_wrong_pin_is_tried_once_and_never_again(monkeypatch, name, reply) -> None:
    peripheral, _, _ = unit(name, wrong_pin_reply=reply)
    async with running_smart123(monkeypatch, peripheral, streaming=False, password="4321") as pack:
        await until(lambda: pack.state is ConnectionState.WRONG_PASSWORD)
        await asyncio.sleep(0.3)
        assert [text for text in sent(peripheral) if text.startswith("PW")] == ["PW4321!"]
        assert "4321" not in str(pack.last_error)


@pytest.mark.parametrize("pin", ["", "12", "12345", "12a4"])
async def test_what_cannot_be_a_pin_is_not_sent(monkeypatch, pin) -> None:
    peripheral, _, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        await until(lambda: pack.state is ConnectionState.WRONG_PASSWORD)
        assert not any(text.startswith("PW") for text in sent(peripheral))


async def test_a_unit_that_is_locked_refuses_the_right_pin_and_is_not_asked_again(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    peripheral.pin_locked = True
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        await until(lambda: pack.state is ConnectionState.WRONG_PASSWORD)
        await asyncio.sleep(0.2)
        assert sum(text.startswith("PW") for text in sent(peripheral)) == 1


async def test_a_pin_that_is_never_answered_is_not_tried_for_ever(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    peripheral.faults.silent = True
    kept: dict = {}
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin, learned=kept) as pack:
        await until(lambda: pack.state is ConnectionState.WRONG_PASSWORD)
        assert sum(text.startswith("PW") for text in sent(peripheral)) == 3
    peripheral.faults.silent = False
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept):
        assert "silent_pins" not in kept


async def test_a_pin_that_was_accepted_is_not_doubted_when_the_unit_falls_silent(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    kept: dict = {}
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        assert kept["pin_accepted"]
        peripheral.faults.silent = True
        sessions = pack.sessions
        await until(lambda: pack.sessions >= sessions + 5, 20)
        assert pack.state is not ConnectionState.WRONG_PASSWORD
        peripheral.faults.silent = False
        await until(lambda: pack.state is ConnectionState.STREAMING)


async def test_a_unit_that_takes_the_pin_and_refuses_the_stream_is_no_reason_to_ask_for_another(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    answer = peripheral.dialect._answer
    monkeypatch.setattr(
        peripheral.dialect, "_answer", lambda command, faults: "NA" if command == "E!" else answer(command, faults)
    )
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        await until(lambda: pack.state is ConnectionState.SILENT)


async def test_a_newer_unit_that_says_nothing_without_a_pin_is_asked_for_one(monkeypatch) -> None:
    peripheral, _, _ = unit("gen3_nus")
    peripheral.faults.silent = True
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.PASSWORD_NEEDED)


async def test_an_older_unit_that_says_nothing_is_silent(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp")
    peripheral.faults.silent = True
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.SILENT)


# Which transport.


@pytest.mark.parametrize("named", [True, False])
async def test_the_newer_module_is_known_by_its_type_or_its_name(monkeypatch, named) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    if named:
        peripheral.manufacturer_data = {}
    else:
        peripheral.name = "Shed"
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        assert pack.last_identity.variant == "gen3"
        assert "transport" not in pack.context.learned


async def test_the_type_is_kept_for_the_day_on_which_the_advertisement_is_not_heard_whole(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_brsp")
    kept: dict = {}
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept):
        assert kept["device_type"] == 4
    async with running_smart123(
        monkeypatch, peripheral, password=pin, learned=kept, advertisement=lambda: None
    ) as pack:
        assert pack.last_identity.variant == "gen3"


async def test_an_unknown_device_without_frames_is_spoken_to(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin, advertisement=lambda: None) as pack:
        assert pack.last_identity.variant == "gen3"


async def test_that_frames_come_is_remembered_however_long_the_chain_is_broken(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    kept: dict = {}
    async with running_smart123(monkeypatch, peripheral, learned=kept) as pack:
        assert kept["transport"] == "frames"
        peripheral.stream_stops = True
        await until(lambda: pack.sessions > 1, 8)
        assert not peripheral.written
        peripheral.stream_stops = False
        await until(lambda: pack.last_reading.voltage is not None)


@pytest.mark.parametrize("lose_every", [2, 3, 4])
async def test_a_bridge_whose_frames_do_not_arrive_whole_is_not_written_to(monkeypatch, lose_every) -> None:
    peripheral, _, _ = unit("bridge")
    peripheral.faults.lose_every = lose_every
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.SILENT or pack.last_reading is not None)
        assert not peripheral.written
        peripheral.faults.lose_every = 0
        await until(lambda: pack.state is ConnectionState.STREAMING)


async def test_a_bridge_that_is_silent_is_silent_and_asks_for_no_pin(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    peripheral.stream_stops = True
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.SILENT)


@pytest.mark.parametrize("kind", [0, 1, 5])
async def test_another_product_of_the_vendor_is_sent_nothing(monkeypatch, kind) -> None:
    peripheral, pin, _ = unit("gen3_nus", device_type=kind)
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        await until(lambda: pack.state is ConnectionState.NOT_THIS_KIND)
        assert not peripheral.written


@pytest.mark.parametrize("kind", [2, 3])
async def test_a_type_that_is_not_known_to_speak_is_listened_to_first(monkeypatch, kind) -> None:
    peripheral, _, _ = unit("bridge")
    peripheral.manufacturer_data = {2330: bytes((0, kind, 13, 2))}
    async with running_smart123(monkeypatch, peripheral) as pack:
        assert pack.last_identity.variant.startswith("frame58")
        assert not peripheral.written


@pytest.mark.parametrize(("chosen", "name"), [("frames", "bridge"), ("records", "gen3_nus")])
async def test_the_owner_may_choose_the_transport(monkeypatch, chosen, name) -> None:
    peripheral, pin, _ = unit(name)
    options = {"transport": chosen}
    async with running_smart123(
        monkeypatch, peripheral, password=pin, options=options, advertisement=lambda: None
    ) as pack:
        assert pack.last_reading is not None
        assert pack.last_identity.variant.startswith("frame58" if chosen == "frames" else "gen3")


@pytest.mark.parametrize(("service", "notify", "write"), [(0xFFE0, 0xFFE1, 0xFFE1), (0xFFF0, 0xFFF1, 0xFFF2)])
async def test_common_bridges_are_known(monkeypatch, service, notify, write) -> None:
    peripheral, _, _ = unit("bridge")
    uuid = "0000{:04x}-0000-1000-8000-00805f9b34fb".format
    characteristics = [Characteristic(15, uuid(notify), ("notify",)), Characteristic(13, uuid(write), ("write",))]
    if notify == write:
        characteristics = [Characteristic(15, uuid(notify), ("notify", "write"))]
    peripheral.services = (Service(10, uuid(service), tuple(characteristics)),)
    async with running_smart123(monkeypatch, peripheral) as pack:
        assert pack.last_identity.variant.startswith("frame58")


def test_a_device_without_a_serial_service_is_not_ours() -> None:
    peripheral, _, _ = unit("gen3_nus")
    peripheral.services = ()
    with pytest.raises(NotThisKindError):
        Smart123Driver.choose_channel(_services(peripheral))


def test_the_older_module_needs_its_mode() -> None:
    peripheral, _, _ = unit("gen2_brsp")
    (service,) = peripheral.services
    mode = "a87988b9-694c-479c-900e-95dfa6c00a24"
    less = tuple(item for item in service.characteristics if item.uuid != mode)
    peripheral.services = (replace(service, characteristics=less),)
    with pytest.raises(NotThisKindError, match="mode"):
        Smart123Driver.choose_channel(_services(peripheral))
    info = "99564a02-dc01-4d3c-b04e-3bb1ef0571b2"
    less = tuple(item for item in service.characteristics if item.uuid != info)
    peripheral.services = (replace(service, characteristics=less),)
    channel = Smart123Driver.choose_channel(_services(peripheral))
    assert [data for _, data in channel.opening] == [b"\x01"]


# Bad reception and bad units.


@pytest.mark.parametrize(
    "fault",
    ["glue", "unknown_records", "cell_zero"],
)
@pytest.mark.parametrize("name", ["gen3_nus", "gen2_brsp"])
async def test_oddities_cost_nothing(monkeypatch, name, fault) -> None:
    peripheral, pin, _ = unit(name)
    setattr(peripheral, fault, True)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        await until(lambda: pack.current_settings is not None)
        for _ in range(5):
            await until(fresh(pack))


@pytest.mark.parametrize(
    ("fault", "value", "reason"),
    [("wrong_hex", 5, "not_a_number"), ("missing_fields", 5, "length"), ("garbage", 3000, None)],
)
async def test_broken_lines_are_counted_and_cost_only_themselves(monkeypatch, fault, value, reason) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        setattr(peripheral, fault, value)
        await until(lambda: not getattr(peripheral, fault))
        await until(fresh(pack))
        assert pack.state is ConnectionState.STREAMING
        assert reason is None or pack.dropped[reason]


@pytest.mark.parametrize("name", ["gen3_nus", "bridge"])
async def test_bad_reception_costs_records_but_neither_the_link_nor_the_truth(monkeypatch, name) -> None:
    peripheral, pin, _ = unit(name)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        peripheral.faults.corrupt_every = 13
        peripheral.faults.lose_every = 17
        peripheral.faults.duplicate_every = 19
        true = peripheral.board.battery.voltage
        for _ in range(30):
            await until(fresh(pack))
            reading = pack.last_reading
            assert reading.voltage == pytest.approx(true, abs=20)
            assert reading.soc in range(55, 65)
            for voltage in filter(None, reading.cell_voltages):
                assert voltage == pytest.approx(true / 8, abs=0.25)
        assert pack.dropped


async def test_hex_without_any_end_stops_nothing_but_itself(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        peripheral.endless_line = True
        await until(lambda: pack.dropped["broken_line"])
        await until(lambda: pack.connection_state(asyncio.get_running_loop().time()) is not ConnectionState.STREAMING)
        peripheral.endless_line = False
        await until(fresh(pack))


async def test_a_stream_that_stops_is_asked_for_again_without_reconnecting(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        starts = sent(peripheral).count("E!")
        peripheral.stream_stops = True
        await until(lambda: sent(peripheral).count("E!") > starts)
        await until(fresh(pack))
        assert pack.sessions == 1


async def test_a_unit_that_went_dumb_is_reconnected(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        peripheral.faults.silent = True
        await until(lambda: pack.state is ConnectionState.SILENT)
        peripheral.faults.silent = False
        await until(lambda: pack.state is ConnectionState.STREAMING)
        assert pack.sessions > 1


async def test_pings_that_are_ignored_leave_a_silent_unit(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen2_brsp")
    peripheral.refuse_pings = True
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        await until(lambda: pack.state in (ConnectionState.SILENT, ConnectionState.STREAMING))


async def test_one_ping_that_is_refused_is_forgiven_and_three_end_the_link(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        write, refusals = Connection.write, [1]

        async def refusing(self, data: bytes) -> None:
            if data == b"$" and refusals[0]:
                refusals[0] -= 1
                raise ConnectionLostError("refused")
            await write(self, data)

        monkeypatch.setattr(Connection, "write", refusing)
        await until(lambda: not refusals[0])
        await until(fresh(pack))
        assert pack.sessions == 1
        refusals[0] = 3
        await until(lambda: pack.sessions == 2)


async def test_a_link_that_breaks_is_taken_up_again(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        peripheral.hang_up = True
        await until(lambda: pack.sessions == 2)
        await until(fresh(pack))


# Alarms and the chain.


@pytest.mark.parametrize("name", ["gen3_nus", "gen2_brsp", "bridge"])
async def test_a_broken_chain_makes_all_measurements_unknown(monkeypatch, name) -> None:
    peripheral, pin, _ = unit(name)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        peripheral.comm_error = True
        await until(lambda: pack.last_reading.alarms == (Alarm.CELL_COMMUNICATION_FAULT,))
        reading = pack.last_reading
        assert reading.voltage is reading.current is reading.soc is None
        assert reading.cell_voltages == ()
        assert reading.problems
        peripheral.comm_error = False
        await until(lambda: pack.last_reading.voltage is not None)
        assert pack.last_reading.alarms == ()


async def test_frames_that_stop_say_that_the_cells_are_not_heard(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    async with running_smart123(monkeypatch, peripheral) as pack:
        peripheral.stream_stops = True
        await until(lambda: pack.last_reading.alarms == (Alarm.CELL_COMMUNICATION_FAULT,))
        assert pack.last_reading.voltage is None
        assert pack.is_fresh(asyncio.get_running_loop().time())
        peripheral.stream_stops = False
        await until(lambda: pack.last_reading.voltage is not None)


@pytest.mark.parametrize(
    ("change", "alarm"),
    [
        ({"soc": 1.03}, Alarm.CELL_OVERVOLTAGE),
        ({"soc": -0.02}, Alarm.CELL_UNDERVOLTAGE),
        ({"temperature": 70.0}, Alarm.CELL_OVERTEMPERATURE),
        ({"temperature": -30.0}, Alarm.CELL_UNDERTEMPERATURE),
    ],
)
async def test_the_lamps_are_alarms(monkeypatch, change, alarm) -> None:
    peripheral, pin, _ = unit("gen3_nus", **change)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        assert alarm in pack.last_reading.alarms
        assert pack.last_reading.problems


async def test_an_early_warning_is_no_problem_yet(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", soc=0.5)
    peripheral.board.settings.v_low = 700
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.last_reading.alarms == (Alarm.EARLY_WARNING,))
        assert pack.last_reading.problems == ()


async def test_an_uncalibrated_state_of_charge_says_so_and_is_no_alarm(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    peripheral.board.calibrated = False
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        assert pack.last_reading.details["soc_calibrated"] is False
        assert pack.last_reading.alarms == ()


async def test_balancing_is_what_the_documentation_derives(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", soc=0.99)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        await until(lambda: "balance_voltage" in pack.last_reading.details)
        assert pack.last_reading.balancing is False
        peripheral.board.battery.cells[2].soc = 1.02
        await until(lambda: pack.last_reading.balancing_cells == (3,))
        assert pack.last_reading.balancing


async def test_both_current_sensors_are_told_apart(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", sensors=2, profile=lambda _: 10.0)
    peripheral.board.load = lambda _: 30.0
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.last_reading.details.get("current_out") == pytest.approx(30, abs=0.2))
        reading = pack.last_reading
        assert reading.current == pytest.approx(10, abs=0.2)
        assert reading.details["current_in"] == pytest.approx(40, abs=0.2)
        assert reading.details["power_in"] == pytest.approx(40 * reading.voltage, rel=0.02)


async def test_another_number_of_cells_is_believed_when_it_is_said_twice(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        other, _, _ = unit("gen3_nus", cells=9)
        peripheral.board = peripheral.dialect.board = other.board
        peripheral.dialect.lines = other.dialect.lines
        await until(lambda: len(pack.last_reading.cell_voltages) == 9)
        await until(lambda: None not in pack.last_reading.cell_voltages)


# Formulas and scales.


async def test_the_other_formula_is_an_option(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", temperature=0.0)
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        usual = pack.last_reading.temperatures["lowest"]
    async with running_smart123(
        monkeypatch, peripheral, password=pin, options={"temperature_formula": "document"}
    ) as pack:
        assert usual - pack.last_reading.temperatures["lowest"] == pytest.approx(5, abs=0.7)
        assert pack.last_identity.details["temperature_formula"] == "document"


async def test_a_current_whose_step_is_not_known_is_not_shown(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp", profile=lambda _: -20.0, device_type=None)
    async with running_smart123(monkeypatch, peripheral, advertisement=lambda: None) as pack:
        assert pack.last_identity.variant == "records"
        await until(fresh(pack))
        assert pack.last_reading.current is None
        assert pack.last_reading.power is None
    async with running_smart123(
        monkeypatch, peripheral, advertisement=lambda: None, options={"current_scale": "125_ma"}
    ) as pack:
        await until(lambda: pack.last_reading.current == pytest.approx(-20, abs=0.2))


# Parameters.


async def test_parameters_are_asked_for_while_the_stream_pauses_and_the_pin_is_not_kept(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        values = pack.current_settings.values
        assert values["battery_capacity"] > 0
        assert values["chemistry"] == "lfp"
        assert values["relay_1_function"] == "allowed_to_charge"
        assert values["balance_start_voltage"] == 3.5
        assert not any("1234" in str(value) for value in values.values())
        assert not any(b"31323334" in frame for _, frame in pack.frames)
        assert not any(b"PW" in frame for _, frame in pack.frames)


async def test_one_parameter_is_read_again_with_those_that_come_along(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        before = pack.current_settings
        peripheral.written.clear()
        settings = await pack.read_settings("cell_overvoltage")
        assert [text for text in sent(peripheral) if QUERY.fullmatch(text)] == ["S2@"]
        assert settings.read_at("cell_overvoltage") > before.measured_at
        assert settings.read_at("battery_capacity") < settings.read_at("cell_overvoltage")
        assert settings.oldest < settings.measured_at
        assert settings.values == before.values


async def test_an_answer_with_a_wrong_checksum_is_asked_for_again(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    peripheral.faults.corrupt_settings = 2
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        assert pack.dropped["checksum"] == 2
        assert "cell_overvoltage" in pack.current_settings.values


async def test_parameters_that_never_come_are_not_asked_for_for_ever(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen2_brsp")
    peripheral.faults.corrupt_settings = 1000
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.dropped["settings_unread"] == 3, 12)
        await until(fresh(pack))
        assert pack.current_settings is None
        with pytest.raises(SilentError):
            await pack.read_settings()


async def test_an_older_unit_is_asked_only_for_what_it_knows(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp")
    async with running_smart123(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings is not None)
        await asyncio.sleep(0.2)
        assert {text for text in sent(peripheral) if text.endswith("@")} == {"V@", "S1@", "S2@"}


async def test_an_unknown_unit_is_asked_once_for_what_only_newer_ones_know(monkeypatch) -> None:
    peripheral, _, _ = unit("gen2_brsp")
    async with running_smart123(monkeypatch, peripheral, advertisement=lambda: None) as pack:
        await until(lambda: pack.current_settings is not None)
        assert "S3@" in sent(peripheral)
        assert "SRY0@" not in sent(peripheral)
        assert pack.last_identity.variant == "records"


async def test_an_unknown_unit_that_answers_it_is_a_newer_one(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_brsp")
    async with running_smart123(monkeypatch, peripheral, password=pin, advertisement=lambda: None) as pack:
        await until(lambda: pack.last_identity.variant == "gen3")
        assert pack.context.learned["generation"] == "gen3"


async def test_parameters_of_a_bridge_come_with_the_frames(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    async with running_smart123(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings is not None)
        assert (await pack.read_settings()).values["cell_undervoltage"] == 2.8
        await until(lambda: "nominal_cell_voltage" in pack.current_settings.values)
        await until(lambda: pack.last_identity.sw_version == "3.3.11")
        await until(lambda: pack.last_reading.soh == 95)
        assert pack.last_reading.cycles is not None
        with pytest.raises(ValueError, match="one way"):
            await pack.write("cell_overvoltage", 3.6)
        peripheral.stream_stops = True
        with pytest.raises(SilentError):
            await pack.read_settings()


async def test_nothing_is_known_before_it_was_listened_to(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    async with running_smart123(monkeypatch, peripheral, streaming=False) as pack:
        await until(lambda: pack.state is ConnectionState.IDENTIFYING)
        with pytest.raises(SilentError):
            await pack.read_settings()


# Event log, history, clock.


async def test_what_the_log_held_before_is_old_and_what_comes_is_told_once(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    peripheral.board.comm_error = True
    peripheral.advance(3.0)
    peripheral.board.comm_error = False
    peripheral.advance(3.0)
    kept: dict = {}
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        await until(lambda: "log" in kept)
        assert not pack.logged_events
        peripheral.comm_error = True
        await until(lambda: pack.logged_events)
        event = pack.logged_events.popleft()
        assert event.kind is EventKind.CELL_COMMUNICATION_FAULT
        assert 0 <= event.age < 60
        assert Change.LOGGED in pack.changes
    peripheral.comm_error = False
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        await until(lambda: pack.current_settings is not None)
        await asyncio.sleep(0.5)
        assert not pack.logged_events


async def test_the_history_is_only_asked_for_if_the_owner_wants_it(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: "log" in pack.context.learned)
        await asyncio.sleep(0.3)
        assert "H0@" not in sent(peripheral)
    async with running_smart123(monkeypatch, peripheral, password=pin, options={"import_history": True}) as pack:
        await until(lambda: pack.last_history is not None)
        assert pack.last_history[0] == pytest.approx(60, abs=1)
        assert Change.HISTORY in pack.changes


async def test_the_clock_is_compared_with_ours(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(
        monkeypatch, peripheral, password=pin, clock=lambda: datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    ) as pack:
        await until(lambda: "clock_offset" in pack.last_reading.details)
        assert -720 <= pack.last_reading.details["clock_offset"] < 720


def test_the_default_times_are_those_of_the_reference() -> None:
    assert DEFAULT_TIMING.ping <= 0.4
    assert DEFAULT_TIMING.listen == 3.0
    assert DEFAULT_TIMING.chain == 20.0


async def test_the_clock_of_older_frames_is_compared_once_its_order_is_certain(monkeypatch) -> None:
    peripheral, _, _ = unit("old_bridge")
    peripheral.board.meters.clock = 12 * 3600 + 40 * 60.0
    kept: dict = {}
    clock = lambda: datetime(2026, 11, 21, 12, 30, tzinfo=UTC)  # noqa: E731
    async with running_smart123(monkeypatch, peripheral, learned=kept, clock=clock) as pack:
        await until(lambda: "clock_offset" in pack.last_reading.details)
        assert pack.last_reading.details["clock_offset"] in (10, 11, 12)
        assert kept["hour_first"] is True


async def test_frames_with_another_number_of_cells_are_doubted_once(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    async with running_smart123(monkeypatch, peripheral) as pack:
        other, _, _ = unit("bridge", cells=9)
        peripheral.board = other.board
        await until(lambda: len(pack.last_reading.cell_voltages) == 9)
        assert pack.dropped["cell_count"] == 1


async def test_text_and_junk_behind_a_bridge_are_counted(monkeypatch) -> None:
    peripheral, _, _ = unit("bridge")
    async with running_smart123(monkeypatch, peripheral) as pack:
        pack._session._driver.notified(b"AT+NAME" * 20, asyncio.get_running_loop().time())
        await until(lambda: pack.dropped["checksum"])
        await until(fresh(pack))


def saying(peripheral, monkeypatch, answers: dict[str, str]) -> None:
    """Let the unit answer some queries with other fields; the checksum is made to fit."""
    answer = peripheral.dialect._answer

    def say(command: str, faults):
        body = answers.get(command)
        if body is None:
            return answer(command, faults)
        return body if body in ("NA", "KO", "OK") else f"{body}_{checksum(body):02X}"

    monkeypatch.setattr(peripheral.dialect, "_answer", say)


def saying_in_turn(peripheral, monkeypatch, query: str, *answers: str | None) -> None:
    """Let the unit answer a query with these fields, one after the other; None is the truth, and so is what follows."""
    said = iter(answers)
    answer = peripheral.dialect._answer

    def say(command: str, faults):
        body = next(said, None) if command == query else None
        return answer(command, faults) if body is None else f"{body}_{checksum(body):02X}"

    monkeypatch.setattr(peripheral.dialect, "_answer", say)


FALSE_LIMITS = "1F4_34A_10F_149_05_0A"
"""An answer to S2 that has the number of fields, and the checksum, of a right one: 4.21 V as the highest of a cell."""


async def test_parameters_count_when_they_were_told_twice(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    saying_in_turn(peripheral, monkeypatch, "S2@", FALSE_LIMITS)
    reported: list[object] = []
    async with running_smart123(monkeypatch, peripheral, streaming=False, password=pin) as pack:
        pack._listener = lambda change: reported.append(pack.last_settings) if change == "settings" else None
        await until(lambda: pack.current_settings is not None)
        assert sent(peripheral).count("S2@") == 3
        saying_in_turn(peripheral, monkeypatch, "S2@", FALSE_LIMITS)
        right = (await pack.read_settings("cell_overvoltage")).values["cell_overvoltage"]
    assert {settings.values["cell_overvoltage"] for settings in reported} == {right}
    assert right != 4.21


async def test_what_an_earlier_session_believed_is_not_asked_twice(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None)
        peripheral.written.clear()
        peripheral.faults.disconnect_after = 0
        await until(lambda: pack.sessions == 2 and pack.current_settings is not None)
        assert {name: sent(peripheral).count(name) for name in ("V@", "S1@", "S2@")} == {"V@": 1, "S1@": 1, "S2@": 1}


async def test_answers_that_never_agree_are_no_parameters(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    saying_in_turn(peripheral, monkeypatch, "S2@", *(f"1F4_{500 + n:03X}_10F_149_05_0A" for n in range(4)))
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None, 10)
        assert "cell_overvoltage" not in pack.current_settings.values


async def test_news_of_the_log_is_told_when_it_was_said_twice(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    saying(peripheral, monkeypatch, {f"L{place}@": "00_0_000_00" for place in range(10)})
    saying_in_turn(peripheral, monkeypatch, "L0@", "41_2_2DA_03", "40_5_000_00", "40_5_000_00")
    saying_in_turn(peripheral, monkeypatch, "L1@", *(f"{32 + n}_2_2DA_03" for n in range(4)))
    kept: dict = {"log": []}
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        await until(lambda: pack.logged_events)
        assert [event.kind for event in pack.logged_events] == [EventKind.CELL_COMMUNICATION_FAULT]
        assert kept["log"] == [[64, 5, 0, 0]]
        assert pack.dropped["unconfirmed"] == 1


async def test_an_entry_of_the_log_that_cannot_be_read_once_is_not_told_again(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    known = [50, 5, 0, 0]
    kept: dict = {"log": [known]}
    answers = {"L0@": "32_9_0_0", "L1@": "40_5_000_00"}
    saying(peripheral, monkeypatch, answers)
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        await until(lambda: pack.logged_events)
        assert len(pack.logged_events) == 1
        assert known in kept["log"]
        assert pack.dropped["unknown_type"]
    answers["L0@"] = "32_5_0_0"
    async with running_smart123(monkeypatch, peripheral, password=pin, learned=kept) as pack:
        await until(lambda: pack.current_settings is not None)
        await asyncio.sleep(0.6)
        assert not pack.logged_events


async def test_a_log_that_is_not_told_is_not_asked_for_for_ever(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    saying(peripheral, monkeypatch, {"TS@": "NA"})
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.dropped["log_unread"] == 3)
        await asyncio.sleep(0.2)
        assert sent(peripheral).count("TS@") == 3
        assert "log" not in pack.context.learned


async def test_a_history_during_which_the_hour_turns_is_read_again(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    answers = {"HD@": "01_" + "32" * 12}
    saying(peripheral, monkeypatch, answers)
    async with running_smart123(monkeypatch, peripheral, password=pin, options={"import_history": True}) as pack:
        await until(lambda: pack.dropped["history_unread"])
        assert pack.last_history is None
        answers.clear()
        await until(lambda: pack.last_history is not None)


async def test_the_answer_to_one_query_is_never_taken_for_that_of_another(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", echo=False)
    # What S1 says is said to everything that is asked.
    saying(peripheral, monkeypatch, {"S2@": "01F4_012C_001A_31323334", "S3@": "0230_02DA_010F_0149_5A_14"})
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None, 10)
        assert "cell_overvoltage" not in pack.current_settings.values
        assert "sensor_type" not in pack.current_settings.values
        assert pack.dropped["unasked"]
        assert not any(b"31323334" in frame for _, frame in pack.frames)


async def test_a_late_acknowledgement_is_no_answer_to_a_query(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", echo=False)
    saying(peripheral, monkeypatch, {"S1@": "OK"})
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.current_settings is not None, 10)
        assert "cell_overvoltage" in pack.current_settings.values
        assert "battery_capacity" not in pack.current_settings.values


async def test_lines_that_answer_nothing_are_counted(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        pack._session._driver.notified(b"OK\rhello\rU_26ED_+0014_31323334_5A\r", asyncio.get_running_loop().time())
        assert pack.dropped["unasked"]
        assert pack.dropped["unknown_type"]
        assert not any(b"3132" in frame for _, frame in pack.frames)


async def test_words_that_do_not_belong_to_a_command_are_waited_past(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus", echo=False)
    saying(peripheral, monkeypatch, {"D!": "0230_02DA"})
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: pack.dropped["unknown_type"])
        await until(fresh(pack))


async def test_halves_of_different_records_are_not_believed(monkeypatch) -> None:
    peripheral, pin, _ = unit("gen3_nus")
    async with running_smart123(monkeypatch, peripheral, password=pin) as pack:
        await until(lambda: None not in pack.last_reading.cell_voltages)
        pack._session._driver.notified(b"\rC_01_08_29A_1_08_29A_12B_03\r", asyncio.get_running_loop().time())
        assert pack.dropped["spliced"] == 1


def test_what_comes_before_the_conversation_is_passed_over() -> None:
    Smart123Driver(None, None, SessionContext()).notified(b"U_26ED_X_+0000_X\r", 0.0)


async def test_a_unit_that_never_falls_silent_is_asked_again_after_a_while() -> None:
    class Talker:
        kind = ""
        exchange: Exchange | None = None

        async def write(self, data: bytes) -> None:
            """Say something else for ever."""

    class Counter:
        dropped = 0

        def drop(self, reason: str, count: int = 1) -> None:
            self.dropped += count

    counter = Counter()
    exchange = Exchange(Talker(), counter, replace(FAST_SMART123, order=0.02, drain=0.01))
    loop = asyncio.get_running_loop()

    async def talk() -> None:
        while True:
            exchange.heard("hello", loop.time())
            await asyncio.sleep(0.002)

    talking = asyncio.create_task(talk())
    try:
        assert await exchange.order("D!") is None
        began = loop.time()
        assert await exchange.order("D!") is None
        assert loop.time() - began >= 0.08
    finally:
        talking.cancel()
    assert counter.dropped
