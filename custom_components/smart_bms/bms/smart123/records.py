r"""123\SmartBMS for `script/decode` and `script/encode`: any recorded line or frame into one result, and values into writes."""

from collections.abc import Callable
import re
from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..settings import SettingKind, SettingValue, judge
from . import frame58
from .advertisement import device_type, is_smart123, serial_number
from .alarms import CHARGE_ALLOWED, CHARGE_RELAY, DISCHARGE_ALLOWED, LOAD_RELAY, NOT_CALIBRATED, alarms
from .decode import Counts, decode_record, is_record
from .frames import WORDS, Reassembler, command, number, query_fields
from .generation import Generation, Variant
from .identity import version_of
from .memory import HISTORY, LOG, TIME, decode_block, decode_entry
from .parameters import BY_KEY, VERSION, Parameter, decode_answer
from .privacy import HOLDS_PIN
from .scales import FRAME_AMPERE, Formula, celsius, volts
from .two_byte_write import write_command

type Result = dict[str, Any]

_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_WRITE: Final = re.compile(r"([0-9A-F]{2})-([0-9A-F]{3})!", re.IGNORECASE)
_PIN: Final = re.compile(r"PW(.*)!")
_OFFSET: Final = re.compile(r"offset\s+(\d{1,4})\b")
_MAX_AMPERE: Final = 100
"""A per count: beyond any unit, and no number that breaks a sum."""
_AD_NAMES: Final = {0x08, 0x09}
_AD_SERVICES: Final = {0x06, 0x07}
_AD_VENDOR: Final = 0xFF

_NUMBERS: Final = {
    "lowest_number": "cell_min_number",
    "highest_number": "cell_max_number",
    "coldest_number": "coldest_cell",
    "hottest_number": "hottest_cell",
}
_VOLTS: Final = {
    "voltage": "voltage",
    "lowest": "cell_voltage_min",
    "highest": "cell_voltage_max",
    "balance_voltage": "balance_voltage",
    "cell_voltage": "cell_voltage",
}
_TEMPERATURES: Final = {
    "coldest": "temperature_lowest",
    "hottest": "temperature_highest",
    "cell_temperature": "cell_temperature",
}
_CURRENTS: Final = ("current", "current_in", "current_out")
_HUNDREDTHS: Final = {"charge_cycles": "cycles", "discharge_cycles": "discharge_cycles"}
_PERCENT: Final = frozenset({"soc", "soh", "charge_efficiency"})


