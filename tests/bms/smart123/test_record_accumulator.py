"""The picture: every kind of record has its own age, and what is too old is left out."""

from datetime import UTC, datetime

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.smart123.cells import Cells
from custom_components.smart_bms.bms.smart123.decode import decode_record
from custom_components.smart_bms.bms.smart123.record_accumulator import FRESH, RecordAccumulator, refused
from custom_components.smart_bms.bms.smart123.scales import Scales
from custom_components.smart_bms.bms.trust import Trust

U = "U_0A40_X_-0064_X"
V = "V_28F_03_292_01_2BC"
T = "T_12B_02_12D_04_XX"
E = "E_000010_000620_000020_32"
M = "M_00000A_00000B_0C:1E"
H = "H_5F_08E8_08FC_63_0005E9_0005DE"
B = "B_000010_000011_000012_000013"


def cell(number: int, count: int = 4, voltage: str = "290", status: str = "03", more: str = "_30") -> str:
    return f"C_{number:02X}_{count:02X}_{voltage}_12C_{status}{more}"


def picture() -> RecordAccumulator:
    return RecordAccumulator(lambda: Scales(ampere=0.05), lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC))


def feed(it: RecordAccumulator, now: float, *lines: str) -> list[str | None]:
    return [refused(it, *decode_record(line), now) for line in lines]


def complete(now: float = 100.0) -> RecordAccumulator:
    """Return a picture of four cells that is two turns old."""
    it = picture()
    for step in range(8):
        feed(it, now - 7 + step, U, V, T, cell(step % 4 + 1), E, M, H, B)
    return it


def test_a_whole_picture() -> None:
    reading = complete().reading(100.0)
    assert reading.voltage == 13.12
    assert reading.current == -5.0
    assert reading.power == -65.6
    assert reading.soc == 50
    assert reading.soh == 95
    assert reading.cycles == 15.13
    assert reading.stored_energy == 1568.0
    assert reading.cell_voltages == (3.28,) * 4
    assert reading.cell_times == (97.0, 98.0, 99.0, 100.0)
    assert (reading.cell_voltage_min, reading.cell_min_number) == (3.275, 3)
    assert (reading.cell_voltage_max, reading.cell_max_number) == (3.29, 1)
    assert reading.temperatures == {"lowest": 24.143, "highest": 25.857}
    assert reading.balancing is False
    assert reading.balancing_cells == ()
    assert reading.alarms == ()
    details = reading.details
    assert details["coldest_cell"] == 2
    assert details["hottest_cell"] == 4
    assert details["balance_voltage"] == 3.5
    assert details["energy_collected_today"] == 16
    assert details["energy_collected_total"] == 10
    assert details["energy_charged_total"] == 16
    assert details["energy_discharged_today"] == 19
    assert details["discharge_cycles"] == 15.02
    assert details["charge_efficiency"] == 99
    assert details["measured_capacity"] == 2280
    assert details["clock_offset"] == 30
    assert details["charge_relay_closed"]
    assert details["load_relay_closed"]
    assert "current_in" not in details
    assert Trust().judge(reading)


def test_older_firmware_lacks_what_it_never_sends() -> None:
    it = picture()
    for step in range(8):
        feed(it, 93.0 + step, U, V, T.removesuffix("_XX"), cell(step % 4 + 1, more=""), E, M)
    reading = it.reading(100.0)
    assert reading.soh is reading.cycles is None
    assert not {"charge_relay_closed", "energy_charged_total"} & set(reading.details)
    assert reading.charging_enabled


@pytest.mark.parametrize(
    ("silent", "lost"),
    [
        ("V", ("extremes",)),
        ("T", ("temperatures",)),
        ("C", ("charging_enabled", "alarms")),
        ("E", ("soc", "stated_energy")),
    ],
)
def test_what_is_not_said_any_more_is_unknown(silent, lost) -> None:
    it = complete()
    lines = {"U": U, "V": V, "T": T, "C": cell(1), "E": E}
    now = 100.0
    while now < 100 + FRESH + 2:
        now += 1
        feed(it, now, *(line for tag, line in lines.items() if tag != silent))
    reading = it.reading(now)
    assert reading.voltage == 13.12
    for key in lost:
        assert not getattr(reading, key), key


