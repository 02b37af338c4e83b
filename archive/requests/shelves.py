"""Collections as administrators keep them: words, defaults, questions, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from archive.records import opinions, store
from archive.records.errors import Conflict, FieldError, NoSuchRecord
from archive.records.tables import Collection
from archive.requests.telling import Premises
from auth import staff
from auth.access import questions, useconditions
from auth.access.questions import Question
from auth.access.useconditions import Condition
from auth.viewer import Access, Visibility

LONGEST_TITLE = 200
LONGEST_TEXT = 5_000
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,9}")


@dataclass(frozen=True)
class Shelf:
    """What an administrator says of a collection; texts are keyed by language."""

    slug: str
    titles: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    visibility: Visibility = Visibility.STAFF
    access: Access = Access.REQUEST
    receiver: str | None = None
    label_opinions: int | None = None
    """How many moderators must agree on labels; None is as many as anywhere."""


def make(
    premises: Premises, s: Session, shelf: Shelf, by: str, now: datetime
) -> Collection:
    """Add a collection.

    :raises FieldError: its address or its title will not do, or is taken
    """
    _require_fit(premises, s, shelf)
    if store.collection(s, shelf.slug) is not None:
        raise FieldError("slug", "Another collection has this address.")
    made = store.add_collection(
        s, shelf.slug, _said(shelf.titles), _said(shelf.texts), by, now
    )
    made.visibility, made.access = shelf.visibility, shelf.access
    made.receiver, made.label_opinions = shelf.receiver, shelf.label_opinions
    _tell(premises, s, "collection created", made, by, now)
    return made


def change(  # noqa: PLR0913 - what, which revision, who, when
    premises: Premises,
    s: Session,
    row: Collection,
    shelf: Shelf,
    *,
    revision: int,
    by: str,
    now: datetime,
) -> None:
    """Change its words and defaults; its address stays, since it is cited.

    :raises FieldError: a title or a text will not do
    :raises Conflict: somebody changed it since
    """
    _require_fit(premises, s, shelf)
    _take(row, revision)
    row.titles, row.texts = _said(shelf.titles), _said(shelf.texts)
    row.visibility, row.access = shelf.visibility, shelf.access
    row.receiver = shelf.receiver
    before, row.label_opinions = row.label_opinions, shelf.label_opinions
    told = {} if before == shelf.label_opinions else _told(before, shelf)
    _tell(premises, s, "collection changed", row, by, now, what="words", **told)


def ask(  # noqa: PLR0913 - what, which revision, who, when
    premises: Premises,
    s: Session,
    row: Collection,
    asked: tuple[Question, ...],
    *,
    revision: int,
    by: str,
    now: datetime,
) -> None:
    """Ask these questions from now on; answers given keep theirs.

    :raises FactsRefused: a question will not do
    :raises Conflict: somebody changed it since
    """
    fit = questions.checked(asked)
    _take(row, revision)
    row.questions = [each.as_json() for each in fit]
    row.questions_version += 1
    _tell(premises, s, "collection changed", row, by, now, what="questions")


def condition(  # noqa: PLR0913 - what, which revision, who, when
    premises: Premises,
    s: Session,
    row: Collection,
    given: tuple[Condition, ...],
    *,
    revision: int,
    by: str,
    now: datetime,
) -> None:
    """Put the use of it under these conditions from now on.

    :raises FactsRefused: a condition will not do
    :raises Conflict: somebody changed it since
    """
    fit = useconditions.checked(given)
    _take(row, revision)
    row.conditions = useconditions.as_json(fit)
    codes = [each.code for each in fit]
    _tell(
        premises, s, "collection changed", row, by, now, what="conditions", codes=codes
    )


def require(s: Session, slug: str) -> Collection:
    """:raises NoSuchRecord: there is no such collection"""
    found = store.collection(s, slug)
    if found is None:
        raise NoSuchRecord("There is no such collection.")
    return found


def _told(before: int | None, shelf: Shelf) -> dict[str, list[int | None]]:
    return {"label_opinions": [before, shelf.label_opinions]}


def _require_fit(premises: Premises, s: Session, shelf: Shelf) -> None:
    if _SLUG.fullmatch(shelf.slug) is None:
        raise FieldError("slug", "Use small letters, digits and hyphens.")
    if not _said(shelf.titles):
        raise FieldError("title", "Give it a title in at least one language.")
    if any(len(text) > LONGEST_TITLE for text in shelf.titles.values()):
        raise FieldError("title", f"Use at most {LONGEST_TITLE} characters.")
    if any(len(text) > LONGEST_TEXT for text in shelf.texts.values()):
        raise FieldError("text", f"Use at most {LONGEST_TEXT} characters.")
    if shelf.receiver is not None and shelf.receiver not in staff.administrators(s):
        raise FieldError("receiver", "Only an administrator can receive requests.")
    floor, asked = premises.label_opinions, shelf.label_opinions
    if asked is not None and not floor <= asked <= max(floor, opinions.MOST):
        sentence = (
            "As many moderators must agree as anywhere in this archive, or more, up "
            "to nine."
        )
        raise FieldError("label_opinions", sentence)


def _said(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text.strip()}


def _take(row: Collection, revision: int) -> None:
    if row.revision != revision:
        raise Conflict(
            "Somebody changed this collection in the meantime; look at it again first."
        )
    row.revision += 1


def _tell(
    premises: Premises,
    s: Session,
    event: str,
    row: Collection,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    s.flush()
    detail = {"collection": row.id, "slug": row.slug, **more}
    premises.ledger.append(s, event, actor=by, now=now, detail=detail)
