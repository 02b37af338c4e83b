"""The database: sealed on disk, one writer, its own engine after a fork, migrated."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import bindparam, inspect, text
from sqlalchemy.exc import DBAPIError

import archive.contributions.tables
import archive.exchange.imports.tables
import archive.feeds.tables
import archive.findings.tables
import archive.fixity.tables
import archive.gazetteer.tables
import archive.intake.tables
import archive.jobs.tables
import archive.ledger.tables
import archive.moderation.tables
import archive.offers.tables
import archive.orders.tables
import archive.records.tables
import archive.records.vocabulary.tables
import archive.reports.tables
import archive.searches.tables
import archive.twins.tables
import archive.vault.tables
import auth.access.alarmtables
import auth.access.requesttables
import auth.access.tables
import auth.credentials.tables
import auth.entry.tables
import auth.seconding.tables
import auth.vetting.tables
import auth.visas.tables
from archive.db import Database, ReadOnlySession, migrating, revisions
from archive.records.tables import Collection
from auth.tables import Base, UtcDateTime
from auth.viewer import Access, Visibility

CANARY = "canary-7f3a9e51c2d84b06"
TABLES = (
    archive.contributions.tables,
    archive.exchange.imports.tables,
    archive.feeds.tables,
    archive.findings.tables,
    archive.fixity.tables,
    archive.intake.tables,
    archive.jobs.tables,
    archive.ledger.tables,
    archive.moderation.tables,
    archive.offers.tables,
    archive.orders.tables,
    archive.records.tables,
    archive.reports.tables,
    archive.twins.tables,
    archive.vault.tables,
    auth.access.requesttables,
    auth.access.tables,
    auth.access.alarmtables,
    auth.credentials.tables,
    auth.entry.tables,
    auth.seconding.tables,
    auth.vetting.tables,
    auth.visas.tables,
)


def shelf(slug: str, title: str = "x") -> Collection:
    return Collection(
        id=slug,
        slug=slug,
        titles={"en": title},
        texts={},
        created_by="operator",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def slugs(db: Database) -> list[str]:
    with db.read() as s:
        return sorted(s.scalars(text("SELECT slug FROM collections")))


def test_the_migrated_schema_is_the_one_the_tables_declare(any_db: Database) -> None:
    with any_db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        found = set(inspect(connection).get_table_names())
    assert found == set(Base.metadata.tables) | {"alembic_version"}


def test_a_fresh_database_is_not_current_and_a_migrated_one_is(
    empty_url: str,
) -> None:
    db = Database(empty_url, bytes(32))
    assert not db.schema_is_current()
    db.migrate()
    assert db.schema_is_current()
    db.migrate()
    db.close()


def test_the_newest_migration_is_the_one_that_is_run_last() -> None:
    script = ScriptDirectory.from_config(migrating.configuration())
    assert script.get_heads() == [revisions.newest()]


def test_a_failed_migration_leaves_nothing(empty_url: str) -> None:
    db = Database(empty_url, bytes(32))

    def fail() -> None:
        with db.engine.execution_options(vigil_writes=True).begin() as connection:
            migrating.upgrade(connection)
            connection.execute(text("SELECT no_such_column"))

    with pytest.raises(DBAPIError):
        fail()
    with db.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    db.close()


def test_what_is_written_can_be_read_and_what_fails_leaves_nothing(
    any_db: Database,
) -> None:
    with any_db.write() as s:
        s.add(shelf("kept"))
    with pytest.raises(ZeroDivisionError), any_db.write() as s:
        s.add(shelf("lost"))
        s.flush()
        raise ZeroDivisionError
    assert slugs(any_db) == ["kept"]


def test_a_session_that_reads_refuses_to_write(any_db: Database) -> None:
    with pytest.raises(ReadOnlySession), any_db.read() as s:
        s.add(shelf("no"))
        s.flush()
    with pytest.raises(DBAPIError), any_db.read() as s:
        s.execute(text("DELETE FROM collections"))
    with pytest.raises(ReadOnlySession), any_db.read() as s:
        s.get(Collection, "none", with_for_update=True)
    assert slugs(any_db) == []


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(
    any_db: Database,
) -> None:
    with any_db.write() as writer:
        writer.add(shelf("later"))
        writer.flush()
        assert slugs(any_db) == []
    assert slugs(any_db) == ["later"]


def test_many_writers_at_once_lose_nothing(any_db: Database) -> None:
    with any_db.write() as s:
        s.add(shelf("counter", "0"))

    def count() -> None:
        for _ in range(10):
            with any_db.write() as s:
                row = s.get_one(Collection, "counter", with_for_update=True)
                row.titles = {"en": str(int(row.titles["en"]) + 1)}

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_db.read() as s:
        assert s.get_one(Collection, "counter").titles == {"en": "40"}


def test_nothing_of_a_sqlite_database_lies_in_clear(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'v.db'}", secrets.token_bytes(32))
    db.migrate()
    with db.write() as s:
        s.add(shelf("s", CANARY * 20))
        s.flush()
        written = [path for path in tmp_path.iterdir() if path.stat().st_size]
        assert not [p for p in written if CANARY.encode() in p.read_bytes()]
    after_commit = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(after_commit) > 4096
    assert CANARY.encode() not in after_commit
    assert b"CREATE TABLE" not in after_commit
    db.close()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "v.db").execute("SELECT * FROM sqlite_master")


def test_another_key_does_not_open_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    db = Database(url, bytes(32))
    db.migrate()
    db.close()
    with pytest.raises(DBAPIError):
        Database(url, bytes([1] * 32)).schema_is_current()


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'v.db'}", bytes(32))
    old = os.umask(0)
    try:
        db.migrate()
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(old)
    db.close()
    assert modes == {0o600}


def test_the_key_shows_in_no_representation(tmp_path: Path) -> None:
    key = bytes(range(32))
    db = Database(f"sqlite:///{tmp_path / 'v.db'}", key)
    db.migrate()
    seen = f"{db!r} {db.engine!r} {db.engine.url} {db.engine.pool!r}"
    assert key.hex() not in seen
    db.close()


@pytest.mark.parametrize("key", [None, b"short"])
def test_a_sqlite_database_without_a_whole_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Database("sqlite:////tmp/v.db", key)


def test_closing_empties_the_write_ahead_log(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'v.db'}", bytes(32))
    db.migrate()
    log = tmp_path / "v.db-wal"
    assert log.stat().st_size > 0
    db.close()
    assert not log.exists() or log.stat().st_size == 0


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_makes_an_engine_of_its_own(any_db: Database) -> None:
    with any_db.write() as s:
        s.add(shelf("parent"))
    parents = any_db.engine
    child = os.fork()
    if child == 0:
        status = 1
        try:
            fresh = any_db.engine is not parents
            with any_db.write() as s:
                s.add(shelf("child"))
            status = 0 if fresh else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert slugs(any_db) == ["child", "parent"]
    assert any_db.engine is parents


def test_the_ledger_can_only_grow_even_by_hand(any_db: Database) -> None:
    row = {
        "seq": 1,
        "at": "2026-01-01 00:00:00",
        "event": "accession",
        "actor": "a",
        "sealed": b"x",
        "mac": b"x",
    }
    insert = text(
        "INSERT INTO ledger (seq, at, event, actor, detail_sealed, detail_digest, "
        "previous, digest, mac) "
        "VALUES (:seq, :at, :event, :actor, :sealed, '', '', '', :mac)"
    )
    with any_db.write() as s:
        s.execute(insert, row)
    for change in ("UPDATE ledger SET actor = 'b'", "DELETE FROM ledger"):
        with pytest.raises(DBAPIError, match="only grows"), any_db.write() as s:
            s.execute(text(change))
    with any_db.read() as s:
        assert s.scalar(text("SELECT actor FROM ledger")) == "a"


def test_a_database_of_the_first_form_gets_uploads_and_keeps_its_rows(
    empty_url: str,
) -> None:
    db = Database(empty_url, bytes(32))
    with db.engine.execution_options(vigil_writes=True).begin() as connection:
        migrating.upgrade(connection, "0001")
    # In the words of that form: the classes of today know more columns.
    insert = text(
        "INSERT INTO collections (id, slug, titles, texts, created_by, created_at) "
        "VALUES ('old', 'from before', '{\"en\": \"x\"}', '{}', 'operator', :at)"
    ).bindparams(bindparam("at", type_=UtcDateTime()))
    with db.write() as s:
        s.execute(insert, {"at": datetime(2026, 1, 1, tzinfo=UTC)})
    assert not db.schema_is_current()
    db.migrate()
    assert slugs(db) == ["from before"]
    with db.read() as s:
        kept = s.get_one(Collection, "old")
        assert (kept.visibility, kept.access) == (Visibility.STAFF, Access.VETTED)
        assert (kept.questions, kept.conditions) == ([], [])
    with db.read() as s:
        assert s.scalar(text("SELECT count(*) FROM uploads")) == 0
    db.close()
