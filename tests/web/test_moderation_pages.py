"""Moderation by page: the queue, labelling, publishing, withdrawing."""

from __future__ import annotations

import pytest

from archive import moderation
from archive.records import labels, store
from archive.records.labels import LabelInput
from archive.work import run_one
from auth.viewer import Access, RecordState, Tier, Visibility

from .conftest import photo, sound
from .working import events, post, text

OUTSIDERS = [("visitor", 401), ("applicant", 403), ("researcher", 403)]


@pytest.fixture
def waiting(desk):
    return desk.deposit()


@pytest.fixture
def address(waiting) -> str:
    return f"/moderation/labels/{waiting.assets[0].id}"


def ticked(*codes: str, **more: str) -> dict[str, object]:
    return {"label": list(codes), **more}


def current(site, asset_id: str) -> list[tuple[str, Tier | None]]:
    with site.db.read() as s:
        return sorted((row.code, row.tier) for row in labels.current(s, asset_id))


def state_of(site, record_id: str):
    with site.db.read() as s:
        return store.require(s, record_id)


@pytest.mark.parametrize(("who", "status"), OUTSIDERS)
def test_the_queue_is_for_staff(browser, waiting, who: str, status: int) -> None:
    assert browser(who).get("/moderation/").status_code == status
    page = browser("moderator").get("/moderation/")
    assert "A church in Shushi" in page.text


def test_the_queue_is_filtered_and_ordered_by_its_address(browser, desk, clock) -> None:
    desk.deposit(draft=desk.draft("First in"))
    clock.advance(minutes=5)
    second = desk.deposit(sound(20_000), draft=desk.draft("Second in"), name="a.wav")
    desk.label(second.assets[0].id, "dead.body", Tier.G3)
    client = browser("moderator")
    titles = {"First in", "Second in"}

    def shown(query: str) -> set[str]:
        page = client.get(f"/moderation/?{query}").text
        return {title for title in titles if title in page}

    assert shown("") == titles
    assert shown("kind=audio") == {"Second in"}
    assert shown("state=submitted") == {"First in"}
    assert shown("tier=G3") == {"Second in"}
    assert shown("tier=unlabelled") == {"First in"}
    assert shown("state=nonsense") == titles
    assert "Nothing fits these filters" in client.get("/moderation/?kind=video").text
    oldest = client.get("/moderation/").text
    newest = client.get("/moderation/?sort=newest").text
    gravest = client.get("/moderation/?sort=gravest").text
    assert oldest.index("First in") < oldest.index("Second in")
    assert newest.index("First in") > newest.index("Second in")
    assert gravest.index("First in") < gravest.index("Second in")


def test_an_empty_queue_says_what_to_do_next(browser) -> None:
    assert "Nothing waits" in text(browser("moderator").get("/moderation/"))


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 404), ("applicant", 404), ("other", 404), ("administrator", 403)],
)
def test_only_a_moderator_comes_before_a_record(
    browser, site, waiting, address, who: str, status: int
) -> None:
    page = f"/moderation/{waiting.record.id}"
    fields = ticked("dead.body", **{"tier-dead.body": "3"})
    client = browser(who)
    assert client.get(page).status_code == status
    assert post(client, address, **fields).status_code == status
    assert current(site, waiting.assets[0].id) == []
    moderator = browser("moderator")
    assert moderator.get(page).status_code == 200
    assert post(moderator, address, **fields).status_code == 303
    assert current(site, waiting.assets[0].id) == [("dead.body", Tier.G3)]


def test_the_page_shows_no_original_and_the_words_of_the_depositor(
    browser, site, waiting
) -> None:
    while run_one(site, site.clock()):
        pass
    page = browser("moderator").get(f"/moderation/{waiting.record.id}").text
    assert "/original" not in page
    assert "What is left of it, seen from the road." in page


def test_labels_are_saved_with_severity_flags_and_note_and_told_to_the_ledger(
    browser, site, waiting, address, people
) -> None:
    fields = ticked(
        "dead.body",
        "id.victim",
        **{"tier-dead.body": "3", "note-id.victim": "the face is seen"},
    )
    answer = post(browser("moderator"), address, **fields)
    assert answer.status_code == 303
    record = state_of(site, waiting.record.id)
    assert (record.state, record.tier) == (RecordState.LABELLED, Tier.G3)
    with site.db.read() as s:
        rows = {row.code: row for row in labels.current(s, waiting.assets[0].id)}
    assert rows["id.victim"].note == "the face is seen"
    assert rows["id.victim"].author == people["moderator"]
    assert events(site, record=waiting.record.id)[0] == "labelling"


def test_a_label_that_is_unticked_is_negated_and_stays_in_the_history(
    browser, site, waiting, address
) -> None:
    client = browser("moderator")
    post(client, address, **ticked("dead.body", "property.pillage"))
    post(
        client, address, **ticked("property.pillage", **{"tier-property.pillage": "1"})
    )
    assert current(site, waiting.assets[0].id) == [("property.pillage", Tier.G1)]
    page = text(client.get(f"/moderation/{waiting.record.id}"))
    assert "removed: dead.body" in page


