"""Parameters and switches, read and written over the conversation."""

import asyncio
from contextlib import suppress
from dataclasses import replace
import json

import pytest

from custom_components.smart_bms.bms.errors import SilentError
from custom_components.smart_bms.simulator.jbd.labels import LEGACY, WATTCYCLE
from tests.support.jbd_boards import DELAYS, FUNCTIONS, OVERVOLTAGE, exits, wire_of
from tests.support.jbd_wire import (
    CELLS,
    COUNTERS,
    ENTER,
    EXIT,
    EXIT_A,
    EXIT_B,
    LOGIN,
    REMAINING,
    SWITCH,
    SWITCHES,
    Said,
    commands,
    reply,
    request,
    writes,
)
from tests.support.waiting import until

# Parameters.


async def test_parameters_are_read_behind_the_factory_mode_and_it_is_left_again(wire) -> None:
    wire.written.clear()
    settings = await wire.driver.read_settings()
    assert wire.listener.reported == [settings]
    said = commands(wire.written)
    assert (said[0], said[-1]) == (Said(True, ENTER, b"\x56\x78"), Said(True, EXIT, EXIT_A))
    assert not wire.peripheral.factory_mode
    assert "factory_mode" not in wire.context.memory


async def test_finer_points_are_only_asked_of_newer_software() -> None:
    registers = {}
    for label in (LEGACY, WATTCYCLE):
        wire = await wire_of(label).begin()
        await wire.driver.read_settings()
        registers[label.model] = {said.register for said in commands(wire.written)}
    assert not registers[LEGACY.model] & set(range(0x42, 0x48))
    assert registers[WATTCYCLE.model] >= set(range(0x42, 0x48))


async def test_one_parameter_is_read_alone(open_wire) -> None:
    wire = open_wire
    wire.peripheral.change_elsewhere(request(OVERVOLTAGE, (3650).to_bytes(2)))
    settings = await wire.driver.read_settings("cell_overvoltage")
    assert settings.values["cell_overvoltage"] == 3.65
    assert settings.apart == {"cell_overvoltage"}
    assert settings.apart_at >= settings.measured_at
    assert [said.register for said in commands(wire.written)] == [ENTER, OVERVOLTAGE, EXIT]
    assert exits(wire) == [EXIT_A]


async def test_what_is_no_parameter_is_read_with_all_others(open_wire) -> None:
    await open_wire.driver.read_settings("charge_switch")
    assert len(commands(open_wire.written)) > 40


async def test_registers_that_the_board_does_not_have_are_left_out(wire) -> None:
    wire.tamper = lambda said, answers: [reply(said.register, status=0x80)] if said.register == 0x38 else answers
    settings = await wire.driver.read_settings()
    assert "short_circuit_threshold" not in settings.values
    with pytest.raises(SilentError):
        await wire.driver.read_settings("short_circuit_threshold")
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize(
    "answer", [reply(OVERVOLTAGE, b"\0"), reply(OVERVOLTAGE), reply(OVERVOLTAGE, status=0x81), b""]
)
@pytest.mark.parametrize("key", [None, "cell_overvoltage"])
async def test_a_look_that_fails_leaves_all_as_it_was(open_wire, answer, key) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: [answer] if said.register == OVERVOLTAGE else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings(key)
    assert not wire.peripheral.factory_mode
    assert not wire.driver._exchange_lock.locked()
    assert len(wire.listener.reported) == 1
    wire.tamper = lambda _, answers: answers
    assert (await wire.driver.read_settings(key)).values["cell_overvoltage"] == 3.6


async def test_a_board_that_states_an_impossible_number_of_cells_is_not_believed(wire) -> None:
    wire.tamper = lambda said, answers: [reply(0x2F, b"\0\0")] if said.register == 0x2F else answers
    with pytest.raises(SilentError, match="no sense"):
        await wire.driver.read_settings()
    with pytest.raises(SilentError):
        await wire.driver.read_settings("cell_overvoltage")


async def test_parameters_without_a_result_are_none(wire, monkeypatch) -> None:
    async def nothing() -> None:
        """Find nothing."""

    monkeypatch.setattr(wire.driver, "_read_all", nothing)
    with pytest.raises(SilentError):
        await wire.driver.read_settings()


