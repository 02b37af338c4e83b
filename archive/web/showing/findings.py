"""Findings of a record or an entity as pages and API show them.

Every far end goes through the viewer's scope, titles through `shown_text`: what one may
not know of is not there, and is not counted. The address of a source of an assessment
may lead to the original elsewhere, so the public reads its name alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.findings import (
    accounts,
    assessing,
    book,
    relations,
    stances,
    statements,
)
from archive.findings import words as lists
from archive.findings.accounts import Given
from archive.findings.assessing import Assessed
from archive.findings.entities import Known
from archive.findings.relations import Met
from archive.findings.stances import Taken
from archive.findings.statements import Facts
from archive.records import store
from archive.records.tables import Record
from archive.web.request import context
from archive.web.request.i18n import language, language_name
from archive.web.showing import words
from archive.web.showing.dates import event_words
from archive.web.showing.represent import Reach
from archive.web.showing.titles import shown_text
from archive.web.showing.words import Meaning
from auth.policy import Action
from auth.scope import Scope, scope


@dataclass(frozen=True)
class Link:
    """The far end of a link, as this viewer reads it; `kind` in words."""

    id: str
    title: str
    lang: str
    url: str
    kind: str


@dataclass(frozen=True)
class AssessmentView:
    """One assessment; `sources` are names with an address or none."""

    status: Meaning
    confidence: str
    method: str
    reviewer: str
    sources: Sequence[tuple[str, str]]
    date: str
    at: datetime
    version: int


@dataclass(frozen=True)
class StanceView:
    """A stance with the record at its other end."""

    far: Link
    stance: Meaning
    code: str
    date: str
    note: str
    version: int


@dataclass(frozen=True)
class StageView:
    """One stage of proceedings in words."""

    name: str
    date: str
    note: str


@dataclass(frozen=True)
class StatementView:
    """What makes a record an official statement."""

    facts: Facts
    date: str
    stage: str
    stages: Sequence[StageView]
    officials: Sequence[str]
    version: int


@dataclass(frozen=True)
class AccountView:
    """One account, signed."""

    thread: str
    version: int
    signer: str
    is_institution: bool
    perspective: str
    lang: str
    language: str
    date: str
    text: str
    at: datetime
    digest: str
    is_shown: bool
    is_own: bool


@dataclass(frozen=True)
class RelationView:
    """A link as it reads from this end."""

    thread: str
    version: int
    name: str
    far: Link
    date: str
    note: str


@dataclass(frozen=True)
class FindingsView:
    """Everything of these that stands with one record."""

    assessments: Sequence[AssessmentView]
    statement: StatementView | None
    speaks_of: Sequence[StanceView]
    stances: Sequence[StanceView]
    accounts: Sequence[AccountView]
    waiting: Sequence[AccountView]
    relations: Sequence[RelationView]

    @property
    def assessment(self) -> AssessmentView | None:
        return self.assessments[0] if self.assessments else None


NOTHING = FindingsView((), None, (), (), (), (), ())
"""Of a record about which nobody has found or said anything."""


def reach() -> Scope:
    """What this viewer may know of."""
    return scope(context.viewer(), context.now())


def of_record(s: Session, record: Record) -> FindingsView:
    """The findings of a record that this viewer may know of."""
    if not book.stamp(s, record.id):
        return NOTHING
    sealing = context.site().sealing
    stated = statements.of_record(s, sealing, record.id)
    spoken = stances.of_statement(s, sealing, record.id, reach()) if stated else []
    return FindingsView(
        assessments=[
            _assessment(each) for each in assessing.of_record(s, sealing, record.id)
        ],
        statement=statement(stated) if stated else None,
        speaks_of=[_stance(each) for each in spoken],
        stances=[
            _stance(each) for each in stances.on_record(s, sealing, record.id, reach())
        ],
        accounts=[_account(e) for e in accounts.shown(s, sealing, record.id)],
        waiting=[_account(each) for each in waiting(s, record)],
        relations=relations_of(s, record.id),
    )


def relations_of(s: Session, thing: str) -> list[RelationView]:
    """What a record or an entity is linked with."""
    met = relations.of(s, context.site().sealing, thing, reach())
    return [_relation(each) for each in met]


def statement(stated: statements.Stated) -> StatementView:
    """An official statement in words."""
    facts = stated.facts
    stages = [
        StageView(
            lists.word("stages", each.stage, language()), _date(each.date), each.note
        )
        for each in facts.stages
    ]
    stage = lists.word("stages", facts.stage, language())
    people = [", ".join(filter(None, (e.name, e.role))) for e in facts.officials]
    number = stated.version.version
    return StatementView(facts, _date(facts.date), stage, stages, people, number)


def link_to(far: Record | Known) -> Link:
    """Where a record or an entity is met, under the title this viewer reads."""
    if isinstance(far, Known):
        name, lang = far.entity.name(language())
        url = url_for("findings.entity", entity_id=far.id)
        kind = lists.word("entities", far.entity.kind, language())
        return Link(far.id, name, lang, url, kind)
    document = store.document_of(context.site().sealing, far)
    text = shown_text(document, store.item_of(far))
    url = url_for("records.show", record_id=far.id)
    return Link(far.id, text.title, text.lang, url, gettext("record"))


def entity_facts(known: Known) -> list[tuple[str, Any]]:
    """What an entity's page says of it."""
    entity = known.entity
    names = [f"{name} ({language_name(code)})" for code, name in entity.names.items()]
    return [
        (gettext("Kind"), lists.word("entities", entity.kind, language())),
        (gettext("Names"), names),
        (gettext("Date"), _date(entity.date)),
        (gettext("Identifier"), known.id),
    ]


