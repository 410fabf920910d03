"""A simulated JBD pack: it speaks the real bytes of its firmware's dialect.

Offsets are written down here a second time on purpose: an error in the decoder's tables must not hide in the simulator.
"""

import itertools
from typing import Final, Literal, override

from ..board import Board
from ..peripheral import Peripheral
from .firmware import DONE, NOT_NOW, UNKNOWN, JbdFirmware
from .labels import Label
from .module import RENAME, ModuleLogin, pack_message, unpack_message

_ANSWER_DELAY: Final = 0.07
_MODULE_DELAY: Final = 0.04
_FRAGMENT: Final = 20
_FRAGMENT_GAP: Final = 0.01
_PATIENCE: Final = 1.0
"""Seconds that the board waits for the rest of a request."""

_READ: Final = 0xA5
_WRITE: Final = 0x5A

_WRONG_PASSWORD: Final = 0x83

_ENTER: Final = 0x00
_EXIT: Final = 0x01
_LOGIN: Final = 0x06
_UNLOCK: Final = 0x09
_SESSION: Final = (_ENTER, _EXIT, _LOGIN, _UNLOCK)

_FACTORY_CODE: Final = b"\x56\x78"
_LOGIN_DATA: Final = b"\x06" + bytes(6)
_UNLOCK_DATA: Final = b"\x06J1B2D4"
_STORE: Final = b"\x28\x28"
_KEEP: Final = b"\x00\x00"


def _checksum(body: bytes) -> bytes:
    return (-sum(body) & 0xFFFF).to_bytes(2)


def _sound(frame: bytes) -> bool:
    return (
        len(frame) >= 7
        and frame[0] == 0xDD
        and frame[1] in {_READ, _WRITE}
        and len(frame) == frame[3] + 7
        and frame[-3:] == _checksum(frame[2:-3]) + b"\x77"
    )


def _manufacturer_data(address: str, form: Literal["reversed", "forward"] | None) -> dict[int, bytes]:
    mac = bytes.fromhex(address.replace(":", ""))
    field = mac if form == "forward" else mac[::-1]
    return {int.from_bytes(field[:2], "little"): field[2:]} if form else {}


