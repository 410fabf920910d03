"""Daly messages in words: what a question, an answer or a write says, for `script/decode`.

An answer does not say which registers it holds. A record may (`register`, `request`); else the length and the content
must tell, and where they do not, nothing is guessed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import FrameError
from ..reading import Reading, reading_values
from ..trust import check
from .common import UNSUPPORTED, temperature, text
from .decode import (
    D2_LIVE,
    D2_MORE,
    P81_LIVE_SHORT,
    P81_STATE,
    P81_UPTIME,
    decode_a5,
    decode_d2,
    decode_p81,
    decode_p81_state,
    decode_p81_uptime,
)
from .frames import WRITE_MANY, A5Frame, Dialect, ModbusException, ReadRequest, RegisterAnswer, RegisterWrite
from .identity import a5_text, d2_texts, is_default_password, p81_texts, production_date
from .parameters import BY_NUMBER, D2_IDENTITY, D2_SETTINGS, P81_IDENTITY, P81_SETTINGS
from .settings import A5_SOC, A5_SWITCHES, decode_settings

type Result = dict[str, Any]
type Explained = tuple[str, Result]
"""Kind and values."""

_D2_PASSWORD: Final = 0xC9
_PASSWORDS: Final = {Dialect.D2: range(0xC9, 0xCC), Dialect.P81: range(0x126, 0x129)}
_A5_LIVE: Final = range(0x90, 0x99)
_A5_CELLS: Final = 0x95
_A5_PROBES: Final = 0x96
_A5_WRITES: Final = {
    0x00: "reset",
    0x10: "design_capacity",
    0x19: "cell_limits",
    0x1A: "pack_limits",
    0x1B: "current_limits",
    0x1E: "imbalance_limits",
    0x1F: "balancing",
}
"""Told by one source each; what they hold is laid out as in the answers to the commands 0x40 higher."""
_A5_MAX_FRAMES: Final = 16
_APART: Final = 0.01
_APART_VOLTS: Final = 0.3
_REFUSAL: Final = b"\xaa\xaa"
_A5_TEXTS: Final = {0x62: "sw_version", 0x63: "hw_version"}
_SPECIAL_WRITES: Final[dict[tuple[Dialect, int], str]] = {
    (Dialect.D2, 0x00F0): "restart",
    (Dialect.D2, 0x00F1): "shut_down",
    (Dialect.D2, 0x00F2): "zero_current",
    (Dialect.D2, 0x00F3): "factory_reset",
    (Dialect.D2, 0x000C): "no_effect",
    (Dialect.D2, 0x000D): "no_effect",
    (Dialect.P81, 0x00F0): "restart",
    (Dialect.P81, 0x00F6): "balance_switch",
    (Dialect.P81, 0x00F7): "current_limiter",
    (Dialect.P81, 0x012E): "forced_closure",
    (Dialect.P81, 0x0174): "session_heartbeat",
}
_CLOCKS: Final = {(Dialect.D2, 0x00D4), (Dialect.P81, 0x0123)}


def _shown(values: Mapping[str, Any]) -> Result:
    """Return the values of a part of a reading as far as they are possible."""
    known = {key: value for key, value in values.items() if value is not None and key != "cell_range"}
    check(Reading(measured_at=0.0, **known | {"voltage": None, "cell_voltages": known.get("cell_voltages") or (1.0,)}))
    shown = reading_values(Reading(measured_at=0.0, **known))
    total, voltage = sum(known.get("cell_voltages", ())), known.get("voltage")
    if total and voltage is not None and abs(total - voltage) > max(_APART * voltage, _APART_VOLTS):
        # The frame is whole, but what it says does not fit together: a running pack would not show it.
        shown["inconsistent"] = True
    return shown


# Answers: by dialect and first register.


def _d2_live(answer: RegisterAnswer) -> Explained:
    return "reading", _shown(decode_d2(answer.words))


def _d2_more(answer: RegisterAnswer) -> Explained:
    blank = (*(0,) * D2_LIVE[1],)
    values = decode_d2(blank, answer.words)
    kept = {key: values[key] for key in ("balance_current", "temperatures") if values.get(key) is not None}
    return "reading", _shown(kept)


def _d2_identity(answer: RegisterAnswer) -> Explained:
    return "identity", {key: value for key, value in d2_texts(answer.data).items() if value}


def _d2_secrets(answer: RegisterAnswer) -> Explained:
    values: Result = {"password": text(answer.data[:6]), "default_password": is_default_password(answer.data)}
    if date := production_date(answer.data[6:9].ljust(3, b"\0")):
        values["manufacturing_date"] = date
    return "identity", values


def _p81_live(answer: RegisterAnswer) -> Explained:
    return "reading", _shown(decode_p81(answer.words))


def _p81_state(answer: RegisterAnswer) -> Explained:
    return "reading", _shown(decode_p81_state(answer.words))


def _p81_uptime(answer: RegisterAnswer) -> Explained:
    uptime = decode_p81_uptime(answer.words)
    return "reading", {} if uptime is None else {"runtime": uptime}


def _p81_identity(answer: RegisterAnswer) -> Explained:
    return "identity", {key: value for key, value in p81_texts(answer.data).items() if value}


_BLOCKS: Final[dict[tuple[Dialect, int], tuple[int, Callable[[RegisterAnswer], Explained]]]] = {
    (Dialect.D2, D2_LIVE[0]): (D2_LIVE[1], _d2_live),
    (Dialect.D2, D2_MORE[0]): (D2_MORE[1], _d2_more),
    (Dialect.D2, D2_IDENTITY[0]): (D2_IDENTITY[1], _d2_identity),
    (Dialect.D2, _D2_PASSWORD): (3, _d2_secrets),
    (Dialect.P81, P81_LIVE_SHORT[0]): (P81_LIVE_SHORT[1], _p81_live),
    (Dialect.P81, P81_STATE[0]): (P81_STATE[1], _p81_state),
    (Dialect.P81, P81_UPTIME[0]): (P81_UPTIME[1], _p81_uptime),
    (Dialect.P81, P81_IDENTITY[0]): (P81_IDENTITY[1], _p81_identity),
}
"""By dialect and first register: how many registers there must be at least, and what they say."""


def words(answer: RegisterAnswer, first: int | None) -> Explained:
    """Return what registers say; `first` is the number of the first, None if nobody tells. Raises FrameError."""
    if first is None:
        first = _guessed(answer)
    count = len(answer.words)
    known = _BLOCKS.get((answer.dialect, first))
    if known and count >= known[0]:
        return known[1](answer)
    if known and known[1] in (_d2_live, _p81_live):
        # A block of measurements that is too short is no block of anything.
        raise FrameError("length")
    values: Result = {"register": first, "count": count}
    places = range(first, first + count)
    if any(place in places for place in BY_NUMBER[answer.dialect]):
        values |= decode_settings(answer.dialect, {first: answer.data})
        return "settings", values
    secret = _PASSWORDS[answer.dialect]
    values["raw"] = [
        None if word == UNSUPPORTED or place in secret else word
        for place, word in zip(places, answer.words, strict=True)
    ]
    return "registers", values


def _guessed(answer: RegisterAnswer) -> int:
    """Return the first register of an answer by its length and content. Raises FrameError (`layout_unknown`)."""
    count, listed = len(answer.words), answer.words
    if answer.dialect is Dialect.D2:
        if count in (D2_LIVE[1], 80) and 0 < listed[0x31] <= 48 and listed[0x2F] <= 2:
            return D2_LIVE[0]
        certain = {
            D2_SETTINGS[1]: D2_SETTINGS[0],
            D2_IDENTITY[1]: D2_IDENTITY[0],
            D2_MORE[1]: D2_MORE[0],
            3: _D2_PASSWORD,
        }
    else:
        if count in (P81_LIVE_SHORT[1], P81_LIVE_SHORT[1] + 1) and 0 < listed[0x3C] <= 48:
            return P81_LIVE_SHORT[0]
        certain = {
            P81_STATE[1]: P81_STATE[0],
            P81_UPTIME[1]: P81_UPTIME[0],
            P81_IDENTITY[1]: P81_IDENTITY[0],
            P81_SETTINGS[0][1]: P81_SETTINGS[0][0],
        }
    if count not in certain or (answer.dialect is Dialect.D2 and count == 3 and not answer.data.isalnum()):
        raise FrameError("layout_unknown")
    return certain[count]


# Questions and writes.


def question(asked: ReadRequest) -> Explained:
    """Return what a question asks for."""
    return "command", {"command": "read_registers", "register": asked.register, "count": asked.count}


def refused(answer: ModbusException) -> Explained:
    """Return what a board's exception says."""
    return "ack", {"result": "exception", "function": answer.function, "status": answer.code}


