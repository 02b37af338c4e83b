"""Applications: what waits, and one with its evidence beside the decision."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.pages.admin.changes import end_of, today
from archive.web.pages.apply import evidence
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth import accounts
from auth.errors import AuthError, NotThere
from auth.policy import Action
from auth.vetting import applications as kept
from auth.vetting.applications import Outcome, State
from auth.vetting.tables import Application

UNPROCESSABLE = 422
OUTCOMES = (
    (Outcome.APPROVE, _("Approve, until the day below")),
    (Outcome.RETURN, _("Send back with a question")),
    (Outcome.REJECT, _("Decline")),
)


class DecisionForm(fields.Form):
    """What is decided, until when, and why; nothing is chosen beforehand."""

    outcome = fields.RadioField(
        _("Decision"),
        [fields.chosen(_("Please choose what you decide."))],
        choices=fields.choices_of(OUTCOMES),
    )
    until = fields.DateField(
        _("Vetted until"), [fields.optional(), fields.after(today)]
    )
    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("The applicant reads this. Say what you checked, and how."),
    )


@bp.get("/applications")
@needs(Action.REVIEW_APPLICATIONS)
def applications() -> str:
    """What waits, the longest waiting first, and what was decided last."""
    with context.read_session() as s:
        waiting = _with_facts(kept.pending(s))
        decided = _with_facts(kept.decided(s, limit=50))
    return render_template(
        "admin/applications.html", waiting=waiting, decided=decided, now=context.now()
    )


@bp.get("/applications/<application_id>")
@needs(Action.REVIEW_APPLICATIONS)
def application(application_id: str) -> str:
    """One application: the evidence, and the form to decide on it."""
    return _page(application_id, DecisionForm(data={"until": _in_a_year()}))


@bp.post("/applications/<application_id>")
@needs(Action.REVIEW_APPLICATIONS)
def decide(application_id: str) -> Response | tuple[str, int]:
    """Decide, with a reason, for somebody else."""
    given = DecisionForm(request.form)
    if not given.validate():
        return _page(application_id, given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            _decide(s, kept.get(s, application_id), given)
    except NotThere:
        raise NotFound from None
    except AuthError as refused:
        fields.complain(given.outcome, refused)
        return _page(application_id, given), UNPROCESSABLE
    flash(gettext("Decided. The applicant sees it on their page."))
    return redirect(url_for("admin.applications"), 303)


def _decide(s: Session, application: Application, given: DecisionForm) -> None:
    outcome, until = Outcome(given.outcome.data), end_of(given.until.data)
    kept.decide(
        s, application, outcome, given.reason.data, own_id(), until, context.now()
    )
    journal.tell(
        s,
        "application decided",
        account=application.account_id,
        detail={
            "application": application.id,
            "outcome": outcome.value,
            "until": until.isoformat() if until else None,
            "reason": given.reason.data,
        },
    )


def _page(application_id: str, given: DecisionForm) -> str:
    """:raises NotFound: there is no such application"""
    sealing = context.site().sealing
    with context.read_session() as s:
        try:
            shown = kept.get(s, application_id)
        except NotThere:
            raise NotFound from None
        account = accounts.get(s, shown.account_id)
        decisions = kept.decisions_on(s, application_id)
        others = [
            other
            for other in kept.for_account(s, account.id)
            if other.id != application_id
        ]
        known = names(s, [decision.by for decision in decisions])
    return render_template(
        "admin/application.html",
        form=given,
        application=shown,
        account=account,
        facts=kept.facts_of(sealing, shown),
        evidence=evidence(kept.facts_of(sealing, shown)),
        decisions=decisions,
        others=others,
        names=known,
        is_waiting=shown.state == State.SUBMITTED,
        is_own=account.id == own_id(),
    )


def _with_facts(found: list[Application]) -> list[tuple[Application, object]]:
    sealing = context.site().sealing
    return [(each, kept.facts_of(sealing, each)) for each in found]


def _in_a_year() -> date:
    return (context.now() + accounts.VETTED_FOR).date()
