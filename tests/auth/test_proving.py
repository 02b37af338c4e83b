"""Proving again who one is: what is enough depends on what is set up."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from auth.credentials import passkeys, second_factor, sessions
from auth.credentials.challenges import Ceremony
from auth.credentials.passkeys import Site
from auth.entry.proving import Shown, prove
from auth.errors import CodeRefused, PasskeyRefused, TooFast, WrongPassword

from .softkey import SoftKey

SITE = Site("archive.example.org", "https://archive.example.org")


@pytest.fixture
def account(people):
    return people.add(email="ani@example.org")


@pytest.fixture
def row(s, account, now):
    return sessions.start(s, account.id, "Firefox", now, proved=False)[1]


@pytest.fixture
def show(s, sealing, hasher, row, now):
    def show(at=None, **shown):
        return prove(s, sealing, SITE, row, Shown(**shown), at or now, hasher=hasher)

    return show


@pytest.fixture
def totp(s, sealing, account, now):
    begun = second_factor.enrol(s, sealing, account.id, "x", now)
    totp = pyotp.TOTP(begun.seed)
    earlier = now - timedelta(seconds=60)
    second_factor.confirm(s, sealing, account.id, totp.at(earlier), earlier)
    return totp


@pytest.fixture
def key(s, row, account, now):
    key = SoftKey()
    asked = passkeys.begin_registration(s, SITE, row.id, account.id, "ani", now)
    passkeys.register(s, SITE, row.id, account.id, key.create(asked), "key", now)
    return key


def answer(s, key, row, account, now, ceremony=Ceremony.PROVE):
    return key.get(
        passkeys.begin_authentication(
            s, SITE, row.id, ceremony, now, account_id=account.id
        )
    )


def test_the_password_is_enough_where_nothing_else_is_set_up(s, row, show, password):
    """Requirements 25 and 29: the session gets a new id and is fresh."""
    before = row.secret_hash
    with pytest.raises(WrongPassword):
        show(password="wrong")
    assert (row.authenticated_at, row.secret_hash) == (None, before)
    secret = show(password=password)
    assert sessions.find(s, secret, row.authenticated_at) is row
    assert row.secret_hash != before
    assert row.second_factor_at is None


def test_with_an_authenticator_the_password_alone_is_not(
    row, show, totp, password, now
):
    for wrong in ("", "000000"):
        with pytest.raises(CodeRefused):
            show(password=password, code=wrong)
    with pytest.raises(WrongPassword):
        show(password="wrong", code=totp.at(now))
    assert row.authenticated_at is None
    assert show(password=password, code=totp.at(now))
    assert row.second_factor_at == row.authenticated_at == now


def test_a_passkey_that_knows_its_person_is_enough(s, row, show, key, account, now):
    assert show(answer=answer(s, key, row, account, now))
    assert row.passkey_at == row.second_factor_at == row.authenticated_at == now


def test_a_passkey_that_does_not_needs_the_password_too(
    s, row, show, key, account, password, now
):
    key.verifies = False
    with pytest.raises(WrongPassword):
        show(answer=answer(s, key, row, account, now))
    assert row.authenticated_at is None
    assert show(password=password, answer=answer(s, key, row, account, now))
    assert row.passkey_at == now


def test_with_a_passkey_alone_the_password_is_not_enough(show, key, row, password):
    with pytest.raises(CodeRefused):
        show(password=password)
    assert row.authenticated_at is None


def test_the_passkey_of_another_is_refused(s, people, row, show, key, account, now):
    other = people.add(email="other@example.org")
    stranger = SoftKey()
    asked = passkeys.begin_registration(s, SITE, row.id, other.id, "other", now)
    passkeys.register(s, SITE, row.id, other.id, stranger.create(asked), "k", now)
    with pytest.raises(PasskeyRefused):
        show(answer=answer(s, stranger, row, account, now))
    assert row.authenticated_at is None


def test_an_answer_made_for_signing_in_proves_nothing_here(
    s, row, show, key, account, now
):
    with pytest.raises(PasskeyRefused):
        show(answer=answer(s, key, row, account, now, Ceremony.SIGN_IN))


def test_guessing_inside_a_session_is_slowed_down(show, password, now):
    for _ in range(8):
        with pytest.raises(WrongPassword):
            show(password="wrong")
    with pytest.raises(TooFast):
        show(password=password)
    assert show(at=now + timedelta(minutes=31), password=password)
