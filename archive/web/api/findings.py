"""What was found and said of one record: read, assess, sign an account, link."""

from __future__ import annotations

from flask import Response, jsonify

from archive.findings import accounts, assessing, relations
from archive.findings.accounts import Account
from archive.findings.assessing import Assessment
from archive.findings.relations import Relation
from archive.records import store
from archive.web.api.operations import Answer
from archive.web.request import body, context
from archive.web.showing import findings, plainfindings, tombstones
from auth.policy import Action

ASSESSING = frozenset(
    {"status", "confidence", "method", "reviewer", "sources", "date", "version"}
)
SIGNING = frozenset(
    {
        "account",
        "version",
        "text",
        "signer",
        "signer_kind",
        "perspective",
        "language",
        "date",
    }
)
LINKING = frozenset({"type", "start", "end", "date", "note"})


def read(record_id: str) -> Answer:
    """Assessments, stances, accounts and links, as far as this caller knows them."""
    with context.read_session() as s:
        tombstones.require_more(store.require(s, record_id))
    return _told(record_id), 200


def assess(record_id: str) -> Answer:
    """Write down what was found, over the version that was read (0: the first)."""
    sent = body.fields(known=ASSESSING)
    given = Assessment(
        sent.text("status"),
        sent.text("confidence"),
        sent.text("method"),
        sent.text("reviewer"),
        tuple(sent.texts("sources")),
        sent.text("date"),
    )
    with context.write_session() as s:
        record = store.require(s, record_id)
        assessing.assess(
            context.site(),
            s,
            record,
            given,
            version=sent.number("version", 0),
            by=context.viewer().account_id or "",
            now=context.now(),
        )
    return read(record_id)


def sign(record_id: str) -> Answer:
    """Sign an account; with `account` and `version`, a new version of one's own."""
    sent = body.fields(known=SIGNING)
    thread = sent.text("account")
    given = Account(
        signer=sent.text("signer"),
        text=sent.text("text"),
        signer_kind=sent.text("signer_kind", "person"),
        perspective=sent.text("perspective", "other"),
        language=sent.text("language", "en"),
        date=sent.text("date"),
    )
    with context.write_session() as s:
        item = store.item_of(store.require(s, record_id))
        accounts.give(
            context.site(),
            s,
            record_id,
            given,
            thread=thread,
            version=sent.number("version", 0) if thread else 0,
            by=context.viewer().account_id or "",
            now=context.now(),
            is_accepted=context.may_at_once(Action.RELATE, item),
        )
    return _told(record_id), 201


def link(record_id: str) -> Answer:
    """Link a record with another record or an entry; one of the ends is this one."""
    sent = body.fields(known=LINKING)
    start = sent.text("start") or record_id
    end = sent.text("end") or record_id
    if record_id not in (start, end):
        raise body.BodyError("One end of the link is this record.", field="start")
    given = Relation(
        sent.text("type"), start, end, sent.text("date"), sent.text("note")
    )
    with context.write_session() as s:
        by = context.viewer().account_id or ""
        relations.link(context.site(), s, given, findings.reach(), by, context.now())
    return _told(record_id), 201


def _told(record_id: str) -> Response:
    with context.read_session() as s:
        return jsonify(plainfindings.of_record(s, store.require(s, record_id)))
