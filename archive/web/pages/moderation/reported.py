"""The desk of readers' reports: the queue, one report, taking it up, deciding.

Nothing of a record is shown here but its title, its labels and where it stands. Who
sees which report, and what may follow from it, says `archive.web.showing.reportdesk`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records import store
from archive.records.errors import FieldError, RecordsError
from archive.records.tables import Record
from archive.reports import desk, finding
from archive.reports.deciding import MOST_REASON, Decision
from archive.reports.desk import Wanted
from archive.reports.kinds import GRAVE, OPEN, OUTCOMES, Kind, Remedy, State
from archive.reports.remedies import Following
from archive.reports.tables import Report
from archive.web.pages.moderation.blueprint import bp
from archive.web.pages.moderation.decisions import CATEGORIES
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs
from archive.web.showing import asked, reportdesk, reported
from archive.web.showing.recordpage import in_language
from auth.access.requests import Scope
from auth.errors import AuthError, FactsRefused
from auth.policy import Action

UNPROCESSABLE = 422


class DecisionForm(fields.Form):
    """What is decided, why, and what follows for the record."""

    outcome = fields.RadioField(
        _("What is decided"),
        [fields.chosen()],
        choices=fields.choices_of(
            (each, reported.STATES[each][0]) for each in OUTCOMES
        ),
    )
    remedy = fields.RadioField(
        _("What follows"), [fields.chosen()], choices=[], default=Remedy.NONE.value
    )
    reason = fields.TextAreaField(
        _("What the reporter reads"),
        [fields.filled(), fields.at_most(MOST_REASON)],
        filters=[fields.tidied],
        description=_("Write it in their language if you can. Name nobody."),
    )
    note = fields.TextAreaField(
        _("Note for the house"),
        [fields.optional(), fields.at_most(MOST_REASON)],
        filters=[fields.tidied],
        description=_("Kept sealed; only those who decide on reports read it."),
    )
    category = fields.SelectField(
        _("Where it is withdrawn: the reason"),
        [fields.optional()],
        choices=fields.choices_of(CATEGORIES, _("Choose a reason")),
    )
    tombstone = fields.TextAreaField(
        _("Where it is withdrawn: what the tombstone will say"),
        [fields.optional(), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_(
            "This note is public and stays for ever. Name no victim and no address."
        ),
    )
    until = fields.DateField(
        _("Where it is embargoed: until when"),
        [fields.optional(), fields.after(lambda: context.now().date())],
    )


@bp.get("/reports")
@needs(Action.READ_REPORTS)
def reports() -> str:
    """The queue, filtered by the address."""
    given, now = request.args, context.now()
    older = given.get("older_than", 0, int)
    wanted = Wanted(
        grave=reportdesk.sees_grave(),
        kind=given.get("kind", ""),
        state=given.get("state", ""),
        collection=given.get("collection", ""),
        older_than=min(max(older, 0), 3_650),
    )
    with context.read_session() as s:
        rows = desk.table(s, wanted, now)
        found = [(row, _subject(s, row), now - row.made_at) for row in rows]
        shelves = [
            (each.id, in_language(each.titles)[0]) for each in store.collections(s)
        ]
        holders = {row.id: desk.holder(row, now) for row in rows}
    return render_template(
        "moderation/reports.html",
        found=found,
        holders=holders,
        wanted=wanted,
        shelves=shelves,
        kinds=[(k.value, reported.KINDS[k]) for k in Kind if reportdesk.may_see(k)],
        states=[(each.value, words[0]) for each, words in reported.STATES.items()],
        names=reported.KINDS,
        grave=GRAVE,
    )


@bp.get("/reports/<report_id>")
@needs(Action.READ_REPORTS)
def report(report_id: str) -> str:
    """One report, what can be done with it, and what was decided.

    :raises NotThere: there is none, or it is not for this viewer
    """
    return _page(report_id)


@bp.post("/reports/<report_id>/take")
@needs(Action.READ_REPORTS)
def take_report(report_id: str) -> Response:
    """Take it up for half an hour."""

    def act(s: Session, row: Report) -> None:
        desk.take(context.site(), s, row, reportdesk.own(), context.now())

    return _acted(report_id, act)


@bp.post("/reports/<report_id>/give-back")
@needs(Action.READ_REPORTS)
def give_back_report(report_id: str) -> Response:
    """Let others take it."""
    return _acted(report_id, lambda s, row: desk.give_back(s, row, reportdesk.own()))


@bp.post("/reports/<report_id>/decide")
@needs(Action.READ_REPORTS)
def decide_report(report_id: str) -> Response | tuple[str, int]:
    """Decide; what follows for the record is done at once.

    :raises NotThere: there is none, or it is not for this viewer
    :raises RefusedRequestError: this is not this viewer's to decide
    """
    given = DecisionForm(request.form)
    with context.write_session() as s:
        row = reportdesk.to_decide(s, report_id)
        record = store.require(s, row.record_id)
        given.remedy.choices = _remedies(row, record)
        decision = _decision(given) if given.validate() else None
        if decision is not None:
            try:
                reportdesk.decide(s, row, decision)
            except FactsRefused as refused:
                _complain(given, refused.fields)
            except FieldError as refused:
                _complain(given, {refused.field: str(refused)})
            except (AuthError, RecordsError) as refused:
                fields.complain(given.outcome, refused)
            else:
                return _decided(row, decision.following.remedy)
    return _page(report_id, given), UNPROCESSABLE


def _decision(given: DecisionForm) -> Decision:
    day = given.until.data
    following = Following(
        remedy=Remedy(given.remedy.data),
        category=given.category.data or "",
        note=given.tombstone.data or "",
        until=datetime.combine(day, time(), UTC) if day else None,
    )
    outcome, note = State(given.outcome.data), given.note.data or ""
    return Decision(outcome, given.reason.data, note, following)


def _decided(row: Report, remedy: Remedy) -> Response:
    """On to where the rest of it is done, where there is a rest."""
    flash(gettext("Decided. The reporter is told."))
    record_id, asset_id = row.record_id, row.asset_id
    if context.may(Action.MODERATE):
        if remedy is Remedy.REDACT and asset_id:
            page = url_for("moderation.redactions_of", asset_id=asset_id)
            return redirect(page, 303)
        if remedy in (Remedy.RELABEL, Remedy.REDACT):
            page = url_for("moderation.record", record_id=record_id, asset=asset_id)
            return redirect(page, 303)
    if remedy is Remedy.SHRED:
        return redirect(url_for("admin.shredding", record=record_id), 303)
    return redirect(url_for("moderation.report", report_id=row.id), 303)


def _acted(report_id: str, act: Callable[[Session, Report], None]) -> Response:
    with context.write_session() as s:
        row = reportdesk.to_decide(s, report_id)
        try:
            act(s, row)
        except AuthError as refused:
            flash(sentences.said(refused), "attention")
    return redirect(url_for("moderation.report", report_id=report_id), 303)


def _page(report_id: str, given: DecisionForm | None = None) -> str:
    site, now = context.site(), context.now()
    with context.read_session() as s:
        row = reportdesk.found(s, report_id)
        record = store.require(s, row.record_id)
        form = given or DecisionForm()
        form.remedy.choices = _remedies(row, record)
        first = finding.require(s, row.about_id) if row.about_id else None
        opened: dict[str, Any] = {
            name: finding.opened(site.sealing, row, name)
            for name in ("words", "reason", "note")
        }
        asset = store.get_asset(s, row.asset_id) if row.asset_id else None
        return render_template(
            "moderation/report.html",
            row=row,
            record=record,
            number=asset.position + 1 if asset else None,
            subject=_subject(s, row),
            said=opened,
            contact=reportdesk.contact(row),
            first=first,
            first_said=_of_first(first),
            against=finding.appeal_of(s, row),
            near=desk.too_near(s, row, reportdesk.own()),
            holder=desk.holder(row, now),
            mine=desk.holder(row, now) == reportdesk.own(),
            may_decide=context.may(reportdesk.action_on(row)),
            is_open=row.state in OPEN,
            names=reported.KINDS,
            remedies=reported.REMEDIES,
            form=form,
        )


def _of_first(first: Report | None) -> dict[str, str]:
    """What was said and decided the first time, for whoever looks at the appeal."""
    sealing = context.site().sealing
    columns = ("words", "reason", "note") if first else ()
    return {name: finding.opened(sealing, first, name) for name in columns if first}


def _remedies(row: Report, record: Record) -> list[Any]:
    able = reportdesk.able(row, record)
    return fields.choices_of((each.value, reported.REMEDIES[each]) for each in able)


def _subject(s: Session, row: Report) -> asked.Subject:
    return asked.subject_of(s, Scope(record_id=row.record_id))


def _complain(given: DecisionForm, told: dict[str, str]) -> None:
    for name, sentence in told.items():
        fields.complain(given[name if name in given else "outcome"], sentence)
