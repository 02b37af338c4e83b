"""Another e-mail address: only by whoever reads its mail, and told to the old one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from auth import accounts, notices
from auth.entry import addresses, invitations
from auth.entry.invitations import Purpose
from auth.errors import EmailRefused, LinkSpent, TooFast
from auth.notices import Kind
from auth.viewer import AccountStatus

NEW = "ani.new@example.org"


@pytest.fixture
def account(people):
    return people.add(email="ani@example.org")


def test_nothing_changes_before_the_link_is_followed(s, sealing, account, now):
    """Requirement 19, line 19: a change of address makes a notice."""
    secret = addresses.ask(s, sealing, account, NEW, now)
    assert accounts.find_by_email(s, sealing, "ani@example.org") is account
    assert accounts.find_by_email(s, sealing, NEW) is None
    changed, old = addresses.confirm(s, sealing, secret, now)
    assert (changed, old) == (account, "ani@example.org")
    assert accounts.find_by_email(s, sealing, NEW) is account
    assert accounts.find_by_email(s, sealing, "ani@example.org") is None
    assert accounts.email_of(sealing, account) == NEW
    kinds = [n.kind for n in notices.unseen(s, account.id)]
    assert sorted(kinds) == [Kind.EMAIL_CHANGE_ASKED, Kind.EMAIL_CHANGED]


def test_the_link_works_once_and_for_a_day(s, sealing, account, now):
    secret = addresses.ask(s, sealing, account, NEW, now)
    with pytest.raises(LinkSpent):
        addresses.confirm(s, sealing, secret, now + timedelta(hours=24))
    addresses.confirm(s, sealing, secret, now + timedelta(hours=23))
    with pytest.raises(LinkSpent):
        addresses.confirm(s, sealing, secret, now)


def test_an_address_that_has_an_account_is_told_to_its_reader_alone(
    s, sealing, people, account, now
):
    """Requirement 10: whoever asks learns nothing."""
    people.add(email=NEW)
    secret = addresses.ask(s, sealing, account, NEW, now)
    with pytest.raises(LinkSpent):
        addresses.confirm(s, sealing, secret, now)
    assert accounts.email_of(sealing, account) == "ani@example.org"


def test_links_for_a_password_that_went_to_the_old_address_stop_working(
    s, sealing, account, now
):
    reset, _ = invitations.make(s, Purpose.RESET, account.id, "visitor", now)
    secret = addresses.ask(s, sealing, account, NEW, now)
    addresses.confirm(s, sealing, secret, now)
    assert invitations.find(s, reset, now) is None


def test_a_link_for_an_address_sets_no_password_and_the_other_way_round(
    s, sealing, hasher, account, now
):
    secret = addresses.ask(s, sealing, account, NEW, now)
    with pytest.raises(LinkSpent), s.begin_nested():
        invitations.accept(
            s, sealing, secret, "eleven lanterns by a river", now, hasher=hasher
        )
    assert invitations.find(s, secret, now)
    reset, _ = invitations.make(s, Purpose.RESET, account.id, "visitor", now)
    with pytest.raises(LinkSpent):
        addresses.confirm(s, sealing, reset, now)


def test_an_account_that_may_not_sign_in_changes_nothing(s, sealing, account, now):
    secret = addresses.ask(s, sealing, account, NEW, now)
    account.status = AccountStatus.SUSPENDED.value
    with pytest.raises(LinkSpent):
        addresses.confirm(s, sealing, secret, now)


def test_what_is_no_address_and_too_many_are_refused(s, sealing, account, now):
    with pytest.raises(EmailRefused):
        addresses.ask(s, sealing, account, "nowhere", now)
    for n in range(5):
        addresses.ask(s, sealing, account, f"{n}@example.org", now)
    with pytest.raises(TooFast):
        addresses.ask(s, sealing, account, NEW, now)


def test_the_address_that_waits_is_sealed(s, sealing, account, now):
    secret = addresses.ask(s, sealing, account, NEW, now)
    kept = invitations.find(s, secret, now).address_sealed
    assert kept
    assert NEW.encode() not in kept
