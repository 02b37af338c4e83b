"""The tree of the lines as the database keeps it.

Of the complete subtrees only those of 256, 65,536 and so on are kept, so that a proof
in a chain of millions reads some hundreds of digests. They are made from the lines and
believed by nobody: a verification walks the lines and makes them anew.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.ledger import merkle
from archive.ledger.tables import LedgerEntry, LedgerNode

BITS = 8
FAN = 1 << BITS


class Tree:
    """Roots and proofs over the first lines of the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def root(self, size: int) -> bytes:
        """The root over the first `size` lines."""
        return merkle.root(self._complete, 0, size)

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """The path from the line `seq` to the root over the first `size`.

        :raises ValueError: it is not among them
        """
        return merkle.inclusion(self._complete, seq - 1, size)

    def consistency(self, before: int, size: int) -> list[bytes]:
        """What shows that the first `before` lines begin the first `size`.

        :raises ValueError: they cannot
        """
        return merkle.consistency(self._complete, before, size)

    def grow(self, size: int) -> None:
        """Keep every subtree that the first `size` lines complete; flushes."""
        level = 1
        while whole := size >> (level * BITS):
            for position in range(self._kept(level), whole):
                below = self._level(level - 1, position << BITS, FAN)
                digest = merkle.fold(below)
                row = LedgerNode(level=level, position=position, digest=digest)
                self._session.add(row)
            self._session.flush()
            level += 1

    def _complete(self, start: int, size: int) -> bytes:
        level = (size.bit_length() - 1) // BITS
        width = 1 << (level * BITS)
        return merkle.fold(self._level(level, start // width, size // width))

    def _level(self, level: int, position: int, count: int) -> list[bytes]:
        found = self._read(level, position, count)
        if len(found) != count:
            raise ValueError("the ledger's tree is not as long as its lines")
        return found

    def _read(self, level: int, position: int, count: int) -> list[bytes]:
        if level == 0:
            seq = LedgerEntry.seq
            lines = select(LedgerEntry.digest).order_by(seq)
            found = lines.where(seq > position, seq <= position + count)
            return [merkle.leaf(bytes.fromhex(d)) for d in self._session.scalars(found)]
        place = LedgerNode.position
        kept = select(LedgerNode.digest).order_by(place)
        kept = kept.where(LedgerNode.level == level)
        within = kept.where(place >= position, place < position + count)
        return list(self._session.scalars(within))

    def _kept(self, level: int) -> int:
        kept = select(func.count()).where(LedgerNode.level == level)
        return self._session.scalar(kept) or 0


class Growing:
    """The same tree, made while the lines go by; for whoever walks them all."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, digest: str) -> None:
        """Take the next line's digest, in hexadecimal."""
        rank, top = 0, merkle.leaf(bytes.fromhex(digest))
        while self._peaks and self._peaks[-1][0] == rank:
            top, rank = merkle.node(self._peaks.pop()[1], top), rank + 1
        self._peaks.append((rank, top))
        self.size += 1

    def root(self) -> bytes:
        """The root over what went by."""
        if not self._peaks:
            return merkle.NOTHING
        top = self._peaks[-1][1]
        for _, left in self._peaks[-2::-1]:
            top = merkle.node(left, top)
        return top
