"""Near duplicates on the pages and in the API: who is told of what, and who decides."""

from __future__ import annotations

import pytest

from archive import twins
from archive.records import labels, store
from archive.twins import TwinState
from auth.viewer import Tier, Visibility
from blur.likeness.form import Closeness
from tests.web.conftest import csrf


@pytest.fixture
def pair(site, desk, people):
    """A published file, and one that a researcher handed in; they look the same."""

    def found(
        visibility: Visibility = Visibility.PUBLIC, tier: Tier | None = None
    ) -> tuple[str, str]:
        known = desk.deposit(
            draft=desk.draft("The first of two", visibility=visibility)
        )
        desk.publish(known, "kill.execution", tier or Tier.G4)
        new = desk.deposit(draft=desk.draft("The second of two"))
        with site.db.write() as s:
            store.require(s, new.record.id).created_by = people["researcher"]
            one, other = known.assets[0].id, new.assets[0].id
            twins.record_found(
                site, s, other, one, Closeness.SURE, by="worker", now=site.clock()
            )
            asset = store.require_asset(s, other)
            twins.follow(site, s, asset, by="worker", now=site.clock())
        return one, other

    return found


def record_of(site, asset_id: str) -> str:
    with site.db.read() as s:
        return store.require_asset(s, asset_id).record_id


def state(site, asset_id: str) -> TwinState:
    with site.db.read() as s:
        return twins.of_asset(s, asset_id)[0].state


def page(client, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def test_a_depositor_is_told_of_a_twin_only_where_it_may_be_known_of(
    site, browser, pair
):
    _, new = pair()
    shown = page(browser("researcher"), f"/deposit/{record_of(site, new)}")
    assert "The first of two" in shown
    assert "almost surely the same" in shown
    _, hidden = pair(Visibility.STAFF)
    depositor, moderator = browser("researcher"), browser("moderator")
    address = f"/deposit/{record_of(site, hidden)}"
    assert "The first of two" not in page(depositor, address)
    assert "The first of two" in page(moderator, address)


def test_what_a_hidden_twin_gave_is_told_by_no_page_to_the_depositor(
    site, browser, pair, token
):
    known, new = pair(Visibility.STAFF)
    with site.db.read() as s:
        assert [row.code for row in labels.current(s, new)] == ["kill.execution"]
    depositor, record_id = browser("researcher"), record_of(site, new)
    own = token("researcher")
    answer = depositor.get(f"/api/v1/assets/{new}/twins", headers=own)
    assert answer.get_json()["twins"] == []
    for address in (f"/records/{record_id}", f"/deposit/{record_id}"):
        shown = page(depositor, address)
        assert known not in shown
        assert "xecution" not in shown
    said = depositor.get(f"/api/v1/records/{record_id}", headers=own)
    assert "kill.execution" not in said.get_data(as_text=True)


def test_a_moderator_sees_the_twin_and_what_was_inherited_and_says_it_is_none(
    site, browser, pair
):
    known, new = pair()
    moderator, record_id = browser("moderator"), record_of(site, new)
    shown = page(moderator, f"/moderation/{record_id}")
    assert "Files that may show the same" in shown
    assert "Labels taken from a twin" in shown
    assert "The first of two" in page(moderator, "/moderation/twins")
    form = {"csrf_token": csrf(moderator), "other": known, "verdict": "not-a-twin"}
    answer = moderator.post(f"/moderation/twins/{new}", data=form)
    assert answer.status_code == 303
    assert state(site, new) is TwinState.REJECTED
    assert "Labels taken from a twin" not in page(moderator, answer.location)
    assert "The first of two" not in page(moderator, "/moderation/twins")


def test_a_more_open_twin_is_warned_of_on_both_pages(site, browser, desk, pair):
    known, new = pair()
    desk.label(new, "property.heritage")
    moderator = browser("moderator")
    own = page(moderator, f"/moderation/{record_of(site, new)}")
    assert "this file is more open than its twin" in own
    other = page(moderator, f"/moderation/{record_of(site, known)}")
    assert "the twin is more open than this file" in other


@pytest.mark.parametrize(
    ("other", "verdict"), [("known", "maybe"), ("known", ""), ("nothing", "twin")]
)
def test_a_verdict_that_cannot_be_read_changes_nothing(
    site, browser, pair, other, verdict
):
    known, new = pair()
    moderator = browser("moderator")
    form = {
        "csrf_token": csrf(moderator),
        "other": known if other == "known" else other,
        "verdict": verdict,
        "back": "list",
    }
    answer = moderator.post(f"/moderation/twins/{new}", data=form)
    assert (answer.status_code, answer.location) == (303, "/moderation/twins")
    assert state(site, new) is TwinState.OPEN


def test_a_program_reads_twins_and_judges_them(site, visitor, pair, token):
    known, new = pair()
    address, moderator = f"/api/v1/assets/{new}/twins", token("moderator")
    (twin,) = visitor.get(address, headers=moderator).get_json()["twins"]
    assert (twin["asset"], twin["closeness"], twin["state"]) == (known, "sure", "open")
    sent = {"other": known, "verdict": "twin"}
    (twin,) = visitor.put(address, json=sent, headers=moderator).get_json()["twins"]
    assert twin["state"] == "confirmed"
    for wrong, status in (
        ({"other": known, "verdict": "perhaps"}, 422),
        ({"other": "nothing", "verdict": "twin"}, 404),
        ({"other": new, "verdict": "twin"}, 404),
    ):
        assert visitor.put(address, json=wrong, headers=moderator).status_code == status
    assert visitor.get(address, headers=token("other")).status_code in (403, 404)
    assert state(site, new) is TwinState.CONFIRMED
