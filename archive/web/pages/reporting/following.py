"""Following a report by its reference, without an account: state, outcome, appeal.

Whoever has the reference is taken for the reporter. A reference that there is not
answers 404, and how often one may try is counted.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.reports import codes, finding
from archive.web.pages.reporting.blueprint import (
    UNPROCESSABLE,
    AppealForm,
    bp,
    has_appealed,
)
from archive.web.request import context, fields, limits
from archive.web.request.guard import needs
from archive.web.showing import reported
from auth.errors import NotThere
from auth.policy import Action


class CodeForm(fields.Form):
    """The reference of a report."""

    code = fields.StringField(
        _("Your reference"),
        [fields.filled(), fields.at_most(60)],
        filters=[fields.tidied],
        description=_("Twenty letters and digits, such as 7k2m-9xq4-01hv-ntyb-e5rw."),
    )


@bp.get("/reports")
@needs(Action.FOLLOW_REPORT)
def ask() -> str:
    """Where to type the reference."""
    return render_template("reporting/code.html", form=CodeForm())


@bp.post("/reports")
@needs(Action.FOLLOW_REPORT)
def look() -> Response | tuple[str, int]:
    """Go to the report of this reference.

    :raises TooFast: too many were tried from there
    """
    given = CodeForm(request.form)
    if given.validate():
        limits.spend("report code", limits.CODES)
        try:
            with context.read_session() as s:
                finding.by_code(s, given.code.data)
        except NotThere:
            told = gettext("There is no report with this reference. Look at it again.")
            fields.complain(given.code, told)
        else:
            code = codes.spaced(given.code.data)
            return redirect(url_for("reporting.follow", code=code), 303)
    return render_template("reporting/code.html", form=given), UNPROCESSABLE


@bp.get("/reports/<code>")
@needs(Action.FOLLOW_REPORT)
def follow(code: str) -> str:
    """How the report stands.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried from there
    """
    return _page(code, AppealForm())


@bp.post("/reports/<code>/appeal")
@needs(Action.FOLLOW_REPORT, Action.APPEAL)
def appeal(code: str) -> Response | tuple[str, int]:
    """Appeal, once.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried from there
    """
    limits.spend("report code", limits.CODES)
    given = AppealForm(request.form)
    if has_appealed(given, lambda s: finding.by_code(s, code)):
        return redirect(url_for("reporting.follow", code=code), 303)
    return _page(code, given), UNPROCESSABLE


def _page(code: str, given: AppealForm) -> str:
    limits.spend("report code", limits.CODES)
    with context.read_session() as s:
        found = reported.shown(s, finding.by_code(s, code))
        return render_template(
            "reporting/report.html",
            found=found,
            form=given,
            code=codes.spaced(code),
            appeal_url=url_for("reporting.appeal", code=code),
            is_new="new" in request.args,
        )
