"""A withdrawn record is gone from everywhere but its tombstone.

The words of a record are planted, met where they should be, and looked for again in
every answer to GET once it is withdrawn: as a visitor, and as a researcher who had it
open, a search saved and a notice of it. Nobody lists the routes: they are read from the
application, so that a new one is walked as well.
"""

from __future__ import annotations

import pytest

from archive import moderation
from archive.moderation import withdrawing
from archive.records import store
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.work.worker import run_one
from auth.viewer import Access, RecordState, Visibility

from .working import post

PLANTED = ("Quillfeather", "Dunmarrow", "Brackwater", "Fennimore")
NOTE = "At the request of a family."


@pytest.fixture
def deposit(desk):
    """A published record whose every field has a word that nothing else has."""
    title, body, place, person = PLANTED
    document = RecordDocument(
        {"en": Description(f"{title} church", f"A {body} road, seen from a car.")},
        places=(Place(place, 39.76, 46.75),),
        event_date="2020-10-08",
        source=Source(platform="telegram", note=person),
        rights=f"rights of {person}",
    )
    draft = RecordDraft(document, Visibility.PUBLIC, Access.VETTED)
    return desk.publish(desk.deposit(draft=draft))


def work(site):
    while run_one(site, site.clock()):
        pass


def withdraw(site, record):
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record.id,
            category="privacy",
            note=NOTE,
            by="operator",
            now=site.clock(),
        )


def addresses(app, deposit):
    """Every address that GET answers, of this record and its file where it names one,
    and those lists again with a search for the planted words."""
    item = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    others = {"variant": "card", "name": "consent", "filename": "css/tokens.css"}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        values = {name: {**item, **others}.get(name, "x") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        yield path
        if not rule.arguments:
            yield f"{path}{'&' if '?' in path else '?'}q={PLANTED[0]}"


def met(client, paths, deposit) -> set[tuple[str, str]]:
    """Where one of the planted words, or the digest of the file, is told."""
    found = set()
    for path in paths:
        with client.get(path) as answer:
            assert answer.status_code < 500, path
            raw = answer.get_data().decode(errors="replace")
            body = raw.replace(f"q={PLANTED[0]}", "")
        asked = path.endswith(f"q={PLANTED[0]}")
        for word in (*PLANTED, deposit.assets[0].id):
            # What was asked with comes back: in the field, in the address to sign in.
            typed = asked and word == PLANTED[0]
            if word in body and not typed and word not in path:
                found.add((path, word))
    return found


def test_after_its_withdrawal_no_answer_tells_of_it(app, site, browser, deposit):
    record, work_paths = deposit.record, sorted(set(addresses(app, deposit)))
    visitor, researcher = browser("visitor"), browser("researcher")
    work(site)
    saved = {"q": PLANTED[0], "name": "mine", "pace": "off"}
    post(researcher, "/search/save", f"/search?q={PLANTED[0]}", **saved)
    before = met(visitor, work_paths, deposit)
    told = {path for path, _word in before}
    for path in (f"/records/{record.id}", "/", f"/records/{record.id}/cite"):
        assert path in told
    assert any(path.startswith("/search") for path in told)
    assert f"/api/v1/records/{record.id}" in told

    withdraw(site, record)
    work(site)

    for client in (visitor, researcher):
        assert met(client, work_paths, deposit) == set()
        page = client.get(f"/records/{record.id}").get_data(as_text=True)
        assert NOTE in page and "privacy" in page
        assert site.clock().date().isoformat() in page
        for gone in (
            f"/api/v1/assets/{deposit.assets[0].id}/segments",
            f"/api/v1/records/{record.id}/findings",
        ):
            assert client.get(gone).status_code == 404
        for answer in (
            client.get(f"/media/{deposit.assets[0].id}/original"),
            client.get(f"/records/{record.id}/view"),
        ):
            assert answer.status_code in (401, 403)
    found = visitor.get("/api/v1/records", query_string={"q": PLANTED[1]}).get_json()
    assert (found["total"], found["items"]) == (0, [])


def test_the_preview_of_what_is_withdrawn_tells_nothing(site, browser, deposit, desk):
    asset, visitor = deposit.assets[0], browser("visitor")
    other = desk.deposit().assets[0]
    work(site)
    before = visitor.get(f"/media/{asset.id}/preview").get_data()
    withdraw(site, deposit.record)
    after = visitor.get(f"/media/{asset.id}/preview").get_data()
    assert after != before
    assert other.id != asset.id


def test_staff_and_the_depositor_still_know_which_it_was(
    site, browser, deposit, people
):
    with site.db.write() as s:
        store.require(s, deposit.record.id).created_by = people["other"]
    withdraw(site, deposit.record)
    address = f"/records/{deposit.record.id}"
    for name in ("moderator", "administrator", "other"):
        assert PLANTED[0] in browser(name).get(address).get_data(as_text=True)
    assert PLANTED[0] not in browser("researcher").get(address).get_data(as_text=True)


def test_a_withdrawal_undone_is_found_again(site, visitor, deposit):
    work(site)
    withdraw(site, deposit.record)
    work(site)
    with site.db.write() as s:
        withdrawing.restore(site, s, deposit.record.id, by="operator", now=site.clock())
    work(site)
    found = visitor.get("/api/v1/records", query_string={"q": PLANTED[0]}).get_json()
    assert [each["id"] for each in found["items"]] == [deposit.record.id]
    with site.db.read() as s:
        assert store.require(s, deposit.record.id).state is RecordState.PUBLISHED
