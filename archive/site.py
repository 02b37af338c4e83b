"""One running archive: everything it is made of, opened from its settings.

    open_site    opens one, in well under a second; each process opens its own
    assemble     puts its parts together; for who makes an archive, see `founding`

A `Site` holds keys, so it is never pickled and its repr names its home only. The search
engine is opened on first use in whichever process asks; database connections likewise.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from archive import config as settings
from archive import escrow, gate, gazetteer, indexes, keyplaces, shredding, wording
from archive.broker.client import Broker
from archive.config import Config, ConfigError
from archive.db import Database, NewerSchema
from archive.intake.limits import UploadLimits
from archive.intake.refusals import Refused
from archive.jobs import DELIVERY, Delivery, Job
from archive.ledger import Ledger
from archive.records import vocabulary
from archive.records.errors import Conflict
from archive.twins import Memory
from archive.vault import stores
from archive.vault.errors import KeyUnavailable, VaultError
from archive.vault.fields import FieldSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose, UnlockSecret, WorkingSecret
from archive.vault.objects import Vault
from auth import modes, terms
from auth.modes import Standing
from auth.viewer import Mode, Rules, Viewer
from blur.limits import LIMITS
from blur.sandbox import Strength, strength
from search.engine import SearchEngine, SearchError


def utc_now() -> datetime:
    """The archive's clock; tests give another."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """Everything one running archive is made of."""

    config: Config
    keyring: Keyring = field(repr=False)
    db: Database
    vault: Vault = field(repr=False)
    sealing: FieldSealing = field(repr=False)
    ledger: Ledger = field(repr=False)
    settled: Rules
    """What the settings ask of everybody, without the mode of the moment."""
    upload_limits: UploadLimits
    clock: Callable[[], datetime] = field(repr=False)
    _engines: _Engines = field(repr=False)
    _names: _Names = field(repr=False)
    _modes: _Modes = field(repr=False)
    likenesses: Memory = field(default_factory=Memory, repr=False)
    """What files are compared by, opened in this process."""
    broker: Broker | None = None
    """Who opens originals for this process, where it does not hold their key."""
    delivery: Delivery | None = None
    """How workers hear of jobs, where they do not look for themselves."""
    recovery_key: Path | None = None
    """Where `founding` has just written the private key of recovery."""

    @property
    def mode(self) -> Standing:
        """The mode the archive is in, as it was within the last second."""
        return self._modes.look(self.db)

    @property
    def rules(self) -> Rules:
        """What is asked of everybody now."""
        mode = self.mode.mode
        return self.settled if mode is Mode.OPEN else replace(self.settled, mode=mode)

    def change_mode(
        self, s: Session, mode: Mode, messages: Mapping[str, str], by: str
    ) -> None:
        """Put the archive into a mode, with its line, in the caller's transaction.

        Other processes know within a second, and streams within two more.

        :raises NotPossible: a message will not do
        """
        now, before = self.clock(), modes.current(s)
        made = modes.change(s, mode, messages, by, now)
        detail = {"from": before.mode, "to": mode, "messages": dict(made.messages)}
        self.ledger.append(s, "mode changed", actor=by, now=now, detail=detail)

    def look_at_mode_again(self) -> None:
        """Know at once, in this process, what was just committed."""
        self._modes.forget()

    @property
    def engine(self) -> SearchEngine:
        """The search engine of this process.

        :raises SearchError: the index is missing or damaged
        """
        engine = self._engines.here()
        self._names.follow(engine, self.db, self.sealing)
        return engine

    @property
    def label_opinions(self) -> int:
        """How many moderators must agree on what is in an asset."""
        return self.config.label_opinions

    @property
    def noise_key(self) -> bytes:
        """What makes the noise of previews unguessable."""
        return self.keyring.active(Purpose.PREVIEW_NOISE).secret_bytes()

    @property
    def web_key(self) -> bytes:
        """What signs forms and masks entity tags."""
        return self.keyring.active(Purpose.WEB).secret_bytes()

    def release(
        self, viewer: Viewer, asset_id: str, now: datetime, *, form: str = gate.ORIGINAL
    ) -> gate.Opened:
        """Open an original through the gate: the one here, or the broker's.

        :raises RefusedError: the policy says no
        :raises NoSuchRecord: there is nothing of that id
        :raises VaultError: it is there, but cannot be opened; or the broker is away
        """
        if self.broker is not None:
            return self.broker.release(viewer, asset_id, form)
        return gate.release(self, viewer, asset_id, now, form=form)

    def resume(
        self, viewer: Viewer, asset_id: str, now: datetime, *, form: str = gate.ORIGINAL
    ) -> gate.Opened | None:
        """Open a further range of what is being shown, by the same gate.

        :returns: None where `release` is to be asked
        :raises NoSuchRecord: there is nothing of that id
        :raises VaultError: it is there, but cannot be opened; or the broker is away
        """
        if self.broker is not None:
            return self.broker.resume(viewer, asset_id, form)
        return gate.resume(self, viewer, asset_id, now, form=form)

    def require_sandbox(self) -> None:
        """Make sure that decoders are confined; tried once per process.

        :raises ConfigError: they are not, and the settings do not allow that
        """
        if strength() is Strength.RLIMITS and not self.config.allow_unsandboxed:
            raise ConfigError(
                "Decoders cannot be confined on this machine: install bubblewrap, or "
                "set VIGIL_ALLOW_UNSANDBOXED=1 where no hostile file can arrive."
            )

    def require_recovery(self) -> None:
        """Make sure that the keys could be had back, or that this was waived.

        :raises Refused: neither; the text says which command mends it
        """
        if not escrow.settled(self.keyring).is_settled:
            raise Refused("no_recovery", escrow.MISSING)

    def readiness(self) -> dict[str, bool]:
        """Whether each part answers."""
        return {
            "database": _answers(self.db.schema_is_current),
            "store": _answers(self._store_answers),
            "index": _answers(lambda: self._engines.here().count() >= 0),
            "key": _answers(self._key_works),
            "queue": _answers(self._queue_answers),
            **({"broker": _answers(self._broker_opens)} if self.broker else {}),
        }

    def bring_up_to_date(self) -> None:
        """Make what the database lacks of tables, its own and those of delivery."""
        if not self.db.schema_is_current():
            self.db.migrate()
        if self.delivery is not None:
            self.delivery.prepare(self.db)

    def create_index(self) -> None:
        """Make the empty search index of a new archive."""
        self._engines.create()

    def close(self) -> None:
        """Give back files and connections of this process."""
        self._engines.close()
        self.vault.ajar.shut()
        self.db.close()

    def _key_works(self) -> bool:
        sealed = self.sealing.seal(b"ready", "site.readiness/v1")
        return self.sealing.open(sealed, "site.readiness/v1") == b"ready"

    def _store_answers(self) -> bool:
        self.vault.blobs.check()
        return True

    def _broker_opens(self) -> bool:
        if self.broker is None:
            return False
        status = self.broker.status()
        return status.opens_originals and status.archive == self.keyring.archive_id

    def _queue_answers(self) -> bool:
        with self.db.read() as session:
            session.scalar(select(Job.id).limit(1))
        return True


