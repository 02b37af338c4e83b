"""One's own reports, and one's own records that were withdrawn."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records import store
from archive.reports import appealing, finding
from archive.web.pages.reporting.blueprint import (
    UNPROCESSABLE,
    AppealForm,
    bp,
    complain,
    has_appealed,
)
from archive.web.request import context, limits
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import asked, reported
from archive.web.showing.asked import Subject
from auth.access.requests import Scope
from auth.errors import AuthError
from auth.policy import Action

MOST = 500


@bp.get("/account/reports")
@needs(Action.MANAGE_OWN_ACCOUNT)
def listing() -> str:
    """What one has reported, newest first; what of one's own was withdrawn."""
    with context.read_session() as s:
        rows = finding.of_account(s, _own())
        return render_template(
            "reporting/list.html",
            found=reported.all_shown(s, rows),
            withdrawn=_withdrawn(s),
        )


@bp.get("/account/reports/<report_id>")
@needs(Action.MANAGE_OWN_ACCOUNT)
def own_report(report_id: str) -> str:
    """One report of one's own.

    :raises NotThere: there is none, or it is somebody else's
    """
    return _page(report_id, AppealForm())


@bp.post("/account/reports/<report_id>/appeal")
@needs(Action.MANAGE_OWN_ACCOUNT, Action.APPEAL)
def appeal_own(report_id: str) -> Response | tuple[str, int]:
    """Appeal, once.

    :raises NotThere: there is none, or it is somebody else's
    """
    given = AppealForm(request.form)
    if has_appealed(given, lambda s: finding.own(s, _own(), report_id)):
        return redirect(url_for("reporting.own_report", report_id=report_id), 303)
    return _page(report_id, given), UNPROCESSABLE


@bp.get("/records/<record_id>/appeal")
@needs(Action.ASK_BACK)
def ask_back_form(record_id: str) -> str:
    """Where a depositor asks for what was withdrawn."""
    with context.read_session() as s:
        return _back_page(s, record_id, AppealForm())


@bp.post("/records/<record_id>/appeal")
@needs(Action.ASK_BACK)
def ask_back(record_id: str) -> Response | tuple[str, int]:
    """Ask, as its depositor, for a withdrawn record; once.

    :raises TooFast: too many came from this account
    """
    given = AppealForm(request.form)
    if given.validate():
        limits.spend_report()
        try:
            with context.write_session() as s:
                site, words = context.site(), given.words.data
                row = appealing.ask_back(
                    site, s, record_id, words, _own(), language(), context.now()
                )
                report_id = row.id
        except AuthError as refused:
            complain(given, refused)
        else:
            flash(gettext("Your appeal has arrived. Somebody else decides on it."))
            address = url_for("reporting.own_report", report_id=report_id)
            return redirect(address, 303)
    with context.read_session() as s:
        return _back_page(s, record_id, given), UNPROCESSABLE


def _own() -> str:
    return context.viewer().account_id or ""


def _page(report_id: str, given: AppealForm) -> str:
    with context.read_session() as s:
        found = reported.shown(s, finding.own(s, _own(), report_id))
        return render_template(
            "reporting/own.html",
            found=found,
            form=given,
            appeal_url=url_for("reporting.appeal_own", report_id=report_id),
        )


def _back_page(s: Session, record_id: str, given: AppealForm) -> str:
    subject = asked.subject_of(s, Scope(record_id=record_id))
    record = store.require(s, record_id)
    return render_template(
        "reporting/back.html",
        subject=subject,
        record=record,
        form=given,
        is_possible=appealing.may_ask_back(s, record, _own()),
    )


def _withdrawn(s: Session) -> list[tuple[Subject, str, bool]]:
    """One's own records that stand withdrawn; whether they can be asked back."""
    found = []
    for record in store.deposited_by(s, _own(), MOST):
        if context.may(Action.ASK_BACK, store.item_of(record)):
            subject = asked.subject_of(s, Scope(record_id=record.id))
            is_open = appealing.may_ask_back(s, record, _own())
            found.append((subject, record.id, is_open))
    return found
