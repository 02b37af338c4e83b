"""What stands around a decision: evidence, remarks, and the referee's link.

A file of evidence is opened by a button that says so, never by an address that could be
passed on; the ledger has the line before the first byte leaves.
"""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.answer.disposition import content_disposition
from archive.web.answer.headers import MEDIA_POLICY
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.pages.admin.reviewed import (
    STAFF,
    RemarkForm,
    application_page,
    require,
)
from archive.web.pages.apply.blueprint import ask_referee
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.vetting import mail_news
from auth.errors import AuthError, NotPossible, NotThere, OwnAccount
from auth.policy import Action
from auth.vetting import evidence, remarks
from auth.vetting.applications import State
from auth.vetting.tables import Application, EvidenceFile

UNPROCESSABLE = 422
OPAQUE = "application/octet-stream"


@bp.post("/applications/<application_id>/evidence/<file_id>")
@needs(Action.READ_EVIDENCE)
def open_evidence(application_id: str, file_id: str) -> FlaskResponse:
    """One file of evidence, as a download; the ledger's line is written before.

    :raises OwnAccount: it is one's own application
    """
    sealing = context.site().sealing
    with context.write_session() as s:
        application = require(s, application_id)
        row = _file(s, application, file_id)
        if application.account_id == own_id():
            raise OwnAccount("Somebody else reads your evidence.")
        _tell(s, "evidence opened", application, file=row.id)
    with context.read_session() as s:
        row = _file(s, application, file_id)
        content = evidence.content_of(sealing, application, row, own_id())
        answer = make_response(content)
        answer.headers.update(
            {
                "Content-Type": row.media_type,
                "Content-Disposition": content_disposition(
                    OPAQUE, evidence.name_of(sealing, row)
                ),
                "Content-Security-Policy": MEDIA_POLICY,
                "Cache-Control": "no-store",
            }
        )
    return answer


@bp.post("/applications/<application_id>/remarks")
@needs(Action.REVIEW_APPLICATIONS)
def remark(application_id: str) -> Response | tuple[str, int]:
    """Say something to the applicant, or keep a note among staff."""
    given = RemarkForm(request.form)
    if not given.validate():
        return application_page(application_id, remark_form=given), UNPROCESSABLE
    is_note = given.audience.data == STAFF
    try:
        with context.write_session() as s:
            application = require(s, application_id)
            row = remarks.add(
                s,
                context.site().sealing,
                application,
                own_id(),
                given.text.data,
                context.now(),
                staff_only=is_note,
            )
            _tell(s, "application remark", application, remark=row.id, note=is_note)
            if not is_note:
                mail_news(s, application)
    except AuthError as refused:
        fields.complain(given.text, refused)
        return application_page(application_id, remark_form=given), UNPROCESSABLE
    return redirect(url_for("admin.application", application_id=application_id), 303)


@bp.post("/applications/<application_id>/reference")
@needs(Action.REVIEW_APPLICATIONS)
def ask_for_reference(application_id: str) -> Response:
    """Mail the referee a new link; the earlier one stops working.

    :raises OwnAccount: it is one's own application
    :raises NotPossible: nobody waits for an answer
    """
    with context.write_session() as s:
        application = require(s, application_id)
        if application.account_id == own_id():
            raise OwnAccount("Nobody decides about their own account.")
        if application.state not in (State.SUBMITTED, State.RETURNED):
            raise NotPossible("This application has been decided already.")
        if application.held_by is not None or application.confirmed_at is None:
            raise NotPossible(gettext("This application is not reviewed yet."))
        ask_referee(s, application, own_id())
        _tell(s, "reference asked for", application)
    flash(gettext("The referee gets a new link by mail."))
    return redirect(url_for("admin.application", application_id=application_id), 303)


def _file(s: Session, application: Application, file_id: str) -> EvidenceFile:
    """:raises NotFound: the application has no such file"""
    try:
        return evidence.get(s, application, file_id)
    except NotThere:
        raise NotFound from None


def _tell(s: Session, event: str, application: Application, **detail: object) -> None:
    detail["application"] = application.id
    journal.tell(s, event, account=application.account_id, detail=detail)
