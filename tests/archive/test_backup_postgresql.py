"""Backup and restore where the database is PostgreSQL: one snapshot, sealed as read."""

from __future__ import annotations

import hashlib
import io
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from archive import backup, config, gate, restoring, verification, work
from archive.config import ConfigError
from archive.db import Database, dumping
from archive.db.dumping import DumpDamaged
from archive.depot import Depot
from archive.founding import create_home
from archive.records.tables import Asset
from archive.site import Site, open_site
from archive.vault.errors import IntegrityError
from auth.tables import Base
from auth.viewer import system_viewer
from tests.archive.conftest import Desk

WORKER = system_viewer("worker")


def silent(_part: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@pytest.fixture
def given(environ, new_database) -> dict[str, str]:
    return {**environ, "VIGIL_DATABASE_URL": new_database()}


@pytest.fixture
def site(given, clock):
    made = create_home(config.load(given), clock)
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def back_up(site: Site, place: Path) -> backup.Made:
    to = Depot.at(site.config, place)
    return backup.back_up(site, to, actor="operator", now=site.clock(), tell=silent)


def restore(given, place, clock) -> restoring.Restored:
    return restoring.restore(given, place, actor="operator", tell=silent, clock=clock)


def hashes(site: Site) -> dict[str, str]:
    with site.db.read() as s:
        assets = list(s.scalars(select(Asset)))
    found = {}
    for asset in assets:
        with gate.derive(site, WORKER, asset.id, site.clock()) as reader:
            content = b"".join(reader.pieces(0, reader.size))
        found[asset.id] = hashlib.sha256(content).hexdigest()
    return found


def destroy(site: Site) -> None:
    site.close()
    shutil.rmtree(site.config.home)


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a database holds, table by table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_everything_comes_back_from_a_backup_made_under_load(
    site, desk, given, place, clock, new_database
) -> None:
    for _ in range(3):
        desk.publish(desk.deposit(), "dead.body")
    while work.run_one(site, clock()):
        pass
    before, stop, taken = hashes(site), threading.Event(), []

    def go_on() -> None:
        while not stop.is_set():
            taken.append(Desk(site).deposit().assets[0].id)

    hands = [threading.Thread(target=go_on) for _ in range(2)]
    for hand in hands:
        hand.start()
    try:
        while not taken:
            pass
        known = list(taken)
        made = back_up(site, place)
    finally:
        stop.set()
        for hand in hands:
            hand.join()
    assert made.ok
    later = hashes(site)
    destroy(site)
    anew = {**given, "VIGIL_DATABASE_URL": new_database()}

    done = restore(anew, place, clock)

    assert done.ok, done.report.findings
    again = open_site(config.load(anew), clock)
    back = hashes(again)
    assert before.items() <= back.items() <= later.items()
    assert set(known) <= set(back)
    Desk(again).publish(Desk(again).deposit(), "dead.body")
    assert verification.verify(again, actor="operator", now=clock()).ok
    again.close()


def test_every_row_of_every_table_comes_back_as_it_was(
    site, desk, given, place, new_database
) -> None:
    desk.publish(desk.deposit(draft=desk.draft("Շուշի \\ \t \n Шуша")), "dead.body")
    desk.consent(desk.researcher(), desk.publish(desk.deposit()).record.id)
    url = new_database()
    with site.db.snapshot() as connection:
        parts: list[bytes] = []
        dumping.dump(connection, parts.append)
    copy = Database(url, None)
    copy.load(io.BytesIO(b"".join(parts)), "abc")
    assert copy.loaded_from() == "abc"
    copy.unmark()
    assert copy.loaded_from() is None
    assert copy.schema_is_current()
    copy.close()
    assert rows(url) == rows(given["VIGIL_DATABASE_URL"])
    assert sum(map(len, rows(url).values())) > 20


def test_the_place_has_no_clear_byte_of_the_database(site, desk, place) -> None:
    viewer = desk.researcher()
    record = desk.deposit().record.id
    back_up(site, place)
    content = b"".join(p.read_bytes() for p in place.rglob("*") if p.is_file())
    for clear in (record, viewer.account_id, "researcher", "alembic", dumping.FORMAT):
        assert str(clear).encode() not in content
    assert not list(site.config.home.glob(".backup-*"))


def test_killed_after_the_database_was_filled_it_goes_on(
    site, desk, given, place, clock, new_database, monkeypatch
) -> None:
    desk.deposit()
    before = hashes(site)
    back_up(site, place)
    destroy(site)
    anew = {**given, "VIGIL_DATABASE_URL": new_database()}

    class Killed(BaseException):
        """As if the process had died here."""

    def die(*_given: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", die)
        with pytest.raises(Killed):
            restore(anew, place, clock)
    with pytest.raises(ConfigError, match="half restored"):
        open_site(config.load(anew), clock)
    assert restore(anew, place, clock).ok
    again = open_site(config.load(anew), clock)
    assert hashes(again) == before
    assert again.db.loaded_from() is None
    again.close()


def test_a_database_that_holds_something_is_never_written_to(
    site, desk, given, place, clock
) -> None:
    desk.deposit()
    back_up(site, place)
    destroy(site)
    before = rows(given["VIGIL_DATABASE_URL"])
    with pytest.raises(ConfigError, match="an empty one"):
        restore(given, place, clock)
    assert rows(given["VIGIL_DATABASE_URL"]) == before
    assert not Path(given["VIGIL_HOME"]).exists()


def test_a_database_of_the_other_kind_is_refused(
    site, desk, given, environ, place, clock
) -> None:
    back_up(site, place)
    destroy(site)
    with pytest.raises(ConfigError, match=r"other kind.*postgresql"):
        restore(environ, place, clock)


def test_a_database_that_is_away_is_told(site, given, place, clock) -> None:
    back_up(site, place)
    destroy(site)
    away = "postgresql+psycopg://vigil@127.0.0.1:1/x"
    with pytest.raises(ConfigError, match="does not answer"):
        restore({**given, "VIGIL_DATABASE_URL": away}, place, clock)
    assert not Path(given["VIGIL_HOME"]).exists()


def test_a_changed_copy_of_the_database_is_refused(
    site, desk, given, place, clock, new_database
) -> None:
    desk.deposit()
    back_up(site, place)
    destroy(site)
    largest = max((place / "states").glob("??/*"), key=lambda p: p.stat().st_size)
    raw = bytearray(largest.read_bytes())
    raw[len(raw) // 2] ^= 1
    largest.write_bytes(raw)
    url = new_database()
    with pytest.raises(IntegrityError):
        restore({**given, "VIGIL_DATABASE_URL": url}, place, clock)
    engine = create_engine(url)
    with engine.connect() as connection:
        count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.scalar(text(count)) == 0
    engine.dispose()


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"{}\n",
        b'{"format": "vigil.dump/v1", "revision": "9999"}\n',
        b'{"format": "vigil.dump/v1", "revision": "0001"}\n',
        b'{"format": "vigil.dump/v1", "revision": "0001"}\n{"end": 3}\n',
    ],
)
def test_a_stream_that_is_no_dump_leaves_the_database_empty(
    stream: bytes, new_database
) -> None:
    db = Database(new_database(), None)
    with pytest.raises(DumpDamaged):
        db.load(io.BytesIO(stream), "x")
    assert db.is_empty()
    db.close()


def test_what_an_older_schema_held_is_brought_up_to_date(
    site, given, place, clock, new_database
) -> None:
    """A backup of an earlier version is loaded into that version's schema first."""
    db = Database(new_database(), None)
    older = b'{"format": "vigil.dump/v1", "revision": "0001"}\n{"end": 0}\n'
    db.load(io.BytesIO(older), "x")
    assert not db.schema_is_current()
    db.migrate()
    assert db.schema_is_current()
    db.close()
