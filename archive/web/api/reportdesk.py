"""The desk of readers' reports: the queue, one report, taking it up, deciding.

Reports are named by their id here; the reference is the reporter's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import jsonify, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from archive.records import store
from archive.reports import desk, finding
from archive.reports.deciding import Decision
from archive.reports.desk import Wanted
from archive.reports.kinds import GRAVE, Kind, Remedy, State
from archive.reports.remedies import Following
from archive.reports.tables import Report
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors
from archive.web.request.body import BodyError
from archive.web.showing import asked, reportdesk
from archive.web.showing.represent import iso
from auth.access.requests import Scope

CHANGING = frozenset({"action"})
DECIDING = frozenset(
    {"outcome", "reason", "note", "remedy", "category", "tombstone", "until"}
)
WRITTEN = ("words", "reason", "note")
MOST_DAYS = 3_650

Act = Callable[[Session, Report], None]


def listing() -> Answer:
    """The reports that wait and fit, gravest first; `state` asks for others."""
    with context.read_session() as s:
        rows = desk.table(s, _wanted(s), context.now())
        items = [_line(s, row) for row in rows]
    shown, links = cursors.part(items)
    return jsonify(items=shown, total=len(items)), 200, links


def read(report_id: str) -> Answer:
    """One report with what was written, and what may follow."""
    with context.read_session() as s:
        return jsonify(_whole(s, reportdesk.found(s, report_id))), 200


def change(report_id: str) -> Answer:
    """Take a report up for half an hour, or give it back."""
    word = body.fields(known=CHANGING).text("action")
    if word not in ACTS:
        known = ", ".join(ACTS)
        raise BodyError(f"action must be one of: {known}.", field="action")
    with context.write_session() as s:
        row = reportdesk.to_decide(s, report_id)
        ACTS[word](s, row)
        return jsonify(_whole(s, row)), 200


def decide(report_id: str) -> Answer:
    """Decide on what you have taken up; what follows is done at once."""
    sent = body.fields(known=DECIDING)
    if "outcome" not in sent:
        raise BodyError("Say what is decided.", field="outcome")
    following = Following(
        remedy=sent.word("remedy", Remedy, Remedy.NONE),
        category=sent.text("category"),
        note=sent.text("tombstone"),
        until=sent.moment("until", None),
    )
    outcome = sent.word("outcome", State, State.DECLINED)
    decision = Decision(outcome, sent.text("reason"), sent.text("note"), following)
    with context.write_session() as s:
        row = reportdesk.to_decide(s, report_id)
        reportdesk.decide(s, row, decision)
        return jsonify(_whole(s, row)), 200


def _take(s: Session, row: Report) -> None:
    desk.take(context.site(), s, row, reportdesk.own(), context.now())


def _give_back(s: Session, row: Report) -> None:
    desk.give_back(s, row, reportdesk.own())


ACTS: Mapping[str, Act] = {"take": _take, "give_back": _give_back}


def _wanted(s: Session) -> Wanted:
    given = request.args
    kind, state = given.get("kind", ""), given.get("state", "")
    if kind and kind not in set(Kind):
        raise BadRequest(f"kind must be one of: {', '.join(Kind)}.")
    if state and state not in set(State):
        raise BadRequest(f"state must be one of: {', '.join(State)}.")
    older = given.get("older_than", "0")
    if not (older.isascii() and older.isdigit() and len(older) <= len(str(MOST_DAYS))):
        raise BadRequest("older_than is a number of whole days.")
    named = {shelf.slug: shelf.id for shelf in store.collections(s)}
    shelf = given.get("collection", "")
    if shelf and shelf not in named and shelf not in set(named.values()):
        raise BadRequest("collection is one that there is not.")
    return Wanted(
        grave=reportdesk.sees_grave(),
        kind=kind,
        state=state,
        collection=named.get(shelf, shelf),
        older_than=min(int(older), MOST_DAYS),
    )


def _line(s: Session, row: Report) -> dict[str, Any]:
    asset = store.get_asset(s, row.asset_id) if row.asset_id else None
    holder = desk.holder(row, context.now())
    return {
        "id": row.id,
        "kind": row.kind.value,
        "is_grave": row.kind in GRAVE,
        "is_appeal": row.is_appeal,
        "state": row.state.value,
        "record": row.record_id,
        "title": asked.subject_of(s, Scope(record_id=row.record_id)).title,
        "file": asset.position + 1 if asset else 0,
        "language": row.language,
        "received_at": iso(row.made_at),
        "decided_at": iso(row.decided_at),
        "is_taken": holder is not None,
        "is_mine": holder == reportdesk.own(),
        "remedy": row.remedy and row.remedy.value,
    }


def _whole(s: Session, row: Report) -> dict[str, Any]:
    record = store.require(s, row.record_id)
    against = finding.appeal_of(s, row)
    return {
        **_line(s, row),
        **_written(row),
        "contact": reportdesk.contact(row) or None,
        "too_near": desk.too_near(s, row, reportdesk.own()) or None,
        "can_follow": [each.value for each in reportdesk.able(row, record)],
        "appeal": against and against.id,
        "first": _first(s, row),
    }


def _first(s: Session, row: Report) -> dict[str, Any] | None:
    """What was said and decided the first time, for whoever looks at the appeal."""
    if row.about_id is None:
        return None
    first = finding.require(s, row.about_id)
    return {"id": first.id, "state": first.state.value, **_written(first)}


def _written(row: Report) -> dict[str, str | None]:
    sealing = context.site().sealing
    return {name: finding.opened(sealing, row, name) or None for name in WRITTEN}
