"""An archive made again from a backup, in a home where there is none.

    .restoring   written first: as long as it is there, nothing else opens this home
    key files    they open the manifest; what it does not confirm is refused
    files        what is there already and whole is kept: a killed restore goes on
    database     last, renamed into its place
    .restored    from here the archive can be opened: shredded objects are made dark
                 again, the index is built, all is read back; then the mark goes

The list of what was shredded is taken from the newest backup of the place, whichever is
restored, and joined with the one outside the home: what was shredded since stays dark.
Everybody is signed out: who was shut out since the backup must not come back with it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select
from sqlalchemy.exc import OperationalError

from archive import backup, depot, keyplaces, verification
from archive import config as settings
from archive import site as sites
from archive.backup import DATABASE, KEYS
from archive.config import RESTORING, TOML_NAME, BucketAddress, Config, ConfigError
from archive.db import Database
from archive.db.dumping import DumpDamaged
from archive.depot import Depot, Fingerprint, Tell
from archive.site import Site
from archive.vault import dumps, keyfiles, manifests, stores
from archive.vault.dumps import Sealed
from archive.vault.errors import IntegrityError, StoreUnavailable, VaultError
from archive.vault.files import make_private_folder, sync_folder
from archive.vault.keyrings import Keyring
from archive.verification import Report
from archive.work import indexing
from auth.access import consents
from auth.credentials import sessions, tokens
from auth.credentials.sessions import Ending
from auth.tables import Account

RESTORED = ".restored"
_SHREDDED = KEYS + "shredded.sealed"


@dataclass
class Restored:
    """What came back; `lost` are sealed files that the backup did not have whole."""

    backup: str
    objects: int
    records: int = 0
    signed_out: int = 0
    lost: list[str] = field(default_factory=list)
    report: Report = field(default_factory=Report)

    @property
    def ok(self) -> bool:
        return self.report.ok and not self.lost

    def as_json(self) -> dict[str, Any]:
        """The document that `vigil restore --json` prints."""
        facts = {**asdict(self), "report": self.report.as_json()}
        return {"ok": self.ok, "made_at": depot.made_at(self.backup), **facts}


def restore(
    environ: Mapping[str, str],
    place: Path | BucketAddress,
    *,
    actor: str,
    tell: Tell,
    chosen: str | None = None,
    clock: Callable[[], datetime] = sites.utc_now,
) -> Restored:
    """Restore a backup, the newest if none is chosen, into the empty home of `environ`.

    Killed and called again it goes on.

    :raises ConfigError: the home is not empty, there is no backup, the key is another's
    :raises VaultError: the backup is damaged where nothing works without
    """
    config = settings.load(environ)
    settings.check_safe(config)
    source = Depot.at(config, _require_place(place))
    name = _pick(source, chosen)
    mark, done = config.home / RESTORED, Restored(name, 0)
    if mark.exists():
        done.backup = mark.read_text(encoding="utf-8")
    else:
        _begin(config, name)
        done.lost = _bring_back(environ, source, name, tell)
        (config.home / RESTORING).rename(mark)
    site = sites.open_site(settings.load(environ), clock)
    try:
        _prove(site, source, done, actor, tell)
        site.db.unmark()
    finally:
        site.close()
    mark.unlink()
    return done


def _require_place(place: Path | BucketAddress) -> Path | BucketAddress:
    # Opening a depot makes its folders: a misspelt place must not become an empty one.
    if isinstance(place, Path) and not (place / "backups").is_dir():
        raise ConfigError(f"There are no backups in {place}.")
    return place


def _pick(source: Depot, chosen: str | None) -> str:
    names = source.names()
    found = [name for name in names if name.startswith(chosen or "")]
    if not found:
        raise ConfigError("There is no such backup here." if chosen else "No backups.")
    return found[-1]


def _begin(config: Config, name: str) -> None:
    """Mark the home as being restored from this very backup.

    :raises ConfigError: there is something else in it
    """
    home, mark = config.home, config.home / RESTORING
    if mark.exists():
        begun = mark.read_text(encoding="utf-8")
        if begun != name:
            raise ConfigError(
                f"{home} is being restored from backup {begun}: give --at {begun}, or "
                "empty the home."
            )
        return
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConfigError(f"{home} is not empty; restore into a new folder.")
    _refuse_occupied(config)
    make_private_folder(home)
    home.chmod(0o700)
    keyfiles.put(mark, name.encode())


def _bring_back(
    environ: Mapping[str, str], source: Depot, name: str, tell: Tell
) -> list[str]:
    config = settings.load(environ)
    raw = source.manifest(name)
    cover = manifests.read_cover(raw)
    fetched = _fetch_keys(config, source, cover.files)
    keyring = Keyring.load(keyplaces.unlock(config), config.keyrings)
    content = manifests.open_sealed(keyring, raw)
    prints = {each: Fingerprint(**print_) for each, print_ in content["files"].items()}
    for key_file, data in fetched.items():
        if depot.fingerprint_of(data) != prints.get(key_file):
            raise IntegrityError(f"{key_file} of the backup is not what was backed up")
    _take_newest_shreddings(config, source)
    _put_settings(config, content["settings"], environ)
    config = settings.load(environ)
    sealed = content.get("sealed_database")
    _require_kind(config, sealed)
    lost = _fetch_objects(config, source, backup.objects_of(content), tell)
    if sealed is None:
        _fetch_database(config, source, cover.files[DATABASE], prints[DATABASE])
    else:
        _load_database(config, source, Sealed.from_json(sealed), name)
    return lost


def _fetch_keys(
    config: Config, source: Depot, files: Mapping[str, str]
) -> dict[str, bytes]:
    make_private_folder(config.keyrings)
    fetched = {}
    for name, blob in files.items():
        if name.startswith(KEYS):
            fetched[name] = depot.read(source.states, blob)
            keyfiles.put(_key_file(config, name), fetched[name])
    return fetched


def _key_file(config: Config, name: str) -> Path:
    plain = name.removeprefix(KEYS)
    # The clear part of a manifest is not proven yet when this name is used.
    if not plain or plain.startswith(".") or "/" in plain or "\0" in plain:
        raise IntegrityError("the manifest names a key file that cannot be")
    return config.keyrings / plain


def _take_newest_shreddings(config: Config, source: Depot) -> None:
    """Put the list of the newest backup, which has all that the older ones have."""
    for name in reversed(source.names()):
        cover = manifests.read_cover(source.manifest(name))
        blob = cover.files.get(_SHREDDED)
        if blob is not None:
            keyfiles.put(_key_file(config, _SHREDDED), depot.read(source.states, blob))
            return


def _put_settings(config: Config, text: str | None, environ: Mapping[str, str]) -> None:
    """Write the settings file; where the key is was said anew, in the environment."""
    if text is None:
        return
    lines = [line for line in text.splitlines() if not line.startswith("key_")]
    if key_file := environ.get("VIGIL_KEY_FILE"):
        lines.append(f"key_file = {json.dumps(str(Path(key_file).absolute()))}")
    keyfiles.put(config.home / TOML_NAME, ("\n".join(lines) + "\n").encode())


def _fetch_objects(
    config: Config, source: Depot, wanted: Mapping[str, Fingerprint], tell: Tell
) -> list[str]:
    """Copy the sealed files; return those that the backup does not have whole."""
    store = stores.open_store(config, config.object_store)
    there = {blob.name for blob in store.stored()}
    lost = []
    for number, (name, print_) in enumerate(wanted.items(), 1):
        tell("files", number, len(wanted))
        if name in there:
            if depot.holds(store, name, print_):
                continue
            store.delete(name)
        try:
            depot.copy(source.objects, store, name, print_)
        except StoreUnavailable:
            raise
        except VaultError:
            lost.append(name)
    return lost


def _fetch_database(
    config: Config, source: Depot, blob: str, wanted: Fingerprint
) -> None:
    path = _database(config)
    if path.exists():
        _require_ours(path, wanted)
        return
    unfinished = path.with_name(path.name + RESTORING)
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        depot.fetch_file(source.states, blob, file.write, wanted)
        file.flush()
        os.fsync(file.fileno())
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    unfinished.replace(path)
    sync_folder(path.parent)


def _require_ours(path: Path, wanted: Fingerprint) -> None:
    """What is there must be what a killed restore has just put there.

    :raises ConfigError: it is another database, perhaps the living one
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if Fingerprint(path.stat().st_size, digest) != wanted:
        raise ConfigError(f"{path} is another database; set VIGIL_DATABASE_URL anew.")


