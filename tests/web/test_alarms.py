"""Who goes through the archive like a machine is stopped, and administrators hear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.records import store
from archive.web.watching import MOST_PENDING, Pending
from auth import notices
from auth.access import alarms
from auth.access.alarms import Kind
from auth.credentials import sessions
from auth.viewer import Tier, Visibility
from tests.web.conftest import Browser, Desk, csrf
from tests.web.test_api_consents import _consent
from tests.web.working import events, post, text


@pytest.fixture
def site(site):
    """Limits that a test can reach."""
    config = replace(site.config, alarm_reveals=3, alarm_pages=10, alarm_misses=5)
    return replace(site, config=config)


@pytest.fixture
def desk(site) -> Desk:
    return Desk(site)


@pytest.fixture
def honey(desk) -> str:
    draft = desk.draft("A cellar", visibility=Visibility.VETTED)
    return desk.publish(desk.deposit(draft=draft), "dead.body", Tier.G3).record.id


def told(site, kind: Kind) -> list[str | None]:
    with site.db.read() as s:
        return [row.account_id for row in alarms.listing(s) if row.kind == kind]


def opened(visitor, desk, headers, count: int) -> list[int]:
    """The statuses of so many originals opened one after the other."""
    found = []
    for _ in range(count):
        deposit = desk.publish(desk.deposit())
        path = f"/api/v1/assets/{deposit.assets[0].id}/original"
        _consent(visitor, deposit.record.id, headers)
        found.append(visitor.get(path, headers=headers).status_code)
    return found


def test_many_originals_in_an_hour_raise_one_alarm_and_a_token_waits(
    visitor, token, desk, site, people, clock
) -> None:
    """A6, X26; requirements 108 and 109."""
    headers = token("researcher")
    assert opened(visitor, desk, headers, 3) == [200] * 3
    deposit = desk.publish(desk.deposit())
    _consent(visitor, deposit.record.id, headers)
    path = f"/api/v1/assets/{deposit.assets[0].id}/original"
    for _ in range(3):
        refused = visitor.get(path, headers=headers)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert told(site, Kind.REVEALS) == [people["researcher"]]
    assert events(site).count("alarm raised") == 1
    with site.db.read() as s:
        heard = notices.for_account(s, people["administrator"])
        assert [n.kind for n in heard].count("alarm") == 1
    live = visitor.get("/api/v1/me/consents", headers=headers).json["items"]
    assert {each["state"] for each in live} == {"session_ended"}
    clock.advance(minutes=61)
    assert opened(visitor, desk, headers, 1) == [200]


def test_a_browser_signs_in_again_and_goes_on(
    browser: Browser, desk, site, people, clock
) -> None:
    """X26: the reveal session ends; nobody is locked out for good."""
    client = browser("researcher")

    def opens(client) -> int:
        deposit = desk.publish(desk.deposit())
        headers = {"X-CSRFToken": csrf(client)}
        if _consent(client, deposit.record.id, headers).status_code != 201:
            return 0
        return client.get(f"/media/{deposit.assets[0].id}/original").status_code

    assert [opens(client) for _ in range(3)] == [200] * 3
    assert opens(client) == 429
    assert client.get("/account/").status_code == 401
    clock.advance(seconds=1)
    again = browser("researcher")
    assert opens(again) == 200
    with site.db.read() as s:
        assert len(sessions.list_live(s, people["researcher"], site.clock())) == 1


def test_walking_through_records_and_lists_is_stopped(
    app, browser, desk, site, people, clock
) -> None:
    """A6: pages of records, and further pages of lists, by person."""
    record = desk.publish(desk.deposit()).record.id
    client, other = browser("researcher"), browser("other")
    paths = [f"/records/{record}", "/search?q=a&page=2"] * 5
    assert [client.get(path).status_code for path in paths] == [200] * 10
    stopped = client.get(f"/records/{record}")
    assert stopped.status_code == 429
    assert "Retry-After" in stopped.headers
    assert told(site, Kind.PAGES) == [people["researcher"]]
    assert client.get("/account/").status_code == 401
    assert other.get(f"/records/{record}").status_code == 200
    clock.advance(seconds=1)
    assert browser("researcher").get(f"/records/{record}").status_code == 200


def test_guessing_ids_is_stopped_for_readers_who_are_nobody(visitor, site) -> None:
    """A6: by address; one alarm, and the answer tells nothing of what is there."""
    guess = [visitor.get(f"/records/guess{n}").status_code for n in range(5)]
    assert guess == [404] * 5
    for n in range(4):
        refused = visitor.get(f"/media/guess{n}/original")
        assert refused.status_code == 429
        assert "Retry-After" in refused.headers
    assert visitor.get("/nothing/at/all").status_code == 404
    assert told(site, Kind.MISSES) == [None]


def test_strangers_cannot_bury_an_alarm_under_others(site, people) -> None:
    """X26: false alarms are bounded."""
    with site.db.write() as s:
        rung = [alarms.sound(s, Kind.MISSES, site.clock()) for _ in range(50)]
        mine = alarms.sound(s, Kind.MISSES, site.clock(), account_id=people["other"])
        again = alarms.sound(s, Kind.MISSES, site.clock(), account_id=people["other"])
    assert len([row for row in rung if row]) == alarms.OF_STRANGERS
    assert mine is not None
    assert again is None


def test_a_touch_of_honey_is_told_and_changes_nothing_for_who_touches(
    browser, visitor, token, honey, site, people
) -> None:
    """X26: consent, view and original; reading and searching raise nothing."""
    boss = browser("administrator")
    assert post(boss, "/admin/alarms/honey", honey=honey).status_code == 303
    with site.db.read() as s:
        asset = store.assets_of(s, honey)[0].id
    client = browser("researcher")
    client.get(f"/records/{honey}")
    client.get("/search?q=cellar")
    assert told(site, Kind.HONEY) == []
    assert client.get(f"/media/{asset}/original").status_code == 403
    assert told(site, Kind.HONEY) == [people["researcher"]]
    headers = token("other")
    assert _consent(visitor, honey, headers).status_code == 201
    path = f"/api/v1/assets/{asset}/original"
    assert visitor.get(path, headers=headers).status_code == 200
    assert sorted(told(site, Kind.HONEY)) == sorted(
        [people["researcher"], people["other"]]
    )
    assert visitor.get(f"/media/{asset}/original").status_code == 404
    assert None in told(site, Kind.HONEY)
    assert client.get("/account/").status_code == 200
    page = text(boss.get("/admin/alarms"))
    assert "a honey record was touched" in page
    assert "3 alarms to look at" in text(boss.get("/admin/"))
    for name in ("moderator", "researcher"):
        shown = browser(name).get(f"/records/{honey}").text
        assert "oney" not in shown, "nobody else can tell"
    with site.db.read() as s:
        first = alarms.listing(s)[0].id
    assert post(boss, f"/admin/alarms/{first}/seen").status_code == 303
    assert post(boss, f"/admin/alarms/{first}/seen").status_code == 409
    assert "2 alarms to look at" in text(boss.get("/admin/"))


def test_honey_is_never_public_and_can_be_lifted(browser, desk, honey, site) -> None:
    """X26."""
    boss = browser("administrator")
    public = desk.publish(desk.deposit()).record.id
    for wrong in (public, "nothing", ""):
        assert post(boss, "/admin/alarms/honey", honey=wrong).status_code == 422
    post(boss, "/admin/alarms/honey", honey=honey)
    assert post(boss, "/admin/alarms/honey/lift", honey=honey).status_code == 303
    assert post(boss, "/admin/alarms/honey/lift", honey=honey).status_code == 409
    client = browser("researcher")
    assert client.get(f"/records/{honey}/view").status_code == 403
    assert told(site, Kind.HONEY) == []


def test_strangers_from_everywhere_do_not_fill_the_memory():
    pending = Pending()
    for number in range(3 * MOST_PENDING):
        pending.add(f"address:{number}", 20)
    assert len(pending) <= MOST_PENDING
    assert [pending.add("one", 3) for _ in range(6)] == [0, 0, 3, 0, 0, 3]
