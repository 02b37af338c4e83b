"""Handing in a report: what is asked of it, and the reference that comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from archive.records import store
from archive.reports import codes, finding
from archive.reports.kinds import READERS, Kind, State
from archive.reports.tables import Report
from archive.reports.telling import READER, Premises, mail_received, tell_ledger
from auth import accounts
from auth.errors import EmailRefused, FactsRefused, NotPossible
from auth.identifiers import new_id

MOST_WORDS = 5_000
TWICE = "You have reported this already, and it is still open."


@dataclass(frozen=True)
class Said:
    """What somebody reports; `file` counts from 1, None is the record as a whole."""

    kind: Kind
    words: str
    file: int | None = None
    contact: str = ""
    language: str = "en"


def hand_in(
    premises: Premises,
    s: Session,
    record_id: str,
    said: Said,
    account_id: str | None,
    now: datetime,
) -> tuple[Report, str]:
    """Take a report, and draw the reference by which it is followed.

    To somebody who is signed in is written at the account's address, to no other.

    :raises NoSuchRecord: there is no such record
    :raises FactsRefused: words are missing or too long, or there is no such file
    :raises NotPossible: the same account has the same report open already
    """
    record = store.require(s, record_id)
    asset_id = _checked(s, record_id, said)
    row_id, code = new_id(), codes.draw()
    words = finding.sealed(premises.sealing, row_id, "words", said.words.strip())
    contact = "" if account_id else said.contact.strip()
    once = f"{account_id}:{record.id}:{said.kind}" if account_id else None
    row = Report(
        id=row_id,
        record_id=record.id,
        asset_id=asset_id,
        kind=said.kind,
        state=State.RECEIVED,
        account_id=account_id,
        code_hash=codes.digest(code),
        once_for=once,
        language=said.language,
        words_sealed=words,
        contact_sealed=finding.sealed(premises.sealing, row_id, "contact", contact),
        made_at=now,
    )
    add(s, row, TWICE)
    tell_ledger(premises, s, "report received", row, READER, now)
    mail_received(premises, s, row, code, now)
    return row, code


def add(s: Session, row: Report, twice: str) -> None:
    """Add a row of which there may be one.

    :raises NotPossible: there is one, for the reason `twice`
    """
    taken = select(Report.id).where(Report.once_for == row.once_for)
    if row.once_for is not None and s.scalar(taken) is not None:
        raise NotPossible(twice)
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        # Two at the same moment: the database keeps the second out.
        raise NotPossible(twice) from None


def checked_words(text: str) -> dict[str, str]:
    """What is wrong with what was written; nothing, where it can be taken."""
    if not text.strip():
        return {"words": "Say in your own words what is wrong."}
    if len(text) > MOST_WORDS:
        return {"words": f"Use at most {MOST_WORDS} characters."}
    return {}


def _checked(s: Session, record_id: str, said: Said) -> str | None:
    wrong = checked_words(said.words)
    if said.kind not in READERS:
        wrong["kind"] = "Choose what is wrong."
    if said.contact.strip():
        try:
            accounts.checked_email(said.contact)
        except EmailRefused as refused:
            wrong["contact"] = refused.message
    files = {each.position + 1: each.id for each in store.assets_of(s, record_id)}
    if said.file is not None and said.file not in files:
        wrong["file"] = "This record has no such file."
    if wrong:
        raise FactsRefused(wrong)
    return None if said.file is None else files[said.file]
