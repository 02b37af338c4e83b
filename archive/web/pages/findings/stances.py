"""The stages of a statement's proceedings, and what it says of other records."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.findings import stances, statements
from archive.findings.stances import Stance
from archive.findings.statements import Stage
from archive.records.errors import RecordsError
from archive.web.pages.findings import desk
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    looked_at,
)
from archive.web.pages.findings.desk import record_in, stage_form, stance_form
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import findings
from auth.policy import Action


@bp.post("/records/<record_id>/stages")
@needs(Action.RELATE)
def add_stage(record_id: str) -> Response | tuple[str, int]:
    """Say that the proceedings came to a stage."""
    form = stage_form(request.form)
    if not form.validate():
        return desk.page(record_id, stage_form=form), UNPROCESSABLE
    given = Stage(
        form.stage.data, form.stage_date.data or "", form.stage_note.data or ""
    )
    try:
        with context.write_session() as s:
            statements.add_stage(
                context.site(),
                s,
                record_id,
                given,
                version=looked_at(),
                by=account_id(),
                now=context.now(),
            )
    except RecordsError as error:
        status = complain(form, error, "stage")
        return desk.page(record_id, stage_form=form), status
    return _back(record_id)


@bp.post("/records/<record_id>/stages/remove")
@needs(Action.RELATE)
def remove_stage(record_id: str) -> Response:
    """Take a stage back."""
    with context.write_session() as s:
        statements.remove_stage(
            context.site(),
            s,
            record_id,
            request.form.get("position", -1, int),
            version=looked_at(),
            by=account_id(),
            now=context.now(),
        )
    return _back(record_id)


@bp.post("/records/<record_id>/stances")
@needs(Action.RELATE)
def take_stance(record_id: str) -> Response | tuple[str, int]:
    """Say what the statement says of a record."""
    form = stance_form(request.form)
    if not form.validate():
        return desk.page(record_id, stance_form=form), UNPROCESSABLE
    far = record_in(form.record.data)
    given = Stance(form.stance.data, form.stance_date.data or "", form.note.data or "")
    try:
        with context.write_session() as s:
            stances.take(
                context.site(),
                s,
                record_id,
                far,
                given,
                scope=findings.reach(),
                version=stances.number(s, record_id, far),
                by=account_id(),
                now=context.now(),
            )
    except RecordsError as error:
        status = complain(form, error, "record")
        return desk.page(record_id, stance_form=form), status
    return _back(record_id)


@bp.post("/records/<record_id>/stances/remove")
@needs(Action.RELATE)
def remove_stance(record_id: str) -> Response:
    """Take back what was said of a record."""
    far = request.form.get("far", "")
    with context.write_session() as s:
        stances.take(
            context.site(),
            s,
            record_id,
            far,
            Stance("silent"),
            scope=findings.reach(),
            version=looked_at(),
            by=account_id(),
            now=context.now(),
            is_ended=True,
        )
    return _back(record_id)


def _back(record_id: str) -> Response:
    flash(gettext("Saved."))
    return redirect(url_for("findings.statement", record_id=record_id), 303)
