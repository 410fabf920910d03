"""Messages of JBD boards, as bytes, and the parameters of a real one."""

from typing import Any

from custom_components.smart_bms.bms.jbd.settings import decode_register
from custom_components.smart_bms.bms.settings import SettingValue
from tests.support.packs import jbd_pack


def basic(tail: bytes = b"", *, probes: tuple[int, ...] = (2981, 2951), **fields: int) -> bytes:
    """Return basic information, put together by hand: 13.30 V, nothing flows, 60 of 100 Ah, both switches closed."""
    values = {
        "voltage": 1330,
        "current": 0,
        "remaining": 6000,
        "nominal": 10000,
        "cycles": 7,
        "date": 0x2C7C,
        "balance_low": 0,
        "balance_high": 0,
        "protections": 0,
    } | {key: value for key, value in fields.items() if key not in ("version", "soc", "switches", "cells")}
    words = b"".join((value & 0xFFFF).to_bytes(2) for value in values.values())
    singles = {"version": 0x80, "soc": 60, "switches": 3, "cells": 4} | {
        key: value for key, value in fields.items() if key in ("version", "soc", "switches", "cells")
    }
    return words + bytes((*singles.values(), len(probes))) + b"".join(raw.to_bytes(2) for raw in probes) + tail


def tail(
    *,
    humidity: int = 0,
    alarms: int = 0,
    full: int = 9000,
    remaining: int = 6000,
    balance: int = 0,
    more: bytes = b"",
) -> bytes:
    """Return what newer firmware appends to basic information, put together by hand."""
    return (
        bytes((humidity,))
        + b"".join((value & 0xFFFF).to_bytes(2) for value in (alarms, full, remaining, balance))
        + more
    )


def answer(register: int, data: bytes = b"", status: int = 0) -> bytes:
    """Return the frame of an answer, put together by hand."""
    body = bytes((status, len(data))) + data
    return bytes((0xDD, register)) + body + (0x10000 - sum(body) & 0xFFFF).to_bytes(2) + b"\x77"


PACK = jbd_pack(tail=9, cells=16)
BASIC = answer(0x03, PACK.firmware.basic_info())
CELLS = answer(0x04, PACK.firmware.read(0x04)[1])


REAL_DUMP = """
10=6d60 11=5780 12=0dac 13=0af0 14=0002 16=0000 17=0000 18=0d99 19=0cd1 1A=0a47
1B=0aab 1C=0d99 1D=0cd1 1E=0a47 1F=0aab 20=05b4 21=058c 22=03e8 23=0438 24=0e42
25=0dde 26=09c4 27=0a8c 28=59d8 29=a628 2A=0c80 2B=001e 2C=0001 2D=0006 2E=0007
2F=0004 30=001e 32=0d48 33=0d16 34=0ce4 35=0c1c 36=0f3c 37=07d0 38=8d5c 39=f064
3A=0202 3B=0202 3C=0202 3D=0202 3E=0a1e 3F=0a1e A0=0544474a4244 A1=085350303453303334 A2=00
"""


REAL = {int(number, 16): data for number, _, data in (part.partition("=") for part in REAL_DUMP.split())}


REAL_VALUES = {
    "design_capacity": 280.0,
    "cycle_capacity": 224.0,
    "soc_100_voltage": 3.5,
    "soc_0_voltage": 2.8,
    "register_0x14": 2,
    "board_serial_number": 0,
    "cycle_count": 0,
    "charge_overtemperature": 75.0,
    "charge_overtemperature_release": 55.0,
    "charge_undertemperature": -10.0,
    "charge_undertemperature_release": 0.0,
    "discharge_overtemperature": 75.0,
    "discharge_overtemperature_release": 55.0,
    "discharge_undertemperature": -10.0,
    "discharge_undertemperature_release": 0.0,
    "pack_overvoltage": 14.6,
    "pack_overvoltage_release": 14.2,
    "pack_undervoltage": 10.0,
    "pack_undervoltage_release": 10.8,
    "cell_overvoltage": 3.65,
    "cell_overvoltage_release": 3.55,
    "cell_undervoltage": 2.5,
    "cell_undervoltage_release": 2.7,
    "max_charge_current": 230.0,
    "max_discharge_current": 230.0,
    "balance_start_voltage": 3.2,
    "balance_trigger": 0.03,
    "shunt_resistance": 0.0001,
    "switch_input": False,
    "load_detection": True,
    "balance_switch": True,
    "balance_only_charging": False,
    "led": False,
    "led_shows_soc": False,
    "function_word": 6,
    **{f"temperature_sensor_{number}": number <= 3 for number in range(1, 9)},
    "cell_count": 4,
    "switch_delay": 30,
    "soc_80_voltage": 3.4,
    "soc_60_voltage": 3.35,
    "soc_40_voltage": 3.3,
    "soc_20_voltage": 3.1,
    "hardware_cell_overvoltage": 3.9,
    "hardware_cell_undervoltage": 2.0,
    "short_circuit_delay": "100_us",
    "short_circuit_threshold": "155_mv",
    "discharge_overcurrent_2_delay": "320_ms",
    "discharge_overcurrent_2_threshold": "83_mv",
    "hardware_cell_undervoltage_delay": "16_s",
    "hardware_cell_overvoltage_delay": "8_s",
    "short_circuit_release": 100,
    "charge_undertemperature_delay": 2,
    "charge_overtemperature_delay": 2,
    "discharge_undertemperature_delay": 2,
    "discharge_overtemperature_delay": 2,
    "pack_undervoltage_delay": 2,
    "pack_overvoltage_delay": 2,
    "cell_undervoltage_delay": 2,
    "cell_overvoltage_delay": 2,
    "charge_overcurrent_delay": 10,
    "charge_overcurrent_release": 30,
    "discharge_overcurrent_delay": 10,
    "discharge_overcurrent_release": 30,
    "manufacturer_name": "DGJBD",
    "model_name": "SP04S034",
    "barcode": "",
}


def one(register: int, data: str, **options: Any) -> dict[str, SettingValue]:
    """Return the parameters that a register holds with this content, in hex."""
    return decode_register(register, bytes.fromhex(data), **options)
