"""The tree over the ledger's lines: RFC 9162, section 2.1, with SHA-256.

    leaf = SHA-256(00 || digest of a line, 32 bytes)
    node = SHA-256(01 || left || right)

A root stands for all lines before it. An inclusion proof shows that one line is among
them, a consistency proof that an earlier root stood for the first of them. To check one
takes no key and no other line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Complete = Callable[[int, int], bytes]
"""The digest of a complete subtree: of `size` leaves, a power of two, from `start`."""
NOTHING = hashlib.sha256(b"").digest()


def leaf(digest: bytes) -> bytes:
    """The leaf of a line."""
    return hashlib.sha256(b"\x00" + digest).digest()


def node(left: bytes, right: bytes) -> bytes:
    """What stands above two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(level: Sequence[bytes]) -> bytes:
    """The digest of a complete subtree, from one level of it.

    :raises ValueError: they are not a power of two
    """
    if not level or len(level) & (len(level) - 1):
        raise ValueError(f"{len(level)} digests do not make a complete subtree")
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [node(left, right) for left, right in pairs]
    return level[0]


def root(complete: Complete, start: int, end: int) -> bytes:
    """The digest over leaves `start` to `end`, which is not among them."""
    size = end - start
    if size == 0:
        return NOTHING
    if size & (size - 1) == 0:
        return complete(start, size)
    middle = start + _split(size)
    return node(root(complete, start, middle), root(complete, middle, end))


def inclusion(complete: Complete, index: int, size: int) -> list[bytes]:
    """The path from leaf `index`, counted from 0, to the root over `size` leaves.

    :raises ValueError: there is no such leaf
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root(complete, middle, end))
            end = middle
        else:
            path.append(root(complete, start, middle))
            start = middle
    return path[::-1]


def consistency(complete: Complete, before: int, size: int) -> list[bytes]:
    """What shows that the root over `before` leaves belongs to that over `size`.

    :raises ValueError: the earlier tree is empty or the larger
    """
    if not 0 < before <= size:
        raise ValueError(f"{before} leaves are no earlier tree of {size}")
    path, start, end, whole = [], 0, size, True
    while before != end:
        middle = start + _split(end - start)
        if before <= middle:
            path.append(root(complete, middle, end))
            end = middle
        else:
            path.append(root(complete, start, middle))
            start, whole = middle, False
    return [*([] if whole else [root(complete, start, end)]), *path[::-1]]


def includes(
    digest: bytes, index: int, size: int, top: bytes, path: list[bytes]
) -> bool:
    """Whether the path leads from this line to the root `top` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, reached = index, size - 1, leaf(digest)
    for step in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            reached = node(step, reached)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            reached = node(reached, step)
        here, last = here >> 1, last >> 1
    return last == 0 and reached == top


def is_consistent(
    before: int, earlier: bytes, size: int, later: bytes, path: list[bytes]
) -> bool:
    """Whether the later tree begins with the earlier one (RFC 9162, 2.1.4.2)."""
    if before == size:
        return not path and earlier == later
    if not 0 < before < size or not path:
        return False
    steps = [earlier, *path] if before & (before - 1) == 0 else list(path)
    here, last = before - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node(step, old), node(step, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node(new, step)
        here, last = here >> 1, last >> 1
    return last == 0 and old == earlier and new == later


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
