"""Alarms to look at, and the records whose touch raises one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records import store
from archive.web import journal
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from auth.access import alarms as kept
from auth.access.alarms import Kind
from auth.policy import Action
from auth.viewer import RecordState, Visibility

KINDS = {
    Kind.REVEALS: _("many originals opened within an hour"),
    Kind.PAGES: _("many records read within an hour"),
    Kind.MISSES: _("many ids that led nowhere within an hour"),
    Kind.HONEY: _("a honey record was touched"),
}
UNPROCESSABLE = 422


@bp.get("/alarms")
@needs(Action.MANAGE_ALARMS)
def alarms() -> str:
    """Those nobody has looked at first."""
    return _page()


@bp.post("/alarms/<alarm_id>/seen")
@needs(Action.MANAGE_ALARMS)
def see_alarm(alarm_id: str) -> Response:
    """Note that it was looked at, and by whom.

    :raises NotPossible: somebody has already
    """
    with context.write_session() as s:
        row = kept.mark_seen(s, alarm_id, own_id(), context.now())
        detail = {"alarm": row.id, "kind": row.kind}
        journal.tell(s, "alarm looked at", account=row.account_id, detail=detail)
    flash(gettext("Saved."))
    return redirect(url_for("admin.alarms"), 303)


@bp.post("/alarms/honey")
@needs(Action.MANAGE_ALARMS)
def lay_honey() -> Response | tuple[str, int]:
    """Let every touch of a record raise an alarm."""
    record_id = request.form.get("honey", "").strip()
    with context.write_session() as s:
        wrong = _why_not(s, record_id)
        if wrong is None:
            kept.lay(s, record_id, own_id(), context.now())
            journal.tell(s, "honey record laid", detail={"honey": record_id})
    if wrong is not None:
        return _page(record_id, wrong), UNPROCESSABLE
    flash(gettext("Every touch of this record raises an alarm now."))
    return redirect(url_for("admin.alarms"), 303)


@bp.post("/alarms/honey/lift")
@needs(Action.MANAGE_ALARMS)
def lift_honey() -> Response:
    """Let a record be as any other again.

    :raises NotPossible: it is no such record
    """
    record_id = request.form.get("honey", "")
    with context.write_session() as s:
        kept.lift(s, record_id)
        journal.tell(s, "honey record lifted", detail={"honey": record_id})
    flash(gettext("Saved."))
    return redirect(url_for("admin.alarms"), 303)


def _why_not(s: Session, record_id: str) -> str | None:
    record = store.get(s, record_id)
    if record is None or record.state is not RecordState.PUBLISHED:
        return str(gettext("There is no published record of this id."))
    if record.visibility is Visibility.PUBLIC:
        return str(
            gettext(
                "This record is public. A honey record is for vetted people or staff, "
                "so that it never stands in a public list."
            )
        )
    return None


def _page(typed: str = "", wrong: str | None = None) -> str:
    with context.read_session() as s:
        rows, honey = kept.listing(s), kept.laid(s)
        public = [
            row.record_id
            for row in honey
            if (record := store.get(s, row.record_id)) is None
            or record.visibility is Visibility.PUBLIC
        ]
        people = [who for row in rows for who in (row.account_id, row.seen_by)]
        known = names(s, people)
    return render_template(
        "admin/alarms.html",
        rows=rows,
        honey=honey,
        public=public,
        names=known,
        kinds=KINDS,
        config=context.site().config,
        typed=typed,
        wrong=wrong,
    )