async def test_the_parameters_are_asked_for_three_times_at_most() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [] if said.register == 0x10 else answers
    task = asyncio.create_task(wire.driver.run())
    await until(lambda: wire.listener.drops.count("settings_unread") == 3)
    count = len(wire.listener.readings)
    await until(lambda: len(wire.listener.readings) > count + 3)
    assert wire.listener.drops == ["settings_unread"] * 3
    assert not wire.peripheral.factory_mode
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_opening_the_parameters_may_take_a_few_tries(wire) -> None:
    lost = iter([True, True, False])
    wire.deaf = lambda packet: packet[2:4] == b"\x00\x02" and packet[1] == 0x5A and next(lost, False)
    await wire.driver.read_settings()
    assert len(writes(wire.written, ENTER)) == 3


async def test_a_board_that_wants_a_login_gets_the_one_of_the_vendor(wire) -> None:
    refuse = lambda: not writes(wire.written, LOGIN)  # noqa: E731
    wire.tamper = lambda said, answers: (
        [reply(ENTER, status=0x81)] if said.register == ENTER and said.write and refuse() else answers
    )
    await wire.driver.read_settings()
    assert [said.data for said in writes(wire.written, LOGIN)] == [b"\x06" + bytes(6)]


async def test_a_board_that_does_not_open_its_parameters_is_told_to_close_them_all_the_same(wire) -> None:
    wire.written.clear()
    wire.tamper = lambda said, answers: [reply(said.register, status=0x81)] if said.register in (0, 6) else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings()
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert exits(wire) == [EXIT_A] * 2
    assert not writes(wire.written, OVERVOLTAGE)


