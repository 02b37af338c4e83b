"""Files that an applicant adds: a letter, a card, a page of a passport.

PDF, JPEG and PNG only, told from their first bytes by the caller; sealed whole, read by
administrators alone, deleted with time when the application was not accepted.
"""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth.errors import NotPossible, NotThere, OwnAccount
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text
from auth.vetting.applications import State
from auth.vetting.tables import Application, EvidenceFile

ALLOWED = frozenset({"application/pdf", "image/jpeg", "image/png"})
LARGEST = 5 * 1024 * 1024
MOST_FILES = 5


def add(  # noqa: PLR0913, PLR0917 - each is a column
    s: Session,
    sealing: Sealing,
    application: Application,
    name: str,
    media_type: str,
    content: bytes,
    now: datetime,
) -> EvidenceFile:
    """Seal a file into an application that is not decided yet.

    :raises NotPossible: wrong kind, empty, too large, too many, or it is decided
    """
    if application.state not in (State.SUBMITTED, State.RETURNED):
        raise NotPossible("This application has been decided already.")
    if media_type not in ALLOWED:
        raise NotPossible("Send a PDF, JPEG or PNG file.")
    if not 0 < len(content) <= LARGEST:
        raise NotPossible("Send a file of at most 5 MB, and not an empty one.")
    if _count(s, application.id) >= MOST_FILES:
        raise NotPossible(f"An application holds at most {MOST_FILES} files.")
    file_id = new_id()
    row = EvidenceFile(
        id=file_id,
        application_id=application.id,
        name_sealed=seal_text(sealing, name, _context("name", file_id)),
        media_type=media_type,
        size=len(content),
        content_sealed=sealing.seal(content, _context("content", file_id)),
        added_at=now,
    )
    s.add(row)
    s.flush()
    return row


def of(s: Session, application: Application) -> list[EvidenceFile]:
    """The files of an application, oldest first; their contents stay sealed."""
    held = select(EvidenceFile).where(EvidenceFile.application_id == application.id)
    return list(s.scalars(held.order_by(EvidenceFile.added_at, EvidenceFile.id)))


def get(s: Session, application: Application, file_id: str) -> EvidenceFile:
    """One file of an application.

    :raises NotThere: it has no such file
    """
    row = s.get(EvidenceFile, file_id)
    if row is None or row.application_id != application.id:
        raise NotThere("There is no such file.")
    return row


def name_of(sealing: Sealing, row: EvidenceFile) -> str:
    """What the applicant called it, opened."""
    return open_text(sealing, row.name_sealed, _context("name", row.id))


def content_of(
    sealing: Sealing, application: Application, row: EvidenceFile, by: str
) -> bytes:
    """The bytes, opened for somebody who reviews.

    :raises OwnAccount: it is their own application
    """
    if by == application.account_id:
        raise OwnAccount("Somebody else reads your evidence.")
    return sealing.open(row.content_sealed, _context("content", row.id))


def remove(s: Session, application: Application, file_id: str) -> None:
    """Take a file back, while nothing was decided.

    :raises NotThere: it has no such file
    :raises NotPossible: the application was decided
    """
    row = get(s, application, file_id)
    if application.state not in (State.SUBMITTED, State.RETURNED):
        raise NotPossible("This application has been decided already.")
    s.delete(row)
    s.flush()


def forget(s: Session, application_ids: list[str]) -> int:
    """Delete the files of these applications; return how many."""
    gone = delete(EvidenceFile).where(EvidenceFile.application_id.in_(application_ids))
    return len(list(s.scalars(gone.returning(EvidenceFile.id))))


def _count(s: Session, application_id: str) -> int:
    held = select(func.count()).where(EvidenceFile.application_id == application_id)
    return s.scalar(held) or 0


def _context(column: str, file_id: str) -> str:
    return f"application_files.{column}:{file_id}"
