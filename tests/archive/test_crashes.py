"""kill -9 at any point of any work, over and over: nothing acknowledged is lost.

After each death the archive is opened anew, as the next process would, and:

- `verify --all` finds nothing off: no half record, no file without its key, no broken
  chain, no preview that does not open;
- whatever somebody was told is done is there, with the SHA-256 it had;
- no byte of what was deposited lies in clear in the home or beside it;
- after the sweep every blob has a row: what was interrupted leaves nothing for ever.

Some 290 deaths in a run; VIGIL_TEST_CRASHES=20 makes it more than five thousand.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from archive import backup, config, gate, jobs, restoring, shredding, verification, work
from archive.app import create_app
from archive.config import RESTORING, ConfigError
from archive.depot import Depot
from archive.exchange.exports import lists
from archive.exports import desk
from archive.exports.tables import Export, ExportState
from archive.fixity import Manner, Walk, walking
from archive.intake import uploads
from archive.intake.tables import Upload
from archive.intake.uploads import Details
from archive.records import store
from archive.records.tables import Asset, AssetState
from archive.site import Site, open_site
from archive.vault import keytable, listings, manifests, rotation
from archive.vault.container import Kind
from archive.vault.errors import Shredded
from archive.vault.keys import Purpose
from archive.vault.keytable import Facts
from archive.vault.tables import DataKey, DataKeyState
from auth.credentials import tokens
from auth.viewer import RecordState, Role, TokenScope, system_viewer
from search.query import Query
from tests.archive.administrators import person
from tests.archive.conftest import Clock, Desk, photo
from tests.archive.crashing import Death, Life, Stage, trial
from tests.archive.rotations import rotate_purpose

WORKER = system_viewer("worker")
MARK = b"canary-5e20c1d47ab98f36-never-in-clear"
PASSWORD = "correct harbour velvet ostrich"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
PART = 9_000


def marked() -> bytes:
    """A picture of its own with the mark in it, over and over."""
    return photo() + (MARK + secrets.token_bytes(8)) * 400


def silent(_part: str, _done: int, _total: int) -> None:
    """Tell nobody."""


class Archive:
    """One archive under trial, and what must be true of it after any death."""

    def __init__(
        self, site: Site, environ: dict[str, str], clock: Clock, folder: Path
    ) -> None:
        self.site, self.environ, self.clock = site, environ, clock
        self.folder = folder
        self.desk = Desk(site)
        self.account = self.desk.researcher().account_id or ""
        moderator = self.desk.researcher("moderator", Role.MODERATOR)
        self.moderator = moderator.account_id or ""
        with site.db.write() as s:
            scopes = frozenset(TokenScope)
            secret, _ = tokens.add(s, self.account, scopes, 30, clock())
        self.by = {"Authorization": f"Bearer {secret}"}

    def leave(self) -> None:
        """Give up every connection, so that a child inherits none."""
        self.site.close()

    @contextmanager
    def reopened(self) -> Iterator[Site]:
        """The archive as the next process finds it."""
        fresh = open_site(config.load(self.environ), self.clock)
        yield fresh
        fresh.close()

    def browser(self, site: Site) -> FlaskClient:
        return create_app(site).test_client()

    def require_whole(self) -> None:
        """Everything holds, nothing lies in clear, and no blob lies there for ever."""
        with self.reopened() as fresh:
            report = verification.verify(fresh, actor="operator", now=self.clock())
            assert report.ok, report.findings
            self._require_nothing_clear()
            for path in fresh.config.object_store.rglob("*"):
                if path.is_file():
                    os.utime(path, (0, 0))
            with fresh.db.read() as s:
                fresh.vault.sweep(s, self.clock())
                living = select(DataKey.id).where(
                    DataKey.state == DataKeyState.ACTIVE,
                    DataKey.facts.is_not(None),
                )
                known = {data_key.hex for data_key in s.scalars(living)}
            left = {
                path.name
                for path in fresh.config.object_store.rglob("*")
                if path.is_file()
            }
            assert left == known or not known

    def _require_nothing_clear(self) -> None:
        for path in self.folder.rglob("*"):
            assert not path.is_file() or MARK not in path.read_bytes(), path

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file by its asset, as its record has it."""
        with self.reopened() as fresh, fresh.db.read() as s:
            return {
                asset.id: store.details_of(fresh.sealing, asset).sha256
                for asset in s.scalars(select(Asset))
            }


