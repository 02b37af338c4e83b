"""What an official statement says of a record: confirms, denies, calls fake, silent.

A stance is a link between two records, with its date and the words it rests on. From
the statement one reaches the records, from the record every stance; either end that a
reader may not know of takes the link with it. A stance never touches the verification.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, statements, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Kind
from archive.records import store
from archive.records.document import STANCES
from archive.records.errors import FieldError
from archive.records.tables import Record
from auth.scope import Scope
from auth.sealing import Sealing


@dataclass(frozen=True)
class Stance:
    """What was said, when (EDTF), and in which words."""

    stance: str
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class Taken:
    """A stance as it is met from one end; `far` is the record at the other."""

    version: Version
    stance: Stance
    far: Record


def take(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    statement_id: str,
    record_id: str,
    given: Stance,
    *,
    scope: Scope,
    version: int,
    by: str,
    now: datetime,
    is_ended: bool = False,
) -> Version:
    """Say what a statement says of a record that the writer may know of.

    :raises FieldError: something cannot be taken, or there is no such record
    :raises Conflict: somebody changed it since `version`
    """
    stated = statements.require(s, premises.sealing, statement_id)
    if statement_id == record_id:
        raise FieldError("record", "A statement takes no stance on itself.")
    if not texts.is_id(record_id) or not store.list_by_ids(s, [record_id], scope):
        raise FieldError("record", "There is no such record.")
    clean = Stance(
        words.one_of("stance", given.stance, STANCES),
        texts.date("stance_date", given.date) or stated.facts.date,
        texts.long("note", given.note),
    )
    thread = thread_of(statement_id, record_id)
    thing = Thing(Kind.STANCE, statement_id, record_id, thread)
    both = (statement_id, record_id)
    told = {"of": record_id, "stance": clean.stance}
    change = Change(asdict(clean), version, by, now, is_ended, both, told)
    return book.write(premises, s, thing, change)


def of_statement(
    s: Session, sealing: Sealing, statement_id: str, scope: Scope
) -> list[Taken]:
    """The records it speaks of, as far as the scope knows them, by date."""
    found = book.about(s, sealing, Kind.STANCE, statement_id)
    return _taken(s, scope, {each.other or "": each for each in found})


def on_record(
    s: Session, sealing: Sealing, record_id: str, scope: Scope
) -> list[Taken]:
    """The statements that speak of it, as far as the scope knows them, by date."""
    found = book.touching(s, sealing, Kind.STANCE, record_id)
    return _taken(
        s, scope, {each.about: each for each in found if each.other == record_id}
    )


def number(s: Session, statement_id: str, record_id: str) -> int:
    """The version that stands between the two; 0 where there never was one."""
    return book.latest_number(s, thread_of(statement_id, record_id))


def thread_of(statement_id: str, record_id: str) -> str:
    """The thread of what this statement says of this record."""
    return f"stance:{statement_id}:{record_id}"


def _taken(s: Session, scope: Scope, found: dict[str, Version]) -> list[Taken]:
    known = store.list_by_ids(s, list(found), scope)
    taken = [Taken(found[far.id], Stance(**found[far.id].said), far) for far in known]
    return sorted(
        taken, key=lambda each: (texts.first_day(each.stance.date), each.far.id)
    )
