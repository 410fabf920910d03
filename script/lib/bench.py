"""What a reading costs: decode time beside aiobmsble's, and allocations."""

from collections.abc import Callable
import gc
import itertools
import statistics
import time
import tracemalloc

from aiobmsble.bms.jikong_bms import BMS as Peer
from bleak.backends.device import BLEDevice

from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.driver import JkDriver
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.battery import Battery, household
from custom_components.smart_bms.simulator.board import Board
from custom_components.smart_bms.simulator.jk.labels import B5A24S, BD6A24S10P, PB2A16S20P, Label
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral

FRAMES = 600
ROUNDS = 15
CELLS = 16
PERIOD = 0.5
FRAGMENTS = (128, 128, 44)

type Notifications = list[list[bytearray]]


def simulated(label: Label) -> JkPeripheral:
    """Return a pack of 16 cells in a busy house."""
    battery = Battery(cells=CELLS, capacity=280, profile=household(seed=7), seed=7)
    return JkPeripheral("C8:47:80:00:00:01", label.model, label, Board(battery))


def sealed(body: bytearray, kind: int, counter: int = 0) -> bytearray:
    """Return the body with header and checksum."""
    body[0:6] = bytes((0x55, 0xAA, 0xEB, 0x90, kind, counter & 0xFF))
    body[299] = sum(body[:299]) & 0xFF
    return body


def cut(frame: bytearray) -> list[bytearray]:
    """Return a frame as the notifications of the commonest module."""
    ends = list(itertools.accumulate(FRAGMENTS))
    return [frame[end - size : end] for end, size in zip(ends, FRAGMENTS, strict=True)]


def runtime_frames(label: Label, count: int) -> Notifications:
    """Return consecutive runtime frames of a pack."""
    pack = simulated(label)
    frames = []
    for number in range(count):
        pack.board.step(PERIOD)
        frames.append(cut(sealed(pack.cell_info(), 0x02, number)))
    return frames


type Decode = Callable[[Notifications], int]


def listener() -> Pack:
    """Return what takes readings and judges them."""
    return Pack(FAMILIES["jk"], "bench", lambda: BLEDevice("", None, {}))


def introduced(pack: Pack, peripheral: JkPeripheral) -> JkDriver:
    """Return a driver that knows whom it hears: an answer counts when a second one agrees."""
    driver = JkDriver(pack, pack, SessionContext())  # type: ignore[arg-type]
    for _ in range(2):
        driver.notified(sealed(peripheral.device_info(), 0x03), 0.0)
    return driver


def ours(label: Label) -> Decode:
    """Return our whole path: reassembly, checks, all fields, trust."""
    pack = listener()
    driver = introduced(pack, simulated(label))

    def decode(frames: Notifications) -> int:
        now = 0.0
        for notifications in frames:
            for notification in notifications:
                driver.notified(notification, now)
            now += PERIOD
        if pack.dropped:
            raise RuntimeError(pack.dropped)
        return len(pack._trusted_at)  # noqa: SLF001

    return decode


def peers(label: Label) -> Decode:
    """Return aiobmsble's path: its notification handler, then its update with the values it derives."""
    major = int(label.sw_version.partition(".")[0])
    peer = Peer(BLEDevice("C8:47:80:00:00:01", "bench", {"path": "/none", "props": {}}))
    peer._sw_version = major  # noqa: SLF001
    peer._prot_offset = -32 if major < 11 else 0  # noqa: SLF001

    def decode(frames: Notifications) -> int:
        done = 0
        for notifications in frames:
            for notification in notifications:
                peer._notification_handler(None, notification)  # noqa: SLF001
            update = peer._async_update()  # noqa: SLF001
            try:
                update.send(None)
            except StopIteration as stop:
                peer._add_missing_values(stop.value)  # noqa: SLF001
                done += 1
        return done

    return decode


def timed(make: Callable[[Label], Decode], label: Label, frames: Notifications) -> float:
    """Return the µs per frame of one round."""
    decode = make(label)
    gc.collect()
    start = time.perf_counter()
    done = decode(frames)
    taken = (time.perf_counter() - start) / len(frames) * 1e6
    if done != len(frames):
        raise RuntimeError(f"{done} of {len(frames)} frames decoded")
    return taken


def compared(label: Label, frames: Notifications) -> tuple[float, float, float]:
    """Return our µs per frame, theirs, and the ratio: medians of rounds taken in turns, so that both meet the same noise."""
    rounds = [(timed(ours, label, frames), timed(peers, label, frames)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    return mine, theirs, statistics.median(one / other for one, other in rounds)


def allocations(make: Callable[[Label], Decode], label: Label) -> tuple[int, float]:
    """Return the memory blocks and the bytes that a reading holds when a frame has been decoded, garbage included."""
    frames = runtime_frames(label, 40)
    decode = make(label)
    decode(frames[:20])
    gc.collect()
    gc.disable()
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    decode(frames[20:21])
    after = tracemalloc.take_snapshot()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.enable()
    grown = [difference for difference in after.compare_to(before, "lineno") if difference.count_diff > 0]
    return sum(difference.count_diff for difference in grown), peak / 1024


def main() -> None:
    """Print it all."""
    print(
        f"Decode time per cell-info frame ({CELLS} cells, fragments {'/'.join(map(str, FRAGMENTS))}, median of {ROUNDS})"
    )
    print(f"{'layout':10} {'ours':>10} {'aiobmsble':>10} {'ratio':>7}")
    for label in (PB2A16S20P, BD6A24S10P, B5A24S):
        frames = runtime_frames(label, FRAMES)
        if label is B5A24S:
            mine = statistics.median(timed(ours, label, frames) for _ in range(ROUNDS))
            print(f"{label.layout:10} {mine:7.1f} µs {'-':>10} {'-':>7}   (aiobmsble does not know this layout)")
            continue
        mine, theirs, ratio = compared(label, frames)
        print(f"{label.layout:10} {mine:7.1f} µs {theirs:7.1f} µs {ratio:7.2f}")
    print("\nAllocations per frame")
    for label in (PB2A16S20P, BD6A24S10P):
        for name, make in (("ours", ours), ("aiobmsble", peers)):
            made, peak = allocations(make, label)
            print(f"{label.layout:10} {name:10} {made:4} blocks kept, {peak:5.1f} KiB at the peak")


if __name__ == "__main__":
    main()