@pytest.fixture
def archive(site, environ, clock, tmp_path) -> Archive:
    return Archive(site, environ, clock, tmp_path)


class Form:
    """Two files in one form, by the API, again and again."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def prepare(self) -> None:
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            browser = self.archive.browser(site)
            life.begin()
            for _ in range(2):
                files = [marked(), marked()]
                answer = browser.post(
                    "/api/v1/records",
                    data=_form(files),
                    content_type="multipart/form-data; boundary=edge",
                    headers=self.archive.by,
                )
                assert answer.status_code == 201, answer.text
                told = {each["sha256"] for each in answer.json["assets"]}
                assert told == {hashlib.sha256(each).hexdigest() for each in files}
                for each in answer.json["assets"]:
                    life.acknowledge(f"{each['id']} {each['sha256']}")

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        there = self.archive.digests()
        assert len(there) % 2 == 0, "half a form became a record"
        for line in death.acknowledged:
            asset_id, digest = line.split()
            assert there[asset_id] == digest


def _form(files: list[bytes]) -> bytes:
    named = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"'
    body = b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nA yard\r\n'
    body += b"".join(named + b"\r\n\r\n" + each + b"\r\n" for each in files)
    return body + b"--edge--\r\n"


class Parts:
    """A file in parts, by tus, which becomes a record; gone on with after a death."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.content = marked()
        self.path = ""
        self.offset = 0

    def prepare(self) -> None:
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            browser, by = self.archive.browser(site), {**self.archive.by, **TUS}
            life.begin()
            path = self.path
            if not path:
                length = {"Upload-Length": str(len(self.content))}
                begun = browser.post("/api/v1/uploads", headers={**by, **length})
                assert begun.status_code == 201, begun.text
                path = begun.headers["Location"]
                life.acknowledge(f"path {path}")
            at = self._stands_at(browser, path, by)
            while at is not None and at < len(self.content):
                part = self.content[at : at + PART]
                sent = browser.patch(
                    path,
                    data=part,
                    headers={**by, **BYTES, "Upload-Offset": str(at)},
                )
                assert sent.status_code == 204, sent.text
                at = int(sent.headers["Upload-Offset"])
                life.acknowledge(f"offset {at}")
            if at is not None:
                wanted = {"title": "In parts", "uploads": [path]}
                made = browser.post("/api/v1/records", json=wanted, headers=by)
                assert made.status_code == 201, made.text
            life.acknowledge("record made")

    def _stands_at(
        self, browser: FlaskClient, path: str, by: dict[str, str]
    ) -> int | None:
        """How far it is; None when it has become a record."""
        head = browser.head(path, headers=by)
        if head.status_code == 410:
            return None
        assert head.status_code == 200, "an acknowledged upload is gone"
        at = int(head.headers["Upload-Offset"])
        assert at >= self.offset, "acknowledged bytes are gone"
        return at

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        made = False
        for line in death.acknowledged:
            word, value = line.split()
            if word == "path":
                self.path = value
            elif word == "offset":
                self.offset = int(value)
            else:
                made = True
        digest = hashlib.sha256(self.content).hexdigest()
        there = list(self.archive.digests().values()).count(digest)
        assert there <= 1, "one upload became two records"
        assert there == 1 or not made
        if there:
            self.content, self.path, self.offset = marked(), "", 0


