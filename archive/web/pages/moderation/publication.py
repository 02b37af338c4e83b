"""Letting a record out, and taking one back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive import moderation
from archive.records import errors, store
from archive.records.store import RecordDraft
from archive.web.pages.moderation import desks, picker
from archive.web.pages.moderation.blueprint import bp
from archive.web.pages.moderation.decisions import PublishForm, WithdrawForm
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth.policy import Action
from auth.viewer import Access, Visibility


@bp.post("/<record_id>/publish")
@needs(Action.PUBLISH)
def publish(record_id: str) -> Response | tuple[str, int]:
    """Let the record out with the visibility and access chosen."""
    form = PublishForm(request.form)
    if not form.validate():
        return _again(record_id, publish=form)
    try:
        let_out(record_id, form)
    except errors.RecordsError as error:
        fields.complain(form.visibility, error)
        return _again(record_id, publish=form)
    flash(gettext("The record is published."))
    return redirect(url_for("records.show", record_id=record_id), 303)


@bp.post("/<record_id>/withdraw")
@needs(Action.WITHDRAW)
def withdraw(record_id: str) -> Response | tuple[str, int]:
    """Close the record for good; its tombstone stays."""
    form = WithdrawForm(request.form)
    if not form.validate():
        return _again(record_id, withdraw=form)
    with context.write_session() as s:
        site, by, now = context.site(), context.viewer().account_id or "", context.now()
        moderation.withdraw(
            site,
            s,
            record_id,
            category=form.category.data,
            note=form.note.data,
            by=by,
            now=now,
        )
    flash(gettext("The record is withdrawn. A tombstone stands in its place."))
    return redirect(url_for("moderation.queue"), 303)


def let_out(record_id: str, form: PublishForm) -> None:
    """Set who may see it, and publish, in one transaction.

    :raises RecordsError: it is not labelled, or was withdrawn
    """
    site, by, now = context.site(), context.viewer().account_id or "", context.now()
    with context.write_session() as s:
        record = store.require(s, record_id)
        draft = RecordDraft(
            document=store.document_of(site.sealing, record),
            visibility=Visibility(form.visibility.data),
            access=Access(form.access.data),
            embargo_until=record.embargo_until,
            collection_id=record.collection_id,
        )
        if (draft.visibility, draft.access) != (record.visibility, record.access):
            moderation.describe(
                site, s, record_id, draft, revision=record.revision, by=by, now=now
            )
        moderation.publish(site, s, record_id, by, now)


def _again(record_id: str, **forms: fields.Form) -> tuple[str, int]:
    with context.read_session() as s:
        desk = desks.desk_for(s, record_id, request.args.get("asset"))
    answers = picker.answers_from_rows(desk.begun)
    return desks.page(desk, answers, **forms), 422
