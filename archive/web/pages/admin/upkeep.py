"""Upkeep: what keeps the archive in order, begun, watched, cancelled, gone on with.

GET  /admin/upkeep           how each work stands, and how the last one ended
POST /admin/upkeep/<work>    begin one, as a job of the worker
POST /admin/upkeep/keys      new keys: the one that wants a fresh proof
"""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive import upkeep as keeping
from archive.upkeep import Work
from archive.verification import CHOICES, PARTS
from archive.web import journal
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import upkeep as showing
from auth.policy import Action

PLAIN = {work.value: work for work in Work if work is not Work.KEYS}


@bp.get("/upkeep")
@needs(Action.MANAGE_JOBS)
def upkeep() -> str:
    """How each work stands."""
    with context.read_session() as s:
        standing = keeping.standing(s)
    return render_template(
        "admin/upkeep.html",
        standing=standing,
        words=showing.WORKS,
        parts=showing.PARTS,
        came_out=showing.came_out,
        has_place=context.site().config.backup_to is not None,
        open_work=sum(each.job is not None for each in standing),
    )


@bp.post("/upkeep/<work>")
@needs(Action.MANAGE_JOBS)
def begin_upkeep(work: str) -> Response:
    """Begin a work, or say that it is under way."""
    if work not in PLAIN:
        abort(404)
    if PLAIN[work] is Work.BACKUP and context.site().config.backup_to is None:
        flash(gettext("No place for backups is set: VIGIL_BACKUP_TO."), "attention")
        return redirect(url_for("admin.upkeep"), 303)
    return _begin(PLAIN[work])


@bp.post("/upkeep/keys")
@needs(Action.ROTATE_KEYS)
def rotate_keys() -> Response:
    """Begin to wrap everything under new keys."""
    return _begin(Work.KEYS)


def _begin(work: Work) -> Response:
    parts = CHOICES.get(request.form.get("part", ""), PARTS)
    with context.write_session() as s:
        args = keeping.arguments(work, parts)
        job, is_new = keeping.begin(s, work, args, own_id(), context.now())
        if is_new:
            detail = {"work": work.value, "job": job.id}
            journal.tell(s, "upkeep asked for", detail=detail)
    if is_new:
        flash(gettext("It is begun; you can leave this page and come back."))
    else:
        flash(gettext("This is under way already."), "attention")
    return redirect(url_for("admin.upkeep", _anchor=work.value), 303)
