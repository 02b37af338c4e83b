"""Times are aware whatever the database, and a document knows that it changed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from auth import notices
from auth.notices import Kind
from auth.tables import Account, Notice, UtcDateTime


def test_a_time_comes_back_as_the_same_moment_in_utc(s, people, now):
    account = people.add()
    elsewhere = now.astimezone(timezone(timedelta(hours=4)))
    account.vetted_until = elsewhere
    s.flush()
    s.expire(account)
    assert account.vetted_until == now
    assert account.vetted_until.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(s, people):
    account = people.add()
    account.vetted_until = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a zone"):
        s.flush()


def test_times_compare_rightly_inside_the_database(s, people, now):
    account = people.add()
    account.vetted_until = now + timedelta(microseconds=1)
    s.flush()
    later = select(Account.id).where(Account.vetted_until > now)
    not_later = select(Account.id).where(Account.vetted_until <= now)
    assert s.scalars(later).all() == [account.id]
    assert s.scalars(not_later).all() == []


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_both_databases_give_an_aware_time_back(dialect, now):
    kind = UtcDateTime()
    stored = kind.process_bind_param(now, dialect)
    assert kind.process_result_value(stored, dialect) == now
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None


def test_a_change_inside_the_preferences_is_stored(s, people):
    account = people.add()
    account.preferences["greyscale"] = True
    s.flush()
    s.expire(account)
    assert account.preferences == {"greyscale": True}


def test_a_notice_waits_until_it_is_seen_and_until_it_is_sent(s, people, now):
    """Requirement 19."""
    account, other = people.add(), people.add()
    notice = notices.tell(s, account.id, Kind.NEW_DEVICE, now, device="Firefox")
    assert notices.unseen(s, account.id) == [notice]
    assert notices.unseen(s, other.id) == []
    assert notices.outbox(s) == [notice]
    notices.mark_seen(s, account.id, now)
    notice.mailed_at = now
    s.flush()
    assert notices.unseen(s, account.id) == notices.outbox(s) == []
    assert [n.kind for n in notices.for_account(s, account.id)] == ["new_device"]
    assert s.get(Notice, notice.id).detail == {"device": "Firefox"}
