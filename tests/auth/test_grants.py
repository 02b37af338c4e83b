"""Grants hold from a start to an end, within a tier, and never by one's own hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth import notices
from auth.access import grants
from auth.access.grants import GrantTerms
from auth.errors import NotPossible, OwnAccount, ReasonMissing
from auth.viewer import Role, Tier

DAY = timedelta(days=1)


@pytest.fixture
def terms(now):
    return GrantTerms(Tier.G4, now, now + 30 * DAY, "thesis", record_id="record")


@pytest.fixture
def account(people):
    return people.add()


def test_it_holds_between_start_and_end_and_not_outside(
    s, account, administrator, terms, now
):
    """C8: enforced on the request path."""
    later = replace(terms, starts=now + DAY)
    grants.give(s, account.id, later, administrator.id, now)
    held = [
        bool(grants.current_for(s, account.id, now + n * DAY)) for n in (0, 1, 29, 30)
    ]
    assert held == [False, True, True, False]


def test_the_policy_gets_what_was_granted(s, account, administrator, terms, now):
    """C11."""
    narrow = replace(terms, excluded_labels=frozenset({"harm.sexual-violence"}))
    grants.give(s, account.id, narrow, administrator.id, now)
    (grant,) = grants.current_for(s, account.id, now)
    assert (grant.record_id, grant.collection_id) == ("record", None)
    assert grant.highest_tier is Tier.G4
    assert grant.excluded_labels == {"harm.sexual-violence"}
    assert grant.approvals == 1


def test_a_grant_is_its_holders_alone(s, account, people, administrator, terms, now):
    grants.give(s, account.id, terms, administrator.id, now)
    assert grants.current_for(s, account.id, now)
    assert grants.current_for(s, people.add().id, now) == ()


def test_nobody_gives_or_seconds_their_own(s, people, administrator, terms, now):
    """Requirement 47, V11."""
    second = people.add(Role.ADMINISTRATOR)
    with pytest.raises(OwnAccount):
        grants.give(s, administrator.id, terms, administrator.id, now)
    row = grants.give(s, administrator.id, terms, second.id, now)
    with pytest.raises(OwnAccount):
        grants.second(s, row, administrator.id, now)
    with pytest.raises(NotPossible):
        grants.second(s, row, second.id, now)
    grants.second(s, row, people.add(Role.ADMINISTRATOR).id, now)
    (grant,) = grants.current_for(s, administrator.id, now)
    assert grant.approvals == 2


def test_a_grant_is_seconded_once(s, account, people, administrator, terms, now):
    row = grants.give(s, account.id, terms, administrator.id, now)
    grants.second(s, row, "second", now)
    with pytest.raises(NotPossible):
        grants.second(s, row, "third", now)
    s.refresh(row)
    assert row.seconded_by == "second"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"reason": " "}, ReasonMissing),
        ({"record_id": None}, NotPossible),
        ({"collection_id": "both"}, NotPossible),
        ({"highest_tier": Tier.X}, NotPossible),
        ({"ends": "starts"}, NotPossible),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    s, account, administrator, terms, now, change, error
):
    if change.get("ends") == "starts":
        change = {"ends": terms.starts}
    with pytest.raises(error):
        grants.give(s, account.id, replace(terms, **change), administrator.id, now)
    assert grants.for_account(s, account.id) == []
    assert grants.give(s, account.id, terms, administrator.id, now)


def test_a_revoked_grant_is_gone_at_once_with_who_and_why(
    s, account, administrator, terms, now
):
    """C9."""
    row = grants.give(s, account.id, terms, administrator.id, now)
    with pytest.raises(ReasonMissing):
        grants.revoke(s, row, administrator.id, "", now)
    assert grants.current_for(s, account.id, now)
    grants.revoke(s, row, administrator.id, "misuse", now)
    assert grants.current_for(s, account.id, now) == ()
    s.refresh(row)
    assert (row.revoked_by, row.revoked_why) == (administrator.id, "misuse")
    with pytest.raises(NotPossible):
        grants.revoke(s, row, administrator.id, "again", now)
    kinds = {notice.kind for notice in notices.unseen(s, account.id)}
    assert kinds == {"grant_given", "grant_revoked"}


def test_revoking_all_leaves_what_is_over_as_it_was(
    s, account, administrator, terms, now
):
    over = replace(terms, ends=now + DAY)
    by = administrator.id
    past = grants.give(s, account.id, over, by, now)
    running = grants.give(s, account.id, terms, by, now)
    ended = grants.revoke_all(s, account.id, by, "suspended", now + 2 * DAY)
    assert ended == [running.id]
    s.refresh(past)
    assert past.revoked_at is None
