"""What is said about an application between its two sides, and among staff.

A remark for both sides is read by the applicant and by administrators; a note is read
by administrators alone. Both are sealed and never changed.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.errors import NotPossible, OwnAccount, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing, open_text, seal_text
from auth.vetting.tables import Application, Remark

LONGEST = 4_000


def add(  # noqa: PLR0913 - one column each
    s: Session,
    sealing: Sealing,
    application: Application,
    by: str,
    text: str,
    now: datetime,
    *,
    staff_only: bool = False,
) -> Remark:
    """Say something; what both sides read is told to the applicant by a notice.

    :raises ReasonMissing: nothing was said
    :raises NotPossible: it is too long
    :raises OwnAccount: a note among staff about one's own application
    """
    plain = text.strip()
    if not plain:
        raise ReasonMissing("Write something first.")
    if len(plain) > LONGEST:
        raise NotPossible(f"Use at most {LONGEST} characters.")
    if staff_only and by == application.account_id:
        raise OwnAccount("Nobody keeps notes about their own application.")
    remark_id = new_id()
    row = Remark(
        id=remark_id,
        application_id=application.id,
        by=by,
        staff_only=staff_only,
        text_sealed=seal_text(sealing, plain, _context(remark_id)),
        at=now,
    )
    s.add(row)
    s.flush()
    if not staff_only and by != application.account_id:
        tell(s, application.account_id, Kind.APPLICATION_REMARK, now)
    return row


def about(
    s: Session, application: Application, *, with_notes: bool = False
) -> list[Remark]:
    """What was said, oldest first; `with_notes` is for staff's eyes only.

    Remarks of earlier applications of the same person are among them.
    """
    said = (
        select(Remark)
        .join(Application, Application.id == Remark.application_id)
        .where(Application.account_id == application.account_id)
    )
    if not with_notes:
        said = said.where(Remark.staff_only.is_(False))
    return list(s.scalars(said.order_by(Remark.at, Remark.id)))


def text_of(sealing: Sealing, row: Remark) -> str:
    """The words, opened."""
    return open_text(sealing, row.text_sealed, _context(row.id))


def _context(remark_id: str) -> str:
    return f"application_remarks.text:{remark_id}"
