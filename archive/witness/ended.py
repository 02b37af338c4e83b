"""What the ledger says was ended, held against the rows that it was ended in.

Somebody who can write to the disk, without any key, can put an older page of the
database in the place of a newer one: it authenticates, for it was written by the
archive. No line of the ledger can be put back so without breaking the chain; so where a
line says that something was ended, and its row says that it goes on, the row is old.

| the line | its row must be |
|---|---|
| consent withdrawn | ended |
| grant revoked, token revoked | revoked |
| account suspended or closed, and no later line lets it in | not approved |

A row that is not there is no finding: nothing goes on by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger import Ledger
from archive.ledger.tables import LedgerEntry
from auth.access.tables import ConsentRow, GrantRow
from auth.credentials.tables import Token
from auth.tables import Account
from auth.viewer import AccountStatus

SHUT = frozenset({"account suspended", "account closed"})
LET_IN = frozenset(
    {
        "account created",
        "account reinstated",
        "administrator made",
        "application decided",
        "invitation used",
        "vetting recorded",
    }
)
_BATCH = 500


@dataclass(frozen=True)
class Ending:
    """Where a line names what was ended, and two columns of its row.

    `ended` has a date from then on; after `until` it would be over in any case.
    """

    noun: str
    ended: Any
    until: Any


ENDINGS = {
    "consent withdrawn": Ending("consent", ConsentRow.ended_at, ConsentRow.expires_at),
    "grant revoked": Ending("grant", GrantRow.revoked_at, GrantRow.ends_at),
    "token revoked": Ending("token", Token.revoked_at, Token.expires_at),
}


def contradictions(
    session: Session, ledger: Ledger, now: datetime
) -> Iterator[tuple[str, str]]:
    """Rows that say less than the ledger: about what, and what is off.

    The chain was walked before, and found whole: lines are read as they stand.
    """
    shut: dict[str, int] = {}
    for entry in _lines(session):
        if entry.event in ENDINGS:
            yield from _going_on(session, entry, ledger.detail(entry), now)
        elif entry.account_id is not None:
            shut.pop(entry.account_id, None)
            if entry.event in SHUT:
                shut[entry.account_id] = entry.seq
    for account, seq in shut.items():
        row = session.get(Account, account)
        if row is not None and row.status == AccountStatus.APPROVED:
            yield _old(f"account {account}", seq, "account suspended or closed")


def _lines(session: Session) -> Iterator[LedgerEntry]:
    wanted = LedgerEntry.event.in_(sorted({*ENDINGS, *SHUT, *LET_IN}))
    lines = select(LedgerEntry).where(wanted).order_by(LedgerEntry.seq)
    yield from session.scalars(lines.execution_options(yield_per=_BATCH))


def _going_on(
    session: Session, entry: LedgerEntry, detail: dict[str, Any], now: datetime
) -> Iterator[tuple[str, str]]:
    ending = ENDINGS[entry.event]
    for row_id in _named(detail, ending.noun):
        if _goes_on(session, ending, row_id, now):
            yield _old(f"{ending.noun} {row_id}", entry.seq, entry.event)


def _named(detail: dict[str, Any], noun: str) -> list[str]:
    """The ids that a line names: of one, or of many at once."""
    one, many = detail.get(noun), detail.get(f"{noun}s", [])
    return [str(each) for each in ([] if one is None else [one]) + list(many)]


def _goes_on(session: Session, ending: Ending, row_id: str, now: datetime) -> bool:
    row = ending.ended.class_
    found = select(row.id).where(
        row.id == row_id, ending.ended.is_(None), ending.until > now
    )
    return session.scalar(found) is not None


def _old(about: str, seq: int, event: str) -> tuple[str, str]:
    return about, f"line {seq} says: {event}; the database has an older state of it"
