"""A newer edition of the program, taken in under the archive's own changes.

Each member of each label is compared three ways: as the last edition had it, as it is
here, as the new edition has it. What nobody here changed follows the edition; what was
changed here stays. Nothing is taken out: a label that an edition no longer has goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.records.vocabulary import kept, shipped
from archive.records.vocabulary.tables import Origin, VocabularyVersion

AUTHOR = "system"


@dataclass(frozen=True)
class Taken:
    """What an edition brought: codes that are new here, and those that changed."""

    edition: int
    added: tuple[str, ...]
    changed: tuple[str, ...]


def is_known(session: Session) -> bool:
    """Whether the program's edition has been taken in already."""
    return shipped.digest() in _digests(session)


def take_in(session: Session, now: datetime) -> Taken | None:
    """Take in the program's edition; None where it has been already.

    :raises Conflict: another process does it at the same moment
    """
    if is_known(session):
        return None
    newest = kept.newest(session)
    here = kept.documents(session) if newest else {}
    base = _bases(session)
    added, changed = [], []
    versions: list[tuple[str, Mapping[str, Any], Origin]] = []
    for code, theirs in shipped.documents().items():
        if code not in here:
            added.append(code)
            versions.append((code, theirs, Origin.SHIPPED))
            continue
        merged = _merged(base.get(code, {}), here[code], theirs)
        if base.get(code) != theirs:
            # The edition's own words are kept as a version, to compare the next with.
            versions.append((code, theirs, Origin.SHIPPED))
            if merged != theirs:
                versions.append((code, merged, Origin.OWN))
        if merged != here[code]:
            changed.append(code)
    number = shipped.edition()
    told = {"kind": "edition", "edition": number, "digest": shipped.digest()}
    versions.append((kept.EDITION, told, Origin.SHIPPED))
    why = f"Edition {number} of the program"
    kept.append(session, newest, versions, AUTHOR, now, why)
    return Taken(number, tuple(added), tuple(changed))


def _bases(session: Session) -> dict[str, Mapping[str, Any]]:
    """Each code as the last edition that was taken in had it."""
    query = (
        select(VocabularyVersion)
        .where(
            VocabularyVersion.origin == Origin.SHIPPED,
            VocabularyVersion.code != kept.EDITION,
        )
        .order_by(VocabularyVersion.revision)
    )
    return {row.code: row.document for row in session.scalars(query)}


def _digests(session: Session) -> set[str]:
    query = select(VocabularyVersion).where(VocabularyVersion.code == kept.EDITION)
    return {str(row.document["digest"]) for row in session.scalars(query)}


def _merged(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in (*theirs, *(name for name in ours if name not in theirs)):
        was, own, new = base.get(name), ours.get(name), theirs.get(name)
        if isinstance(own or new or was, dict):
            merged[name] = _merged(was or {}, own or {}, new or {})
            continue
        value = new if own == was else own
        if value is not None:
            merged[name] = value
    return {name: value for name, value in merged.items() if value != {}}
