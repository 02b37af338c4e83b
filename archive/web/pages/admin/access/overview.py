"""Every request of every collection in one table: filtered, sorted, taken away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.exchange.cells import harmless
from archive.records import store
from archive.requests import overview
from archive.requests.overview import COLUMNS, Line, Wanted
from archive.web.pages.admin.blueprint import bp, names
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import asked, massexport
from archive.web.showing.massexport import NeedsSecond, Pairs, Taking
from archive.web.showing.recordpage import in_language
from auth.access import emergencies
from auth.access.requests import State
from auth.policy import Action

PER_PAGE = 50
FILTERS = ("state", "collection", "older_than", "sort")
OLDEST = 3650
SORTS: Mapping[str, Any] = {
    "age": _("longest waiting first"),
    "-submitted": _("newest first"),
    "ends": _("what ends first"),
    "state": _("by state"),
    "collection": _("by collection"),
}
GROUPS: Mapping[str, Any] = {
    "waiting": _("waiting for a decision"),
    "open": _("open"),
    "live": _("granted now"),
    "all": _("all"),
}


@bp.get("/requests")
@needs(Action.DECIDE_REQUESTS)
def requests() -> str:
    """The table, what waits first."""
    wanted, page = _wanted(request.args), max(1, request.args.get("page", 1, int))
    with context.read_session() as s:
        lines = overview.table(s, wanted, context.now())
        shown = lines[(page - 1) * PER_PAGE : page * PER_PAGE]
        shelves = [
            (shelf.slug, in_language(shelf.titles)[0]) for shelf in store.collections(s)
        ]
        people = [who for line in shown for who in (line.account_id, line.receiver)]
        return render_template(
            "admin/access/requests.html",
            lines=shown,
            total=len(lines),
            page=page,
            pages=-(-len(lines) // PER_PAGE),
            args=request.args.to_dict(),
            page_address=lambda n: url_for(
                "admin.requests", **{**request.args.to_dict(), "page": n}
            ),
            names=names(s, people),
            shelves=shelves,
            groups=list(GROUPS.items()),
            states=[(state.value, asked.STATES[state][0]) for state in State],
            sorts=list(SORTS.items()),
            emergencies=len(emergencies.unreviewed(s, context.now())),
        )


@bp.post("/requests/export")
@needs(Action.DECIDE_REQUESTS)
def export_requests() -> Response | tuple[str, int]:
    """The table as it is filtered, without names and without anybody's words.

    :raises BadRequest: there is no such form
    """
    form = request.form.get("format", "")
    if form not in WRITERS:
        raise BadRequest("Choose csv or json.")
    pairs = [(name, request.form[name]) for name in FILTERS if name in request.form]
    try:
        return give_export(form, pairs, None, None)
    except NeedsSecond as refused:
        return massexport.page(refused.wanted)


def count_export(pairs: Pairs) -> int:
    """How many requests fit these filters."""
    with context.read_session() as s:
        return len(overview.table(s, _wanted(MultiDict(pairs)), context.now()))


def give_export(
    form: str, pairs: Pairs, confirmed: Taking | None, leave: str | None
) -> Response:
    """The table of these filters; of a confirmed export at most as many as then.

    :raises NeedsSecond: so many lines take a second person
    :raises RefusedRequestError: nobody confirmed it, or not any more
    """
    media_type, write = WRITERS[form]
    with context.read_session() as s:
        lines = overview.table(s, _wanted(MultiDict(pairs)), context.now())
    lines = lines if confirmed is None else lines[: confirmed.count]
    wanted = Taking("access requests", form, pairs, len(lines))
    detail = {"what": "access requests", "format": form, "lines": len(lines)}
    massexport.tell("exporting", wanted, detail, leave)
    answer = Response(write(lines), mimetype=media_type)
    name = f"vigil-requests-{context.now():%Y%m%d-%H%M%S}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def as_csv(lines: list[Line]) -> str:
    """RFC 4180, with nothing in it that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        told = line.as_json()
        writer.writerow([harmless(told[column]) for column in COLUMNS])
    return text.getvalue()


def as_json(lines: list[Line]) -> str:
    """One document with every line."""
    return json.dumps({"requests": [line.as_json() for line in lines]}, indent=1)


WRITERS: Mapping[str, tuple[str, Callable[[list[Line]], str]]] = {
    "csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
}


def _wanted(given: MultiDict[str, str]) -> Wanted:
    """What the filters ask for; what cannot be read filters nothing."""
    word = given.get("state", "waiting")
    states = overview.GROUPS.get(word, frozenset[State]())
    if word in set(State):
        states = frozenset({State(word)})
    sort = given.get("sort", "age")
    older_than = given.get("older_than", 0, int)
    return Wanted(
        states=states,
        collection=given.get("collection", ""),
        older_than=min(max(older_than, 0), OLDEST),
        sort=sort if sort in overview.SORTS else "age",
    )
