"""What is taken away: at once where it is small, else made by a job and kept a day."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from sqlalchemy.orm import Session

from archive.exchange.exports import giving
from archive.exchange.lists import FORMS
from archive.exports import desk
from archive.exports.tables import Export
from archive.searches import question
from archive.web import exporting
from archive.web.api.operations import Answer
from archive.web.api.savedsearches import pairs_of
from archive.web.request import body, context, sentences
from archive.web.request.body import BodyError
from archive.web.request.i18n import language
from archive.web.showing import massexport
from archive.web.showing.massexport import NeedsSecond, Taking
from archive.web.showing.represent import iso
from auth import seconding
from auth.seconding import State

ASKED = frozenset({"search", "format", "reason", "confirmed", "wait"})


def create() -> Answer:
    """Descriptions of what a search finds, without media, in one of `FORMS`."""
    sent = body.fields(known=ASKED)
    form, reason = sent.text("format", "json"), sent.text("reason")
    if form not in FORMS:
        known = ", ".join(FORMS)
        raise BodyError(f"format must be one of: {known}.", field="format")
    may_wait = "wait" not in sent or sent.flag("wait")
    if confirmed := sent.text("confirmed"):
        return _confirmed(confirmed, may_wait=may_wait)
    pairs = pairs_of(sent)
    query = question.read(pairs, lang=language())
    try:
        return _answered(exporting.listing(query, form, pairs, may_wait=may_wait))
    except NeedsSecond as refused:
        return _waiting(refused.wanted, reason)


def listing() -> Answer:
    """What you have asked for, the newest first."""
    with context.read_session() as s:
        rows = desk.of_author(s, exporting.own_id())
        items = [_told(s, row) for row in rows]
    return jsonify(items=items, total=len(items)), 200


def read(export_id: str) -> Answer:
    """How far it is, how it ended, and where the file is once it is ready."""
    return jsonify(_of(export_id)), 200


def give(export_id: str) -> Answer:
    """The file, as long as you may have it."""
    return exporting.give(export_id)


def end(export_id: str) -> Answer:
    """Stop making it, or destroy what was made; again changes nothing."""
    exporting.end(export_id)
    return jsonify(_of(export_id)), 200


def accepted(export_id: str) -> Answer:
    """It is being made."""
    headers = {"Location": url_for("api.exports_read", export_id=export_id)}
    return jsonify(_of(export_id)), 202, headers


def _of(export_id: str) -> dict[str, Any]:
    with context.read_session() as s:
        return _told(s, desk.require(s, export_id, exporting.own_id()))


def _told(s: Session, row: Export) -> dict[str, Any]:
    job = desk.job_of(s, row)
    is_ready = giving.is_given(row, context.now())
    result = {
        "url": url_for("api.exports_give", export_id=row.id),
        "size": row.size,
        "media_type": row.media_type,
        "filename": row.filename,
        "expires_at": iso(row.expires_at),
    }
    return {
        "id": row.id,
        "what": row.what.value,
        "record": row.record_id,
        "records": row.records,
        "state": row.state.value,
        "progress": 1.0 if row.object_id else job.progress if job else 0.0,
        "asked_at": iso(row.asked_at),
        "ended_at": iso(row.ended_at),
        "result": result if is_ready else None,
        "error": sentences.said(row.failure) if row.failure else None,
    }


def _answered(given: Response | str) -> Answer:
    return accepted(given) if isinstance(given, str) else given


def _confirmed(proposal_id: str, *, may_wait: bool) -> Answer:
    """What an administrator has confirmed, as it was asked for."""
    with context.read_session() as s:
        row = massexport.own(s, proposal_id)
    wanted = massexport.read(seconding.detail_of(context.site().sealing, row))
    if wanted.what != "descriptions":
        raise BodyError("That is taken on its page.", field="confirmed")
    query = question.read(wanted.pairs, lang=language())
    form, pairs = wanted.form, wanted.pairs
    given = exporting.listing(
        query, form, pairs, wanted, proposal_id, may_wait=may_wait
    )
    return _answered(given)


def _waiting(wanted: Taking, reason: str) -> Answer:
    """Refused by the policy or, with a reason, asked of a second person."""
    if not reason.strip():
        massexport.refuse()
    with context.write_session() as s:
        row = massexport.ask(s, wanted, reason)
    told = {"id": row.id, "state": State.WAITING.value, "records": wanted.count}
    return told, 202
