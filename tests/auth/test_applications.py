"""Applying, being decided about by somebody else, once, with a reason."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from auth import accounts, notices
from auth.credentials import sessions
from auth.entry import signin
from auth.errors import (
    FactsRefused,
    NotPossible,
    NotThere,
    OwnAccount,
    PasswordRefused,
    ReasonMissing,
)
from auth.policy import Action, Refusal, decide
from auth.vetting import applications, review
from auth.vetting.applications import Stage
from auth.vetting.facts import ApplicationFacts, facts_of
from auth.vetting.review import Outcome
from auth.viewer import AccountStatus, ReasonCode, Role, Rules

from .reviewing import settle

CHOSEN = "seven ladders in the orchard"
STATUS_AFTER = {
    Outcome.APPROVE: "approved",
    Outcome.REJECT: "rejected",
    Outcome.RETURN: "returned",
}


@pytest.fixture
def facts():
    return ApplicationFacts(
        legal_name="Narine Petrosyan",
        email="narine@example.org",
        institution="Matenadaran",
        role="historian",
        country="AM",
        project="Chronology of November 2020",
        purpose="To compare statements with recordings.",
        ethics_approval="EC-17/2026",
        referee_name="Levon Example",
        referee_email="levon@example.org",
        statement="",
    )


@pytest.fixture
def submit(s, sealing, hasher, now):
    def submit(facts, *, account=None, password=CHOSEN, at=None):
        made = applications.submit(
            s,
            sealing,
            facts,
            at or now,
            account=account,
            password=password,
            hasher=hasher,
        )
        if made is not None:
            applications.confirm(s, made, at or now)
        return made

    return submit


def test_a_strangers_application_makes_an_account_that_sees_its_state_and_no_more(
    s, sealing, hasher, people, submit, facts, now
):
    """The applicant signs in; whatever needs an approved account says it is pending."""
    application = submit(facts)
    account = accounts.get(s, application.account_id)
    assert (account.role, account.status) == ("applicant", "applied")
    answer = signin.attempt(
        s, sealing, facts.email, CHOSEN, None, "net", now, hasher=hasher
    )
    assert answer.account is account
    assert sessions.start(s, account.id, "Firefox", now)
    refusal = decide(Action.DEPOSIT, people.viewer(account), None, Rules(), now)
    assert isinstance(refusal, Refusal)
    assert ReasonCode.ACCOUNT_PENDING in refusal.codes
    own = decide(Action.MANAGE_OWN_ACCOUNT, people.viewer(account), None, Rules(), now)
    assert not isinstance(own, Refusal)
    assert applications.for_account(s, account.id) == [application]


def test_the_facts_come_back_as_they_were_given_and_are_stored_sealed(
    sealing, submit, facts
):
    application = submit(replace(facts, legal_name="  Narine Petrosyan "))
    assert facts_of(sealing, application) == facts
    assert b"Petrosyan" not in application.facts_sealed


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("legal_name", " ", False),
        ("project", "", False),
        ("purpose", "x" * 5001, False),
        ("purpose", "x" * 5000, True),
        ("email", "no address", False),
        ("referee_email", "no address", False),
        ("referee_email", "NARINE@example.org", False),
        ("ethics_approval", "", True),
        ("statement", "", True),
    ],
)
def test_answers_that_are_needed_are_asked_for_by_name(
    submit, facts, field, value, accepted
):
    wanting = replace(facts, **{field: value})
    if accepted:
        assert submit(wanting)
    else:
        with pytest.raises(FactsRefused) as refused:
            submit(wanting)
        assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    "password", ["short", "passwordpassword", "matenadaran is home", None]
)
def test_the_password_of_a_new_account_obeys_the_rules(s, submit, facts, password):
    """Requirements 3 and 4 at sign-up."""
    with pytest.raises((PasswordRefused, NotPossible)):
        submit(facts, password=password)
    assert accounts.count(s) == 0
    assert submit(facts)


def test_an_address_that_is_known_makes_no_difference_to_a_stranger(
    s, people, submit, facts, password
):
    """Requirement 10: the holder is told, the stranger sees the same page."""
    holder = people.add(email="narine@example.org")
    before = holder.password_hash
    assert submit(facts) is None
    with pytest.raises(PasswordRefused):
        submit(facts, password="passwordpassword")
    assert holder.password_hash == before
    assert applications.for_account(s, holder.id) == []
    assert [n.kind for n in notices.unseen(s, holder.id)] == ["applied_again"]


def test_one_application_waits_at_a_time(s, submit, facts):
    account = accounts.get(s, submit(facts).account_id)
    with pytest.raises(NotPossible):
        submit(facts, account=account)
    assert len(applications.pending(s)) == 1


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_decision_is_kept_told_and_moves_the_account(
    s, administrator, submit, facts, now, outcome
):
    application = submit(facts)
    by = administrator.id
    made = settle(s, application, outcome, " seen ", by, None, now)
    account = accounts.get(s, application.account_id)
    s.refresh(application)
    assert account.status == application.state == STATUS_AFTER[outcome]
    assert applications.pending(s) == []
    assert made in applications.decisions_on(s, application.id)
    assert applications.decided(s) == [application]
    assert (made.reason, made.by, made.at) == ("seen", by, now)
    kinds = {notice.kind for notice in notices.unseen(s, account.id)}
    assert "application_decided" in kinds


@pytest.mark.parametrize("days", [None, 90])
def test_an_approval_vets_for_a_year_or_until_the_date_given(
    s, people, administrator, submit, facts, now, days
):
    application = submit(facts)
    until = None if days is None else now + timedelta(days=days)
    settle(s, application, Outcome.APPROVE, "seen", administrator.id, until, now)
    account = accounts.get(s, application.account_id)
    assert account.role == "researcher"
    assert account.vetted_until == now + timedelta(days=days or 365)
    assert people.viewer(account).is_vetted(now)


def test_a_rejected_applicant_is_signed_out_and_stays_out(
    s, administrator, submit, facts, now
):
    application = submit(facts)
    secret, _ = sessions.start(s, application.account_id, "Firefox", now)
    assert sessions.find(s, secret, now)
    settle(s, application, Outcome.REJECT, "not a person", administrator.id, None, now)
    assert sessions.find(s, secret, now) is None
    with pytest.raises(NotPossible):
        sessions.start(s, application.account_id, "Firefox", now)
    account = accounts.get(s, application.account_id)
    with pytest.raises(NotPossible):
        submit(facts, account=account)


def test_a_returned_application_is_handed_in_anew(s, administrator, submit, facts, now):
    application = submit(facts)
    settle(
        s,
        application,
        Outcome.RETURN,
        "which ethics board?",
        administrator.id,
        None,
        now,
    )
    account = accounts.get(s, application.account_id)
    again = submit(facts, account=account, at=now + timedelta(days=1))
    assert account.status == "applied"
    assert applications.pending(s) == [again]
    assert applications.for_account(s, account.id) == [again, application]


def test_a_declined_renewal_leaves_vetting_that_still_holds(
    s, people, administrator, submit, facts, now
):
    researcher = people.add(email="narine@example.org")
    application = submit(facts, account=researcher)
    assert researcher.status == "approved"
    for outcome in (Outcome.REJECT,):
        settle(s, application, outcome, "too early", administrator.id, None, now)
    assert people.viewer(researcher).is_vetted(now)


def test_an_expired_researcher_applies_again_and_is_vetted_again(
    s, people, administrator, submit, facts, now
):
    researcher = people.add(status=AccountStatus.EXPIRED, vetted=timedelta(0))
    application = submit(facts, account=researcher)
    assert not people.viewer(researcher).is_vetted(now)
    settle(s, application, Outcome.APPROVE, "seen", administrator.id, None, now)
    assert people.viewer(researcher).is_vetted(now)


def test_nobody_decides_about_their_own_and_nobody_without_a_reason(
    s, administrator, people, submit, facts, now
):
    """Requirement 47."""
    second = people.add(Role.ADMINISTRATOR, "second@example.org")
    application = submit(facts, account=second)
    for outcome in Outcome:
        with pytest.raises(OwnAccount):
            settle(s, application, outcome, "me", second.id, None, now)
        with pytest.raises(ReasonMissing):
            settle(s, application, outcome, " ", administrator.id, None, now)
    assert applications.pending(s) == [application]
    settle(s, application, Outcome.APPROVE, "seen", administrator.id, None, now)
    assert applications.pending(s) == []


def test_the_first_decision_counts(s, administrator, submit, facts, now):
    application = submit(facts)
    by = administrator.id
    settle(s, application, Outcome.APPROVE, "seen", by, None, now)
    with pytest.raises(NotPossible):
        settle(s, application, Outcome.REJECT, "no", by, None, now)
    account = accounts.get(s, application.account_id)
    assert account.status == "approved"
    made = applications.decisions_on(s, application.id)
    assert sorted(each.stage for each in made) == sorted(Stage)


def test_of_two_decisions_at_once_exactly_one_wins(
    database, sealing, hasher, facts, now
):
    """Requirement 51."""
    with database() as s, s.begin():
        application = applications.submit(
            s, sealing, facts, now, password=CHOSEN, hasher=hasher
        )
        applications.confirm(s, application, now)
        application_id, account_id = application.id, application.account_id
        for _ in range(2):
            review.decide(s, application, Outcome.APPROVE, "seen", "by", None, now)

    def one_decision(outcome):
        try:
            with database() as s, s.begin():
                found = applications.get(s, application_id)
                by = "someone"
                review.decide(
                    s, found, outcome, "seen", by, None, now, stage=Stage.FINAL
                )
        except NotPossible:
            return None
        return outcome

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one_decision, [Outcome.APPROVE, Outcome.REJECT] * 3))
    (winner,) = [answer for answer in answers if answer]
    with database() as s:
        assert accounts.get(s, account_id).status == STATUS_AFTER[winner]
        assert len(applications.decisions_on(s, application_id)) == 3


def test_of_two_applications_with_one_new_address_one_makes_the_account(
    database, sealing, hasher, facts, now
):
    """Requirement 51."""

    def one_application(_):
        with database() as s, s.begin():
            return applications.submit(
                s, sealing, facts, now, password=CHOSEN, hasher=hasher
            )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one_application, range(4)))
    assert len([answer for answer in answers if answer]) == 1
    with database() as s:
        assert accounts.count(s) == 1


def test_what_waits_is_listed_the_longest_waiting_first(s, submit, facts, now):
    later = submit(facts, at=now + timedelta(hours=1))
    earlier = submit(replace(facts, email="another@example.org"), at=now)
    assert applications.pending(s) == [earlier, later]
    with pytest.raises(NotThere):
        applications.get(s, "nothing")
    assert applications.get(s, later.id) is later
