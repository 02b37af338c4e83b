"""Files that hold secrets: read only where nobody else could have read or written them.

Every refusal is one sentence that says what to mend.
"""

import os
import stat
from pathlib import Path

from archive.vault.errors import KeyUnavailable

MOST_BYTES = 4096


def read(path: Path, forbidden: int) -> bytes:
    """Read a regular file of this user, or of root, without these permission bits.

    :raises KeyUnavailable: missing, unsafe, or no regular file
    """
    try:
        # Not blocking: a pipe of that name must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the key {path} cannot be read: {reason}") from None
    try:
        _refuse_unsafe(path, os.fstat(descriptor), forbidden)
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


def read_descriptor(descriptor: int, what: str) -> bytes:
    """Read what this process was given open; what can be read again stays so.

    :raises KeyUnavailable: there is no such descriptor
    """
    try:
        return os.pread(descriptor, MOST_BYTES, 0)
    except OSError:
        pass  # a pipe has no place to read from
    try:
        return os.read(descriptor, MOST_BYTES)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"{what} cannot be read: {reason}") from None


def refuse_inside(path: Path, home: Path) -> None:
    """Make sure that a secret does not lie beside what it opens.

    :raises KeyUnavailable: it does
    """
    if path.resolve().is_relative_to(home.resolve()):
        raise KeyUnavailable(
            f"the key file {path} lies inside the archive's home: move it out, and out "
            "of the home's backup"
        )


def _refuse_unsafe(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable(f"the key {path} is not a regular file")
    if status.st_uid not in (os.geteuid(), 0):
        raise KeyUnavailable(f"the key {path} belongs to another user")
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise KeyUnavailable(
            f"the key {path} can be read or run by others: chmod 600 {path}"
        )
