"""Handing in without an account: quarantine, the reference, review, and its end."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from archive.contributions import desk, ending, finding
from archive.contributions import words as words_kept
from archive.contributions.kinds import State
from archive.contributions.tables import Contribution
from archive.records import store
from archive.work import housekeeping
from archive.work.worker import run_one
from auth.viewer import RecordState

from .conftest import copied, csrf, photo
from .working import events, post, text

PLANTED = ("Quillfeather", "Dunmarrow", "Brackwater", "Fennimore")
WORDS = {
    "title": "Quillfeather mill",
    "body": "Dunmarrow road, a burnt mill.",
    "language": "en",
    "event_date": "2020-10-08",
    "place": "Brackwater",
    "source_note": "sent to me by Fennimore",
    "danger": "My brother Fennimore.",
    "wish": "public",
    "is_mine": "y",
    "is_understood": "y",
}
CODE = re.compile(r'<p class="hash">([0-9a-z-]{24})</p>')


@pytest.fixture
def environ(first_home, tmp_path):

    return {**copied(first_home, tmp_path), "VIGIL_CONTRIBUTIONS": "1"}


def hand_in(client, *files: bytes, **words: object):
    """The answer to the form, sent as a browser would."""
    token = csrf(client, "/contribute")
    sent = [(io.BytesIO(each), f"Fennimore {n}.jpg") for n, each in enumerate(files)]
    fields = {"csrf_token": token, **WORDS, **words, "files": sent}
    kind = "multipart/form-data"
    return client.post("/contribute", data=fields, content_type=kind)


def code_of(answer) -> str:
    assert answer.status_code == 201, text(answer)
    found = CODE.search(answer.get_data(as_text=True))
    assert found is not None
    return found[1]


def work(site) -> None:
    """Do everything that is due, the chores among it."""
    housekeeping.queue_due(site, site.clock())
    while run_one(site, site.clock()):
        pass


def row_of(site) -> Contribution:
    with site.db.read() as s:
        return s.scalars(select(Contribution)).one()


def counted(site, table) -> int:
    with site.db.read() as s:
        return s.scalar(select(func.count()).select_from(table))


def taken_up(site, client) -> str:
    """The address of the one contribution, taken up."""
    page = f"/moderation/contributions/{row_of(site).id}"
    assert post(client, f"{page}/take").status_code == 303
    return page


def test_what_is_handed_in_waits_and_is_accepted(site, visitor, browser):
    code = code_of(hand_in(visitor, photo()))
    work(site)
    moderator = browser("moderator")
    assert "Quillfeather" in text(moderator.get("/moderation/contributions"))
    page = taken_up(site, moderator)
    shown = moderator.get(page).get_data(as_text=True)
    assert all(word in shown for word in PLANTED)
    assert "data:image" in shown
    given = post(
        moderator, f"{page}/decide", page, outcome="accepted", reason="Thanks."
    )
    assert given.status_code == 303
    row = row_of(site)
    with site.db.read() as s:
        record = store.require(s, row.record_id)
        assert (record.state, record.created_by) == (
            RecordState.SUBMITTED,
            "contributor",
        )
    assert "Thanks." in text(post(visitor, "/contribute/status", code=code))
    assert row.record_id in moderator.get("/moderation/").get_data(as_text=True)
    told = events(site, record=row.record_id)
    for event in ("contribution received", "contribution accepted", "accession"):
        assert event in told


def test_what_is_declined_is_shredded_when_its_time_is_over(
    site, visitor, browser, clock
):
    code = code_of(hand_in(visitor, photo()))
    moderator = browser("moderator")
    page = taken_up(site, moderator)
    refused = post(moderator, f"{page}/decide", page, outcome="declined")
    assert refused.status_code == 422
    given = post(moderator, f"{page}/decide", page, outcome="declined", reason="Fake.")
    assert given.status_code == 303
    assert "Fake." in text(post(visitor, "/contribute/status", code=code))
    work(site)
    assert row_of(site).shredded_at is None
    clock.advance(days=15)
    work(site)
    row = row_of(site)
    assert row.shredded_at is not None
    with site.db.read() as s:
        record = store.require(s, row.record_id)
        assert record.state is RecordState.SHREDDED
        assert store.document_of(site.sealing, record).title("en") == "—"
        asset = store.assets_of(s, record.id)[0]
        assert store.details_of(site.sealing, asset).filename == "—"


def kept_words(site) -> str:
    """Everything that can still be opened of it, and what the ledger says of it."""
    with site.db.read() as s:
        row = s.scalars(select(Contribution)).one()
        told, notes = words_kept.told_of(site.sealing, row), finding.notes_of(s, row)
        said = [words_kept.words_of(site.sealing, note) for note in notes]
        document = store.document_of(
            site.sealing, store.require(s, row.record_id)
        ).to_bytes()
        lines = [
            (line.event, line.detail)
            for line in site.ledger.entries(s, record=row.record_id)
        ]
        return f"{told} {said} {document!r} {lines}"


def test_what_is_withdrawn_is_destroyed_at_once(site, visitor):
    code = code_of(hand_in(visitor, photo(), source_url="https://fennimore.example/"))
    post(visitor, "/contribute/status/answer", code=code, words="From Fennimore.")
    before = kept_words(site)
    assert "https://fennimore.example/" in before and "From Fennimore." in before
    with site.db.read() as s:
        lines = site.ledger.entries(s, record=row_of(site).record_id)
        assert "fennimore" not in str([line.detail for line in lines]).lower()
    form = {"code": code}
    assert post(visitor, "/contribute/status/withdraw", **form).status_code == 422
    assert row_of(site).state is State.ANSWERED
    answer = post(visitor, "/contribute/status/withdraw", **form, is_meant="y")
    assert "Files destroyed" in text(answer)
    assert not any(word.lower() in kept_words(site).lower() for word in PLANTED)
    row = row_of(site)
    assert (row.state, row.contact_sealed) == (State.WITHDRAWN, None)
    assert {"contribution withdrawn", "deletion"} <= set(
        events(site, record=row.record_id)
    )
    again = post(visitor, "/contribute/status/withdraw", **form, is_meant="y")
    assert again.status_code == 422


def add(client, code: str, *files: bytes):
    """The answer to the form that adds files."""
    token = csrf(client, "/contribute/status")
    sent = [(io.BytesIO(each), "more.jpg") for each in files]
    fields = {"csrf_token": token, "code": code, "files": sent}
    return client.post("/contribute/status/files", data=fields)


def test_a_question_is_answered_and_a_file_added(site, visitor, browser):
    code = code_of(hand_in(visitor, photo()))
    moderator = browser("moderator")
    page = taken_up(site, moderator)
    post(moderator, f"{page}/ask", page, words="Which village was it?")
    row = row_of(site)
    assert (row.state, row.holder) == (State.ASKED, None)
    status = "/contribute/status"
    assert "Which village was it?" in text(post(visitor, status, code=code))
    said = post(visitor, f"{status}/answer", code=code, words="The one by the bridge.")
    assert "have arrived" in text(said)
    assert "have arrived" in text(add(visitor, code, photo()))
    row = row_of(site)
    assert (row.state, row.files) == (State.ANSWERED, 2)
    shown = text(moderator.get(page))
    assert "The one by the bridge." in shown and "more.jpg" in shown
    with site.db.read() as s:
        assert len(store.assets_of(s, row.record_id)) == 2
    assert {"contribution answered", "contribution added to"} <= set(
        events(site, record=row.record_id)
    )


def test_what_is_decided_takes_nothing_more(site, visitor, browser):
    code = code_of(hand_in(visitor, photo()))
    moderator = browser("moderator")
    page = taken_up(site, moderator)
    post(moderator, f"{page}/decide", page, outcome="accepted")
    for refused in (
        add(visitor, code, photo()),
        post(visitor, "/contribute/status/answer", code=code, words="One more thing."),
        post(visitor, "/contribute/status/withdraw", code=code, is_meant="y"),
    ):
        assert refused.status_code == 422
        assert "already" in text(refused)
    assert (row_of(site).state, row_of(site).files) == (State.ACCEPTED, 1)


def test_a_reference_that_there_is_not_tells_nothing(visitor):
    answer = post(visitor, "/contribute/status", code="7k2m-9xq4-01hv-ntyb-e5rw")
    assert answer.status_code == 422
    assert "no contribution with this reference" in text(answer)
    for act in ("answer", "files", "withdraw"):
        wrong = {"code": "x", "words": "y", "is_meant": "y"}
        address = f"/contribute/status/{act}"
        sent = {"csrf_token": csrf(visitor), **wrong}
        kind = "multipart/form-data" if act == "files" else None
        answer = visitor.post(address, data=sent, content_type=kind)
        assert answer.status_code == 404


def test_what_its_contributor_said_is_found_beside_the_record(site, visitor, browser):
    code_of(hand_in(visitor, photo()))
    moderator = browser("moderator")
    page = taken_up(site, moderator)
    post(moderator, f"{page}/decide", page, outcome="accepted")
    record = moderator.get(f"/moderation/{row_of(site).record_id}")
    assert page in record.get_data(as_text=True)
    assert "My brother Fennimore." in text(moderator.get(page))


def test_whom_to_write_to_is_forgotten_before_the_rest(site, visitor, browser, clock):
    code_of(hand_in(visitor, photo(), contact="someone@example.org"))
    moderator = browser("moderator")
    page = taken_up(site, moderator)
    assert "someone@example.org" in text(moderator.get(page))
    post(moderator, f"{page}/decide", page, outcome="declined", reason="Twice.")
    work(site)
    clock.advance(days=91)
    work(site)
    row = row_of(site)
    assert (row.contact_sealed, row.shredded_at is not None) == (None, True)
    clock.advance(days=site.config.retention_days)
    work(site)
    with site.db.read() as s:
        assert s.scalars(select(Contribution)).all() == []


def test_under_a_legal_hold_what_is_withdrawn_waits(site, visitor):
    code = code_of(hand_in(visitor, photo()))
    object.__setattr__(site.config, "legal_hold", True)
    answer = post(visitor, "/contribute/status/withdraw", code=code, is_meant="y")
    assert "as soon as the law allows it" in text(answer)
    work(site)
    row = row_of(site)
    assert (row.state, row.shredded_at) == (State.WITHDRAWN, None)
    object.__setattr__(site.config, "legal_hold", False)
    ending.shred_due(site)
    assert row_of(site).shredded_at is not None


def test_a_program_hands_in_follows_and_reviews(site, visitor, token):
    here, header = "/api/v1/contributions", token("moderator")
    words = {name: text for name, text in WORDS.items() if not name.startswith("is_")}
    sent = {**words, "agreed": "yes", "files": (io.BytesIO(photo()), "Fennimore.jpg")}
    given = visitor.post(here, data=sent, content_type="multipart/form-data")
    assert given.status_code == 201, given.get_json()
    code = given.get_json()["code"]
    (waits,) = visitor.get(here, headers=header).get_json()["items"]
    one = f"{here}/{waits['id']}"
    shown = visitor.get(one, headers=header).get_json()
    assert (shown["danger"], shown["record"]) == (WORDS["danger"], None)
    for name in ("researcher", "administrator"):
        assert visitor.get(one, headers=token(name)).status_code == 403
    for act, status in (
        ({"action": "accept"}, 409),
        ({"action": "take"}, 200),
        ({"action": "ask", "words": "When?"}, 200),
        ({"action": "take"}, 200),
        ({"action": "decline"}, 422),
        ({"action": "accept", "reason": "Thank you."}, 200),
    ):
        answer = visitor.patch(one, json=act, headers=header)
        assert answer.status_code == status, (act, answer.get_json())
    assert answer.get_json()["record"] == row_of(site).record_id
    followed = visitor.post(f"{here}/status", json={"code": code}).get_json()
    assert (followed["state"], followed["reason"]) == ("accepted", "Thank you.")
    assert followed["lines"] == [{"by": "reviewer", "words": "When?"}]
    assert visitor.post(f"{here}/status", json={"code": "x"}).status_code == 404
    del sent["agreed"], sent["files"]
    refused = visitor.post(here, data=sent, content_type="multipart/form-data")
    assert refused.status_code in (400, 422)


def test_a_form_sent_twice_is_one_contribution_with_one_reference(
    visitor, site, clock
) -> None:
    """Clicked twice or reloaded: a reference that nobody saw could never be used."""
    mark = "a1b2c3d4e5f6g7h8" * 2
    first = code_of(hand_in(visitor, photo(), mark=mark))
    assert code_of(hand_in(visitor, photo(), mark=mark)) == first
    with site.db.read() as s:
        assert len(desk.table(s)) == 1
    other = code_of(hand_in(visitor, photo(), mark="z" * 32))
    assert other != first
    assert code_of(hand_in(visitor, photo(), mark="made up")) not in (first, other)
    clock.now += timedelta(minutes=11)
    late = hand_in(visitor, photo(), mark=mark)
    assert late.status_code == 404
    assert first not in text(late)
    pages = [visitor.get("/contribute").text for _ in range(2)]
    given = [re.findall(r'name="mark" value="([0-9a-z]{32})"', page) for page in pages]
    assert given[0] != given[1]
    assert [len(each) for each in given] == [1, 1]
