"""The form by which anybody says what is wrong with a record.

A record that may not be known of answers as one that is not there: the guard has looked
before anything here is read.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records import store
from archive.reports import handing
from archive.reports.handing import MOST_WORDS, Said
from archive.reports.kinds import READERS, Kind
from archive.web.pages.reporting.blueprint import UNPROCESSABLE, bp, complain
from archive.web.request import context, fields, limits
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import asked
from archive.web.showing.reported import KINDS
from auth.access.requests import Scope
from auth.errors import AuthError
from auth.policy import Action

OPTIONAL_ADDRESS = [fields.optional(), fields.email_address()]


class ReportForm(fields.Form):
    """What is wrong, in which file, and where to write to."""

    kind = fields.RadioField(
        _("What is wrong"),
        [fields.chosen()],
        choices=fields.choices_of((kind.value, KINDS[kind]) for kind in READERS),
    )
    file = fields.SelectField(_("Which file"), [fields.optional()], choices=[])
    words = fields.TextAreaField(
        _("In your own words"),
        [fields.filled(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_(
            "Kept sealed: only those who decide read it. If it is about you, say how"
            " the archive can find you in it; nobody asks you for a document here."
        ),
    )
    contact = fields.EmailField(
        _("Where to write to"),
        OPTIONAL_ADDRESS,
        filters=[fields.tidied],
        description=_(
            "Only to tell you that there is an outcome. Kept sealed, and forgotten 90"
            " days after the decision. Without it, your reference is enough."
        ),
    )


@bp.get("/records/<record_id>/report")
@needs(Action.REPORT)
def form(record_id: str) -> str:
    """The form."""
    given = ReportForm(request.args)
    with context.read_session() as s:
        return _page(s, record_id, given)


@bp.post("/records/<record_id>/report")
@needs(Action.REPORT)
def send(record_id: str) -> Response | tuple[str, int]:
    """Take the report; whoever made it goes on to where it is followed.

    :raises TooFast: too many came from there, or altogether
    """
    given = ReportForm(request.form)
    with context.read_session() as s:
        _offer_files(s, record_id, given)
    if given.validate():
        limits.spend_report()
        try:
            with context.write_session() as s:
                code = _handed_in(s, record_id, given)
        except AuthError as refused:
            complain(given, refused)
        else:
            return redirect(url_for("reporting.follow", code=code, new="yes"), 303)
    with context.read_session() as s:
        return _page(s, record_id, given), UNPROCESSABLE


def _handed_in(s: Session, record_id: str, given: ReportForm) -> str:
    said = Said(
        kind=Kind(given.kind.data),
        words=given.words.data,
        file=int(given.file.data) if given.file.data else None,
        contact=given.contact.data or "",
        language=language(),
    )
    account_id = context.viewer().account_id
    site, now = context.site(), context.now()
    _row, code = handing.hand_in(site, s, record_id, said, account_id, now)
    return code


def _page(s: Session, record_id: str, given: ReportForm) -> str:
    _offer_files(s, record_id, given)
    subject = asked.subject_of(s, Scope(record_id=record_id))
    return render_template("reporting/form.html", subject=subject, form=given)


def _offer_files(s: Session, record_id: str, given: ReportForm) -> None:
    """The record's files by their number, as its page counts them."""
    files = store.assets_of(s, record_id)
    given.file.choices = fields.choices_of(
        (
            (each.position + 1, gettext("File %(number)d", number=each.position + 1))
            for each in files
        ),
        first=gettext("the record as a whole"),
    )
