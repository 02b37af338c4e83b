"""What the archive found out about a record: its verification.

A status of the closed list, how sure, by which method, who reviewed it, from which
sources, when. Each assessment is a new version; the ones before stay to be read. What
an authority said is somewhere else (`stances`), and neither ever changes the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Kind
from archive.records import store
from archive.records.document import VERIFICATIONS
from archive.records.errors import FieldError
from archive.records.store import RecordDraft
from archive.records.tables import Record
from auth.sealing import Sealing

EXAMINED = frozenset(VERIFICATIONS) - {"not-reviewed", "under-review"}
"""Statuses that say something was found: these need a method and a confidence."""

_ADDRESS = re.compile(r"(?:https?://|www\.|t\.me/)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Assessment:
    """One finding; a source is `name` or `name; address`."""

    status: str
    confidence: str = ""
    method: str = ""
    reviewer: str = ""
    sources: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True)
class Assessed:
    """An assessment with its version, author and time."""

    version: Version
    assessment: Assessment


def assess(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record: Record,
    given: Assessment,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    """Write what was found, and set the record's verification to it.

    :raises FieldError: something is missing or cannot be taken
    :raises Conflict: somebody assessed it since `version`
    """
    clean = _checked(given)
    thing = Thing(Kind.ASSESSMENT, record.id, thread=_thread(record.id))
    told = {"status": clean.status, "confidence": clean.confidence}
    change = Change(asdict(clean), version, by, now, records=(record.id,), told=told)
    written = book.write(premises, s, thing, change)
    _mirror(premises.sealing, s, record, clean.status, now)
    return written


def of_record(s: Session, sealing: Sealing, record_id: str) -> list[Assessed]:
    """All assessments of a record, the newest first; the first one stands."""
    return [
        Assessed(each, _read(each))
        for each in book.history(s, sealing, _thread(record_id))
    ]


def number(s: Session, record_id: str) -> int:
    """The version that stands; 0 where nobody assessed it."""
    return book.latest_number(s, _thread(record_id))


def source_of(line: str) -> tuple[str, str]:
    """The name and the address of a source written `name; https://…`; either may lack.

    Wherever an address stands in the line, it is not part of the name.
    """
    found = _ADDRESS.search(line)
    name = _ADDRESS.sub("", line).strip(" ;,()")
    return name, found[0] if found else ""


def _checked(given: Assessment) -> Assessment:
    status = words.one_of("status", given.status, VERIFICATIONS)
    method = texts.long("method", given.method)
    confidence = given.confidence
    if status in EXAMINED and not confidence:
        raise FieldError("confidence", "Say how sure this is.")
    if confidence:
        words.one_of("confidence", confidence, words.codes("confidences"))
    if status in EXAMINED and not method:
        raise FieldError("method", "Say how this was found out.")
    return Assessment(
        status,
        confidence,
        method,
        texts.short("reviewer", given.reviewer),
        texts.lines("sources", given.sources),
        texts.date("date", given.date),
    )


def _mirror(
    sealing: Sealing, s: Session, record: Record, status: str, now: datetime
) -> None:
    """Lists, search and exports read the status from the record's own document."""
    document = store.document_of(sealing, record)
    draft = RecordDraft(
        replace(document, verification=status),
        record.visibility,
        record.access,
        record.embargo_until,
        record.collection_id,
    )
    store.update(s, sealing, record, draft, revision=record.revision, now=now)


def _read(version: Version) -> Assessment:
    said = dict(version.said)
    sources: Sequence[str] = said.pop("sources")
    return Assessment(**said, sources=tuple(sources))


def _thread(record_id: str) -> str:
    return f"assessment:{record_id}"
