"""Listening to frames: one way, nothing is ever written."""

import asyncio
from datetime import datetime
from typing import Any, Final

from ..driver_listener import DriverListener
from ..errors import SilentError
from ..session_context import SessionContext
from ..settings import Settings, SettingValue
from ..tasks import wait_and_clear
from .decode import Counts
from .exchange import Timing
from .frame58 import Reassembler, decode_frame, decode_settings
from .generation import Variant
from .identity import identity_of, version_of_frame
from .parameters import BY_KEY
from .record_accumulator import RecordAccumulator, refused
from .scales import FRAME_AMPERE, Formula, Scales
from .trailer import TrailerClock, TrailerParser

TRANSPORT: Final = "transport"
FRAMES: Final = "frames"
_HOUR_FIRST: Final = "hour_first"
_SETTINGS_AFTER: Final = 60.0
"""Seconds after which unchanged parameters are reported again, so that they do not look old."""
_HEALTH: Final = ("soh", "charge_efficiency", "cycles")
_ENERGY: Final = ("energy_charged_total", "energy_discharged_total")
_FRAMES_NEEDED: Final = 2
_KEY_MAX_AGE: Final = 60.0


class FrameSession:
    """One session with a unit that sends frames."""

    def __init__(self, listener: DriverListener, context: SessionContext, timing: Timing, formula: Formula) -> None:
        """Initialize."""
        self._listener = listener
        self._context = context
        self._timing = timing
        self._formula = formula
        self._reassembler = Reassembler()
        self._trailer = TrailerParser()
        self._clock = TrailerClock(context.learned.get(_HOUR_FIRST))
        self._accumulator = RecordAccumulator(lambda: Scales(formula=formula, ampere=FRAME_AMPERE), self._local)
        self._keys: dict[str, tuple[int, float]] = {}
        self._reported_identity: tuple[Variant, str] | None = None
        self._stated: dict[str, SettingValue] = {}
        self._settings: Settings | None = None
        self._heard = asyncio.Event()
        self._described = asyncio.Event()
        self._frames = 0
        self.binary = False
        """Something came that is no text."""
        self.sure = asyncio.Event()
        """Set when so many valid frames came that it cannot be chance."""

    def _local(self) -> datetime:
        return self._context.clock()

    def notified(self, data: bytes | bytearray, now: float) -> None:
        """Handle a notification."""
        if not data.isascii():
            self.binary = True
        before = self._reassembler.junk_bytes
        for frame in self._reassembler.feed(data):
            self._handle(frame, now)
        if self._reassembler.junk_bytes > before:
            self._listener.drop("checksum")

    def _handle(self, frame: bytes, now: float) -> None:
        self._frames += 1
        if self._frames >= _FRAMES_NEEDED:
            self.sure.set()
            self._context.learned[TRANSPORT] = FRAMES
        self._listener.frame(frame, now)
        for name, count in self._trailer.update(frame[47], frame[48], now).items():
            self._keys[name] = (count, now)
        keys = {
            name: count for name, (count, at) in self._keys.items() if now - at <= _KEY_MAX_AGE and self._trailer.on
        }
        self._report_identity(keys.get("firmware"))
        for tag, counts in decode_frame(frame).items():
            if tag == "C" and "status_2" in keys:
                counts["status_2"] = keys["status_2"]
            self._accumulate(tag, counts, now)
        for tag, names in (("H", _HEALTH), ("B", _ENERGY)):
            # Sent once in a cycle it counts once; repeating it with every frame would confirm it by itself.
            if stated := {name: keys[name] for name in names if name in keys and self._keys[name][1] == now}:
                self._accumulate(tag, dict(stated), now)
        self._update_clock(frame)
        self._update_settings(frame, keys, now)
        self._heard.set()
        if (reading := self._accumulator.reading(now)) is not None:
            self._listener.reading(reading)

    def _accumulate(self, tag: str, counts: Counts, now: float) -> None:
        if (reason := refused(self._accumulator, tag, counts, now)) is not None:
            self._listener.drop(reason)

    def _update_clock(self, frame: bytes) -> None:
        """Update the clock of older firmware, once it is certain which byte is the hour."""
        if self._trailer.on:
            return
        found = self._clock.update(frame[47], frame[48])
        if found is not None:
            self._context.learned[_HOUR_FIRST] = self._clock.hour_first
            self._accumulator.set_clock(*found)

    def _report_identity(self, firmware: int | None) -> None:
        variant = Variant.FRAME_KEYS if self._trailer.on else Variant.FRAME
        version = "" if firmware is None else version_of_frame(firmware)
        if (
            self._reported_identity is not None
            and (variant, version or self._reported_identity[1]) == self._reported_identity
        ):
            return
        self._reported_identity = (variant, version)
        self._listener.identity(identity_of(variant, self._formula, sw_version=version))

    def _update_settings(self, frame: bytes, keys: dict[str, int], now: float) -> None:
        counts: dict[str, Any] = decode_settings(frame) | keys
        values: dict[str, SettingValue] = {}
        for key, count in counts.items():
            if key in BY_KEY and (value := BY_KEY[key].value(count, self._formula)) is not None:
                values[key] = value
        known = self._settings
        values = dict(known.values) | values if known else values
        sure, self._stated = values == self._stated, values
        old = known is None or known.values != values or now - known.measured_at >= _SETTINGS_AFTER
        if sure and old:
            variant = Variant.FRAME_KEYS if self._trailer.on else Variant.FRAME
            self._settings = Settings(measured_at=now, variant=variant, values=values)
            self._listener.settings(self._settings)
        if self._settings is not None:
            self._described.set()

    async def run(self) -> None:
        """Listen; when no more frames come, report that the cells are not heard: a broken chain silences this output."""
        while True:
            try:
                await wait_and_clear(self._heard, self._timing.chain)
            except TimeoutError:
                if not (self._frames or self._context.learned.get(TRANSPORT) == FRAMES):
                    # The owner says that frames come; nobody has ever heard one.
                    raise SilentError("no frames") from None
                await self._report_silence()

    async def _report_silence(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timing.chain_give_up
        while loop.time() < until:
            self._listener.reading(self._accumulator.silence(loop.time()))
            try:
                await wait_and_clear(self._heard, self._timing.alarm)
            except TimeoutError:
                continue
            return
        raise SilentError("no more frames")

    async def read_settings(self) -> Settings:
        """Wait for the next frame; there is nothing to ask. Raises SilentError."""
        self._described.clear()
        try:
            await wait_and_clear(self._described, self._timing.query)
        except TimeoutError:
            raise SilentError("no frame came") from None
        assert self._settings is not None
        return self._settings
