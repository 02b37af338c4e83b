"""Applying: what is kept, what comes back, and what a stranger may learn."""

from __future__ import annotations

import pytest

from auth import accounts
from auth.vetting import applications, review
from auth.vetting.facts import facts_of
from auth.vetting.review import Outcome
from auth.viewer import AccountStatus, Role

from .working import PASSWORD, events, post, text

ANSWERS = {
    "legal_name": "Nune Test",
    "email": "nune@university.example",
    "institution": "University of Somewhere",
    "role": "doctoral researcher",
    "country": "Armenia",
    "project": "Announcements and outcomes",
    "purpose": "To compare what was promised with what followed.",
    "ethics_approval": "IRB 12",
    "referee_name": "Prof. Elder",
    "referee_email": "elder@university.example",
    "statement": "I keep it on one encrypted disk.",
    "conduct": "y",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


def found(site, email: str = ANSWERS["email"]):
    with site.db.read() as s:
        return accounts.find_by_email(s, site.sealing, email)


def test_an_application_is_stored_as_facts_with_an_applicant_account(
    visitor, site
) -> None:
    answer = post(visitor, "/apply", **ANSWERS)
    assert (answer.status_code, answer.location) == (303, "/apply/status")
    account = found(site)
    assert (account.role, account.status) == (Role.APPLICANT, AccountStatus.APPLIED)
    with site.db.read() as s:
        (application,) = applications.for_account(s, account.id)
    facts = vars(facts_of(site.sealing, application))
    asked = {name: ANSWERS[name] for name in facts}
    assert facts == asked
    assert set(events(site, account=account.id)) == {
        "account created",
        "application submitted",
    }


def test_a_known_address_gets_the_same_answer_and_changes_nothing(
    visitor, site, people
) -> None:
    stranger = post(visitor, "/apply", **ANSWERS)
    known = post(visitor, "/apply", **{**ANSWERS, "email": "researcher@example.org"})
    assert (known.status_code, known.location, known.data) == (
        stranger.status_code,
        stranger.location,
        stranger.data,
    )
    with site.db.read() as s:
        assert applications.for_account(s, people["researcher"]) == []


@pytest.mark.parametrize("lacking", sorted(set(ANSWERS) - {"ethics_approval"}))
def test_every_answer_but_ethics_approval_is_needed_and_the_rest_is_kept(
    visitor, site, lacking: str
) -> None:
    given = {name: value for name, value in ANSWERS.items() if name != lacking}
    answer = post(visitor, "/apply", **given)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{lacking}"' in page, "the summary links to the field"
    assert f'id="{lacking}-error"' in page, "the error stands beside the field"
    kept = [name for name in ("legal_name", "project") if name != lacking]
    assert all(ANSWERS[name] in page for name in kept)
    assert PASSWORD not in page
    assert found(site) is None


@pytest.mark.parametrize("password", ["short", "nune-nune-nune-1", "password12345678"])
def test_a_weak_password_is_refused_beside_its_field(
    visitor, site, password: str
) -> None:
    weak = {"password": password, "password_again": password}
    answer = post(visitor, "/apply", **{**ANSWERS, **weak})
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.get_data(as_text=True)
    assert found(site) is None


def test_fields_that_nobody_asked_for_are_ignored(visitor, site) -> None:
    more = {"account_status": "approved", "vetted_until": "2099-01-01"}
    post(visitor, "/apply", **ANSWERS, **more)
    assert (found(site).status, found(site).vetted_until) == ("applied", None)


def test_an_applicant_sees_the_steps_and_not_the_form_again(
    browser, site, people, clock
) -> None:
    client = browser("applicant")
    assert post(client, "/apply", **ANSWERS).status_code == 303
    status = text(client.get("/apply/status"))
    assert "nobody reviews anything before" in status
    assert ANSWERS["purpose"] in status
    assert client.get("/apply").location == "/apply/status"


def test_a_returned_application_shows_the_question_and_can_be_answered(
    browser, site, people, clock
) -> None:
    client = browser("applicant")
    post(client, "/apply", **ANSWERS)
    with site.db.write() as s:
        (application,) = applications.for_account(s, people["applicant"])
        by = people["administrator"]
        question = "Which board approved it?"
        now = site.clock()
        applications.confirm(s, application, now)
        review.decide(s, application, Outcome.RETURN, question, by, None, now)
    client = browser("applicant")
    form = client.get("/apply").get_data(as_text=True)
    assert question in form
    assert ANSWERS["purpose"] in form
    assert 'name="password"' not in form
    clock.advance(minutes=1)
    better = {**ANSWERS, "ethics_approval": "IRB 12 of the University"}
    assert post(client, "/apply", **better).status_code == 303
    with site.db.read() as s:
        latest = applications.for_account(s, people["applicant"])[0]
    assert facts_of(site.sealing, latest).ethics_approval.endswith("University")
    assert facts_of(site.sealing, latest).email == "applicant@example.org"


def test_a_second_application_while_one_waits_is_refused_without_a_trace(
    browser, site, people
) -> None:
    client = browser("applicant")
    post(client, "/apply", **ANSWERS)
    assert post(client, "/apply", **ANSWERS).status_code == 409
    with site.db.read() as s:
        assert len(applications.for_account(s, people["applicant"])) == 1


def test_a_visitor_reads_at_the_status_page_how_to_come_back(visitor) -> None:
    page = visitor.get("/apply/status")
    assert page.status_code == 200
    assert "/login?next=/apply/status" in page.get_data(as_text=True).replace(
        "%2F", "/"
    )