def test_without_totals_there_is_no_reading() -> None:
    it = complete()
    for step in range(30):
        feed(it, 101.0 + step, V, cell(1), E)
    assert it.reading(130.0) is None


def test_meters_may_be_a_minute_old() -> None:
    it = complete()
    for step in range(70):
        feed(it, 101.0 + step, U, V, T, cell(step % 4 + 1), E)
    assert it.reading(159.0).soh == 95
    reading = it.reading(170.0)
    assert reading.soh is None
    assert "clock_offset" not in reading.details


def test_a_first_reading_waits_for_what_is_to_be_confirmed_but_not_for_ever() -> None:
    it = picture()
    feed(it, 0.0, U, V, cell(1), E)
    assert it.reading(0.0) is None
    feed(it, 1.0, U, V, cell(2))
    assert it.reading(1.0) is None
    feed(it, 6.0, U, V)
    reading = it.reading(6.0)
    assert reading.soc is None
    assert reading.charging_enabled


def test_flags_that_nobody_confirmed_are_unknown() -> None:
    it = picture()
    feed(it, 0.0, U, V, cell(1), E)
    feed(it, 6.0, U, V)
    assert it.reading(6.0).alarms is None
    assert it.reading(6.0).charging_enabled is None


def test_one_broken_flag_raises_no_alarm() -> None:
    it = complete()
    feed(it, 101.0, U, cell(1, status="07"))
    assert it.reading(101.0).alarms == ()
    feed(it, 102.0, U, cell(2))
    assert it.reading(102.0).alarms == ()


def test_not_calibrated_is_no_alarm() -> None:
    it = complete()
    feed(it, 101.0, cell(1, status="83"))
    feed(it, 102.0, U, V, cell(2, status="83"))
    reading = it.reading(102.0)
    assert reading.details["soc_calibrated"] is False
    assert reading.alarms == ()


def test_the_communication_lamp_makes_all_measurements_unknown() -> None:
    it = complete()
    feed(it, 101.0, cell(1, status="04", voltage="000"))
    assert it.reading(101.0).cell_voltages[0] == 3.28
    feed(it, 102.0, U, cell(2, status="04", voltage="000"))
    reading = it.reading(102.0)
    assert reading.voltage is reading.soc is None
    assert reading.alarms == (Alarm.CELL_COMMUNICATION_FAULT,)
    assert reading.charging_enabled is False
    assert Trust().judge(reading)
    feed(it, 103.0, U, V, cell(3))
    feed(it, 104.0, U, V, cell(4))
    reading = it.reading(104.0)
    assert reading.voltage == 13.12
    assert reading.cell_voltages[0] is None


def test_the_lamp_at_v_max_is_a_problem_even_when_full() -> None:
    it = complete()
    for step in range(3):
        feed(it, 101.0 + step, U, V, cell(1, status="12"), E.replace("_32", "_64"))
    reading = it.reading(103.0)
    assert reading.soc == 100
    assert reading.problems == (Alarm.CELL_OVERVOLTAGE,)


def test_percentages_above_a_hundred_are_not_known() -> None:
    it = complete()
    for step in range(3):
        feed(it, 101.0 + step, U, V, cell(1), H.replace("_5F_", "_FF_").replace("_63_", "_FF_"), E)
    reading = it.reading(103.0)
    assert reading.soh is None
    assert "charge_efficiency" not in reading.details


def test_a_meter_that_jumps_up_and_back_is_not_shown() -> None:
    it = complete()
    feed(it, 101.0, U, M.replace("00000A", "80000A"))
    assert it.reading(101.0).details["energy_collected_total"] == 10
    feed(it, 102.0, U, M)
    assert it.reading(102.0).details["energy_collected_total"] == 10


