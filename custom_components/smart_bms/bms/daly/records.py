"""Daly for `script/decode` and `script/encode`: any recorded message into one result, and values into writes."""

from collections import deque
from datetime import datetime
from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..read_back import judge_write
from ..settings import SettingKind, SettingValue
from .advertisement import SERVICE, is_daly
from .describe import a5, question, refused, words, write
from .frames import (
    A5_DATA,
    A5_HOSTS,
    A5Frame,
    Dialect,
    Message,
    ReadRequest,
    Reassembler,
    RegisterAnswer,
    RegisterWrite,
    decode_frame,
)
from .parameters import BY_KEY
from .settings import A5_SWITCHES, write_frame

type Result = dict[str, Any]

_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_MIN_FIELD: Final = 2
_BOARD: Final = 0x01
_MAX_ASKED: Final = 50
_STARTS: Final = (0xA5, 0xD2, 0x81, 0x51)
_KINDS_OF_WRITES: Final = ("write_request",)


class DalyRecords:
    """Decodes the records of one file."""

    takes_text = False

    def __init__(self) -> None:
        """Initialize."""
        self._variant: Dialect | None = None
        self._asked: deque[ReadRequest] = deque(maxlen=_MAX_ASKED)
        self._cells: int | None = None
        self._probes: int | None = None
        self._log = Reassembler()

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack, or the eight bytes of one (`cmd` says of which)."""
        try:
            if (command := hints.get("cmd")) is not None and len(data) == A5_DATA:
                frame = A5Frame(_BOARD, int(str(command), 16), data)
                return self._frames([frame], hints)
            if not data or data[0] not in _STARTS:
                return self._loose(data, hints)
            try:
                found: list[Message | ReadRequest] = [decode_frame(data)]
            except FrameError:
                found = list(Reassembler().feed(data, 0.0))
                if not found:
                    raise
            return self._several(found, hints)
        except FrameError as error:
            return {"kind": "rejected", "reason": error.reason}
        except ValueError:
            return {"kind": "rejected", "reason": "not_hex"}

    def _loose(self, data: bytes, hints: Result) -> Result:
        """Decode what begins with something else: the module's own words, or a part of a frame."""
        found = list(Reassembler().feed(data, 0.0))
        if found:
            return self._several([*found], hints)
        if (
            data.isascii()
            and data.decode("ascii").strip("\r\n\0").isprintable()
            and hints.get("type") != "read_response"
        ):
            # Modules talk of themselves, and apps to them.
            return {"kind": "ignored", "reason": "module_text"}
        if hints.get("char") or hints.get("type") in ("at", "gatt_read", "noise"):
            return {"kind": "ignored", "reason": "module_text"}
        raise FrameError("header")

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode the frames in a sequence of notifications, in order."""
        reassembler = Reassembler()
        return [self._one(message, {}) for fragment in fragments for message in reassembler.feed(fragment, 0.0)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode the frames that one more notification of a log completes."""
        if data and data[0] in _STARTS and not self._log.pending:
            try:
                asked = decode_frame(data)
            except FrameError:
                pass
            else:
                return [self._one(asked, {})]
        return [self._one(message, {}) for message in self._log.feed(data, 0.0)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded settings before and after it."""
        key, wanted = write["values"].get("parameter"), write["values"].get("value")
        old, found = (part.get("values", {}).get(key) for part in (before, after))
        return judge_write(lambda one, other: one == other, old=old, wanted=wanted, found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode manufacturer data as it is advertised: company id, then payload."""
        if data and len(data) < _MIN_FIELD:
            return {"kind": "rejected", "reason": "length"}
        reported = {**(hints["expected"] if isinstance(hints.get("expected"), dict) else {}), **hints}
        companies = {int.from_bytes(data[:2], "little"): data[2:]} if data else {}
        services = reported.get("service_uuids")
        advertisement = Advertisement(
            name=str(reported.get("local_name") or "").rstrip("\0"),
            address=str(reported.get("address") or ""),
            manufacturer_data=companies,
            service_uuids=tuple(map(str, services)) if isinstance(services, list) else (SERVICE,),
        )
        values: Result = {"recognised": is_daly(advertisement)}
        for company, payload in companies.items():
            values |= {"company_id": company, "manufacturer_payload": payload.hex()}
        return {"kind": "advertisement", "values": values}

    def _several(self, found: list[Message | ReadRequest], hints: Result) -> Result:
        """Return one result for frames that came together: those of one command of A5 belong together."""
        frames = [message for message in found if isinstance(message, A5Frame)]
        if frames and len(frames) == len(found) and len({frame.command for frame in frames}) == 1:
            return self._frames(frames, hints)
        if len(found) == 1:
            return self._explained(found[0], hints)
        # Which answer belongs to which question nobody tells.
        return {"kind": "notification", "frames": [self._one(message, {}) for message in found]}

    def _one(self, message: Message | ReadRequest, hints: Result) -> Result:
        try:
            return self._explained(message, hints)
        except FrameError as error:
            return {"kind": "rejected", "reason": error.reason}

    def _explained(self, message: Message | ReadRequest, hints: Result) -> Result:
        if isinstance(message, A5Frame):
            return self._frames([message], hints)
        self._variant = message.dialect
        if isinstance(message, ReadRequest):
            self._asked.append(message)
            return self._described(*question(message))
        if isinstance(message, RegisterAnswer):
            return self._described(*words(message, self._first(message, hints)))
        if isinstance(message, RegisterWrite):
            kind, values = write(message)
            kind = _kind_of_write(kind, message, hints)
            return self._described(kind, values)
        return self._described(*refused(message))

    def _first(self, message: RegisterAnswer, hints: Result) -> int | None:
        """Return which register an answer begins with, if the record or the question before it tells."""
        if isinstance(first := hints.get("register"), int):
            return first
        if isinstance(asked := hints.get("request"), str):
            request = decode_frame(bytes.fromhex(asked))
            return request.register if isinstance(request, ReadRequest) else None
        for place, question_before in enumerate(list(self._asked)):
            if (question_before.dialect, 2 * question_before.count) == (message.dialect, len(message.data)):
                # Those before it went unanswered, or were answered with something broken.
                for _ in range(place + 1):
                    self._asked.popleft()
                return question_before.register
        return None

    def _frames(self, frames: list[A5Frame], hints: Result) -> Result:
        self._variant = Dialect.A5
        kind, values = a5(frames, from_board=frames[0].host == _BOARD, cells=self._cells, probes=self._probes)
        self._cells = values.get("stated_cells", self._cells)
        self._probes = values.get("probe_count", self._probes)
        if kind == "ignored":
            return {"kind": kind, "variant": str(Dialect.A5), "reason": "unknown_type"}
        if kind == "ack" and hints.get("type") == "write_request":
            kind = "write"
        return self._described(kind, values)

    def _described(self, kind: str, values: Result) -> Result:
        result: Result = {"kind": kind, "values": values}
        return result if self._variant is None else result | {"variant": str(self._variant)}


def _kind_of_write(kind: str, message: RegisterWrite, hints: Result) -> str:
    """Return whether a write is the client's, or the board's word: over D2 both are the same, byte for byte."""
    direction, stated = hints.get("direction"), hints.get("type")
    if stated in ("write_ack", "write_refused") or (direction == "rx" and stated not in _KINDS_OF_WRITES):
        return "ack"
    return kind


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the write of a parameter whose value is given as text. Raises ValueError."""
    if variant not in set(Dialect):
        raise ValueError(f"there is no variant {variant}; choose one of {', '.join(Dialect)}")
    if text is None:
        raise ValueError(f"{parameter} takes a value")
    dialect = Dialect(variant)
    row = BY_KEY[dialect].get(parameter)
    value: SettingValue = text
    if parameter in A5_SWITCHES or (row is not None and row.kind is SettingKind.SWITCH):
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{parameter} is true or false")
        value = _TRUTHS[text.lower()]
    elif row is None or row.kind is SettingKind.NUMBER:
        value = float(text)
    return write_frame(dialect, parameter, value, host=A5_HOSTS[0], now=datetime.now().astimezone())
