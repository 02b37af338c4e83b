"""Emergencies: one administrator asks, another confirms, a third looks at it after."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records.errors import NoSuchRecord
from archive.requests import breaking
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth import staff
from auth.access import emergencies as kept
from auth.access.emergencies import MOST_MINUTES, State
from auth.access.requesttables import EmergencyRow
from auth.errors import AuthError
from auth.policy import Action

UNPROCESSABLE = 422
LENGTHS = (5, 10, 15, 30, MOST_MINUTES)
ENOUGH = 3
"""Administrators, so that a third one can look at what two did."""


class AskForm(fields.Form):
    """Which record, for how long, and why it cannot wait."""

    record = fields.StringField(
        _("Record"),
        [fields.filled(), fields.at_most(40)],
        filters=[fields.tidied],
        description=_("The letters and digits at the end of its address."),
    )
    minutes = fields.SelectField(
        _("For how many minutes"),
        choices=fields.choices_of((n, str(n)) for n in LENGTHS),
    )
    reason = fields.TextAreaField(
        _("Why this cannot wait for a request"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


class WhyForm(fields.Form):
    """What was found, or why it ends."""

    text = fields.TextAreaField(
        _("What you found, or why it ends"),
        [fields.filled(_("Please write something.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


@bp.get("/emergencies")
@needs(Action.DECIDE_REQUESTS)
def emergencies() -> str:
    """All of them, newest first, and the form for another."""
    return _list(AskForm(data={"record": request.args.get("record", "")}))


@bp.post("/emergencies")
@needs(Action.BREAK_GLASS)
def ask_emergency() -> Response | tuple[str, int]:
    """Ask; nothing opens before another administrator confirms."""
    given, site = AskForm(request.form), context.site()
    if not given.validate():
        return _list(given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            row = breaking.ask(
                site,
                s,
                given.record.data,
                int(given.minutes.data),
                given.reason.data,
                by=own_id(),
                now=context.now(),
            )
    except (AuthError, NoSuchRecord) as refused:
        fields.complain(given.record, refused)
        return _list(given), UNPROCESSABLE
    flash(gettext("Asked for. Now another administrator confirms it, within an hour."))
    return redirect(url_for("admin.emergency", emergency_id=row.id), 303)


@bp.get("/emergencies/<emergency_id>")
@needs(Action.DECIDE_REQUESTS)
def emergency(emergency_id: str) -> str:
    """One of them: who did what, and what is to be done.

    :raises NotThere: there is none of that id
    """
    return _page(emergency_id, WhyForm())


@bp.post("/emergencies/<emergency_id>/confirm")
@needs(Action.BREAK_GLASS)
def confirm_emergency(emergency_id: str) -> Response | tuple[str, int]:
    """Confirm what another administrator asked for."""

    def act(s: Session, row: EmergencyRow) -> None:
        breaking.confirm(context.site(), s, row, own_id(), context.now())

    return _done(emergency_id, act, gettext("Confirmed. It is open, and runs."))


@bp.post("/emergencies/<emergency_id>/withdraw")
@needs(Action.BREAK_GLASS)
def withdraw_emergency(emergency_id: str) -> Response | tuple[str, int]:
    """Take it back, or refuse it."""

    def act(s: Session, row: EmergencyRow) -> None:
        breaking.withdraw(context.site(), s, row, own_id(), context.now())

    return _done(emergency_id, act, gettext("Withdrawn. Nothing was opened."))


@bp.post("/emergencies/<emergency_id>/end")
@needs(Action.BREAK_GLASS)
def end_emergency(emergency_id: str) -> Response | tuple[str, int]:
    """End it before its time."""

    def act(s: Session, row: EmergencyRow, text: str) -> None:
        breaking.end(context.site(), s, row, own_id(), text, context.now())

    return _with_text(emergency_id, act, gettext("It is over."))


@bp.post("/emergencies/<emergency_id>/review")
@needs(Action.BREAK_GLASS)
def review_emergency(emergency_id: str) -> Response | tuple[str, int]:
    """Write down what was found."""

    def act(s: Session, row: EmergencyRow, text: str) -> None:
        breaking.review(context.site(), s, row, own_id(), text, context.now())

    return _with_text(emergency_id, act, gettext("Reviewed."))


def _with_text(
    emergency_id: str,
    act: Callable[[Session, EmergencyRow, str], None],
    sentence: str,
) -> Response | tuple[str, int]:
    given = WhyForm(request.form)
    if not given.validate():
        return _page(emergency_id, given), UNPROCESSABLE
    text = given.text.data
    return _done(emergency_id, lambda s, row: act(s, row, text), sentence, given)


def _done(
    emergency_id: str,
    act: Callable[[Session, EmergencyRow], None],
    sentence: str,
    given: WhyForm | None = None,
) -> Response | tuple[str, int]:
    try:
        with context.write_session() as s:
            act(s, kept.get(s, emergency_id))
    except AuthError as refused:
        if given is None:
            raise
        fields.complain(given.text, refused)
        return _page(emergency_id, given), UNPROCESSABLE
    flash(sentence)
    return redirect(url_for("admin.emergency", emergency_id=emergency_id), 303)


def _list(given: AskForm) -> str:
    with context.read_session() as s:
        found = kept.listing(s)
        people = [who for row in found for who in (row.asked_by, row.confirmed_by)]
        return render_template(
            "admin/access/emergencies.html",
            found=[(row, kept.state_of(s, row, context.now())) for row in found],
            names=names(s, people),
            form=given,
            is_enough=len(staff.administrators(s)) >= ENOUGH,
        )


def _page(emergency_id: str, given: WhyForm) -> str:
    site = context.site()
    with context.read_session() as s:
        row = kept.get(s, emergency_id)
        state = kept.state_of(s, row, context.now())
        people = [row.asked_by, row.confirmed_by, row.reviewed_by]
        return render_template(
            "admin/access/emergency.html",
            row=row,
            state=state,
            reason=kept.reason_of(site.sealing, row),
            review=kept.review_of(site.sealing, row),
            names=names(s, people),
            has_third=kept.has_third(s, row),
            is_own=row.asked_by == own_id(),
            is_confirmer=row.confirmed_by == own_id(),
            is_asked=state is State.ASKED,
            is_running=state is State.OPEN,
            is_over=state is State.OVER,
            form=given,
        )
