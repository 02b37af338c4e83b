"""An embargo of one record: until when its originals stay shut, and why."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.records import store
from archive.records.errors import FieldError
from archive.requests import embargoes
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.pages.admin.changes import end_of
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.showing import asked
from auth.access.requests import Scope
from auth.policy import Action

UNPROCESSABLE = 422


class EmbargoForm(fields.Form):
    """Until when, why, and whether the public reads until when."""

    until = fields.DateField(
        _("Until the end of"),
        [
            fields.filled(_("Please choose a day.")),
            fields.after(lambda: context.now().date()),
        ],
    )
    is_told = fields.BooleanField(
        _("Everybody may read until when it lasts"), default=True
    )
    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("Kept sealed; only staff read it."),
    )


class LiftForm(fields.Form):
    """Why it ends before its time."""

    why = fields.StringField(
        _("Why it ends now"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


@bp.get("/embargoes/<record_id>")
@needs(Action.SET_EMBARGO)
def embargo(record_id: str) -> str:
    """The embargo of one record, if any, and the forms for it."""
    return _page(record_id, EmbargoForm(), LiftForm())


@bp.post("/embargoes/<record_id>")
@needs(Action.SET_EMBARGO)
def set_embargo(record_id: str) -> Response | tuple[str, int]:
    """Keep the originals shut until the end of a day."""
    given, now = EmbargoForm(request.form), context.now()
    until = end_of(given.until.data)
    if not given.validate() or until is None:
        return _page(record_id, given, LiftForm()), UNPROCESSABLE
    with context.write_session() as s:
        embargoes.put(
            context.site(),
            s,
            record_id,
            until,
            given.reason.data,
            is_told=given.is_told.data,
            by=own_id(),
            now=now,
        )
    flash(gettext("The embargo is set. It ends by itself."))
    return redirect(url_for("admin.embargo", record_id=record_id), 303)


@bp.post("/embargoes/<record_id>/lift")
@needs(Action.SET_EMBARGO)
def lift_embargo(record_id: str) -> Response | tuple[str, int]:
    """End an embargo before its time."""
    given, now = LiftForm(request.form), context.now()
    if not given.validate():
        return _page(record_id, EmbargoForm(), given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            embargoes.lift(context.site(), s, record_id, given.why.data, own_id(), now)
    except FieldError as refused:
        fields.complain(given.why, refused)
        return _page(record_id, EmbargoForm(), given), UNPROCESSABLE
    flash(gettext("The embargo is lifted."))
    return redirect(url_for("admin.embargo", record_id=record_id), 303)


def _page(record_id: str, given: EmbargoForm, lift: LiftForm) -> str:
    site, now = context.site(), context.now()
    with context.read_session() as s:
        record = store.require(s, record_id)
        until = record.embargo_until
        return render_template(
            "admin/access/embargo.html",
            record=record,
            subject=asked.subject_of(s, Scope(record_id=record_id)),
            until=until if until and until > now else None,
            reason=embargoes.reason_of(site, record),
            form=given,
            lift=lift,
        )