def open_site(config: Config, clock: Callable[[], datetime] = utc_now) -> Site:
    """Open an archive that `founding` made; brings its schema up to date.

    :raises ConfigError: a setting is unsafe, a key is missing, or there is no archive
    """
    settings.check_safe(config)
    if (config.home / settings.RESTORING).exists():
        raise ConfigError(
            f"{config.home} is half restored: run `vigil restore` once more."
        )
    if not config.keyrings.is_dir():
        raise ConfigError(
            f"There is no archive in {config.home}: run `vigil init`, "
            "or set VIGIL_HOME."
        )
    try:
        site = assemble(config, _keyring(config, keyplaces.secret(config)), clock)
    except KeyUnavailable as error:
        raise ConfigError(keyplaces.sentence(error)) from error
    _bring_up_to_date(site)
    _take_in_words(site)
    shredding.finish(site)
    return site


class _Engines:
    """Opens the search engine once per process, however many threads ask."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._config = config
        self._keyring = keyring
        self._lock = threading.Lock()
        self._engine: SearchEngine | None = None
        self._process = 0

    def here(self) -> SearchEngine:
        with self._lock:
            if self._engine is None or self._process != os.getpid():
                self._engine = indexes.opened(self._config, self._keyring)
                self._process = os.getpid()
            return self._engine

    def create(self) -> None:
        engine = indexes.unopened(self._config, self._keyring)
        try:
            engine.rebuild(())
        finally:
            engine.close()

    def close(self) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None and self._process == os.getpid():
            engine.close()


class _Modes:
    """Keeps a process in step with the mode that somebody set, in any process."""

    LOOK_SECONDS = 1.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Standing | None = None
        self._looked = 0.0

    def look(self, db: Database) -> Standing:
        """The mode, read anew every second; where nobody knows it, no access."""
        with self._lock:
            fresh = time.monotonic() - self._looked < self.LOOK_SECONDS
            if self._held is not None and fresh:
                return self._held
        try:
            with db.read() as session:
                found = modes.current(session)
        except SQLAlchemyError:
            # What was known holds on; a process that never knew keeps all closed.
            return self._held or Standing(Mode.NO_ACCESS)
        with self._lock:
            self._held, self._looked = found, time.monotonic()
        return found

    def forget(self) -> None:
        """Read it anew the next time."""
        with self._lock:
            self._looked = -self.LOOK_SECONDS


class _Names:
    """Keeps a process's engine in step with the archive's own names."""

    LOOK_SECONDS = 2.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: SearchEngine | None = None
        self._generation = 0
        self._looked = 0.0

    def follow(self, engine: SearchEngine, db: Database, sealing: FieldSealing) -> None:
        """Give the engine the names there are now, looked up every few seconds."""
        with self._lock:
            known = self._engine is engine
            if known and time.monotonic() - self._looked < self.LOOK_SECONDS:
                return
            with db.read() as session:
                now = gazetteer.generation(session)
                if now != (self._generation if known else 0):
                    engine.use_gazetteer(gazetteer.effective(session, sealing))
            self._engine, self._generation = engine, now
            self._looked = time.monotonic()


def assemble(config: Config, keyring: Keyring, clock: Callable[[], datetime]) -> Site:
    """The archive of these settings and keys; nothing is opened or checked yet."""
    sealing = FieldSealing(keyring)
    broker = None
    if not keyring.holds(Purpose.ORIGINAL) and config.broker is not None:
        keyring.keeper = broker = Broker(config.broker)
    is_sqlite = config.database_url.startswith("sqlite")
    db_key = keyring.active(Purpose.DB).secret_bytes() if is_sqlite else None
    db, delivery = Database(config.database_url, db_key), _delivery(config)
    db.carried[DELIVERY] = delivery
    return Site(
        config=config,
        keyring=keyring,
        db=db,
        vault=Vault(keyring, stores.open_store(config, config.object_store)),
        sealing=sealing,
        ledger=Ledger(keyring.active(Purpose.AUDIT).secret_bytes(), sealing),
        settled=_rules(config),
        upload_limits=_upload_limits(config),
        clock=clock,
        _engines=_Engines(config, keyring),
        broker=broker,
        delivery=delivery,
        _names=_Names(),
        _modes=_Modes(),
    )


def _delivery(config: Config) -> Delivery | None:
    if config.job_engine == "lease":
        return None
    # With it comes what serves its workers; most archives never need that.
    from archive.jobs.procrastination import Procrastination

    return Procrastination(config.database_url)


def _rules(config: Config) -> Rules:
    return Rules(
        terms_version=terms.current_version(),
        second_factor_tier=config.second_factor_tier,
        second_factor_roles=config.second_factor_roles,
        passkey_roles=config.passkey_roles,
        daily_reveals=config.daily_reveals,
        hourly_reveals=config.hourly_reveals,
        daily_minutes=config.daily_minutes,
        warn_tier=config.warn_tier,
        consent_max_minutes=config.consent_max_minutes,
        preview_ceiling=config.preview_max_tier,
        preview_k=config.preview_k,
        maintenance=config.maintenance,
        contributions=config.contributions,
    )


def _upload_limits(config: Config) -> UploadLimits:
    media = replace(LIMITS, pixels=config.max_pixels, seconds=float(config.max_seconds))
    lifetime = timedelta(hours=config.upload_hours)
    return UploadLimits(config.max_upload_bytes, config.max_files, media, lifetime)


def _keyring(config: Config, secret: UnlockSecret | WorkingSecret) -> Keyring:
    keyring = Keyring.load(secret, config.keyrings)
    keyring.keep_shredded_at(keyplaces.shred_list(config, keyring))
    return keyring


def _bring_up_to_date(site: Site) -> None:
    try:
        site.bring_up_to_date()
    except NewerSchema:
        raise ConfigError(
            "The database was made by a newer Vigil; install that version."
        ) from None
    except SQLAlchemyError as error:
        raise ConfigError(
            "The database does not open: check VIGIL_DATABASE_URL and the key."
        ) from error


def _take_in_words(site: Site) -> None:
    """The labels that this program brings, under the archive's own changes of them."""
    with site.db.read() as session:
        if vocabulary.is_known(session):
            return
    try:
        with site.db.write() as session:
            wording.take_in(site, session, site.clock())
    except Conflict:
        return  # another process of this archive has just done the same


def _answers(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (SQLAlchemyError, VaultError, SearchError, OSError):
        return False
