"""Where the unlock secret comes from. It must never lie beside what it opens.

| provider | set by | for |
|---|---|---|
| `FileProvider` | VIGIL_KEY_FILE | development, a small site |
| `CommandProvider` | VIGIL_KEY_COMMAND | a key server with a client program |
| `CredentialProvider` | LoadCredentialEncrypted=vigil-key:... | one server, systemd |
| `PassphraseProvider` | VIGIL_KEY_PASSPHRASE_FILE, or asked | a site at high risk |
| `SharesProvider` | VIGIL_KEY_SHARES | the same, two administrators of three |
| `DescriptorProvider` | VIGIL_KEY_FD | a program that was handed the secret, open |

Files, programs, credentials and descriptors hand over the line of `keylines`. Nothing
readable by others is accepted, nothing is guessed, and there is no default key.
"""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from archive.vault import keylines, passphrases, privatefiles, shares
from archive.vault.errors import KeyUnavailable
from archive.vault.keys import UnlockSecret, WorkingSecret

CREDENTIAL = "vigil-key"
COMMAND_SECONDS = 60


class KeyProvider(Protocol):
    """One way to have the unlock secret."""

    def unlock(self) -> UnlockSecret | WorkingSecret:
        """Return the unlock secret.

        :raises KeyUnavailable: with one sentence that says what to mend
        """
        ...


def choose_provider(  # noqa: PLR0913 - each is one place a key may be
    home: Path,
    key_file: Path | None = None,
    key_command: str | None = None,
    credentials_folder: Path | None = None,
    *,
    passphrase_file: str | None = None,
    key_shares: Sequence[Path] = (),
    descriptor: int | None = None,
) -> KeyProvider:
    """Pick the one provider that is set; a systemd credential counts when it is there.

    A secret handed over as a descriptor comes before all others; a passphrase is asked
    for where the key folder has its header and nothing is set.

    :raises KeyUnavailable: none is set, or more than one, so that it is unclear which
    """
    if descriptor is not None:
        return DescriptorProvider(descriptor)
    found: list[KeyProvider] = []
    if key_file is not None:
        found.append(FileProvider(key_file, home))
    if key_command:
        found.append(CommandProvider(shlex.split(key_command)))
    if credentials_folder is not None and (credentials_folder / CREDENTIAL).exists():
        found.append(CredentialProvider(credentials_folder))
    found += _by_people(home, passphrase_file, key_shares)
    return _the_one(found or _asking(home))


def _by_people(
    home: Path, passphrase_file: str | None, key_shares: Sequence[Path]
) -> list[KeyProvider]:
    found: list[KeyProvider] = []
    if passphrase_file:
        found.append(PassphraseProvider(home / "keys", home, passphrase_file))
    if key_shares:
        found.append(SharesProvider(key_shares, home))
    return found


def _asking(home: Path) -> list[KeyProvider]:
    folder = home / "keys"
    has_header = (folder / passphrases.HEADER).exists()
    return [PassphraseProvider(folder, home, None)] if has_header else []


def _the_one(found: list[KeyProvider]) -> KeyProvider:
    if not found:
        raise KeyUnavailable(
            "no key: set VIGIL_KEY_FILE or VIGIL_KEY_COMMAND, or give systemd the "
            f"credential {CREDENTIAL}"
        )
    if len(found) > 1:
        raise KeyUnavailable(
            "more than one key is set: keep one of VIGIL_KEY_FILE, VIGIL_KEY_COMMAND, "
            "VIGIL_KEY_PASSPHRASE_FILE, VIGIL_KEY_SHARES and the systemd credential "
            f"{CREDENTIAL}"
        )
    return found[0]


class FileProvider:
    """Reads a file that belongs to this user, mode 0400 or 0600, outside the home."""

    def __init__(self, path: Path, home: Path) -> None:
        self._path = path
        self._home = home

    def unlock(self) -> UnlockSecret | WorkingSecret:
        """Read the file.

        :raises KeyUnavailable: missing, unsafe, or not an unlock secret
        """
        privatefiles.refuse_inside(self._path, self._home)
        raw = privatefiles.read(self._path, forbidden=0o177)
        return keylines.parse(raw, f"key file {self._path}")


class CredentialProvider:
    """Reads the credential that systemd put into its folder for this service."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CREDENTIAL

    def unlock(self) -> UnlockSecret | WorkingSecret:
        """Read the credential.

        :raises KeyUnavailable: missing, readable by everybody, or no unlock secret
        """
        # systemd lets the service's user in by an access list: it shows as group bits.
        raw = privatefiles.read(self._path, forbidden=0o137)
        return keylines.parse(raw, f"credential {CREDENTIAL}")


class CommandProvider:
    """Runs a program, without a shell, and reads the secret from its output."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def unlock(self) -> UnlockSecret | WorkingSecret:
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
        return keylines.parse(done.stdout, "output of VIGIL_KEY_COMMAND")


class DescriptorProvider:
    """Reads the secret from a file or pipe that this process was given open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def unlock(self) -> UnlockSecret | WorkingSecret:
        """Read it, from the start where it can be read again.

        :raises KeyUnavailable: there is no such descriptor, or something else in it
        """
        what = f"VIGIL_KEY_FD {self._descriptor}"
        raw = privatefiles.read_descriptor(self._descriptor, what)
        return keylines.parse(raw, f"descriptor {self._descriptor}")


class PassphraseProvider:
    """Opens the header in the key folder with a passphrase: from a file, or asked."""

    def __init__(self, folder: Path, home: Path, source: str | None) -> None:
        self._folder = folder
        self._home = home
        self._source = source

    def unlock(self) -> UnlockSecret:
        """Derive the key, which takes a second on purpose.

        :raises KeyUnavailable: no header, nobody to ask, or the wrong passphrase
        """
        if not (self._folder / passphrases.HEADER).exists():
            raise KeyUnavailable(
                "this archive has no passphrase yet: run `vigil keys passphrase`"
            )
        if self._source is None:
            passphrase = passphrases.ask()
        else:
            passphrase = passphrases.read(self._source, self._home)
        return passphrases.open_header(self._folder, passphrase)


class SharesProvider:
    """Joins two opened shares."""

    def __init__(self, paths: Sequence[Path], home: Path) -> None:
        self._paths = list(paths)
        self._home = home

    def unlock(self) -> UnlockSecret:
        """Join them.

        :raises KeyUnavailable: one is missing, unsafe, or of another set
        """
        return shares.unlock(self._paths, self._home)
