"""What can go wrong between us and a pack. Each error has a reason that users see translated."""

from typing import ClassVar, override


class PackError(Exception):
    """Base of all errors of the pack side."""

    reason: ClassVar[str] = "unknown"

    def __init__(self, detail: str = "") -> None:
        """`detail` is for logs; it never holds a secret."""
        super().__init__(detail)
        self.detail = detail

    @override
    def __str__(self) -> str:
        return self.detail or self.reason.replace("_", " ")


class NoConnectablePathError(PackError):
    """No adapter or proxy hears the pack well enough to connect."""

    reason = "no_connectable_path"


class NoFreeSlotError(PackError):
    """Every adapter and proxy that hears the pack is busy with other connections."""

    reason = "no_free_slot"


class ConnectFailedError(PackError):
    """The connection was tried and did not come about."""

    reason = "connect_failed"


class PairingNeededError(PackError):
    """The pack refuses to talk to a client that is not paired."""

    reason = "pairing_needed"


class PasswordNeededError(PackError):
    """The pack says nothing before it has heard its owner's password."""

    reason = "password_needed"


class WrongPasswordError(PackError):
    """The pack does not accept the password. It must not be tried again: some lock up."""

    reason = "wrong_password"


class NotThisKindError(PackError):
    """The device is connected and is not a pack of the expected family."""

    reason = "not_this_kind"


class SilentError(PackError):
    """The pack is connected and says nothing that can be used."""

    reason = "silent"


class FrozenError(PackError):
    """The pack goes on sending, but the same old data."""

    reason = "frozen"


class ImplausibleError(PackError):
    """The pack answers, but its values contradict each other or cannot be."""

    reason = "implausible"


class ConnectionLostError(PackError):
    """The connection ended while it was in use."""

    reason = "link_lost"


class HeldError(Exception):
    """We ended the connection: the pack is not wanted connected now."""


class FrameError(Exception):
    """A message that must not become a value. `reason` is a stable key, counted and shown in diagnostics."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason
