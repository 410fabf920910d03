"""Replaying an hour of the demo's packs gives the same result, to the last digit, however often, and over a restart."""

from collections.abc import Iterator
from typing import Any

from bleak.backends.device import BLEDevice
import pytest

from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.driver import JkDriver
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from lab.smart_bms_lab.packs import loaded, solar
from tests.support.packs import sealed

HOUR = 3600
CLOCK = 1_700_000_000.0


def lived(pack: JkPeripheral) -> tuple[list[Reading], dict[str, Any]]:
    """Return the readings of an hour, decoded from the pack's own bytes, and its parameters."""
    listener = Pack(FAMILIES["jk"], "test", lambda: BLEDevice("", None, {}))
    driver = JkDriver(listener, listener, SessionContext())
    info, settings = sealed(pack.device_info(), 0x03), sealed(pack.settings(), 0x01)
    for frame in (info, info, settings, settings):  # what counts is told twice
        driver.notified(frame, 0.0)
    readings = []
    for second in range(HOUR):
        pack.board.step(1.0)
        driver.notified(sealed(pack.cell_info(), 0x02, second), 1000.0 + second)
        assert listener.last_reading is not None
        readings.append(listener.last_reading)
    assert listener.last_settings is not None
    return readings, dict(listener.last_settings.values)


def replayed(readings: list[Reading], settings: dict[str, Any], *, restart_at: int = -1) -> Iterator[tuple]:
    """Yield everything that the mirror says at each reading."""
    protection_engine = ProtectionEngine("jk", "JK02_32S", LimitOptions())
    for number, reading in enumerate(readings):
        if number == restart_at:
            kept = protection_engine.dump(CLOCK)
            protection_engine = ProtectionEngine("jk", "JK02_32S", LimitOptions())
            protection_engine.restore(kept, CLOCK)
        events = protection_engine.update(reading, settings)
        nearest = protection_engine.mirror.nearest
        yield (
            events,
            protection_engine.mirror.charge,
            protection_engine.mirror.discharge,
            protection_engine.balance,
            protection_engine.state,
            protection_engine.limits,
            None
            if nearest is None
            else (nearest.monitor.rule.protection, nearest.monitor.margin, nearest.predicted_trip),
            protection_engine.dump(CLOCK),
        )


@pytest.fixture(scope="module", params=["house", "solar"])
def hour(request) -> tuple[list[Reading], dict[str, Any]]:
    # The second is overcharged on purpose: its charger heeds nobody.
    return lived(loaded() if request.param == "house" else solar(lambda: 60.0))


def test_an_hour_replayed_gives_the_same(hour) -> None:
    readings, settings = hour
    assert list(replayed(readings, settings)) == list(replayed(readings, settings))


def test_a_restart_in_the_middle_tells_the_same(hour) -> None:
    readings, settings = hour
    whole = [item for events, *_ in replayed(readings, settings) for item in events]
    parted = [item for events, *_ in replayed(readings, settings, restart_at=1800) for item in events]
    assert parted == whole


def test_the_mirror_agrees_with_the_board_over_its_real_bytes(hour) -> None:
    readings, settings = hour
    kinds = [item.kind for events, *_ in replayed(readings, settings) for item in events]
    assert "disagreement" not in kinds
    assert kinds.count("tripped") == kinds.count("alarm_raised")


def test_the_overcharged_pack_really_trips() -> None:
    readings, settings = lived(solar(lambda: 60.0))
    kinds = [item.kind for events, *_ in replayed(readings, settings) for item in events]
    assert "tripped" in kinds
