r"""What a 123\SmartBMS says in lines: the records of its stream and the answers to queries.

Fields are written down here a second time on purpose: an error in the decoder's tables must not hide in the simulator.
"""

from collections.abc import Callable
from operator import methodcaller
from typing import Final

from .board import Smart123Board
from .meters import HISTORY_HOURS, LOG_ENTRIES

_HISTORY_BLOCK: Final = 12
_UNKNOWN: Final = 0xFF
_NO_CELL: Final = (0, 0)


class Lines:
    """Writes about one board."""

    def __init__(self, board: Smart123Board) -> None:
        """Initialize."""
        self.board = board

    # Fields.

    def _hex(self, value: float | None, digits: int) -> str:
        if value is None:
            return "X" * digits
        return f"{int(value):0{max(1, digits + self.board.label.extra_digits)}X}"

    def _current(self, amperes: float | None) -> str:
        if amperes is None:
            # As in the frames, where zeros follow.
            return "X0000"
        counts = round(amperes / self.board.label.current_unit)
        return f"{'-' if counts < 0 else '+'}{self._hex(abs(counts), 4)}"

    def _range(self, values: list[int], digits: int) -> list[str]:
        (low, coldest), (high, hottest) = self.board.lowest(values), self.board.highest(values)
        return [self._hex(low, digits), self._hex(coldest, 2), self._hex(high, digits), self._hex(hottest, 2)]

    def _status(self) -> list[str]:
        board = self.board
        return [self._hex(board.status, 2), self._hex(board.status2, 2)][: board.label.generation - 1]

    # Records.

    def record(self, letter: str, number: int) -> str:
        """Return a record; `number` is whose turn it is in the rotation of the cells."""
        return "_".join((letter, *self.cell(number))) if letter == "C" else "_".join((letter, *_RECORDS[letter](self)))

    def cell(self, number: int) -> list[str]:
        """Return the fields about a cell, or about a place in the rotation where there is none."""
        board = self.board
        count = len(board.voltages)
        voltage, temperature = _NO_CELL
        if 1 <= number <= count:
            voltage, temperature = board.voltages[number - 1], board.temperatures[number - 1]
        gone = number in board.absent
        return [
            self._hex(number, 2),
            self._hex(count, 2),
            self._hex(None if gone else voltage, 3),
            self._hex(None if gone else temperature, 3),
            *self._status(),
        ]

    def totals(self) -> list[str]:
        """Return the fields of U."""
        board = self.board
        return [
            self._hex(board.voltage, 4),
            self._current(board.current_in),
            self._current(board.current),
            self._current(board.current_out),
        ]

    def voltages(self) -> list[str]:
        """Return the fields of V."""
        return [*self._range(self.board.voltages, 3), self._hex(self.board.settings.balance, 3)]

    def temperatures(self) -> list[str]:
        """Return the fields of T."""
        newest = [self._hex(self.board.log.newest, 2)] if self.board.label.generation == 3 else []
        return [*self._range(self.board.temperatures, 3), *newest]

    def energy(self) -> list[str]:
        """Return the fields of E."""
        board, meters = self.board, self.board.meters
        today = (meters.collected.today, board.stored, meters.consumed.today)
        return [*(self._hex(value, 6) for value in today), self._hex(board.soc, 2)]

    def lifetime(self) -> list[str]:
        """Return the fields of M."""
        meters = self.board.meters
        hours, minutes = divmod(int(meters.clock) // 60, 60)
        totals = (meters.collected.total, meters.consumed.total)
        return [*(self._hex(value, 6) for value in totals), f"{self._hex(hours, 2)}:{self._hex(minutes, 2)}"]

    def health(self) -> list[str]:
        """Return the fields of H."""
        board = self.board
        soh = _UNKNOWN if board.soh is None else board.soh
        measured = board.capacity * min(100, soh) / 100
        return [
            self._hex(soh, 2),
            self._hex(measured, 4),
            self._hex(measured * 1.01, 4),
            self._hex(_UNKNOWN if board.efficiency is None else board.efficiency, 2),
            self._hex(board.charge_cycles * 100, 6),
            self._hex(board.discharge_cycles * 100, 6),
        ]

    def battery(self) -> list[str]:
        """Return the fields of B."""
        charged, discharged = self.board.meters.charged, self.board.meters.discharged
        return [self._hex(value, 6) for value in (charged.total, discharged.total, charged.today, discharged.today)]

    # Answers to queries.

    def answer(self, query: str) -> str | None:
        """Return the answer with its checksum; None to what this generation does not know."""
        known = _QUERIES.get(query)
        if known is None or self.board.label.generation < known[0]:
            return None
        body = "_".join(known[1](self))
        return f"{body}_{checksum(body):02X}"

    def version(self) -> list[str]:
        """Return what `V@` asks for."""
        major, minor, patch = self.board.label.firmware
        first = f"{major:X}{minor:X}{patch:X}" if self.board.label.generation == 3 else f"{major * 10 + minor:02X}"
        return [first, "03", "05", self._hex(self.board.status, 2), self._hex(self.board.settings.balance, 3)]

    def system(self) -> list[str]:
        """Return what `S1@` asks for, the PIN among it."""
        have = self.board.settings
        words = (have.solar_peak, have.inverter_peak, have.capacity)
        return [*(self._hex(value, 4) for value in words), have.pin.encode().hex().upper()]

    def limits(self) -> list[str]:
        """Return what `S2@` asks for."""
        have = self.board.settings
        words = (have.v_min, have.v_max, have.t_min_charge, have.t_max)
        short = [*(self._hex(value, 3) for value in words), *self.codes(have.charge_restart, have.discharge_restart)]
        if self.board.label.generation == 2:
            return short
        more = (have.t_min_discharge, have.v_low, have.v_nominal)
        hysteresis = self.codes(have.v_min_hysteresis, have.v_max_hysteresis)
        return [*short, *(self._hex(value, 3) for value in more), *hysteresis]

    def options(self) -> list[str]:
        """Return what `S3@` asks for."""
        have = self.board.settings
        return self.codes(
            have.sensor_type,
            have.critical,
            have.charge_forced_off,
            have.discharge_forced_off,
            have.use_measured_capacity,
            have.charge_restart_delay,
            have.discharge_restart_delay,
            have.charge_pause_delay,
            have.discharge_pause_delay,
            have.soc_voltage_correction,
            have.chemistry,
            have.tail_current,
        )

    def uptime(self) -> list[str]:
        """Return what `TS@` asks for."""
        return [self._hex(self.board.meters.uptime, 8)]

    def event(self, place: int) -> list[str]:
        """Return what `L0@` to `L9@` ask for."""
        entry = self.board.log.entries[place]
        return [
            self._hex(entry.time, 8),
            self._hex(entry.kind, 2),
            self._hex(entry.value, 3),
            self._hex(entry.cell, 2),
        ]

    def history(self, block: int) -> list[str]:
        """Return what `H0@` to `HD@` ask for."""
        history, start = self.board.history, block * _HISTORY_BLOCK
        return [self._hex(history.newest, 2), bytes(history.ring[start : start + _HISTORY_BLOCK]).hex().upper()]

    def codes(self, *values: int) -> list[str]:
        """Return fields of two digits."""
        return [self._hex(value, 2) for value in values]


def checksum(body: str) -> int:
    """Return the sum of all characters but the separators."""
    return sum(body.replace("_", "").encode()) & 0xFF


_RECORDS: Final[dict[str, Callable[[Lines], list[str]]]] = {
    "U": Lines.totals,
    "V": Lines.voltages,
    "T": Lines.temperatures,
    "E": Lines.energy,
    "M": Lines.lifetime,
    "H": Lines.health,
    "B": Lines.battery,
}


def _relay1(lines: Lines) -> list[str]:
    have = lines.board.settings
    return lines.codes(have.relay1_force, have.relay1_function, have.relay1_inverted)


def _relay2(lines: Lines) -> list[str]:
    have = lines.board.settings
    return lines.codes(have.relay2_force, have.relay2_function, have.relay2_inverted)


_QUERIES: Final[dict[str, tuple[int, Callable[[Lines], list[str]]]]] = {
    "V@": (2, Lines.version),
    "S1@": (2, Lines.system),
    "S2@": (2, Lines.limits),
    "S3@": (3, Lines.options),
    "SRY0@": (3, _relay1),
    "SRY1@": (3, _relay2),
    "TS@": (3, Lines.uptime),
    **{f"L{place}@": (3, methodcaller("event", place)) for place in range(LOG_ENTRIES)},
    **{f"H{block:X}@": (3, methodcaller("history", block)) for block in range(HISTORY_HOURS // _HISTORY_BLOCK)},
}
"""From which generation on a query is known, and what answers it."""
