"""Tables of many records: handed in, checked, begun, stopped, gone on with.

Handing in takes nothing: what is answered says of each row what would become of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import jsonify, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.exchange.imports import desk, reports
from archive.exchange.imports.desk import Handed
from archive.exchange.imports.entries import Fate
from archive.exchange.imports.tables import Import
from archive.records import store
from archive.records.document import is_language
from archive.records.tables import Collection
from archive.web import importing
from archive.web.api.operations import Answer
from archive.web.importing import Act
from archive.web.request import body, context, cursors, sentences, uploads
from archive.web.request.body import BodyError, Fields
from archive.web.showing.represent import iso
from auth.viewer import Access, Visibility

HANDING = frozenset({"language", "visibility", "access", "collection", "mapping"})
Line = dict[str, Any]


def hand_in() -> Answer:
    """Keep a table and the files beside it, and check it; nothing is taken in yet."""
    parts = uploads.submission()
    _handed("", _form())  # what is wrong is told before the first file is kept
    content, called = importing.receive(parts)
    made = importing.hand_in(content, _handed(called, _form()))
    return made_already(made)


def made_already(made: str) -> Answer:
    """The answer to whoever handed it in."""
    headers = {"Location": url_for("api.imports_read", import_id=made)}
    return jsonify(_told(made)), 201, headers


def listing() -> Answer:
    """What you have handed in, the newest first; as a walk, the oldest first."""
    site, by, walk = context.site(), importing.own_id(), cursors.asked()
    with context.read_session() as s:
        rows: Sequence[Import] = desk.of_author(s, by, limit=None)
        links: dict[str, str] = {}
        if walk is not None:
            rows, links = cursors.page(walk, rows, _key)
        jobs = [
            (row, desk.called(site.sealing, row), _progress(s, row)) for row in rows
        ]
    items = [_summary(*each) for each in jobs]
    return jsonify(items=items, total=len(items)), 200, links


def read(import_id: str) -> Answer:
    """How it stands, what each column means, and the report on its rows by pages."""
    return jsonify(_told(import_id)), 200


def change(import_id: str) -> Answer:
    """Read its columns anew, let it start or resume, or cancel it."""
    sent = body.fields(known=frozenset({"action", "mapping"}))
    if "action" not in sent:
        known = ", ".join(act.value for act in Act)
        raise BodyError(f"action must be one of: {known}.", field="action")
    what = sent.word("action", Act, Act.CANCEL)
    importing.act(import_id, what, _mapping(sent.table("mapping")))
    return jsonify(_told(import_id)), 200


def report(import_id: str) -> Answer:
    """Every row with what is wrong with it, as CSV that runs in no spreadsheet."""
    with context.read_session() as s:
        row = desk.require(s, import_id, importing.own_id())
        lines = desk.report(context.site().sealing, row)
    text = "".join(reports.as_csv(lines)).encode("utf-8-sig")
    return Response(text, mimetype="text/csv")


def _form() -> Fields:
    """The form's fields, those after the files too; of a field the last value."""
    found = {
        name: value
        for name, value in uploads.submission().fields.items()
        if name != "csrf_token"
    }
    body.check_known(found, HANDING)
    return Fields(found)


def _handed(called: str, sent: Fields) -> Handed:
    language = sent.text("language") or "en"
    if not is_language(language):
        raise BodyError("language must be a code such as en or hy.", field="language")
    return Handed(
        called,
        language,
        sent.word("visibility", Visibility, Visibility.STAFF).value,
        sent.word("access", Access, Access.VETTED).value,
        _collection(sent.text("collection")),
        _mapping(_json(sent.text("mapping"))),
    )


def _collection(named: str) -> str | None:
    if not named:
        return None
    with context.read_session() as s:
        found = store.collection(s, named) or s.get(Collection, named)
    if found is None:
        raise BodyError("There is no such collection.", field="collection")
    return found.id


def _json(text: str) -> object:
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None


def _mapping(sent: object) -> dict[str, str]:
    """Which column means what, as somebody says."""
    is_fit = isinstance(sent, dict) and all(isinstance(v, str) for v in sent.values())
    if not is_fit:
        raise BodyError("mapping must be an object of texts.", field="mapping")
    return dict(sent)  # type: ignore[call-overload,no-any-return]


def _told(import_id: str) -> dict[str, Any]:
    site = context.site()
    with context.read_session() as s:
        row = desk.require(s, import_id, importing.own_id())
        found = desk.opened(site.sealing, row)
        lines = desk.report(site.sealing, row)
        job, how_far = desk.job_of(s, row), _progress(s, row)
    number, size = _page(), cursors.per_page()
    wanted = _among(lines)
    return {
        **_summary(row, found.handed.called, how_far),
        "job": row.job_id,
        "error": sentences.said(job.error) if job and job.error else None,
        "columns": found.columns.as_json(),
        "counts": dict(Counter(line["result"] for line in lines)),
        "lines": {
            "total": len(wanted),
            "page": number,
            "per_page": size,
            "items": [_line(each) for each in wanted[(number - 1) * size :][:size]],
        },
    }


def _page() -> int:
    text = request.args.get("page") or "1"
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0:
        return int(text)
    raise BadRequest("`page` must be a whole number of 1 or more.")


def _among(lines: Sequence[Line]) -> list[Line]:
    """Those with the result that was asked for, in the order of the table."""
    word = request.args.get("result") or ""
    if word and word not in set(Fate):
        known = ", ".join(fate.value for fate in Fate)
        raise BadRequest(f"`result` must be one of: {known}.")
    return [line for line in lines if not word or line["result"] == word]


def _line(line: Line) -> Line:
    """A line of the report, with its sentences in the language of the answer."""
    troubles = [
        {**each, "problem": sentences.said(each["problem"])}
        for each in line["troubles"]
    ]
    return {**line, "troubles": troubles}


def _progress(s: Session, row: Import) -> float:
    """From 0 to 1, of the work at hand: checking, or taking in."""
    job = desk.job_of(s, row)
    if row.state in desk.OVER or job is None:
        return row.done / max(1, row.rows)
    return float(job.progress)


def _summary(row: Import, called: str, how_far: float) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": called,
        "state": row.state.value,
        "rows": row.rows,
        "done": row.done,
        "wrong": row.wrong,
        "progress": how_far,
        "made_at": iso(row.made_at),
        "ended_at": iso(row.ended_at),
    }


def _key(row: Import) -> cursors.Key:
    return (row.made_at.isoformat(), row.id)
