"""Sealed files read page by page, wherever their sealed bytes are kept.

A file is written once through the injected sealing, and its name is bound into its
seal. Reading opens nothing but the 16 KiB pages that are asked for, through one page
cache for the process.
"""

import io
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import BinaryIO, Protocol

PAGE_BYTES = 16 * 1024
READ_ON_PAGES = 4
"""Who reads on from the page before is given pages up to a multiple of these."""
CACHE_BYTES = 16 * 1024 * 1024


class SealedWriter(Protocol):
    """Takes plaintext; what reaches the sink is sealed, complete after close."""

    def write(self, data: bytes, /) -> object:
        """Take the next plaintext bytes."""

    def close(self) -> None:
        """Seal the end; does not close the sink."""


class SealedReader(Protocol):
    """Gives plaintext from any position; refuses what does not authenticate."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, and return the new position."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` plaintext bytes."""


class FileSealing(Protocol):
    """How index files are sealed. The name is bound: a file renamed does not open."""

    def writer(self, name: str, sink: BinaryIO) -> SealedWriter:
        """Seal into a file open for writing."""

    def reader(self, name: str, source: BinaryIO) -> SealedReader:
        """Open a sealed file that is open for reading."""


class PageCache:
    """The most recently used plaintext pages of all open files, in memory."""

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._pages: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._most = most_bytes
        self._held = 0
        self._lock = threading.Lock()

    def get(self, file: int, page: int) -> bytes | None:
        """Return a page that is held."""
        with self._lock:
            data = self._pages.get((file, page))
            if data is not None:
                self._pages.move_to_end((file, page))
            return data

    def put(self, file: int, page: int, data: bytes) -> None:
        """Hold a page, letting go of the longest unused ones."""
        with self._lock:
            if (file, page) not in self._pages:
                self._pages[file, page] = data
                self._held += len(data)
            while self._held > self._most:
                self._held -= len(self._pages.popitem(last=False)[1])

    def forget(self, file: int) -> None:
        """Let go of a closed file's pages."""
        with self._lock:
            for key in [key for key in self._pages if key[0] == file]:
                self._held -= len(self._pages.pop(key))


_CACHE = PageCache()


class PagedReader:
    """The plaintext of one sealed file, page by page."""

    _numbers = iter(range(1, 2**62))

    def __init__(self, sealed: SealedReader, source: BinaryIO) -> None:
        self._sealed = sealed
        self._source = source
        self._reading = threading.Lock()
        self._number = next(self._numbers)
        self.length = sealed.seek(0, os.SEEK_END)
        self._position = 0
        self._following = -1

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes from here."""
        left = max(0, self.length - self._position)
        size = left if size < 0 else min(size, left)
        data = self.get(self._position, size)
        self._position += len(data)
        return data

    def readline(self) -> bytes:
        """Return the rest of a line; pickles want it."""
        return io.BytesIO(self.get(self._position, PAGE_BYTES)).readline()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def get(self, position: int, size: int) -> bytes:
        """Return bytes from anywhere, without moving; from several threads, too."""
        first, offset = divmod(position, PAGE_BYTES)
        last = (position + max(size, 1) - 1) // PAGE_BYTES
        if first == last:
            return self._page(first)[offset : offset + size]
        pages = b"".join(self._pages(first, last + 1))
        return pages[offset : offset + size]

    def _page(self, number: int) -> bytes:
        data = _CACHE.get(self._number, number)
        return self._opened(number, number + 1)[0] if data is None else data

    def _pages(self, first: int, end: int) -> Iterator[bytes]:
        """Return pages in order; those that are not held are opened run by run."""
        held = [_CACHE.get(self._number, number) for number in range(first, end)]
        number = first
        while number < end:
            data = held[number - first]
            if data is not None:
                yield data
                number += 1
                continue
            stop = number + 1
            while stop < end and held[stop - first] is None:
                stop += 1
            yield from self._opened(number, stop)
            number = stop

    def _opened(self, first: int, end: int) -> list[bytes]:
        with self._reading:
            wanted = end - first
            if first == self._following:
                end += -end % READ_ON_PAGES
            self._following = end
            self._sealed.seek(first * PAGE_BYTES)
            data = self._sealed.read((end - first) * PAGE_BYTES)
        starts = range(0, (end - first) * PAGE_BYTES, PAGE_BYTES)
        pages = [data[start : start + PAGE_BYTES] for start in starts]
        for number, page in enumerate(pages, first):
            if page:
                _CACHE.put(self._number, number, page)
        return pages[:wanted]

    def close(self) -> None:
        """Let go of the file and its pages."""
        _CACHE.forget(self._number)
        self._source.close()

    def __del__(self) -> None:
        # Whoosh opens the files of a segment one by one and drops those already open
        # when a later one has just been replaced.
        self.close()