def waiting(s: Session, record: Record) -> list[Given]:
    """What nobody accepted yet: one's own, and all of it for who accepts."""
    own = context.viewer().account_id
    decides = context.may_at_once(Action.RELATE, store.item_of(record))
    found = accounts.waiting(s, context.site().sealing, record.id)
    return [each for each in found if decides or each.author == own]


def _assessment(each: Assessed) -> AssessmentView:
    found = each.assessment
    named = lists.word
    return AssessmentView(
        status=words.VERIFICATIONS[found.status],
        confidence=(
            named("confidences", found.confidence, language())
            if found.confidence
            else ""
        ),
        method=found.method,
        reviewer=found.reviewer,
        sources=[_source(line) for line in found.sources],
        date=_date(found.date),
        at=each.version.at,
        version=each.version.version,
    )


def _source(line: str) -> tuple[str, str]:
    """The name of a source, and its address for those who may follow it."""
    name, url = assessing.source_of(line)
    if not Reach.of_viewer().is_inner:
        return (name or gettext("a source that vetted people can follow"), "")
    return name or url, url


def _stance(each: Taken) -> StanceView:
    found = each.stance
    return StanceView(
        link_to(each.far),
        words.STANCES[found.stance],
        found.stance,
        _date(found.date),
        found.note,
        each.version.version,
    )


def _account(each: Given) -> AccountView:
    account = each.account
    return AccountView(
        thread=each.thread,
        version=each.version.version,
        signer=account.signer,
        is_institution=account.signer_kind == "institution",
        perspective=lists.word("perspectives", account.perspective, language()),
        lang=account.language,
        language=language_name(account.language),
        date=_date(account.date),
        text=account.text,
        at=each.version.at,
        digest=each.version.digest,
        is_shown=each.is_shown,
        is_own=each.author == context.viewer().account_id,
    )


def _relation(each: Met) -> RelationView:
    return RelationView(
        each.version.thread,
        each.version.version,
        each.name(language()),
        link_to(each.far),
        _date(each.relation.date),
        each.relation.note,
    )


def _date(text: str) -> str:
    return str(event_words(text)) if text else ""
