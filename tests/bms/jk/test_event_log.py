"""The system log."""

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jk.event_log import LogEntry, decode_log, event_name
from tests.support.packs import log_frame, sealed


def test_entries_have_times_and_names() -> None:
    count, entries = decode_log(log_frame(2, (60, 0x01), (3600, 0x11)))
    assert count == 2
    assert entries == (LogEntry(60, "boot"), LogEntry(3600, "cell_overvoltage"))


def test_a_frame_holds_fifty_entries_of_any_number() -> None:
    count, entries = decode_log(log_frame(70, *[(number + 1, 2) for number in range(50)]))
    assert count == 70
    assert len(entries) == 50


def test_an_empty_log_is_a_log() -> None:
    assert decode_log(log_frame(0)) == (0, ())


@pytest.mark.parametrize("frame", [log_frame(5), sealed(b"\xff" * 300, 0x05)], ids=["zeros", "ones"])
def test_a_log_without_content_is_refused(frame) -> None:
    with pytest.raises(FrameError, match="implausible_log"):
        decode_log(frame)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (0x01, "boot"),
        (0x0B, "mosfet_overtemperature"),
        (0x27, "watchdog_reset"),
        (0x2F, "off_by_rs485"),
        (0x37, "rs485_discharge_on"),
        (0x3B, "clock_set"),
        (0x49, "discharge_undertemperature_released"),
        (0x64, "cell_overvoltage_1"),
        (0x83, "cell_overvoltage_32"),
        (0xC8, "cell_undervoltage_1"),
        (0xE7, "cell_undervoltage_32"),
        (0x4A, "unknown_74"),
        (0xFF, "unknown_255"),
    ],
)
def test_codes_have_names(code, event) -> None:
    assert event_name(code) == event
