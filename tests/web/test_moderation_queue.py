"""The queue by page: two moderators, one file at a time, up the ladder."""

from __future__ import annotations

import pytest

from archive import twins
from archive.moderation import rungs
from archive.moderation.tables import Rung
from archive.records import labels, store
from archive.work import run_one
from auth import accounts
from auth.credentials import sessions
from auth.viewer import Role
from blur.likeness.form import Closeness

from .conftest import photo
from .working import events, post, text


@pytest.fixture
def second(app, site):
    """The browser of another moderator."""
    now = site.clock()
    with site.db.write() as s:
        made = accounts.add(
            s, site.sealing, "second@example.org", "second", Role.MODERATOR, None, now
        )
        until = now.replace(year=2099)
        accounts.vet_offline(s, site.sealing, made, "papers", until, "operator", now)
        secret, _ = sessions.start(s, made.id, "a test", now)
    client = app.test_client()
    client.set_cookie("vigil", secret)
    return client


@pytest.fixture
def waiting(desk):
    return desk.deposit()


def standing(site, waiting) -> tuple[bool, list[str]]:
    with site.db.read() as s:
        asset = store.require_asset(s, waiting.assets[0].id)
        return asset.labelled, [row.code for row in labels.current(s, asset.id)]


def answer(client, waiting, *codes: str):
    return post(client, f"/moderation/labels/{waiting.assets[0].id}", label=list(codes))


def test_two_answer_without_seeing_each_other_and_then_it_is_closed(
    browser, second, site, waiting
) -> None:
    first, address = browser("moderator"), f"/moderation/{waiting.record.id}"
    answer(first, waiting, "dead.body")
    assert standing(site, waiting) == (False, [])
    assert 'value="dead.body" checked' in first.get(address).text
    unknowing = second.get(address)
    assert "waits for a second opinion" in text(unknowing)
    assert 'value="dead.body" checked' not in unknowing.text
    assert "<code>dead.body</code>" not in unknowing.text
    saved = post(first, f"{address}/publish", visibility="public", access="vetted")
    assert saved.status_code == 422
    answer(second, waiting, "dead.body")
    assert standing(site, waiting) == (True, ["dead.body"])
    assert "closed" in text(first.get(address))


def test_who_settles_a_disagreement_sees_what_was_said(
    browser, second, site, waiting
) -> None:
    first, address = browser("moderator"), f"/moderation/{waiting.record.id}"
    answer(first, waiting, "dead.body")
    answer(second, waiting, "harm.dying")
    page = first.get(address)
    assert "The answers differ" in text(page)
    assert "<code>harm.dying</code>" in page.text
    answer(first, waiting, "harm.dying")
    assert standing(site, waiting) == (True, ["harm.dying"])


def test_the_next_is_taken_kept_and_given_back(browser, second, waiting) -> None:
    first, page = browser("moderator"), f"/moderation/{waiting.record.id}"
    taken = post(first, "/moderation/take")
    assert taken.location == f"{page}?asset={waiting.assets[0].id}"
    assert "yours until" in text(first.get(page))
    assert post(second, "/moderation/take").location == "/moderation/"
    assert "another moderator is at work on it" in text(second.get(page))
    assert answer(second, waiting, "dead.body").status_code == 422
    assert "in work" in text(second.get("/moderation/?desk=working"))
    post(first, f"/moderation/files/{waiting.assets[0].id}/give-back")
    assert post(second, "/moderation/take").location.startswith(page)


def test_the_ladder_begins_with_words_and_every_step_is_written_down(
    browser, site, waiting, people
) -> None:
    while run_one(site, site.clock()):
        pass
    client, page = browser("moderator"), f"/moderation/{waiting.record.id}"
    assert "data:image/png;base64," not in client.get(page).text
    climb = f"/moderation/files/{waiting.assets[0].id}/rung"
    assert post(client, climb, rung="blurred").status_code == 303
    assert "data:image/png;base64," in client.get(page).text
    assert events(site, record=waiting.record.id)[0] == "exposure rung"
    for none in ("clip", "tower", ""):
        assert post(client, climb, rung=none).location.startswith(page)
    assert events(site, record=waiting.record.id).count("exposure rung") == 1
    with site.db.read() as s:
        asset = store.require_asset(s, waiting.assets[0].id)
        assert rungs.used(site, s, asset, people["moderator"]) is Rung.BLURRED


