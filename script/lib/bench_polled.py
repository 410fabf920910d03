"""What a poll costs to decode, beside aiobmsble's path for the same answers: JBD and Daly, sixteen cells.

Measured is what is done with the bytes: putting notifications together, checks, all fields, trust. Waiting for the pack is not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
import gc
import math
import statistics
import time
from typing import Any

from aiobmsble.bms.daly_bms import BMS as DalyPeer
from aiobmsble.bms.jbd_bms import BMS as JbdPeer
from bleak.backends.device import BLEDevice

from custom_components.smart_bms.bms.daly import decode as daly_decode, frames as daly_frames
from custom_components.smart_bms.bms.daly.common import completed
from custom_components.smart_bms.bms.daly.current_sign import CurrentSign
from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jbd import frames as jbd_frames
from custom_components.smart_bms.bms.jbd.decode import decode_basic, decode_cells, reading_of
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_D2
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.jbd.labels import DP16S020
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.peripheral import Peripheral

POLLS = 300
ROUNDS = 15
PERIOD = 5.0
ADDRESS = "A5:C2:37:00:00:01"

type Answer = list[bytearray]
"""Notifications."""
type Poll = list[Answer]
"""What is answered to the questions of one poll, in their order."""
type Decode = Callable[[list[Poll]], int]


def board() -> Board:
    """Return sixteen cells under a load that swings."""
    battery = Battery(cells=16, capacity=280, profile=lambda now: -20 + 3 * math.sin(now / 7), seed=7)
    return Board(battery, Limits(balance_trigger=0.03))


def answers(pack: Peripheral, requests: list[bytes], notify: int, write: int) -> list[Poll]:
    """Return what a pack answers to the same questions again and again."""
    pack.connect()
    pack.subscribe(notify)
    pack.advance(1.0)
    polls = []
    for _ in range(POLLS):
        poll = []
        for request in requests:
            pack.write(write, request)
            heard: Answer = []
            for _ in range(60):
                heard += [bytearray(data) for handle, data in pack.advance(0.02) if handle == notify]
            if not heard:
                raise RuntimeError(f"no answer to {request.hex()}")
            poll.append(heard)
        polls.append(poll)
        pack.advance(PERIOD)
    return polls


def listener(family: str) -> Pack:
    """Return what takes readings and judges them."""
    return Pack(FAMILIES[family], "bench", lambda: BLEDevice("", None, {}))


def our_jbd(polls: list[Poll]) -> int:
    """Decode with all our checks; return how many readings were trusted."""
    pack, reassembler, done, now = listener("jbd"), jbd_frames.Reassembler(), 0, 0.0
    for basic_answer, cells_answer in polls:
        data = []
        for answer in (basic_answer, cells_answer):
            for notification in answer:
                messages = reassembler.feed(notification, now)
                data += [message.data for message in messages if isinstance(message, jbd_frames.Reply)]
        done += pack.reading(reading_of(decode_basic(data[0]), decode_cells(data[1]), {}, now))
        now += PERIOD
    return done


def _words(reassembler: daly_frames.Reassembler, answer: Answer, now: float) -> tuple[int, ...]:
    for notification in answer:
        for message in reassembler.feed(notification, now):
            if isinstance(message, daly_frames.RegisterAnswer):
                return message.words
    raise RuntimeError("no answer")


def our_daly(decode: Callable[..., dict[str, Any]]) -> Decode:
    """Return our path for a dialect."""

    def run(polls: list[Poll]) -> int:
        pack, reassembler, sign = listener("daly"), daly_frames.Reassembler(), CurrentSign({}, "", inverted=False)
        done, now = 0, 0.0
        for poll in polls:
            values = decode(*(_words(reassembler, answer, now) for answer in poll))
            values["current"] = sign.apply(values["current"], values["details"]["state"])
            done += pack.reading(Reading.of(completed(values) | {"measured_at": now}))
            now += PERIOD
        return done

    return run


def peers(make: Callable[[], Any]) -> Decode:
    """Return aiobmsble's path: its notification handler, then its update with the values it derives."""

    def run(polls: list[Poll]) -> int:
        peer, done = make(), 0
        waiting: Iterator[Answer] = iter(())

        async def answered(*_: Any, **__: Any) -> None:
            for notification in next(waiting):
                peer._notification_handler(None, notification)  # noqa: SLF001
            if hasattr(peer, "_frame"):
                peer._frame.clear()  # noqa: SLF001

        peer._await_msg = answered  # noqa: SLF001
        for poll in polls:
            waiting = iter(poll)
            update = peer._async_update()  # noqa: SLF001
            try:
                update.send(None)
            except StopIteration as stop:
                peer._add_missing_values(stop.value)  # noqa: SLF001
                done += 1
        return done

    return run