def write(written: RegisterWrite) -> Explained:
    """Return what a write of D2 or 81 says, be it of the client or the board's word that it took it."""
    if written.function == WRITE_MANY and written.data == _REFUSAL:
        return "ack", {"register": written.register, "result": "refused"}
    data = written.data
    if written.function == WRITE_MANY:
        count, data = int.from_bytes(data[:2]), data[2:]
        if not data:
            return "ack", {"register": written.register, "count": count}
    listed = [int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2)]
    values: Result = {"register": written.register, "raw": listed[0] if len(listed) == 1 else listed}
    key = (written.dialect, written.register)
    if key in _CLOCKS:
        return "write", values | {"parameter": "clock", "value": _clock(data)}
    if any(written.register <= place < written.register + len(listed) for place in _PASSWORDS[written.dialect]):
        return "write", {"register": written.register, "parameter": "password", "password": text(data)}
    rows = BY_NUMBER[written.dialect].get(written.register, ())
    if not rows:
        return "write", values | {"parameter": _SPECIAL_WRITES.get(key, "unknown"), "value": values["raw"]}
    found = decode_settings(written.dialect, {written.register: data})
    parameter = rows[0].key
    return "write", values | {"parameter": parameter, "value": found.get(parameter, values["raw"]), "values": found}


