"""Tokens: shown once, scoped, ending, and never stronger than their account."""

from datetime import timedelta

import pytest

from auth import notices
from auth.credentials import tokens
from auth.errors import NotPossible, NotThere
from auth.viewer import AccountStatus, TokenScope

DAY = timedelta(days=1)
READ = {TokenScope.READ}


@pytest.fixture
def account(people):
    return people.add()


def test_the_secret_finds_its_token_and_is_not_stored(s, account, now):
    """Requirement 88; tokens are stored hashed."""
    secret, token = tokens.add(s, account.id, READ, 7, now, name=" laptop ")
    assert secret.startswith("vgl_")
    assert tokens.find(s, secret, now) is token
    for wrong in (secret + "x", secret[4:], "vgl_", "", token.id):
        assert tokens.find(s, wrong, now) is None
    assert secret.encode() not in token.secret_hash
    assert token.name == "laptop"


def test_a_token_ends_on_its_day(s, account, now):
    secret, token = tokens.add(s, account.id, READ, 7, now)
    assert token.expires_at == now + 7 * DAY
    assert tokens.find(s, secret, now + 7 * DAY - timedelta(seconds=1))
    assert tokens.find(s, secret, now + 7 * DAY) is None


@pytest.mark.parametrize(
    ("scopes", "days"), [(set(), 7), (READ, 0), (READ, -1), (READ, 366)]
)
def test_a_token_needs_a_scope_and_a_life_of_at_most_a_year(
    s, account, now, scopes, days
):
    with pytest.raises(NotPossible):
        tokens.add(s, account.id, scopes, days, now)
    assert tokens.list_for(s, account.id) == []
    assert tokens.add(s, account.id, READ, 365, now)


@pytest.mark.parametrize("status", list(AccountStatus))
def test_only_an_approved_account_has_working_tokens(s, account, now, status):
    """Requirement 23."""
    secret, _ = tokens.add(s, account.id, READ, 7, now)
    account.status = status.value
    s.flush()
    if status is AccountStatus.APPROVED:
        assert tokens.find(s, secret, now)
        assert tokens.add(s, account.id, READ, 7, now)
    else:
        assert tokens.find(s, secret, now) is None
        with pytest.raises(NotPossible):
            tokens.add(s, account.id, READ, 7, now)


def test_an_unknown_account_gets_no_token(s, now):
    with pytest.raises(NotPossible):
        tokens.add(s, "nobody", READ, 7, now)


def test_a_revoked_token_is_dead_and_the_others_live(s, account, now):
    secret, token = tokens.add(s, account.id, READ, 7, now)
    other_secret, other = tokens.add(s, account.id, READ, 7, now)
    tokens.revoke(s, token, "lost", now)
    assert tokens.find(s, secret, now) is None
    assert tokens.find(s, other_secret, now) is other
    tokens.revoke(s, token, "again", now + DAY)
    s.refresh(token)
    assert (token.revoked_at, token.revoked_why) == (now, "lost")


def test_a_person_reaches_own_tokens_only(s, people, account, now):
    """Requirement 38."""
    _, token = tokens.add(s, account.id, READ, 7, now)
    assert tokens.get(s, account.id, token.id) is token
    assert tokens.list_for(s, account.id) == [token]
    stranger = people.add()
    assert tokens.list_for(s, stranger.id) == []
    for missing in (token.id, "nothing"):
        with pytest.raises(NotThere):
            tokens.get(s, stranger.id, missing)


def test_scopes_come_back_as_they_were_asked_for(s, account, now):
    scopes = {TokenScope.REVEAL, TokenScope.READ}
    _, token = tokens.add(s, account.id, [*scopes, TokenScope.READ], 7, now)
    assert tokens.scopes_of(token) == scopes
    assert token.scopes == ["read", "reveal"]


def test_use_is_noted_to_the_minute(s, account, now):
    _, token = tokens.add(s, account.id, READ, 7, now)
    tokens.touch(s, token, now)
    tokens.touch(s, token, now + timedelta(seconds=59))
    assert token.last_used_at == now
    tokens.touch(s, token, now + timedelta(seconds=60))
    assert token.last_used_at == now + timedelta(seconds=60)


def test_a_new_token_is_told(s, account, now):
    tokens.add(s, account.id, READ, 7, now)
    assert [n.kind for n in notices.unseen(s, account.id)] == ["token_added"]
