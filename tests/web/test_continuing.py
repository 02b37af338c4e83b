"""Further ranges are answered ahead of the program only while it would say the same.

Each attack changes one thing between two ranges, of which the second would have been
continued; without the change it is (`test_a_further_range_is_answered_ahead`).
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive import gate, shredding
from archive.gate import FIRST_BYTES
from archive.records import store
from archive.records.tables import Asset, Record
from archive.shredding import Approved
from archive.site import Site
from archive.vault.shredlist import Shredding
from archive.vault.tables import DataKey
from archive.web import logs
from archive.web.answer import streams
from auth import accounts
from auth.access import consents
from auth.access.tables import ConsentRow
from auth.credentials import sessions, tokens
from auth.credentials.sessions import Ending
from auth.credentials.tables import ServerSession
from auth.viewer import Mode, RecordState

from .conftest import ROOT, Clock, photo, sound
from .test_levels import consent

SPAN = {"Range": "bytes=10-19"}
NEXT = {"Range": "bytes=20-39"}
PAIR = Approved(("a" * 16, "b" * 16))


@dataclass
class Showing:
    """A file that somebody is being shown, and how often the whole program answered."""

    site: Site
    clock: Clock
    client: FlaskClient
    path: str
    record: str
    asset: str
    content: bytes
    people: dict[str, str]
    passed: list[str] = field(default_factory=list)

    def ask(self, headers: dict[str, str] = NEXT, **more: Any) -> TestResponse:
        return self.client.get(self.path, headers={**headers, **more})

    def is_ahead(self, headers: dict[str, str] = NEXT) -> bool:
        """Whether a range is answered without the whole program."""
        before = len(self.passed)
        answer = self.ask(headers)
        assert answer.status_code == 206
        answer.close()
        return len(self.passed) == before

    def account(self) -> str:
        return self.people["researcher"]


def shown_by(
    app: Flask, client: FlaskClient, site: Site, clock: Clock, desk, content, people
) -> Showing:
    made = desk.publish(desk.deposit(content))
    consent(client, made.record.id, "dead.body")
    asset = made.assets[0].id
    path = f"/media/{asset}/original"
    record = made.record.id
    one = Showing(site, clock, client, path, record, asset, content, people)

    inner = ahead_of(app)._app

    def whole(environ, start_response):
        one.passed.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    ahead_of(app)._app = whole
    return one


def ahead_of(app: Flask) -> Any:
    """What stands before the whole program, behind the rule about proxies."""
    return app.wsgi_app._app


@pytest.fixture
def environ(environ, tmp_path):
    return {**environ, "VIGIL_SHRED_LIST": str(tmp_path / "list")}


@pytest.fixture
def showing(app, browser, site, clock, desk, people):
    """Opened once and gone on with once: the next range is answered ahead."""
    client = browser("researcher")
    one = shown_by(app, client, site, clock, desk, photo((300, 200)), people)
    assert [one.is_ahead(), one.is_ahead()] == [False, False]
    return one


def test_a_further_range_is_answered_ahead_with_the_same_words(showing) -> None:
    showing.site.db.forget()
    whole = showing.ask(SPAN)
    ahead = showing.ask(SPAN)
    assert showing.passed == [showing.path] * 3
    assert (ahead.status, ahead.data) == (whole.status, whole.data)
    assert sorted(ahead.headers) == sorted(whole.headers)
    assert ahead.data == showing.content[10:20]
    for start, last in ((0, 0), (7, 299), (100, len(showing.content) - 1)):
        part = showing.ask({"Range": f"bytes={start}-{last}"})
        assert part.data == showing.content[start : last + 1]
        size = len(showing.content)
        assert part.headers["Content-Range"] == f"bytes {start}-{last}/{size}"
        assert part.headers["Content-Length"] == str(last + 1 - start)
    assert showing.ask({"Range": "bytes=50-"}).data == showing.content[50:]
    assert len(showing.passed) == 3


def _in_another_process(showing: Showing) -> None:
    settings = showing.site.config
    environ = {
        "VIGIL_HOME": str(settings.home),
        "VIGIL_KEY_FILE": str(settings.key_file),
        "VIGIL_DATABASE_URL": settings.database_url,
    }
    # At the time of the test: by the clock of the wall the consent may have run out.
    now = f"datetime.fromisoformat({showing.clock().isoformat()!r})"
    script = (
        "from datetime import datetime\n"
        "from archive import config\n"
        "from archive.site import open_site\n"
        "from auth.access import consents\n"
        f"site = open_site(config.load({environ!r}))\n"
        "with site.db.write() as s:\n"
        f"    consents.withdraw_all(s, {showing.account()!r}, {now})\n"
        "site.close()\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def _withdraw(showing: Showing, s: Any) -> None:
    consents.withdraw_all(s, showing.account(), showing.clock())


def _suspend(showing: Showing, s: Any) -> None:
    account = accounts.get(s, showing.account())
    accounts.suspend(s, account, "operator", "Found out.", showing.clock())


def _unvet(showing: Showing, s: Any) -> None:
    account = accounts.get(s, showing.account())
    accounts.expire(s, account, "operator", "A year is over.", showing.clock())


def _sign_out(showing: Showing, s: Any) -> None:
    sessions.end_all(s, showing.account(), Ending.SIGNED_OUT, showing.clock())


def _set_aside(showing: Showing, s: Any) -> None:
    row = s.query(DataKey).filter_by(object_id=_asset(showing, s).object_id).one()
    row.quarantined_at = showing.clock()


def _label(showing: Showing, s: Any) -> None:
    record = _record(showing, s)
    record.labels_version = "0" * len(record.labels_version)


def _withdraw_record(showing: Showing, s: Any) -> None:
    _record(showing, s).state = RecordState.WITHDRAWN


def _embargo(showing: Showing, s: Any) -> None:
    _record(showing, s).embargo_until = showing.clock() + timedelta(days=9)


def _record(showing: Showing, s: Any) -> Record:
    return store.require(s, showing.record)


def _asset(showing: Showing, s: Any) -> Asset:
    return store.require_asset(s, showing.asset)


ROWS: dict[str, tuple[Callable[[Showing, Any], None], int]] = {
    "consent withdrawn": (_withdraw, 403),
    "account suspended": (_suspend, 401),
    "vetting over": (_unvet, 401),
    "signed out": (_sign_out, 401),
    "file set aside": (_set_aside, 500),
    "label added": (_label, 403),
    "record withdrawn": (_withdraw_record, 403),
    "embargo": (_embargo, 403),
}


@pytest.mark.parametrize("what", ROWS)
def test_what_anybody_commits_ends_the_next_range(showing, what) -> None:
    change, status = ROWS[what]
    with showing.site.db.write() as s:
        change(showing, s)
    assert showing.ask().status_code == status
    assert len(showing.passed) == 3


def test_what_another_process_commits_ends_the_next_range(showing) -> None:
    _in_another_process(showing)
    assert showing.ask().status_code == 403


def test_what_is_shredded_ends_even_where_only_the_list_says_it(showing) -> None:
    with showing.site.db.read() as s:
        object_id = _asset(showing, s).object_id
    entry = Shredding(
        object_id, showing.record, showing.clock(), "r", PAIR.accounts, "order 12"
    )
    showing.site.keyring.shredded.add([entry])
    assert showing.ask().status_code == 410


def test_a_closed_archive_gives_nothing_more(showing) -> None:
    site = showing.site
    with site.db.write() as s:
        site.change_mode(s, Mode.NO_ACCESS, {}, "operator")
    site.look_at_mode_again()
    answer = showing.ask()
    assert answer.status_code >= 400
    assert showing.content[20:40] not in answer.data


def test_what_is_shredded_by_two_persons_ends(showing) -> None:
    shredding.shred(showing.site, showing.record, "order 12", PAIR)
    assert showing.ask().status_code == 403


@pytest.mark.parametrize(
    ("row", "status", "late"), [(ConsentRow, 403, 0.1), (ServerSession, 401, 1)]
)
def test_what_runs_out_by_the_clock_ends(showing, row, status, late) -> None:
    """A consent to the second; a session within the two that a stream goes on."""
    with showing.site.db.write() as s:
        for each in s.query(row):
            each.expires_at = showing.clock() + timedelta(seconds=1.5)
    assert [showing.is_ahead(), showing.is_ahead()] == [False, True]
    showing.clock.advance(seconds=1.5 + late)
    assert showing.ask().status_code == status


def test_after_two_seconds_the_whole_program_is_asked_again(showing) -> None:
    showing.clock.advance(seconds=1.9)
    assert showing.is_ahead() is True
    showing.clock.advance(seconds=0.2)
    assert showing.is_ahead() is False


def test_a_clock_that_is_set_back_continues_nothing(showing) -> None:
    showing.clock.advance(seconds=-1)
    assert showing.ask().status_code == 403  # the consent is not given yet
    assert len(showing.passed) == 3


def test_somebody_elses_credentials_are_other_words(showing, browser) -> None:
    for name, status in (
        ("visitor", 401),
        ("other", 403),
        ("administrator", 403),
        ("researcher", 403),  # another session of the same account
    ):
        stranger = browser(name)
        assert stranger.get(showing.path, headers=NEXT).status_code == status
    assert showing.is_ahead() is False  # the refusals are in the ledger
    assert showing.is_ahead() is True


OTHER_WORDS = (
    ("GET", "", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("GET", "", {"Sec-Fetch-Site": "same-site"}, 403),
    ("GET", "", {"Sec-Fetch-Dest": "iframe"}, 403),
    ("GET", "", {"Host": "evil.example"}, 400),
    ("GET", "", {"Authorization": "Bearer vgl_nobody"}, 401),
    ("GET", "", {"Range": "bytes=0-1,4-5"}, 416),
    ("GET", "", {"Range": "bytes=9-3"}, 416),
    ("GET", "", {"Range": "bytes=99999999-"}, 416),
    ("GET", "", {"Range": "bytes=-5"}, 206),
    ("GET", "", {"Range": "lines=1-2"}, 200),
    ("GET", "", {"If-Range": '"another"'}, 200),
    ("GET", "", {"Transfer-Encoding": "chunked"}, 206),
    ("GET", "?x=1", {}, 206),
    ("GET", "/", {}, 404),
    ("HEAD", "", {}, 206),
    ("POST", "", {}, 405),
    ("OPTIONS", "", {}, 405),
)


def test_any_other_word_goes_the_whole_way(showing) -> None:
    for method, more, headers, status in OTHER_WORDS:
        showing.ask().close()
        showing.ask().close()
        assert showing.is_ahead(), "else what follows shows nothing"
        before, path = len(showing.passed), showing.path + more
        said = {**NEXT, **headers}
        answer = showing.client.open(path, method=method, headers=said)
        answer.close()
        assert (answer.status_code, len(showing.passed)) == (status, before + 1), said


def test_the_line_of_the_ledger_is_renewed_every_minute(showing) -> None:
    before = _displayings(showing)
    for _ in range(61 * 2):
        showing.clock.advance(seconds=0.5)
        showing.ask().close()
    assert _displayings(showing) == before + 1
    assert len(showing.passed) < 60


def test_without_a_line_of_the_ledger_nothing_is_continued(showing) -> None:
    showing.site.ledger.recent._told.clear()
    before = _displayings(showing)
    assert showing.is_ahead() is False
    assert _displayings(showing) == before + 1


def _displayings(showing: Showing) -> int:
    with showing.site.db.read() as s:
        lines = showing.site.ledger.entries(s, limit=200)
        return sum(1 for line in lines if line.event == "displaying")


def test_streams_are_counted_as_ever(showing, app) -> None:
    counted, mine = streams.of(app), showing.account()
    held = [counted.take(mine) for _ in range(streams.PER_VIEWER)]
    assert showing.ask().status_code == 429
    held.pop().give_back()
    answer = showing.ask()
    assert answer.status_code == 206
    answer.close()
    counted.take(mine).give_back()  # the range gave its place back
    for each in held:
        each.give_back()


def test_each_continued_range_is_a_line_of_the_log(showing, caplog) -> None:
    with caplog.at_level(logging.INFO, logs.requests.name):
        assert showing.is_ahead()
    lines = [each for each in caplog.records if each.name == logs.requests.name]
    assert [(each.route, each.status, each.method) for each in lines] == [
        ("/media/<asset_id>/original", 206, "GET")
    ]


def test_a_damaged_file_is_an_error_and_no_cut_answer(showing) -> None:
    for path in (showing.site.config.home / "objects").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:200] + bytes(path.stat().st_size - 200))
    answer = showing.ask()
    assert answer.status_code == 500
    assert showing.content[20:40] not in answer.data


def test_the_form_without_metadata_is_continued_alike(showing) -> None:
    showing.path = f"/media/{showing.asset}/clean"
    found = [showing.ask(SPAN).data for _ in range(4)]
    assert len(set(found)) == 1
    assert len(showing.passed) == 2 + 2


def test_a_long_range_ends_midway_when_the_answer_changes(
    app, browser, site, clock, desk, people
) -> None:
    content = sound(2 * FIRST_BYTES)
    client = browser("researcher")
    one = shown_by(app, client, site, clock, desk, content, people)
    assert [one.is_ahead(), one.is_ahead(), one.is_ahead()] == [False, False, True]
    answer = client.get(one.path, headers={"Range": "bytes=0-"}, buffered=False)
    pieces = answer.iter_encoded()
    assert next(pieces) == content[:FIRST_BYTES]
    with site.db.write() as s:
        consents.withdraw_all(s, one.account(), clock())
    clock.advance(seconds=2)
    with pytest.raises(gate.RefusedError):
        list(pieces)
    answer.close()


def test_a_token_is_continued_and_ends_with_its_revocation(
    app, token, site, clock, desk, people
) -> None:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = token("researcher")["Authorization"]
    made = desk.publish(desk.deposit())
    body = {"purpose": "research", "acknowledged": ["dead.body"]}
    client.post(f"/api/v1/records/{made.record.id}/consents", json=body)
    path = f"/api/v1/assets/{made.assets[0].id}/original"
    for _ in range(3):
        assert client.get(path, headers=NEXT).status_code == 206
    with site.db.write() as s:
        for row in tokens.list_for(s, people["researcher"]):
            tokens.revoke(s, row, "lost", clock())
    assert client.get(path, headers=NEXT).status_code == 401
