"""The older dialect: frames of 13 bytes, eight of them data."""

from collections.abc import Callable
from itertools import batched
import struct
from typing import Final

from .firmware import DalyFirmware, Taken
from .settings import ZERO_CURRENT

_START: Final = 0xA5
_BOARD: Final = 0x01
SETTINGS: Final = range(0x50, 0x62)
_SWITCHES: Final = {0xD9: "discharge_switch", 0xDA: "charge_switch"}
_SOC: Final = 0x21
_RESET: Final = 0x00
_MAX_CELLS: Final = 48


def sealed(body: bytes) -> bytes:
    """Return a frame: the body with its sum."""
    return body + bytes((sum(body) & 0xFF,))


def parse(frame: bytes, hosts: frozenset[int]) -> tuple[int, bytes] | None:
    """Return command and data of a frame; None if the board would keep silent."""
    if len(frame) != 13 or frame[0] != _START or frame[1] not in hosts or frame[3] != 8:
        return None
    return (frame[2], frame[4:12]) if sum(frame[:12]) & 0xFF == frame[12] else None


def _texts(content: str, frames: int) -> list[bytes]:
    padded = content.encode().ljust(7 * frames, b"\0")[: 7 * frames]
    return [bytes((index, *part)) for index, part in enumerate(batched(padded, 7, strict=True), 1)]


