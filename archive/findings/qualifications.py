"""Legal qualifications of what a record shows, each as the claim of somebody named.

A claim says who holds that what is shown falls under which provision, or does not, and
where that can be read. The archive takes none of them over: claims by different people
stand side by side, and a claim is taken back, never deleted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Kind
from archive.records.errors import FieldError, NoSuchRecord
from archive.records.tables import Record
from auth.sealing import Sealing

STANCES = ("asserts", "examines", "rejects")
"""Whoever is named holds that it is so, looks into it, or holds that it is not so."""
MOST = 200
_NEEDED = {
    "instrument": "Name the law or treaty.",
    "article": "Name the article or rule.",
    "who": "Name who says so: without somebody behind it, it is no claim.",
    "source": "Name the source in which this can be read.",
}


@dataclass(frozen=True)
class Qualification:
    """What is claimed, by whom, and where it can be read; `date` is EDTF or empty."""

    instrument: str
    article: str
    who: str
    source: str
    stance: str = "asserts"
    jurisdiction: str = ""
    url: str = ""
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim that stands, with its version."""

    version: Version
    qualification: Qualification

    @property
    def id(self) -> str:
        return self.version.thread


def claim(
    premises: Premises,
    s: Session,
    record: Record,
    given: Qualification,
    by: str,
    now: datetime,
) -> Version:
    """Write down what somebody claims of a record.

    :raises FieldError: something is missing, or cannot be taken
    """
    clean = _checked(given)
    standing = [each.qualification for each in of_record(s, premises.sealing, record)]
    if clean in standing:
        raise FieldError("article", "This very claim stands already.")
    if len(standing) >= MOST:
        raise FieldError("article", f"A record has at most {MOST} claims.")
    thing = Thing(Kind.QUALIFICATION, record.id)
    told = {"article": clean.article, "stance": clean.stance}
    change = Change(asdict(clean), 0, by, now, records=(record.id,), told=told)
    return book.write(premises, s, thing, change)


def take_back(  # noqa: PLR0913 - which, why, who, when
    premises: Premises,
    s: Session,
    record: Record,
    claim_id: str,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> Version:
    """Let a claim stand no more; what it said stays in its history.

    :raises NoSuchRecord: no such claim stands on the record
    :raises FieldError: it is not said why
    """
    found = [
        each for each in of_record(s, premises.sealing, record) if each.id == claim_id
    ]
    if not found:
        raise NoSuchRecord("There is no such claim.")
    why = texts.short("reason", reason)
    if not why:
        raise FieldError("reason", "Say why the claim is taken back.")
    old = found[0].version
    said = {**old.said, "reason": why}
    thing = Thing(Kind.QUALIFICATION, record.id, thread=old.thread)
    change = Change(said, old.version, by, now, is_ended=True, records=(record.id,))
    return book.write(premises, s, thing, change)


def of_record(s: Session, sealing: Sealing, record: Record) -> list[Claim]:
    """Every claim that stands, in order of the claims' own dates."""
    found = [
        Claim(each, Qualification(**each.said))
        for each in book.about(s, sealing, Kind.QUALIFICATION, record.id)
    ]
    return sorted(
        found,
        key=lambda each: (texts.first_day(each.qualification.date), each.version.at),
    )


def _checked(given: Qualification) -> Qualification:
    clean = replace(
        given,
        stance=words.one_of("stance", given.stance, STANCES),
        url=texts.address("url", given.url),
        date=texts.date("date", given.date),
        note=texts.long("note", given.note),
        **{
            name: texts.short(name, getattr(given, name))
            for name in (*_NEEDED, "jurisdiction")
        },
    )
    for name, sentence in _NEEDED.items():
        if not getattr(clean, name):
            raise FieldError(name, sentence)
    return clean
