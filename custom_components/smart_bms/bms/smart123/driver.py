r"""Driver of a 123\SmartBMS: which of three transports it is, and one session over that.

Neither the service nor the advertisement alone tells: a bridge may offer the same service as the newer module, and then
nothing may be written to it before it was listened to.
"""

import asyncio
from dataclasses import replace
from typing import Final, override

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.service import BleakGATTServiceCollection

from ..channels import choose
from ..connection import Channel
from ..driver import Driver, FrameWriter
from ..driver_listener import DriverListener
from ..errors import NotThisKindError, SilentError
from ..session_context import SessionContext
from ..settings import FORMULA, Settings, SettingValue
from .advertisement import (
    BLUERADIOS,
    BRIDGES,
    NORDIC,
    OTHER_PRODUCTS,
    RECORD_TYPES,
    device_type,
    serial_number,
    speaks_records,
)
from .exchange import DEFAULT_TIMING, Timing
from .frame_session import FRAMES, TRANSPORT, FrameSession
from .generation import AUTO, Generation
from .record_session import RecordSession
from .scales import Formula

SCALE: Final = "current_scale"
RECORDS: Final = "records"
_DEVICE_TYPE: Final = "device_type"

_MODULE: Final = "blueradios"
_NEWER_MODULE: Final = "nordic"
_BRIDGE: Final = "bridge"
_DATA: Final = b"\x01"
"""The only mode that is ever written to the BlueRadios module: data pass-through."""

_BRSP_TX: Final = "18cda784-4bd3-4370-85bb-bfed91ec86af"
_BRSP_RX: Final = "bf03260c-7205-4c25-af43-93b1c299d159"
_BRSP_INFO: Final = "99564a02-dc01-4d3c-b04e-3bb1ef0571b2"
_BRSP_MODE: Final = "a87988b9-694c-479c-900e-95dfa6c00a24"
_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
_BRIDGE_LAYOUTS: Final = (
    (BRIDGES[0], _UUID.format(0xFFE1), _UUID.format(0xFFE1)),
    (BRIDGES[1], _UUID.format(0xFFF1), _UUID.format(0xFFF2)),
    (BRIDGES[2], "49535343-1e4d-4bd9-ba61-23c647249616", "49535343-8841-43f4-a8d4-ecbe34729bb3"),
)
_NORDIC_LAYOUT: Final = (
    NORDIC,
    "6e400003-b5a3-f393-e0a9-e50e24dcca9e",
    "6e400002-b5a3-f393-e0a9-e50e24dcca9e",
)

type Session = RecordSession | FrameSession


class Smart123Driver(Driver):
    """One session."""

    def __init__(
        self,
        connection: FrameWriter,
        listener: DriverListener,
        context: SessionContext,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """`context` holds what was advertised, and what earlier sessions found."""
        super().__init__(connection, listener, context)
        self._timing = timing
        self._formula = Formula(str(context.options.get(FORMULA, Formula.APP)))
        self._frame_session: FrameSession | None = None
        self._session: Session | None = None

    @staticmethod
    @override
    def choose_channel(services: BleakGATTServiceCollection) -> Channel:
        found = {service.uuid for service in services}
        if BLUERADIOS in found:
            return _blueradios(services)
        if NORDIC in found:
            return replace(choose(services, (_NORDIC_LAYOUT,), "its serial service is incomplete"), kind=_NEWER_MODULE)
        return replace(choose(services, _BRIDGE_LAYOUTS, "it has no serial service"), kind=_BRIDGE)

    @override
    def notified(self, data: bytes | bytearray, now: float) -> None:
        session = self._session or self._frame_session
        if session is not None:
            session.notified(data, now)

    @override
    async def run(self) -> None:
        if self._type() in OTHER_PRODUCTS:
            raise NotThisKindError("it is another product of the vendor")
        self._session = self._known_session() or await self._listen()
        await self._session.run()

    def _known_session(self) -> Session | None:
        """Return the session that is certain before anything was heard."""
        chosen = self._context.options.get(TRANSPORT, AUTO)
        if chosen == AUTO:
            chosen = self._context.learned.get(TRANSPORT, AUTO)
        if chosen == FRAMES:
            return self._frames()
        if (
            chosen == RECORDS
            or self._connection.kind == _MODULE
            or (self._connection.kind == _NEWER_MODULE and self._is_ours())
        ):
            return self._records()
        return None

    def _is_ours(self) -> bool:
        """Return whether the advertisement, this one or an earlier one, says that it is the vendor's newer module."""
        return self._type() in RECORD_TYPES or speaks_records(self._context.advertisement())

    def _type(self) -> int | None:
        """Return the type byte, which a passive scan may miss: once heard, it is kept."""
        advertisement = self._context.advertisement()
        found = None if advertisement is None else device_type(advertisement)
        if found is not None:
            self._context.learned[_DEVICE_TYPE] = found
        kept = self._context.learned.get(_DEVICE_TYPE)
        return kept if isinstance(kept, int) else None

    async def _listen(self) -> Session:
        """Write nothing, and see whether frames come; if not, records are asked for."""
        self._frame_session = listener = self._frames()
        try:
            async with asyncio.timeout(self._timing.listen):
                await listener.sure.wait()
        except TimeoutError:
            if listener.binary:
                # Parts of frames: somebody is speaking, only not to us. Nothing may be written to it.
                raise SilentError("it sends frames, but they do not arrive whole") from None
            self._frame_session = None
            return self._records()
        return listener

    def _frames(self) -> FrameSession:
        return FrameSession(self._listener, self._context, self._timing, self._formula)

    def _records(self) -> RecordSession:
        newer = self._connection.kind == _NEWER_MODULE
        advertisement = self._context.advertisement()
        return RecordSession(
            self._connection,
            self._listener,
            self._context,
            self._timing,
            formula=self._formula,
            generation=Generation(
                self._context.learned, str(self._context.options.get(SCALE, AUTO)), self._type(), newer_module=newer
            ),
            serial_number="" if advertisement is None else serial_number(advertisement),
            pin_first=newer,
            needs_pin=self._is_ours() and newer,
        )

    @override
    async def write(self, key: str, value: SettingValue | None) -> bool:
        if not isinstance(self._session, RecordSession):
            raise ValueError("frames come one way: nothing can be written")  # noqa: TRY004
        return await self._session.write(key, value)

    @override
    async def read_settings(self, key: str | None = None) -> Settings:
        match self._session:
            case RecordSession():
                return await self._session.read_settings(key)
            case FrameSession():
                return await self._session.read_settings()
        raise SilentError("nothing is known of it yet")


def _blueradios(services: BleakGATTServiceCollection) -> Channel:
    """Return the channel of the older module; the order of what is done before it talks is said to matter."""
    channel = choose(services, ((BLUERADIOS, _BRSP_TX, _BRSP_RX),), "its serial service is incomplete")
    others = {
        characteristic.uuid: characteristic
        for service in services
        if service.uuid == BLUERADIOS
        for characteristic in service.characteristics
    }
    if _BRSP_MODE not in others:
        raise NotThisKindError("its serial service has no mode")
    opening: list[tuple[BleakGATTCharacteristic, bytes | None]] = []
    if _BRSP_INFO in others:
        opening.append((others[_BRSP_INFO], None))
    opening.append((others[_BRSP_MODE], _DATA))
    return replace(channel, kind=_MODULE, opening=tuple(opening))