class Uart:
    """The board's end of the wire."""

    def __init__(self, firmware: DalyFirmware) -> None:
        """Initialize."""
        self._firmware = firmware
        self._last = bytes(8)
        """Data of the reply before, to which older boards add what they have to say."""
        self._replies: dict[int, Callable[[], list[bytes]]] = {
            0x90: self._pack,
            0x91: self._extremes,
            0x92: self._temperatures,
            0x93: self._switches,
            0x94: self._status,
            0x95: self._cells,
            0x96: self._probes,
            0x97: self._balancing,
            0x98: lambda: [firmware.alarm_bytes],
            0x50: lambda: [struct.pack(">II", firmware.settings["capacity"] * 100, firmware.nominal_voltage)],
            0x51: lambda: [bytes((1, len(firmware.cells), 0, 0, firmware.label.ntcs, 0, 0))],
            0x52: lambda: [struct.pack(">II", *(int(firmware.throughput),) * 2)],
            0x53: self._mode,
            0x54: lambda: [firmware.label.machine_code[:8].encode()],
            0x57: lambda: _texts(firmware.label.machine_code, 5),
            0x59: lambda: [self._levels(">H", "cell_high", "cell_low")],
            0x5A: lambda: [self._levels(">H", "pack_high", "pack_low")],
            0x5B: lambda: [self._levels(">H", "charge_current", "discharge_current")],
            0x5C: lambda: [self._levels(">B", "charge_hot", "charge_cold", "discharge_hot", "discharge_cold")],
            0x5D: lambda: [self._levels(">H", "soc_high", "soc_low")],
            0x5E: lambda: [self._levels(">H", "cell_spread") + self._levels(">B", "temperature_spread")],
            0x5F: lambda: [struct.pack(">HH", *(firmware.settings[f"balance_{name}"] for name in ("start", "spread")))],
            0x60: lambda: [struct.pack(">HH", 600, 333)],
            0x61: lambda: [firmware.clock_bytes],
            0x62: lambda: _texts(firmware.label.software, 2),
            0x63: lambda: _texts(firmware.label.hardware, 2),
        }

    def read(self, command: int) -> list[bytes]:
        """Return the frames of an answer; none if the board knows no such command."""
        known = self._replies.get(command)
        return [self._frame(command, data) for data in known()] if known else []

    def write(self, command: int, data: bytes) -> Taken:
        """Do what a command says."""
        settings = self._firmware.settings
        if command in _SWITCHES:
            settings[_SWITCHES[command]] = data[0]
        elif command == _SOC:
            self._firmware.set_clock(data[:6])
            settings["soc"] = int.from_bytes(data[6:])
        elif command == _RESET and self._firmware.label.stale:
            # Newer boards take no notice.
            self._firmware.restart()
            return Taken.RESTART
        else:
            return Taken.REFUSED
        return Taken.KEPT

    def acknowledgement(self, command: int, data: bytes) -> bytes:
        """Return the answer to a write: the switch repeated, or a one."""
        return self._frame(command, b"\1" if command == _SOC else data[:1])

    def _frame(self, command: int, data: bytes) -> bytes:
        rest = self._last[len(data) :] if self._firmware.label.stale else bytes(8 - len(data))
        self._last = data + rest
        return sealed(bytes((_START, _BOARD, command, 8)) + self._last)

    # Measurements.

    def _pack(self) -> list[bytes]:
        firmware = self._firmware
        current = -firmware.current if firmware.label.inverted else firmware.current
        return [struct.pack(">HHHH", firmware.voltage, 0, ZERO_CURRENT + current, firmware.settings["soc"])]

    def _extremes(self) -> list[bytes]:
        cells = self._firmware.cells
        high, low = max(cells), min(cells)
        return [struct.pack(">HBHB", high, cells.index(high) + 1, low, cells.index(low) + 1)]

    def _temperatures(self) -> list[bytes]:
        probes = self._firmware.probes
        if not probes:
            return [bytes(4)]
        hot, cold = max(probes), min(probes)
        return [bytes((hot, probes.index(hot) + 1, cold, probes.index(cold) + 1))]

    def _switches(self) -> list[bytes]:
        firmware = self._firmware
        return [
            struct.pack(
                ">B??BI",
                firmware.state,
                firmware.charge_mos,
                firmware.discharge_mos,
                int(firmware.board.runtime) & 0xFF,
                round(firmware.remaining * 1000),
            )
        ]

    def _status(self) -> list[bytes]:
        firmware = self._firmware
        label = firmware.label
        # What is connected shows by what flows; most boards leave both at zero.
        current = firmware.current if label.tells_connections else 0
        data = struct.pack(
            ">BB??BH", len(firmware.cells), label.ntcs, current > 0, current < 0, 2, firmware.board.cycles
        )
        return [data + bytes((firmware.mos_temperature,)) if label.supports_mos_temperature else data]

    def _cells(self) -> list[bytes]:
        cells = self._firmware.cells
        frames = [
            struct.pack(f">B{len(three)}H", index, *three)
            for index, three in enumerate(batched(cells, 3, strict=False), 1)
        ]
        if self._firmware.label.all_frames:
            frames += [bytes((index,)) for index in range(len(frames) + 1, _MAX_CELLS // 3 + 1)]
        return frames

    def _probes(self) -> list[bytes]:
        label = self._firmware.label
        frames = 2 if label.all_frames or label.ntcs > 7 else 1
        empty = bytes(7 * frames) if label.stale else b"\0\0\0\0\xff\xff\xff" * frames
        probes = bytes(self._firmware.probes)
        slots = (probes + empty[len(probes) :])[: 7 * frames]
        return [bytes((index, *seven)) for index, seven in enumerate(batched(slots, 7, strict=True), 1)]

    def _balancing(self) -> list[bytes]:
        """Older boards send a mask, newer ones the number of the cell behind a one."""
        source, _, current = self._firmware.board.battery.balance
        if not current:
            return [bytes(8)]
        if self._firmware.label.stale:
            return [(1 << source).to_bytes(8, "little")]
        return [bytes((1, source + 1)).ljust(8, b"\0")]

    # Settings.

    def _mode(self) -> list[bytes]:
        firmware = self._firmware
        sleep = firmware.settings["sleep"]
        return [struct.pack(">BB3sHB", 1, firmware.label.battery_type, b"\x16\x08\x0a", sleep, 10)]

    def _levels(self, code: str, *groups: str) -> bytes:
        """Return level 1 and 2 of some groups."""
        settings = self._firmware.settings
        return b"".join(struct.pack(code, settings[f"{group}.{level}"]) for group in groups for level in (1, 2))
