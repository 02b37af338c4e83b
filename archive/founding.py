"""A new archive: made once, in a home that is not there yet, or empty.

    folder -> unlock secret -> keyrings -> database -> index -> recovery -> ledger

What was made is removed again after an error; there is an archive, or there is nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archive import config as settings
from archive import escrow, keyplaces
from archive.config import Config, ConfigError
from archive.records import vocabulary
from archive.site import Site, assemble, utc_now
from archive.vault import keylines, passphrases, stores
from archive.vault.errors import KeyUnavailable
from archive.vault.files import make_private_folder, write_new
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret


def create_home(
    config: Config,
    clock: Callable[[], datetime] = utc_now,
    wish: escrow.Wish | None = None,
    passphrase: str | None = None,
) -> Site:
    """Make a new archive in the home, which must not exist or be empty.

    Without any key setting or passphrase, a key file is made in the user's
    configuration folder and named in the home's `vigil.toml`. Who can recover the keys
    is settled as wished. What was made is removed again after an error.

    :raises ConfigError: there is something already, or a setting is unsafe
    """
    home = config.home
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConfigError(f"{home} is not empty; an archive is made in a new folder.")
    if home.exists():
        home.chmod(0o700)
    settings.check_safe(config)
    if passphrase:
        _check_passphrase(passphrase)
    made_key = None if passphrase else keyplaces.missing_key_file(config)
    with_key = replace(config, key_file=made_key) if made_key else config
    try:
        if passphrase:
            return _make_behind(passphrase, with_key, clock, wish)
        return _make(with_key, made_key, clock, wish)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        if made_key is not None:
            made_key.unlink(missing_ok=True)
        raise


def _make(
    config: Config,
    made_key: Path | None,
    clock: Callable[[], datetime],
    wish: escrow.Wish | None,
) -> Site:
    _make_folder(config)
    if made_key is not None:
        secret = keylines.create_key_file(made_key, config.home)
        line = f"key_file = {json.dumps(str(made_key))}\n"
        write_new(config.home / settings.TOML_NAME, line.encode())
    else:
        secret = keyplaces.unlock(config)
    return _found(config, secret, clock, wish)


def _make_behind(
    passphrase: str,
    config: Config,
    clock: Callable[[], datetime],
    wish: escrow.Wish | None,
) -> Site:
    """Make an archive whose unlock secret is nowhere but behind a passphrase."""
    if config.key_file or config.key_command or config.key_shares:
        raise ConfigError("A new archive has a passphrase or another key, not both.")
    _make_folder(config)
    secret = keylines.draw_secret()
    site = _found(config, secret, clock, wish)
    passphrases.write_header(config.keyrings, passphrase, secret)
    return site


def _check_passphrase(passphrase: str) -> None:
    try:
        passphrases.check(passphrase)
    except KeyUnavailable as error:
        raise ConfigError(keyplaces.sentence(error)) from error


def _make_folder(config: Config) -> None:
    make_private_folder(config.home)
    config.home.chmod(0o700)


def _found(
    config: Config,
    secret: UnlockSecret,
    clock: Callable[[], datetime],
    wish: escrow.Wish | None,
) -> Site:
    now = clock()
    _refuse_occupied_store(config)
    keyring = Keyring.create(secret, config.keyrings, now)
    keyring.keep_shredded_at(keyplaces.shred_list(config, keyring))
    site = assemble(config, keyring, clock)
    try:
        return _furnish(site, wish or escrow.Wish(), now)
    except BaseException:
        site.db.close()
        raise


def _furnish(site: Site, wish: escrow.Wish, now: datetime) -> Site:
    if not site.db.is_empty():
        raise ConfigError(
            "The database holds something already; give VIGIL_DATABASE_URL a new one."
        )
    site.bring_up_to_date()
    site.create_index()
    outcome = escrow.settle(site.config, site.keyring, wish, now)
    try:
        with site.db.write() as session:
            vocabulary.take_in(session, now)
            detail = {"keys": len(site.keyring.names()), **outcome.detail()}
            site.ledger.append(
                session, "archive created", actor="operator", now=now, detail=detail
            )
    except BaseException:
        if outcome.private is not None:
            outcome.private.unlink()
        raise
    return replace(site, recovery_key=outcome.private)


def _refuse_occupied_store(config: Config) -> None:
    store = config.object_store
    if stores.is_occupied(config, store):
        raise ConfigError(
            f"{store} holds something already; give VIGIL_OBJECT_STORE a new place."
        )
