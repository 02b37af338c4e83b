"""Ranges that go on, over HTTP, on SQLite and on PostgreSQL alike.

What is attacked between two ranges is in `tests/web/test_continuing.py`; here it is the
database that differs, and how each of them tells that somebody has committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from archive.app import create_app
from archive.db import Database
from archive.site import Site
from archive.work import run_one
from auth.access import consents
from auth.credentials import tokens
from auth.entry import entrances
from auth.viewer import TokenScope
from tests.archive.conftest import Clock, Desk, photo


@dataclass
class Showing:
    """A picture that somebody is being shown, and how often all of it was asked."""

    site: Site
    client: FlaskClient
    path: str
    account: str
    content: bytes
    passed: list[str] = field(default_factory=list)

    def ask(self, start: int, last: int) -> int:
        """Ask for a range; what comes with 206 is that very part of the file."""
        with self.client.get(
            self.path, headers={"Range": f"bytes={start}-{last}"}
        ) as answer:
            if answer.status_code == 206:
                assert answer.data == self.content[start : last + 1]
            return answer.status_code

    def is_ahead(self) -> bool:
        """Whether a range is given without the whole program."""
        before = len(self.passed)
        assert self.ask(20, 39) == 206
        return len(self.passed) == before


@pytest.fixture
def showing(any_site: Site, any_desk: Desk) -> Showing:
    content = photo((300, 200))
    held = any_desk.publish(any_desk.deposit(content))
    while run_one(any_site, any_site.clock()):
        pass
    account = any_desk.researcher().account_id
    now = any_site.clock()
    with any_site.db.write() as s:
        secret, token = tokens.add(s, account, frozenset(TokenScope), 30, now)
        viewer = entrances.viewer_through(s, account, token.id, now)
    any_desk.consent(viewer, held.record.id)
    app = create_app(any_site)
    ahead = app.wsgi_app._app
    inner, passed = ahead._app, []

    def whole(environ, start_response):
        passed.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    ahead._app = whole
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    path = f"/api/v1/assets/{held.assets[0].id}/original"
    return Showing(any_site, client, path, account, content, passed)


def displayings(site: Site) -> int:
    with site.db.read() as s:
        lines = site.ledger.entries(s, limit=200)
        return sum(1 for line in lines if line.event == "displaying")


def elsewhere(site: Site) -> Database:
    """The same database, as another process of the archive has it open."""
    return Database(site.config.database_url, site.db._key)


def test_ranges_go_on_under_one_line_of_the_ledger(showing: Showing) -> None:
    assert [showing.is_ahead() for _ in range(4)] == [False, False, True, True]
    for start, last in ((0, 0), (7, 299), (100, len(showing.content) - 1)):
        assert showing.ask(start, last) == 206
    assert len(showing.passed) == 2
    assert displayings(showing.site) == 1


def test_what_others_commit_is_seen_by_the_next_range(showing: Showing) -> None:
    assert [showing.is_ahead() for _ in range(3)] == [False, False, True]
    other = elsewhere(showing.site)
    with other.write() as s:
        s.execute(text("CREATE TABLE something_else (value INTEGER)"))
    assert [showing.is_ahead() for _ in range(2)] == [False, True]
    with other.write() as s:
        consents.withdraw_all(s, showing.account, showing.site.clock())
    other.close()
    before = len(showing.passed)
    assert showing.ask(20, 39) == 403
    assert len(showing.passed) == before + 1


def test_what_others_only_read_changes_nothing(showing: Showing) -> None:
    assert [showing.is_ahead() for _ in range(3)] == [False, False, True]
    other = elsewhere(showing.site)
    with other.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM consents")).all()
        assert showing.is_ahead()
    other.close()


def test_after_two_seconds_the_whole_program_is_asked(
    showing: Showing, clock: Clock
) -> None:
    assert [showing.is_ahead() for _ in range(3)] == [False, False, True]
    clock.advance(seconds=2.1)
    assert [showing.is_ahead(), showing.is_ahead()] == [False, True]
    assert displayings(showing.site) == 1
