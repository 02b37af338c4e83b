"""Exports that a job makes: how far each is, taken, ended.

/account/exports/made/<id>          how it stands
POST /account/exports/made/<id>     `act`: take it, or end it
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.exports import desk
from archive.exports.tables import ExportState
from archive.web import exporting
from archive.web.pages.account.blueprint import bp, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from auth.policy import Action


@bp.get("/exports/made/<export_id>")
@needs(Action.MANAGE_OWN_ACCOUNT)
def made_export(export_id: str) -> str:
    """How one's own export stands.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    """
    with context.read_session() as s:
        row = desk.require(s, export_id, own_id())
        job = desk.job_of(s, row)
    return render_template(
        "account/export.html",
        row=row,
        progress=job.progress if job else 0,
        is_waiting=job is not None and job.state == "queued" and not job.progress,
    )


@bp.post("/exports/made/<export_id>")
@needs(Action.MANAGE_OWN_ACCOUNT)
def act_on_export(export_id: str) -> Response:
    """Take it, or end it.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    """
    with context.read_session() as s:
        desk.require(s, export_id, own_id())
    act = request.form.get("act", "")
    if act == "take":
        return exporting.give(export_id)
    if act != "end":
        raise BadRequest
    ended = exporting.end(export_id)
    if ended.state is ExportState.CANCELLED:
        flash(gettext("Cancelled. Nothing of it is left."))
    else:
        flash(gettext("Deleted. Its key is destroyed."))
    return redirect(url_for("account.exports"), 303)
