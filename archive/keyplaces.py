"""Where this archive's secret is, by its settings, and what lies beside it.

    unlock    the secret that opens everything; where another is given, says so
    secret    either that, or the working secret of a process without originals

Whatever is wrong with a key is told in one sentence that says what to mend.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from archive import escrow
from archive.config import Config, ConfigError
from archive.vault import passphrases, providers
from archive.vault.errors import VaultError
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret, WorkingSecret


def secret(config: Config) -> UnlockSecret | WorkingSecret:
    """Have the secret from wherever the settings say.

    :raises ConfigError: it cannot be had, in one sentence that says what to mend
    """
    try:
        return providers.choose_provider(
            config.home,
            config.key_file,
            config.key_command,
            config.credentials_folder,
            passphrase_file=config.key_passphrase_file,
            key_shares=config.key_shares,
            descriptor=config.key_fd,
        ).unlock()
    except VaultError as error:
        raise ConfigError(sentence(error)) from error


def unlock(config: Config) -> UnlockSecret:
    """Have the secret that opens everything.

    :raises ConfigError: it cannot be had, or the one given does not open originals
    """
    found = secret(config)
    if isinstance(found, WorkingSecret):
        raise ConfigError(
            "The key given here does not open originals: run this as the user who "
            "has the archive's own key."
        )
    return found


def needs_people(config: Config) -> bool:
    """Whether the secret comes from a passphrase or shares, so is asked once."""
    if config.key_shares or config.key_passphrase_file:
        return True
    has_header = (config.keyrings / passphrases.HEADER).exists()
    return has_header and _is_left_open(config)


def shred_list(config: Config, keyring: Keyring) -> Path:
    """Where the list of what was shredded is kept apart from the home."""
    name = f"vigil-{keyring.archive_id}.shredded"
    return config.shred_list or escrow.private_folder(config) / name


def broker_journal(config: Config, keyring: Keyring) -> Path:
    """Where the broker keeps its own journal, apart from the home."""
    name = f"vigil-{keyring.archive_id}.journal"
    return config.broker_journal or escrow.private_folder(config) / name


def missing_key_file(config: Config) -> Path | None:
    """The key file that has to be made; None when there is a key already."""
    if config.key_file is not None:
        return None if config.key_file.exists() else config.key_file
    if config.key_command or config.key_shares or config.key_passphrase_file:
        return None
    if config.key_fd is not None or _has_credential(config):
        return None
    name = f"{config.home.name}-{secrets.token_hex(4)}.key"
    return escrow.private_folder(config) / name


def sentence(error: VaultError) -> str:
    """What the vault said, as a sentence of its own."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _is_left_open(config: Config) -> bool:
    """Whether no file, program, credential or descriptor was named for the key."""
    named = (config.key_file, config.key_command, config.key_fd)
    return not _has_credential(config) and all(each is None for each in named)


def _has_credential(config: Config) -> bool:
    folder = config.credentials_folder
    return folder is not None and (folder / providers.CREDENTIAL).exists()