def test_cells_at_the_balance_voltage_balance() -> None:
    it = complete()
    for step in range(4):
        feed(it, 101.0 + step, U, V.replace("292", "2BC"), cell(step + 1, voltage="2BC" if step == 2 else "290"))
    reading = it.reading(104.0)
    assert reading.balancing_cells == (3,)
    assert reading.balancing


def test_balancing_is_unknown_without_a_balance_voltage() -> None:
    it = complete()
    for step in range(3):
        feed(it, 101.0 + step, U, V.replace("2BC", "000"), cell(1))
    reading = it.reading(103.0)
    assert reading.balancing is None
    assert reading.balancing_cells is None


@pytest.mark.parametrize("clock", ["18:00", "0C:3C", "XX"])
def test_a_clock_that_is_none_tells_nothing(clock) -> None:
    it = complete()
    for step in range(2):
        feed(it, 101.0 + step, U, V, cell(1), M.replace("0C:1E", clock))
    assert "clock_offset" not in it.reading(102.0).details


def test_a_clock_before_ours_is_behind_and_not_a_day_ahead() -> None:
    it = complete()
    feed(it, 101.0, U, V, cell(1), M.replace("0C:1E", "0B:3B"))
    assert it.reading(101.0).details["clock_offset"] == 30
    feed(it, 102.0, U, V, cell(1), M.replace("0C:1E", "0B:3B"))
    assert it.reading(102.0).details["clock_offset"] == -1


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        (V, "V_08F_03_292_01_2BC"),  # lowest cell 0.715 V
        (V, "V_28F_03_392_01_2BC"),  # highest cell 4.57 V
        (V, "V_28F_03_092_01_2BC"),  # highest below lowest
        (U, "U_0A40_X_+8064_X"),  # 1643 A
        (U, "U_0A40_X_-0864_X"),  # 107 A
        (T, "T_92B_02_12D_04_XX"),  # coldest 1776 °C
        (T, "T_12B_02_02D_04_XX"),
        (E, "E_000010_000620_000020_72"),  # 114 %
        (E, "E_000010_000620_000020_33".replace("33", "12")),
        (M, "M_00000B_00000B_0C:1E"),
    ],
)
def test_one_broken_bit_changes_nothing_that_is_shown(line, broken) -> None:
    it = complete()
    before = it.reading(100.0)
    usual = [U, V, T, cell(1), E, M, H, B]
    feed(it, 101.0, *(broken if each == line else each for each in usual))
    after = it.reading(101.0)
    for key in ("current", "power", "soc", "extremes", "temperatures", "balancing", "stated_energy", "details"):
        assert getattr(after, key) == getattr(before, key), key


def test_a_load_that_comes_on_is_shown_with_the_second_record() -> None:
    it = complete()
    feed(it, 101.0, U.replace("-0064", "-0864"), V, cell(1))
    assert it.reading(101.0).current == -5.0
    feed(it, 102.0, U.replace("-0064", "-0864"), V, cell(2))
    assert it.reading(102.0).current == -107.4


def test_frames_that_stopped_say_nothing_of_the_relays() -> None:
    reading = complete().silence(200.0)
    assert reading.alarms == (Alarm.CELL_COMMUNICATION_FAULT,)
    assert reading.charging_enabled is reading.alarm_mask is None


# Cells.


def update(
    cells: Cells, number: int | None, now: float, count: int | None = 4, voltage: int | None = 656, extremes=None
):
    cells.update(
        {"cell_number": number, "cell_count": count, "cell_voltage": voltage, "cell_temperature": 300}, extremes, now
    )


def test_cell_zero_and_empty_slots_are_passed_over() -> None:
    cells = Cells()
    update(cells, 1, 0.0)
    update(cells, 0, 1.0)
    update(cells, 5, 2.0)
    assert [cell is not None for cell in cells.known(2.0)] == [True, False, False, False]