def _clock(data: bytes) -> str:
    year, month, day, hour, minute, second = data.ljust(6, b"\0")[:6]
    return f"20{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


# A5.


def a5(frames: list[A5Frame], *, from_board: bool, cells: int | None = None, probes: int | None = None) -> Explained:
    """Return what frames of one command say; `cells` and `probes` are their numbers if known."""
    command, reported = frames[0].command, [frame.data for frame in frames]
    if not from_board:
        return _a5_request(command, reported[0])
    if command in _A5_LIVE:
        return "reading", {"command": command, **_a5_reading(command, reported, cells, probes)}
    kind, values = _a5_other(command, reported)
    return kind, {"command": command, **values}


def _a5_other(command: int, reported: list[bytes]) -> Explained:
    data = reported[0]
    if command in _A5_TEXTS:
        said = a5_text(reported)
        return "identity", {_A5_TEXTS[command]: said, "text": said}
    if command == 0x54:
        return "identity", {"manufacturing_date": text(data), "text": text(data)}
    if command in A5_SWITCHES.values():
        return "ack", _a5_switch(command, data)
    if command == A5_SOC:
        return "ack", {"result": "done" if data[0] == 1 else "not_done"}
    values: Result = dict(decode_settings(Dialect.A5, {command: data}))
    if command == 0x51:
        values = {"cell_count": sum(data[1:4]), "probe_count": sum(data[4:7])}
    return ("settings", values) if values else ("ignored", {})


def _a5_switch(command: int, data: bytes) -> Result:
    key = next(key for key, number in A5_SWITCHES.items() if number == command)
    return {"parameter": key, "value": data[0] == 1}


def _a5_request(command: int, data: bytes) -> Explained:
    if command in A5_SWITCHES.values():
        return "write", {"register": command, "raw": data[0], **_a5_switch(command, data)}
    if command == A5_SOC:
        soc = int.from_bytes(data[6:8])
        return "write", {
            "register": command,
            "raw": soc,
            "parameter": "soc_calibration",
            "value": soc / 10,
            "clock": _clock(data),
        }
    if command in _A5_WRITES:
        return "write", {
            "register": command,
            "raw": int.from_bytes(data),
            "parameter": _A5_WRITES[command],
            "value": None,
        }
    return "command", {"command": f"read_0x{command:02X}", "register": command}


def _a5_reading(command: int, frames: list[bytes], cells: int | None, probes: int | None) -> Result:
    """Return the values of one command, with what else it says: the extremes, which readings work out themselves."""
    data = frames[-1]
    if command == _A5_CELLS and len(frames) == 1 and 0 < data[0] <= _A5_MAX_FRAMES:
        # One of several: which cells they are can be told all the same.
        first = 3 * (data[0] - 1) + 1
        numbers = [number for number in range(first, first + 3) if cells is None or number <= cells]
        volts = [int.from_bytes(data[1 + 2 * place : 3 + 2 * place]) / 1000 for place in range(len(numbers))]
        return {"frame": data[0], "cell_numbers": numbers, "cell_voltages": volts}
    if command == _A5_CELLS and cells is not None:
        shown = _shown(decode_a5({0x94: [bytes((cells, 0, 0, 0, 0, 0, 0, 0))], command: frames}))
        return {key: value for key, value in shown.items() if key not in ("cycles", "probe_count")} | {"frame": data[0]}
    if command == 0x91:
        return {
            "cell_voltage_max": int.from_bytes(data[:2]) / 1000,
            "cell_max_number": data[2],
            "cell_voltage_min": int.from_bytes(data[3:5]) / 1000,
            "cell_min_number": data[5],
            "cell_voltage_delta": (int.from_bytes(data[:2]) - int.from_bytes(data[3:5])) / 1000,
        }
    if command == 0x92:
        return {
            "temperature_max": temperature(data[0]),
            "temperature_max_probe": data[1],
            "temperature_min": temperature(data[2]),
            "temperature_min_probe": data[3],
        }
    if command == _A5_PROBES and probes is not None:
        frames = [
            bytes((frame[0], *frame[1 : 1 + max(0, probes - 7 * (frame[0] - 1))])).ljust(8, b"\0") for frame in frames
        ]
    values = decode_a5({command: frames})
    if (wire := values.get("current")) is None:
        return _shown(values)
    # As older boards have it; newer ones are the other way round, and only the state beside it would tell.
    values |= {"current": -wire if wire else wire, "power": -values["power"] if wire else values["power"]}
    return _shown(values) | {"current_raw_sign": wire}
