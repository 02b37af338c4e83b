"""X12: two administrators, minutes, one record; a third is told and reviews."""

from __future__ import annotations

import threading

import pytest

from archive import mail
from archive.records import store
from archive.requests import breaking
from archive.work import run_one
from auth import accounts, notices
from auth.access import emergencies
from auth.access.emergencies import State
from auth.errors import NotPossible, OwnAccount, ReasonMissing
from auth.policy import Action, Permit, decide
from auth.viewer import Access, ReasonCode, Role

from .conftest import START
from .working import events, post, text


@pytest.fixture
def chiefs(site, people):
    """Three administrators: who asks, who confirms, and a third."""
    with site.db.write() as s:
        made = [
            accounts.add(
                s, site.sealing, f"{n}@example.org", n, Role.ADMINISTRATOR, None, START
            )
            for n in ("two", "three")
        ]
    return [people["administrator"], *(each.id for each in made)]


@pytest.fixture
def record(desk):
    return desk.publish(desk.deposit(draft=desk.draft(access=Access.DUAL))).record


def ask(site, record, by, minutes=10):
    with site.db.write() as s:
        row = breaking.ask(
            site, s, record.id, minutes, "A court sits today.", by=by, now=site.clock()
        )
        return row.id


def act(site, what, emergency_id, *given):
    with site.db.write() as s:
        row = emergencies.get(s, emergency_id)
        getattr(breaking, what)(site, s, row, *given, site.clock())


def state(site, emergency_id):
    with site.db.read() as s:
        row = emergencies.get(s, emergency_id)
        return emergencies.state_of(s, row, site.clock())


def reasons(site, record, account_id):
    """Why the original stays closed for this account now."""
    with site.db.read() as s:
        viewer = accounts.load_viewer(
            s,
            account_id,
            session_id=None,
            second_factor=True,
            scopes=None,
            now=site.clock(),
        )
        item = store.item_of(store.require(s, record.id))
    found = decide(Action.OPEN_ORIGINAL, viewer, item, site.rules, site.clock())
    return () if isinstance(found, Permit) else found.codes


def test_one_alone_opens_nothing_and_two_open_one_record_for_minutes(
    site, record, chiefs, clock
):
    one, two, three = chiefs
    made = ask(site, record, one)
    assert ReasonCode.ACCESS_REQUEST in reasons(site, record, one)
    with pytest.raises(OwnAccount):
        act(site, "confirm", made, one)
    act(site, "confirm", made, two)
    held = reasons(site, record, one)
    assert ReasonCode.ACCESS_REQUEST not in held
    assert ReasonCode.CONSENT in held  # it stands for the grant alone
    assert ReasonCode.ACCESS_REQUEST in reasons(site, record, two)
    clock.advance(minutes=11)
    assert ReasonCode.ACCESS_REQUEST in reasons(site, record, one)

    with pytest.raises(OwnAccount):
        act(site, "review", made, one, "fine")
    with pytest.raises(NotPossible, match="third"):
        act(site, "review", made, two, "fine")
    act(site, "review", made, three, "It was right.")
    assert state(site, made) is State.REVIEWED
    assert events(site, record=record.id)[:3] == [
        "emergency reviewed",
        "emergency confirmed",
        "emergency asked for",
    ]


def test_a_third_is_told_by_notice_and_mail(site, record, chiefs):
    one, two, three = chiefs
    act(site, "confirm", ask(site, record, one), two)
    with site.db.read() as s:
        told = [notice.detail["what"] for notice in notices.for_account(s, three)]
    assert sorted(told) == ["asked", "confirmed"]
    while run_one(site, site.clock()):
        pass
    letters = [
        letter
        for letter in mail.waiting(site.config, site.sealing)
        if letter.subject == "An emergency in the archive"
    ]
    assert sorted(letter.to for letter in letters) == [
        "three@example.org",
        "three@example.org",
        "two@example.org",
    ]
    assert record.id not in "".join(letter.text for letter in letters)


def test_without_a_third_whoever_confirmed_reviews_and_it_is_said(
    browser, site, record, chiefs, clock
):
    one, two, three = chiefs
    with site.db.write() as s:
        accounts.set_role(
            s, accounts.get(s, three), Role.RESEARCHER, one, "leaves", START
        )
    page = text(browser("administrator").get("/admin/emergencies"))
    assert "fewer than three administrators" in page
    made = ask(site, record, one)
    act(site, "confirm", made, two)
    with site.db.read() as s:
        line = site.ledger.entries(s, record=record.id, limit=1)[0]
    assert line.detail["third"] is False
    clock.advance(hours=1)
    act(site, "review", made, two, "Nobody else could.")
    assert state(site, made) is State.REVIEWED


def test_what_nobody_confirms_opens_nothing_and_can_be_asked_anew(
    site, record, chiefs, clock
):
    one, two, _ = chiefs
    made = ask(site, record, one)
    with pytest.raises(NotPossible, match="already"):
        ask(site, record, one)
    clock.advance(minutes=61)
    with pytest.raises(NotPossible, match="expired"):
        act(site, "confirm", made, two)
    again = ask(site, record, one)
    act(site, "withdraw", again, two)
    assert state(site, again) is State.WITHDRAWN


def test_it_is_short_written_down_and_for_administrators(site, record, chiefs, people):
    for minutes in (0, 61):
        with pytest.raises(NotPossible):
            ask(site, record, chiefs[0], minutes)
    with pytest.raises(NotPossible):
        ask(site, record, people["moderator"])
    with pytest.raises(ReasonMissing), site.db.write() as s:
        breaking.ask(site, s, record.id, 5, " ", by=chiefs[0], now=START)


def test_it_opens_nothing_that_is_closed_to_everybody(site, desk, chiefs):
    closed = desk.publish(desk.deposit(draft=desk.draft(access=Access.CLOSED))).record
    with pytest.raises(NotPossible, match="closed to everybody"):
        ask(site, closed, chiefs[0])


def test_two_who_confirm_at_once_give_one_grant(site, record, chiefs):
    one, two, three = chiefs
    made = ask(site, record, one)
    ready, found = threading.Barrier(2), []

    def confirm(by):
        ready.wait()
        try:
            act(site, "confirm", made, by)
            found.append("done")
        except NotPossible:
            found.append("told")

    threads = [threading.Thread(target=confirm, args=(by,)) for by in (two, three)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["done", "told"]


def test_the_dashboard_shows_it_until_it_is_reviewed(browser, site, record, chiefs):
    words = "Emergencies to confirm or review"
    assert words not in text(browser("administrator").get("/admin/"))
    made = ask(site, record, chiefs[0])
    assert words in text(browser("administrator").get("/admin/"))
    act(site, "confirm", made, chiefs[1])
    site.clock.advance(hours=1)
    assert words in text(browser("administrator").get("/admin/"))
    act(site, "review", made, chiefs[2], "Fine.")
    assert words not in text(browser("administrator").get("/admin/"))


def test_the_pages_ask_and_refuse_without_a_fresh_second_factor(
    browser, site, record, chiefs
):
    address = "/admin/emergencies"
    asked = {"record": record.id, "minutes": "10", "reason": "A court sits."}
    assert post(browser("administrator"), address, **asked).status_code == 403
    chief = browser("administrator", second_factor=True)
    answer = post(chief, address, **asked)
    assert answer.status_code == 303, text(answer)
    made = answer.location.rsplit("/", 1)[1]
    assert "A court sits." in text(chief.get(answer.location))
    own = post(chief, f"{address}/{made}/confirm")
    assert own.status_code == 403
    assert state(site, made) is State.ASKED
