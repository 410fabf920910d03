r"""The 58 bytes that a 123\SmartBMS sends at its connector for displays, whoever carries them on.

Offsets are written down here a second time on purpose: an error in the decoder's tables must not hide in the simulator.
"""

from typing import Final

from .board import Smart123Board

LENGTH: Final = 58
KEYS: Final = 19
_FIRST_KEY: Final = 25
_CURRENT_UNIT: Final = 0.125
_NOT_FITTED: Final = b"X00"
_UNKNOWN: Final = 0xFF


def frame(board: Smart123Board, turn: int, number: int) -> bytes:
    """Return the frame of one cycle; `number` is whose turn it is in the rotation of the cells, 0: nobody's."""
    meters, settings = board.meters, board.settings
    (low, low_cell), (high, high_cell) = board.lowest(board.voltages), board.highest(board.voltages)
    (cold, cold_cell), (hot, hot_cell) = board.lowest(board.temperatures), board.highest(board.temperatures)
    # There is no way to say that a value is missing; an absent cell's turn is nobody's.
    known = 1 <= number <= len(board.voltages) and number not in board.absent
    body = b"".join((
        _number(board.voltage, 3),
        *(_current(amperes) for amperes in (board.current_in, board.current_out, board.current)),
        *(_number(value, 2) + _number(cell, 1) for value, cell in ((low, low_cell), (high, high_cell))),
        *(_number(value, 2) + _number(cell, 1) for value, cell in ((cold, cold_cell), (hot, hot_cell))),
        _number(0 if number in board.absent else number, 1),
        _number(len(board.voltages), 1),
        _number(board.voltages[number - 1] if known else 0, 2),
        _number(board.temperatures[number - 1] if known else 0, 2),
        _number(board.status, 1),
        *(_number(value, 3) for value in (meters.collected.today, board.stored, meters.consumed.today)),
        _number(board.soc, 1),
        *(_number(value, 3) for value in (meters.collected.total, meters.consumed.total)),
        key_value(board, turn) if board.label.key_values else _clock(board),
        *(_number(value, 2) for value in (settings.capacity, settings.v_min, settings.v_max, settings.balance)),
    ))  # fmt: skip
    return body + bytes((sum(body) & 0xFF,))


def key_value(board: Smart123Board, turn: int) -> bytes:
    """Return the pair of key and value whose turn it is."""
    settings, meters = board.settings, board.meters
    major, minor, patch = board.label.firmware
    values = b"".join((
        _number(_UNKNOWN if board.soh is None else board.soh, 1),
        _number(_UNKNOWN if board.efficiency is None else board.efficiency, 1),
        _number(settings.v_low, 2),
        _number(settings.v_nominal, 2),
        _number(major << 4 | minor, 1),
        _number(patch, 1),
        _number(board.charge_cycles, 2),
        _number(meters.charged.total, 3),
        _number(meters.discharged.total, 3),
        _number(board.status2, 1),
        _number(settings.balance, 2),  # full is where every cell balances
    ))  # fmt: skip
    key = turn % KEYS
    return bytes((_FIRST_KEY + key, values[key]))


def _clock(board: Smart123Board) -> bytes:
    hours, minutes = divmod(int(board.meters.clock) // 60, 60)
    return bytes((hours, minutes) if board.label.clock_order == "hours_first" else (minutes, hours))


def _number(value: float | None, length: int) -> bytes:
    return min(int(value or 0), (1 << 8 * length) - 1).to_bytes(length)


def _current(amperes: float | None) -> bytes:
    if amperes is None:
        return _NOT_FITTED
    counts = round(amperes / _CURRENT_UNIT)
    return (b"-" if counts < 0 else b"+") + _number(abs(counts), 2)
