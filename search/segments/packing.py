"""Lists of whole numbers as bytes, each list in the width that its greatest one needs.

A width is 0, 1, 2 or 4 bytes a number; 0 means that every number of the list is 1.
Many lists are packed and unpacked at once, without a loop over lists or numbers.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

WIDTHS = np.array([0, 1, 2, 4], np.int64)
"""Width by its code, which takes two bits."""
READ_AS = ("", "<u1", "<u2", "<u4")

Ints = npt.NDArray[np.integer[Any]]
Bytes = npt.NDArray[np.uint8]


def width_codes(values: npt.NDArray[Any], starts: Ints) -> Ints:
    """Return the code of the width that each list needs; no list is empty."""
    most = np.maximum.reduceat(values, starts) if len(starts) else starts
    codes = 1 + (most > 0xFF).astype(np.int64) + (most > 0xFFFF)
    return codes


def ones_left_out(codes: Ints, values: npt.NDArray[Any], starts: Ints) -> Ints:
    """Return the codes with 0 for the lists that hold nothing but ones."""
    other = np.add.reduceat((values != 1).astype(np.int64), starts)
    return np.where(other == 0, 0, codes)


def places(firsts: Ints, widths: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Return where each number of each list stands, and in what width."""
    spread = np.repeat(widths, lengths)
    within = np.arange(len(spread)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(firsts, lengths) + within * spread, spread


def put(room: Bytes, values: npt.NDArray[Any], at: Ints, widths: Ints) -> None:
    """Write the numbers to their places, the least byte first."""
    for width in (1, 2, 4):
        chosen = np.flatnonzero(widths == width)
        if len(chosen):
            some, where = values[chosen], at[chosen]
            for byte in range(width):
                room[where + byte] = (some >> (8 * byte)) & 0xFF


def taken(raw: Bytes, at: Ints, widths: Ints) -> Ints:
    """Read the numbers back from their places."""
    values = np.ones(len(at), np.int64)
    for width in (1, 2, 4):
        chosen = np.flatnonzero(widths == width)
        if len(chosen):
            where = at[chosen]
            found = raw[where].astype(np.int64)
            for byte in range(1, width):
                found |= raw[where + byte].astype(np.int64) << (8 * byte)
            values[chosen] = found
    return values


def one_list(raw: bytes, code: int, count: int, offset: int) -> npt.NDArray[Any]:
    """Read a single list."""
    if code == 0:
        return np.ones(count, np.uint8)
    return np.frombuffer(raw, READ_AS[code], count, offset)


def starts_of(lengths: Ints) -> Ints:
    """Return where each of the lists begins, and where the last ends."""
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends


def runs(firsts: Ints, lengths: Ints) -> Ints:
    """Return the numbers of all runs, one after another: ``first, first + 1 …``."""
    total = int(lengths.sum())
    skipped = np.cumsum(lengths) - lengths
    return np.repeat(firsts - skipped, lengths) + np.arange(total)
