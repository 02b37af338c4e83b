"""How many moderators must agree: as asked, but never more than there are.

The archive's setting is the floor; a collection may ask for more. Whoever runs the
archive from its shell answers alone, and so does the only moderator of an archive; the
ledger says each time that nobody else was asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.records.tables import Asset, Collection, Record
from auth.tables import Account
from auth.viewer import OPERATOR, AccountStatus, Role

MOST = 9
"""No collection asks for more."""


def needed(session: Session, floor: int, asset: Asset, by: str = "") -> int:
    """The number for an answer of this person about this file."""
    if by == OPERATOR:
        return 1
    return _among(moderators(session), asked(session, floor, asset))


def needed_in(session: Session, floor: int, collection_id: str | None) -> int:
    """The number for a file that comes into this collection."""
    return _among(moderators(session), _asked(session, floor, collection_id))


def asked(session: Session, floor: int, asset: Asset) -> int:
    """What the file's collection asks for, however many moderators there are."""
    record = session.get_one(Record, asset.record_id)
    return _asked(session, floor, record.collection_id)


def of_collections(session: Session, floor: int) -> tuple[int, Mapping[str, int]]:
    """The number anywhere, and by id of those collections that ask for more."""
    there = moderators(session)
    more = select(Collection.id, Collection.label_opinions).where(
        Collection.label_opinions > floor
    )
    found = {
        each: _among(there, count or floor) for each, count in session.execute(more)
    }
    return _among(there, floor), found


def moderators(session: Session) -> int:
    """How many people label here."""
    active = (Account.role == Role.MODERATOR, Account.status == AccountStatus.APPROVED)
    found = select(func.count()).select_from(Account).where(*active)
    return session.scalar(found) or 0


def _asked(session: Session, floor: int, collection_id: str | None) -> int:
    shelf = session.get(Collection, collection_id or "")
    return floor if shelf is None else max(floor, shelf.label_opinions or floor)


def _among(there: int, wanted: int) -> int:
    return max(1, min(wanted, there))
