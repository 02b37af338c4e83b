"""Sessions begin new, run out, and end with everything that stood on them."""

from datetime import timedelta

import pytest

from auth import notices
from auth.access import consents
from auth.credentials import sessions
from auth.credentials.sessions import Ending
from auth.credentials.tables import ServerSession
from auth.errors import NotPossible, NotThere
from auth.viewer import AccountStatus, Item, Role

MINUTE = timedelta(minutes=1)


def test_a_secret_finds_its_session_and_no_other_secret_does(s, people, now):
    """Requirement 24: the database holds only the digest."""
    secret, row = sessions.start(s, people.add().id, "Firefox", now)
    assert sessions.find(s, secret, now) is row
    assert sessions.find(s, secret[:-1] + "!", now) is None
    assert sessions.find(s, row.id, now) is None
    assert secret.encode() not in row.secret_hash
    assert len(secret) >= 43


def test_every_start_has_another_secret(s, people, now):
    """Requirement 25: nothing that was there before sign-in is kept."""
    account = people.add()
    visitor_secret, _ = sessions.start(s, None, "Firefox", now)
    secret, row = sessions.start(s, account.id, "Firefox", now)
    assert secret != visitor_secret
    assert sessions.find(s, visitor_secret, now).account_id is None
    assert row.account_id == account.id


@pytest.mark.parametrize(("idle", "alive"), [(29, True), (30, False)])
def test_half_an_hour_without_activity_ends_it(s, people, now, idle, alive):
    """Requirement 27."""
    secret, _ = sessions.start(s, people.add().id, "Firefox", now)
    found = sessions.find(s, secret, now + idle * MINUTE)
    assert (found is not None) is alive


def test_activity_extends_the_idle_limit_but_never_the_absolute_one(s, people, now):
    """Requirement 27: an open player does not extend the absolute limit."""
    secret, row = sessions.start(s, people.add().id, "Firefox", now)
    moment = now
    while moment < now + sessions.ABSOLUTE:
        assert sessions.find(s, secret, moment) is row
        sessions.touch(s, row, moment)
        moment += 10 * MINUTE
    assert sessions.find(s, secret, moment) is None


def test_touching_often_writes_only_once_a_minute(s, people, now):
    _, row = sessions.start(s, people.add().id, "Firefox", now)
    sessions.touch(s, row, now + timedelta(seconds=59))
    assert row.seen_at == now
    sessions.touch(s, row, now + timedelta(seconds=60))
    assert row.seen_at == now + MINUTE


@pytest.mark.parametrize("status", list(AccountStatus))
def test_only_accounts_that_may_sign_in_open_or_keep_a_session(s, people, now, status):
    """Requirement 23: suspension ends live ones at the next request."""
    account = people.add()
    secret, _ = sessions.start(s, account.id, "Firefox", now)
    assert sessions.find(s, secret, now) is not None
    account.status = status.value
    s.flush()
    allowed = status in sessions.MAY_SIGN_IN
    assert (sessions.find(s, secret, now) is not None) is allowed
    if allowed:
        assert sessions.start(s, account.id, "Firefox", now)
    else:
        with pytest.raises(NotPossible):
            sessions.start(s, account.id, "Firefox", now)


def test_rejected_suspended_and_closed_are_those_that_may_not_sign_in():
    assert set(AccountStatus) - sessions.MAY_SIGN_IN == {
        AccountStatus.REJECTED,
        AccountStatus.SUSPENDED,
        AccountStatus.CLOSED,
    }


def test_signing_out_ends_the_session_and_its_consents_and_no_others(s, people, now):
    """Requirement 26; consent lapses at logout."""
    account = people.add()
    secret, row = sessions.start(s, account.id, "Firefox", now)
    other_secret, other = sessions.start(s, account.id, "Firefox", now)
    row.data["csrf"] = "x"
    for each in (row, other):
        _consent(s, people.viewer(account, session_id=each.id), now)
    sessions.end(s, row, Ending.SIGNED_OUT, now)
    assert sessions.find(s, secret, now) is None
    assert sessions.find(s, other_secret, now) is other
    assert people.viewer(account, session_id=row.id).consents == ()
    assert len(people.viewer(account, session_id=other.id).consents) == 1
    s.refresh(row)
    assert (row.ended_why, row.data) == ("signed_out", {})


