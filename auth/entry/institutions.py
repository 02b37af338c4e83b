"""Which account an institution's subject stands for: said by the account's holder.

A link is made by somebody who is signed in and has just proved it, never by an equal
address: whoever runs the institution's mail must not thereby hold accounts here. Kept
is a keyed digest of issuer and subject.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth.entry.openid import Identity
from auth.entry.tables import InstitutionLink
from auth.errors import InstitutionRefused
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing


def account_of(
    s: Session, sealing: Sealing, identity: Identity, now: datetime
) -> str | None:
    """The id of the account that is linked to it, or nobody."""
    found = select(InstitutionLink).where(
        InstitutionLink.subject_index == _index(sealing, identity)
    )
    row = s.scalars(found).one_or_none()
    if row is None:
        return None
    row.used_at = now
    return row.account_id


def link(
    s: Session, sealing: Sealing, account_id: str, identity: Identity, now: datetime
) -> None:
    """Let it stand for this account from now on; it replaces the account's earlier one.

    :raises InstitutionRefused: it stands for another account
    """
    held_by = account_of(s, sealing, identity, now)
    if held_by is not None and held_by != account_id:
        raise InstitutionRefused("This sign-in is linked to another account.", "taken")
    _forget(s, account_id)
    row = InstitutionLink(
        id=new_id(),
        account_id=account_id,
        subject_index=_index(sealing, identity),
        linked_at=now,
    )
    s.add(row)
    s.flush()
    tell(s, account_id, Kind.INSTITUTION_LINKED, now)


def is_linked(s: Session, account_id: str) -> bool:
    """Whether somebody may come in through an institution as this account."""
    own = select(InstitutionLink.id).where(InstitutionLink.account_id == account_id)
    return s.scalar(own) is not None


def unlink(s: Session, account_id: str, now: datetime) -> None:
    """Let nobody come in through an institution as this account."""
    if is_linked(s, account_id):
        _forget(s, account_id)
        tell(s, account_id, Kind.INSTITUTION_UNLINKED, now)


def _forget(s: Session, account_id: str) -> None:
    s.execute(delete(InstitutionLink).where(InstitutionLink.account_id == account_id))


def _index(sealing: Sealing, identity: Identity) -> bytes:
    whose = f"{identity.issuer}\0{identity.subject}"
    return sealing.blind(whose, "institution_links.subject")