def jbd_peer() -> Any:
    """Return aiobmsble's JBD."""
    return JbdPeer(BLEDevice(ADDRESS, "bench", {"path": "/none", "props": {}}))


def daly_peer(dialect: int) -> Callable[[], Any]:
    """Return what makes aiobmsble's Daly for a dialect."""

    def make() -> Any:
        peer = DalyPeer(BLEDevice(ADDRESS, "bench", {"path": "/none", "props": {}}))
        peer._proto = next(proto for proto in DalyPeer._PROTOS if proto == dialect)  # noqa: SLF001
        peer._mos_avail = False  # noqa: SLF001
        return peer

    return make


def timed(decode: Decode, polls: list[Poll]) -> float:
    """Return the µs per poll of one round."""
    gc.collect()
    start = time.perf_counter()
    done = decode(polls)
    taken = (time.perf_counter() - start) / len(polls) * 1e6
    if done != len(polls):
        raise RuntimeError(f"{done} of {len(polls)} polls decoded")
    return taken


def cases() -> Iterator[tuple[str, list[Poll], Decode, Decode]]:
    """Yield name, answers, our path and theirs."""
    label = replace(DP16S020, password=None)
    jbd = JbdPeripheral(ADDRESS, "bench", label, board())
    module = label.module
    requests = [jbd_frames.read_request(register) for register in (0x03, 0x04)]
    yield "JBD", answers(jbd, requests, module.notify_handle, module.write_handle), our_jbd, peers(jbd_peer)
    for daly, dialect, number, blocks, decode in (
        (K_D2, Dialect.D2, 0xD2, [daly_decode.D2_LIVE], daly_decode.decode_d2),
        (
            ESS_81,
            Dialect.P81,
            0x81,
            [daly_decode.P81_LIVE_SHORT, daly_decode.P81_STATE],
            lambda first, second: daly_decode.joined(
                daly_decode.decode_p81(first), daly_decode.decode_p81_state(second)
            ),
        ),
    ):
        pack = DalyPeripheral("40:17:10:00:00:01", "DL-bench", daly, board())
        questions = [daly_frames.read_request(dialect, *block) for block in blocks]
        polls = answers(pack, questions, daly.notify_handle, daly.write_handle)
        yield f"Daly {dialect}", polls, our_daly(decode), peers(daly_peer(number))


def main() -> None:
    """Print it."""
    print(f"\nDecode time per poll (16 cells, median of {ROUNDS})")
    print(f"{'family':10} {'ours':>10} {'aiobmsble':>10} {'ratio':>7}")
    for name, polls, ours, theirs in cases():
        try:
            rounds = [(timed(ours, polls), timed(theirs, polls)) for _ in range(ROUNDS)]
        except (StopIteration, RuntimeError) as error:
            print(f"{name:10} {error}")
            continue
        mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(one / two for one, two in rounds)
        print(f"{name:10} {mine:7.1f} µs {other:7.1f} µs {ratio:7.2f}")


if __name__ == "__main__":
    main()
