"""Writing parameters of a Daly pack: proven by reading back, in each dialect's own way."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.daly import driver
from custom_components.smart_bms.bms.daly.dialects import PROBES
from custom_components.smart_bms.bms.daly.frames import Dialect, a5_request, write_request
from custom_components.smart_bms.control import writer
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from tests.support import radio
from tests.support.packs import daly_pack
from tests.support.site import ALL, Site, site_of
from tests.support.write_requests import ASK, outcomes

D2, P81 = Dialect.D2, Dialect.P81
QUICK = replace(
    radio.FAST_DALY, probe=0.1, answer=0.12, spacing=0.002, last_frames=0.01, acknowledgement=0.1, settled=0.01
)
NEVER = 65535
ALL_BUT_EXPERIMENTAL = WritePermission(control=True, dangerous=True)


@asynccontextmanager
async def daly_site(monkeypatch, label=K_D2, permission=ALL, *, stored=None, **options: Any) -> AsyncIterator[Site]:
    monkeypatch.setattr(radio, "SPEED", 60.0)
    monkeypatch.setattr(radio, "TICK", 0.001)
    monkeypatch.setattr(radio, "FAST_DALY", QUICK)
    monkeypatch.setattr(radio, "FAST_POLLING", replace(radio.FAST_POLLING, default=0.03))
    # How a dialect is found is tested elsewhere.
    monkeypatch.setattr(driver, "PROBES", sorted(PROBES, key=lambda probe: probe[0] not in label.dialects))
    peripheral = daly_pack(label, **options)
    async with site_of(monkeypatch, peripheral, permission, stored) as site:
        site.peripheral.written = deque()
        yield site


@pytest.fixture
async def site(monkeypatch) -> AsyncIterator[Site]:
    """Connect to a D2 board of four cells, with everything permitted."""
    async with daly_site(monkeypatch) as site:
        yield site


def writes(site: Site) -> list[bytes]:
    """Return the writes that left."""
    return [
        data
        for data in site.peripheral.written
        if (data[2] not in (*range(0x50, 0x6B), *range(0x90, 0x99)) if data[0] == 0xA5 else data[1] != 0x03)
    ]


async def refused(site: Site, changes, request=ASK) -> list[str]:
    with pytest.raises(RejectedError) as error:
        await site.control.apply(changes, request)
    assert writes(site) == []
    assert not site.control.write_log.records
    return [issue.code for issue in error.value.issues]


def elsewhere(site: Site, register: int, *values: int, dialect: Dialect = D2) -> None:
    """Let a second master write."""
    assert site.peripheral.change_elsewhere(write_request(dialect, register, values))


# What can be changed.


@pytest.mark.parametrize(
    ("label", "key", "value", "frame"),
    [
        (K_D2, "charge_switch", False, (D2, 0xA5, 0)),
        (K_D2, "discharge_switch", False, (D2, 0xA6, 0)),
        (K_D2, "balance_switch", False, (D2, 0xCF, 0)),
        (K_D2, "cell_overvoltage", 3.55, (D2, 0x8C, 3550)),
        (K_D2, "max_charge_current", 90, (D2, 0x94, 29100)),
        (K_D2, "max_discharge_current", 140.5, (D2, 0x96, 31405)),
        (K_D2, "charge_undertemperature", 2, (D2, 0x9A, 42)),
        (K_D2, "design_capacity", 105.5, (D2, 0x80, 1055)),
        (K_D2, "soc_calibration", 66, (D2, 0xA7, 660)),
        (K_D2, "sleep_time", NEVER, (D2, 0x8A, NEVER)),
        (K_D2, "sleep_time", 601, (D2, 0x8A, 601)),
        (LAYOUT_B, "pack_overvoltage", 14.2, (D2, 0x90, 142)),
        (ESS_81, "charge_switch", False, (P81, 0x121, 0)),
        (ESS_81, "discharge_switch", False, (P81, 0x122, 0)),
        (ESS_81, "balance_switch", False, (P81, 0x119, 0)),
        (ESS_81, "cell_overvoltage", 3.58, (P81, 0x131, 3580)),
        (ESS_81, "soc_low", 4, (P81, 0x163, 40)),
        (ESS_81, "cell_overvoltage_2", 3.7, (P81, 0x1C3, 3700)),
        (ESS_81, "sleep_time", NEVER, (P81, 0x115, 6553)),
        (ESS_81, "sleep_time", 600, (P81, 0x115, 60)),
        (K_81_NO_NTC, "soc_calibration", 54, (P81, 0x116, 540)),
    ],
)
async def test_every_kind_of_parameter_can_be_changed(monkeypatch, label, key, value, frame) -> None:
    dialect, register, raw = frame
    async with daly_site(monkeypatch, label, cells=16 if label is ESS_81 else 4) as site:
        (record,) = await site.control.apply({key: value}, ASK)
        assert record.outcome is WriteOutcome.CONFIRMED
        assert record.found == pytest.approx(value, abs=0.5 if key == "soc_calibration" else 0)
        assert writes(site) == [write_request(dialect, register, (raw,))]
        assert site.control.value(site.control.catalog.settings[key]) == pytest.approx(value, abs=0.5)
        assert site.drifts == []
        assert outcomes(site.records) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize(("label", "host"), [(LEGACY_A5, 0x80), (R24_A5, 0x40)])
async def test_the_switches_of_an_old_board_show_in_the_readings(monkeypatch, label, host) -> None:
    async with daly_site(monkeypatch, label) as site:
        await settled(site)
        records = await site.control.apply({"charge_switch": False, "discharge_switch": False}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED] * 2
        assert [record.found for record in records] == [False, False]
        records = await site.control.apply({"charge_switch": True}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED]
        assert writes(site) == [
            a5_request(host, 0xDA, bytes(8)),
            a5_request(host, 0xD9, bytes(8)),
            a5_request(host, 0xDA, b"\1" + bytes(7)),
        ]
        assert site.peripheral.board.charge_switch
        assert not site.peripheral.board.discharge_switch


async def settled(site: Site) -> None:
    """Wait until an old board was read twice: its first readings may be dropped for their sign."""
    site.control._pack.context.memory.setdefault("current_inverted", site.peripheral.label.inverted)
    await site.pack.next_reading()


async def test_the_state_of_charge_of_an_old_board_is_set_with_the_local_time(monkeypatch) -> None:
    clock = datetime(2026, 11, 21, 17, 5, 42)  # noqa: DTZ001  the local time
    async with daly_site(monkeypatch, LEGACY_A5) as site:
        site.pack._session._driver._context = replace(site.pack.context, clock=lambda: clock)
        (record,) = await site.control.apply({"soc_calibration": 65.5}, ASK)
        assert record.outcome is WriteOutcome.CONFIRMED
        assert record.found == pytest.approx(65.5, abs=0.5)
        assert writes(site) == [a5_request(0x80, 0x21, bytes((26, 11, 21, 17, 5, 42)) + (655).to_bytes(2))]


async def test_a_state_of_charge_far_from_the_last_is_seen_although_it_is_doubted_first(monkeypatch) -> None:
    """With the usual interval the next poll after a doubted reading is 10 s away; nobody waits that long."""
    async with daly_site(monkeypatch, K_D2) as site:
        site.pack._session._driver._context = replace(site.pack.context, interval=5 / 6 * writer.EFFECT_TIMEOUT)
        (record,) = await site.control.apply({"soc_calibration": 20}, ASK)
        assert (record.outcome, record.found) == (WriteOutcome.CONFIRMED, pytest.approx(20, abs=0.5))


async def test_a_limit_that_moves_another_one_is_nobody_elses_doing(site) -> None:
    (record,) = await site.control.apply({"cell_overvoltage": 3.65}, ASK)
    assert record.outcome is WriteOutcome.CONFIRMED
    assert site.value("cell_overvoltage_warning") == 3.6
    assert site.drifts == []
    (record,) = await site.control.apply({"max_discharge_current": 140}, ASK)
    assert site.value("discharge_overcurrent_warning") == 112
    await site.control.refresh()
    assert site.drifts == []
    assert outcomes(site.records) == [WriteOutcome.CONFIRMED] * 2


async def test_a_warning_is_written_after_the_limit_that_moves_it(site) -> None:
    """The board sets the first level itself whenever the second is written."""
    records = await site.control.apply({"cell_overvoltage": 3.56, "cell_overvoltage_warning": 3.4}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 2
    assert (site.value("cell_overvoltage"), site.value("cell_overvoltage_warning")) == (3.56, 3.4)
    records = await site.control.apply({"cell_overvoltage": 3.7, "cell_overvoltage_warning": 3.5}, ASK)
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 2
    assert (site.value("cell_overvoltage"), site.value("cell_overvoltage_warning")) == (3.7, 3.5)
    assert site.drifts == []


async def test_on_81_only_what_can_be_stored_is_written_as_sleep_time(monkeypatch) -> None:
    async with site_of(monkeypatch, daly_pack(ESS_81), ALL) as site:
        for seconds, code in ((3605, "off_step"), (65_530, "out_of_range"), (65_534, "out_of_range")):
            with pytest.raises(RejectedError) as error:
                await site.control.apply({"sleep_time": seconds}, ASK)
            assert [issue.code for issue in error.value.issues] == [code]
        for seconds in (65_535, 3600, 65_520):
            records = await site.control.apply({"sleep_time": seconds}, ASK)
            assert outcomes(records) in ([WriteOutcome.CONFIRMED], [])
            assert site.value("sleep_time") == seconds


async def test_on_81_nothing_moves_by_itself(monkeypatch) -> None:
    async with daly_site(monkeypatch, ESS_81, cells=16) as site:
        before = site.pack.current_settings.values
        await site.control.apply({"cell_overvoltage": 3.62}, ASK)
        after = site.pack.current_settings.values
        assert {key for key in after if after[key] != before[key]} - {"soc_calibration"} == {"cell_overvoltage"}


async def test_several_changes_are_written_in_a_safe_order(site) -> None:
    changes = {"discharge_switch": True, "cell_overvoltage": 3.58, "charge_switch": False, "balance_trigger": 0.02}
    records = await site.control.apply(changes, ASK)
    assert [record.parameter for record in records] == ["charge_switch", "cell_overvoltage", "balance_trigger"]
    assert outcomes(records) == [WriteOutcome.CONFIRMED] * 3


# What is not taken.


@pytest.mark.parametrize(
    ("label", "changes"),
    [
        (K_D2, {"cell_overvoltage": 3.55}),
        (K_D2, {"design_capacity": 105}),
        (K_D2, {"soc_calibration": 50}),
        (K_D2, {"sleep_time": NEVER}),
        (K_D2, {"balance_trigger": 0.02}),
        (K_81_NO_NTC, {"cell_overvoltage": 3.55}),
        (K_81_NO_NTC, {"soc_calibration": 50}),
        (K_81_NO_NTC, {"balance_switch": False}),
    ],
)
async def test_what_one_person_tried_is_refused_unless_allowed(monkeypatch, label, changes) -> None:
    async with daly_site(monkeypatch, label, ALL_BUT_EXPERIMENTAL) as site:
        assert await refused(site, changes) == ["experimental_off"]
        assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize("label", [LEGACY_A5, R24_A5])
async def test_what_is_proven_on_old_boards_needs_no_more_than_a_second_word(monkeypatch, label) -> None:
    async with daly_site(monkeypatch, label, WritePermission(control=True)) as site:
        await settled(site)
        assert await refused(site, {"soc_calibration": 65}) == ["confirm_needed"]
        assert await refused(site, {"cell_overvoltage": 3.55}) == ["read_only"]
        records = await site.control.apply({"soc_calibration": 65}, replace(ASK, confirm=True))
        assert outcomes(records) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"cell_overvoltage": 3.54}, ["order_broken"]),  # below the warning
        ({"cell_overvoltage_warning": 3.61}, ["order_broken"]),
        ({"pack_overvoltage": 13.2}, ["order_broken", "would_stop_charging"]),
        ({"pack_overvoltage": 12.6}, ["out_of_range"]),
        ({"pack_undervoltage": 9.0}, ["pack_limit_apart"]),
        ({"cell_overvoltage": 4.2}, ["out_of_range"]),
        ({"cell_overvoltage": 3.5505}, ["off_step"]),
        ({"max_charge_current": 0}, ["out_of_range"]),
        ({"charge_switch": 0}, ["not_a_switch"]),
        ({"battery_type": "nmc"}, ["read_only"]),
        ({"register_0xa8": 90}, ["read_only"]),
        ({"soc_low": 4}, ["unknown_parameter"]),
        ({"sleep_time": 59}, ["out_of_range"]),
        ({"soc_calibration": 100.1}, ["out_of_range"]),
    ],
)
async def test_what_is_not_valid_is_refused(site, changes, codes) -> None:
    assert set(await refused(site, changes)) <= set(codes)


@pytest.mark.parametrize("key", ["forced_closure_time", "key_logic", "design_capacity", "cell_count", "charged_total"])
async def test_what_could_do_harm_on_81_is_never_offered(monkeypatch, key) -> None:
    async with daly_site(monkeypatch, K_81_NO_NTC) as site:
        (code,) = await refused(site, {key: 1})
        assert code in ("read_only", "unknown_parameter", "unsupported_parameter")


async def test_before_the_parameters_were_read_nothing_is_written(site) -> None:
    site.pack._settings_read = False
    assert (await refused(site, {"charge_switch": False}))[0] == "unread"


# What becomes of a write.


@pytest.mark.parametrize(
    ("label", "key", "value", "word"),
    [
        (K_D2, "charge_switch", False, True),
        (K_D2, "cell_overvoltage", 3.58, False),
        (ESS_81, "charge_switch", False, False),
        (ESS_81, "sleep_time", NEVER, True),
        (LEGACY_A5, "soc_calibration", 65, False),
    ],
)
async def test_a_board_that_keeps_the_old_value_has_refused(monkeypatch, label, key, value, word) -> None:
    async with daly_site(monkeypatch, label) as site:
        site.peripheral.faults.forget_writes = True
        site.peripheral.faults.lose_ready = not word
        (record,) = await site.control.apply({key: value}, ASK)
        assert record.outcome is WriteOutcome.REFUSED
        assert len(writes(site)) == 1  # it is not tried again
        assert site.drifts == []


@pytest.mark.parametrize(
    ("label", "key", "value"),
    [(K_D2, "cell_overvoltage", 3.58), (ESS_81, "cell_overvoltage", 3.58), (K_D2, "max_charge_current", 95)],
)
async def test_a_board_that_keeps_another_value_is_told_as_it_is(monkeypatch, label, key, value) -> None:
    async with daly_site(monkeypatch, label) as site:
        site.peripheral.faults.distort_writes = True
        (record,) = await site.control.apply({key: value}, ASK)
        assert record.outcome is WriteOutcome.DIFFERENT
        assert record.found == site.value(key) not in (value, record.old)
        assert len(writes(site)) == 1
        assert site.drifts == []


@pytest.mark.parametrize(
    ("label", "key", "value"),
    [
        (K_D2, "charge_switch", False),
        (K_D2, "cell_overvoltage", 3.58),
        (ESS_81, "charge_switch", False),
        (LEGACY_A5, "charge_switch", False),
    ],
)
async def test_a_board_that_says_nothing_but_obeys_is_believed(monkeypatch, label, key, value) -> None:
    async with daly_site(monkeypatch, label) as site:
        site.peripheral.faults.lose_ready = True
        (record,) = await site.control.apply({key: value}, ASK)
        assert record.outcome is WriteOutcome.CONFIRMED
        assert len(writes(site)) == 1


async def test_a_late_word_changes_nothing(site) -> None:
    site.peripheral.faults.ready_delay = 8.0  # later than we wait
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
    assert outcomes(await site.control.apply({"charge_switch": True}, ASK)) == [WriteOutcome.CONFIRMED]
    assert site.peripheral.board.charge_switch


async def test_a_read_back_that_arrives_broken_is_asked_for_once_more(site) -> None:
    site.peripheral.faults.corrupt_settings = 1
    assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
    assert len(writes(site)) == 1


async def test_a_read_back_that_never_arrives_leaves_it_open_until_the_next(site) -> None:
    site.peripheral.faults.corrupt_settings = 4
    (record,) = await site.control.apply({"charge_switch": False}, ASK)
    assert record.outcome is WriteOutcome.UNKNOWN
    await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)
    assert len(writes(site)) == 1
    assert site.drifts == []


@pytest.mark.parametrize(
    ("label", "key", "value"),
    [
        (K_D2, "charge_switch", False),
        (K_D2, "cell_overvoltage", 3.58),
        (LEGACY_A5, "charge_switch", False),
        (LEGACY_A5, "soc_calibration", 50),
    ],
)
@pytest.mark.parametrize(("obeys", "found"), [(True, WriteOutcome.CONFIRMED), (False, WriteOutcome.REFUSED)])
async def test_a_link_lost_at_the_write_is_settled_by_the_next_connection(
    monkeypatch, label, key, value, obeys, found
) -> None:
    async with daly_site(monkeypatch, label) as site:
        vanish_at_the_write(site, obeys=obeys)
        (record,) = await site.control.apply({key: value}, ASK)
        assert record.outcome is WriteOutcome.UNKNOWN
        assert site.control.value(site.control.catalog.settings[key]) is None
        await site.until(lambda: not record.open)
        assert record.outcome is found
        assert outcomes(site.records) == [WriteOutcome.UNKNOWN, found]
        assert len(writes(site)) == 1
        assert site.drifts == []
        await site.streaming()
        assert site.pack.state is ConnectionState.STREAMING


def vanish_at_the_write(site: Site, *, obeys: bool) -> None:
    """Let the link be lost with the next write; whether the board does it is another matter."""
    peripheral = site.peripheral
    take = peripheral.on_write

    def vanish(handle: int, data: bytes) -> None:
        if not (data[2] in (0x21, 0xD9, 0xDA) if data[0] == 0xA5 else data[1] == 0x06):
            take(handle, data)
            return
        del peripheral.on_write
        if obeys:
            peripheral.change_elsewhere(data)
        peripheral.hang_up = True

    peripheral.on_write = vanish


async def test_a_failure_ends_the_request_and_says_what_was_not_sent(site) -> None:
    site.peripheral.faults.forget_writes = True
    records = await site.control.apply({"charge_switch": False, "balance_trigger": 0.02}, ASK)
    assert outcomes(records) == [WriteOutcome.REFUSED, WriteOutcome.NOT_SENT]
    assert len(writes(site)) == 1


async def test_while_the_pack_is_away_nothing_is_sent(site) -> None:
    site.peripheral.faults.refuse_connections = True
    site.peripheral.hang_up = True
    await site.until(lambda: site.pack.current_settings is None)
    assert (await refused(site, {"charge_switch": False}))[0] == "out_of_reach"


async def test_a_pack_that_falls_silent_at_the_read_back_leaves_it_in_doubt(monkeypatch) -> None:
    async with daly_site(monkeypatch) as site:
        take = site.peripheral.on_write

        def fall_silent(handle: int, data: bytes) -> None:
            take(handle, data)
            site.peripheral.faults.silent = data[1] == 0x06

        site.peripheral.on_write = fall_silent
        (record,) = await site.control.apply({"charge_switch": False}, ASK)
        assert record.outcome is WriteOutcome.UNKNOWN
        site.peripheral.faults.silent = False
        await site.until(lambda: record.outcome is WriteOutcome.CONFIRMED)
        assert len(writes(site)) == 1


# What others change.


@pytest.mark.parametrize(
    ("label", "frame", "drift"),
    [
        (K_D2, (D2, 0xA5, 0), {"charge_switch": (True, False)}),
        (K_D2, (D2, 0xCF, 0), {"balance_switch": (True, False)}),
        (ESS_81, (P81, 0x122, 0), {"discharge_switch": (True, False)}),
        (ESS_81, (P81, 0x163, 30), {"soc_low": (5.0, 3.0)}),
    ],
)
async def test_a_change_by_a_second_master_is_noticed_once(monkeypatch, label, frame, drift) -> None:
    dialect, register, raw = frame
    async with daly_site(monkeypatch, label) as site:
        elsewhere(site, register, raw, dialect=dialect)
        for _ in range(2):
            await site.control.refresh()
        assert site.drifts == [drift]
        assert outcomes(site.records) == [WriteOutcome.CHANGED_ELSEWHERE]
        assert await site.control.accept(drift)


async def test_a_limit_changed_by_a_second_master_shows_with_all_that_hangs_on_it(site) -> None:
    elsewhere(site, 0x8C, 3650)
    await site.control.refresh()
    assert site.drifts == [{"cell_overvoltage": (3.6, 3.65), "cell_overvoltage_warning": (3.55, 3.6)}]


@pytest.mark.parametrize("label", [K_D2, ESS_81, LEGACY_A5])
async def test_what_ticks_on_by_itself_is_no_change_elsewhere(monkeypatch, label) -> None:
    async with daly_site(monkeypatch, label) as site:
        site.peripheral.board.soc -= 0.05
        site.peripheral.board.throughput += 10
        before = site.pack.current_settings
        await site.control.refresh()
        assert before.values != site.pack.current_settings.values
        assert site.drifts == []
        assert site.records == []


async def test_a_forced_closure_by_somebody_else_runs_out_without_a_word(monkeypatch) -> None:
    async with daly_site(monkeypatch, K_81_NO_NTC) as site:
        elsewhere(site, 0x12E, 1, dialect=P81)
        for _ in range(3):
            await site.control.refresh()
        assert site.value("forced_closure_time") > 0
        assert len(site.records) <= 1


async def test_requests_take_turns_and_polls_go_on(monkeypatch) -> None:
    async with daly_site(monkeypatch) as site:
        seen = site.pack.last_reading
        answers = await asyncio.gather(
            *(site.control.apply({"balance_trigger": round(0.011 + step / 1000, 3)}, ASK) for step in range(5))
        )
        assert [outcome for records in answers for outcome in outcomes(records)] == [WriteOutcome.CONFIRMED] * 5
        assert len(writes(site)) == 5
        await site.until(lambda: site.pack.last_reading is not seen)


async def test_an_order_in_which_the_pack_was_delivered_forbids_no_other_change(site) -> None:
    warning, protection = 0x9D, 0x9E
    elsewhere(site, warning, 25)
    elsewhere(site, protection, 40)
    await site.control.refresh()
    assert site.value("discharge_undertemperature") == 0
    assert site.value("discharge_undertemperature_warning") == -15
    with pytest.raises(RejectedError, match="order_broken"):
        await site.control.apply({"discharge_undertemperature": 1}, ASK)
    assert writes(site) == []
    assert await outcomes_of(site, {"discharge_overtemperature": 61}) == ["confirmed"]


async def outcomes_of(site: Site, changes: dict[str, object]) -> list[str]:
    return [record.outcome.value for record in await site.control.apply(changes, ASK)]


async def test_a_warning_that_would_be_moved_along_is_put_back(site) -> None:
    before = site.value("cell_overvoltage_warning")
    limit = site.value("cell_overvoltage") + 0.05
    outcomes = await outcomes_of(site, {"cell_overvoltage": limit, "cell_overvoltage_warning": before})
    assert outcomes == ["confirmed", "confirmed"]
    assert site.value("cell_overvoltage_warning") == before