class Smart123Records:
    """Decodes the records of one file."""

    takes_text = True

    def __init__(self) -> None:
        """Know nothing of the unit."""
        self._lines = Reassembler()
        self._frames = frame58.Reassembler()
        self._query = ""
        self._generation = Generation({}, "auto", None, newer_module=False, needed=1)

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack: a frame, or lines of text."""
        if hints.get("kind") == "advertisement":
            return self.advertisement(data, hints)
        if isinstance(unknown := hints.get("unknown"), bytes):
            try:
                return _reading(Variant.FRAME, _masked_frame(data, unknown, hints))
            except FrameError as error:
                return {"kind": "rejected", "reason": error.reason}
        if hints.get("transport") == "nus_ascii":
            self._generation.heard_newer_answer()  # the module is proof enough
        if data == b"\x01" and hints.get("direction") == "tx":
            return {"kind": "command", "values": {"command": "data_mode"}}
        return self._text(data.decode("ascii"), hints) if _is_text(data) else self._whole_frames(data, hints)

    @staticmethod
    def _whole_frames(data: bytes, hints: Result) -> Result:
        frames = frame58.Reassembler().feed(data)
        if not frames:
            return {"kind": "rejected", "reason": "length" if len(data) < frame58.LENGTH else "checksum"}
        found = [_reading(Variant.FRAME, _frame(frame, hints)) for frame in frames]
        if len(found) == 1:
            return found[0]
        return {"kind": "notification", "frames": found, "values": _joined_keys(frames)}

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode what a sequence of notifications holds, in order."""
        self._lines, self._frames = Reassembler(), frame58.Reassembler()
        return [result for fragment in fragments for result in self.notification(fragment)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode what one more notification of a log completes."""
        frames = [_reading(Variant.FRAME, _frame(frame, {})) for frame in self._frames.feed(data)]
        if frames:
            self._lines = Reassembler()
            return frames
        return [self._line(line, {}) for line in self._lines.feed(data)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded parameters before and after it."""
        key, wanted = write["values"].get("parameter"), write["values"].get("value")
        old, found = (part.get("values", {}).get(key) for part in (before, after))
        return judge(lambda one, other: one == other, old=old, wanted=wanted, found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode an advertisement as it is on the air, or manufacturer data alone: company id, then payload."""
        try:
            advertisement = _fields_of(data)
        except IndexError:
            advertisement = None
        if advertisement is None:
            if len(data) < 2:
                return {"kind": "rejected", "reason": "length"}
            told = {**(hints["expected"] if isinstance(hints.get("expected"), dict) else {}), **hints}
            services = told.get("service_uuids")
            advertisement = Advertisement(
                name=str(told.get("local_name") or ""),
                manufacturer_data={int.from_bytes(data[:2], "little"): data[2:]},
                service_uuids=tuple(map(str, services)) if isinstance(services, list) else (),
            )
        values: Result = {"recognised": is_smart123(advertisement)}
        if advertisement.name:
            values["local_name"] = advertisement.name
        if advertisement.service_uuids:
            values["service_uuids"] = list(advertisement.service_uuids)
        for company, payload in advertisement.manufacturer_data.items():
            values |= {"company_id": company, "manufacturer_payload": payload.hex()}
        if (kind := device_type(advertisement)) is not None:
            values |= {"device_type": kind, "serial_number": serial_number(advertisement)}
        return {"kind": "advertisement", "values": values}

    # Text.

    def _text(self, text: str, hints: Result) -> Result:
        lines = Reassembler().feed(text.encode("ascii") + b"\r")
        found = [self._line(line, hints) for line in lines]
        if not found:
            return {"kind": "ignored", "reason": "incomplete"}
        if len(found) == 1:
            return found[0]
        if found[0]["kind"] == "rejected":
            # What goes with a broken beginning is looked at in a stream, not here.
            return {**found[0], "frames": found}
        return {"kind": "notification", "frames": found}

    def _line(self, line: str, hints: Result) -> Result:
        if hints.get("direction") == "tx" or line[-1:] in "@!$":
            return self._sent(line)
        try:
            if line in WORDS:
                return {"kind": "ack", "values": {"result": line}}
            if is_record(line):
                return self._record(line, hints)
            if line[:1].isalpha() and line[1:2] == "_":
                raise FrameError("unknown_type")
            return self._answer(line, hints)
        except FrameError as error:
            return {"kind": "rejected", "reason": error.reason}

    def _sent(self, line: str) -> Result:
        """Explain what goes to the unit."""
        self._query = line.removesuffix("@") if line.endswith("@") else self._query
        if found := _WRITE.fullmatch(line):
            address, byte = int(found[2], 16), int(found[1], 16)
            return {"kind": "write", "values": {"address": address, "raw": byte} | _written(address, byte)}
        if found := _PIN.fullmatch(line):
            return {"kind": "command", "values": {"command": "PW", "password": found[1]}}
        return {"kind": "command", "values": {"command": line.rstrip("@!") or line}}

    def _record(self, line: str, hints: Result) -> Result:
        tag, counts = decode_record(line)
        self._generation.heard_record(line)
        stated = hints.get("current_scale")
        ampere = self._generation.ampere
        if isinstance(stated, (int, float)) and abs(stated) <= _MAX_AMPERE:
            ampere = float(stated)
        return _reading(self._generation.variant, {"record": tag} | _values(counts, ampere, _formula(hints)))

    def _answer(self, line: str, hints: Result) -> Result:
        fields = query_fields(line)
        query = str(hints.get("query") or self._query)
        formula = Formula.DOCUMENT if hints.get("temp_formula") == "doc" else Formula.APP
        if query == VERSION:
            self._generation.heard_version(fields[0])
            values: Result = {"sw_version": version_of(fields[0])} | decode_answer(VERSION, fields, formula)
            return {"kind": "identity", "variant": self._generation.variant.value, "values": values}
        if query == TIME:
            return {"kind": "log", "values": {"device_time": number(fields[0])}}
        if query in LOG:
            entry = decode_entry(fields)
            named = dict(zip(("time", "type", "value", "cell"), entry, strict=True)) if entry else {}
            return {"kind": "log", "values": named}
        if query in HISTORY:
            newest, block = decode_block(fields)
            return {"kind": "log", "values": {"newest_hour": newest, "soc": block}}
        values = dict(decode_answer(query, fields, formula))
        if query == HOLDS_PIN and len(fields) > 3:
            values["password"] = fields[3]
        if not values:
            return {"kind": "ignored", "reason": "unknown_type"}
        return {"kind": "settings", "variant": self._generation.variant.value, "values": values}


def _is_text(data: bytes) -> bool:
    return data.isascii() and data.decode("ascii").replace("\r", "").replace("\n", "").isprintable()


def _reading(variant: Variant, values: Result) -> Result:
    return {"kind": "reading", "variant": variant.value, "values": values}


def _formula(hints: Result) -> Callable[[int], float]:
    """Return how counts become °C: as the record says, or as the vendor's app has it."""
    stated = str(hints.get("temp_formula", ""))
    if found := _OFFSET.match(stated):
        offset = int(found[1])
        return lambda count: float(count - offset)
    formula = Formula.DOCUMENT if stated.startswith("doc") else Formula.APP
    return lambda count: celsius(count, formula)


def _values(counts: Counts, ampere: float | None, temperature: Callable[[int], float]) -> Result:
    """Return what counts mean; what the unit does not have, or nobody can tell, has no key."""
    values: Result = {}
    for name, count in counts.items():
        if count is None or name in ("clock_hour", "clock_minute"):
            continue
        if name in _VOLTS:
            values[_VOLTS[name]] = volts(count)
        elif name in _TEMPERATURES:
            values[_TEMPERATURES[name]] = temperature(count)
        elif name in _CURRENTS:
            if count == 0 or ampere is not None:
                values[name] = round(count * (ampere or 0.0), 3)
        elif name in _HUNDREDTHS:
            values[_HUNDREDTHS[name]] = count / 100
        elif name not in _PERCENT or count <= 100:
            values[_NUMBERS.get(name, name)] = count
    hour, minute = counts.get("clock_hour"), counts.get("clock_minute")
    if hour is not None and minute is not None and hour < 24 and minute < 60:
        values["device_time"] = f"{hour:02d}:{minute:02d}"
    place, cells = values.get("cell_number"), values.get("cell_count")
    if place is not None and cells is not None and not 1 <= place <= cells:
        # A slot of the rotation without a cell.
        for key in ("cell_voltage", "cell_temperature"):
            values.pop(key, None)
        values["cell_ignored"] = True
    return values | _flags(counts)


def _flags(counts: Counts) -> Result:
    status, more = counts.get("status"), counts.get("status_2")
    if status is None:
        return {}
    values: Result = {
        "charging_enabled": bool(status & CHARGE_ALLOWED),
        "discharging_enabled": bool(status & DISCHARGE_ALLOWED),
        "soc_calibrated": not status & NOT_CALIBRATED,
        "alarms": list(alarms(status, more)),
        "alarm_mask": status | (more or 0) << 8,
    }
    if more is not None:
        values |= {"charge_relay_closed": bool(more & CHARGE_RELAY), "load_relay_closed": bool(more & LOAD_RELAY)}
    return values


def _frame(frame: bytes, hints: Result) -> Result:
    """Return all that one frame says; whether its last bytes are key and value, or a clock, one frame does not tell."""
    return _described(_counts(frame), frame58.decode_settings(frame), hints) | _last_bytes(frame[47], frame[48])


def _counts(frame: bytes) -> Counts:
    return {name: count for part in frame58.decode_frame(frame).values() for name, count in part.items()}


def _described(counts: Counts, settings: dict[str, int], hints: Result) -> Result:
    values = _values(counts, FRAME_AMPERE, _formula(hints))
    return values | {key: BY_KEY[key].value(count, Formula.APP) for key, count in settings.items()}


def _last_bytes(first: int, second: int) -> Result:
    if frame58.KEY_BASE <= first < frame58.KEY_BASE + 19:
        key = first - frame58.KEY_BASE
        named = {name: second for at, name in ((0, "soh"), (1, "charge_efficiency")) if key == at and second <= 100}
        return {"kv_key": key, "kv_value": second} | named
    orders = [(hour, minute) for hour, minute in ((first, second), (second, first)) if hour < 24 and minute < 60]
    times = [f"{hour:02d}:{minute:02d}" for hour, minute in dict.fromkeys(orders)]
    if len(times) == 1:
        return {"device_time": times[0]}
    return {"device_time_either": times} if times else {}


def _joined_keys(frames: list[bytes]) -> Result:
    """Return what neighboring frames tell in two parts."""
    pairs = {frame[47] - frame58.KEY_BASE: frame[48] for frame in frames}
    values: Result = {}
    for name, high, low in (
        ("low_cell_voltage", 2, 3),
        ("nominal_cell_voltage", 4, 5),
        ("full_cell_voltage", 17, 18),
    ):
        if high in pairs and low in pairs:
            values[name] = volts(pairs[high] << 8 | pairs[low])
    if 8 in pairs and 9 in pairs:
        values["cycles"] = pairs[8] << 8 | pairs[9]
    return values


def _masked_frame(data: bytes, unknown: bytes, hints: Result) -> Result:
    """Return what a frame says of which the bits set in `unknown` are not known: only what they do not bear on.

    Raises FrameError.
    """
    if len(data) != frame58.LENGTH:
        raise FrameError("length")
    low, high = _filled(data, unknown, 0x00), _filled(data, unknown, 0xFF)
    if any(low[place] not in frame58.SIGNS for place in frame58.SIGN_PLACES):
        raise FrameError("layout_unknown")
    counts, settings = _same(_counts(low), _counts(high)), _same(*map(frame58.decode_settings, (low, high)))
    last = _same(_last_bytes(low[47], low[48]), _last_bytes(high[47], high[48]))
    return _described(counts, settings, hints) | last | ({} if unknown[-1] else {"checksum": data[-1]})


def _filled(data: bytes, unknown: bytes, bits: int) -> bytes:
    """Return a frame with something in place of what is not known; a sign that is not known tells no more than none."""
    frame = bytearray(byte | mask & bits for byte, mask in zip(data, unknown, strict=True))
    for place in frame58.SIGN_PLACES:
        if unknown[place]:
            frame[place] = frame58.NOT_FITTED
    return bytes(frame)


def _same[Value](one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in one.items() if key in other and other[key] == value}


def _fields_of(data: bytes) -> Advertisement | None:
    """Return an advertisement from its fields of length, type and content; None if these bytes are none."""
    name, services, vendor = "", list[str](), dict[int, bytes]()
    place = 0
    while place < len(data):
        length = data[place]
        kind, content = data[place + 1], data[place + 2 : place + 1 + length]
        if not length or len(content) != length - 1:
            return None
        if kind in _AD_NAMES:
            name = content.decode(errors="replace")
        elif kind in _AD_SERVICES and len(content) == 16:
            digits = content[::-1].hex()
            services.append("-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))
        elif kind == _AD_VENDOR and len(content) >= 2:
            vendor[int.from_bytes(content[:2], "little")] = content[2:]
        place += 1 + length
    return Advertisement(name=name, manufacturer_data=vendor, service_uuids=tuple(services)) if place else None


def _written(address: int, byte: int) -> Result:
    """Return which parameter an address is part of; its value if one byte is all of it."""
    for parameter in BY_KEY.values():
        if address not in parameter.addresses:
            continue
        part = {"parameter": parameter.key, "part": ("high", "low")[parameter.addresses.index(address)]}
        if len(parameter.addresses) > 1:
            return part
        return {"parameter": parameter.key, "value": parameter.value(byte, Formula.APP)}
    return {}


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the writes of a parameter whose value is given as text, high byte first. Raises ValueError."""
    if variant != Variant.GENERATION_3:
        raise ValueError(f"addresses are known for {Variant.GENERATION_3} only")
    row = BY_KEY.get(parameter)
    if row is None or not row.addresses:
        raise ValueError(f"there is no parameter {parameter} that could be written")
    if text is None:
        raise ValueError(f"{parameter} takes a value")
    count = row.count(_value(row, text), Formula.APP)
    data = count.to_bytes(len(row.addresses))
    return b"".join(command(write_command(address, byte)) for address, byte in zip(row.addresses, data, strict=True))


def _value(row: Parameter, text: str) -> SettingValue:
    if row.kind is SettingKind.SWITCH:
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{row.key} is true or false")
        return _TRUTHS[text.lower()]
    return float(text) if row.kind is SettingKind.NUMBER else text
