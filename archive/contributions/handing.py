"""Handing in: files are sealed as they come; the row and the record come together.

Whatever goes wrong on the way, nothing stays: the record, its assets, the row and the
lines of the ledger are one transaction, and the arrival takes its blobs back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from archive import intake
from archive.contributions import finding, quarantine, words
from archive.contributions.kinds import OPEN, State
from archive.contributions.tables import Contribution
from archive.contributions.telling import CONTRIBUTOR, Premises, tell_ledger
from archive.contributions.words import Told
from archive.intake import Arrival, Incoming
from archive.records.store import RecordDraft
from archive.records.tables import Record
from archive.reports import codes
from auth import accounts
from auth.errors import EmailRefused, FactsRefused, NotPossible
from auth.identifiers import new_id

MOST_WORDS = 5_000
OVER = "This contribution is decided or withdrawn already; nothing can be changed."


@dataclass(frozen=True)
class Given:
    """What somebody hands in beside the files."""

    draft: RecordDraft
    told: Told = field(default_factory=Told)
    contact: str = ""
    language: str = "en"


def hand_in(
    premises: Premises,
    given: Given,
    files: Iterable[Incoming],
    account_id: str | None,
    now: datetime,
    *,
    code: str | None = None,
) -> tuple[Contribution, str]:
    """Take files and words into quarantine, and draw the reference to come back by.

    `code` is the reference, where it was drawn before: of two that come with the same
    at once, one is taken.

    :raises IntegrityError: there is a contribution of this reference
    :raises FactsRefused: the words are too long, or the address cannot be one
    :raises Refused: a file cannot be taken, or there is no room
    :raises FieldError: the description cannot be taken
    """
    _check(given)
    with premises.db.read() as s:
        quarantine.require_room(premises, s, 1)
    row_id, code = new_id(), code or codes.draw()
    made: list[Contribution] = []
    with intake.begin(premises, quarantine.limits(premises)) as arrival:
        for file in files:
            arrival.take(file.stream, file.filename)

        def keep(s: Session, record: Record) -> None:
            quarantine.require_room(premises, s, arrival.size)
            row = _row(premises, arrival, given, record.id, account_id, now)
            row.id, row.code_hash = row_id, codes.digest(code)
            row.told_sealed = words.seal_told(premises.sealing, row_id, given.told)
            row.contact_sealed = words.sealed(
                premises.sealing, row_id, "contact", given.contact.strip()
            )
            s.add(row)
            s.flush()
            tell_ledger(
                premises,
                s,
                "contribution received",
                row,
                CONTRIBUTOR,
                now,
                files=row.files,
            )
            made.append(row)

        arrival.together_with(keep, lambda: None)
        arrival.deposit(given.draft, CONTRIBUTOR, now)
    return made[0], code


def add_files(
    premises: Premises, code: str, files: Iterable[Incoming], now: datetime
) -> None:
    """Take further files to what waits already.

    :raises NotThere: there is no contribution of this reference
    :raises NotPossible: it is decided or withdrawn
    :raises Refused: a file cannot be taken, or there is no room
    """
    with premises.db.read() as s:
        row = finding.by_code(s, code)
        _require_open(row)
        quarantine.require_room(premises, s, 1)
        allowed = quarantine.limits(premises, size=row.size, files=row.files)
    with intake.begin(premises, allowed) as arrival:
        for file in files:
            arrival.take(file.stream, file.filename)

        def keep(s: Session, _record: Record) -> None:
            quarantine.require_room(premises, s, arrival.size)
            fresh = finding.by_code(s, code)
            # Asked again in the transaction: a reviewer may have been as quick.
            _require_open(fresh)
            fresh.size += arrival.size
            fresh.files += len(arrival.files)
            _require_within(premises, fresh)
            more = len(arrival.files)
            tell_ledger(
                premises,
                s,
                "contribution added to",
                fresh,
                CONTRIBUTOR,
                now,
                files=more,
            )

        arrival.together_with(keep, lambda: None)
        arrival.add_to(row.record_id, CONTRIBUTOR, now)


def _row(
    premises: Premises,
    arrival: Arrival,
    given: Given,
    record_id: str,
    account_id: str | None,
    now: datetime,
) -> Contribution:
    return Contribution(
        record_id=record_id,
        state=State.RECEIVED,
        account_id=account_id,
        language=given.language,
        size=arrival.size,
        files=len(arrival.files),
        made_at=now,
    )


def _require_open(row: Contribution) -> None:
    if row.state not in OPEN:
        raise NotPossible(OVER)


def _require_within(premises: Premises, row: Contribution) -> None:
    """Two at the same moment must not bring more than one may.

    :raises Refused: they have
    """
    config = premises.config
    if row.size > config.contribution_bytes or row.files > config.contribution_files:
        raise intake.Refused("too_many_files", "This contribution is full.")


def _check(given: Given) -> None:
    wrong: dict[str, str] = {}
    for name in ("people", "danger", "about_wish"):
        if len(getattr(given.told, name)) > MOST_WORDS:
            wrong[name] = f"Use at most {MOST_WORDS} characters."
    if given.contact.strip():
        try:
            accounts.checked_email(given.contact)
        except EmailRefused as refused:
            wrong["contact"] = refused.message
    if wrong:
        raise FactsRefused(wrong)
