"""What was found and said of a record: the versions, word for word, with their digests.

| of | is |
|---|---|
| assessments | every version, the newest first: what the archive found, and how |
| statement | the facts, where the record is itself an official statement |
| stances | what official statements say of it, each with that statement's facts |
| speaks_of | what it says of other records, where it is a statement |
| accounts | the signed descriptions that readers meet |
| qualifications | who claims that it falls under which provision |
| relations | what it is linked with |

The far end of a link is told where anybody may know of it; with `people`, where the
person who asks may. The address of a source may lead to the original elsewhere: without
`people` it is left out, and so is the digest of words from which one was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from archive.exchange.court.statements import iso
from archive.findings import (
    accounts,
    assessing,
    qualifications,
    relations,
    stances,
    statements,
)
from archive.findings.book import Version
from archive.findings.entities import Known
from archive.findings.stances import Taken
from archive.records import store
from archive.records.document import RecordDocument
from archive.records.tables import Record
from auth.scope import PUBLIC_DIGITS, Scope
from auth.sealing import Sealing
from auth.viewer import Tier, Visibility

PUBLIC = Scope(
    frozenset({Visibility.PUBLIC.value}), guarded=False, digits=PUBLIC_DIGITS
)


@dataclass(frozen=True)
class Telling:
    """How far a package tells: by whose scope, and whether it names people."""

    sealing: Sealing
    scope: Scope
    people: bool


def of_verification(
    s: Session, telling: Telling, record: Record, document: RecordDocument
) -> dict[str, Any]:
    """What the archive found and what others said, kept apart."""
    return {
        "document": "vigil court verification/v1",
        "record": record.id,
        "revision": record.revision,
        "verification": document.verification,
        "official_stance": document.stance,
        "source": {
            "platform": document.source.platform,
            "captured_at": document.source.captured_at,
        },
        "findings": _findings(s, telling, record),
    }


def _findings(s: Session, telling: Telling, record: Record) -> dict[str, Any]:
    sealing, scope = telling.sealing, telling.scope
    own = statements.of_record(s, sealing, record.id)
    spoken = stances.of_statement(s, sealing, record.id, scope) if own else []
    heard = stances.on_record(s, sealing, record.id, scope)
    given = accounts.shown(s, sealing, record.id)
    claims = qualifications.of_record(s, sealing, record)
    return {
        "assessments": [
            _assessment(telling, each.version)
            for each in assessing.of_record(s, sealing, record.id)
        ],
        "statement": _said(telling, own.version) if own else None,
        "stances": [_heard(s, telling, each) for each in heard],
        "speaks_of": [_taken(telling, each) for each in spoken],
        "accounts": [_said(telling, each.version) for each in given],
        "qualifications": [_claim(telling, each.version) for each in claims],
        "relations": [
            {
                **_said(telling, each.version),
                "far": _far(telling, each.far),
            }
            for each in relations.of(s, sealing, record.id, scope)
        ],
    }


def _said(telling: Telling, version: Version) -> dict[str, Any]:
    """One version; its digest is that of `said`, as the ledger has it."""
    return {
        "thread": version.thread,
        "version": version.version,
        "at": iso(version.at),
        "said": dict(version.said),
        "digest": version.digest,
        **({"by": version.author} if telling.people else {}),
    }


def _assessment(telling: Telling, version: Version) -> dict[str, Any]:
    lines = list(version.said["sources"])
    names = [name for name, _url in map(assessing.source_of, lines) if name]
    return _without(telling, version, {"sources": names})


def _claim(telling: Telling, version: Version) -> dict[str, Any]:
    return _without(telling, version, {"url": ""})


def _without(
    telling: Telling, version: Version, instead: Mapping[str, object]
) -> dict[str, Any]:
    """What is not for everybody replaced; the digest stays where nothing was."""
    told = _said(telling, version)
    said = {**told["said"], **instead}
    if telling.people or said == told["said"]:
        return told
    # By the digest of words that are not all here, addresses could be tried.
    del told["digest"]
    return {**told, "said": said}


def _taken(telling: Telling, taken: Taken) -> dict[str, Any]:
    return {**_said(telling, taken.version), "far": _far(telling, taken.far)}


def _heard(s: Session, telling: Telling, taken: Taken) -> dict[str, Any]:
    stated = statements.of_record(s, telling.sealing, taken.far.id)
    facts = {"statement": asdict(stated.facts)} if stated else {}
    return {**_taken(telling, taken), **facts}


def _far(telling: Telling, far: Record | Known) -> dict[str, Any]:
    if isinstance(far, Known):
        return {"id": far.id, "kind": far.entity.kind, "names": dict(far.entity.names)}
    told: dict[str, Any] = {"id": far.id, "kind": "record"}
    if far.tier >= Tier.G4 and not telling.scope.guarded:
        return told
    document = store.document_of(telling.sealing, far)
    titles = {lang: text.title for lang, text in document.descriptions.items()}
    return {**told, "titles": titles}
