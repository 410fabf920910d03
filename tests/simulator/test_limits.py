"""The simulated boards protect by what they measure, and by the very limits that they tell as their settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
import struct

import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.parameters import PARAMETERS
from custom_components.smart_bms.bms.jbd.parameters import REGISTERS
from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.settings import decode_settings
from custom_components.smart_bms.simulator.board import Limits
from custom_components.smart_bms.simulator.daly import d2 as daly_d2, p81 as daly_p81
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from custom_components.smart_bms.simulator.daly.modbus import sealed as sealed_modbus
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, SP04S034, WATTCYCLE
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.samples import SAMPLES, sample
from tests.support.packs import daly_pack, jbd_pack, jk_pack, sealed

# All but what two dialects of one board leave open; odd numbers show who rounds.
ODD = Limits(
    cell_overvoltage=3.6127,
    cell_overvoltage_release=3.5004,
    charge_current=80.04,
    discharge_current=120.0561,
    charge_overtemperature=51.26,
    discharge_undertemperature=-12.4,
    charge_overcurrent_delay=7.4,
)


def told_by_jk(pack: JkPeripheral) -> Mapping[str, object]:
    return decode_settings(sealed(pack.settings(), 0x01), Variant(pack.variant), 0.0).values


def told_by_jbd(pack: JbdPeripheral) -> Mapping[str, object]:
    registers = pack.firmware.registers
    known = [row for row in REGISTERS if registers.knows(row.register)]
    return {row.key: row.value(registers.read(row.register), coarse=pack.label.hundred_ma) for row in known}


def told_by_daly(pack: DalyPeripheral) -> Mapping[str, object]:
    dialect = Dialect(pack.variant)
    if dialect is Dialect.A5:
        data = {row.number: pack._uart.read(row.number)[0][4:12] for row in PARAMETERS[dialect]}
    else:
        words = {"D2": daly_d2.image, "81": daly_p81.image}[pack.variant](pack.firmware)
        data = {
            row.number: b"".join(words.get(row.number + place, 0xFFFF).to_bytes(2) for place in range(2))
            for row in PARAMETERS[dialect]
        }
    return {row.key: row.value(data[row.number][row.offset : row.offset + row.size]) for row in PARAMETERS[dialect]}


TOLD = [
    *((jk_pack(variant, limits=ODD), told_by_jk) for variant in ("JK02_32S", "JK02_24S")),
    *((jbd_pack(label, limits=ODD), told_by_jbd) for label in (SP04S034, DP16S020, LEGACY, WATTCYCLE)),
    (jbd_pack(hundred_ma=True, limits=ODD), told_by_jbd),
    *(
        (daly_pack(label, limits=ODD), told_by_daly)
        for label in (K_D2, LAYOUT_B, ESS_81, K_81_NO_NTC, LEGACY_A5, R24_A5)
    ),
]


@pytest.mark.parametrize(("pack", "reported"), TOLD)
def test_a_board_protects_by_the_limits_that_it_tells(
    pack: Peripheral, reported: Callable[[Peripheral], Mapping[str, object]]
) -> None:
    protections, values = pack.board.protections, reported(pack)
    keys = {rule.limit or rule.name for rule in protections.rules}
    keys |= {f"{rule.name}_{part}" for rule in protections.rules for part in ("release", "delay")}
    # Delays of the measurement chip are choices in text, which a board does not act upon.
    expected = {key: value for key, value in values.items() if key in keys and not isinstance(value, str)}
    if isinstance(pack, JkPeripheral):
        expected["power_off_voltage"] = values["power_off_voltage"]
        # Told by both, and a matter of the balancer.
    acted_upon = {key: value for key, value in protections.limits.items() if not key.startswith(("balance", "cell_b"))}
    assert acted_upon == pytest.approx(expected)
    assert len(protections.limits) >= len(acted_upon)


def test_a_current_on_the_wrong_side_counts_by_its_place() -> None:
    pack = daly_pack()
    pack.firmware.settings["discharge_current.1"] = 29840
    assert pack.board.protections.limits["discharge_overcurrent_warning"] == 16


# What a client writes becomes effective.


def write_jk(pack: JkPeripheral, register: int, code: str, value: int) -> None:
    assert pack.change_elsewhere(encode_command(register, struct.pack("<" + code, value)))


def write_jbd(pack: JbdPeripheral, register: int, value: int) -> None:
    assert pack.firmware.change(register, value.to_bytes(2))


def write_daly(pack: DalyPeripheral, register: int, value: int) -> None:
    address = {"D2": 0xD2, "81": 0x81}[pack.variant]
    assert pack.change_elsewhere(sealed_modbus(struct.pack(">BBHH", address, 6, register, value)))


def run(pack: Peripheral, seconds: float, step: float = 0.5) -> None:
    for _ in range(round(seconds / step)):
        pack.advance(step)


WRITES_JK = [
    (0x1A, "i", 200, {"mosfet_overtemperature"}, 0b10),
    (0x3A, "b", 23, {"discharge_undertemperature"}, 1 << 27),
    (0x16, "i", 210, {"discharge_overtemperature"}, 1 << 15),
    (0x0F, "I", 1000, {"discharge_overcurrent"}, 1 << 13),
]


@pytest.mark.parametrize(("register", "code", "value", "alarms", "mask"), WRITES_JK)
def test_what_is_written_to_a_jk_board_becomes_effective(register, code, value, alarms, mask) -> None:
    pack = jk_pack(profile=lambda _: -5.0)
    pack.board.limits.discharge_overtemperature_release = 20
    pack.board.limits.discharge_overcurrent_delay = 2
    run(pack, 1)
    assert not pack.board.alarms
    write_jk(pack, register, code, value)
    run(pack, 3)
    assert pack.board.alarms == alarms
    assert struct.unpack_from("<I", pack.cell_info(), 166) == (mask,)
    assert not pack.board.discharging_allowed
    assert pack.board.battery.current == 0


@pytest.mark.parametrize(
    ("register", "value", "alarm", "bit"),
    [
        (0x20, 1310, "pack_overvoltage", 2),
        (0x22, 1320, "pack_undervoltage", 3),
        (0x1E, 2731 + 230, "discharge_undertemperature", 7),
        (0x24, 3280, "cell_overvoltage", 0),
    ],
)
def test_what_is_written_to_a_jbd_board_becomes_effective(register, value, alarm, bit) -> None:
    pack = jbd_pack()
    run(pack, 10)
    write_jbd(pack, register, value)
    # Of voltages and temperatures, the delay is two seconds from the first look.
    run(pack, 2.0)
    assert pack.board.alarms == set()
    run(pack, 0.5)
    assert pack.board.alarms == {alarm}
    assert pack.firmware.protections == 1 << bit
    assert (pack.firmware.charging, pack.firmware.discharging) == (bit in (3, 7), bit in (0, 2))
    write_jbd(pack, 0x3D, 0x0505)
    assert pack.board.protections.limits["cell_undervoltage_delay"] == 5


def test_what_is_written_to_a_daly_board_becomes_effective() -> None:
    pack = daly_pack(profile=lambda _: -5.0)
    run(pack, 10)
    assert pack.board.alarms == set()
    write_daly(pack, 0x9D, 62)
    run(pack, 0.5)
    assert pack.board.alarms == {"discharge_undertemperature_warning"}
    assert pack.firmware.discharge_mos
    write_daly(pack, 0x9E, 62)
    run(pack, 0.5)
    assert pack.board.alarms == {"discharge_undertemperature_warning", "discharge_undertemperature"}
    assert pack.firmware.alarm_words[0x3A] == 0b11 << 14
    assert not pack.firmware.discharge_mos
    write_daly(pack, 0x9E, 50)
    write_daly(pack, 0x9D, 55)
    run(pack, 0.5)
    assert pack.board.alarms == set()


def test_81_tells_and_minds_delays_and_releases() -> None:
    pack = daly_pack(ESS_81)
    run(pack, 1)
    for register, value in ((0x167, 66), (0x168, 60), (0x169, 3000)):
        write_daly(pack, register, value)
    run(pack, 3)
    assert pack.board.alarms == set()
    run(pack, 0.5)
    assert pack.board.alarms == {"mosfet_overtemperature"}
    write_daly(pack, 0x167, 100)
    run(pack, 5)
    assert pack.board.alarms == {"mosfet_overtemperature"}
    write_daly(pack, 0x168, 67)
    run(pack, 0.5)
    assert pack.board.alarms == set()


def test_a_restart_is_no_way_out_of_an_overcurrent() -> None:
    pack = daly_pack(profile=lambda _: 20.0)
    write_daly(pack, 0x94, 29850)
    run(pack, 1)
    assert "charge_overcurrent" in pack.board.alarms
    write_daly(pack, 0xF0, 0)
    run(pack, 60)
    assert pack.board.alarms == {"charge_overcurrent"}
    pack.board.battery.profile = lambda _: -1.0
    run(pack, 1)
    assert pack.board.alarms == set()


def test_boards_measure_as_finely_as_they_tell() -> None:
    jk, jbd = jk_pack(profile=lambda _: 5.01234), jbd_pack(hundred_ma=True, ntcs=0, profile=lambda _: 5.061)
    daly = daly_pack(supports_mos_temperature=False, ntcs=2, temperature=20.6, profile=lambda _: 5.061)
    for pack in (jk, jbd, daly):
        run(pack, 1)
    assert jk.measured().current == 5012
    assert len(jk.measured().probes) == 4
    assert jk.measured().power_stage == pytest.approx(26.5)
    assert jbd.firmware.measured() == replace(jbd.firmware.measured(), current=5100, probes=(), power_stage=None)
    assert jbd.firmware.measured().pack % 10 == 0
    assert daly.firmware.measured() == replace(
        daly.firmware.measured(), current=5100, probes=(20, 21), power_stage=None
    )
    assert daly.firmware.measured().pack % 100 == 0


def test_a_calibration_that_is_wrong_trips_like_the_truth() -> None:
    pack = jk_pack()
    write_jk(pack, 0x64, "I", round(pack.board.battery.voltage * 1120))
    run(pack, 1)
    assert pack.board.alarms == {"cell_overvoltage"}


# Switching off.


def test_a_jk_board_that_is_off_is_not_heard_until_a_charger_wakes_it() -> None:
    pack = jk_pack(soc=0.1, profile=lambda _: -30.0)
    pack.connect()
    run(pack, 10)
    assert not pack.hang_up
    # A cell that runs empty by itself.
    pack.board.battery.cells[0].soc = -0.01
    run(pack, 1)
    assert pack.hang_up
    pack.disconnect()
    assert not pack.connectable
    assert (pack.board.charging_allowed, pack.board.discharging_allowed) == (False, False)
    run(pack, 600, 1)
    assert not pack.connectable
    assert pack.board.battery.current == 0
    pack.board.battery.profile = lambda _: 20.0
    run(pack, 60, 1)
    assert pack.board.battery.current == 20
    assert not pack.connectable
    run(pack, 2400, 1)
    assert pack.connectable
    assert pack.board.charging_allowed


def test_an_active_balancer_protects_from_nothing() -> None:
    pack = jk_pack("JK04", soc=-0.02, temperature=90, profile=lambda _: -500.0)
    run(pack, 60)
    assert pack.board.alarms == set()
    assert pack.board.battery.current == -500
    assert pack.connectable


# Nothing of it is seen in normal operation.


@pytest.mark.parametrize("key", [key for key in SAMPLES if not key.startswith("smart123")])
def test_a_sample_goes_through_half_a_day_without_an_alarm(key) -> None:
    pack = sample(key)
    for _ in range(12 * 1800):
        pack.advance(2)
        assert not pack.board.alarms
        assert pack.connectable
    assert pack.board.charging_allowed
    assert pack.board.discharging_allowed
