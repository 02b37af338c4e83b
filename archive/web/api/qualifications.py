"""Legal qualifications of a record: claims that are written down or taken back."""

from __future__ import annotations

from dataclasses import fields as members

from flask import jsonify

from archive.findings import qualifications
from archive.findings.qualifications import Qualification
from archive.records import store
from archive.web.api.operations import Answer
from archive.web.request import body, context
from archive.web.showing import claims

KNOWN = frozenset(each.name for each in members(Qualification))


def listing(record_id: str) -> Answer:
    """Every claim that stands, in order of the claims' own dates."""
    with context.read_session() as s:
        found = claims.as_json(s, store.require(s, record_id))
    return jsonify({"qualifications": found}), 200


def add(record_id: str) -> Answer:
    """Write down what somebody claims; the archive does not take it over."""
    sent = body.fields(known=KNOWN)
    given = Qualification(
        **{name: sent.text(name) for name in KNOWN - {"stance"}},
        stance=sent.text("stance", "asserts"),
    )
    with context.write_session() as s:
        record = store.require(s, record_id)
        by = context.viewer().account_id or ""
        made = qualifications.claim(context.site(), s, record, given, by, context.now())
        (told,) = [
            each for each in claims.as_json(s, record) if each["id"] == made.thread
        ]
    return jsonify(told), 201


def take_back(record_id: str, claim_id: str) -> Answer:
    """Let a claim stand no more, with the reason why."""
    sent = body.fields(known=frozenset({"reason"}))
    with context.write_session() as s:
        qualifications.take_back(
            context.site(),
            s,
            store.require(s, record_id),
            claim_id,
            reason=sent.text("reason"),
            by=context.viewer().account_id or "",
            now=context.now(),
        )
    return listing(record_id)
