"""Applications: what waits, and one with its evidence beside the decision.

Review goes by stages: identity, reference, final. The form names the stage that the
administrator looked at, so that of two who decide at once one is told so.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import vetting
from archive.web.pages.admin.blueprint import bp
from archive.web.pages.admin.changes import end_of
from archive.web.pages.admin.reviewed import (
    STAGES,
    DecisionForm,
    application_page,
    require,
)
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth.errors import AuthError
from auth.policy import Action
from auth.vetting import applications as kept
from auth.vetting.applications import Stage
from auth.vetting.facts import facts_of
from auth.vetting.review import Outcome
from auth.vetting.tables import Application

UNPROCESSABLE = 422


@bp.get("/applications")
@needs(Action.REVIEW_APPLICATIONS)
def applications() -> str:
    """What waits, the longest waiting first, and what was decided last."""
    with context.read_session() as s:
        waiting = _with_facts(kept.pending(s))
        unconfirmed = _with_facts(kept.unconfirmed(s))
        held = _with_facts(kept.held(s))
        decided = _with_facts(kept.decided(s, limit=50))
    return render_template(
        "admin/applications.html",
        waiting=waiting,
        unconfirmed=unconfirmed,
        held=held,
        decided=decided,
        stages=STAGES,
        now=context.now(),
    )


@bp.get("/applications/<application_id>")
@needs(Action.REVIEW_APPLICATIONS)
def application(application_id: str) -> str:
    """One application: the evidence, and the form to decide on it."""
    return application_page(application_id)


@bp.post("/applications/<application_id>")
@needs(Action.REVIEW_APPLICATIONS)
def decide(application_id: str) -> Response | tuple[str, int]:
    """Decide, with a reason, for somebody else."""
    given = DecisionForm(request.form)
    if not given.validate():
        return application_page(application_id, given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            _decide(s, require(s, application_id), given)
    except AuthError as refused:
        fields.complain(given.outcome, refused)
        return application_page(application_id, given), UNPROCESSABLE
    flash(gettext("Decided. The applicant sees it on their page."))
    return redirect(url_for("admin.applications"), 303)


def _decide(s: Session, application: Application, given: DecisionForm) -> None:
    vetting.decide(
        s,
        application,
        Outcome(given.outcome.data),
        given.reason.data,
        until=end_of(given.until.data),
        stage=_stage(given),
    )


def _stage(given: DecisionForm) -> Stage | None:
    """What the decider looked at; without a word of it, whichever it is in."""
    named = given.stage.data
    return Stage(named) if named in set(Stage) else None


def _with_facts(found: list[Application]) -> list[tuple[Application, object]]:
    sealing = context.site().sealing
    return [(each, facts_of(sealing, each)) for each in found]