async def test_a_poll_that_got_lost_is_repeated_when_a_late_answer_would_have_come() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    lost: list[Said] = []

    def lose_one(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.register == 0x03 and not lost:
            lost.append(said)
            return []
        return answers

    wire.tamper = lose_one
    assert await wire.driver._poll()


async def test_protection_counters_are_read_now_and_then() -> None:
    wire = await wire_of().begin()
    for _ in range(13):
        await wire.driver._poll()
    assert [said.register for said in commands(wire.written)].count(COUNTERS) == 2
    assert [len(reading.counters) for reading in wire.listener.readings] == [12, *[0] * 11, 12]


async def test_counters_that_get_lost_once_are_not_given_up() -> None:
    wire = await wire_of().begin()
    wire.tamper = lambda said, answers: [] if said.register == COUNTERS else answers
    await wire.driver._poll()
    wire.tamper = lambda _, answers: answers
    await wire.driver._poll()
    assert wire.listener.readings[-1].counters


async def test_counters_that_make_no_sense_are_none() -> None:
    wire = await wire_of().begin()
    for _ in range(12):
        await wire.driver._poll()
    wire.tamper = lambda said, answers: [reply(COUNTERS, b"\0" * 7)] if said.register == COUNTERS else answers
    await wire.driver._poll()
    assert not wire.listener.readings[-1].counters


def of_unknown_units(**label):
    """Return a board of which only the function word tells in which steps it counts, and nobody has heard it yet."""
    wire = wire_of(**label)
    wire.context.learned.clear()
    original = wire.peripheral.firmware._fet_byte
    wire.peripheral.firmware._fet_byte = lambda: original() & 0x7F
    return wire


IN_UNITS = ("current", "power", "remaining_capacity", "full_capacity", "design_capacity")


def in_units(reading) -> set[str]:
    """Return what a reading tells that nobody can know without the unit."""
    return {key for key in (*IN_UNITS, "stored_energy") if getattr(reading, key) is not None} | (
        {"nominal_capacity", "coarse_units"} & reading.details.keys()
    )


async def test_units_are_known_before_the_first_reading() -> None:
    wire = of_unknown_units(hundred_ma=True)
    await wire.begin()
    await wire.driver._poll()
    assert [reading.full_capacity for reading in wire.listener.readings] == [100]
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize("coarse", [False, True])
async def test_without_the_unit_there_is_no_current_and_no_capacity(coarse) -> None:
    wire = of_unknown_units(hundred_ma=coarse)
    wire.tamper = lambda said, answers: [] if said.register == 0x2D else answers
    await wire.begin()
    assert await wire.driver._poll()
    reading = wire.listener.readings[-1]
    assert not in_units(reading)
    assert reading.soc is not None
    assert reading.alarms == ()
    assert "coarse_units" not in wire.listener.identities[-1].details
    # With the parameters the answer comes, and all is there.
    wire.tamper = lambda _, answers: answers
    await wire.driver.read_settings()
    assert await wire.driver._poll()
    assert wire.listener.readings[-1].full_capacity == 100
    assert wire.listener.identities[-1].details["coarse_units"] is coarse


async def test_the_unit_is_known_after_a_restart() -> None:
    wire = of_unknown_units(hundred_ma=True)
    await wire.begin()
    kept = json.loads(json.dumps(wire.context.learned))
    later = of_unknown_units(hundred_ma=True)
    later.context.learned.update(kept)
    later.tamper = lambda said, answers: [] if said.register == 0x2D else answers
    await later.begin()
    assert not [said for said in commands(later.peripheral.written) if said.register == 0x2D]
    await later.driver._poll()
    assert later.listener.readings[-1].full_capacity == 100


@pytest.mark.parametrize(("chosen", "capacity"), [("auto", None), ("10_ma", 10), ("100_ma", 100), ("1_ma", None)])
async def test_the_owner_can_say_the_unit_of_a_board_that_stays_closed(chosen, capacity) -> None:
    wire = of_unknown_units(hundred_ma=True)
    wire.context = replace(wire.context, options={"current_unit": chosen})
    wire.driver._context = wire.context
    wire.tamper = lambda said, answers: [reply(0, status=0x81)] if said == Said(True, ENTER, b"\x56\x78") else answers
    await wire.begin()
    assert await wire.driver._poll()
    assert wire.listener.readings[-1].full_capacity == capacity
    assert bool(in_units(wire.listener.readings[-1])) is (capacity is not None)


async def test_a_board_that_stays_closed_is_not_asked_for_its_unit_in_every_session() -> None:
    wire = of_unknown_units()
    wire.tamper = lambda said, answers: [reply(0, status=0x81)] if said == Said(True, ENTER, b"\x56\x78") else answers
    await wire.begin()
    wire.written.clear()
    await wire.driver._begin()
    assert not writes(wire.written, ENTER)


async def test_a_unit_in_the_store_that_is_none_counts_for_nothing() -> None:
    wire = of_unknown_units(hundred_ma=True)
    wire.context.learned["coarse_units"] = "yes"
    await wire.begin()
    await wire.driver._poll()
    assert wire.listener.readings[-1].full_capacity == 100


@pytest.mark.parametrize("status", [0x82, 0x83])
async def test_a_leave_that_was_not_understood_is_said_again(status) -> None:
    wire = await wire_of().begin()
    refused: list[Said] = []

    def refuse_once(said: Said, answers: list[bytes]) -> list[bytes]:
        if said == Said(True, EXIT, EXIT_A) and not refused:
            refused.append(said)
            wire.peripheral.factory_mode = True
            return [reply(EXIT, status=status)]
        return answers

    wire.tamper = refuse_once
    await wire.driver.read_settings()
    assert not wire.peripheral.factory_mode
    assert exits(wire) == [EXIT_A] * 2


async def test_what_was_not_left_is_left_before_the_next_poll() -> None:
    wire = await wire_of().begin()
    wire.deaf = lambda packet: packet == request(EXIT, EXIT_A)
    await wire.driver.read_settings()
    assert wire.peripheral.factory_mode
    wire.deaf = lambda _: False
    assert await wire.driver._poll()
    assert not wire.peripheral.factory_mode


async def test_a_late_answer_to_a_look_acknowledges_no_write() -> None:
    wire = await wire_of().begin()
    wire.peripheral.faults.forget_writes = True

    def answer_a_look(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.write and said.register == OVERVOLTAGE:
            return [reply(OVERVOLTAGE, b"\x0e\x10"), reply(OVERVOLTAGE, status=0x83)]
        return answers

    wire.tamper = answer_a_look
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert exits(wire)[-1] == EXIT_A


async def test_a_text_that_is_cut_is_no_answer() -> None:
    wire = await wire_of().begin()
    await wire.driver.read_settings()
    wire.tamper = lambda said, answers: [reply(0xA2, b"\x09abc")] if said.register == 0xA2 else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings("barcode")
    assert not wire.peripheral.factory_mode


async def test_units_that_only_the_function_word_tells_are_told_to_all() -> None:
    wire = wire_of(hundred_ma=True)
    firmware = wire.peripheral.firmware
    original = firmware._fet_byte
    firmware._fet_byte = lambda: original() & 0x7F
    await wire.begin()
    await wire.driver.read_settings()
    await wire.driver._poll()
    assert wire.listener.readings[-1].full_capacity == 100
    assert wire.listener.identities[-1].details["coarse_units"] is True


# Writing.


async def test_a_write_is_made_to_last(open_wire) -> None:
    assert await open_wire.driver.write("cell_overvoltage", 3.65)
    assert commands(open_wire.written) == [
        *(Said(False, register, b"") for register in (0x03, 0x04, COUNTERS)),
        Said(True, ENTER, b"\x56\x78"),
        Said(False, OVERVOLTAGE, b""),
        Said(True, OVERVOLTAGE, (3650).to_bytes(2)),
        Said(True, EXIT, EXIT_B),
    ]
    assert not open_wire.peripheral.factory_mode


async def test_a_long_text_is_sent_in_packets_that_every_module_takes(open_wire) -> None:
    text = "x" * 31
    assert await open_wire.driver.write("barcode", text)
    assert max(map(len, open_wire.written)) == 20
    assert (await open_wire.driver.read_settings("barcode")).values["barcode"] == text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nonsense", 1),
        ("cell_overvoltage", True),
        ("cell_overvoltage", 900),
        ("cell_overvoltage", None),
        ("balance_switch", 1),
        ("barcode", "ü"),
        ("charge_switch", None),
        ("charge_switch", 1),
        ("remaining_capacity_calibration", None),
        ("remaining_capacity_calibration", True),
        ("remaining_capacity_calibration", 700),
        ("remaining_capacity_calibration", float("inf")),
    ],
)
async def test_what_cannot_be_put_into_bytes_is_not_sent(open_wire, key, value) -> None:
    with pytest.raises(ValueError):
        await open_wire.driver.write(key, value)
    assert {said.register for said in writes(open_wire.written)} <= {ENTER, EXIT}
    assert EXIT_B not in exits(open_wire)
    assert not open_wire.peripheral.factory_mode
    assert not open_wire.driver._exchange_lock.locked()


