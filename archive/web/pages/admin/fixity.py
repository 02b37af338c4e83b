"""Whether every sealed file is still what was deposited: rounds, and what is not."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.web.pages.admin.blueprint import bp
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import fixity as showing
from auth.policy import Action


@bp.get("/fixity")
@needs(Action.READ_OPERATIONS)
def fixity() -> str:
    """How the reading stands, and what is set aside."""
    with context.read_session() as s:
        found = showing.standing(s)
    return render_template(
        "admin/fixity.html",
        standing=found,
        kinds=showing.KINDS,
        problems=showing.PROBLEMS,
        keepers=showing.KEEPERS,
    )


@bp.post("/fixity")
@needs(Action.MANAGE_JOBS)
def read_files_now() -> Response:
    """Read every file back now, beside other work."""
    with context.write_session() as s:
        _job, is_new = showing.read_now(s, context.now())
    if is_new:
        flash(gettext("Every file is read back, beside other work."))
    else:
        flash(gettext("Files are being read back already."), "attention")
    return redirect(url_for("admin.fixity"), 303)
