"""A bag as a ZIP that is written while it is read, and is the same each time.

Nothing is compressed, every file has the time 1980-01-01 and mode 0644, and the order
is that of the bag. Sizes stand behind each file, with 64 bits. At no moment is more in
memory than one piece, and nothing is on a disk.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from archive.exchange.court.bag import Bag

EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644 << 16
UNIX = 3


class _Waiting(io.RawIOBase):
    """Takes what is written until somebody reads it; cannot go back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:  # noqa: ANN401 - any buffer
        taken = bytes(piece)
        self._pieces.append(taken)
        return len(taken)

    def taken(self) -> bytes:
        """What was written since it was last asked for."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def zipped(bag: Bag) -> Iterator[bytes]:
    """The pieces of the ZIP, in order.

    :raises RefusedError: an original may not be seen any more
    :raises VaultError: an original is not what was deposited
    """
    return zipped_files(bag.folder, bag.files())


def zipped_files(
    folder: str, files: Iterable[tuple[str, Iterable[bytes]]]
) -> Iterator[bytes]:
    """The pieces of a ZIP of these files below one folder, in order."""
    sink = _Waiting()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as whole:
        for name, pieces in files:
            facts = zipfile.ZipInfo(f"{folder}/{name}", EPOCH)
            facts.external_attr, facts.create_system = MODE, UNIX
            with whole.open(facts, "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)
                    yield sink.taken()
    yield sink.taken()
