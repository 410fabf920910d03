"""JBD messages in words: what a request, an answer or a word of the Bluetooth module says, for `script/decode`."""

from collections.abc import Callable
from typing import Any, Final

from ..errors import FrameError
from ..reading import Reading, reading_values
from ..trust import check
from .auth import AuthAnswer, ModuleCommand, decipher
from .decode import decode_basic, decode_cells, decode_counters
from .frames import Command, ModuleMessage, Request
from .parameters import BY_REGISTER, FIRST_TEXT, PRODUCTION_DATE
from .settings import (
    CHARGE_SWITCH,
    DISCHARGE_SWITCH,
    ENTER_CODE,
    EXIT,
    EXIT_KEEPING,
    REMAINING_CAPACITY,
    decode_register,
)

type Result = dict[str, Any]
type Explained = tuple[str, Result]
"""Kind and values."""

_BATCH_HEAD: Final = 3
_BATCH_TEXTS: Final = {56: 16, 72: 16, 88: 16, 158: 12, 176: 8}
"""First index and words of each text."""
_COMMANDS: Final[dict[tuple[int, bytes], str]] = {
    (Command.FACTORY_ENTER, ENTER_CODE): "open_parameters",
    (Command.FACTORY_EXIT, EXIT): "close_parameters",
    (Command.FACTORY_EXIT, EXIT_KEEPING): "close_parameters_keeping",
    (Command.UNLOCK, b"\x06J1B2D4"): "unlock",
}
_READS: Final[dict[int, str]] = {
    Command.BASIC_INFO: "read_basic_info",
    Command.CELL_VOLTAGES: "read_cell_voltages",
    Command.MODEL: "read_model",
    Command.COUNTERS: "read_counters",
    Command.FACTORY_ENTER: "read_front_end",
    Command.PARAMETER_BATCH: "read_parameters",
}
_FACTORY_RESET: Final = b"\x18\x81"
_CONTROLS: Final = {
    1: "estimate_capacity",
    2: "clear_counters",
    3: "restart",
    4: "clear_protections",
    5: "sleep",
    6: "power_down",
    7: "balance",
    8: "storage",
    9: "cut_discharge_below_20_percent",
    10: "force_on_below_20_percent",
    11: "force_start",
    12: "heat",
}


# Answers.


def basic_info(data: bytes) -> Result:
    """Return the values of basic information. Raises FrameError, also if they are not possible."""
    values = decode_basic(data)
    reading = Reading(measured_at=0.0, **values)
    # The cells come in a frame of their own, and cannot be compared with.
    check(Reading(measured_at=0.0, **values | {"cell_voltages": (1.0,), "voltage": None}))
    shown = reading_values(reading)
    shown["cell_count"] = shown["stated_cells"]
    if mask := values["alarm_mask"]:
        shown["protection_bits"] = [bit for bit in range(16) if mask >> bit & 1]
    return shown


def _cells(data: bytes) -> Result:
    return reading_values(Reading(measured_at=0.0, cell_voltages=decode_cells(data)))


def _model(data: bytes) -> Result:
    return {"model": data.split(b"\0")[0].decode("ascii", "replace")}


def _counters(data: bytes) -> Result:
    return {"register": int(Command.COUNTERS), **decode_counters(data)}


def _front_end(data: bytes) -> Result:
    return {"front_end": data[-1]}


def _batch(data: bytes) -> Result:
    """Return index, count and words of a batch of parameters, and the text where it is one."""
    if len(data) < _BATCH_HEAD or len(data) != _BATCH_HEAD + 2 * data[2]:
        raise FrameError("length")
    index, count, body = int.from_bytes(data[:2]), data[2], data[_BATCH_HEAD:]
    values: Result = {
        "register": int(Command.PARAMETER_BATCH),
        "index": index,
        "count": count,
        "values": [int.from_bytes(body[place : place + 2]) for place in range(0, len(body), 2)],
    }
    if _BATCH_TEXTS.get(index) == count:
        values["text"] = body[1 : 1 + body[0]].decode("ascii", "replace")
    return values


_ANSWERS: Final[dict[int, tuple[str, Callable[[bytes], Result]]]] = {
    Command.BASIC_INFO: ("reading", basic_info),
    Command.CELL_VOLTAGES: ("reading", _cells),
    Command.MODEL: ("identity", _model),
    Command.COUNTERS: ("counters", _counters),
    Command.FACTORY_ENTER: ("identity", _front_end),
    Command.PARAMETER_BATCH: ("settings", _batch),
}


def answer(register: int, data: bytes) -> Explained:
    """Return what the answer to a request says that was done. Raises FrameError."""
    if not data:
        return "ack", {"register": register, "status": 0, "result": "done"}
    if (register == Command.PARAMETER_BATCH and len(data) == _BATCH_HEAD) or register == Command.CONTROL:
        return "ack", {"register": register, "status": 0, "result": "done"}
    if register in _ANSWERS:
        kind, explain = _ANSWERS[register]
        return kind, explain(data)
    if register in BY_REGISTER or register == PRODUCTION_DATE:
        # The raw form of a text would still say what it says where it is left out.
        raw = {"raw": int.from_bytes(data)} if len(data) == 2 and register < FIRST_TEXT else {}
        return "settings", {"register": register, **raw, **decode_register(register, data)}
    raise FrameError("unknown_register")


