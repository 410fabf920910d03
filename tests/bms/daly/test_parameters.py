"""Parameters of the three dialects: where each lies, how it is coded, and what must never be written."""

from datetime import datetime
import math

import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.parameters import (
    BY_KEY,
    BY_NUMBER,
    D2_SETTINGS,
    P81_SECOND,
    P81_SETTINGS,
    PARAMETERS,
    derived_from,
)
from custom_components.smart_bms.bms.daly.settings import decode_settings, encode_write, write_frame
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.simulator.daly import d2 as daly_d2, p81 as daly_p81
from custom_components.smart_bms.simulator.daly.a5 import Uart
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_D2, R24_A5
from tests.support.daly_parameters import CODINGS, D2_ROWS, NEVER, P81_ROWS
from tests.support.daly_telegrams import a5, block, packed, sealed
from tests.support.packs import daly_pack

NOW = datetime(2021, 3, 11, 12, 57, 44)  # noqa: DTZ001  # the board's clock knows no zone


# What 6.2 lets a client write, and this one does.
D2_WRITABLE = {0x80, 0x8A, *range(0x8B, 0xA8), 0xCF}
P81_WRITABLE = {0x115, 0x116, 0x119, 0x11A, 0x11B, 0x121, 0x122, *range(0x130, 0x16A), *range(0x1C3, 0x1E7)}


def contents(rows, board: int) -> dict[int, int]:
    return {row[0]: CODINGS[row[2]](row[3 + board]) for row in rows}


@pytest.mark.parametrize("board", [0, 1])
def test_parameters_of_d2(board) -> None:
    registers = contents(D2_ROWS, board) | {0x82: 1, 0x83: 13, 0x84: 2, 0x85: 0, 0x86: 4, 0x89: board}
    blocks = {0x80: packed(block(0x80, 41, registers)), 0xCF: packed(block(0xCF, 1, registers))}
    expected = {row[1]: row[3 + board] for row in D2_ROWS}
    expected |= {"battery_type": ("lfp", "nmc")[board], "cell_count": 15}
    assert decode_settings(Dialect.D2, blocks) == expected


@pytest.mark.parametrize("board", [0, 1])
def test_parameters_of_81(board) -> None:
    registers = contents(P81_ROWS, board)
    registers |= {0x109: 4, 0x10A: 0xCA90, 0x10D: 0x20, 0x10E: 1, 0x10F: 0, 0x110: 2000, 0x120: 0x55}
    blocks = {first: packed(block(first, count, registers)) for first, count in (*P81_SETTINGS, P81_SECOND)}
    expected = {row[1]: row[3 + board] for row in P81_ROWS}
    expected |= {
        "design_capacity": 314.0,
        "charged_total": 2097.153,
        "discharged_total": 2.0,
        "key_logic": "off",
    }
    assert decode_settings(Dialect.P81, blocks) == expected


@pytest.mark.parametrize(
    ("dialect", "rows", "writable"), [(Dialect.D2, D2_ROWS, D2_WRITABLE), (Dialect.P81, P81_ROWS, P81_WRITABLE)]
)
def test_every_writable_parameter_goes_where_it_is_read(dialect, rows, writable) -> None:
    seen = set()
    for register, key, coding, *values in rows:
        if register in writable:
            for value in values:
                assert encode_write(dialect, key, value) == (
                    register,
                    (CODINGS[coding](value) if value != NEVER else {Dialect.D2: 65535, Dialect.P81: 6553}[dialect],),
                ), key
            seen.add(register)
    assert seen == writable
    assert {row.number for row in PARAMETERS[dialect] if row.proof is not Proof.READ_ONLY} == writable


@pytest.mark.parametrize("dialect", [Dialect.D2, Dialect.P81])
def test_what_is_encoded_is_decoded_again(dialect) -> None:
    for row in PARAMETERS[dialect]:
        if row.proof is Proof.READ_ONLY:
            continue
        sides = [*range(30000, 34000, 37)] if row.coding.zero == 30000 and row.coding.current == 1 else []
        sides += [*range(26000, 30001, 37)] if row.coding.current == -1 else []
        raws = [0, 1] if row.coding.is_switch else sides or [*range(5001), *range(5001, 6553, 7)]
        for raw in raws:
            value = row.value(raw.to_bytes(2))
            assert value is not None
            assert row.encode(value) == raw, (row.key, raw)