async def test_a_write_without_an_answer_is_not_repeated(open_wire) -> None:
    wire = open_wire
    wire.peripheral.faults.lose_ready = True
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, OVERVOLTAGE)) == 1
    assert exits(wire) == [EXIT_B]
    assert not wire.peripheral.factory_mode


async def test_a_board_that_closed_its_parameters_meanwhile_is_asked_to_open_them_once_more(open_wire) -> None:
    wire = open_wire

    def close(said: Said, answers: list[bytes]) -> list[bytes]:
        if said == (False, OVERVOLTAGE, b""):
            wire.peripheral.factory_mode = False
        return answers

    wire.tamper = close
    assert await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, ENTER)) == len(writes(wire.written, OVERVOLTAGE)) == 2
    assert wire.peripheral.board.limits.cell_overvoltage == 3.65


@pytest.mark.parametrize(("status", "tries"), [(0x80, 1), (0x81, 2), (0x83, 1)])
async def test_a_write_that_the_board_refuses_clears_nothing(open_wire, status, tries) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: (
        [reply(said.register, status=status)] if said.write and said.register == OVERVOLTAGE else answers
    )
    wire.peripheral.faults.forget_writes = True
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, OVERVOLTAGE)) == tries
    assert exits(wire) == [EXIT_A]


@pytest.mark.parametrize(
    ("key", "value", "register"), [("led", True, FUNCTIONS), ("charge_overcurrent_delay", 9, DELAYS)]
)
@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0"])
async def test_nothing_is_written_beside_neighbors_that_were_not_read(open_wire, key, value, register, data) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: [reply(register, data)] if said == (False, register, b"") else answers
    with suppress(ValueError):
        assert not await wire.driver.write(key, value)
    assert not writes(wire.written, register)
    assert exits(wire) == [EXIT_A]
    assert not wire.peripheral.factory_mode


async def test_neighbors_are_written_as_they_are_now_and_not_as_they_were(open_wire) -> None:
    wire = open_wire
    wire.peripheral.change_elsewhere(request(FUNCTIONS, b"\x00\x2e"))
    assert await wire.driver.write("led", True)
    assert wire.peripheral.firmware.registers.word(FUNCTIONS) == 0x003E


async def test_the_remaining_capacity_is_set_without_clearing_anything(open_wire) -> None:
    wire = open_wire
    assert await wire.driver.write("remaining_capacity_calibration", 42.5)
    assert [said.data for said in writes(wire.written, REMAINING)] == [(4250).to_bytes(2)]
    assert exits(wire) == [EXIT_A]
    await wire.driver._poll()
    assert wire.listener.readings[-1].remaining_capacity == 42.5