# Requests.


def request(asked: Request) -> Explained:
    """Return what a client asks of the board. Raises FrameError."""
    register, data = asked.register, asked.data
    if not asked.write:
        values: Result = {"command": _READS.get(register, "read_register"), "register": register}
        if register == Command.PARAMETER_BATCH and len(data) == _BATCH_HEAD:
            values |= {"index": int.from_bytes(data[:2]), "count": data[2]}
        return "command", values
    if command := _COMMANDS.get((register, data)):
        return "command", {"command": command, "register": register}
    base: Result = {"register": register, "length": len(data), "raw": int.from_bytes(data)}
    return "write", base | (_SPECIAL[register](data) if register in _SPECIAL else _parameters(register, data))


def _parameters(register: int, data: bytes) -> Result:
    known = decode_register(register, data)
    if len(known) == 1:
        ((key, value),) = known.items()
        return {"parameter": key, "value": value}
    # What several parameters share is written as a whole.
    return {"parameter": f"register_0x{register:02X}", "value": known, **known}


def _must(condition: bool) -> None:
    if not condition:
        raise FrameError("length")


def _switches(data: bytes) -> Result:
    _must(len(data) == 2 and data[1] <= 3)
    states = {CHARGE_SWITCH: not data[1] & 1, DISCHARGE_SWITCH: not data[1] & 2}
    return {"parameter": "switches", "value": states, **states}


_SWITCHED: Final = {
    0x00: (DISCHARGE_SWITCH,),
    0x01: (CHARGE_SWITCH,),
    0x03: ("precharge_switch",),
    0x0A: (CHARGE_SWITCH, DISCHARGE_SWITCH),
}


def _switch(data: bytes) -> Result:
    _must(len(data) == 2 and data[0] in _SWITCHED and data[1] <= 1)
    states = dict.fromkeys(_SWITCHED[data[0]], not data[1])
    return {"parameter": "switches" if len(states) > 1 else next(iter(states)), "value": not data[1], **states}


def _digits(data: bytes) -> str:
    return "".join(map(str, data))


def _login(data: bytes) -> Result:
    _must(len(data) == 7 and data[0] == 6)
    return {"parameter": "login", "value": _digits(data[1:]), "password": _digits(data[1:])}


def _change_password(data: bytes) -> Result:
    _must(len(data) == 13 and data[0] == 12)
    old, new = _digits(data[1:7]), _digits(data[7:])
    return {"parameter": "password", "value": new, "old_password": old, "new_password": new}


def _control(data: bytes) -> Result:
    _must(len(data) == 2)
    # The same number resets the board in other dialects.
    value = "factory_reset" if data == _FACTORY_RESET else _CONTROLS.get(data[0], f"unknown_{data[0]}")
    return {"parameter": "control", "value": value}


def _remaining_capacity(data: bytes) -> Result:
    _must(len(data) == 2)
    return {"parameter": REMAINING_CAPACITY, "value": int.from_bytes(data) / 100}


_SPECIAL: Final[dict[int, Callable[[bytes], Result]]] = {
    Command.SWITCHES: _switches,
    Command.SWITCH: _switch,
    Command.LOGIN: _login,
    Command.CHANGE_PASSWORD: _change_password,
    Command.CONTROL: _control,
    Command.REMAINING_CAPACITY: _remaining_capacity,
}


# The Bluetooth module.


def module(message: ModuleMessage, address: str | None, random: int | None) -> Result:
    """Return what a message to or from the module says; passwords in clear if address and random byte are known."""
    command, data = message.command, message.data
    name = next((item.name.lower() for item in ModuleCommand if item == command), "unknown")
    values: Result = {"command": command, "command_name": name}
    if command == ModuleCommand.RANDOM and len(data) == 1:
        values["random"] = data[0]
    elif command == ModuleCommand.RENAME:
        values |= {"new_name": data.decode("ascii", "replace")} if data else {"result": "accepted"}
    elif len(data) == 1:
        values["result"] = "ACK" if data[0] in (AuthAnswer.ACCEPTED, AuthAnswer.NO_PASSWORD) else "NACK"
    elif command == ModuleCommand.CHANGE_PASSWORD:
        values["new_password"] = data.decode("ascii", "replace")
    elif command in (ModuleCommand.PASSWORD, ModuleCommand.VENDOR_PASSWORD) and data:
        values["encrypted"] = data.hex()
        if address is not None and random is not None:
            values |= {"mac": address, "random": random}
            if command == ModuleCommand.PASSWORD:
                values |= _plain(data, address, random)
    return values


def _plain(data: bytes, address: str, random: int) -> Result:
    try:
        return {"password": decipher(data, address, random).decode("ascii", "replace")}
    except ValueError:
        return {}