@pytest.mark.parametrize("dialect", [Dialect.D2, Dialect.P81])
def test_nothing_that_is_no_parameter_to_be_set_is_ever_encoded(dialect) -> None:
    # Reference 6.1: never board, cell and sensor counts; 6.6: never the forced closure; 4.4: not 0x00A8; 6.2: not the
    # capacity of 81.
    encoded = []
    for row in PARAMETERS[dialect]:
        if row.proof is Proof.READ_ONLY:
            value = next(iter(row.coding.names.values())) if row.coding.names else 1
            try:
                write_frame(dialect, row.key, value, host=0x80, now=NOW)
            except ValueError:
                continue
            encoded.append(row.key)
    assert encoded == []


@pytest.mark.parametrize(
    ("dialect", "key", "value"),
    [
        (Dialect.D2, "charge_switch", 1),
        (Dialect.D2, "charge_switch", "on"),
        (Dialect.D2, "charge_switch", None),
        (Dialect.D2, "cell_overvoltage", True),
        (Dialect.D2, "cell_overvoltage", "3.6"),
        (Dialect.D2, "cell_overvoltage", None),
        (Dialect.D2, "cell_overvoltage", (3.6,)),
        (Dialect.D2, "cell_overvoltage", -0.1),
        (Dialect.D2, "cell_overvoltage", 65.536),
        (Dialect.D2, "cell_overvoltage", math.nan),
        (Dialect.D2, "cell_overvoltage", math.inf),
        (Dialect.D2, "cell_overvoltage", 1e308),
        pytest.param(Dialect.D2, "cell_overvoltage", 10**400, id="huge"),
        (Dialect.D2, "charge_overtemperature", -41),
        (Dialect.D2, "max_charge_current", 3000.1),
        (Dialect.D2, "max_charge_current", -50),
        (Dialect.D2, "max_discharge_current", 3553.6),
        (Dialect.D2, "max_discharge_current", -50),
        (Dialect.D2, "sleep_time", 65536),
        (Dialect.D2, "sleep_time", -1),
        (Dialect.D2, "battery_type", "lead"),
        (Dialect.D2, "nothing", 1),
        (Dialect.D2, "cell_overvoltage_release", 3.4),
        (Dialect.P81, "design_capacity", 100),
        (Dialect.P81, "charged_total", 0),
        (Dialect.P81, "key_logic", "always"),
        (Dialect.A5, "cell_overvoltage", 3.6),
        (Dialect.A5, "balance_switch", True),
        (Dialect.A5, "charge_switch", 1),
        (Dialect.A5, "discharge_switch", None),
        (Dialect.A5, "soc_calibration", -0.1),
        (Dialect.A5, "soc_calibration", 100.1),
        (Dialect.A5, "soc_calibration", math.nan),
        (Dialect.A5, "soc_calibration", True),
        (Dialect.A5, "soc_calibration", "50"),
    ],
)
def test_what_cannot_be_written_is_refused(dialect, key, value) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        write_frame(dialect, key, value, host=0x80, now=NOW)


def test_the_frames_of_the_reference() -> None:
    def frame(dialect, key, value, host=0x40):
        return write_frame(dialect, key, value, host=host, now=NOW).hex()

    assert frame(Dialect.D2, "charge_switch", True) == "d20600a500014b8a"
    assert frame(Dialect.P81, "charge_switch", True) == "810601210001063c"
    assert frame(Dialect.A5, "soc_calibration", 10.0) == "a540210815030b0c392c006406"
    assert frame(Dialect.A5, "discharge_switch", True, 0x80) == a5(0xD9, "01", 0x80).hex()
    assert frame(Dialect.A5, "charge_switch", False) == a5(0xDA, "00", 0x40).hex()
    assert frame(Dialect.D2, "max_charge_current", 50) == sealed(bytes.fromhex("d2060094733c")).hex()
    assert frame(Dialect.P81, "max_charge_current", 32) == sealed(bytes.fromhex("8106014173f0")).hex()


