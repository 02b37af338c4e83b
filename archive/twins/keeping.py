"""One file's fingerprint, sealed: kept, opened, forgotten."""

from __future__ import annotations

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from archive.twins.tables import Likeness, Twin
from auth.identifiers import new_id
from auth.sealing import Sealing
from blur.likeness import form


def keep(
    session: Session, sealing: Sealing, asset_id: str, likeness: form.Likeness
) -> bool:
    """Seal it in the place of the one before; False where that was the same."""
    row = session.get(Likeness, asset_id)
    if row is not None and opened(sealing, row) == likeness:
        return False
    sealed = sealing.seal(likeness.to_bytes(), _context(asset_id))
    session.merge(Likeness(asset_id=asset_id, sealed=sealed, mark=new_id()))
    session.flush()
    return True


def opened(sealing: Sealing, row: Likeness) -> form.Likeness:
    """Open one, into memory only.

    :raises VaultError: it was changed, or its key is not here
    :raises Malformed: what was sealed is no fingerprint
    """
    return form.Likeness.from_untrusted(
        sealing.open(row.sealed, _context(row.asset_id))
    )


def forget(session: Session, asset_id: str) -> None:
    """Delete a file's fingerprint, and what it was found to be like."""
    session.execute(delete(Likeness).where(Likeness.asset_id == asset_id))
    either = or_(Twin.one_id == asset_id, Twin.other_id == asset_id)
    session.execute(delete(Twin).where(either))


def _context(asset_id: str) -> str:
    return f"likenesses.sealed/v1:{asset_id}"
