r"""The line dialect of a 123\SmartBMS: takes commands, answers them, streams records."""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Final

from ..peripheral import Faults
from .board import Smart123Board
from .labels import Label
from .lines import Lines

_OK, _NA, _KO = "OK", "NA", "KO"
_END: Final = b"\r"
_PING: Final = b"$"
_START, _STOP = "E!", "D!"
_PIN: Final = re.compile(r"PW(\d{4})!")
_WRITE: Final = re.compile(r"([0-9A-F]{2})-([0-9A-F]{3})!")
_COMMAND: Final = re.compile(r"[ -~]+")
_LONGEST: Final = 64
_TRIES: Final = 5
_ECHO_DELAY: Final = 0.02
_ANSWER_DELAY: Final = 0.08

UNKNOWN_RECORDS: Final = ("Z_01_0203", "Q_0001_+0002_03_04_05_06")
"""What no firmware is known to send."""


@dataclass(eq=False)
class Oddities:
    """What can be odd about what a unit sends, beyond the faults that all have."""

    glue: bool = False
    """Several lines or frames share a notification, whatever would fit."""
    endless_line: bool = False
    """Sends digits without the end of a line in place of records."""
    stream_stops: bool = False
    """Stops the stream without a word, until it is started again; frames stop as long as this is set."""
    wrong_hex: int = 0
    """So many more records hold a digit that is none."""
    missing_fields: int = 0
    """So many more records end early."""
    unknown_records: bool = False
    """Sends records of unknown letters, too."""
    cell_zero: bool = False
    """Sends records of a cell number 0, too; frames of no other cell."""
    pin_locked: bool = False
    """Not even the right PIN helps; so after five wrong ones."""
    refuse_pings: bool = False
    """Does not hear pings, so that nothing is flushed."""
    garbage: int = 0
    """Bytes of junk still to be sent."""


type Reply = tuple[float, bytes]
"""Seconds since the line before, and a line with its end."""


class LineDialect:
    """One conversation after the other about a board."""

    def __init__(self, label: Label, board: Smart123Board, odd: Oddities) -> None:
        """Initialize."""
        self.label = label
        self.board = board
        self.lines = Lines(board)
        self.streaming = False
        self.authorized = False
        self.wrong_pins = 0
        self._odd = odd
        self._heard = b""

    def begin(self) -> None:
        """A client connected."""
        self.authorized = self.label.pin is None
        self.streaming = self.streaming and self.label.stream_outlives_link
        self._heard = b""

    # Commands.

    def hear(self, data: bytes, faults: Faults) -> list[Reply]:
        """Take bytes; return what they give rise to. A ping is no part of a command, wherever it stands."""
        *whole, self._heard = (self._heard + data.replace(_PING, b"")).split(_END)
        self._heard = self._heard[-_LONGEST:]
        return [reply for line in whole for reply in self._take(line.decode("latin-1"), faults)]

    def _take(self, command: str, faults: Faults) -> Iterator[Reply]:
        if not _COMMAND.fullmatch(command):
            # So nothing comes back when somebody looks for the boot loader.
            return
        if self.label.echo:
            yield _ECHO_DELAY, command.encode() + _END
        if write := _WRITE.fullmatch(command):
            yield from self._take_write(int(write[2], 16), int(write[1], 16), faults)
            return
        yield _ANSWER_DELAY, self._answer(command, faults).encode() + _END

    def _answer(self, command: str, faults: Faults) -> str:
        if command == _STOP:
            self.streaming = False
            return _OK
        if pin := _PIN.fullmatch(command):
            return self._take_pin(pin[1])
        if not self.authorized and command not in self.label.free_queries:
            return _NA
        if command == _START:
            self.streaming = True
            return _OK
        answer = self.lines.answer(command)
        return _NA if answer is None else _worn(answer, faults)

    def _take_pin(self, pin: str) -> str:
        right = pin == self.board.settings.pin
        self.wrong_pins = 0 if right else self.wrong_pins + 1
        self._odd.pin_locked = self._odd.pin_locked or self.wrong_pins >= _TRIES
        if self._odd.pin_locked:
            return _NA
        self.authorized = right or self.label.pin is None
        return _OK if right else self.label.wrong_pin_reply

    def _take_write(self, address: int, value: int, faults: Faults) -> Iterator[Reply]:
        result = _NA
        if self.label.generation == 3 and self.authorized:
            result = _OK if self._change(address, value, faults) else _KO
        if result != _OK or not faults.lose_ready:
            yield max(0.0, faults.ready_delay - _ECHO_DELAY), result.encode() + _END

    def _change(self, address: int, value: int, faults: Faults) -> bool:
        settings = self.board.settings
        if faults.forget_writes:
            return settings.takes(address, value)
        # Another value that is taken wherever the right one is.
        return settings.write(address, abs(value - 1) if faults.distort_writes else value)

    def change_elsewhere(self, line: bytes) -> bool:
        """Take a line from somebody who was let in elsewhere; return whether it was a write that counts."""
        write = _WRITE.fullmatch(line.removesuffix(_END).decode("latin-1"))
        if write is None or self.label.generation != 3:
            return False
        return self.board.settings.write(int(write[2], 16), int(write[1], 16))

    # Stream.

    def records(self, number: int) -> list[bytes]:
        """Return what the stream says in one cycle; `number` is whose turn it is in the rotation of the cells."""
        odd = self._odd
        if odd.stream_stops:
            self.streaming = odd.stream_stops = False
        if not self.streaming:
            return []
        if odd.endless_line:
            return [b"0123456789ABCDEF" * 4]
        texts = [self._oddly(self.lines.record(letter, number)) for letter in self.label.records]
        if odd.cell_zero:
            texts.insert(len(texts) // 2, self.lines.record("C", 0))
        if odd.unknown_records:
            texts += UNKNOWN_RECORDS
        return [text.encode() + self.label.record_end for text in texts]

    def _oddly(self, record: str) -> str:
        odd = self._odd
        if odd.wrong_hex > 0:
            odd.wrong_hex -= 1
            record = f"{record[:3]}G{record[4:]}"
        if odd.missing_fields > 0:
            odd.missing_fields -= 1
            record = "_".join(record.split("_")[:3])
        return record


def _worn(answer: str, faults: Faults) -> str:
    if faults.corrupt_settings <= 0:
        return answer
    faults.corrupt_settings -= 1
    return f"{answer[:-2]}{int(answer[-2:], 16) ^ 0xFF:02X}"