class Ends:
    """Uploads that are given up or run out, and the sweep of what deaths left."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.ids: list[str] = []

    def prepare(self) -> None:
        site, now = self.archive.site, self.archive.clock()
        self.ids = []
        for _ in range(2):
            details = Details("a.jpg", "")
            begun = uploads.begin(site, self.archive.account, 90_000, details, now)
            for _ in range(2):
                with site.db.read() as s:
                    upload = uploads.find(s, begun.id, self.archive.account, now)
                part = photo() + MARK * 100
                uploads.append(site, upload, upload.received, _Body(part), now)
            self.ids.append(begun.id)
        with site.db.write() as s:
            s.execute(
                update(Upload)
                .where(Upload.id == self.ids[1])
                .values(expires_at=now - timedelta(seconds=1))
            )
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            now = self.archive.clock()
            life.begin()
            uploads.terminate(site, self.ids[0], self.archive.account, now)
            life.acknowledge(self.ids[0])
            uploads.expire(site, now)
            life.acknowledge(self.ids[1])
            with site.db.read() as s:
                site.vault.sweep(s, now)

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            with site.db.read() as s:
                held = {
                    row.id: row.object_id
                    for row in s.scalars(select(Upload))
                    if row.ended_at is None
                }
                for object_id in held.values():
                    assert len(keytable.living(s, object_id)) == 2
            assert not held.keys() & set(death.acknowledged)
            now = self.archive.clock()
            for upload_id in held.keys() & {self.ids[0]}:
                uploads.terminate(site, upload_id, self.archive.account, now)
            uploads.expire(site, now)
        self.archive.require_whole()


class _Body:
    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int, /) -> bytes:
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


class Derive:
    """The worker makes a preview; whoever comes next makes it anew."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.record = ""

    def prepare(self) -> None:
        self.record = self.archive.desk.deposit(marked()).record.id
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            life.begin()
            while work.run_one(site, site.clock()):
                pass
            life.acknowledge("ready")

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            assert site.engine.count() >= 0
            self.archive.clock.advance(seconds=config.load({}).job_lease_seconds + 1)
            while work.run_one(site, self.archive.clock()):
                pass
            with site.db.read() as s:
                (asset,) = store.assets_of(s, self.record)
                assert asset.state is AssetState.READY
        self.archive.require_whole()


class Index(Derive):
    """The worker puts records into the index; it never has half of one, or none."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive)
        self.words = 0

    def prepare(self) -> None:
        self.words += 1
        draft = self.archive.desk.draft(f"Church number{self.words}")
        self.record = self.archive.desk.deposit(marked(), draft=draft).record.id
        site = self.archive.site
        with site.db.write() as s:
            # Previews are another stage: what is left to do is the index alone.
            for asset in s.scalars(select(Asset)):
                asset.state = AssetState.FAILED
            for job in jobs.open_for(s, self.record):
                if job.kind == "derive":
                    jobs.cancel(s, job.id, now=site.clock())
        self.archive.leave()

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            assert self.words - 1 <= site.engine.count() <= self.words
            self.archive.clock.advance(seconds=config.load({}).job_lease_seconds + 1)
            while work.run_one(site, self.archive.clock()):
                pass
            assert site.engine.count() == self.words


class Rotate:
    """New keys, again and again, of originals, of previews and of the index."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        archive.desk.deposit(marked(), marked())
        self.before = archive.digests()
        with archive.site.db.write() as s:
            for _ in range(40):
                header, data_key = keytable.draw(Kind.SEGMENT)
                facts = Facts(3, b"\1" * 32)
                keyring, now = archive.site.keyring, archive.clock()
                keytable.insert(s, keyring, header, data_key, facts, now)
        self.rows = self._opened()

    def prepare(self) -> None:
        self.archive.leave()

    def act(self, life: Life) -> None:
        rotation.BATCH, rotation.PAUSE_SECONDS = 5, 0.0
        with self.archive.reopened() as site:
            life.begin()
            for purpose in (Purpose.ORIGINAL, Purpose.PREVIEW, Purpose.INDEX):
                rotate_purpose(site, purpose, keep=False)

    def check(self, death: Death) -> None:
        assert self._opened() == self.rows
        assert self.archive.digests() == self.before
        with self.archive.reopened() as site:
            assert site.engine.count() >= 0
            with site.db.read() as s:
                assert rotation.lost(s, site.keyring) == 0
                assert site.ledger.verify(s).ok

    def _opened(self) -> int:
        with self.archive.reopened() as site, site.db.read() as s:
            rows = s.scalars(select(DataKey)).all()
            for row in rows:
                keytable.unwrap(site.keyring, row)
        return len(rows)


