"""Where one's own application stands, and what was said about it."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.web.pages.apply.blueprint import bp, is_waiting, latest, opened
from archive.web.pages.apply.form import evidence as told
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.showing import standing
from auth import accounts
from auth.credentials import second_factor
from auth.policy import Action
from auth.vetting import applications, evidence, references, remarks
from auth.vetting.applications import Stage, State
from auth.vetting.remarks import LONGEST
from auth.vetting.review import Outcome
from auth.vetting.tables import Application, Decision
from auth.viewer import AccountStatus

MAY_ANSWER = (AccountStatus.RETURNED, AccountStatus.EXPIRED, AccountStatus.APPROVED)
STAGES = {
    Stage.IDENTITY: _("Who you are"),
    Stage.REFERENCE: _("Your reference"),
    Stage.FINAL: _("The decision"),
}


class RemarkForm(fields.Form):
    """Something to say."""

    remark = fields.TextAreaField(
        _("Your message"),
        [fields.filled(), fields.at_most(LONGEST)],
        filters=[fields.tidied],
        description=_("Administrators read it; what they answer stands here, too."),
    )


@bp.get("/apply/status")
@needs(Action.APPLY)
def status() -> str:
    """Where one's own application stands; for a stranger, how to come back."""
    return status_page()


def status_page(*, remark: RemarkForm | None = None, file_error: object = None) -> str:
    """The page, with what was typed where that would not do."""
    viewer = context.viewer()
    if viewer.account_id is None:
        return render_template("apply/status.html")
    with context.read_session() as s:
        application = latest(s)
        enrolled = second_factor.is_enrolled(s, viewer.account_id)
        own = accounts.get(s, viewer.account_id)
        renewable = applications.renewable(s, own, context.now()) is not None
        review = _review(s, application) if application else {}
    chain = standing.steps(viewer, context.rules(), context.now(), enrolled=enrolled)
    return render_template(
        "apply/status.html",
        application=application,
        steps=chain,
        facts=told(opened(application)) if application else [],
        may_amend=viewer.status in MAY_ANSWER and not is_waiting(application),
        renewable=renewable,
        remark=remark or RemarkForm(),
        file_error=file_error,
        **review,
    )


def _review(s: Session, application: Application) -> dict[str, Any]:
    sealing = context.site().sealing
    decisions = applications.decisions_on(s, application.id)
    return {
        "decisions": decisions,
        "stages": _stages(application, decisions),
        "is_open": application.state in (State.SUBMITTED, State.RETURNED),
        "files": [
            (row, evidence.name_of(sealing, row)) for row in evidence.of(s, application)
        ],
        "has_reference": bool(references.answers_on(s, application)),
        "remarks": [
            (row, remarks.text_of(sealing, row))
            for row in remarks.about(s, application)
        ],
    }


def _stages(
    application: Application, decisions: list[Decision]
) -> list[tuple[str, Any, Any]]:
    """The way through review as (state, title, words)."""
    confirmed = application.confirmed_at is not None
    first = (
        standing.DONE if confirmed else standing.CURRENT,
        _("Your address"),
        _("Confirmed.")
        if confirmed
        else _("Open the link that we mailed you; nobody reviews anything before."),
    )
    passed = {d.stage for d in decisions if d.outcome == Outcome.APPROVE}
    waits = is_waiting(application) and confirmed
    steps = [first]
    for stage, title in STAGES.items():
        here = waits and application.stage == stage
        done = stage.value in passed or _is_carried(application, stage)
        other = standing.CURRENT if here else standing.WAITING
        steps.append((standing.DONE if done else other, title, None))
    return steps


def _is_carried(application: Application, stage: Stage) -> bool:
    return application.renews_id is not None and stage is not Stage.FINAL