@pytest.mark.parametrize("key", ["cell_overvoltage", "remaining_capacity_calibration"])
async def test_a_link_lost_at_a_write_is_said_and_blocks_nothing(open_wire, key) -> None:
    wire = open_wire
    wire.cut = lambda said: said.write and said.register in (OVERVOLTAGE, REMAINING)
    # What was sent is not answered any more; the end of the link shows with the next packet.
    assert not await wire.driver.write(key, 3.65)
    assert not wire.driver._exchange_lock.locked()
    assert "factory_mode" in wire.context.memory


# Switches.


async def test_a_switch_leaves_the_other_as_it_is(wire) -> None:
    wire.peripheral.board.discharge_switch = False
    assert await wire.driver.write("charge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]
    assert not writes(wire.written, ENTER)


async def test_a_lock_that_a_protection_hides_is_kept_as_it_was_seen(wire) -> None:
    wire.peripheral.board.charge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.driver._poll()
    assert "charge_lock" not in wire.listener.readings[-1].details
    assert wire.listener.readings[-1].details["charge_lock_commanded"] is True
    await wire.driver.write("discharge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]


async def test_a_lock_that_was_seen_in_an_earlier_session_is_not_trusted(wire) -> None:
    wire.peripheral.board.charge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("short_circuit")
    wire = await wire.again().begin()
    await wire.driver._poll()
    assert "charge_lock_commanded" not in wire.listener.readings[-1].details
    assert not await wire.driver.write("discharge_switch", False)
    assert not writes(wire.written, SWITCHES)


async def test_a_lock_that_was_never_seen_is_not_guessed() -> None:
    wire = wire_of()
    wire.peripheral.board.charge_switch = False
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.begin()
    await wire.driver._poll()
    assert "charge_lock" not in wire.listener.readings[-1].details
    assert not await wire.driver.write("discharge_switch", False)
    assert not writes(wire.written, SWITCHES)


async def test_a_lock_set_elsewhere_while_a_protection_hides_it_is_kept(wire) -> None:
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("cell_overvoltage")
    # The bit of the locks is set and the discharge switch conducts: it can only be the charge switch.
    wire.peripheral.change_elsewhere(request(SWITCHES, b"\0\1"))
    await wire.driver._poll()
    assert wire.listener.readings[-1].details["charge_lock"] is True
    await wire.driver.write("discharge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]


async def test_a_switch_that_was_not_acknowledged_is_not_known_while_it_is_hidden(wire) -> None:
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.driver._poll()
    wire.peripheral.faults.lose_ready = True
    assert not await wire.driver.write("charge_switch", False)
    assert not wire.peripheral.board.charge_switch
    await wire.driver._poll()
    assert wire.listener.readings[-1].details.get("charge_lock") is not False


async def test_a_command_that_was_only_acknowledged_is_no_proof(wire) -> None:
    wire.peripheral.board.discharge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("cell_overvoltage")
    wire.peripheral.faults.forget_writes = True
    await wire.driver.write("charge_switch", False)
    await wire.driver._poll()
    assert wire.peripheral.board.charge_switch
    assert wire.listener.readings[-1].details.get("charge_lock") is not True


async def test_a_board_that_wants_it_has_its_parameters_open_for_the_switches() -> None:
    wire = await wire_of(wants_factory_for_fet=True).begin()
    assert await wire.driver.write("charge_switch", False)
    assert not wire.peripheral.board.charge_switch
    assert len(writes(wire.written, SWITCHES)) == 2
    assert exits(wire) == [EXIT_A]


async def test_newer_boards_get_the_command_for_one_switch() -> None:
    wire = await wire_of(WATTCYCLE).begin()
    for on in (False, True):
        assert await wire.driver.write("discharge_switch", on)
        assert wire.peripheral.board.discharge_switch is on
    assert [said.data for said in writes(wire.written, SWITCH)] == [b"\0\1", b"\0\0"]
    assert await wire.driver.write("charge_switch", False)
    assert writes(wire.written, SWITCH)[-1].data == b"\1\1"


async def test_the_command_for_one_switch_means_another_thing_elsewhere() -> None:
    wire = await wire_of(fet_commands=frozenset({0xFB})).begin()
    assert not await wire.driver.write("charge_switch", False)
    assert not writes(wire.written, SWITCH)


async def test_an_answer_that_makes_no_sense_is_no_acknowledgement(wire) -> None:
    wire.tamper = lambda said, answers: [reply(CELLS, b"\0")] if said.register == CELLS else answers
    assert not await wire.driver.write("charge_switch", False)
    assert not writes(wire.written, SWITCHES)