@pytest.mark.parametrize("count", [0, None, 256])
def test_a_count_that_cannot_be_is_refused(count) -> None:
    with pytest.raises(FrameError, match="cell_count"):
        update(Cells(), 1, 0.0, count)
    with pytest.raises(FrameError, match="cell_count"):
        update(Cells(), None, 0.0)


def test_another_count_is_believed_when_it_is_said_twice() -> None:
    cells = Cells()
    update(cells, 1, 0.0)
    with pytest.raises(FrameError):
        update(cells, 1, 1.0, count=20)
    update(cells, 2, 2.0)
    with pytest.raises(FrameError):
        update(cells, 1, 3.0, count=5)
    update(cells, 2, 4.0, count=5)
    assert cells.count == 5
    assert [cell is not None for cell in cells.known(4.0)] == [False, True, False, False, False]


def test_a_cell_is_forgotten_after_three_turns_but_not_before_ten_seconds() -> None:
    cells = Cells()
    update(cells, 1, 0.0)
    assert cells.known(12.0)[0] is not None
    assert cells.known(12.1)[0] is None
    cells = Cells()
    for number in range(1, 101):
        update(cells, number, float(number), count=100)
    assert cells.known(301.0)[0] is not None
    assert cells.known(302.0)[0] is None


def test_a_broken_number_does_not_keep_old_cells() -> None:
    cells = Cells()
    for number in (1, 2, 0x81, 4, 0xFF):
        update(cells, number, float(number % 8))
    assert cells.too_old <= 12.0


def test_empty_places_of_the_rotation_make_it_longer() -> None:
    cells = Cells()
    for step in range(24):
        update(cells, step % 12 + 1, float(step))
    assert cells.too_old == 36.0


def test_a_count_that_was_doubted_once_is_not_believed_hours_later() -> None:
    cells = Cells()
    update(cells, 1, 0.0)
    for now in (1.0, 100.0):
        with pytest.raises(FrameError):
            update(cells, 1, now, count=14)
        update(cells, 2, now + 1)
    assert cells.count == 4


@pytest.mark.parametrize(
    ("temperature", "extremes"), [(0x928, None), (0x28, None), (0x128000, None), (340, (290, 310))]
)
def test_a_temperature_that_cannot_be_is_refused(temperature, extremes) -> None:
    cells = Cells()
    counts = {"cell_number": 1, "cell_count": 4, "cell_voltage": 656, "cell_temperature": temperature}
    with pytest.raises(FrameError, match="temperature"):
        cells.update(counts, None, 0.0, extremes)
    (cell,) = cells.known(0.0)[:1]
    assert (cell.voltage, cell.temperature) == (656, None)  # its probe says nothing about its voltage


def test_the_fast_mode_forgets_sooner() -> None:
    cells = Cells()
    for step in range(100):
        update(cells, step % 50 + 1, step * 0.5, count=50)
    assert 75 < cells.too_old < 100


def test_a_cell_that_does_not_fit_to_the_extremes_is_refused() -> None:
    cells = Cells()
    update(cells, 1, 0.0, extremes=(650, 660))
    with pytest.raises(FrameError, match="cell_outside_extremes"):
        update(cells, 1, 1.0, voltage=656 + 256, extremes=(650, 660))
    with pytest.raises(FrameError, match="implausible"):
        update(cells, 1, 1.0, voltage=1261)
    assert cells.known(1.0)[0].voltage == 656


def test_a_cell_that_says_it_has_no_value_is_unknown() -> None:
    cells = Cells()
    update(cells, 1, 0.0)
    update(cells, 1, 1.0, voltage=None)
    assert cells.known(1.0)[0] is None


def test_a_record_without_flags_or_numbers_tells_the_rest() -> None:
    it = complete()
    feed(it, 101.0, U, V, T.replace("_02_", "_00_"), cell(1, status="XX", more=""), E)
    reading = it.reading(101.0)
    assert reading.alarms == ()
    assert "coldest_cell" not in reading.details
    assert reading.details["hottest_cell"] == 4
