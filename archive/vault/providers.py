"""Where the unlock secret comes from. It must never lie beside what it opens.

| provider | set by | for |
|---|---|---|
| `FileProvider` | VIGIL_KEY_FILE | development, a small site |
| `CommandProvider` | VIGIL_KEY_COMMAND | a key server with a client program |
| `CredentialProvider` | LoadCredentialEncrypted=vigil-key:... | one server, systemd |

All three hand over the same single line: `vigil-key-1:` and 64 hexadecimal digits.
Nothing readable by others is accepted, nothing is guessed, and there is no default key.
"""

import os
import re
import secrets
import shlex
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from archive.vault.errors import KeyUnavailable
from archive.vault.files import make_private_folder, sync_folder, write_new
from archive.vault.keys import UnlockSecret

CREDENTIAL = "vigil-key"
COMMAND_SECONDS = 60

_LINE = re.compile(rb"vigil-key-1:([0-9a-fA-F]{64})\s*")
_MOST_BYTES = 4096


class KeyProvider(Protocol):
    """One way to have the unlock secret."""

    def unlock(self) -> UnlockSecret:
        """Return the unlock secret.

        :raises KeyUnavailable: with one sentence that says what to mend
        """
        ...


def choose_provider(
    home: Path,
    key_file: Path | None = None,
    key_command: str | None = None,
    credentials_folder: Path | None = None,
) -> KeyProvider:
    """Pick the one provider that is set; a systemd credential counts when it is there.

    :raises KeyUnavailable: none is set, or more than one, so that it is unclear which
    """
    found: list[KeyProvider] = []
    if key_file is not None:
        found.append(FileProvider(key_file, home))
    if key_command:
        found.append(CommandProvider(shlex.split(key_command)))
    if credentials_folder is not None and (credentials_folder / CREDENTIAL).exists():
        found.append(CredentialProvider(credentials_folder))
    if not found:
        raise KeyUnavailable(
            "no key: set VIGIL_KEY_FILE or VIGIL_KEY_COMMAND, or give systemd the "
            f"credential {CREDENTIAL}"
        )
    if len(found) > 1:
        raise KeyUnavailable(
            "more than one key is set: keep one of VIGIL_KEY_FILE, VIGIL_KEY_COMMAND "
            f"and the systemd credential {CREDENTIAL}"
        )
    return found[0]


def create_key_file(path: Path, home: Path) -> UnlockSecret:
    """Draw an unlock secret and write it to a new file, readable by the owner alone.

    :raises KeyUnavailable: the file would lie inside the home
    :raises FileExistsError: there is a file; a key is never overwritten
    """
    _refuse_inside(path, home)
    make_private_folder(path.parent)
    secret = secrets.token_bytes(32)
    write_new(path, b"vigil-key-1:" + secret.hex().encode() + b"\n")
    sync_folder(path.parent)
    return UnlockSecret(secret)


class FileProvider:
    """Reads a file that belongs to this user, mode 0400 or 0600, outside the home."""

    def __init__(self, path: Path, home: Path) -> None:
        self._path = path
        self._home = home

    def unlock(self) -> UnlockSecret:
        """Read the file.

        :raises KeyUnavailable: missing, unsafe, or not an unlock secret
        """
        _refuse_inside(self._path, self._home)
        return _parse(_read(self._path, forbidden=0o177), f"key file {self._path}")


class CredentialProvider:
    """Reads the credential that systemd put into its folder for this service."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CREDENTIAL

    def unlock(self) -> UnlockSecret:
        """Read the credential.

        :raises KeyUnavailable: missing, readable by everybody, or no unlock secret
        """
        # systemd lets the service's user in by an access list: it shows as group bits.
        return _parse(_read(self._path, forbidden=0o137), f"credential {CREDENTIAL}")


class CommandProvider:
    """Runs a program, without a shell, and reads the secret from its output."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def unlock(self) -> UnlockSecret:
        """Run the program; it has a minute.

        :raises KeyUnavailable: it cannot run, fails, or prints something else
        """
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own setting, no shell
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, ValueError, IndexError):
            raise KeyUnavailable(
                "the program of VIGIL_KEY_COMMAND cannot run"
            ) from None
        except subprocess.TimeoutExpired:
            raise KeyUnavailable(
                f"VIGIL_KEY_COMMAND did not end within {COMMAND_SECONDS} seconds"
            ) from None
        if done.returncode != 0:
            raise KeyUnavailable(
                f"VIGIL_KEY_COMMAND ended with status {done.returncode}"
            )
        return _parse(done.stdout, "output of VIGIL_KEY_COMMAND")


def _refuse_inside(path: Path, home: Path) -> None:
    if path.resolve().is_relative_to(home.resolve()):
        raise KeyUnavailable(
            f"the key file {path} lies inside the archive's home: move it out, and out "
            "of the home's backup"
        )


def _read(path: Path, forbidden: int) -> bytes:
    try:
        # Not blocking: a pipe of that name must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the key {path} cannot be read: {reason}") from None
    try:
        _refuse_unsafe(path, os.fstat(descriptor), forbidden)
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def _refuse_unsafe(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable(f"the key {path} is not a regular file")
    if status.st_uid not in (os.geteuid(), 0):
        raise KeyUnavailable(f"the key {path} belongs to another user")
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise KeyUnavailable(
            f"the key {path} can be read or run by others: chmod 600 {path}"
        )


def _parse(raw: bytes, what: str) -> UnlockSecret:
    line = _LINE.fullmatch(raw)
    if line is None:
        raise KeyUnavailable(f"the {what} does not hold an unlock secret")
    return UnlockSecret(bytes.fromhex(line[1].decode()))