def _load_database(config: Config, source: Depot, sealed: Sealed, name: str) -> None:
    """Fill the empty PostgreSQL database, in one transaction."""
    db = Database(config.database_url, None)
    try:
        if db.is_empty():
            with closing(dumps.read(source.states, sealed)) as stream:
                db.load(stream, name)
        elif db.loaded_from() != name:
            raise ConfigError(_OCCUPIED)
    except DumpDamaged as error:
        raise ConfigError(f"{str(error).capitalize()}.") from error
    except OperationalError as error:
        raise ConfigError(_NO_ANSWER) from error
    finally:
        db.close()


_OCCUPIED = "The database holds something; give VIGIL_DATABASE_URL an empty one."
_NO_ANSWER = "The database does not answer: check VIGIL_DATABASE_URL."


def _refuse_occupied(config: Config) -> None:
    """Nothing is restored over a database, whosever it is."""
    if _is_sqlite(config):
        path = _database(config)
        if path.exists():
            raise ConfigError(f"{path} is there already; move it away.")
        return
    db = Database(config.database_url, None)
    try:
        if not db.is_empty():
            raise ConfigError(_OCCUPIED)
    except OperationalError as error:
        raise ConfigError(_NO_ANSWER) from error
    finally:
        db.close()


def _require_kind(config: Config, sealed: object) -> None:
    if _is_sqlite(config) == (sealed is None):
        return
    wanted = "sqlite:////a/new/file" if sealed is None else "postgresql+psycopg://…"
    raise ConfigError(
        "The database of this backup is of the other kind: set VIGIL_DATABASE_URL to "
        f"{wanted}."
    )


