"""The one line that an unlock secret, or a working secret, is written as.

    vigil-key-1:          and  64 hexadecimal digits     opens everything
    vigil-working-key-1:  and 192 hexadecimal digits     opens all but the originals

Key files, programs, credentials and descriptors hand over the same line; nothing else
is accepted, and nothing is guessed.
"""

import os
import re
import secrets
from pathlib import Path

from archive.vault import privatefiles
from archive.vault.container import KEY_SIZE
from archive.vault.errors import KeyUnavailable
from archive.vault.files import (
    PRIVATE_FILE,
    make_private_folder,
    sync_folder,
    write_new,
)
from archive.vault.keyfiles import NOT_ORIGINALS
from archive.vault.keys import UnlockSecret, WorkingSecret

_WHOLE, _WORKING = b"vigil-key-1:", b"vigil-working-key-1:"
_LINE = re.compile(_WHOLE + rb"([0-9a-fA-F]{%d})\s*" % (2 * KEY_SIZE))
_WORKING_LINE = re.compile(
    _WORKING + rb"([0-9a-fA-F]{%d})\s*" % (2 * KEY_SIZE * len(NOT_ORIGINALS))
)


def parse(raw: bytes, what: str) -> UnlockSecret | WorkingSecret:
    """Read the line; `what` is what it was found in.

    :raises KeyUnavailable: it is no such line
    """
    if line := _LINE.fullmatch(raw):
        return UnlockSecret(bytes.fromhex(line[1].decode()))
    if line := _WORKING_LINE.fullmatch(raw):
        return WorkingSecret(bytes.fromhex(line[1].decode()))
    raise KeyUnavailable(f"the {what} does not hold an unlock secret")


def draw_secret() -> UnlockSecret:
    """Draw an unlock secret that is nowhere yet."""
    return UnlockSecret(secrets.token_bytes(KEY_SIZE))


def create_key_file(path: Path, home: Path) -> UnlockSecret:
    """Draw an unlock secret and write it to a new file, readable by the owner alone.

    :raises KeyUnavailable: the file would lie inside the home
    :raises FileExistsError: there is a file; a key is never overwritten
    """
    unlock = draw_secret()
    write_key_file(path, home, unlock)
    return unlock


def write_key_file(
    path: Path, home: Path, unlock: UnlockSecret | WorkingSecret
) -> None:
    """Write a secret to a new file, readable by the owner alone.

    :raises KeyUnavailable: the file would lie inside the home
    :raises FileExistsError: there is a file; a key is never overwritten
    """
    privatefiles.refuse_inside(path, home)
    make_private_folder(path.parent)
    write_new(path, _line(unlock))
    path.chmod(PRIVATE_FILE)  # whatever the folder shares, never this
    sync_folder(path.parent)


def hand_over(unlock: UnlockSecret | WorkingSecret) -> int:
    """Put the secret into memory that a child process can be given as a descriptor.

    No name leads to it, and it is gone with the last process that holds it.
    """
    descriptor = os.memfd_create("vigil-key", os.MFD_CLOEXEC)
    os.write(descriptor, _line(unlock))
    return descriptor


def _line(unlock: UnlockSecret | WorkingSecret) -> bytes:
    start = _WORKING if isinstance(unlock, WorkingSecret) else _WHOLE
    return start + unlock.secret_bytes().hex().encode() + b"\n"