@pytest.mark.parametrize(
    ("fields", "control"),
    [
        ({}, "labels"),
        (ticked("id.victim"), "labels"),
        (ticked("context.none", "dead.body"), "labels"),
        (ticked("no.such"), "labels"),
        (ticked("dead.body", **{"tier-dead.body": "1"}), "labels"),
        (ticked("dead.body", **{"ranges-dead.body": "soon"}), "ranges-dead.body"),
    ],
)
def test_what_cannot_be_labelled_comes_back_as_it_was_ticked(
    browser, site, waiting, address, fields: dict[str, object], control: str
) -> None:
    answer = post(browser("moderator"), address, **fields)
    assert answer.status_code == 422
    assert f'href="#{control}"' in answer.text
    for code in fields.get("label", []):
        if code != "no.such":
            assert f'value="{code}" checked' in answer.text
    assert current(site, waiting.assets[0].id) == []


def test_sound_takes_time_ranges_up_to_its_end(browser, site, desk) -> None:
    made = desk.deposit(sound(480_000), name="a.wav")  # 2.5 s
    address = f"/moderation/labels/{made.assets[0].id}"
    client = browser("moderator")
    late = {"ranges-harm.threat": "0:01–0:09"}
    assert post(client, address, **ticked("harm.threat", **late)).status_code == 422
    fits = {"ranges-harm.threat": "0:00.50–0:01, 0:02–0:02.25"}
    assert post(client, address, **ticked("harm.threat", **fits)).status_code == 303
    with site.db.read() as s:
        rows = labels.current(s, made.assets[0].id)
    spans = sorted((row.from_s, row.to_s) for row in rows)
    assert spans == [(0.5, 1.0), (2.0, 2.25)]
    assert "0:00.5–0:01" in client.get(f"/moderation/{made.record.id}").text


def test_after_saving_the_next_unlabelled_file_comes_up(browser, desk) -> None:
    made = desk.deposit(photo(), photo())
    client = browser("moderator")
    one, two = (asset.id for asset in made.assets)
    first = post(client, f"/moderation/labels/{one}", **ticked("dead.body"))
    assert first.location.endswith(f"?asset={two}")
    last = post(client, f"/moderation/labels/{two}", **ticked("dead.body"))
    assert last.location == f"/moderation/{made.record.id}"


def test_a_file_of_another_record_is_not_laid_on_the_desk(browser, desk) -> None:
    one, two = desk.deposit(), desk.deposit()
    address = f"/moderation/{one.record.id}?asset={two.assets[0].id}"
    assert browser("moderator").get(address).status_code == 404


def test_a_region_drawn_by_another_tool_survives_the_page(
    browser, site, waiting, address
) -> None:
    drawn = LabelInput("id.captive", region=(0.1, 0.1, 0.2, 0.2))
    tag = LabelInput("captive.public-curiosity", Tier.G2)
    asset_id = waiting.assets[0].id
    with site.db.write() as s:
        moderation.label(site, s, asset_id, [drawn, tag], "operator", site.clock())
    codes = ("id.captive", "captive.public-curiosity")
    tier = {"tier-captive.public-curiosity": "2"}
    assert (
        post(browser("moderator"), address, **ticked(*codes, **tier)).status_code == 303
    )
    with site.db.read() as s:
        rows = {row.code: row.region for row in labels.current(s, asset_id)}
    assert rows["id.captive"] == [0.1, 0.1, 0.2, 0.2]


def test_a_record_is_let_out_when_labelled_with_what_was_chosen(
    browser, site, waiting, address
) -> None:
    client = browser("moderator")
    publish = f"/moderation/{waiting.record.id}/publish"
    chosen = {"visibility": "vetted", "access": "request"}
    early = post(client, publish, **chosen)
    assert early.status_code == 422
    assert state_of(site, waiting.record.id).state is RecordState.SUBMITTED
    post(client, address, **ticked("dead.body"))
    assert post(client, publish, visibility="vetted", access="all").status_code == 422
    done = post(client, publish, **chosen)
    assert done.location == f"/records/{waiting.record.id}"
    record = state_of(site, waiting.record.id)
    assert (record.state, record.visibility, record.access) == (
        RecordState.PUBLISHED,
        Visibility.VETTED,
        Access.REQUEST,
    )
    assert "publication" in events(site, record=waiting.record.id)


@pytest.mark.parametrize("who", ["researcher", "administrator"])
def test_nobody_else_lets_out_or_takes_back(browser, site, desk, who: str) -> None:
    made = desk.publish(desk.deposit())
    client = browser(who)
    gone = {"category": "privacy", "note": "x", "sure": "y"}
    base = f"/moderation/{made.record.id}"
    assert post(client, f"{base}/withdraw", **gone).status_code == 403
    chosen = {"visibility": "public", "access": "vetted"}
    assert post(client, f"{base}/publish", **chosen).status_code == 403
    assert state_of(site, made.record.id).state is RecordState.PUBLISHED


@pytest.mark.parametrize("lacking", ["category", "note", "sure"])
def test_withdrawing_needs_reason_note_and_being_sure_and_leaves_a_tombstone(
    browser, visitor, site, desk, lacking: str
) -> None:
    made = desk.publish(desk.deposit())
    address = f"/moderation/{made.record.id}/withdraw"
    given = {"category": "privacy", "note": "A family asked.", "sure": "y"}
    client = browser("moderator")
    part = {name: value for name, value in given.items() if name != lacking}
    refused = post(client, address, **part)
    assert refused.status_code == 422
    assert f'id="{lacking}-error"' in refused.text
    assert post(client, address, **given).status_code == 303
    record = state_of(site, made.record.id)
    assert record.state is RecordState.WITHDRAWN
    assert record.tombstone["category"] == "privacy"
    assert "A family asked." in visitor.get(f"/records/{made.record.id}").text
    assert client.get(f"/moderation/{made.record.id}").status_code in (403, 409)
