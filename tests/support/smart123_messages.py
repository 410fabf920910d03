r"""Answers of a 123\SmartBMS."""

from custom_components.smart_bms.bms.smart123.frames import checksum


def sealed(body: str) -> str:
    """Return an answer with its checksum."""
    return f"{body}_{checksum(body):02X}"


def answer(body: str) -> bytes:
    """Return an answer as it comes."""
    return f"{sealed(body)}\r".encode()
