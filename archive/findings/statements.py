"""Official statements: records of words with who spoke, under what, and what followed.

The words themselves are the record's description, in as many languages as there are.
What makes a record a statement is its facts here: the authority, the officials named
and their roles, the date, where it was published, the articles cited, and the stages
the proceedings went through, each with its date. It needs no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.findings import book, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Finding, Kind
from archive.records import labels, store
from archive.records.errors import FieldError
from archive.records.store import RecordDraft
from archive.records.tables import Record
from auth.scope import Scope
from auth.sealing import Sealing

NONE_YET = "announced"


@dataclass(frozen=True)
class Official:
    """Somebody who spoke or was named in an office."""

    name: str
    role: str = ""


@dataclass(frozen=True)
class Stage:
    """One step of the proceedings."""

    stage: str
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """What makes a record an official statement; dates are EDTF."""

    authority: str
    date: str = ""
    officials: tuple[Official, ...] = ()
    published_in: str = ""
    url: str = ""
    articles: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def stage(self) -> str:
        """How far the proceedings are known to have come."""
        return self.stages[-1].stage if self.stages else NONE_YET

    def words(self) -> str:
        """What a search shall find the record by, beside its description."""
        people = (f"{each.name} {each.role}" for each in self.officials)
        return " ".join([self.authority, self.published_in, *people, *self.articles])


@dataclass(frozen=True)
class Stated:
    """A statement's facts with their version."""

    version: Version
    facts: Facts


def create(
    premises: Premises,
    s: Session,
    draft: RecordDraft,
    given: Facts,
    by: str,
    now: datetime,
) -> Record:
    """Add a statement that has no file: a record of words, ready to be published.

    :raises FieldError: the description or a fact cannot be taken
    """
    facts = _checked(given)
    record = store.create(s, premises.sealing, draft, by, now)
    detail = {"files": 0}
    premises.ledger.append(
        s, "accession", actor=by, record=record.id, now=now, detail=detail
    )
    # Without files there is nothing graphic to label; the words are read by moderators.
    labels.rate(s, record, now)
    _write(premises, s, record.id, facts, 0, by, now)
    return record


def describe(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    given: Facts,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    """Say, or say anew, what makes this record a statement; its stages stay.

    :raises FieldError: a fact cannot be taken
    :raises Conflict: somebody changed it since `version`
    """
    before = of_record(s, premises.sealing, record_id)
    stages = before.facts.stages if before else given.stages
    facts = replace(_checked(given), stages=_ordered(stages))
    return _write(premises, s, record_id, facts, version, by, now)


def add_stage(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    given: Stage,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    """Say that the proceedings came to a stage.

    :raises FieldError: the record is no statement, or the stage cannot be taken
    :raises Conflict: somebody changed it since `version`
    """
    before = require(s, premises.sealing, record_id)
    stages = _ordered((*before.facts.stages, _stage(given)))
    facts = replace(before.facts, stages=stages)
    return _write(premises, s, record_id, facts, version, by, now)


def remove_stage(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    position: int,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    """Take a stage back, counted from 0; the version before keeps it.

    :raises FieldError: there is no such stage
    :raises Conflict: somebody changed it since `version`
    """
    facts = require(s, premises.sealing, record_id).facts
    if not 0 <= position < len(facts.stages):
        raise FieldError("stage", "There is no such stage.")
    left = (*facts.stages[:position], *facts.stages[position + 1 :])
    changed = replace(facts, stages=left)
    return _write(premises, s, record_id, changed, version, by, now)


def of_record(s: Session, sealing: Sealing, record_id: str) -> Stated | None:
    """The facts of a statement; None where the record is none."""
    found = book.latest(s, sealing, _thread(record_id), Kind.STATEMENT)
    return Stated(found, _read(found)) if found else None


def require(s: Session, sealing: Sealing, record_id: str) -> Stated:
    """:raises FieldError: the record is no statement"""
    found = of_record(s, sealing, record_id)
    if found is None:
        raise FieldError("statement", "This record is no official statement.")
    return found


def within(s: Session, sealing: Sealing, scope: Scope) -> list[tuple[Record, Stated]]:
    """Every statement that the scope may know of, the newest date first."""
    stated = {each.about: each for each in book.standing(s, sealing, Kind.STATEMENT)}
    query = select(Record).where(
        Record.id.in_(select(Finding.about).where(Finding.kind == Kind.STATEMENT)),
        store.within(scope),
    )
    found = [
        (record, Stated(stated[record.id], _read(stated[record.id])))
        for record in s.scalars(query)
        if record.id in stated
    ]
    return sorted(
        found, key=lambda pair: (texts.first_day(pair[1].facts.date), pair[0].id)
    )[::-1]


def _write(  # noqa: PLR0913, PLR0917 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    facts: Facts,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    thing = Thing(Kind.STATEMENT, record_id, thread=_thread(record_id))
    told = {"stage": facts.stage}
    change = Change(asdict(facts), version, by, now, records=(record_id,), told=told)
    return book.write(premises, s, thing, change)


def _checked(given: Facts) -> Facts:
    authority = texts.short("authority", given.authority)
    if not authority:
        raise FieldError("authority", "Name the authority that spoke.")
    officials = tuple(
        Official(
            texts.short("officials", each.name), texts.short("officials", each.role)
        )
        for each in given.officials
        if each.name.strip()
    )
    if len(officials) > texts.MOST_LINES:
        raise FieldError("officials", f"Use at most {texts.MOST_LINES} lines.")
    return Facts(
        authority,
        texts.date("date", given.date),
        officials,
        texts.short("published_in", given.published_in),
        texts.address("url", given.url),
        texts.lines("articles", given.articles),
        _ordered(tuple(_stage(each) for each in given.stages)),
    )


def _stage(given: Stage) -> Stage:
    return Stage(
        words.one_of("stage", given.stage, words.codes("stages")),
        texts.date("stage_date", given.date),
        texts.short("stage_note", given.note),
    )


def _ordered(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    if len(stages) > texts.MOST_LINES:
        raise FieldError("stage", f"Use at most {texts.MOST_LINES} lines.")
    return tuple(sorted(stages, key=lambda each: texts.first_day(each.date)))


def _read(version: Version) -> Facts:
    said = dict(version.said)
    officials = tuple(Official(**each) for each in said.pop("officials"))
    stages = tuple(Stage(**each) for each in said.pop("stages"))
    articles = tuple(said.pop("articles"))
    return Facts(**said, officials=officials, articles=articles, stages=stages)


def _thread(record_id: str) -> str:
    return f"statement:{record_id}"