class JbdPeripheral(Peripheral):
    """A JBD pack on a battery."""

    def __init__(self, address: str, name: str, label: Label, board: Board) -> None:
        """Initialize; what is advertised follows from the Bluetooth module on the label."""
        super().__init__(
            address=address,
            name=name,
            manufacturer_data=_manufacturer_data(address, label.mac_form),
            service_uuids=(label.module.services[0].uuid,),
            services=label.module.services,
        )
        self.label = label
        self.board = board
        self.firmware = JbdFirmware(label, board)
        self.login = ModuleLogin(bytes.fromhex(address.replace(":", "")), label.password)
        self.unlocked = False
        """Command 0x09 was accepted on this link."""
        self.echo = False
        """Sends back what it is sent until the operating system has paired."""
        self.asleep_requests = 0
        """So many more requests are lost."""
        self._heard = b""
        self._heard_at = 0.0
        self._busy_until = 0.0

    @property
    @override
    def family(self) -> str:
        return "jbd"

    @property
    @override
    def variant(self) -> str:
        return self.label.variant

    @property
    def factory_mode(self) -> bool:
        """The registers can be read and written; outlives the link: who enters must leave."""
        return self.firmware.factory_mode

    @factory_mode.setter
    def factory_mode(self, on: bool) -> None:
        self.firmware.factory_mode = on

    @override
    def on_time(self, seconds: float) -> None:
        """Move the battery on."""
        if not self.faults.frozen:
            self.firmware.step(seconds)
        self.firmware.count()

    # Conversation.

    @override
    def on_connected(self) -> None:
        """Forget the session before, but not the factory mode."""
        self.login.close()
        self.unlocked = False
        self._heard = b""
        self._busy_until = self.now
        if self.label.loses_first:
            self.asleep_requests = max(1, self.asleep_requests)

    @override
    def on_disconnected(self) -> None:
        """End the login."""
        self.login.close()

    @override
    def on_subscribed(self, handle: int) -> None:
        """Let a stray byte out."""
        if self.label.stray_byte and handle == self.label.module.notify_handle:
            self.send(handle, b"\x00", _MODULE_DELAY)

    @override
    def on_write(self, handle: int, data: bytes) -> None:
        """Take a packet: a message to the module, or a part of a request to the board."""
        module = self.label.module
        if handle != module.write_handle:
            return
        if self.now - self._heard_at > _PATIENCE:
            self._heard = b""
        if self.echo and not self.paired:
            self.send(module.notify_handle, data, _MODULE_DELAY)
        elif data.startswith(b"\xff\xaa") and not self._heard:
            self._take_message(data)
        elif self.login.open:
            self._hear(data)

    def _take_message(self, message: bytes) -> None:
        parsed = unpack_message(message)
        if parsed is None:
            return
        command, data = parsed
        if command == RENAME:
            self.name = data.decode(errors="replace")
            answer: bytes | None = b""
        else:
            answer = self.login.answer(command, data)
        if answer is not None:
            self.send(self.label.module.notify_handle, pack_message(command, answer), _MODULE_DELAY)

    def _hear(self, data: bytes) -> None:
        """Put a request together; what does not begin like one is dropped, and so is what follows it."""
        _, start, rest = (self._heard + data).partition(b"\xdd")
        self._heard, self._heard_at = start + rest, self.now
        if len(self._heard) < 4 or len(self._heard) < self._heard[3] + 7:
            return
        frame, self._heard = self._heard[: self._heard[3] + 7], b""
        if not _sound(frame):
            return
        if self.asleep_requests > 0:
            self.asleep_requests -= 1
            return
        if frame[1] == _WRITE:
            self._take_write(frame[2], frame[4:-3])
        elif frame[3] == 0:
            self._answer_read(frame[2])

    def _answer(self, register: int, status: int, data: bytes = b"", *, delay: float = _ANSWER_DELAY) -> None:
        body = bytes((status, len(data))) + data
        self._send_frame(self._head(register) + body + _checksum(body) + b"\x77", delay)

    def _head(self, register: int) -> bytes:
        return bytes((0xDD, _READ if self.label.legacy else register))

    def _send_frame(self, frame: bytes, delay: float) -> None:
        # One frame after the other: the wire behind the module is a serial one.
        at = max(self._busy_until, self.now + delay)
        for part in itertools.batched(frame, _FRAGMENT, strict=False):
            self.send(self.label.module.notify_handle, bytes(part), at - self.now)
            at += _FRAGMENT_GAP
        self._busy_until = at

    # Reading.

    def _answer_read(self, register: int) -> None:
        status, data = self.firmware.read(register)
        if 0x10 <= register < 0x40 and self.faults.corrupt_settings > 0:
            self.faults.corrupt_settings -= 1
            body = bytes((status, len(data))) + data
            wrong = bytes(byte ^ 0xFF for byte in _checksum(body))
            self._send_frame(self._head(register) + body + wrong + b"\x77", _ANSWER_DELAY)
        else:
            self._answer(register, status, data)

    # Writing.

    def _take_write(self, register: int, data: bytes) -> None:
        if register in _SESSION:
            status = self._take_session(register, data)
            if status is not None:
                self._answer(register, status)
            return
        faults = self.faults
        if faults.distort_writes and data:
            data = data[:-1] + bytes((data[-1] ^ 1,))
        status = self.firmware.permission(register)
        if status == DONE and not faults.forget_writes and not self.firmware.change(register, data):
            status = NOT_NOW
        if not faults.lose_ready:
            delay = faults.ready_delay if faults.ready_delay > 0.1 else _ANSWER_DELAY
            self._answer(register, status, delay=delay)

    def _take_session(self, register: int, data: bytes) -> int | None:
        """Enter, leave, log in; return the status, None for silence."""
        if register == _ENTER:
            return self._enter(data)
        if register == _EXIT:
            if data not in {_KEEP, _STORE}:
                return NOT_NOW
            self.firmware.leave(store=data == _STORE)
            return DONE
        if not (self.label.takes_login if register == _LOGIN else self.label.wants_unlock):
            return UNKNOWN
        right = data == (_LOGIN_DATA if register == _LOGIN else _UNLOCK_DATA)
        self.unlocked |= right and register == _UNLOCK
        return DONE if right else _WRONG_PASSWORD

    def _enter(self, data: bytes) -> int | None:
        if self.label.wants_unlock and not (self.login.root and self.unlocked):
            return None
        if data != _FACTORY_CODE:
            return _WRONG_PASSWORD
        self.firmware.factory_mode = True
        return DONE

    @override
    def change_elsewhere(self, data: bytes) -> bool:
        """Take a whole write request from a second master, who needs no factory mode."""
        if not _sound(data) or data[1] != _WRITE or self.firmware.permission(data[2]) == UNKNOWN:
            return False
        return self.firmware.change(data[2], data[4:-3])
