"""Whoosh's storage, in which every file on disk is sealed.

Each file is written once, through the injected sealing, under a temporary name, and
takes its own name only when it is whole and on the disk; a file's name is bound into
its seal. The table of contents (``.toc``) is written last, so a process that dies
at any moment leaves the last committed state. What Whoosh wants for sorting and for
columns in the making stays in memory. Files are read as ``search.sealed_pages`` does.

Pickles are read with no class allowed but those of a table of contents.
"""

import fcntl
import io
import os
import pickle
import secrets
import stat
from pathlib import Path

from whoosh.filedb.filestore import RamStorage, Storage
from whoosh.filedb.structfile import BufferFile, StructFile

from search.sealed_pages import FileSealing, PagedReader

LOCK_NAME = "write.lock"
_UNFINISHED = ".new-"
SHARED = 0o2770
"""The mode of folders that two users of one group share."""
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_ALLOWED_CLASSES = {
    ("whoosh.codec.whoosh3", "W3Segment"),
}


class SealedStorage(Storage):  # type: ignore[misc]
    """A folder of sealed files, as Whoosh asks for it."""

    def __init__(self, folder: Path, sealing: FileSealing) -> None:
        self.folder = folder
        self._sealing = sealing
        self._lengths: dict[str, int] = {}

    def create(self) -> "SealedStorage":
        """Make the folder, for its owner; in a shared one, for the group as well."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(self.folder.parent.stat().st_mode) == SHARED:
            self.folder.chmod(SHARED)
        return self

    def create_file(self, name: str, **_options: object) -> StructFile:
        """Begin a file; it has its name on disk after it is closed."""
        bound = _bound_name(name)
        return StructFile(_Unfinished(self.folder, name, bound, self._sealing))

    def open_file(self, name: str, **_options: object) -> "SealedFile":
        """Open a file for reading; plaintext is made only where it is read.

        :raises FileNotFoundError: a writer has replaced it meanwhile
        """
        source = (self.folder / name).open("rb", buffering=0)
        try:
            reader = self._sealing.reader(_bound_name(name), source)
            return SealedFile(PagedReader(reader, source), name)
        except BaseException:
            source.close()
            raise

    def list(self) -> list[str]:
        """Return the names of whole files."""
        if not self.folder.is_dir():
            return []
        hidden = (_UNFINISHED, LOCK_NAME)
        names = (path.name for path in self.folder.iterdir())
        return [name for name in names if not name.startswith(hidden)]

    def file_exists(self, name: str) -> bool:
        """Say whether there is a whole file of this name."""
        return (self.folder / name).exists()

    def file_modified(self, name: str) -> float:
        """Return when the file was made, in seconds since the epoch."""
        return (self.folder / name).stat().st_mtime

    def file_length(self, name: str) -> int:
        """Return the length of the plaintext in bytes."""
        if name not in self._lengths:
            with self.open_file(name) as file:
                self._lengths[name] = file.length
        return self._lengths[name]

    def delete_file(self, name: str) -> None:
        """Delete a file; whoever has it open reads on."""
        self._lengths.pop(name, None)
        (self.folder / name).unlink()

    def rename_file(self, name: str, newname: str, safe: bool = False) -> None:  # noqa: FBT001, FBT002 - Whoosh's signature
        """Give a file its last name, and make that last over a power failure."""
        target = self.folder / newname
        if safe and target.exists():
            raise FileExistsError(newname)
        (self.folder / name).replace(target)
        _sync_folder(self.folder)

    def lock(self, name: str) -> "FolderLock":
        """Return the lock of writers; one for the whole folder whatever the name."""
        return FolderLock(self.folder / LOCK_NAME)

    def temp_storage(self, name: str | None = None) -> "MemoryStorage":
        """Return storage for what is in the making: in memory only."""
        return MemoryStorage()

    def sweep(self) -> None:
        """Delete what a dead writer left unfinished; call with the lock held."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            path.unlink(missing_ok=True)
        for path in self.folder.glob("*.toc.*"):
            path.unlink(missing_ok=True)


def _bound_name(name: str) -> str:
    # Whoosh writes a table of contents as NAME.toc.TIME and then renames it.
    base, toc, _ = name.partition(".toc.")
    return f"{base}.toc" if toc else name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Unfinished:
    """A file being written: sealed from the first byte, named at the end."""

    def __init__(
        self, folder: Path, name: str, bound: str, sealing: FileSealing
    ) -> None:
        self._final = folder / name
        self._path = folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        self._sink = os.fdopen(create_in_folder(self._path, _CREATE), "wb")
        self._writer = sealing.writer(bound, self._sink)
        self._written = 0

    def write(self, data: bytes) -> int:
        self._writer.write(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def close(self) -> None:
        self._writer.close()
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self._sink.close()
        self._path.replace(self._final)


class SealedFile(StructFile):  # type: ignore[misc]
    """A sealed file with Whoosh's structured reads; closing twice is no error."""

    def __init__(self, reader: PagedReader, name: str) -> None:
        super().__init__(reader, name=name)
        self.length = reader.length

    def get(self, position: int, length: int) -> bytes:
        """Return bytes from anywhere."""
        return self.file.get(position, length)  # type: ignore[no-any-return]

    def read_pickle(self) -> object:
        """Read one pickle that may hold plain values and index segments only.

        :raises pickle.UnpicklingError: it holds anything else
        """
        unpickler = _PlainUnpickler(self.file)
        return unpickler.load()

    def close(self) -> None:
        """Let go of the file."""
        if not self.is_closed:
            super().close()


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _ALLOWED_CLASSES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError("An index file holds an unexpected object")


class MemoryStorage(RamStorage):  # type: ignore[misc]
    """Temporary files in memory, with temporary files of their own in memory too."""

    def create_file(self, name: str, **_options: object) -> StructFile:
        """Begin a file; its bytes are kept when it, or its raw file, is closed."""
        return StructFile(_Kept(self.files, name), name=name)

    def open_file(self, name: str, **_options: object) -> BufferFile:
        """Open a kept file."""
        return BufferFile(memoryview(self.files[name]), name=name)

    def delete_file(self, name: str) -> None:
        """Forget a file."""
        self.files.pop(name, None)

    def temp_storage(self, name: str | None = None) -> "MemoryStorage":
        """Return more of the same: Whoosh's own would go to the system's temp."""
        return MemoryStorage()


class _Kept(io.BytesIO):
    fileno = property()  # not a real file: hasattr says no

    def __init__(self, files: dict[str, bytes], name: str) -> None:
        super().__init__()
        self._files, self._name = files, name

    def close(self) -> None:
        if not self.closed:
            self._files[self._name] = self.getvalue()
        super().close()


def create_in_folder(path: Path, flags: int) -> int:
    """Open a file for its owner; a new one in a folder of mode 2770 for the group too.

    Two users of one group may share an index that way: one writes, both read.
    """
    is_new = not path.exists()
    descriptor = os.open(path, flags, 0o600)
    if is_new and stat.S_IMODE(path.parent.stat().st_mode) == SHARED:
        os.fchmod(descriptor, 0o660)
    return descriptor


class FolderLock:
    """The lock of writers, across processes; a dead process lets go of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, blocking: bool = False) -> bool:  # noqa: FBT001, FBT002 - Whoosh's signature
        """Take the lock if it is free, or wait for it; says whether it was taken."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = create_in_folder(self._path, flags)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
