"""Reports from readers: hand one in, follow it by its reference, appeal once.

The desk on which they are decided is a page alone: a program decides nothing.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, url_for

from archive.records import store
from archive.reports import appealing, finding, handing
from archive.reports.handing import Said
from archive.reports.kinds import Kind
from archive.web.api.operations import Answer
from archive.web.request import body, context, guard, limits
from archive.web.request.body import BodyError, Fields
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing import reported
from archive.web.showing.reported import Shown
from archive.web.showing.represent import iso
from auth.policy import Action

MAKING = frozenset({"record", "kind", "words", "file", "contact", "language"})


def hand_in() -> Answer:
    """Say what is wrong with a record; the reference by which you follow it comes back.

    :raises NoSuchRecord: there is no such record, or none to know of
    """
    sent = body.fields(known=MAKING)
    record_id = sent.text("record")
    with context.read_session() as s:
        item = store.item_of(store.require(s, record_id))
    guard.require(Action.REPORT, item)
    said = _said(sent)
    limits.spend_report()
    with context.write_session() as s:
        site, now = context.site(), context.now()
        account_id = context.viewer().account_id
        row, code = handing.hand_in(site, s, record_id, said, account_id, now)
        told = {"code": code, **_json(reported.shown(s, row))}
    where = url_for("api.readerreports_read", code=code)
    return jsonify(told), 201, {"Location": where}


def read(code: str) -> Answer:
    """How the report of this reference stands, and what was decided."""
    return jsonify(_told(code)), 200


def appeal(code: str) -> Answer:
    """Appeal against what was decided, once; somebody else decides."""
    limits.spend("report code", limits.CODES)
    words = body.fields(known=frozenset({"words"})).text("words")
    with context.write_session() as s:
        row = finding.by_code(s, code)
        appealing.appeal(context.site(), s, row, words, context.now())
    return jsonify(_told(code)), 201


def _said(sent: Fields) -> Said:
    number = sent.number("file", 0)
    lang = sent.text("language") or language()
    if lang not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise BodyError(f"language must be one of: {known}.", field="language")
    return Said(
        kind=sent.word("kind", Kind, Kind.RESTORE),
        words=sent.text("words"),
        file=number or None,
        contact=sent.text("contact"),
        language=lang,
    )


def _told(code: str) -> dict[str, Any]:
    limits.spend("report code", limits.CODES)
    with context.read_session() as s:
        found = reported.shown(s, finding.by_code(s, code))
    return _json(found)


def _json(found: Shown) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "kind": found.code,
        "received_at": iso(found.made_at),
        "decided_at": iso(found.decided_at),
        "reason": found.reason or None,
        "remedy": found.follows,
        "may_appeal": found.may_appeal,
        "appeal": _json(found.appeal) if found.appeal else None,
    }