@pytest.mark.parametrize(
    ("dialect", "raw", "seconds"),
    [
        (Dialect.D2, 3600, 3600),
        (Dialect.D2, 65535, NEVER),
        (Dialect.D2, 65534, 65534),
        (Dialect.P81, 360, 3600),
        (Dialect.P81, 65535, NEVER),
        (Dialect.P81, 6, 60),
    ],
)
def test_the_sleep_time(dialect, raw, seconds) -> None:
    assert BY_KEY[dialect]["sleep_time"].value(raw.to_bytes(2)) == seconds


def test_never_is_never_and_nothing_else_is() -> None:
    assert encode_write(Dialect.D2, "sleep_time", NEVER) == (0x8A, (65535,))
    assert encode_write(Dialect.P81, "sleep_time", NEVER) == (0x115, (6553,))
    assert encode_write(Dialect.P81, "sleep_time", 3605) == (0x115, (360,))
    assert encode_write(Dialect.P81, "sleep_time", 65520) == (0x115, (6552,))
    # 6553 is stored as 65535: a board that shall sleep after 18 hours must not stay awake for ever.
    try:
        _, values = encode_write(Dialect.P81, "sleep_time", 65530)
    except ValueError:
        values = ()
    assert values != (6553,)


@pytest.mark.parametrize("dialect", [Dialect.D2, Dialect.P81])
@pytest.mark.parametrize(
    ("key", "raw", "amperes"),
    [
        ("max_charge_current", 28000, 200.0),
        ("max_charge_current", 32000, 200.0),
        ("max_discharge_current", 32000, 200.0),
        ("discharge_overcurrent_warning", 29840, 16.0),
        ("charge_overcurrent_warning", 30000, 0.0),
    ],
)
def test_thresholds_of_currents_are_magnitudes(dialect, key, raw, amperes) -> None:
    assert BY_KEY[dialect][key].value(raw.to_bytes(2)) == amperes


def test_what_the_board_does_not_have_is_no_value() -> None:
    for dialect, first, count in ((Dialect.D2, *D2_SETTINGS), (Dialect.P81, *P81_SETTINGS[0])):
        assert decode_settings(dialect, {first: b"\xff" * 2 * count}) == {"sleep_time": NEVER}
    assert decode_settings(Dialect.D2, {0xCF: b"\xff\xff"}) == {}
    assert decode_settings(Dialect.A5, {0x53: b"\xff" * 8, 0x5C: b"\xff" * 8}) == {"sleep_time": NEVER}
    assert decode_settings(Dialect.D2, {}) == decode_settings(Dialect.A5, {}) == {}


def test_values_without_a_name() -> None:
    values = decode_settings(Dialect.D2, {0x89: b"\0\x07", 0xA5: b"\0\2"})
    assert values == {"battery_type": "unknown_7"}
    assert decode_settings(Dialect.P81, {0x120: b"\0\x11"}) == {"key_logic": "unknown_17"}
    logic = {0x55: "off", 0xA5: "discharge_and_sleep", 0x5A: "discharge", 0xAA: "charge_and_discharge"}
    for raw, name in (logic | {0xA6: "charge_discharge_and_sleep"}).items():
        assert decode_settings(Dialect.P81, {0x120: raw.to_bytes(2)}) == {"key_logic": name}


def test_a_parameter_that_a_block_cuts_is_not_read() -> None:
    assert "design_capacity" not in decode_settings(Dialect.P81, {0x100: bytes(2 * 10)})
    assert "design_capacity" in decode_settings(Dialect.P81, {0x100: bytes(2 * 11)})
    assert decode_settings(Dialect.A5, {0x59: b"\x0e\x10\x0e"}) == {"cell_overvoltage_warning": 3.6}