class Shred:
    """Two administrators shred a record: it opens as before, or never again."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        proofs = [person(archive.site, name) for name in ("anahit", "bagrat")]
        self.approved = shredding.approve(archive.site, proofs)
        self.kept = archive.desk.deposit(marked()).assets[0].id
        self.record = self.asset = ""

    def prepare(self) -> None:
        made = self.archive.desk.deposit(marked(), marked())
        self.record, self.asset = made.record.id, made.assets[0].id
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            life.begin()
            shredding.shred(
                site, self.record, "Asked for by the family.", self.approved
            )
            life.acknowledge(self.record)

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            with site.db.read() as s:
                state = store.require(s, self.record).state
                told = site.ledger.entries(s, event="deletion", limit=1000)
            lines = sum(line.record_id == self.record for line in told)
            is_dark = state is RecordState.SHREDDED
            assert lines == is_dark
            assert is_dark or not death.acknowledged
            if is_dark:
                with pytest.raises(Shredded):
                    gate.derive(site, WORKER, self.asset, site.clock()).close()
            else:
                gate.derive(site, WORKER, self.asset, site.clock()).close()
            gate.derive(site, WORKER, self.kept, site.clock()).close()


class BackUp:
    """A backup to a place that has some already: a killed one is none."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.place = archive.folder / "backups"

    def prepare(self) -> None:
        self.archive.desk.deposit(marked())
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            life.begin()
            made = back_up(site, self.place)
            assert made.ok
            life.acknowledge(made.name)

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            to = Depot.at(site.config, self.place)
            names = to.names()
            assert set(death.acknowledged) <= set(names)
            there = {blob.name: blob.size for blob in to.objects.stored()}
            states = {blob.name for blob in to.states.stored()}
            for name in names:
                raw = to.manifest(name)
                content = manifests.open_sealed(site.keyring, raw)
                for blob, print_ in backup.objects_of(content).items():
                    assert there[blob] == print_.size
                assert set(manifests.read_cover(raw).files.values()) <= states


def back_up(site: Site, place: Path) -> backup.Made:
    to = Depot.at(site.config, place)
    return backup.back_up(site, to, actor="operator", now=site.clock(), tell=silent)


