"""Accounts: sealed, unique, changed only by others, and cut off at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag

from auth import accounts
from auth.access import consents, grants
from auth.access.grants import GrantTerms
from auth.credentials import sessions, tokens
from auth.entry import invitations
from auth.errors import (
    EmailRefused,
    LastAdministrator,
    NotPossible,
    NotThere,
    OwnAccount,
    PasswordRefused,
    ReasonMissing,
)
from auth.tables import Account
from auth.viewer import (
    ANONYMOUS,
    AccountStatus,
    Item,
    Role,
    Tier,
    TokenScope,
)

YEAR = timedelta(days=365)


def test_a_fresh_archive_has_no_account_and_no_administrator(s, people):
    """Requirement 11."""
    assert accounts.count(s) == 0
    assert not accounts.has_administrator(s)
    people.add(Role.ADMINISTRATOR)
    assert accounts.has_administrator(s)


def test_an_administrator_who_cannot_sign_in_does_not_count(s, people):
    people.add(Role.ADMINISTRATOR, password=None)
    people.add(Role.ADMINISTRATOR, status=AccountStatus.SUSPENDED)
    assert not accounts.has_administrator(s)


def test_name_and_address_are_sealed_and_found_in_either_case(s, sealing, people):
    account = people.add(email="Ani@Example.org")
    people.add(email="other@example.org")
    assert accounts.find_by_email(s, sealing, " ani@example.ORG") is account
    assert accounts.find_by_email(s, sealing, "nobody@example.org") is None
    assert accounts.email_of(sealing, account) == "Ani@Example.org"
    assert accounts.name_of(sealing, account) == "Ani Example"
    stored = account.email_sealed + account.email_index + account.name_sealed
    assert b"ani" not in stored.lower()


def test_a_sealed_name_cannot_be_moved_to_another_account(sealing, people):
    one, two = people.add(), people.add()
    two.name_sealed = one.name_sealed
    assert accounts.name_of(sealing, one)
    with pytest.raises(InvalidTag):
        accounts.name_of(sealing, two)


def test_an_address_has_one_account(s, people):
    people.add(email="ani@example.org")
    with pytest.raises(EmailRefused):
        people.add(email="ANI@example.org")
    assert accounts.count(s) == 1
    people.add(email="ani2@example.org")
    assert accounts.count(s) == 2


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ani",
        "@example.org",
        "ani@",
        "a b@c",
        "a@b\r\nBcc: x",
        "a@b\u202e",
        "a" * 300 + "@b",
    ],
)
def test_what_cannot_be_an_address_is_refused(people, email):
    with pytest.raises(EmailRefused):
        accounts.checked_email(email)
    assert accounts.checked_email(" ani@example.org ") == "ani@example.org"


def test_a_first_password_obeys_the_rules(s, people):
    """Requirements 3 and 4 at sign-up."""
    for refused in ("short", "passwordpassword", "windy roofs of vigil"):
        with pytest.raises(PasswordRefused):
            people.add(password=refused)
    assert accounts.count(s) == 0


@pytest.mark.parametrize("role", list(Role))
def test_a_new_account_is_never_vetted(people, role, now):
    account = people.add(role, vetted=None)
    unvetted = role in (Role.VISITOR, Role.APPLICANT)
    assert account.status == ("applied" if unvetted else "approved")
    assert not people.viewer(account).is_vetted(now)


def test_accounts_are_listed_by_role_and_status_newest_first(s, people, now):
    first = people.add()
    people.now = now + timedelta(minutes=1)
    second = people.add(status=AccountStatus.SUSPENDED)
    people.add(Role.MODERATOR)
    researchers = accounts.list_accounts(s, roles={Role.RESEARCHER})
    assert researchers == [second, first]
    suspended = accounts.list_accounts(s, statuses={AccountStatus.SUSPENDED})
    assert suspended == [second]
    assert len(accounts.list_accounts(s)) == 3
    assert accounts.list_accounts(s, roles={Role.RESEARCHER}, offset=1) == [first]


def test_an_unknown_account_is_not_there_and_as_a_viewer_is_nobody(s, people, now):
    with pytest.raises(NotThere):
        accounts.get(s, "nothing")
    assert people.viewer(Account(id="nothing")) == ANONYMOUS


def test_a_name_can_be_changed_by_its_holder(s, sealing, people, now):
    account = people.add()
    accounts.rename(s, sealing, account, " Ani Other ", now)
    assert accounts.name_of(sealing, account) == "Ani Other"


# --- who may change what ------------------------------------------------------------

CHANGES = {
    "set_role": lambda s, a, by, why, now: accounts.set_role(
        s, a, Role.RESEARCHER, by, why, now
    ),
    "approve": lambda s, a, by, why, now: accounts.approve(
        s, a, now + YEAR, by, why, now
    ),
    "suspend": accounts.suspend,
    "expire": accounts.expire,
    "close": accounts.close,
    "reject": accounts.reject,
    "send_back": accounts.send_back,
    "reinstate": accounts.reinstate,
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_their_own_account_nor_anothers_without_a_reason(
    s, people, administrator, now, change
):
    """Requirement 47."""
    other = people.add(Role.ADMINISTRATOR)
    if change == "reinstate":
        accounts.suspend(s, other, administrator.id, "a break", now)
    with pytest.raises(OwnAccount):
        CHANGES[change](s, other, other.id, "because", now)
    with pytest.raises(ReasonMissing):
        CHANGES[change](s, other, administrator.id, "  ", now)
    # An administrator comes back by two, or by whoever has the shell.
    by = "operator" if change == "reinstate" else administrator.id
    CHANGES[change](s, other, by, "because", now)


@pytest.mark.parametrize("change", ["set_role", "suspend", "expire", "close"])
def test_the_last_administrator_stays_and_the_last_but_one_need_not(
    s, people, administrator, now, change
):
    """Requirement 47."""
    people.add(Role.ADMINISTRATOR, status=AccountStatus.SUSPENDED)
    with pytest.raises(LastAdministrator):
        CHANGES[change](s, administrator, "operator", "because", now)
    people.add(Role.ADMINISTRATOR)
    CHANGES[change](s, administrator, "operator", "because", now)
    assert accounts.has_administrator(s)


def test_a_suspended_administrator_can_be_closed_though_one_is_left(
    s, people, administrator, now
):
    other = people.add(Role.ADMINISTRATOR, status=AccountStatus.SUSPENDED)
    accounts.close(s, other, administrator.id, "left", now)
    with pytest.raises(LastAdministrator):
        accounts.close(s, administrator, "operator", "left", now)


def test_of_two_who_demote_each_other_at_once_one_stays(
    database, sealing, hasher, password, now
):
    """Requirement 51."""
    with database() as s, s.begin():
        ids = [
            accounts.add(
                s,
                sealing,
                f"{n}@example.org",
                "A",
                Role.ADMINISTRATOR,
                password,
                now,
                hasher=hasher,
            ).id
            for n in range(2)
        ]

    def demote(pair):
        by, whom = pair
        try:
            with database() as s, s.begin():
                account = accounts.get(s, whom)
                accounts.set_role(s, account, Role.MODERATOR, by, "a quarrel", now)
        except LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(demote, [ids, ids[::-1]]))
    assert sorted(answers) == [False, True]


def test_who_when_and_why_is_kept_and_told(s, people, administrator, now):
    """Requirement 97."""
    account = people.add()
    accounts.suspend(s, account, administrator.id, " misuse ", now)
    (change,) = accounts.changes(s, account.id)
    kept = (change.what, change.before, change.after, change.by, change.reason)
    assert kept == ("status", "approved", "suspended", administrator.id, "misuse")
    assert change.at == now


# --- what a change ends -------------------------------------------------------------


@pytest.fixture
def busy(s, people, administrator, now):
    """A researcher with a session, a token, a consent and a grant, and the secrets."""
    account = people.add()
    session_secret, row = sessions.start(s, account.id, "Firefox", now)
    scopes = [TokenScope.READ, TokenScope.REVEAL]
    token_secret, _ = tokens.add(s, account.id, scopes, 7, now)
    viewer = people.viewer(account, session_id=row.id)
    item = Item("record", labelled=True, tier=Tier.G2, codes=frozenset({"a"}))
    consents.give(s, viewer, item, ["a"], "h", "en", "research", "", 30, now)
    terms = GrantTerms(Tier.G4, now, now + YEAR, "thesis", record_id="record")
    grants.give(s, account.id, terms, administrator.id, now)

    def alive(at):
        viewer = people.viewer(account, session_id=row.id, now=at)
        return {
            "session": sessions.find(s, session_secret, at) is not None,
            "token": tokens.find(s, token_secret, at) is not None,
            "consent": bool(viewer.consents),
            "grant": bool(viewer.grants),
        }

    return account, alive


@pytest.mark.parametrize("change", ["suspend", "expire", "close"])
def test_a_change_of_standing_ends_every_way_in_at_once(
    s, busy, administrator, now, change
):
    """Requirements 23, 26 and 44."""
    account, alive = busy
    assert set(alive(now).values()) == {True}
    CHANGES[change](s, account, administrator.id, "because", now)
    assert set(alive(now).values()) == {False}


def test_another_role_ends_the_ways_in_but_not_the_grants(s, busy, administrator, now):
    """Requirement 25: the session changes at role change."""
    account, alive = busy
    accounts.set_role(s, account, Role.MODERATOR, administrator.id, "hired", now)
    ended = {"session": False, "token": False, "consent": False}
    assert alive(now) == {**ended, "grant": True}


def test_falling_back_to_applicant_ends_vetting_and_grants(
    s, people, busy, administrator, now
):
    account, alive = busy
    accounts.set_role(s, account, Role.APPLICANT, administrator.id, "mistake", now)
    assert set(alive(now).values()) == {False}
    assert not people.viewer(account).is_vetted(now)


def test_a_reinstated_account_is_what_it_was_and_nothing_comes_back(
    s, busy, people, administrator, now
):
    account, alive = busy
    accounts.suspend(s, account, administrator.id, "doubt", now)
    accounts.reinstate(s, account, administrator.id, "cleared", now)
    assert account.status == "approved"
    assert set(alive(now).values()) == {False}
    assert sessions.start(s, account.id, "Firefox", now)


def test_suspending_an_applicant_does_not_lead_to_approval(
    s, people, administrator, now
):
    applicant = people.add(Role.APPLICANT)
    accounts.suspend(s, applicant, administrator.id, "doubt", now)
    accounts.reinstate(s, applicant, administrator.id, "cleared", now)
    assert applicant.status == "applied"


def test_what_cannot_be_done_twice_or_from_here_is_refused(
    s, people, administrator, now
):
    account, by = people.add(), administrator.id
    with pytest.raises(NotPossible):
        accounts.reinstate(s, account, by, "because", now)
    accounts.suspend(s, account, by, "because", now)
    for change in ("suspend", "expire", "approve"):
        with pytest.raises(NotPossible):
            CHANGES[change](s, account, by, "because", now)
    accounts.close(s, account, by, "because", now)
    for change in ("suspend", "close", "approve", "reinstate"):
        with pytest.raises(NotPossible):
            CHANGES[change](s, account, by, "because", now)


# --- vetting ------------------------------------------------------------------------


def test_approval_vets_until_a_date_and_makes_an_applicant_a_researcher(
    s, people, administrator, now
):
    applicant, moderator = people.add(Role.APPLICANT), people.add(Role.MODERATOR)
    for account in (applicant, moderator):
        accounts.approve(s, account, now + YEAR, administrator.id, "checked", now)
    assert (applicant.role, moderator.role) == ("researcher", "moderator")
    viewer = people.viewer(applicant)
    assert viewer.is_vetted(now + YEAR - timedelta(seconds=1))
    assert not viewer.is_vetted(now + YEAR)


def test_vetting_must_end_in_the_future(s, people, administrator, now):
    account = people.add(Role.APPLICANT)
    with pytest.raises(NotPossible):
        accounts.approve(s, account, now, administrator.id, "checked", now)
    assert account.status == "applied"


def test_vetting_on_paper_records_evidence_terms_and_induction(
    s, sealing, people, administrator, now
):
    account, by = people.add(Role.APPLICANT), administrator.id
    assert accounts.vetting_of(sealing, account) is None
    with pytest.raises(ReasonMissing):
        accounts.vet_offline(s, sealing, account, " ", now + YEAR, by, now)
    accounts.vet_offline(
        s, sealing, account, "Passport, seen by A.", now + YEAR, by, now
    )
    viewer = people.viewer(account)
    assert viewer.is_vetted(now)
    assert viewer.terms_version == 1
    assert viewer.induction_until == now + YEAR
    assert accounts.vetting_of(sealing, account) == "Passport, seen by A."
    assert b"Passport" not in account.vetting_sealed


def test_nobody_vets_themselves_on_paper(s, sealing, administrator, now):
    """Requirement 47."""
    who = administrator.id
    with pytest.raises(OwnAccount):
        accounts.vet_offline(s, sealing, administrator, "x", now + YEAR, who, now)


def test_vetting_that_ran_out_expires_researchers_with_their_grants(
    s, people, busy, administrator, now
):
    account, alive = busy
    staff = people.add(Role.MODERATOR)
    almost = account.vetted_until - timedelta(seconds=1)
    assert accounts.expire_due(s, almost) == []
    assert accounts.expire_due(s, account.vetted_until) == [account.id]
    assert (account.status, staff.status) == ("expired", "approved")
    ended = {"session": False, "token": False, "grant": False}
    assert alive(now) == alive(now) | ended
    assert accounts.expire_due(s, account.vetted_until) == []


def test_a_viewer_is_a_fresh_copy_and_keeps_what_was_pending(s, people, now):
    account = people.add()
    before = people.viewer(account)
    account.status = AccountStatus.SUSPENDED.value
    assert people.viewer(account).status is AccountStatus.SUSPENDED
    assert before.status is AccountStatus.APPROVED
    with pytest.raises(AttributeError):
        before.role = Role.ADMINISTRATOR


def test_a_token_brings_its_scopes_and_a_page_session_none(people):
    account = people.add()
    assert people.viewer(account).scopes is None
    viewer = people.viewer(account, scopes={TokenScope.READ})
    assert viewer.scopes == frozenset({TokenScope.READ})


def test_an_administrator_starts_a_reset_but_never_learns_a_password(
    s, people, administrator, now
):
    """Requirement 18: no function gives a password out or sets another's directly."""
    account = people.add()
    secret, row = invitations.make(
        s, invitations.Purpose.RESET, account.id, administrator.id, now
    )
    assert account.password_hash not in (secret, row.secret_hash)
    assert row.made_by == administrator.id
