"""C9: a revoked grant ends what is being shown; the next range is refused."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from datetime import timedelta

import pytest

from archive import config
from archive.requests import asking, deciding
from archive.requests.asking import Statement
from archive.site import open_site
from auth.access import requests
from auth.access.deciding import Offer
from auth.access.purposes import StatedPurpose
from auth.access.requests import Scope
from auth.viewer import Access, Tier

from .conftest import Desk, bearer, copied, serving, sound

SIZE = 24 << 20
GONE_AFTER = 5
DAY = timedelta(days=1)


@pytest.fixture
def granted(first_home, tmp_path):
    """A long sound that needs a grant, served, with a grant and a consent to it."""
    environ = copied(first_home, tmp_path)
    site, people = open_site(config.load(environ)), first_home.people
    desk, now = Desk(site), site.clock()
    draft = desk.draft(access=Access.REQUEST)
    shown = desk.publish(desk.deposit(sound(SIZE), draft=draft, name="noise.wav"))
    stated = StatedPurpose("why", "P", "U", "AM", (now + 9 * DAY).date())
    with site.db.write() as s:
        scope = Scope(record_id=shown.record.id)
        said = Statement(stated, {})
        row = asking.hand_in(site, s, people["researcher"], scope, said, now)
        offer = Offer(Tier.G4, now, now + 9 * DAY, "fine")
        deciding.approve(site, s, row, offer, people["administrator"], now)
    with serving(environ) as live:
        yield site, live, shown, row.id, bearer(site, people["researcher"])
    site.close()


def ask(live, headers, target, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    connection.request(method, target, body, headers)
    return connection, connection.getresponse()


def test_a_revoked_grant_ends_the_stream_and_refuses_the_next_range(granted, people):
    """Requirement 44."""
    site, live, shown, request_id, headers = granted
    target = f"/api/v1/assets/{shown.assets[0].id}/original"
    some = {**headers, "Range": "bytes=0-99"}
    kind = {**headers, "Content-Type": "application/json"}
    consent = {"purpose": "research", "acknowledged": ["dead.body"]}
    given = f"/api/v1/records/{shown.record.id}/consents"
    connection, answer = ask(live, kind, given, "POST", json.dumps(consent))
    assert answer.status == 201, answer.read()
    connection.close()
    connection, answer = ask(live, some, target)
    assert answer.status == 206
    connection.close()

    running, stream = ask(live, headers, target)
    with contextlib.closing(running):
        read = len(stream.read(1 << 16))
        with site.db.write() as s:
            row, by = requests.get(s, request_id), people["administrator"]
            deciding.revoke(site, s, row, by, "Shared a still.", site.clock())
        revoked = time.monotonic()
        connection, answer = ask(live, some, target)
        assert answer.status == 403
        assert json.loads(answer.read())["reasons"] == ["access_request"]
        connection.close()
        with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
            while piece := stream.read(1 << 14):
                read += len(piece)
                # Slowly for five seconds; what comes after was on its way already.
                time.sleep(0.05 if time.monotonic() - revoked < GONE_AFTER else 0)
    assert read < SIZE, "the rest was still sent"