def _is_sqlite(config: Config) -> bool:
    return make_url(config.database_url).get_backend_name() == "sqlite"


def _database(config: Config) -> Path:
    return Path(make_url(config.database_url).database or "")


def _prove(site: Site, source: Depot, done: Restored, actor: str, tell: Tell) -> None:
    """Build the index, sign everybody out, say so, read everything back."""
    make_private_folder(site.config.index)
    done.records = indexing.rebuild(site, lambda n, of: tell("index", n, of))
    done.signed_out = _sign_everybody_out(site)
    raw = source.manifest(done.backup)
    done.objects = len(manifests.open_sealed(site.keyring, raw)["objects"])
    with site.db.write() as session:
        site.ledger.append(
            session,
            "replication",
            actor=actor,
            now=site.clock(),
            detail={"restored": done.backup, "lost": len(done.lost)},
        )
    done.report = verification.verify(
        site, actor=actor, now=site.clock(), progress=tell
    )


def _sign_everybody_out(site: Site) -> int:
    now = site.clock()
    with site.db.write() as session:
        everybody = session.scalars(select(Account.id)).all()
        for account_id in everybody:
            sessions.end_all(session, account_id, Ending.ACCOUNT_CHANGED, now)
            tokens.revoke_all(session, account_id, "restored", now)
            consents.end_for_account(session, account_id, now)
    return len(everybody)
