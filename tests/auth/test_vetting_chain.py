"""The chain of access: terms by version, lapses, reminders, retention; by a fake clock.

Each test names the row or line it proves.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from auth import accounts, induction, notices, retention, terms
from auth.access import consents, grants
from auth.access.grants import GrantTerms
from auth.conditions import Condition
from auth.credentials import sessions
from auth.errors import LinkSpent, NotPossible
from auth.policy import Action, decide
from auth.tables import AccountChange, Notice
from auth.vetting import (
    applications,
    evidence,
    lapses,
    links,
    references,
    remarks,
    reminders,
    review,
)
from auth.vetting.applications import Stage
from auth.vetting.facts import ApplicationFacts
from auth.vetting.links import Purpose
from auth.vetting.references import Reference, Vouches
from auth.vetting.review import Outcome
from auth.viewer import Access, Item, RecordState, Role, Rules, Tier, Visibility

from .reviewing import settle

ITEM = Item(
    record_id="a" * 12,
    state=RecordState.PUBLISHED,
    visibility=Visibility.PUBLIC,
    access=Access.VETTED,
    tier=Tier.G2,
    labelled=True,
    codes=frozenset({"dead.body"}),
)
FACTS = ApplicationFacts(
    legal_name="Narine Petrosyan",
    email="narine@example.org",
    institution="Matenadaran",
    role="historian",
    country="AM",
    project="Chronology",
    purpose="To compare.",
    ethics_approval="",
    referee_name="Levon Example",
    referee_email="levon@example.org",
    statement="",
)
KEEP = timedelta(days=730)


@pytest.fixture
def reader(s, people, now):
    """A researcher whose every link holds, with a grant and a live consent."""
    account = people.add(vetted=timedelta(days=300))
    terms.sign(s, account, terms.current_version(s), now)
    induction.record_pass(s, account, now)
    wanted = GrantTerms(
        Tier.G4, now, now + timedelta(days=500), "asked for", record_id=ITEM.record_id
    )
    grants.give(s, account.id, wanted, "administrator", now)
    consent(s, people, account, now)
    return account


def consent(s, people, account, now):
    viewer = people.viewer(account, now=now)
    return consents.give(
        s, viewer, ITEM, ["dead.body"], "hash", "en", "research", "", 30, now
    )


def failing(people, account, now) -> set[Condition]:
    viewer = people.viewer(account, now=now)
    outcome = decide(Action.OPEN_ORIGINAL, viewer, ITEM, Rules(1), now)
    return {reason.condition for reason in getattr(outcome, "reasons", ())}


def test_when_the_vetting_ends_all_below_ends_and_both_sides_are_told(
    s, people, administrator, reader, now
):
    """V5, X9: vetting, induction, terms, grant, consent are one chain."""
    assert failing(people, reader, now) == set()
    secret, _ = sessions.start(s, reader.id, "Firefox", now)
    end = now + timedelta(days=300)
    renewed = consent(s, people, reader, end - timedelta(minutes=5))
    assert accounts.expire_due(s, end - timedelta(seconds=1)) == []
    assert accounts.expire_due(s, end) == [reader.id]
    (row,) = lapses.for_account(s, reader.id)
    assert (row.link, row.since) == ("vetting", end)
    assert row.ended == {
        "training": True,
        "terms": True,
        "grants": 1,
        "requests": 0,
        "consents": 0,
    }, "the session's end ended the consent first"
    assert consents.state_of(s.get(consents.ConsentRow, renewed.id), end) != "given"
    assert grants.current_for(s, reader.id, end) == ()
    assert grants.for_account(s, reader.id)[0].revoked_why == "lapsed: vetting"
    assert sessions.find(s, secret, end) is None
    assert reader.terms_version is None
    assert reader.induction_until <= end
    told = {n.kind for n in notices.unseen(s, reader.id)}
    assert "access_lapsed" in told
    (staff,) = [
        n for n in notices.unseen(s, administrator.id) if n.kind == "access_lapsed_of"
    ]
    assert staff.detail == {"link": "vetting", "account": reader.id}


def test_when_the_training_ends_the_grant_says_lapsed_training(
    s, people, administrator, reader, now
):
    """X9: end a training; the grant shows "lapsed: training"."""
    reader.vetted_until = now + timedelta(days=900)
    end = now + induction.VALID
    assert lapses.lapse_due(s, "worker", end - timedelta(seconds=1)) == []
    live = consent(s, people, reader, end - timedelta(minutes=5))
    assert Condition.INDUCTION in failing(people, reader, end), "before it is told"
    (row,) = lapses.lapse_due(s, "worker", end)
    assert row.ended["grants"] == row.ended["consents"] == 1
    assert grants.for_account(s, reader.id)[0].revoked_why == "lapsed: training"
    assert s.get(consents.ConsentRow, live.id).ended_at == end
    assert lapses.lapse_due(s, "worker", end + timedelta(days=1)) == [], "told once"
    assert "access_lapsed_of" in {n.kind for n in notices.unseen(s, administrator.id)}
    induction.record_pass(s, reader, end)
    assert {Condition.TERMS, Condition.CONSENT} == failing(people, reader, end)


def test_a_new_version_of_the_terms_asks_before_the_next_reveal(s, people, reader, now):
    """C1: version and time are stored; publishing a new version re-prompts."""
    before = terms.current(s, "en")
    texts = {
        (part, language): f"# {part}\n\n1. Something new in {language}."
        for part in terms.PARTS
        for language in ("en", "hy")
    }
    assert terms.publish(s, texts, "an administrator", now) == before.version + 1
    assert lapses.lapse_terms(s, before.version + 1, now) == 1
    assert {Condition.TERMS, Condition.CONSENT} == failing(people, reader, now)
    assert len(grants.current_for(s, reader.id, now)) == 1, "it waits"
    with pytest.raises(NotPossible):
        terms.sign(s, reader, before.version, now)
    signed = terms.sign(s, reader, before.version + 1, now, language="hy")
    assert signed.text_hash == terms.current(s, "hy").text_hash != before.text_hash
    assert terms.current(s, "ru").language == "en", "what is missing is in English"
    assert failing(people, reader, now) == {Condition.CONSENT}
    assert "terms_changed" in {n.kind for n in notices.unseen(s, reader.id)}


@pytest.mark.parametrize(
    "wrong",
    [
        {("conduct", "en"): "x"},
        {("conduct", "hy"): "x", ("data-use", "hy"): "y"},
        {("conduct", "en"): "x", ("data-use", "en"): "y", ("conduct", "hy"): "z"},
        {("conduct", "en"): "x", ("data-use", "en"): "y" * 40_001},
        {("other", "en"): "x"},
    ],
)
def test_terms_that_are_not_whole_are_not_published(s, now, wrong):
    """C1."""
    with pytest.raises(NotPossible):
        terms.publish(s, wrong, "by", now)
    same = terms.current(s, "en")
    both = {("conduct", "en"): same.conduct, ("data-use", "en"): same.data_use}
    with pytest.raises(NotPossible):
        terms.publish(s, both, "by", now)
    assert terms.current_version(s) == 1
    assert terms.publish(s, {**both, ("conduct", "en"): "x"}, "by", now) == 2


def test_reminders_are_due_at_30_7_and_1_days_once_each(s, people, reader, now):
    """X9: both ends, of the vetting and of the induction."""
    reader.vetted_until = end = now + timedelta(days=400)
    told = []
    for days in (40, 30, 29, 8, 7, 2, 1, 0.5):
        for ending in reminders.due(s, end - timedelta(days=days)):
            reminders.note(s, ending, now)
            if ending.link is lapses.Link.VETTING:
                told.append((days, ending.days))
    assert told == [(30, 30), (7, 7), (1, 1)]
    reader.vetted_until = later = end + timedelta(days=365)
    assert len(reminders.due(s, later - timedelta(days=30))) == 1, "a new end"


def test_whoever_was_away_on_the_day_is_told_what_still_holds(s, people, reader):
    """X9: a program that stood still tells the nearest reminder alone."""
    end = reader.vetted_until
    first = reminders.due(s, end - timedelta(days=5))
    assert [(e.link.value, e.days) for e in first] == [("vetting", 7)]


def handed_in(s, sealing, hasher, now, **other):
    facts = ApplicationFacts(**{**vars(FACTS), **other})
    return applications.submit(
        s, sealing, facts, now, password="seven ladders in the orchard", hasher=hasher
    )


def test_of_two_referees_with_one_link_one_answers(database, sealing, hasher, now):
    """V3, line 51."""
    with database() as s, s.begin():
        application = handed_in(s, sealing, hasher, now)
        applications.confirm(s, application, now)
        token = links.make(s, sealing, Purpose.REFER, application, "by", now)
        application_id = application.id
    said = Reference("a colleague", "2020", Vouches.YES, "Fine.")

    def one_answer(_):
        try:
            with database() as s, s.begin():
                references.answer(s, sealing, token, said, now)
        except LinkSpent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one_answer, range(4)))
    assert answers.count(True) == 1
    with database() as s:
        held = applications.get(s, application_id)
        assert len(references.answers_on(s, held)) == 1


def test_of_two_who_pass_one_stage_at_once_exactly_one_does(
    database, sealing, hasher, now
):
    """V4, line 51."""
    with database() as s, s.begin():
        application = handed_in(s, sealing, hasher, now)
        applications.confirm(s, application, now)
        application_id = application.id

    def one_pass(by):
        try:
            with database() as s, s.begin():
                found = applications.get(s, application_id)
                stage = Stage.IDENTITY
                review.decide(
                    s, found, Outcome.APPROVE, "seen", by, None, now, stage=stage
                )
        except NotPossible:
            return None
        return by

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one_pass, "abcd"))
    (winner,) = [answer for answer in answers if answer]
    with database() as s:
        (made,) = applications.decisions_on(s, application_id)
        assert (made.by, made.stage) == (winner, "identity")
        assert applications.get(s, application_id).stage == "reference"


def full(s, sealing, hasher, now, **other):
    """An application with something in every table."""
    application = handed_in(s, sealing, hasher, now, **other)
    applications.confirm(s, application, now)
    token = links.make(s, sealing, Purpose.REFER, application, "by", now)
    said = Reference("a colleague", "2020", Vouches.YES, "Fine.")
    references.answer(s, sealing, token, said, now)
    remarks.add(s, sealing, application, "by", "Which board?", now)
    evidence.add(s, sealing, application, "a.pdf", "application/pdf", b"%PDF", now)
    return application


def test_what_ended_long_ago_is_forgotten_and_nothing_else(
    s, sealing, hasher, administrator, now
):
    """Line 114."""
    rejected = full(s, sealing, hasher, now)
    approved = full(s, sealing, hasher, now, email="stays@example.org")
    stranger = handed_in(s, sealing, hasher, now, email="never@example.org")
    by = administrator.id
    settle(s, rejected, Outcome.REJECT, "Narine is not known there", by, None, now)
    settle(s, approved, Outcome.APPROVE, "seen", by, now + 2 * KEEP, now)
    ids = [each.account_id for each in (rejected, approved, stranger)]
    s.flush()

    def forget(days):
        return retention.forget(s, sealing, KEEP, now + timedelta(days=days))

    assert forget(13).accounts == ()
    assert forget(15).accounts == (ids[2],), "never confirmed"
    assert accounts.find_by_email(s, sealing, "never@example.org") is None
    assert len(evidence.of(s, rejected)) == 1
    assert forget(31).rows["files"] == 1
    assert evidence.of(s, rejected) == []
    assert len(evidence.of(s, approved)) == 1
    assert forget(729).accounts == ()
    gone = forget(731)
    assert gone.accounts == (ids[0],)
    assert gone.rows["applications"] == 1
    account = accounts.get(s, ids[0])
    assert (account.status, account.password_hash) == ("closed", None)
    assert accounts.name_of(sealing, account) == ""
    assert accounts.email_of(sealing, account) == ""
    reasons = {change.reason for change in accounts.changes(s, ids[0])}
    assert reasons == {"forgotten"}
    assert s.query(Notice).filter(Notice.at < now + timedelta(days=300)).count() == 0
    assert accounts.find_by_email(s, sealing, "stays@example.org") is not None
    assert applications.get(s, approved.id).state == "approved"
    assert s.query(AccountChange).filter_by(account_id=ids[1]).count() > 0
    again = handed_in(s, sealing, hasher, now + timedelta(days=731))
    assert again is not None, "the same person may apply anew"
    assert forget(732).accounts == (), "nothing twice"


def test_an_administrator_is_never_forgotten_while_in_office(s, sealing, people, now):
    """Line 114."""
    chief = people.add(Role.ADMINISTRATOR, "chief@example.org", vetted=None)
    retention.forget(s, sealing, KEEP, now + 10 * KEEP)
    assert accounts.email_of(sealing, chief) == "chief@example.org"