def test_a_role_opens_no_step_above_the_preview(browser, site, waiting, people) -> None:
    client = browser("moderator")
    climb = f"/moderation/files/{waiting.assets[0].id}/rung"
    refused = post(client, climb, rung="stills")
    assert refused.location == f"/records/{waiting.record.id}#reveal"
    assert "exposure rung" not in events(site, record=waiting.record.id)
    with site.db.read() as s:
        asset = store.require_asset(s, waiting.assets[0].id)
        assert rungs.used(site, s, asset, people["moderator"]) is Rung.WORDS


def test_a_closed_file_is_opened_again_with_a_reason(browser, site, desk) -> None:
    made = desk.publish(desk.deposit())
    client, asset_id = browser("moderator"), made.assets[0].id
    assert "closed" in text(client.get(f"/moderation/{made.record.id}"))
    post(client, f"/moderation/files/{asset_id}/reopen", why=" ")
    assert "labels reopened" not in events(site, record=made.record.id)
    post(client, f"/moderation/files/{asset_id}/reopen", why="A reader wrote.")
    assert "A reader wrote." in text(client.get(f"/moderation/{made.record.id}"))
    assert "A church in Shushi" in text(client.get("/moderation/"))


def test_what_is_urgent_is_told_and_can_be_taken_back(browser, waiting) -> None:
    client, asset_id = browser("moderator"), waiting.assets[0].id
    post(client, f"/moderation/files/{asset_id}/urgent", urgent="yes")
    assert "A church" in text(client.get("/moderation/?desk=urgent"))
    post(client, f"/moderation/files/{asset_id}/urgent", urgent="no")
    assert "Nothing fits" in text(client.get("/moderation/?desk=urgent"))


def test_the_dashboard_tells_numbers_and_agreement(browser, second, waiting) -> None:
    first = browser("moderator")
    assert "Nothing to compare yet" in text(first.get("/moderation/dashboard"))
    answer(first, waiting, "dead.body")
    answer(second, waiting, "dead.body", "id.place")
    page = text(first.get("/moderation/dashboard"))
    assert "id.place 0.00 0 1 1" in page
    assert "answers differ · 1" in page
    assert "One answer." in page
    assert browser("researcher").get("/moderation/dashboard").status_code == 403


def shelve(site, deposit, slug: str) -> str:
    with site.db.write() as s:
        shelf = store.add_collection(s, slug, {"en": slug}, {}, "op", site.clock())
        store.require(s, deposit.record.id).collection_id = shelf.id
        return shelf.id


def test_the_queue_is_filtered_by_collection_and_by_near_twins(
    browser, visitor, token, site, desk
) -> None:
    """By page and by program, and what is taken next fits the same filters."""
    first, second, third = (desk.deposit(photo((n, n))) for n in (40, 60, 80))
    shelf = shelve(site, second, "filtered-shelf")
    near = [second.assets[0].id, third.assets[0].id]
    with site.db.write() as s:
        twins.record_found(
            site, s, *near, Closeness.SURE, by="system:test", now=site.clock()
        )
    page, chosen = browser("moderator"), f"/moderation/?collection={shelf}"
    shown = {one.record.id for one in (first, second, third)}

    def seen(address: str) -> set[str]:
        html = page.get(address).text
        return {each for each in shown if f'href="/moderation/{each}"' in html}

    assert seen("/moderation/") == shown
    assert seen(chosen) == {second.record.id}
    assert seen("/moderation/?twins=open") == {second.record.id, third.record.id}
    assert "twin to decide on" in text(page.get(chosen))
    as_moderator = token("moderator")

    def told(query: str) -> set[str]:
        answer = visitor.get(f"/api/v1/moderation/queue{query}", headers=as_moderator)
        assert answer.status_code == 200
        return {each["record"] for each in answer.json["items"]} & shown

    assert told("?collection=filtered-shelf") == {second.record.id}
    assert told("?twins=any") == {second.record.id, third.record.id}
    with site.db.write() as s:
        verdict = twins.Verdict.NOT_A_TWIN
        twins.judge(site, s, *near, verdict, by="system:test", now=site.clock())
    assert told("?twins=any") == set()
    taken = post(page, "/moderation/take", collection=shelf)
    assert taken.location.startswith(f"/moderation/{second.record.id}")


def test_programs_take_what_fits_and_nothing_else(visitor, token, site, desk) -> None:
    made = desk.deposit()
    shelf = shelve(site, made, "taken-shelf")
    as_moderator = token("moderator")

    def take(**wanted: str):
        answer = visitor.post(
            "/api/v1/moderation/take", headers=as_moderator, json=wanted
        )
        assert answer.status_code == 200, answer.text
        return answer.json["taken"]

    assert take(collection="nowhere") is None
    assert take(collection=shelf, twins="open") is None
    assert take(collection="taken-shelf")["record"] == made.record.id
