"""What holds now, every version there was, and one more.

Asking `of` costs one look at the newest row; the words themselves are read again only
where it is another than last time. Before anything is kept, the program's own edition
holds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from archive.records.document import tidy
from archive.records.errors import Conflict, FieldError, UnknownLabel
from archive.records.vocabulary import checking, shipped
from archive.records.vocabulary.tables import Origin, VocabularyVersion
from archive.records.vocabulary.terms import TIER, Vocabulary
from auth.identifiers import new_id
from auth.viewer import Tier

REASON_LIMIT = 500
EDITION = ""
"""The code of the rows that say which edition was taken in."""


@dataclass(frozen=True)
class Change:
    """What one edit made of a label or tier; `before` is empty for a new one."""

    code: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    revision: int

    @property
    def fields(self) -> tuple[str, ...]:
        """The members that are another now, such as `name.hy` or `lowest`."""
        return tuple(sorted(_differences(self.before, self.after)))


@dataclass(frozen=True)
class Version:
    """One version of a label or tier, and what it changed of the one before."""

    revision: int
    document: Mapping[str, Any]
    fields: Sequence[str]
    origin: Origin
    author: str
    reason: str
    at: datetime


def of(session: Session) -> Vocabulary:
    """The vocabulary as this session's database has it."""
    newest = session.execute(
        select(VocabularyVersion.revision, VocabularyVersion.mark)
        .order_by(VocabularyVersion.revision.desc())
        .limit(1)
    ).first()
    if newest is None:
        return shipped.packaged()
    mark = str(newest.mark)
    pool = session.get_bind().engine.pool
    held = _held.get(pool)
    if held is None or held[0] != mark:
        held = (mark, _read(session, newest.revision))
        _held.keep(pool, held)
    return held[1]


def documents(session: Session) -> dict[str, dict[str, Any]]:
    """The document of each label and tier by its code, in the order of coming."""
    found = {row.code: row.document for row in _newest(session)}
    return found or {code: dict(held) for code, held in shipped.documents().items()}


def history(session: Session, code: str) -> list[Version]:
    """Every version of a label or tier, newest first.

    :raises UnknownLabel: there never was one
    """
    rows = session.scalars(
        select(VocabularyVersion)
        .where(VocabularyVersion.code == code, VocabularyVersion.code != EDITION)
        .order_by(VocabularyVersion.revision)
    ).all()
    if not rows:
        raise UnknownLabel(f"{code!r} is not a label of the vocabulary.")
    told = []
    before: Mapping[str, Any] = {}
    for row in rows:
        fields = sorted(_differences(before, row.document)) if before else []
        told.append(
            Version(
                row.revision,
                row.document,
                fields,
                row.origin,
                row.author,
                row.reason,
                row.at,
            )
        )
        before = row.document
    return told[::-1]


def change(  # noqa: PLR0913 - what, on what, who, when, why
    session: Session,
    code: str,
    given: Mapping[str, Any],
    *,
    revision: int | None,
    by: str,
    now: datetime,
    reason: str,
) -> Change | None:
    """Keep another version of a label or tier: the members given, else as they were.

    `revision` is that of the version which was read, 0 for a label that is new, None
    where whichever holds is meant. None is returned where nothing would change.

    :raises FieldError: a member cannot be taken as it is
    :raises Conflict: the code is there already, or was changed since that revision
    :raises UnknownLabel: a version is named of a code that is not there
    """
    why = tidy("reason", reason, REASON_LIMIT)
    if not why:
        raise FieldError("reason", "Say why the words change.")
    # Before the rows: who commits between the two takes the number we would have had.
    number = newest(session)
    held = {row.code: row for row in _newest(session)}
    row = held.get(code)
    _require_known(code, row, revision)
    before = row.document if row else {}
    known = {each.code: each.document for each in held.values()}
    after = checking.checked(code, given, before, known)
    if row is not None and after == before:
        return None
    if row is not None and revision not in (None, row.revision):
        raise Conflict(SOMEBODY_ELSE)
    append(session, number, [(code, after, Origin.OWN)], by, now, why)
    return Change(code, before, after, number + 1)


def newest(session: Session) -> int:
    """The number of the newest version of all; 0 before the first."""
    return session.scalar(select(func.max(VocabularyVersion.revision))) or 0


def append(
    session: Session,
    after: int,
    versions: Iterable[tuple[str, Mapping[str, Any], Origin]],
    by: str,
    now: datetime,
    reason: str,
) -> None:
    """Add versions after the one of that number, which is the newest.

    :raises Conflict: somebody else added one in the meantime
    """
    for number, (code, document, origin) in enumerate(versions, after + 1):
        session.add(
            VocabularyVersion(
                revision=number,
                mark=new_id(),
                code=code,
                document=dict(document),
                origin=origin,
                author=by,
                reason=reason,
                at=now,
            )
        )
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(SOMEBODY_ELSE) from None


SOMEBODY_ELSE = (
    "Somebody else changed these words in the meantime; read them again, and then "
    "make your change."
)


def _require_known(
    code: str, row: VocabularyVersion | None, revision: int | None
) -> None:
    """:raises RecordsError: a new label is there already, or an old one is not"""
    if row is None and revision:
        raise UnknownLabel(f"{code!r} is not a label of the vocabulary.")
    if row is not None and revision == 0:
        raise Conflict(f"There is a label {code} already; choose another code.")


class _Held:
    """The words last read over each pool of connections, with the mark they had."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_pool: WeakKeyDictionary[Pool, tuple[str, Vocabulary]] = (
            WeakKeyDictionary()
        )

    def get(self, pool: Pool) -> tuple[str, Vocabulary] | None:
        with self._lock:
            return self._by_pool.get(pool)

    def keep(self, pool: Pool, held: tuple[str, Vocabulary]) -> None:
        with self._lock:
            self._by_pool[pool] = held


_held = _Held()


def _read(session: Session, revision: int) -> Vocabulary:
    rows = _newest(session)
    return shipped.assembled(
        {row.code: row.document for row in rows},
        _edition(session),
        revisions={row.code: row.revision for row in rows},
        revision=revision,
    )


def _newest(session: Session) -> list[VocabularyVersion]:
    """The version of each code that holds, in the order in which codes came."""
    found: dict[str, VocabularyVersion] = {}
    query = select(VocabularyVersion).where(VocabularyVersion.code != EDITION)
    for row in session.scalars(query.order_by(VocabularyVersion.revision)):
        found[row.code] = row
    return list(found.values())


def _edition(session: Session) -> int:
    row = session.scalar(
        select(VocabularyVersion)
        .where(VocabularyVersion.code == EDITION)
        .order_by(VocabularyVersion.revision.desc())
        .limit(1)
    )
    return int(row.document["edition"]) if row else 0


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in {*before, *after}:
        old, new = before.get(name), after.get(name)
        if isinstance(old or new, dict):
            pairs = (old or {}), (new or {})
            codes = {*pairs[0], *pairs[1]}
            found |= {
                f"{name}.{each}"
                for each in codes
                if pairs[0].get(each) != pairs[1].get(each)
            }
        elif old != new:
            found.add(name)
    return found


def is_tier(document: Mapping[str, Any]) -> bool:
    """Whether the document is of a tier, and not of a label."""
    return bool(document["kind"] == TIER)


def revision_of(words: Vocabulary, code: str) -> int:
    """Of the version of a label or tier that holds; 0 where nothing is kept yet."""
    if code in words.terms:
        return words.terms[code].revision
    return words.tiers[Tier.parse(code)].revision
