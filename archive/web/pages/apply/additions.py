"""What an applicant adds to an application that waits: files, and remarks."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.answer.disposition import safe_name
from archive.web.pages.apply.blueprint import UNPROCESSABLE, bp, latest
from archive.web.pages.apply.status import RemarkForm, status_page
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.limits import spend
from archive.web.request.uploads import IncomingFile, submission, takes_files
from auth.errors import AuthError, NotPossible, NotThere
from auth.limits import Allowance
from auth.policy import Action
from auth.vetting import evidence, remarks
from auth.vetting.evidence import LARGEST
from auth.vetting.tables import Application
from blur.errors import BlurError
from blur.kinds import HEAD_BYTES, sniff

ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
"""The ending a file is kept with: that of its content, whatever its name said."""
ADDED = Allowance(30, timedelta(hours=1))


@bp.post("/apply/evidence")
@needs(Action.AMEND_APPLICATION)
@takes_files
def add_evidence() -> Response | tuple[str, int]:
    """Seal one file into one's own application.

    :raises TooFast: too many in an hour
    """
    spend("evidence", ADDED)
    try:
        file = next(iter(submission().files()), None)
        if file is None:
            raise NotPossible(gettext("Choose a file first."))
        name, media_type, content = _read(file)
        with context.write_session() as s:
            application = _own(s)
            row = evidence.add(
                s,
                context.site().sealing,
                application,
                name,
                media_type,
                content,
                context.now(),
            )
            _tell(s, "evidence added", application, file=row.id, size=row.size)
    except AuthError as refused:
        return status_page(file_error=refused), UNPROCESSABLE
    flash(gettext("The file is sealed and with your application."))
    return redirect(url_for("apply.status"), 303)


@bp.post("/apply/evidence/<file_id>/remove")
@needs(Action.AMEND_APPLICATION)
def remove_evidence(file_id: str) -> Response:
    """Take a file back.

    :raises NotPossible: the application was decided
    """
    with context.write_session() as s:
        application = _own(s)
        try:
            evidence.remove(s, application, file_id)
        except NotThere:
            raise NotFound from None
        _tell(s, "evidence removed", application, file=file_id)
    flash(gettext("The file is deleted."))
    return redirect(url_for("apply.status"), 303)


@bp.post("/apply/remarks")
@needs(Action.AMEND_APPLICATION)
def add_remark() -> Response | tuple[str, int]:
    """Say something to the administrators about one's own application.

    :raises TooFast: too many in an hour
    """
    given = RemarkForm(request.form)
    if not given.validate():
        return status_page(remark=given), UNPROCESSABLE
    spend("remark", ADDED)
    with context.write_session() as s:
        application, sealing = _own(s), context.site().sealing
        by, words = application.account_id, given.remark.data
        try:
            row = remarks.add(s, sealing, application, by, words, context.now())
        except AuthError as refused:
            fields.complain(given.remark, refused)
            return status_page(remark=given), UNPROCESSABLE
        _tell(s, "application remark", application, remark=row.id)
    return redirect(url_for("apply.status"), 303)


def _read(file: IncomingFile) -> tuple[str, str, bytes]:
    """A file's name, kind and bytes; reads at most one byte more than is allowed.

    :raises NotPossible: it is too large, or of no kind that is known
    """
    content = bytearray()
    while len(content) <= LARGEST and (chunk := file.read(LARGEST + 1 - len(content))):
        content += chunk
    try:
        kind = sniff(bytes(content[:HEAD_BYTES]))
    except BlurError:
        raise NotPossible(gettext("Send a PDF, JPEG or PNG file.")) from None
    stem = safe_name(file.filename).rpartition(".")[0] or safe_name(file.filename)
    ending = ENDINGS.get(kind.media_type, "")
    return stem + ending, kind.media_type, bytes(content)


def _own(s: Session) -> Application:
    """:raises NotFound: whoever asks has handed nothing in"""
    application = latest(s)
    if application is None:
        raise NotFound
    return application


def _tell(s: Session, event: str, application: Application, **detail: object) -> None:
    detail["application"] = application.id
    journal.tell(s, event, account=application.account_id, detail=detail)