def test_stepping_up_changes_the_secret_and_marks_the_moment(s, people, now):
    """Requirement 25, line 25: the id changes at step-up; the old one is dead."""
    secret, row = sessions.start(s, people.add().id, "Firefox", now)
    later = now + 10 * MINUTE
    assert row.authenticated_at == now
    renewed = sessions.step_up(s, row, later, second_factor=True)
    assert sessions.find(s, secret, later) is None
    assert sessions.find(s, renewed, later) is row
    assert (row.authenticated_at, row.second_factor_at) == (later, later)
    assert row.passkey_at is None


def test_stepping_up_by_password_does_not_count_as_second_factor(s, people, now):
    _, row = sessions.start(s, people.add().id, "Firefox", now)
    sessions.step_up(s, row, now, second_factor=False)
    assert row.second_factor_at is None


def test_a_visitor_is_never_fresh_nor_two_factor(s, now):
    _, row = sessions.start(s, None, "Firefox", now, second_factor=True)
    assert row.authenticated_at is None
    assert row.second_factor_at is None


def test_the_eleventh_session_ends_the_oldest(s, people, now):
    """Requirement 30."""
    account = people.add()
    begun = [
        sessions.start(s, account.id, "Firefox", now + n * timedelta(seconds=1))
        for n in range(sessions.AT_ONCE + 1)
    ]
    moment = now + MINUTE
    alive = [sessions.find(s, secret, moment) is not None for secret, _ in begun]
    assert alive == [False] + [True] * sessions.AT_ONCE
    assert len(sessions.list_live(s, account.id, moment)) == sessions.AT_ONCE


def test_a_person_sees_and_ends_own_sessions_only(s, people, now):
    """Requirements 28 and 38."""
    mine, theirs = people.add(), people.add()
    _, own = sessions.start(s, mine.id, "Firefox", now)
    _, foreign = sessions.start(s, theirs.id, "Firefox", now)
    assert sessions.list_live(s, mine.id, now) == [own]
    assert sessions.get(s, mine.id, own.id) is own
    for missing in (foreign.id, "nothing"):
        with pytest.raises(NotThere):
            sessions.get(s, mine.id, missing)


def test_all_but_the_present_session_can_be_ended(s, people, now):
    account = people.add()
    kept_secret, kept = sessions.start(s, account.id, "Firefox", now)
    secret, _ = sessions.start(s, account.id, "Firefox", now)
    sessions.end_all(s, account.id, Ending.ENDED_BY_OWNER, now, but=kept.id)
    assert sessions.find(s, secret, now) is None
    assert sessions.find(s, kept_secret, now) is kept


def test_what_ran_out_is_ended_with_its_consents(s, people, now):
    account = people.add()
    _, idle = sessions.start(s, account.id, "Firefox", now)
    _consent(s, people.viewer(account, session_id=idle.id), now)
    later = now + 30 * MINUTE
    _, fresh = sessions.start(s, account.id, "Firefox", later)
    assert sessions.end_lapsed(s, later) == 1
    s.refresh(idle)
    assert (idle.ended_why, fresh.ended_at) == ("lapsed", None)
    sessions.purge(s, later + MINUTE)
    s.expire_all()
    assert s.get(ServerSession, idle.id) is None
    assert s.get(ServerSession, fresh.id) is not None


def test_another_device_leaves_a_notice_and_the_same_does_not(s, people, now):
    """Requirement 20."""
    account = people.add()
    sessions.start(s, account.id, "Firefox", now)
    sessions.start(s, account.id, "Firefox", now)
    assert notices.unseen(s, account.id) == []
    sessions.start(s, account.id, "Chromium", now)
    assert [n.kind for n in notices.unseen(s, account.id)] == ["new_device"]


def test_a_very_long_device_name_is_cut(s, now):
    _, row = sessions.start(s, None, "x" * 5000, now)
    assert len(row.user_agent) == 300


def test_a_session_of_nobody_known_is_refused(s, now):
    with pytest.raises(NotPossible):
        sessions.start(s, "nobody", "Firefox", now)


def _consent(s, viewer, now):
    item = Item("record", labelled=True, tier=2, codes=frozenset({"a"}))
    return consents.give(s, viewer, item, ["a"], "h", "en", "research", "", 10, now)


def test_staff_sessions_follow_the_same_limits(s, people, now):
    secret, _ = sessions.start(s, people.add(Role.ADMINISTRATOR).id, "Firefox", now)
    assert sessions.find(s, secret, now + sessions.IDLE) is None
