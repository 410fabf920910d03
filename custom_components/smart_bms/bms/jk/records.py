"""JK for `script/decode` and `script/encode`: any recorded message into one result, and values into writes."""

from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..read_back import judge_write
from ..settings import SettingKind, SettingValue
from .advertisement import COMPANY, COMPANY_PREFIX, SERVICE, is_jk
from .describe import answer, command, layout_of, what_is_wrong
from .frames import COMMAND_HEADER, READY_HEADER, TYPE_OFFSET, FrameType, Reassembler
from .layouts import Variant
from .parameters import BY_KEY, UNKNOWN
from .settings import encode_write

type Result = dict[str, Any]

_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_ADDRESS_LENGTH: Final = 6
_MIN_FIELD: Final = 2


class JkRecords:
    """Decodes the records of one file."""

    takes_text = False

    def __init__(self) -> None:
        """Initialize."""
        self._variant: Variant | None = None
        self._log = Reassembler()

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack."""
        stated = hints.get("variant")
        variant = Variant(stated) if isinstance(stated, str) and stated in set(Variant) else self._variant
        try:
            if data.startswith(COMMAND_HEADER) and not data.startswith(READY_HEADER):
                return command(data, variant)
            frames = Reassembler().feed(data, 0.0)
            if not frames:
                raise FrameError(what_is_wrong(data))
            # A ready frame may be glued to the frame it announces.
            reported = [frame for frame in frames if frame[TYPE_OFFSET] != FrameType.READY] or frames
            if len(reported) > 1:
                return {"kind": "notification", "frames": [self._result(frame) for frame in frames]}
            return self._frame(reported[0], variant)
        except FrameError as error:
            return {"kind": "rejected", "variant": variant, "reason": error.reason}

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode the frames in a sequence of notifications, in order."""
        self._variant = None
        reassembler = Reassembler()
        return [self._result(frame) for fragment in fragments for frame in reassembler.feed(fragment, 0.0)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode the frames that one more notification of a log completes."""
        if data.startswith(COMMAND_HEADER) and not data.startswith(READY_HEADER):
            return [self.message(data, {})]
        return [self._result(frame) for frame in self._log.feed(data, 0.0)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded settings before and after it."""
        key = write["values"]["parameter"]
        variant = Variant(after.get("variant") or write["variant"])
        old, found = (part.get("values", {}).get(key) for part in (before, after))

        def same(one: SettingValue | None, other: SettingValue | None) -> bool:
            try:
                return encode_write(key, one, variant) == encode_write(key, other, variant)
            except ValueError:
                return False

        return judge_write(same, old=old, wanted=write["values"]["value"], found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode manufacturer data as it is advertised: company id, then payload."""
        if len(data) < _MIN_FIELD:
            return {"kind": "rejected", "reason": "length"}
        company, payload = int.from_bytes(data[:2], "little"), data[2:]
        name = str(hints.get("local_name") or "")
        advertisement = Advertisement(name=name, manufacturer_data={company: payload}, service_uuids=(SERVICE,))
        values: Result = {
            "company_id": company,
            "manufacturer_payload": payload.hex(),
            "recognised": is_jk(advertisement),
        }
        address = payload.removeprefix(COMPANY_PREFIX)
        if company == COMPANY and payload.startswith(COMPANY_PREFIX) and len(address) == _ADDRESS_LENGTH:
            values["address"] = address.hex(":").upper()
        return {"kind": "advertisement", "values": values}

    def _result(self, frame: bytes) -> Result:
        try:
            return self._frame(frame, self._variant)
        except FrameError as error:
            return {"kind": "rejected", "variant": self._variant, "reason": error.reason}

    def _frame(self, frame: bytes, variant: Variant | None) -> Result:
        layout = layout_of(frame, variant)
        if frame[TYPE_OFFSET] in (FrameType.CELL_INFO, FrameType.DEVICE_INFO):
            self._variant = layout
        return answer(frame, layout)


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the write of a parameter whose value is given as text; a command has none.

    Raises ValueError if there is no such variant or parameter, or the value does not fit.
    """
    if variant not in set(Variant):
        raise ValueError(f"there is no variant {variant}; choose one of {', '.join(Variant)}")
    layout = Variant(variant)
    row = BY_KEY[layout].get(parameter)
    kind = row.kind if row else None
    value: SettingValue | None = text
    if text is not None and kind is SettingKind.NUMBER:
        value = float(text)
    elif text is not None and kind is SettingKind.SWITCH:
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{parameter} is true or false")
        value = _TRUTHS[text.lower()]
    elif text is not None and kind is SettingKind.CHOICE and text.isdecimal():
        value = f"{UNKNOWN}{text}"
    return encode_write(parameter, value, layout)
