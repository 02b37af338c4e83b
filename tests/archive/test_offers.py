"""The book of offers, on both databases: what changed, since when, in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import archive.offers.tables
import archive.records.tables  # noqa: F401 - so that its tables are known
from archive import offers
from archive.db import Database, migrating
from archive.offers import MARGIN, Offered, Span

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
ONE, OTHER = Offered(b"1" * 32, "shushi"), Offered(b"2" * 32, None)


def take(db: Database, record_id: str, offered: Offered | None, now: datetime) -> bool:
    with db.write() as s:
        return offers.take(s, record_id, offered, now)


def ids(db: Database, span: Span = Span(), after=None, limit: int = 10) -> list[str]:  # noqa: B008 - it is frozen
    with db.read() as s:
        return [row.record_id for row in offers.page(s, span, after, limit)]


def test_only_a_change_is_noted(any_db: Database) -> None:
    later = NOW + timedelta(hours=1)

    assert take(any_db, "never", None, NOW) is False
    assert take(any_db, "r", ONE, NOW) is True
    assert take(any_db, "r", ONE, later) is False
    with any_db.read() as s:
        row = s.get_one(offers.Offer, "r")
        assert (row.since, row.changed_at) == (NOW + MARGIN, NOW + MARGIN)
        assert offers.get(s, "never") is None
    assert take(any_db, "r", None, later) is True
    assert take(any_db, "r", None, later) is False
    with any_db.read() as s:
        row = s.get_one(offers.Offer, "r")
        assert (row.digest, row.shelf) == (None, "shushi")
        assert (row.since, row.changed_at) == (NOW + MARGIN, later + MARGIN)
        assert offers.earliest(s) == NOW + MARGIN
    assert take(any_db, "r", OTHER, later + MARGIN) is True


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_a_datestamp_is_whole_and_never_before_the_moment(
    any_db: Database, microsecond: int
) -> None:
    now = NOW.replace(microsecond=microsecond)
    take(any_db, "r", ONE, now)

    with any_db.read() as s:
        stamp = s.get_one(offers.Offer, "r").changed_at
    assert stamp.microsecond == 0
    assert MARGIN <= stamp - now < MARGIN + timedelta(seconds=1)


def test_a_page_goes_on_behind_the_last_and_passes_nothing_over(
    any_db: Database,
) -> None:
    for number, name in enumerate("ecabd"):
        take(any_db, name, ONE, NOW + timedelta(minutes=number // 2))
    order = ["c", "e", "a", "b", "d"]  # of one moment by id

    assert ids(any_db) == order
    met: list[str] = []
    after = None
    while page := ids(any_db, after=after, limit=2):
        met += page
        with any_db.read() as s:
            after = s.get_one(offers.Offer, page[-1]).changed_at, page[-1]
    assert met == order


def test_both_ends_of_a_span_are_within_it_however_far(any_db: Database) -> None:
    take(any_db, "a", ONE, NOW)
    take(any_db, "b", OTHER, NOW + timedelta(minutes=1))
    first, last = NOW + MARGIN, NOW + MARGIN + timedelta(minutes=1)
    second = timedelta(seconds=1)
    far = Span(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))

    assert ids(any_db, far) == ["a", "b"]
    assert ids(any_db, Span(first, last)) == ["a", "b"]
    assert ids(any_db, Span(first + second, last)) == ["b"]
    assert ids(any_db, Span(first, last - second)) == ["a"]
    assert ids(any_db, Span(shelf="shushi")) == ["a"]
    with any_db.read() as s:
        assert offers.count(s, far) == 2
        assert offers.count(s, Span(shelf="nowhere")) == 0


def test_the_table_comes_empty_to_an_archive_that_has_records(tmp_path: Path) -> None:
    """V40: what was public before is offered by the chore, not by the migration."""
    db = Database(f"sqlite:///{tmp_path / 'vigil.db'}", bytes(32))
    with db.engine.execution_options(vigil_writes=True).begin() as connection:
        migrating.upgrade(connection, "0038")
    at = "2026-01-01 00:00:00"
    with db.write() as s:
        s.execute(
            text(
                "INSERT INTO records (id, state, visibility, access, embargo_told, "
                "document_sealed, revision, labelled, tier, codes, labels_version, "
                "created_by, created_at, changed_at) VALUES ('r', 'published', "
                f"'public', 'vetted', 1, '', 1, 1, 0, '[]', '', 'o', '{at}', '{at}')"
            )
        )
    db.migrate()
    with db.read() as s:
        assert s.scalar(text("SELECT count(*) FROM records")) == 1
        assert s.scalar(text("SELECT count(*) FROM offers")) == 0
    db.close()
