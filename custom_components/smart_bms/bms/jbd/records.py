"""JBD for `script/decode` and `script/encode`: any recorded message into one result, and values into writes."""

from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..read_back import judge_write
from ..settings import SettingKind, SettingValue
from .advertisement import SERVICE, address_in, is_jbd
from .auth import ModuleCommand
from .decode import decode_basic
from .describe import answer, module, request
from .frames import (
    LEGACY,
    MODULE_START,
    Command,
    ModuleMessage,
    Reassembler,
    Reply,
    ReplyStatus,
    decode_module_message,
    decode_reply,
    decode_request,
    is_request,
    write_request,
)
from .identity import Variant, variant_of
from .parameters import BY_KEY
from .settings import (
    CHARGE_SWITCH,
    LOCKS,
    REMAINING_CAPACITY,
    encode_register,
    encode_remaining_capacity,
    encode_switches,
)

type Result = dict[str, Any]

_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_MIN_FIELD: Final = 2
_FIXED_PART: Final = 23
_PROBES_PLACE: Final = 22


class JbdRecords:
    """Decodes the records of one file."""

    takes_text = False

    def __init__(self) -> None:
        """Initialize."""
        self._variant: Variant | None = None
        self._log = Reassembler()
        self._random: int | None = None

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack."""
        direction = hints.get("direction")
        try:
            if data.startswith(MODULE_START):
                return self._module(decode_module_message(data), hints)
            if direction == "tx" or (direction != "rx" and is_request(data)):
                return self._described(*request(decode_request(data)))
            found = Reassembler().feed(data, 0.0)
            if not found:
                return self._reply(decode_reply(data))  # which says what is wrong
            frames = [self._result(message) for message in found]
            return frames[0] if len(frames) == 1 else {"kind": "notification", "frames": frames}
        except FrameError as error:
            return self._rejected(error)

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode the frames in a sequence of notifications, in order."""
        reassembler = Reassembler()
        return [self._result(message) for fragment in fragments for message in reassembler.feed(fragment, 0.0)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode the frames that one more notification of a log completes."""
        if is_request(data):
            self._log.clear()  # no answer goes on after the next question
            return [self.message(data, {"direction": "tx"})]
        return [self._result(message) for message in self._log.feed(data, 0.0)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded settings before and after it."""
        key, wanted = write["values"].get("parameter"), write["values"].get("value")
        if str(key).startswith("register_"):
            key, wanted = "raw", write["values"]["raw"]
        old, found = (part.get("values", {}).get(key) for part in (before, after))
        return judge_write(lambda one, other: one == other, old=old, wanted=wanted, found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode manufacturer data as it is advertised: company id, then payload; some packs send none."""
        if data and len(data) < _MIN_FIELD:
            return {"kind": "rejected", "reason": "length"}
        companies = {int.from_bytes(data[:2], "little"): data[2:]} if data else {}
        reported = _all_hints(hints)
        services, prefixes = reported.get("service_uuids"), reported.get("address_prefix")
        prefix = prefixes[0] if isinstance(prefixes, list) and prefixes else ""
        advertisement = Advertisement(
            name=str(reported.get("local_name") or ""),
            address=str(reported.get("address") or prefix),
            manufacturer_data=companies,
            service_uuids=tuple(map(str, services)) if isinstance(services, list) else (SERVICE,),
        )
        values: Result = {"recognised": is_jbd(advertisement)}
        for company, payload in companies.items():
            values |= {"company_id": company, "manufacturer_payload": payload.hex()}
        if found := address_in(companies):
            forward = bytes.fromhex(found.replace(":", "")) == data[:6]
            values |= {"address": found, "address_order": "forward" if forward else "reversed"}
        return {"kind": "advertisement", "values": values}

    def _described(self, kind: str, values: Result) -> Result:
        result: Result = {"kind": kind, "values": values}
        return result if self._variant is None else result | {"variant": str(self._variant)}

    @staticmethod
    def _rejected(error: FrameError) -> Result:
        kind = "ignored" if error.reason == "unknown_register" else "rejected"
        return {"kind": kind, "reason": error.reason}

    def _result(self, message: Reply | ModuleMessage) -> Result:
        try:
            return self._module(message, {}) if isinstance(message, ModuleMessage) else self._reply(message)
        except FrameError as error:
            return self._rejected(error)

    def _reply(self, reply: Reply) -> Result:
        register = reply.register
        if register == LEGACY:
            self._variant = Variant.LEGACY
            register = _register_of_legacy(reply.data)
        if reply.status != ReplyStatus.DONE:
            name = next((status.name.lower() for status in ReplyStatus if status == reply.status), "unknown_status")
            return self._described("ack", {"register": register, "status": reply.status, "result": name})
        explained = answer(register, reply.data)
        if register == Command.BASIC_INFO and reply.data and self._variant is not Variant.LEGACY:
            self._variant = variant_of(decode_basic(reply.data))
        return self._described(*explained)

    def _module(self, message: ModuleMessage, hints: Result) -> Result:
        reported = _all_hints(hints)
        if message.command == ModuleCommand.RANDOM and len(message.data) == 1:
            self._random = message.data[0]
        address, random = reported.get("mac") or reported.get("address"), reported.get("random", self._random)
        known = isinstance(address, str) and isinstance(random, int)
        return self._described("auth", module(message, address if known else None, random if known else None))


def _all_hints(hints: Result) -> Result:
    """Return what a record says of the pack, also where it says it among the values that its source gives."""
    stated = hints.get("expected")
    return {**(stated if isinstance(stated, dict) else {}), **hints}


def _register_of_legacy(data: bytes) -> int:
    """Return what a reply without a register is about, by what it looks like."""
    if len(data) >= _FIXED_PART and len(data) == _FIXED_PART + 2 * data[_PROBES_PLACE]:
        return Command.BASIC_INFO
    named = data.rstrip(b"\0")
    if named.isascii() and named.decode("ascii").isprintable():
        return Command.MODEL
    return Command.CELL_VOLTAGES


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the write of a parameter whose value is given as text.

    What shares its register is written as zero: only the pack knows it. Raises ValueError.
    """
    if variant not in set(Variant):
        raise ValueError(f"there is no variant {variant}; choose one of {', '.join(Variant)}")
    if text is None:
        raise ValueError(f"{parameter} takes a value")
    if parameter in LOCKS:
        on = _truth(parameter, text)
        charge, discharge = (on, True) if parameter == CHARGE_SWITCH else (True, on)
        return write_request(Command.SWITCHES, encode_switches(charge=charge, discharge=discharge))
    if parameter == REMAINING_CAPACITY:
        return write_request(Command.REMAINING_CAPACITY, encode_remaining_capacity(float(text)))
    row = BY_KEY.get(parameter)
    value: SettingValue = text
    if row is not None and row.kind is SettingKind.NUMBER:
        value = float(text)
    elif row is not None and row.kind is SettingKind.SWITCH:
        value = _truth(parameter, text)
    return write_request(*encode_register(parameter, bytes(2), value))


def _truth(parameter: str, text: str) -> bool:
    if text.lower() not in _TRUTHS:
        raise ValueError(f"{parameter} is true or false")
    return _TRUTHS[text.lower()]
