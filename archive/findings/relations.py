"""Typed links between records and entities, walked from both ends.

The types are the closed list of `words.json`; each says which kinds it may join. Both
ends must be known to whoever links them, and to whoever reads the link.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, entities, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.entities import Known
from archive.findings.tables import Kind
from archive.findings.words import RECORD, RelationType
from archive.records import store
from archive.records.errors import FieldError
from archive.records.tables import Record
from auth.scope import Scope
from auth.sealing import Sealing

End = Record | Known


@dataclass(frozen=True)
class Relation:
    """How two things are linked; `note` says who claims so, and from what."""

    type: str
    start: str
    end: str
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class Met:
    """A relation as it is met from one end."""

    version: Version
    relation: Relation
    type: RelationType
    far: End
    is_forward: bool

    def name(self, language: str) -> str:
        """What the near end is to the far one."""
        named = self.type.name if self.is_forward else self.type.inverse
        return named(language)


def link(
    premises: Premises,
    s: Session,
    given: Relation,
    scope: Scope,
    by: str,
    now: datetime,
) -> Version:
    """Link two things that the writer may know of.

    :raises FieldError: there is no such thing or type, or the type does not join them
    """
    clean = _checked(premises.sealing, s, given, scope)
    standing = book.touching(s, premises.sealing, Kind.RELATION, clean.start)
    if any(_same(each, clean) for each in standing):
        raise FieldError("end", "This link is there already.")
    thing = Thing(Kind.RELATION, clean.start, clean.end)
    told = {"type": clean.type, "start": clean.start, "end": clean.end}
    ids = _records(s, clean)
    change = Change(asdict(clean), 0, by, now, records=ids, told=told)
    return book.write(premises, s, thing, change)


def unlink(  # noqa: PLR0913 - which, seen from where, over which version, who, when
    premises: Premises,
    s: Session,
    thread: str,
    near: str,
    *,
    scope: Scope,
    version: int,
    by: str,
    now: datetime,
) -> None:
    """Take a link back; what it said stays in the book.

    :raises FieldError: nothing of that id is linked with `near`
    :raises Conflict: somebody changed it since `version`
    """
    met = of(s, premises.sealing, near, scope)
    found = next((each for each in met if each.version.thread == thread), None)
    if found is None:
        raise FieldError("relation", "There is no such link here.")
    relation = found.relation
    thing = Thing(Kind.RELATION, relation.start, relation.end, thread)
    told = {"type": relation.type, "start": relation.start, "end": relation.end}
    ids = _records(s, relation)
    change = Change(asdict(relation), version, by, now, True, ids, told)  # noqa: FBT003
    book.write(premises, s, thing, change)


def of(s: Session, sealing: Sealing, near: str, scope: Scope) -> list[Met]:
    """Everything linked with a record or an entity that the scope may know of."""
    found = book.touching(s, sealing, Kind.RELATION, near)
    read = [(each, Relation(**each.said)) for each in found]
    far = [each.end if each.start == near else each.start for _v, each in read]
    known: dict[str, End] = dict(entities.list_by_ids(s, sealing, far, scope))
    known |= {record.id: record for record in store.list_by_ids(s, far, scope)}
    met = [
        Met(
            version,
            relation,
            words.relations()[relation.type],
            known[other],
            is_forward=relation.start == near,
        )
        for (version, relation), other in zip(read, far, strict=True)
        if other in known
    ]
    order = list(words.relations())
    return sorted(met, key=lambda each: (order.index(each.type.code), each.version.at))


def _checked(sealing: Sealing, s: Session, given: Relation, scope: Scope) -> Relation:
    kind = words.relations().get(given.type)
    if kind is None:
        allowed = ", ".join(words.relations())
        raise FieldError("type", f"{given.type!r} is not one of {allowed}.")
    if given.start == given.end:
        raise FieldError("end", "Nothing is linked with itself.")
    if not texts.is_id(given.start) or not texts.is_id(given.end):
        raise FieldError("end", "There is no such record or entry.")
    start = _kind_of(sealing, s, "start", given.start, scope)
    end = _kind_of(sealing, s, "end", given.end, scope)
    if start not in kind.starts or end not in kind.ends:
        raise FieldError("type", "This type of link does not join these two.")
    return Relation(
        given.type,
        given.start,
        given.end,
        texts.date("date", given.date),
        texts.long("note", given.note),
    )


def _kind_of(sealing: Sealing, s: Session, field: str, thing: str, scope: Scope) -> str:
    if store.list_by_ids(s, [thing], scope):
        return RECORD
    found = entities.list_by_ids(s, sealing, [thing], scope)
    if thing not in found:
        raise FieldError(field, "There is no such record or entry.")
    return found[thing].entity.kind


def _records(s: Session, relation: Relation) -> tuple[str, ...]:
    """The records among the two ends; the ledger's line is about the first."""
    ends = (relation.start, relation.end)
    return tuple(each for each in ends if store.get(s, each) is not None)


def _same(version: Version, relation: Relation) -> bool:
    said = version.said
    return (said["type"], said["start"], said["end"]) == (
        relation.type,
        relation.start,
        relation.end,
    )
