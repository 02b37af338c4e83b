"""Who can get the archive back when its key is lost: settled before anything comes in.

    Wish()                      a new pair; the private key goes to a file, to be moved
    Wish(public=...)            somebody's own public key
    Wish(waiver="...")          nobody, in writing

The private key never lies in the home. The bundle that it opens does, and in whatever
backup the home is in, so that one stick in a safe is enough.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.config import Config, ConfigError
from archive.vault import recipients, recovery
from archive.vault.errors import KeyUnavailable
from archive.vault.keyfiles import KeyFiles
from archive.vault.keyrings import Keyring
from archive.vault.recipients import Recipient
from archive.vault.recovery import Settled, Waiver

FEWEST_WORDS = 3
MISSING = (
    "Nothing is taken in yet: if the key of this archive were lost, nobody could get "
    "it back. Run `vigil keys init`, or `vigil keys init --waive-recovery REASON`."
)


@dataclass(frozen=True)
class Wish:
    """How recovery shall be settled; with neither, a new pair is made."""

    public: Path | None = None
    waiver: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What was settled, and where the private key of a new pair was written."""

    settled: Settled
    private: Path | None = None

    def detail(self) -> dict[str, Any]:
        """What the ledger says of it."""
        facts: dict[str, Any] = {
            "recipients": [
                {"name": each.name, "fingerprint": each.fingerprint}
                for each in self.settled.recipients
            ]
        }
        if self.settled.waiver is not None:
            facts["waived"] = self.settled.waiver.reason
        return facts


def settle(config: Config, keyring: Keyring, wish: Wish, now: datetime) -> Outcome:
    """Do as wished; the caller tells the ledger.

    :raises ConfigError: the wish is unclear, or cannot be fulfilled
    """
    if wish.waiver is not None:
        return _waive(keyring, wish, now)
    if wish.public is not None:
        try:
            found = recipients.read_public(wish.public)
        except KeyUnavailable as error:
            raise ConfigError(f"The recovery key is of no use: {error}.") from error
        return Outcome(add(keyring, found, now))
    return _draw(config, keyring, now)


def add(keyring: Keyring, recipient: Recipient, now: datetime) -> Settled:
    """Let somebody else recover, too; a waiver ends with it."""
    files = _files(keyring)
    before = recovery.settled(files).recipients
    others = [each for each in before if each.public != recipient.public]
    after = Settled((*others, recipient))
    recovery.settle(files, after)
    keyring.write_bundle(now)
    return after


def settled(keyring: Keyring) -> Settled:
    """What was settled.

    :raises KeyUnavailable: the file that says so does not open
    """
    return recovery.settled(_files(keyring))


def private_folder(config: Config) -> Path:
    """Where private things of this archive lie: beside its key, never in the home."""
    if config.key_file is not None:
        return config.key_file.parent
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "vigil"


def _waive(keyring: Keyring, wish: Wish, now: datetime) -> Outcome:
    if wish.public is not None:
        raise ConfigError("Recovery is either given to somebody or waived, not both.")
    reason = " ".join((wish.waiver or "").split())
    if len(reason.split()) < FEWEST_WORDS:
        raise ConfigError("Say in a few words why recovery is waived.")
    files = _files(keyring)
    if recovery.settled(files).recipients:
        raise ConfigError("There is somebody who can recover; nothing is to be waived.")
    waived = Settled((), Waiver(reason, now))
    recovery.settle(files, waived)
    return Outcome(waived)


def _draw(config: Config, keyring: Keyring, now: datetime) -> Outcome:
    key = recipients.draw()
    recipient = key.public("made by init")
    name = f"{config.home.name}-{recipient.fingerprint[:8]}.recovery.pem"
    path = private_folder(config) / name
    if path.resolve().is_relative_to(config.home.resolve()):
        raise ConfigError(f"The recovery key cannot lie in the home, at {path}.")
    try:
        recipients.write_private(path, key)
    except OSError as error:
        raise ConfigError(
            f"The recovery key cannot be written to {path} "
            f"({os.strerror(error.errno or 0)}): give --recovery PUBLIC.pem."
        ) from error
    try:
        return Outcome(add(keyring, recipient, now), path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _files(keyring: Keyring) -> KeyFiles:
    if keyring.files is None:
        raise KeyUnavailable("this keyring has no folder")
    return keyring.files
