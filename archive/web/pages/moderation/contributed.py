"""The desk of what was handed in from outside: the queue, one of them, deciding.

Pictures are met blurred, as anything that nobody has labelled; nothing clear is opened
here. Nobody but those who review knows of what stands on these pages.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import previewing
from archive.contributions import deciding, desk, finding, quarantine, words
from archive.contributions.deciding import Decision
from archive.contributions.handing import MOST_WORDS
from archive.contributions.kinds import OPEN, State
from archive.contributions.tables import Contribution
from archive.records import store
from archive.records.tables import Record
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, fields, i18n, sentences
from archive.web.request.guard import needs
from archive.web.showing import cards, contributed, twins
from auth.errors import AuthError, FactsRefused
from auth.policy import Action

UNPROCESSABLE = 422
OUTCOMES = {
    State.ACCEPTED: _("Accept: it becomes a record that waits for its labels"),
    State.DECLINED: _("Decline: its files are shredded after their time"),
}


class OutcomeForm(fields.Form):
    """What is decided, and why."""

    outcome = fields.RadioField(
        _("What is decided"),
        [fields.chosen()],
        choices=fields.choices_of(OUTCOMES.items()),
    )
    reason = fields.TextAreaField(
        _("What the contributor reads"),
        [fields.optional(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_(
            "Needed where it is declined. Write it in their language if you can. Name"
            " nobody."
        ),
    )
    note = fields.TextAreaField(
        _("Note for the house"),
        [fields.optional(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_("Kept sealed; only those who review contributions read it."),
    )


class QuestionForm(fields.Form):
    """What the contributor is asked."""

    words = fields.TextAreaField(
        _("Your question"),
        [fields.filled(_("Please write something.")), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_(
            "They read it with their reference. Ask for no name and no address."
        ),
    )


@bp.get("/contributions")
@needs(Action.READ_CONTRIBUTIONS)
def contributions() -> str:
    """The queue, oldest first."""
    site, now = context.site(), context.now()
    state = request.args.get("state", "")
    with context.read_session() as s:
        rows = desk.table(s, state)
        titles = {row.id: _title(s, row) for row in rows}
        held = quarantine.held(site, s)
    return render_template(
        "moderation/contributions.html",
        found=[(row, titles[row.id], now - row.made_at) for row in rows],
        holders={row.id: desk.holder(row, now) for row in rows},
        held=held,
        state=state,
        states=[(each.value, words_[0]) for each, words_ in contributed.STATES.items()],
    )


@bp.get("/contributions/<contribution_id>")
@needs(Action.READ_CONTRIBUTIONS)
def contribution(contribution_id: str) -> str:
    """One contribution, and what can be done with it.

    :raises NotThere: there is none
    """
    return _page(contribution_id)


@bp.post("/contributions/<contribution_id>/take")
@needs(Action.REVIEW_CONTRIBUTIONS)
def take_contribution(contribution_id: str) -> Response:
    """Take it up for half an hour."""

    def act(s: Session, row: Contribution) -> None:
        desk.take(context.site(), s, row, _own(), context.now())

    return _acted(contribution_id, act)


@bp.post("/contributions/<contribution_id>/give-back")
@needs(Action.REVIEW_CONTRIBUTIONS)
def give_back_contribution(contribution_id: str) -> Response:
    """Let others take it."""
    return _acted(contribution_id, lambda s, row: desk.give_back(s, row, _own()))


@bp.post("/contributions/<contribution_id>/ask")
@needs(Action.REVIEW_CONTRIBUTIONS)
def ask_contributor(contribution_id: str) -> Response | tuple[str, int]:
    """Ask the contributor something, and put it back.

    :raises NotThere: there is none
    """
    given = QuestionForm(request.form)

    def act(s: Session, row: Contribution) -> None:
        text, now = given.words.data, context.now()
        desk.ask(context.site(), s, row, text, _own(), now)

    if given.validate() and _done(contribution_id, act, given, "words"):
        flash(gettext("Asked. It comes back to the queue when they answer."))
        return _back(contribution_id)
    return _page(contribution_id, asking=given), UNPROCESSABLE


@bp.post("/contributions/<contribution_id>/decide")
@needs(Action.REVIEW_CONTRIBUTIONS)
def decide_contribution(contribution_id: str) -> Response | tuple[str, int]:
    """Accept or decline it.

    :raises NotThere: there is none
    """
    given = OutcomeForm(request.form)

    def act(s: Session, row: Contribution) -> None:
        reason, note = given.reason.data or "", given.note.data or ""
        decision = Decision(State(given.outcome.data), reason, note)
        deciding.decide(context.site(), s, row, decision, _own(), context.now())

    if given.validate() and _done(contribution_id, act, given, "outcome"):
        flash(gettext("Decided. The contributor reads it by the reference."))
        return _back(contribution_id)
    return _page(contribution_id, deciding_=given), UNPROCESSABLE


Act = Callable[[Session, Contribution], None]


def _acted(contribution_id: str, act: Act) -> Response:
    with context.write_session() as s:
        row = finding.require(s, contribution_id)
        try:
            act(s, row)
        except AuthError as refused:
            flash(sentences.said(refused), "attention")
    return _back(contribution_id)


def _done(contribution_id: str, act: Act, given: fields.Form, beside: str) -> bool:
    """Whether it went well; else the sentences stand in the form."""
    with context.write_session() as s:
        row = finding.require(s, contribution_id)
        try:
            with s.begin_nested():
                act(s, row)
        except FactsRefused as refused:
            for name, sentence in refused.fields.items():
                fields.complain(given[name if name in given else beside], sentence)
        except AuthError as refused:
            fields.complain(given[beside], refused)
        else:
            return True
    return False


def _back(contribution_id: str) -> Response:
    page = url_for("moderation.contribution", contribution_id=contribution_id)
    return redirect(page, 303)


def _page(
    contribution_id: str,
    *,
    asking: QuestionForm | None = None,
    deciding_: OutcomeForm | None = None,
) -> str:
    site, now = context.site(), context.now()
    with context.read_session() as s:
        row = finding.require(s, contribution_id)
        record = store.require(s, row.record_id)
        told = {
            name: words.opened(site.sealing, row, name)
            for name in ("contact", "reason", "note")
        }
        return render_template(
            "moderation/contribution.html",
            row=row,
            title=_title(s, row),
            document=store.document_of(site.sealing, record),
            record=record,
            told=words.told_of(site.sealing, row),
            wishes=contributed.WISHES,
            lines=contributed.lines(s, row),
            files=[] if row.shredded_at else _files(s, record),
            near=desk.too_near(row, _own()),
            holder=desk.holder(row, now),
            mine=desk.holder(row, now) == _own(),
            is_open=row.state in OPEN,
            asking=asking or QuestionForm(),
            deciding=deciding_ or OutcomeForm(),
            declined_days=site.config.declined_days,
            **told,
        )


def _files(s: Session, record: Record) -> list[dict[str, object]]:
    """Each file with its blurred preview, and what is near it in the archive."""
    site, who, now = context.site(), context.viewer(), context.now()
    found: list[dict[str, object]] = []
    for asset in store.assets_of(s, record.id):
        shown = previewing.showing(site, who, record, asset, now)
        found.append(
            {
                "asset": asset,
                "details": store.details_of(site.sealing, asset),
                "picture": cards.picture(s, shown),
                "twins": twins.of_asset(s, asset),
            }
        )
    return found


def _title(s: Session, row: Contribution) -> str:
    record = store.require(s, row.record_id)
    return store.document_of(context.site().sealing, record).title(i18n.language())


def _own() -> str:
    return context.viewer().account_id or ""