# Reference 7.4.
A5_ROWS = {
    0x50: ("0000753000000e10", {"design_capacity": 30.0, "nominal_cell_voltage": 3.6}),
    0x52: ("0000007b000000ba", {"charged_total": 123, "discharged_total": 186}),
    0x53: ("010116080affff0a", {"battery_type": "nmc", "sleep_time": NEVER}),
    0x59: (
        "0e100dac0a280af0",
        {
            "cell_overvoltage_warning": 3.6,
            "cell_overvoltage": 3.5,
            "cell_undervoltage_warning": 2.6,
            "cell_undervoltage": 2.8,
        },
    ),
    0x5A: (
        "022f023f01aa019a",
        {
            "pack_overvoltage_warning": 55.9,
            "pack_overvoltage": 57.5,
            "pack_undervoltage_warning": 42.6,
            "pack_undervoltage": 41.0,
        },
    ),
    0x5B: (
        "73a0733c779a79e0",
        {
            "charge_overcurrent_warning": 40.0,
            "max_charge_current": 50.0,
            "discharge_overcurrent_warning": 61.8,
            "max_discharge_current": 120.0,
        },
    ),
    0x5C: (
        "64690a05696e0a05",
        {
            "charge_overtemperature_warning": 60,
            "charge_overtemperature": 65,
            "charge_undertemperature_warning": -30,
            "charge_undertemperature": -35,
            "discharge_overtemperature_warning": 65,
            "discharge_overtemperature": 70,
            "discharge_undertemperature_warning": -30,
            "discharge_undertemperature": -35,
        },
    ),
    0x5D: (
        "03b603e800640032",
        {"soc_high_warning": 95.0, "soc_high": 100.0, "soc_low_warning": 10.0, "soc_low": 5.0},
    ),
    0x5E: (
        "01f403200a0f0000",
        {
            "cell_imbalance_warning": 0.5,
            "cell_imbalance": 0.8,
            "temperature_imbalance_warning": 10,
            "temperature_imbalance": 15,
        },
    ),
    0x5F: ("0ed8003210090278", {"balance_start_voltage": 3.8, "balance_trigger": 0.05}),
    0x60: ("0258014d00000000", {"short_circuit_current": 600, "shunt_resistance": pytest.approx(0.000333)}),
}


@pytest.mark.parametrize("command", A5_ROWS)
def test_parameters_of_a5(command) -> None:
    data, expected = A5_ROWS[command]
    assert decode_settings(Dialect.A5, {command: bytes.fromhex(data)}) == expected


def test_a5_parameters_can_only_be_read() -> None:
    assert {row.proof for row in PARAMETERS[Dialect.A5]} == {Proof.READ_ONLY}
    assert {row.number for row in PARAMETERS[Dialect.A5]} == set(A5_ROWS)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_key_and_no_place_stands_twice(dialect) -> None:
    rows = PARAMETERS[dialect]
    assert len(BY_KEY[dialect]) == len(rows)
    places = [
        (row.number, row.offset + byte) if dialect is Dialect.A5 else 2 * row.number + byte
        for row in rows
        for byte in range(row.size)
    ]
    assert len(set(places)) == len(places)
    assert [row for rows_there in BY_NUMBER[dialect].values() for row in rows_there] == sorted(
        rows, key=lambda row: list(BY_NUMBER[dialect]).index(row.number)
    )


def test_kinds() -> None:
    rows = BY_KEY[Dialect.D2]
    assert [rows[key].kind for key in ("charge_switch", "battery_type", "cell_overvoltage")] == [
        SettingKind.SWITCH,
        SettingKind.CHOICE,
        SettingKind.NUMBER,
    ]


def test_what_a_board_sets_along() -> None:
    for key in ("cell_overvoltage", "cell_undervoltage", "pack_overvoltage", "pack_undervoltage"):
        assert derived_from(Dialect.D2, key) == {f"{key}_warning"}
        assert derived_from(Dialect.P81, key) == frozenset()
    assert derived_from(Dialect.D2, "max_charge_current") == {"charge_overcurrent_warning"}
    assert derived_from(Dialect.D2, "max_discharge_current") == {"discharge_overcurrent_warning"}
    assert derived_from(Dialect.D2, "temperature_imbalance") == derived_from(Dialect.D2, "sleep_time") == frozenset()


# The simulated board is the second opinion.


