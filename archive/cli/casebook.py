"""The demonstration's case: what was announced, denied, found and said, and its links.

`case.json` names records by the keys of `records.json`. Claims stand as claims, in our
own words, and the people arrested are not named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from archive import moderation
from archive.cli.opening import OPERATOR
from archive.findings import (
    accounts,
    assessing,
    entities,
    relations,
    stances,
    statements,
)
from archive.findings.accounts import Account
from archive.findings.assessing import Assessment
from archive.findings.entities import Entity
from archive.findings.relations import Relation
from archive.findings.stances import Stance
from archive.findings.statements import Facts, Official, Stage
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.site import Site
from auth.scope import EXACT_DIGITS, Scope
from auth.viewer import Access, Visibility

_FILE = Path(__file__).parent / "collection" / "case.json"
EVERYTHING = Scope(
    frozenset(each.value for each in Visibility), guarded=True, digits=EXACT_DIGITS
)


def write(
    site: Site, records: dict[str, str], authors: Mapping[str, str], shelf: str
) -> None:
    """Write the whole case; `authors` are account ids by the word of the role.

    `records` are ids by key; those that are added for the case are put beside them.
    """
    case, now = _content(), site.clock()
    with site.db.write() as s:
        for raw in case["statements"]:
            if "new" in raw:
                records[raw["new"]] = _new(site, s, raw, shelf, now)
            else:
                _described(site, s, records[raw["record"]], raw, now)
        for raw in case["statements"]:
            _stances(site, s, raw, records, now)
        for raw in case["assessments"]:
            _assessment(site, s, dict(raw), records, now)
        for raw in case["accounts"]:
            _account(site, s, dict(raw), records, authors, now)
        _links(site, s, records, now)


def _new(site: Site, s: Session, raw: Any, shelf: str, now: datetime) -> str:  # noqa: ANN401 - plain JSON
    texts = {code: Description(**text) for code, text in raw["descriptions"].items()}
    facts = _facts(raw["facts"])
    draft = RecordDraft(
        RecordDocument(texts, event_date=facts.date),
        Visibility.PUBLIC,
        Access.VETTED,
        collection_id=shelf,
    )
    made = statements.create(site, s, draft, facts, OPERATOR, now)
    moderation.publish(site, s, made.id, OPERATOR, now)
    return made.id


def _described(site: Site, s: Session, record_id: str, raw: Any, now: datetime) -> None:  # noqa: ANN401 - plain JSON
    facts = _facts(raw["facts"])
    statements.describe(site, s, record_id, facts, version=0, by=OPERATOR, now=now)


def _facts(raw: dict[str, Any]) -> Facts:
    return Facts(
        authority=raw["authority"],
        date=raw["date"],
        officials=tuple(Official(**each) for each in raw.get("officials", ())),
        published_in=raw["published_in"],
        articles=tuple(raw.get("articles", ())),
        stages=tuple(Stage(**each) for each in raw["stages"]),
    )


def _stances(
    site: Site,
    s: Session,
    raw: Any,  # noqa: ANN401 - plain JSON
    records: Mapping[str, str],
    now: datetime,
) -> None:
    own = records[raw.get("new") or raw["record"]]
    for each in raw["stances"]:
        given = Stance(each["stance"], note=each["note"])
        far = records[each["record"]]
        stances.take(
            site, s, own, far, given, scope=EVERYTHING, version=0, by=OPERATOR, now=now
        )


def _assessment(
    site: Site,
    s: Session,
    raw: dict[str, Any],
    records: Mapping[str, str],
    now: datetime,
) -> None:
    record = store.require(s, records[raw.pop("record")])
    given = Assessment(**{**raw, "sources": tuple(raw["sources"])})
    number = assessing.number(s, record.id)
    assessing.assess(site, s, record, given, version=number, by=OPERATOR, now=now)


def _account(
    site: Site,
    s: Session,
    raw: dict[str, Any],
    records: Mapping[str, str],
    authors: Mapping[str, str],
    now: datetime,
) -> None:
    record_id, author = records[raw.pop("record")], authors[raw.pop("author")]
    written = accounts.give(site, s, record_id, Account(**raw), by=author, now=now)
    accounts.accept(site, s, written, by=OPERATOR, now=now)


def _links(site: Site, s: Session, records: Mapping[str, str], now: datetime) -> None:
    known = dict(records)
    for raw in _content()["entities"]:
        told = {name: value for name, value in raw.items() if name != "key"}
        known[raw["key"]] = entities.describe(
            site, s, Entity(**told), by=OPERATOR, now=now
        )
    for raw in _content()["relations"]:
        ends = {"start": known[raw["start"]], "end": known[raw["end"]]}
        given = Relation(**{**raw, **ends})
        relations.link(site, s, given, EVERYTHING, OPERATOR, now)


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return content
