"""What is asked once and may be sent again: one answer for each key of an account.

    claimed → made → answered            a row is forgotten a day after it was claimed

Whoever claims a key holds it; who comes while it is held waits. Should the holder be
gone, the next one takes over after `LEASE`, and the first, if it lives, fails at its
commit: `stamp` stands in the transaction that makes the thing. So of any number of
tries exactly one makes it, whatever process dies when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from auth.errors import NotPossible
from auth.identifiers import new_id
from auth.tables import Repeat

KEPT = timedelta(days=1)
LEASE = timedelta(minutes=1)


class Overtaken(NotPossible):
    """Another try has taken over; nothing of this one stays."""

    def __init__(self) -> None:
        super().__init__("Another request with this key goes on; ask again.")


@dataclass(frozen=True)
class Claim:
    """A key as one try holds it."""

    key: bytes
    holder: str


@dataclass(frozen=True)
class Found:
    """What an earlier try made; `answer` is what it was told, if it came so far."""

    made: str
    digest: bytes | None
    answer: bytes | None


def claim(s: Session, key: bytes, account_id: str, now: datetime) -> Claim | Found:
    """Hold a key, or find what was made with it.

    :raises NotPossible: another try is still at it
    """
    row = s.get(Repeat, key, with_for_update=True, populate_existing=True)
    if row is not None and row.expires_at <= now:
        s.delete(row)
        s.flush()
        row = None
    if row is None:
        row = Repeat(key_index=key, account_id=account_id, expires_at=now + KEPT)
        s.add(row)
    elif row.made is not None:
        return Found(row.made, row.body_digest, row.answer_sealed)
    elif row.leased_until > now:
        raise Overtaken
    row.holder, row.leased_until = new_id(), now + LEASE
    s.flush()
    return Claim(key, row.holder)


def stamp(s: Session, held: Claim, made: str, digest: bytes | None) -> None:
    """Note what this try makes, in the transaction that makes it.

    :raises Overtaken: the key is held by another try
    """
    values = {"made": made, "body_digest": digest}
    _hold(s, held, values)


def answer(s: Session, held: Claim, digest: bytes, sealed: bytes) -> None:
    """Keep what was answered.

    :raises Overtaken: the key is held by another try
    """
    _hold(s, held, {"body_digest": digest, "answer_sealed": sealed})


def let_go(s: Session, held: Claim) -> None:
    """Forget a try that made nothing, so that the next begins anew."""
    of_it = (Repeat.key_index == held.key, Repeat.holder == held.holder)
    s.execute(delete(Repeat).where(*of_it, Repeat.made.is_(None)))


def purge(s: Session, now: datetime) -> None:
    """Forget what was kept long enough."""
    s.execute(delete(Repeat).where(Repeat.expires_at <= now))


def _hold(s: Session, held: Claim, values: Mapping[str, object]) -> None:
    of_it = (Repeat.key_index == held.key, Repeat.holder == held.holder)
    told = update(Repeat).where(*of_it).values(**values).returning(Repeat.key_index)
    if s.scalar(told) is None:
        raise Overtaken
