r"""What a second of a 123\SmartBMS costs to decode: records beside aiobmsble's path for the same notifications, and frames.

A pack sends one record of each kind, and one cell, a second. Measured is what is done with the bytes: lines, checks, what two
records have to agree on, a reading and its trust each second. aiobmsble makes one reading of a turn of all cells, and knows no
more than nine.
"""

import asyncio
from collections.abc import Callable
import gc
import statistics
import time
from typing import Any

from aiobmsble.bms.x123smart_bms import BMS as Peer
from bleak.backends.device import BLEDevice

from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.bms.smart123.exchange import DEFAULT_TIMING
from custom_components.smart_bms.bms.smart123.frame_session import FrameSession
from custom_components.smart_bms.bms.smart123.generation import Generation
from custom_components.smart_bms.bms.smart123.record_session import RecordSession
from custom_components.smart_bms.bms.smart123.scales import Formula
from custom_components.smart_bms.simulator.battery import Battery, Profile, household, idle
from custom_components.smart_bms.simulator.smart123.board import Smart123Board
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN3_NUS, Label
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral

SECONDS = 400
CELLS = 8
ROUNDS = 5
ADDRESS = "D4:11:09:00:50:6C"
HOUSE = household(seed=7)

type Second = list[bytearray]
type Decode = Callable[[list[Second]], int]


def seconds_of(
    label: Label, cells: int, seconds: int = SECONDS, profile: Profile = HOUSE, load: Profile = idle
) -> list[Second]:
    """Return what a pack sends, second by second; `load` is what flows past it, in at one sensor and out at the other."""
    battery = Battery(cells=cells, capacity=280, soc=0.6, profile=profile, seed=7)
    pack = Smart123Peripheral(ADDRESS, "bench", label, Smart123Board(battery))
    pack.board.load = load
    module = label.module
    pack.connect()
    pack.subscribe(module.notify_handle)
    if label.transport != "bridge":
        for command in (b"PW1234!\r", b"E!\r"):
            pack.write(module.write_handle, command)
            pack.advance(1.0)
    reported: list[Second] = []
    for _ in range(seconds):
        heard: Second = []
        for _ in range(10):
            pack.write(module.write_handle, b"$")
            heard += [bytearray(data) for handle, data in pack.advance(0.1) if handle == module.notify_handle]
        reported.append(heard)
    return reported


def listener() -> Pack:
    """Return what takes readings and judges them."""
    return Pack(FAMILIES["smart123"], "bench", lambda: BLEDevice("", None, {}))


class NoLink:
    """Nothing is written in this bench."""

    kind = "nordic"

    async def write(self, data: bytes) -> None:
        """Do nothing."""

    async def switch_channel(self) -> bool:
        """There is none."""
        return False


def record_session(pack: Pack) -> RecordSession:
    """Return what decodes records for a pack."""
    return RecordSession(
        NoLink(),
        pack,
        SessionContext(),
        DEFAULT_TIMING,
        formula=Formula.APP,
        generation=Generation({}, "auto", 6, newer_module=True),
        serial_number="",
        pin_first=True,
        needs_pin=True,
    )


def our_records(reported: list[Second]) -> int:
    """Decode records; return how many readings were trusted."""
    pack = listener()
    return run(record_session(pack).notified, pack, reported)


def our_frames(reported: list[Second]) -> int:
    """Decode frames; return how many readings were trusted."""
    pack = listener()
    return run(FrameSession(pack, SessionContext(), DEFAULT_TIMING, Formula.APP).notified, pack, reported)


def run(notified: Callable[[bytearray, float], None], pack: Pack, reported: list[Second]) -> int:
    """Hand over what a pack sent; return how many readings were trusted."""
    done, last = 0, None
    for second, heard in enumerate(reported):
        for place, notification in enumerate(heard):
            notified(notification, second + place / 100)
        if pack.last_reading is not last:
            done, last = done + 1, pack.last_reading
    return done


def peers(reported: list[Second]) -> int:
    """Decode records with aiobmsble's handler and update."""

    async def decode() -> int:
        peer: Any = Peer(BLEDevice(ADDRESS, "bench", {"path": "/none", "props": {}}))
        done = 0
        for second, heard in enumerate(reported, 1):
            for notification in heard:
                peer._notification_handler(None, notification)  # noqa: SLF001
            if second % CELLS == 0 and peer._msg_event.is_set():  # noqa: SLF001
                # Asked earlier, it has not all cells yet, and forgets those that it has.
                peer._add_missing_values(await peer._async_update())  # noqa: SLF001
                done += 1
        return done

    return asyncio.run(decode())


def timed(decode: Decode, reported: list[Second]) -> tuple[float, int]:
    """Return the µs per second of the pack's life, and the readings."""
    gc.collect()
    start = time.perf_counter()
    done = decode(reported)
    return (time.perf_counter() - start) / len(reported) * 1e6, done


def main() -> None:
    """Print it."""
    print(f"\nDecode time per second of a 123\\SmartBMS (median of {ROUNDS})")
    print(f"{'what':22} {'ours':>10} {'readings':>9} {'aiobmsble':>10} {'readings':>9} {'ratio':>7}")
    reported = seconds_of(GEN3_NUS, CELLS)
    rounds = [(timed(our_records, reported), timed(peers, reported)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(pair[side][0] for pair in rounds) for side in (0, 1))
    ratio = statistics.median(pair[0][0] / pair[1][0] for pair in rounds)
    print(
        f"{'records, 8 cells':22} {mine:7.1f} µs {rounds[0][0][1]:9} {theirs:7.1f} µs {rounds[0][1][1]:9} {ratio:7.2f}"
    )
    for name, label, cells, decode in (
        ("records, 255 cells", GEN3_NUS, 255, our_records),
        ("frames, 8 cells", BRIDGE, 8, our_frames),
        ("frames, 255 cells", BRIDGE, 255, our_frames),
    ):
        reported = seconds_of(label, cells)
        results = [timed(decode, reported) for _ in range(ROUNDS)]
        print(f"{name:22} {statistics.median(taken for taken, _ in results):7.1f} µs {results[0][1]:9}")


if __name__ == "__main__":
    main()
