"""Events, acts, people, organisations and places: what records are linked through.

Each is known to an audience of its own, as a record is: `public`, `vetted` or `staff`.
A person is for staff until a moderator decides otherwise. Names and notes are sealed,
and nothing of an entity is in the search index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Finding, Kind
from archive.records.document import is_language
from archive.records.errors import FieldError, NoSuchRecord
from auth.identifiers import new_id
from auth.scope import Scope
from auth.sealing import Sealing
from auth.viewer import Visibility

PERSON = "person"
AUDIENCES = tuple(each.value for each in Visibility)


@dataclass(frozen=True)
class Entity:
    """What links lead through; `names` are keyed by language, `date` is EDTF."""

    kind: str
    names: Mapping[str, str]
    audience: str = Visibility.STAFF.value
    note: str = ""
    date: str = ""

    def name(self, *preferred: str) -> tuple[str, str]:
        """The name that fits best, and its language."""
        for language in (*preferred, "en", *self.names):
            if self.names.get(language):
                return self.names[language], language
        return "", "en"


@dataclass(frozen=True)
class Known:
    """An entity with its id and version."""

    id: str
    entity: Entity
    version: Version = field(repr=False)


def describe(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    given: Entity,
    *,
    entity_id: str = "",
    version: int = 0,
    by: str,
    now: datetime,
) -> str:
    """Add an entity, or say anew what one is; its kind stays. Gives its id.

    :raises FieldError: something is missing or cannot be taken
    :raises NoSuchRecord: there is no such entity
    :raises Conflict: somebody changed it since `version`
    """
    clean = _checked(given)
    if entity_id and require(s, premises.sealing, entity_id).entity.kind != clean.kind:
        raise FieldError("kind", "What kind of thing it is cannot be changed.")
    own = entity_id or new_id()
    thing = Thing(Kind.ENTITY, own, thread=own)
    told = {"kind": clean.kind, "audience": clean.audience}
    book.write(premises, s, thing, Change(asdict(clean), version, by, now, told=told))
    return own


def get(s: Session, sealing: Sealing, entity_id: str) -> Known | None:
    if not texts.is_id(entity_id):
        return None
    found = book.latest(s, sealing, entity_id, Kind.ENTITY)
    return _known(found) if found else None


def require(s: Session, sealing: Sealing, entity_id: str) -> Known:
    """:raises NoSuchRecord: there is none of that id"""
    found = get(s, sealing, entity_id)
    if found is None:
        raise NoSuchRecord("There is no such entry.")
    return found


def require_within(s: Session, sealing: Sealing, entity_id: str, scope: Scope) -> Known:
    """:raises NoSuchRecord: there is none, or the scope may not know of it"""
    found = require(s, sealing, entity_id)
    if found.entity.audience not in scope.audiences:
        raise NoSuchRecord("There is no such entry.")
    return found


def list_by_ids(
    s: Session, sealing: Sealing, ids: list[str], scope: Scope
) -> dict[str, Known]:
    """Those of these that the scope may know of, by id."""
    found = book.standing(s, sealing, Kind.ENTITY, Finding.thread.in_(ids))
    return _within(found, scope)


def within(s: Session, sealing: Sealing, scope: Scope) -> list[Known]:
    """Every entity that the scope may know of, by kind and name."""
    found = _within(book.standing(s, sealing, Kind.ENTITY), scope).values()
    order = words.codes("entities")
    return sorted(
        found,
        key=lambda each: (
            order.index(each.entity.kind),
            each.entity.name()[0],
            each.id,
        ),
    )


def _within(found: list[Version], scope: Scope) -> dict[str, Known]:
    known = (_known(each) for each in found)
    return {e.id: e for e in known if e.entity.audience in scope.audiences}


def _known(version: Version) -> Known:
    return Known(version.thread, Entity(**version.said), version)


def _checked(given: Entity) -> Entity:
    names = {
        code: name
        for code, text in given.names.items()
        if (name := texts.short("name", text))
    }
    for code in names:
        if not is_language(code):
            raise FieldError("language", f"{code!r} is not a language code.")
    if not names:
        raise FieldError("name", "Give it a name in at least one language.")
    return Entity(
        words.one_of("kind", given.kind, words.codes("entities")),
        names,
        words.one_of("audience", given.audience, AUDIENCES),
        texts.long("note", given.note),
        texts.date("date", given.date),
    )