class Restore:
    """A restore into an empty home: begun again, it comes to its end."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        archive.desk.deposit(marked(), marked())
        while work.run_one(archive.site, archive.clock()):
            pass
        self.before = archive.digests()
        self.place = archive.folder / "backups"
        back_up(archive.site, self.place)
        archive.leave()

    @property
    def home(self) -> Path:
        return Path(self.archive.environ["VIGIL_HOME"])

    def prepare(self) -> None:
        shutil.rmtree(self.home)

    def act(self, life: Life) -> None:
        life.begin()
        self._restore()

    def check(self, death: Death) -> None:
        if (self.home / RESTORING).exists():
            with pytest.raises(ConfigError, match="half restored"):
                open_site(config.load(self.archive.environ), self.archive.clock)
        self.archive._require_nothing_clear()
        if (
            not self.home.exists()
            or list(self.home.glob(".rest*"))
            or _empty(self.home)
        ):
            done = self._restore()
            assert done.ok, done.report.findings
        assert self.archive.digests() == self.before
        self.archive.require_whole()

    def _restore(self) -> restoring.Restored:
        return restoring.restore(
            self.archive.environ,
            self.place,
            actor="operator",
            tell=silent,
            clock=self.archive.clock,
        )


def _empty(folder: Path) -> bool:
    return not any(folder.iterdir())


class Fixity:
    """Files are read back from a kept place: none is left out, none counted twice."""

    COUNT = 12

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        archive.desk.deposit(*(marked() for _ in range(self.COUNT)))

    def prepare(self) -> None:
        self.archive.leave()

    def act(self, life: Life) -> None:
        walking.KEEP_SECONDS = 0.0
        with self.archive.reopened() as site:
            life.begin()
            found = Walk(site, Manner("shell", resume=True)).run()
            assert found.is_over

    def check(self, death: Death) -> None:
        with self.archive.reopened() as site:
            found = Walk(site, Manner("shell", resume=True)).run()
            assert (found.checked, found.off) == (self.COUNT, [])
            how = Manner("shell", until=lambda: True)
            assert Walk(site, how).run().checked == 0


class List:
    """A list is made by the worker, sealed; whoever takes it up begins anew."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        draft = archive.desk.draft(f"A church {MARK.decode()}")
        self.record = archive.desk.deposit(draft=draft).record.id
        while work.run_one(archive.site, archive.clock()):
            pass
        self.export = ""

    def prepare(self) -> None:
        site = self.archive.site
        asked = lists.asked(Query(""), (), "csv", 10)
        with site.db.write() as s:
            scopes, by = frozenset(TokenScope), self.archive.moderator
            _secret, token = tokens.add(s, by, scopes, 30, self.archive.clock())
            row = desk.ask(site.sealing, s, asked, by, token.id, self.archive.clock())
            self.export = row.id
        self.archive.leave()

    def act(self, life: Life) -> None:
        with self.archive.reopened() as site:
            life.begin()
            while work.run_one(site, self.archive.clock()):
                pass
            life.acknowledge(self.export)

    def check(self, death: Death) -> None:
        self.archive.require_whole()
        with self.archive.reopened() as site:
            state = self._row(site).state
            assert state in desk.LIVING, "one death is no reason to give it up"
            assert state is ExportState.READY or not death.acknowledged
            self.archive.clock.advance(seconds=config.load({}).job_lease_seconds + 1)
            while work.run_one(site, self.archive.clock()):
                pass
            row = self._row(site)
            assert row.state is ExportState.READY, row.failure
            with site.db.read() as s:
                held = listings.open_listing(s, site.vault, row.object_id)
                with held:
                    content = held.read()
            assert content.count(b"\n" + self.record.encode()) == 1
            assert len(content) == row.size
            desk.end(site, self.export, self.archive.moderator)
        self.archive.require_whole()

    def _row(self, site: Site) -> Export:
        with site.db.read() as s:
            return s.get_one(Export, self.export)


STAGES: tuple[tuple[type[Stage], int], ...] = (
    (Form, 30),
    (Parts, 36),
    (Ends, 20),
    (Derive, 20),
    (Index, 30),
    (Rotate, 30),
    (Shred, 36),
    (BackUp, 36),
    (Restore, 15),
    (Fixity, 15),
    (List, 24),
)


@pytest.mark.parametrize(
    ("stage", "rounds"), STAGES, ids=[each.__name__ for each, _ in STAGES]
)
def test_killed_anywhere_nothing_acknowledged_is_lost(
    stage: type[Stage], rounds: int, archive: Archive
) -> None:
    trial(stage(archive), rounds)


def test_the_trials_are_at_least_two_hundred_deaths() -> None:
    assert sum(rounds for _, rounds in STAGES) >= 200


def test_the_check_itself_finds_a_clear_byte(archive) -> None:
    archive.require_whole()
    (archive.folder / "spilt").write_bytes(b"x" * 5_000 + MARK)
    with pytest.raises(AssertionError, match="spilt"):
        archive.require_whole()


def test_the_check_itself_finds_a_blob_that_was_cut(archive) -> None:
    archive.desk.deposit(marked())
    (path,) = archive.site.config.object_store.glob("??/*")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AssertionError, match="damaged"):
        archive.require_whole()
