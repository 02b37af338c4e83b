"""How often is too often: a sliding window, counted in the database.

Counts live in a table, so they hold across processes and machines. Keys are stored as
digests: they are made of addresses. A refused try does not count, so that a stranger
who goes on trying cannot keep somebody out for ever.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.identifiers import digest_of
from auth.tables import Limit

_ROUNDING = 1e-9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Allowance:
    """So many tries within so long."""

    tries: int
    window: timedelta


def hit(
    s: Session,
    key: str,
    limit: int,
    window: timedelta,
    now: datetime,
    *,
    times: int = 1,
) -> int | None:
    """Count one try (or `times`); return the seconds to wait when it was too many."""
    start = _window_start(now, window)
    current = _count_on(s, digest_of(key), start, window, times)
    previous = _count(s, digest_of(key), start - window)
    elapsed = (now - start) / window
    if previous * (1 - elapsed) + current <= limit + _ROUNDING:
        return None
    _take_back(s, digest_of(key), start, times)
    return _wait(previous, current - times, limit, window, elapsed)


def spend(s: Session, key: str, allowance: Allowance, now: datetime) -> int | None:
    """Count one try against an allowance, as `hit` does."""
    return hit(s, key, allowance.tries, allowance.window, now)


def so_far(s: Session, key: str, window: timedelta, now: datetime) -> int:
    """How often it was counted in this window and the one before."""
    start = _window_start(now, window)
    found = (_count(s, digest_of(key), start - n * window) for n in (0, 1))
    return sum(found)


def forget(s: Session, key: str) -> None:
    """Start again from nothing, after a success."""
    s.execute(delete(Limit).where(Limit.key_hash == digest_of(key)))


def purge(s: Session, now: datetime) -> None:
    """Remove the windows that no longer count."""
    s.execute(delete(Limit).where(Limit.expires_at <= now))


def _window_start(now: datetime, window: timedelta) -> datetime:
    return _EPOCH + ((now - _EPOCH) // window) * window


def _count_on(
    s: Session, key: bytes, start: datetime, window: timedelta, times: int
) -> int:
    values = {
        "key_hash": key,
        "window_start": start,
        "count": times,
        "expires_at": start + 2 * window,
    }
    dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
    # One statement: two tries at the same moment must count as two.
    statement = (
        dialect.insert(Limit)
        .values(values)
        .on_conflict_do_update(
            index_elements=[Limit.key_hash, Limit.window_start],
            set_={"count": Limit.count + times},
        )
        .returning(Limit.count)
    )
    count: int = s.scalars(statement).one()
    return count


def _take_back(s: Session, key: bytes, start: datetime, times: int) -> None:
    this = update(Limit).where(Limit.key_hash == key, Limit.window_start == start)
    s.execute(this.values(count=Limit.count - times))


def _count(s: Session, key: bytes, start: datetime) -> int:
    found = select(Limit.count).where(
        Limit.key_hash == key, Limit.window_start == start
    )
    return s.scalar(found) or 0


def _wait(
    previous: int, current: int, limit: int, window: timedelta, elapsed: float
) -> int:
    """Seconds until one try more fits: in this window if it can, else in the next."""
    if current < limit and previous:
        free_at = 1 - (limit - current - 1) / previous
    else:
        free_at = 2 - (limit - 1) / max(current, 1)
    return max(1, math.ceil((free_at - elapsed) * window.total_seconds()))
