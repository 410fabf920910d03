"""Writing parameters of a JBD pack: proven by reading back, and no other parameters are touched."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from custom_components.smart_bms.bms.errors import SilentError
from custom_components.smart_bms.control import writer
from custom_components.smart_bms.control.counter_totals import CounterTotals
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, WATTCYCLE
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from tests.support import radio
from tests.support.jbd_wire import (
    EXIT,
    EXIT_A,
    EXIT_B,
    LOGIN,
    REMAINING,
    SWITCH,
    SWITCHES,
    Said,
    commands,
    request,
    writes,
)
from tests.support.packs import jbd_pack
from tests.support.site import ALL, Site, site_of
from tests.support.write_requests import ASK, outcomes

OVERVOLTAGE, FUNCTIONS = 0x24, 0x2D
SPEED = 60.0
"""Every change takes three visits of many questions."""
TOO_LATE = 1.1 * SPEED * radio.FAST_JBD.answer


def awake(**changes: Any) -> JbdPeripheral:
    """Return a board that hears the first request."""
    return jbd_pack(**({"loses_first": False} | changes))


@asynccontextmanager
async def jbd_site(monkeypatch, peripheral=None, permission=ALL, **options: Any) -> AsyncIterator[Site]:
    monkeypatch.setattr(radio, "SPEED", SPEED)
    monkeypatch.setattr(radio, "TICK", 0.001)
    async with site_of(monkeypatch, peripheral or awake(), permission, **options) as site:
        site.peripheral.written = deque()
        yield site


@pytest.fixture
async def site(monkeypatch) -> AsyncIterator[Site]:
    """Connect to a board of four cells, with everything permitted."""
    async with jbd_site(monkeypatch) as site:
        yield site


def written_payloads(site: Site, *registers: int) -> list[bytes]:
    """Return the data of the writes that left, the dialog around them apart."""
    around = (0x00, EXIT, LOGIN)
    return [
        said.data
        for said in writes(site.peripheral.written)
        if (said.register in registers if registers else said.register not in around)
    ]


def word(site: Site, register: int) -> int:
    return site.peripheral.firmware.registers.word(register)


async def refused(site: Site, changes, request_=ASK) -> list[str]:
    with pytest.raises(RejectedError) as error:
        await site.control.apply(changes, request_)
    assert written_payloads(site) == []
    assert not site.control.write_log.records
    return [issue.code for issue in error.value.issues]


def cut_at(site: Site, register: int, *, obeys: bool) -> None:
    """Let the link be lost at the next write of a register; whether the board does it is another matter."""
    peripheral = site.peripheral
    take = peripheral._take_write

    def cut(number: int, data: bytes) -> None:
        if number != register:
            take(number, data)
            return
        del peripheral._take_write
        if obeys:
            take(number, data)
        peripheral.hang_up = True

    peripheral._take_write = cut


# Every kind of parameter.


async def test_every_kind_of_parameter_can_be_changed(site) -> None:
    changes = {
        "cell_overvoltage": 3.55,
        "max_discharge_current": 75.5,
        "charge_undertemperature": 0.5,
        "charge_overcurrent_delay": 9,
        "balance_switch": False,
        "led": True,
        "short_circuit_delay": "70_us",
        "manufacturer_name": "Shed 7",
        "barcode": "a long text of thirty-one signs",
    }
    functions = word(site, FUNCTIONS)
    release = site.value("charge_overcurrent_release")
    records = await site.control.apply(changes, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * len(changes)
    assert {record.parameter: record.found for record in records} == changes
    assert {key: site.value(key) for key in changes} == changes
    assert word(site, FUNCTIONS) == functions & ~(1 << 2) | 1 << 4
    assert site.value("charge_overcurrent_release") == release
    assert not site.peripheral.factory_mode


async def test_a_write_is_stored_and_then_read_again_without_storing(site) -> None:
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert (record.outcome, record.old, record.found) == (WriteOutcome.CONFIRMED, 3.6, 3.55)
    said = [said for said in commands(site.peripheral.written) if said.register in (0x00, EXIT, OVERVOLTAGE)]
    enter = Said(True, 0x00, b"\x56\x78")
    read = Said(False, OVERVOLTAGE, b"")
    assert said == [
        *(enter, read, Said(True, OVERVOLTAGE, (3550).to_bytes(2)), Said(True, EXIT, EXIT_B)),
        *(enter, read, Said(True, EXIT, EXIT_A)),
    ]


async def test_a_packed_word_keeps_what_its_other_bits_say(site) -> None:
    before = word(site, 0x38)
    texts = {key: site.value(key) for key in ("short_circuit_delay", "discharge_overcurrent_2_delay")}
    (record,) = await site.control.apply({"short_circuit_threshold": "44_mv"}, ASK)
    assert record.outcome is WriteOutcome.CONFIRMED
    assert word(site, 0x38) & ~0x0700 == before & ~0x0700
    assert {key: site.value(key) for key in texts} == texts


async def test_a_choice_of_the_other_range_is_said_to_be_none(site) -> None:
    (record,) = await site.control.apply({"short_circuit_threshold": "22_mv"}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.REFUSED, record.old)
    assert not list(site.control.write_log.open_records())
    assert written_payloads(site) == []


async def test_the_remaining_capacity_is_proven_by_the_readings(site) -> None:
    (record,) = await site.control.apply({"remaining_capacity_calibration": 42.5}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.CONFIRMED, 42.5)
    assert written_payloads(site) == [(4250).to_bytes(2)]
    assert {said.data for said in writes(site.peripheral.written, EXIT)} == {EXIT_A}


async def test_a_remaining_capacity_that_does_not_show_was_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"remaining_capacity_calibration": 42.5}, ASK)
    assert record.outcome is WriteOutcome.REFUSED
    assert len(written_payloads(site, REMAINING)) == 1


async def test_coarse_boards_count_in_tenths(monkeypatch) -> None:
    async with jbd_site(monkeypatch, awake(hundred_ma=True)) as site:
        records = await site.control.apply({"max_charge_current": 80}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED]
        assert written_payloads(site) == [(800).to_bytes(2)]
        assert site.peripheral.board.limits.charge_current == 80


# Switches.


async def test_each_switch_is_thrown_without_the_other(site) -> None:
    for changes, data in (
        ({"charge_switch": False}, b"\0\1"),
        ({"discharge_switch": False}, b"\0\3"),
        ({"charge_switch": True}, b"\0\2"),
        ({"discharge_switch": True}, b"\0\0"),
    ):
        (record,) = await site.control.apply(changes, ASK)
        assert record.outcome is WriteOutcome.CONFIRMED
        assert written_payloads(site)[-1] == data
    assert not writes(site.peripheral.written, EXIT)
    assert site.drifts == []


async def test_both_switches_at_once(site) -> None:
    records = await site.control.apply({"charge_switch": False, "discharge_switch": False}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 2
    assert (site.peripheral.board.charge_switch, site.peripheral.board.discharge_switch) == (False, False)


async def test_the_other_switch_keeps_its_lock_while_a_protection_holds_it_open(site) -> None:
    board = site.peripheral.board
    await site.control.apply({"charge_switch": False}, ASK)
    board.extra_alarms.add("cell_overvoltage")
    await site.control.apply({"discharge_switch": False}, ASK)
    await site.control.apply({"discharge_switch": True}, ASK)
    board.extra_alarms.clear()
    assert (board.charge_switch, board.discharge_switch) == (False, True)


async def test_the_other_switch_is_not_locked_because_a_protection_holds_it_open(site) -> None:
    board = site.peripheral.board
    board.extra_alarms.add("cell_overvoltage")
    await site.control.apply({"discharge_switch": False}, ASK)
    assert (board.charge_switch, board.discharge_switch) == (True, False)


async def test_a_switch_is_not_touched_while_the_other_cannot_be_seen(monkeypatch) -> None:
    peripheral = awake()
    peripheral.board.charge_switch = False
    peripheral.board.extra_alarms.add("short_circuit")
    async with jbd_site(monkeypatch, peripheral) as site:
        assert await refused(site, {"discharge_switch": False}) == ["hidden_now"]
        assert await refused(site, {"charge_switch": True}) == ["hidden_now"]
        peripheral.board.extra_alarms.clear()
        await site.until(lambda: "discharge_lock" in site.pack.last_reading.details)
        assert outcomes(await site.control.apply({"discharge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
        assert not peripheral.board.charge_switch


async def test_a_switch_that_is_obeyed_without_a_word_is_believed(site) -> None:
    site.peripheral.faults.lose_ready = True
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
    assert len(written_payloads(site)) == 1


async def test_a_switch_that_is_obeyed_without_a_word_while_hidden_is_not_called_refused(site) -> None:
    site.peripheral.board.extra_alarms.add("cell_overvoltage")
    await site.until(lambda: site.pack.last_reading.charging_enabled is False)
    site.peripheral.faults.lose_ready = True
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert not site.peripheral.board.charge_switch
    assert record.outcome is not WriteOutcome.REFUSED


async def test_a_switch_that_is_not_obeyed_has_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.REFUSED]
    assert len(written_payloads(site)) == 1


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"wants_factory_for_fet": True}, [(SWITCHES, b"\0\1"), (SWITCHES, b"\0\1")]),
        ({"label": WATTCYCLE}, [(SWITCHES, b"\0\1"), (SWITCH, b"\1\1")]),
    ],
)
async def test_each_board_gets_the_command_that_it_takes(monkeypatch, options, sent) -> None:
    async with jbd_site(monkeypatch, awake(**options)) as site:
        assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
        assert [(said.register, said.data) for said in writes(site.peripheral.written, SWITCHES, SWITCH)] == sent
        assert {said.data for said in writes(site.peripheral.written, EXIT)} <= {EXIT_A}
        assert not site.peripheral.factory_mode


async def test_behind_a_password_parameters_are_written_too(monkeypatch) -> None:
    peripheral = jbd_pack(DP16S020, cells=16)
    async with jbd_site(monkeypatch, peripheral, password="123456") as site:
        records = await site.control.apply({"cell_overvoltage": 3.55, "charge_switch": False}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED] * 2


# What is refused.


async def test_a_write_that_clears_what_was_counted_takes_a_second_word(monkeypatch) -> None:
    async with jbd_site(monkeypatch, permission=WritePermission(control=True)) as site:
        assert await refused(site, {"cell_overvoltage": 3.55}) == ["clears_history"]
        assert await refused(site, {"remaining_capacity_calibration": 42.5}) == ["confirm_needed"]
        assert await refused(site, {"hardware_cell_overvoltage_delay": "4_s"}) == [
            *("experimental_off", "clears_history", "confirm_needed")
        ]
        assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
        sure = replace(ASK, confirm=True)
        assert outcomes(await site.control.apply({"cell_overvoltage": 3.55}, sure)) == [WriteOutcome.CONFIRMED]


async def test_what_is_not_valid_is_refused(site) -> None:
    for changes, codes in (
        ({"cell_overvoltage": 3.4, "cell_overvoltage_release": 3.5}, {"order_broken"}),
        ({"cell_overvoltage": 4.05}, {"above_chemistry"}),
        ({"pack_undervoltage": 9.0}, {"pack_limit_apart"}),
        ({"pack_overvoltage": 17.0}, {"above_chemistry"}),
        ({"cycle_capacity": 101}, {"order_broken"}),
        ({"cell_overvoltage": 5.0}, {"out_of_range"}),
        ({"cell_overvoltage": 3.5505}, {"off_step"}),
        ({"charge_overcurrent_delay": 256}, {"out_of_range"}),
        ({"cell_count": 33}, {"out_of_range"}),
        ({"cycle_count": 3}, {"read_only"}),
        ({"shunt_resistance": 0.001}, {"read_only"}),
        ({"function_word": 1}, {"read_only"}),
        ({"soc_80_voltage": 3.45, "factory_reset": None}, {"unknown_parameter"}),
        ({"barcode": "x" * 32}, {"text_too_long"}),
        ({"short_circuit_threshold": "45_mv"}, {"not_a_choice"}),
        ({"charge_switch": 0}, {"not_a_switch"}),
    ):
        assert set(await refused(site, changes)) == codes, changes


async def asked_for(site, keys) -> list[Said]:
    site.peripheral.written.clear()
    await site.pack.read_related(keys)
    return [*commands(site.peripheral.written)]


async def test_what_an_order_depends_on_is_read_before_a_single_write(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1.0)
    # The vendor's app raised the release since the parameters were read.
    assert site.peripheral.change_elsewhere(request(0x25, (3580).to_bytes(2)))
    with pytest.raises(RejectedError, match="order_broken"):
        await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert site.value("cell_overvoltage_release") == 3.58
    site.peripheral.written.clear()
    (record,) = await site.control.apply({"cell_overvoltage": 3.59}, ASK)
    assert record.outcome is WriteOutcome.CONFIRMED
    said = [said for said in commands(site.peripheral.written) if said.register >= 0x10 and not said.write]
    registers = {item.register for item in said}
    assert {0x24, 0x25, 0x26, 0x27, 0x20, 0x2F} <= registers
    assert not {0x1A, 0x3C, 0xA0} & registers
    # What no register holds is asked for with all the others.
    assert 0x1A in {item.register for item in await asked_for(site, {"charge_switch"})}


async def test_an_answer_that_is_lost_is_asked_for_once_more_and_then_nothing_is_sent(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1.0)
    read, failures = site.pack.read_related, [2]

    async def lose(keys):
        if failures[0]:
            failures[0] -= 1
            raise SilentError("lost")
        return await read(keys)

    monkeypatch.setattr(site.pack, "read_related", lose)
    assert await refused(site, {"cell_overvoltage": 3.55}) == ["unanswered"]
    failures[0] = 1
    assert outcomes(await site.control.apply({"cell_overvoltage": 3.55}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_what_stands_alone_needs_no_look(site, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_MAX_SETTINGS_AGE", -1.0)
    site.pack.read_related = None  # nobody may ask
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_frost_counts_at_rest_too(monkeypatch) -> None:
    async with jbd_site(monkeypatch, awake(temperature=8.0)) as site:
        assert await refused(site, {"charge_undertemperature": 9, "charge_undertemperature_release": 12}) == [
            "would_stop_charging"
        ]


# What goes wrong.


async def test_a_board_that_keeps_the_old_value_has_refused(site) -> None:
    site.peripheral.faults.forget_writes = True
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.REFUSED, 3.6)
    assert len(written_payloads(site)) == 1


async def test_a_board_that_keeps_another_value_is_told_as_it_is(site) -> None:
    site.peripheral.faults.distort_writes = True
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.DIFFERENT, 3.551)
    assert site.drifts == []


@pytest.mark.parametrize("fault", [{"lose_ready": True}, {"ready_delay": TOO_LATE}])
async def test_a_board_that_obeys_without_a_word_or_too_late_is_believed(site, fault) -> None:
    for name, value in fault.items():
        setattr(site.peripheral.faults, name, value)
    (record,) = await site.control.apply({"led": True}, ASK)
    assert (record.outcome, record.found) == (WriteOutcome.CONFIRMED, True)
    assert len(written_payloads(site)) == 1
    assert not site.peripheral.factory_mode


async def test_a_read_back_that_arrives_broken_is_asked_for_once_more(site) -> None:
    site.peripheral.faults.corrupt_settings = 1
    assert outcomes(await site.control.apply({"led": True}, ASK)) == [WriteOutcome.CONFIRMED]
    assert len(written_payloads(site)) == 1


@pytest.mark.parametrize(("obeys", "found"), [(True, WriteOutcome.CONFIRMED), (False, WriteOutcome.REFUSED)])
@pytest.mark.parametrize(
    ("changes", "register"), [({"cell_overvoltage": 3.55}, OVERVOLTAGE), ({"charge_switch": False}, SWITCHES)]
)
async def test_a_link_lost_at_the_write_is_settled_by_the_next_session(site, changes, register, obeys, found) -> None:
    cut_at(site, register, obeys=obeys)
    (record,) = await site.control.apply(changes, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: not record.open)
    assert record.outcome is found
    assert outcomes(site.records) == [WriteOutcome.UNKNOWN, found]
    assert len(written_payloads(site, register)) == 1
    assert site.drifts == []
    if register == OVERVOLTAGE:
        assert writes(site.peripheral.written, EXIT)[0].data == EXIT_B
        await site.until(lambda: not site.peripheral.factory_mode)


async def test_a_link_lost_at_the_second_look_is_settled_too(site) -> None:
    peripheral = site.peripheral
    answer = peripheral._answer_read

    def vanish(register: int) -> None:
        if register == OVERVOLTAGE and written_payloads(site):
            peripheral._answer_read = answer
            peripheral.hang_up = True
        else:
            answer(register)

    peripheral._answer_read = vanish
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)
    await site.until(lambda: not peripheral.factory_mode)


async def test_a_write_that_is_not_let_in_is_not_forgotten_to_be_closed(site) -> None:
    take = site.peripheral._enter
    site.peripheral._enter = lambda data: 0x81
    (record,) = await site.control.apply({"cell_overvoltage": 3.55}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    assert written_payloads(site) == []
    site.peripheral._enter = take
    await site.control.refresh()
    assert record.outcome is WriteOutcome.REFUSED


async def test_an_empty_answer_is_not_what_is_in_a_register(site) -> None:
    peripheral = site.peripheral
    answer = peripheral._answer_read

    def answer_nothing(register: int) -> None:
        if register == FUNCTIONS:
            peripheral._answer_read = answer
            peripheral._answer(register, 0)
        else:
            answer(register)

    peripheral._answer_read = answer_nothing
    before = word(site, FUNCTIONS)
    (record,) = await site.control.apply({"led": True}, ASK)
    assert record.outcome is WriteOutcome.CONFIRMED
    assert word(site, FUNCTIONS) == before | 1 << 4
    assert not peripheral.factory_mode


async def test_the_first_write_that_does_not_hold_ends_the_request(site) -> None:
    site.peripheral.faults.forget_writes = True
    records = await site.control.apply({"cell_overvoltage": 3.55, "led": True}, ASK)
    assert outcomes(records) == [WriteOutcome.REFUSED, WriteOutcome.NOT_SENT]


async def test_whoever_asked_may_go_away(site) -> None:
    task = asyncio.create_task(site.control.apply({"cell_overvoltage": 3.55}, ASK))
    await site.until(lambda: written_payloads(site))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await site.until(lambda: site.records)
    assert outcomes(site.records) == [WriteOutcome.CONFIRMED]
    assert not site.peripheral.factory_mode


# Others.


async def test_what_a_second_master_changed_is_noticed(site) -> None:
    assert site.peripheral.change_elsewhere(request(OVERVOLTAGE, (3550).to_bytes(2)))
    await site.control.refresh()
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.55)}]
    assert outcomes(site.records) == [WriteOutcome.CHANGED_ELSEWHERE]


async def test_what_the_board_itself_counts_is_nobodys_change(site) -> None:
    cycles = site.value("cycle_count")
    site.peripheral.board.throughput += 2 * site.peripheral.board.battery.capacity
    await site.control.refresh()
    assert site.value("cycle_count") == cycles + 2
    assert site.drifts == []
    assert site.records == []


async def test_a_word_of_which_we_wrote_a_part_is_nobodys_change(site) -> None:
    await site.control.apply({"led": True}, ASK)
    await site.control.refresh()
    assert site.drifts == []
    assert outcomes(site.records) == [WriteOutcome.CONFIRMED]


async def test_what_a_second_master_changed_beside_it_is_kept(site) -> None:
    before = word(site, FUNCTIONS)
    site.peripheral.change_elsewhere(request(FUNCTIONS, (before | 1 << 5).to_bytes(2)))
    assert outcomes(await site.control.apply({"led": True}, ASK)) == [WriteOutcome.CONFIRMED]
    assert word(site, FUNCTIONS) == before | 1 << 5 | 1 << 4


async def test_a_switch_thrown_by_a_second_master_is_seen(site) -> None:
    site.peripheral.change_elsewhere(request(SWITCHES, b"\0\2"))
    await site.until(lambda: site.pack.last_reading.details["discharge_lock"])
    assert site.control.value(site.control.catalog.settings["discharge_switch"]) is False
    await site.control.apply({"charge_switch": False}, ASK)
    assert written_payloads(site) == [b"\0\3"]


async def counters(site: Site, condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    async with asyncio.timeout(5):
        while not (found := dict(site.pack.last_reading.counters)) or not condition(found):
            await site.pack.next_reading()
    return found


async def test_what_the_board_forgets_at_a_write_is_remembered(site) -> None:
    counter_totals = CounterTotals()
    site.peripheral.board.extra_alarms.add("short_circuit")
    counter_totals.update(await counters(site, lambda found: found["short_circuit"] == 1))
    site.peripheral.board.extra_alarms.clear()
    await site.control.apply({"led": True}, ASK)
    assert counter_totals.update(await counters(site, lambda found: found["short_circuit"] == 0))
    assert counter_totals.totals["short_circuit"] == 1
    site.peripheral.board.extra_alarms.add("short_circuit")
    assert counter_totals.update(await counters(site, lambda found: found["short_circuit"] == 1))
    assert counter_totals.totals["short_circuit"] == 2


async def test_what_was_counted_just_before_a_write_is_seen_before_it_is_cleared(site) -> None:
    await site.until(lambda: site.pack.last_reading.counters)
    site.peripheral.board.extra_alarms.add("short_circuit")
    await asyncio.sleep(0.02)
    seen: list[int] = []
    listener = site.pack._listener

    def follow(change) -> None:
        seen.append(site.pack.last_reading.counters["short_circuit"])
        listener(change)

    site.pack._listener = follow
    await site.control.apply({"led": True}, ASK)
    assert 1 in seen


async def test_more_than_the_pack_can_hold_is_refused(site) -> None:
    assert site.value("design_capacity") == 100
    with pytest.raises(RejectedError) as refused:
        await site.control.apply({"remaining_capacity_calibration": 120}, ASK)
    assert [issue.code for issue in refused.value.issues] == ["more_than"]
