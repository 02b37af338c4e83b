"""Many records at once: a table is handed in, checked, looked at, begun.

/deposit/imports                        the form; what was handed in before
POST /deposit/imports                   keep the table and the files with it; check it
/deposit/imports/<id>                   what would become of each row, or became
POST /deposit/imports/<id>              `act`: read the columns anew, begin, stop
/deposit/imports/<id>/report.csv        the whole report
"""

from __future__ import annotations

from collections import Counter

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive import intake
from archive.exchange.imports import desk, mapping, reports
from archive.exchange.imports.desk import Handed
from archive.exchange.imports.entries import Fate, SourceError
from archive.exchange.imports.tables import ImportState
from archive.intake import uploads as resumable
from archive.records import store
from archive.web import importing
from archive.web.answer import errors
from archive.web.importing import Act
from archive.web.pages.deposit.blueprint import bp
from archive.web.pages.moderation.decisions import ACCESSES, VISIBILITIES
from archive.web.request import context, i18n, sentences, uploads
from archive.web.request.guard import needs
from auth.policy import Action
from auth.viewer import Access, Visibility

UNPROCESSABLE = 422
PER_PAGE = 100
"""Rows listed at a time; those with something wrong come first."""
ACTS = {"remap": Act.REMAP, "begin": Act.START, "cancel": Act.CANCEL}


@bp.get("/imports")
@needs(Action.IMPORT)
def imports() -> str:
    """The form, the files that wait, and what was handed in before."""
    return _form({})


@bp.post("/imports")
@needs(Action.IMPORT)
@uploads.takes_files
def hand_in_table() -> Response | tuple[str, int]:
    """Keep the table and the files that come with it; nothing is taken in yet."""
    try:
        import_id = _kept()
    except SourceError as error:
        return _form({importing.TABLE: sentences.said(error)}), UNPROCESSABLE
    except intake.Refused as error:
        status = errors.UPLOAD_STATUS.get(error.code, UNPROCESSABLE)
        return _form({"files": errors.refused_file(error)}), status
    return redirect(url_for("deposit.import_of", import_id=import_id), 303)


@bp.get("/imports/<import_id>")
@needs(Action.IMPORT)
def import_of(import_id: str) -> str:
    """How it stands, row by row."""
    return _shown(import_id)


@bp.post("/imports/<import_id>")
@needs(Action.IMPORT)
def act_on_import(import_id: str) -> Response | tuple[str, int]:
    """Read the columns anew, begin or go on, or stop."""
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        raise BadRequest
    if act is Act.START and _was_begun(import_id):
        act = Act.RESUME
    try:
        importing.act(import_id, act, _said())
    except SourceError as error:
        return _shown(import_id, sentences.said(error)), UNPROCESSABLE
    return redirect(url_for("deposit.import_of", import_id=import_id), 303)


@bp.get("/imports/<import_id>/report.csv")
@needs(Action.IMPORT)
def import_report(import_id: str) -> Response:
    """Every row with what is wrong with it, as a table that runs in no spreadsheet."""
    with context.read_session() as s:
        row = desk.require(s, import_id, _account())
        lines = desk.report(context.site().sealing, row)
    text = "".join(reports.as_csv(lines))
    kind = {"Content-Disposition": 'attachment; filename="import-report.csv"'}
    return Response(
        text.encode("utf-8-sig"), mimetype="text/csv; charset=utf-8", headers=kind
    )


def _kept() -> str:
    """The id of what was kept: the table, and beside it files as finished uploads.

    :raises SourceError: there is no table, or it cannot be read
    :raises Refused: a file cannot be taken; those before it stay with what was sent
    """
    content, called = importing.receive(uploads.submission())
    return importing.hand_in(content, _handed(called))


def _handed(called: str) -> Handed:
    given = request.form
    visibility, access = given.get("visibility", ""), given.get("access", "")
    if visibility not in set(Visibility) or access not in set(Access):
        raise BadRequest
    with context.read_session() as s:
        shelves = {each.id for each in store.collections(s)}
    collection, language = given.get("collection") or None, given.get("language", "")
    if language not in i18n.LANGUAGES or (collection and collection not in shelves):
        raise BadRequest
    return Handed(called, language, visibility, access, collection)


def _was_begun(import_id: str) -> bool:
    with context.read_session() as s:
        return desk.require(s, import_id, _account()).state is not ImportState.PLANNED


def _said() -> dict[str, str]:
    """Which column means what, as the selects of the page say."""
    names = request.form.getlist("column")
    return dict(zip(names, request.form.getlist("field"), strict=False))


def _form(wrong: dict[str, str]) -> str:
    by, site = _account(), context.site()
    with context.read_session() as s:
        shelves = [
            (c.id, c.titles.get(i18n.language()) or c.titles.get("en", c.slug))
            for c in store.collections(s)
        ]
        waiting = [
            (resumable.details_of(site.sealing, each).filename, each.length)
            for each in resumable.open_uploads(s, by, context.now())
            if each.is_complete
        ]
        earlier = [
            (row, desk.called(site.sealing, row)) for row in desk.of_author(s, by)
        ]
    return render_template(
        "deposit/imports.html",
        wrong=wrong,
        shelves=[("", gettext("none")), *shelves],
        visibilities=[(word.value, name) for word, name in VISIBILITIES],
        accesses=[(word.value, name) for word, name in ACCESSES],
        tongues=list(i18n.LANGUAGES.items()),
        tongue=i18n.language(),
        waiting=waiting,
        earlier=earlier,
        limits=site.upload_limits,
        upload_hours=site.config.upload_hours,
    )


def _shown(import_id: str, wrong: str = "") -> str:
    site = context.site()
    with context.read_session() as s:
        row = desk.require(s, import_id, _account())
        found = desk.opened(site.sealing, row)
        lines = desk.report(site.sealing, row)
        job = desk.job_of(s, row)
    lines.sort(key=lambda line: line["result"] != Fate.WRONG.value)
    pages = max(1, -(-len(lines) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, int)), pages)
    return render_template(
        "deposit/import.html",
        row=row,
        called=found.handed.called,
        columns=list(found.columns.as_json().items()),
        fields=_fields(),
        counts=Counter(line["result"] for line in lines),
        lines=lines[(page - 1) * PER_PAGE : page * PER_PAGE],
        said=sentences.said,
        job=job,
        is_working=row.state in (ImportState.CHECKING, ImportState.RUNNING),
        page=page,
        pages=pages,
        address=lambda n: url_for("deposit.import_of", import_id=row.id, page=n),
        wrong=wrong,
    )


def _fields() -> list[tuple[str, str]]:
    """What a column may mean: the words that a mapping is written with."""
    named = [
        f"{name}.{language}"
        for name in mapping.IN_LANGUAGES
        for language in i18n.LANGUAGES
    ]
    return [
        ("", gettext("left out")),
        *((each, each) for each in (*mapping.FIELDS, *named)),
    ]


def _account() -> str:
    return context.viewer().account_id or ""
