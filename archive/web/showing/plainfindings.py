"""Findings as plain JSON, in codes: the same that the pages tell, by the same scope."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from archive.findings import accounts, assessing, relations, stances, statements
from archive.findings.accounts import Given
from archive.findings.assessing import Assessed
from archive.findings.book import Version
from archive.findings.entities import Known
from archive.findings.relations import Met
from archive.findings.stances import Taken
from archive.findings.statements import Stated
from archive.records.tables import Record
from archive.web.request import context
from archive.web.showing import findings
from archive.web.showing.represent import Reach, iso


def of_record(s: Session, record: Record) -> dict[str, Any]:
    """Everything of these that stands with a record, as far as the caller knows it."""
    sealing, reach = context.site().sealing, findings.reach()
    stated = statements.of_record(s, sealing, record.id)
    spoken = stances.of_statement(s, sealing, record.id, reach) if stated else []
    taken = stances.on_record(s, sealing, record.id, reach)
    waiting = findings.waiting(s, record)
    return {
        "record": record.id,
        "assessments": [
            assessment(each) for each in assessing.of_record(s, sealing, record.id)
        ],
        "statement": statement(stated) if stated else None,
        "speaks_of": [_stance(each) for each in spoken],
        "stances": [_stance(each) for each in taken],
        "accounts": [account(e) for e in accounts.shown(s, sealing, record.id)],
        "waiting": [account(each) for each in waiting],
        "relations": links(s, record.id),
    }


def links(s: Session, thing: str) -> list[dict[str, Any]]:
    """What a record or an entity is linked with."""
    met = relations.of(s, context.site().sealing, thing, findings.reach())
    return [_relation(each) for each in met]


def assessment(each: Assessed) -> dict[str, Any]:
    """One assessment; the address of a source is for the vetted."""
    sources = [assessing.source_of(line) for line in each.assessment.sources]
    is_inner = Reach.of_viewer().is_inner
    told = [{"name": name, "url": url if is_inner else ""} for name, url in sources]
    return {**asdict(each.assessment), "sources": told, **_written(each.version)}


def statement(stated: Stated) -> dict[str, Any]:
    """What makes a record an official statement."""
    facts = stated.facts
    return {**asdict(facts), "stage": facts.stage, **_written(stated.version)}


def listed(record: Record, stated: Stated) -> dict[str, Any]:
    """A statement with the record that has its words."""
    return {**_far(record), **statement(stated)}


def account(each: Given) -> dict[str, Any]:
    """One signed account."""
    told = {"account": each.thread, "digest": each.version.digest}
    shown = {"is_shown": each.is_shown}
    return {**asdict(each.account), **told, **shown, **_written(each.version)}


def entity(known: Known) -> dict[str, Any]:
    """One entity."""
    told = asdict(known.entity)
    return {"id": known.id, **told, **_written(known.version)}


def _stance(each: Taken) -> dict[str, Any]:
    return {**asdict(each.stance), "far": _far(each.far), **_written(each.version)}


def _relation(each: Met) -> dict[str, Any]:
    return {
        "relation": each.version.thread,
        "type": each.type.code,
        "is_forward": each.is_forward,
        "far": _far(each.far),
        "date": each.relation.date,
        "note": each.relation.note,
        **_written(each.version),
    }


def _far(far: Record | Known) -> dict[str, Any]:
    link = findings.link_to(far)
    kind = far.entity.kind if isinstance(far, Known) else "record"
    return {"id": link.id, "kind": kind, "title": link.title, "url": link.url}


def _written(version: Version) -> dict[str, Any]:
    return {"version": version.version, "written_at": iso(version.at)}
