"""What a referee is asked, and answers, by a link and without an account."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import lazy_gettext as _

from archive.web import journal
from archive.web.pages.apply.blueprint import UNPROCESSABLE, bp, opened
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth import notices
from auth.errors import FactsRefused, LinkSpent
from auth.policy import Action
from auth.vetting import applications, references
from auth.vetting.facts import ApplicationFacts
from auth.vetting.references import LONGEST, SHORT, Reference, Vouches

GONE = 410
REFEREE = "referee"
VOUCHES = (
    (Vouches.YES, _("Yes, I vouch for this person")),
    (Vouches.NO, _("No")),
    (Vouches.UNSURE, _("I do not know this person well enough")),
)


class ReferenceForm(fields.Form):
    """Four questions."""

    known_as = fields.StringField(
        _("How do you know this person?"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("For example: I supervise their thesis."),
    )
    known_since = fields.StringField(
        _("Since when?"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("A year is enough."),
    )
    vouches = fields.RadioField(
        _("Do you vouch that they will treat such material with care?"),
        [fields.chosen()],
        choices=fields.choices_of(VOUCHES),
    )
    words = fields.TextAreaField(
        _("In your own words"),
        [fields.filled(), fields.at_most(LONGEST)],
        filters=[fields.tidied],
        description=_(
            "What they work on, how they handle what is confidential, and anything "
            "that we should know."
        ),
    )


@bp.get("/refer/<token>")
@needs(Action.ANSWER_REFERENCE)
def refer(token: str) -> str | tuple[str, int]:
    """The questions; looking at them does not use the link up."""
    try:
        return _page(_asked_about(token), ReferenceForm())
    except LinkSpent:
        return _spent()


@bp.post("/refer/<token>")
@needs(Action.ANSWER_REFERENCE)
def answer_reference(token: str) -> str | tuple[str, int]:
    """Keep the answer, sealed, with its time; the link works no more."""
    given = ReferenceForm(request.form)
    try:
        facts = _asked_about(token)
        if not given.validate():
            return _page(facts, given), UNPROCESSABLE
        _keep(token, given)
    except LinkSpent:
        return _spent()
    except FactsRefused as refused:
        for name, sentence in refused.fields.items():
            fields.complain(given[name], sentence)
        return _page(facts, given), UNPROCESSABLE
    return render_template("apply/referred.html", facts=facts)


def _keep(token: str, given: ReferenceForm) -> None:
    site, now = context.site(), context.now()
    said = Reference(
        given.known_as.data,
        given.known_since.data,
        Vouches(given.vouches.data),
        given.words.data,
    )
    with context.write_session() as s:
        row = references.answer(s, site.sealing, token, said, now)
        about = applications.get(s, row.application_id)
        detail = {"application": about.id, "answer": row.id}
        journal.tell(
            s, "reference given", account=about.account_id, by=REFEREE, detail=detail
        )
        kind = notices.Kind.REFERENCE_ANSWERED
        notices.tell(s, about.account_id, kind, now)


def _asked_about(token: str) -> ApplicationFacts:
    """:raises LinkSpent: the link does not work"""
    site = context.site()
    with context.read_session() as s:
        row = references.asked_about(s, site.sealing, token, context.now())
        return opened(row)


def _page(facts: ApplicationFacts, given: ReferenceForm) -> str:
    return render_template("apply/refer.html", facts=facts, form=given)


def _spent() -> tuple[str, int]:
    return render_template("apply/spent.html", asked_by=REFEREE), GONE
