"""Files of the vault on disk: private to the owner, and there after a power cut.

A folder of mode 2770 is shared: what is made in it belongs to its group as well, so
that a broker and a web server can be two users of one home. See docs/deploy.md.
"""

import os
import stat
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SHARED_FILE = 0o660
SHARED_FOLDER = 0o2770


def mode_in(folder: Path) -> int:
    """The permissions of a new file there."""
    shared = stat.S_IMODE(folder.stat().st_mode) == SHARED_FOLDER
    return SHARED_FILE if shared else PRIVATE_FILE


def create_private(path: Path) -> int:
    """Create a file for the owner, whatever the umask; open to write.

    In a shared folder it is for the group as well.

    :raises FileExistsError: something has that name
    """
    mode = mode_in(path.parent)
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode
    )
    os.fchmod(descriptor, mode)
    return descriptor


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of the data, in as many calls as the system wants."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_new(path: Path, data: bytes) -> None:
    """Write a new private file and wait until the disk has it.

    :raises FileExistsError: something has that name
    """
    descriptor = create_private(path)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it, for the owner; below a shared one, shared."""
    # With parents=True the ones above would be made by the umask alone.
    for folder in reversed([path, *path.parents]):
        if not folder.is_dir():
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            if mode_in(folder.parent) == SHARED_FILE:
                folder.chmod(SHARED_FOLDER)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
