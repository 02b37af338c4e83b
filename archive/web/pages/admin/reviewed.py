"""One application as administrators see it: everything about it, and its forms."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from archive.web.pages.admin.blueprint import names, own_id
from archive.web.pages.admin.changes import today
from archive.web.pages.apply.form import evidence as told
from archive.web.request import context, fields
from archive.web.vetting import until_as_set
from auth import accounts
from auth.errors import NotThere
from auth.vetting import applications as kept
from auth.vetting import evidence, links, references, remarks
from auth.vetting.applications import Stage, State
from auth.vetting.facts import facts_of
from auth.vetting.links import Purpose
from auth.vetting.remarks import LONGEST
from auth.vetting.review import Outcome
from auth.vetting.tables import Application

STAGES = {
    Stage.IDENTITY: _("Identity"),
    Stage.REFERENCE: _("Reference"),
    Stage.FINAL: _("Final decision"),
}
OUTCOMES = (
    (Outcome.APPROVE, _("This stage is passed")),
    (Outcome.RETURN, _("Send back with a question")),
    (Outcome.REJECT, _("Decline")),
)


EVERYBODY, STAFF = "both", "staff"


class RemarkForm(fields.Form):
    """A remark, and who reads it; nothing is chosen beforehand."""

    text = fields.TextAreaField(
        _("Message or note"),
        [fields.filled(), fields.at_most(LONGEST)],
        filters=[fields.tidied],
    )
    audience = fields.RadioField(
        _("Who reads it"),
        [fields.chosen()],
        choices=fields.choices_of(
            (
                (EVERYBODY, _("The applicant and administrators")),
                (STAFF, _("Administrators only: a note")),
            )
        ),
    )


class DecisionForm(fields.Form):
    """What is decided, until when, and why; nothing is chosen beforehand."""

    outcome = fields.RadioField(
        _("Decision"),
        [fields.chosen(_("Please choose what you decide."))],
        choices=fields.choices_of(OUTCOMES),
    )
    stage = fields.StringField(_("Stage"), [fields.optional()])
    until = fields.DateField(
        _("Vetted until"), [fields.optional(), fields.after(today)]
    )
    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("The applicant reads this. Say what you checked, and how."),
    )


def application_page(
    application_id: str,
    given: DecisionForm | None = None,
    *,
    remark_form: RemarkForm | None = None,
) -> str:
    """One application with everything about it.

    :raises NotFound: there is no such application
    """
    with context.read_session() as s:
        shown = require(s, application_id)
        account = accounts.get(s, shown.account_id)
        parts = _parts(s, shown)
        others = [
            other
            for other in kept.for_account(s, account.id)
            if other.id != application_id
        ]
        actors = [each.by for each in (*parts["decisions"], *parts["said"])]
        known = names(s, actors)
    facts = facts_of(context.site().sealing, shown)
    return render_template(
        "admin/application.html",
        form=given or DecisionForm(data={"until": last_day()}),
        application=shown,
        account=account,
        facts=facts,
        evidence=told(facts),
        remark_form=remark_form or RemarkForm(),
        others=others,
        names=known,
        stages=STAGES,
        is_waiting=shown.state == State.SUBMITTED,
        is_open=shown.state in (State.SUBMITTED, State.RETURNED),
        is_own=account.id == own_id(),
        **parts,
    )


def require(s: Session, application_id: str) -> Application:
    """:raises NotFound: there is no such application"""
    try:
        return kept.get(s, application_id)
    except NotThere:
        raise NotFound from None


def _parts(s: Session, shown: Application) -> dict[str, Any]:
    sealing = context.site().sealing
    is_own = shown.account_id == own_id()
    said = remarks.about(s, shown, with_notes=not is_own)
    answers = [] if is_own else references.answers_on(s, shown)
    return {
        "decisions": kept.decisions_on(s, shown.id),
        "said": said,
        "words": {row.id: remarks.text_of(sealing, row) for row in said},
        "answers": [(row, references.opened(sealing, row)) for row in answers],
        "asked": links.latest(s, Purpose.REFER, shown.id),
        "now": context.now(),
        "files": [
            (row, evidence.name_of(sealing, row)) for row in evidence.of(s, shown)
        ],
    }


def last_day() -> date:
    return until_as_set().date()
