"""Legal qualifications: who claims which, of one record."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.findings import qualifications
from archive.findings.qualifications import Qualification
from archive.records import store
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT
from archive.records.errors import FieldError, RecordsError
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    heading,
)
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs
from archive.web.showing import claims
from auth.policy import Action


class ClaimForm(fields.Form):
    """One claim: which provision, who says so, and where that can be read."""

    article = fields.StringField(
        _("Article or rule"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 115.2"),
    )
    instrument = fields.StringField(
        _("Law or treaty"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as Criminal Code of Azerbaijan"),
    )
    jurisdiction = fields.StringField(
        _("Jurisdiction"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
    )
    stance = fields.RadioField(
        _("What whoever is named says"),
        [fields.chosen()],
        choices=fields.choices_of(claims.STANCES.items()),
    )
    who = fields.StringField(
        _("Who says so"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("A court, an authority, an organisation, an author."),
    )
    date = fields.StringField(
        _("When it was said"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )
    source = fields.StringField(
        _("Source in which it can be read"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
    )
    url = fields.StringField(
        _("Address of the source"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Vetted people can follow it; the public reads the name alone."),
    )
    note = fields.TextAreaField(
        _("Note for staff"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
    )

    def given(self) -> Qualification:
        """What was typed; checked further below."""
        return Qualification(
            **{name: field.data or "" for name, field in self._fields.items()}
        )


@bp.get("/records/<record_id>/qualifications")
@needs(Action.RELATE)
def qualification_desk(record_id: str) -> str:
    """The claims that stand, and the form of one more."""
    return _page(record_id, ClaimForm(data={"stance": "asserts"}))


@bp.post("/records/<record_id>/qualifications")
@needs(Action.RELATE)
def add_claim(record_id: str) -> Response | tuple[str, int]:
    """Write one down."""
    form = ClaimForm(request.form)
    if not form.validate():
        return _page(record_id, form), UNPROCESSABLE
    try:
        with context.write_session() as s:
            record = store.require(s, record_id)
            qualifications.claim(
                context.site(), s, record, form.given(), account_id(), context.now()
            )
    except RecordsError as error:
        status = complain(form, error, "article")
        return _page(record_id, form), status
    flash(gettext("Saved, as a claim of the one who is named."))
    return _back(record_id)


@bp.post("/records/<record_id>/qualifications/remove")
@needs(Action.RELATE)
def take_back_claim(record_id: str) -> Response | tuple[str, int]:
    """Let one stand no more."""
    claim_id = request.form.get("claim", "")
    try:
        with context.write_session() as s:
            qualifications.take_back(
                context.site(),
                s,
                store.require(s, record_id),
                claim_id,
                reason=request.form.get("reason", ""),
                by=account_id(),
                now=context.now(),
            )
    except FieldError as error:
        form = ClaimForm(data={"stance": "asserts"})
        said = sentences.said(error)
        return _page(record_id, form, wrong=(claim_id, said)), UNPROCESSABLE
    flash(gettext("The claim stands no more; its history stays."))
    return _back(record_id)


def _page(
    record_id: str, form: ClaimForm, *, wrong: tuple[str, str] | None = None
) -> str:
    with context.read_session() as s:
        record, text = heading(s, record_id)
        return render_template(
            "findings/qualifications.html",
            record=record,
            text=text,
            form=form,
            claims=claims.of_record(s, record),
            wrong=wrong,
        )


def _back(record_id: str) -> Response:
    return redirect(url_for("findings.qualification_desk", record_id=record_id), 303)
