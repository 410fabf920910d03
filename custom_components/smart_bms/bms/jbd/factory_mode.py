"""Factory mode: the parameters can only be read and written in it; and the password of the Bluetooth module before it.

The factory mode is entered for each read and each write, and always left again: the next session does it if this one could
not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ..errors import PasswordNeededError, SilentError, WrongPasswordError
from ..session_context import SessionContext
from ..tasks import run_to_completion
from .auth import APP_KEY, AuthAnswer, ModuleCommand, is_password, user_password, vendor_password
from .exchange import Exchange, RefusedError, Timing
from .frames import Command, ReplyStatus
from .settings import ENTER_CODE, factory_exit

_TRIES: Final = 3
_UNLOCK_DATA: Final = b"\x06J1B2D4"
_NO_LOGIN: Final = b"\x06" + bytes(6)
_LEFT: Final = (ReplyStatus.DONE, ReplyStatus.UNKNOWN_REGISTER, ReplyStatus.NOT_NOW)
"""Answers to closing the parameters after which they are closed."""
_DIRTY: Final = "factory_mode"


@dataclass(slots=True)
class FactorySession:
    """What was done while the parameters were open."""

    wrote: bool = False


class FactoryMode:
    """Logs in to the Bluetooth module, opens and closes the factory mode."""

    def __init__(self, exchange: Exchange, context: SessionContext, timing: Timing) -> None:
        """`context.memory` keeps over the sessions that the parameters may still be open."""
        self._exchange = exchange
        self._context = context
        self._timing = timing
        self._password_accepted = False
        self._vendor_asked = False

    async def log_in_to_module(self) -> None:
        """Give the password to the Bluetooth module, if it wants one. Raises PackError."""
        try:
            key = await self._exchange.send_to_module(ModuleCommand.APP_KEY, APP_KEY, tries=_TRIES)
        except SilentError:
            return  # an older module, which knows no password
        if key[0] == AuthAnswer.NO_PASSWORD:
            return
        password = self._context.password
        if password is None:
            raise PasswordNeededError("its Bluetooth module asks for the password of the vendor's app")
        if not is_password(password):
            raise WrongPasswordError("the password has six digits")
        if key[0] == AuthAnswer.REJECTED:
            # Some modules want the password right here, and no more.
            again = await self._exchange.send_to_module(ModuleCommand.APP_KEY, password.encode("ascii"))
            if again[0] == AuthAnswer.REJECTED:
                raise WrongPasswordError("its Bluetooth module does not accept the password")
            return
        answer = await self._exchange.send_to_module(ModuleCommand.PASSWORD, await self._encrypted(password))
        if answer[0] != AuthAnswer.ACCEPTED:
            raise WrongPasswordError("its Bluetooth module does not accept the password")
        self._password_accepted = True

    async def _encrypted(self, password: str | None) -> bytes:
        """Return a password, or the vendor's for None, mixed with a fresh random byte of the module."""
        random = (await self._exchange.send_to_module(ModuleCommand.RANDOM))[0]
        address = self._context.address
        try:
            return vendor_password(address, random) if password is None else user_password(password, address, random)
        except ValueError as error:
            raise SilentError(str(error)) from error

    @asynccontextmanager
    async def parameters(self) -> AsyncIterator[FactorySession]:
        """Open the parameters, and close them whatever happens. Raises SilentError, ConnectionLostError."""
        # What an earlier session left undone is done at the end of this one.
        opened: FactorySession = self._context.memory.setdefault(_DIRTY, FactorySession())
        try:
            await self.enter()
            yield opened
        finally:
            await run_to_completion(self._leave(opened))

    async def enter(self) -> None:
        """Enter the factory mode. Raises SilentError, ConnectionLostError."""
        if self._password_accepted and not self._vendor_asked:
            # What the owner's password opens is reading only.
            answer = await self._exchange.send_to_module(ModuleCommand.VENDOR_PASSWORD, await self._encrypted(None))
            if answer[0] == AuthAnswer.ACCEPTED:
                with suppress(SilentError):
                    await self._exchange.write(Command.UNLOCK, _UNLOCK_DATA)
            self._vendor_asked = True
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(self._timing.pause)
            try:
                await self._exchange.write(Command.FACTORY_ENTER, ENTER_CODE)
            except RefusedError:
                # Some boards want the login of the vendor's app first, which is six zeros.
                with suppress(SilentError):
                    await self._exchange.write(Command.LOGIN, _NO_LOGIN)
            except SilentError:
                pass  # often the first is lost
            else:
                return
        raise SilentError("the board does not open its parameters")

    async def leave_if_open(self) -> None:
        """Close what an earlier session may have left open."""
        if opened := self._context.memory.get(_DIRTY):
            await self._leave(opened)

    async def _leave(self, opened: FactorySession) -> None:
        """Close the parameters, also while everything around is ending."""
        if await self._exchange.close(factory_exit(keeping=opened.wrote), _LEFT):
            self._context.memory.pop(_DIRTY, None)
