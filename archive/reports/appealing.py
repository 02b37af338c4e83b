"""Appeals: once, and decided by somebody else than the first time.

The reporter may appeal against an outcome that was not all they asked for; whoever
deposited a record, against its withdrawal. What was shredded cannot come back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Record
from archive.reports import finding
from archive.reports.handing import add, checked_words
from archive.reports.kinds import Kind, State
from archive.reports.tables import Report
from archive.reports.telling import READER, Premises, tell_ledger
from auth.errors import FactsRefused, NotPossible
from auth.identifiers import new_id
from auth.viewer import RecordState

APPEAL_WITHIN = timedelta(days=60)
ONCE = "There has been an appeal; there is one only."


def may_appeal(s: Session, row: Report, now: datetime) -> bool:
    """Whether the reporter may still say that they do not agree."""
    disappointing = row.state in (State.PARTLY, State.DECLINED)
    if row.is_appeal or not disappointing or row.decided_at is None:
        return False
    is_late = now - row.decided_at > APPEAL_WITHIN
    return not is_late and finding.appeal_of(s, row) is None


def appeal(
    premises: Premises, s: Session, row: Report, words: str, now: datetime
) -> Report:
    """Ask for somebody else to look at what was decided on a report.

    :raises NotPossible: there was an appeal, it is too late, or nothing to appeal
    :raises FactsRefused: nothing says why, or too much
    """
    if finding.appeal_of(s, row) is not None:
        raise NotPossible(ONCE)
    if not may_appeal(s, row, now):
        raise NotPossible("There is nothing here that could be appealed against (yet).")
    made = _row(premises, row.record_id, row.kind, words, row.language, now)
    made.asset_id, made.account_id = row.asset_id, row.account_id
    made.about_id, made.not_by = row.id, row.decided_by
    made.once_for = f"about:{row.id}"
    add(s, made, ONCE)
    tell_ledger(premises, s, "report appealed", made, READER, now, about=row.id)
    return made


def may_ask_back(s: Session, record: Record, account_id: str | None) -> bool:
    """Whether this account deposited it, and it is withdrawn, and nobody asked yet."""
    own = account_id is not None and record.created_by == account_id
    return own and record.state is RecordState.WITHDRAWN and not _asked(s, record)


def ask_back(  # noqa: PLR0913, PLR0917 - who asks for what, why, how, when
    premises: Premises,
    s: Session,
    record_id: str,
    words: str,
    account_id: str,
    language: str,
    now: datetime,
) -> Report:
    """Ask, as its depositor, for a withdrawn record to be there again.

    :raises NoSuchRecord: there is no such record
    :raises NotPossible: it is not withdrawn, not one's own, or there was an appeal
    :raises FactsRefused: nothing says why, or too much
    """
    record = store.require(s, record_id)
    if not may_ask_back(s, record, account_id):
        raise NotPossible(
            ONCE if _asked(s, record) else "Only what was withdrawn can be asked back."
        )
    made = _row(premises, record_id, Kind.RESTORE, words, language, now)
    made.account_id, made.not_by = account_id, record.withdrawn_by
    made.once_for = _once(record)
    add(s, made, ONCE)
    tell_ledger(premises, s, "report appealed", made, READER, now)
    return made


def _asked(s: Session, record: Record) -> bool:
    held = s.query(Report.id).where(Report.once_for == _once(record))
    return held.first() is not None


def _once(record: Record) -> str:
    """One appeal for each time it was withdrawn."""
    since = record.withdrawn_at.isoformat() if record.withdrawn_at else ""
    return f"withdrawn:{record.id}:{since}"


def _row(
    premises: Premises,
    record_id: str,
    kind: Kind,
    words: str,
    language: str,
    now: datetime,
) -> Report:
    if wrong := checked_words(words):
        raise FactsRefused(wrong)
    row_id = new_id()
    return Report(
        id=row_id,
        record_id=record_id,
        kind=kind,
        state=State.RECEIVED,
        language=language,
        words_sealed=finding.sealed(premises.sealing, row_id, "words", words.strip()),
        made_at=now,
    )
