"""Links work once, for a while, for what they were made for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest

from auth import accounts
from auth.credentials import second_factor, sessions, tokens
from auth.entry import invitations, signin
from auth.entry.invitations import Founder, Purpose
from auth.entry.signin import FailureKind, SignIn
from auth.errors import LinkSpent, PasswordRefused
from auth.viewer import AccountStatus, Role, TokenScope

NEW = "eleven lanterns by the river"
FOUNDER = Founder("chief@example.org", "Chief Archivist", NEW)
SECOND = timedelta(seconds=1)


@pytest.fixture
def accept(s, sealing, hasher, now):
    def accept(secret, password=NEW, at=None):
        return invitations.accept(
            s, sealing, secret, password, at or now, hasher=hasher
        )

    return accept


@pytest.fixture
def found(s, sealing, hasher, now):
    def found(secret, founder=FOUNDER):
        return invitations.found(s, sealing, secret, founder, now, hasher=hasher)

    return found


@pytest.fixture
def attempt(s, sealing, hasher, now):
    def attempt(email, password):
        return signin.attempt(
            s, sealing, email, password, None, "net", now, hasher=hasher
        )

    return attempt


@pytest.mark.parametrize(
    ("purpose", "hours"),
    [(Purpose.SETUP, 72), (Purpose.INVITATION, 72), (Purpose.RESET, 1)],
)
def test_a_link_lives_its_hours_and_is_kept_as_a_digest(s, now, purpose, hours):
    """Requirement 17."""
    secret, row = invitations.make(s, purpose, None, "operator", now)
    end = now + timedelta(hours=hours)
    assert invitations.find(s, secret, end - SECOND) is row
    assert invitations.find(s, secret, end) is None
    with pytest.raises(LinkSpent):
        invitations.use(s, secret, end)
    assert invitations.use(s, secret, end - SECOND) is row
    assert secret.encode() not in row.secret_hash
    assert len(secret) >= 43


def test_a_link_works_once_and_looking_does_not_use_it_up(s, people, accept, now):
    account = people.add(password=None)
    secret, row = invitations.make(s, Purpose.INVITATION, account.id, "x", now)
    assert invitations.find(s, secret, now) is row
    assert accept(secret) is account
    assert invitations.find(s, secret, now) is None
    with pytest.raises(LinkSpent):
        accept(secret)
    with pytest.raises(LinkSpent):
        accept("nothing")


def test_a_new_link_makes_the_earlier_one_useless(s, people, accept, now):
    account, other = people.add(), people.add()
    earlier, _ = invitations.make(s, Purpose.RESET, account.id, "x", now)
    theirs, _ = invitations.make(s, Purpose.RESET, other.id, "x", now)
    later, _ = invitations.make(s, Purpose.RESET, account.id, "x", now)
    with pytest.raises(LinkSpent):
        accept(earlier)
    assert accept(later) is account
    assert accept(theirs) is other


def test_the_first_administrator_comes_in_by_the_set_up_link(
    s, people, found, attempt, now
):
    """Requirement 11."""
    secret, _ = invitations.make(s, Purpose.SETUP, None, "operator", now)
    account = found(secret)
    assert (account.role, account.status) == ("administrator", "approved")
    assert attempt(FOUNDER.email, NEW) == SignIn(account, second_factor=False)
    assert not people.viewer(account).is_vetted(now)
    with pytest.raises(LinkSpent):
        found(secret)


def test_with_an_administrator_there_is_no_set_up(s, people, found, now):
    secret, _ = invitations.make(s, Purpose.SETUP, None, "operator", now)
    people.add(Role.ADMINISTRATOR)
    with pytest.raises(LinkSpent):
        invitations.make(s, Purpose.SETUP, None, "operator", now)
    with pytest.raises(LinkSpent):
        found(secret)
    assert accounts.count(s) == 1


def test_each_link_opens_its_own_door_only(s, people, found, accept, now):
    account = people.add()
    setup, _ = invitations.make(s, Purpose.SETUP, None, "operator", now)
    reset, _ = invitations.make(s, Purpose.RESET, account.id, "x", now)
    with pytest.raises(LinkSpent):
        found(reset)
    with pytest.raises(LinkSpent):
        accept(setup)
    assert not accounts.has_administrator(s)


def test_a_password_that_breaks_the_rules_leaves_the_link_working(
    s, people, accept, now
):
    """Requirements 3 and 4 at reset."""
    account = people.add(email="ani@example.org")
    before = account.password_hash
    secret, _ = invitations.make(s, Purpose.RESET, account.id, "x", now)
    for refused in ("short", "passwordpassword", "the example person"):
        with pytest.raises(PasswordRefused), s.begin_nested():
            accept(secret, refused)
    s.refresh(account)
    assert account.password_hash == before
    assert accept(secret) is account


def test_a_reset_ends_sessions_and_tokens_and_leaves_the_second_factor(
    s, sealing, people, accept, attempt, now
):
    """Requirement 18."""
    account = people.add(email="ani@example.org")
    begun = second_factor.enrol(s, sealing, account.id, "ani", now)
    code = pyotp.TOTP(begun.seed).at(now)
    second_factor.confirm(s, sealing, account.id, code, now)
    session_secret, _ = sessions.start(s, account.id, "Firefox", now)
    token_secret, _ = tokens.add(s, account.id, [TokenScope.READ], 7, now)
    secret, _ = invitations.make(s, Purpose.RESET, account.id, "x", now)
    accept(secret)
    assert sessions.find(s, session_secret, now) is None
    assert tokens.find(s, token_secret, now) is None
    assert attempt("ani@example.org", NEW).kind is FailureKind.CODE_NEEDED


@pytest.mark.parametrize("status", list(AccountStatus))
def test_only_an_account_that_may_sign_in_gets_or_uses_a_link(
    s, sealing, people, accept, now, status
):
    """Requirement 10: the caller answers all alike."""
    account = people.add(email="ani@example.org")
    early, _ = invitations.make(s, Purpose.INVITATION, account.id, "x", now)
    account.status = status.value
    s.flush()
    asked = invitations.request_reset(s, sealing, "ANI@example.org", "page", now)
    if status in sessions.MAY_SIGN_IN:
        assert accept(asked[0]) is account
        assert accept(early) is account
    else:
        assert asked is None
        with pytest.raises(LinkSpent):
            accept(early)


def test_an_unknown_address_gets_no_link_and_a_known_one_not_without_end(
    s, sealing, people, now
):
    people.add(email="ani@example.org")

    def ask(email):
        return invitations.request_reset(s, sealing, email, "page", now)

    assert ask("nobody@example.org") is None
    answers = [ask("ani@example.org") is not None for _ in range(8)]
    assert answers == [True] * 5 + [False] * 3


def test_of_many_who_use_one_link_at_once_exactly_one_gets_in(database, now):
    """Requirement 51."""
    with database() as s, s.begin():
        secret, _ = invitations.make(s, Purpose.SETUP, None, "operator", now)

    def one_try(_):
        try:
            with database() as s, s.begin():
                return invitations.use(s, secret, now).id
        except LinkSpent:
            return None

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one_try, range(6)))
    assert len([answer for answer in answers if answer]) == 1
