"""The page on which a moderator writes down what was found out about a record."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.findings import assessing
from archive.findings import words as lists
from archive.findings.assessing import Assessment
from archive.records import store
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT
from archive.records.errors import RecordsError
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    heading,
    lines,
    looked_at,
)
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import findings, words
from auth.policy import Action


class AssessmentForm(fields.Form):
    """One assessment, as a whole."""

    status = fields.SelectField(_("What was found"), [fields.chosen()])
    confidence = fields.SelectField(_("How sure"), [fields.optional()])
    method = fields.TextAreaField(
        _("How it was found out"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "Whoever knows of the record reads this. Write no address of the original"
            " and no name of a person at risk."
        ),
    )
    reviewer = fields.StringField(
        _("Reviewed by"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("A name or an institution, as it shall be read."),
    )
    sources = fields.TextAreaField(
        _("Sources"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "One a line: its name, then a semicolon and its address. The public reads"
            " the name, vetted people the address, too."
        ),
    )
    date = fields.StringField(
        _("Date of the finding"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )


@bp.get("/records/<record_id>/assessment")
@needs(Action.VERIFY)
def assessment(record_id: str) -> str:
    """The form, filled in with what stands, and all that was found before."""
    with context.read_session() as s:
        found = assessing.of_record(s, context.site().sealing, record_id)
        document = store.document_of(
            context.site().sealing, store.require(s, record_id)
        )
    standing = found[0].assessment if found else Assessment(document.verification)
    filled = {**vars(standing), "sources": "\n".join(standing.sources)}
    return _page(record_id, _form(data=filled))


@bp.post("/records/<record_id>/assessment")
@needs(Action.VERIFY)
def assess(record_id: str) -> Response | tuple[str, int]:
    """Add an assessment over the one that was looked at."""
    form = _form(request.form)
    if not form.validate():
        return _page(record_id, form), UNPROCESSABLE
    given = Assessment(
        form.status.data,
        form.confidence.data or "",
        form.method.data or "",
        form.reviewer.data or "",
        lines(form.sources.data),
        form.date.data or "",
    )
    try:
        with context.write_session() as s:
            assessing.assess(
                context.site(),
                s,
                store.require(s, record_id),
                given,
                version=looked_at(),
                by=account_id(),
                now=context.now(),
            )
    except RecordsError as error:
        status = complain(form, error, "status")
        return _page(record_id, form), status
    flash(gettext("Saved. What was found before stays to be read."))
    return redirect(
        url_for("records.show", record_id=record_id, _anchor="verification"), 303
    )


def _form(given: object = None, **more: object) -> AssessmentForm:
    form = AssessmentForm(given, **more)
    named = [(code, each.name) for code, each in words.VERIFICATIONS.items()]
    form.status.choices = fields.choices_of(named)
    sure = [
        (code, lists.word("confidences", code, language()))
        for code in lists.codes("confidences")
    ]
    form.confidence.choices = fields.choices_of(sure, _("not said"))
    return form


def _page(record_id: str, form: AssessmentForm) -> str:
    with context.read_session() as s:
        record, text = heading(s, record_id)
        return render_template(
            "findings/assessment.html",
            record=record,
            text=text,
            form=form,
            version=assessing.number(s, record_id),
            findings=findings.of_record(s, record),
        )
