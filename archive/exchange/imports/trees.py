"""A folder or a ZIP as a tree of named files, read and never unpacked.

Names come from strangers. One that is absolute, climbs (`..`), or goes through a
symbolic link is refused; so is what is no plain file. A ZIP is read member by member
into the vault, so that no byte of it is ever on disk in clear; members that are
encrypted, links, or swell beyond measure are refused before one is read.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from archive.exchange.imports.digests import Hashed
from archive.exchange.imports.entries import SourceError, Unfit
from archive.intake import Arrival

MOST_FILES = 200_000
MOST_SWELLING = 200
"""A member of a ZIP may unpack to so many times its size, once it is large."""
LARGE = 16 * 1024 * 1024
NAME_LETTERS = 1_000
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)


@dataclass(frozen=True)
class TreeFile:
    """A file of a tree; `path` is its name within, `name` the last part of it."""

    path: str
    size: int
    _open: Callable[[], BinaryIO] = field(repr=False)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    def open(self) -> BinaryIO:
        """Its bytes, from the beginning.

        :raises Unfit: it cannot be read
        """
        try:
            return self._open()
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise Unfit("files", f"{self.path}: it cannot be read ({error}).") from None

    def read(self, limit: int) -> bytes:
        """All of it, for small files that are to be understood.

        :raises SourceError: it has more than `limit` bytes
        """
        if self.size > limit:
            raise SourceError(f"{self.path} has more than {limit:,} bytes.")
        with self.open() as stream, _whole(self.path):
            return stream.read(limit + 1)[:limit]

    def look(self, algorithms: frozenset[str]) -> Mapping[str, str]:
        """See to its kind; gives its digests.

        :raises Unfit: it cannot be read
        :raises BlurError: the archive has no such kind
        """
        with self.open() as stream:
            try:
                return Hashed(stream, algorithms).look()
            except DAMAGED:
                raise Unfit("files", f"{self.path}: it is damaged.") from None

    def bring(self, arrival: Arrival, algorithms: frozenset[str]) -> Mapping[str, str]:
        """Take it into the archive, hashing it on its way.

        :raises Refused: it cannot be taken
        :raises Unfit: it cannot be read
        """
        with self.open() as stream:
            counted = Hashed(stream, algorithms)
            try:
                arrival.take(counted, self.name)
            except DAMAGED:
                raise Unfit("files", f"{self.path}: it is damaged.") from None
        return counted.digests()


class Tree(Protocol):
    """Files by their names, which are relative, with `/` between the parts."""

    def file(self, name: str) -> TreeFile:
        """The file of that name.

        :raises Unfit: there is none, or it may not be read
        """
        ...

    def names(self) -> Iterator[str]:
        """Every plain file, in order of its name.

        :raises SourceError: there is something in it that may not be read
        """
        ...


@contextmanager
def opened(source: Path) -> Iterator[Tree]:
    """The tree at a path: a folder, or a ZIP.

    :raises SourceError: it is neither, or may not be read
    """
    if source.is_dir():
        yield Folder(source)
        return
    try:
        with zipfile.ZipFile(source) as packed:
            yield Packed(packed)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise SourceError(f"{source.name} is neither a folder nor a ZIP.") from error


def tidy_name(name: str) -> str:
    """A relative name with `/` between its parts, as trees know it.

    :raises Unfit: it is empty, absolute, climbs, or has what names have not
    """
    tidy = name.strip().replace("\\", "/")
    parts = PurePosixPath(tidy).parts
    is_odd = "\0" in tidy or len(tidy) > NAME_LETTERS or tidy[1:2] == ":"
    if not parts or is_odd or tidy.startswith("/") or ".." in parts:
        told = f"{name[:80]!r} leads out of the source; name a file within it."
        raise Unfit("files", told, "path")
    return "/".join(parts)


class Folder:
    """A folder; nothing is followed out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, name: str) -> TreeFile:
        """See `Tree.file`."""
        tidy = tidy_name(name)
        path = self._root
        for part in PurePosixPath(tidy).parts:
            path /= part
            if path.is_symlink():
                told = f"{tidy} is reached by a symbolic link; put the file itself."
                raise Unfit("files", told, "path")
        try:
            found = path.stat()
        except OSError:
            told = f"There is no file {tidy} in the source."
            raise Unfit("files", told, "no_file") from None
        if not stat.S_ISREG(found.st_mode):
            raise Unfit("files", f"{tidy} is no plain file.", "no_file")
        return TreeFile(tidy, found.st_size, lambda: _open_plain(path))

    def names(self) -> Iterator[str]:
        """See `Tree.names`."""
        found = []
        for folder, folders, files in os.walk(self._root, followlinks=False):
            for name in (*folders, *files):
                path = Path(folder) / name
                within = path.relative_to(self._root).as_posix()
                if path.is_symlink():
                    raise SourceError(f"{within} is a symbolic link; take it out.")
                if name in files:
                    found.append(within)
            if len(found) > MOST_FILES:
                raise SourceError(f"There are more than {MOST_FILES:,} files.")
        yield from sorted(found)


class Packed:
    """A ZIP, of which only the list of its members is looked at beforehand."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self._members: dict[str, zipfile.ZipInfo] = {}
        if len(packed.infolist()) > MOST_FILES:
            raise SourceError(f"The ZIP has more than {MOST_FILES:,} files.")
        for member in packed.infolist():
            if member.is_dir():
                continue
            if (name := _fit_member(member)) in self._members:
                raise SourceError(f"{name} is in the ZIP twice.")
            self._members[name] = member

    def file(self, name: str) -> TreeFile:
        """See `Tree.file`."""
        tidy = tidy_name(name)
        member = self._members.get(tidy)
        if member is None:
            told = f"There is no file {tidy} in the source."
            raise Unfit("files", told, "no_file")
        return TreeFile(
            tidy,
            member.file_size,
            lambda: cast("BinaryIO", self._packed.open(member)),
        )

    def names(self) -> Iterator[str]:
        """See `Tree.names`."""
        yield from sorted(self._members)


def _fit_member(member: zipfile.ZipInfo) -> str:
    """Its name.

    :raises SourceError: such a member makes the whole ZIP unfit
    """
    try:
        name = tidy_name(member.filename)
    except Unfit as unfit:
        raise SourceError(f"The ZIP is not fit: {unfit}") from None
    if stat.S_ISLNK(member.external_attr >> 16):
        raise SourceError(f"{name} in the ZIP is a symbolic link; take it out.")
    if member.flag_bits & 1:
        raise SourceError(f"{name} in the ZIP is encrypted; pack it without.")
    swollen = member.compress_size * MOST_SWELLING
    if member.file_size > LARGE and member.file_size > swollen:
        raise SourceError(f"{name} in the ZIP swells beyond measure; pack it anew.")
    return name


def _open_plain(path: Path) -> BinaryIO:
    """Open it unless it has become a link or a pipe since."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    stream = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        stream.close()
        raise OSError("it is no plain file any more")
    return stream


@contextmanager
def _whole(path: str) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise SourceError(f"{path} is damaged.") from error