def simulated(firmware) -> dict[str, object]:
    settings = firmware.settings
    return {
        "cell_overvoltage": settings["cell_high.2"] / 1000,
        "cell_overvoltage_warning": settings["cell_high.1"] / 1000,
        "cell_undervoltage": settings["cell_low.2"] / 1000,
        "pack_overvoltage": settings["pack_high.2"] / 10,
        "pack_undervoltage_warning": settings["pack_low.1"] / 10,
        "max_charge_current": (30000 - settings["charge_current.2"]) / 10,
        "discharge_overcurrent_warning": (settings["discharge_current.1"] - 30000) / 10,
        "charge_overtemperature": settings["charge_hot.2"] - 40,
        "charge_undertemperature_warning": settings["charge_cold.1"] - 40,
        "discharge_overtemperature": settings["discharge_hot.2"] - 40,
        "discharge_undertemperature": settings["discharge_cold.2"] - 40,
        "cell_imbalance": settings["cell_spread.2"] / 1000,
        "temperature_imbalance": settings["temperature_spread.2"],
        "balance_start_voltage": settings["balance_start"] / 1000,
        "balance_trigger": settings["balance_spread"] / 1000,
        "design_capacity": settings["capacity"] / 10,
        "sleep_time": settings["sleep"],
    }


def test_parameters_agree_with_the_simulated_boards() -> None:
    image = daly_d2.image(firmware := daly_pack(K_D2, cells=16).firmware)
    values = decode_settings(
        Dialect.D2, {first: packed(block(first, count, image)) for first, count in ((0x80, 41), (0xCF, 1))}
    )
    expected = simulated(firmware)
    assert {key: values[key] for key in expected} == expected
    assert values["cell_count"] == 16

    image = daly_p81.image(firmware := daly_pack(ESS_81, cells=16).firmware)
    blocks = {first: packed(block(first, count, image)) for first, count in (*P81_SETTINGS, P81_SECOND)}
    values, settings = decode_settings(Dialect.P81, blocks), firmware.settings
    expected = simulated(firmware) | {
        "charge_overcurrent_2": (30000 - settings["charge_current.3"]) / 10,
        "cell_overvoltage_2_release": settings["cell_high.3_release"] / 1000,
        "mosfet_overtemperature_release": settings["mos_hot.release"] - 40,
        "soc_low_2": settings["soc_low.3"] / 10,
        "discharge_overcurrent_2_delay": settings["discharge_current.3_delay"] / 1000,
    }
    assert {key: values[key] for key in expected} == expected
    assert "forced_closure_time" not in values

    uart = Uart(firmware := daly_pack(R24_A5, cells=16).firmware)
    values = decode_settings(Dialect.A5, {command: uart.read(command)[0][4:12] for command in A5_ROWS})
    expected = simulated(firmware)
    assert {key: values[key] for key in expected} == expected


@pytest.mark.parametrize(("label", "dialect"), [(K_D2, Dialect.D2), (ESS_81, Dialect.P81)], ids=["D2", "81"])
def test_a_write_changes_the_simulated_parameter_it_names(label, dialect) -> None:
    module = {Dialect.D2: daly_d2, Dialect.P81: daly_p81}[dialect]
    rows = {Dialect.D2: D2_ROWS, Dialect.P81: P81_ROWS}[dialect]
    writable = {Dialect.D2: D2_WRITABLE, Dialect.P81: P81_WRITABLE}[dialect]
    blocks = {Dialect.D2: ((0x80, 41), (0xCF, 1)), Dialect.P81: (*P81_SETTINGS, P81_SECOND)}[dialect]
    for register, key, _, value, _ in rows:
        if register in writable:
            firmware = daly_pack(label, cells=16).firmware
            module.write(firmware, *encode_write(dialect, key, value))
            image = module.image(firmware)
            found = decode_settings(dialect, {first: packed(block(first, count, image)) for first, count in blocks})
            assert found[key] == value, key


def test_a_balancer_without_switches_protects_no_pack() -> None:
    words = dict.fromkeys(range(0x80, 0xC0), 0) | {0x94: 30_000, 0x96: 30_000}  # no current at all

    def reported() -> dict:
        return decode_settings(Dialect.D2, {0x80: b"".join(word.to_bytes(2) for word in words.values())})

    assert reported()
    assert not [key for key in reported() if key.startswith("pack_") or "current" in key]
    words[0x94] += 100
    assert {"pack_overvoltage", "max_charge_current"} <= set(reported())
