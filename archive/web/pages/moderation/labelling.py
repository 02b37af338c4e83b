"""One record before a moderator, one file at a time.

    /moderation/<record_id>?asset=<id>           blurred preview, words, label picker
    POST /moderation/labels/<asset_id>           these are its labels now

A form that was refused comes back as it was typed, with each error beside its control.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from archive import moderation
from archive.moderation.standing import State
from archive.records import errors, store
from archive.records.labelremarks import Remark
from archive.records.labels import LabelInput
from archive.web.pages.moderation import picker
from archive.web.pages.moderation.blueprint import bp
from archive.web.pages.moderation.desks import Desk, desk_for, page
from archive.web.request import context, sentences
from archive.web.request.guard import needs
from auth.policy import Action


@bp.get("/<record_id>")
@needs(Action.LABEL)
def record(record_id: str) -> str:
    """One file of the record, to be looked at and labelled."""
    with context.read_session() as s:
        desk = desk_for(s, record_id, request.args.get("asset"))
    return page(desk, picker.answers_from_rows(desk.begun))


@bp.post("/labels/<asset_id>")
@needs(Action.LABEL)
def label(asset_id: str) -> Response | tuple[str, int]:
    """Make what was ticked the labels of this file."""
    answers = picker.answers_from_form(request.form)
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        desk = desk_for(s, asset.record_id, asset_id)
    try:
        given = picker.labels(answers, desk.begun, desk.details.duration)
        save(asset_id, given)
    except picker.Unreadable as error:
        return page(desk, answers, list(error.sentences.items())), 422
    except errors.RecordsError as error:
        return page(desk, answers, [(_control(error), sentences.said(error))]), 422
    return _onwards(desk)


def save(asset_id: str, given: list[LabelInput]) -> None:
    """Label the file as the present viewer.

    :raises RecordsError: a label cannot be taken as it is
    """
    by = context.viewer().account_id or ""
    if not given:
        raise errors.FieldError(
            "labels",
            gettext(
                "Tick at least one label. Where nothing is graphic, tick the one "
                "that says so."
            ),
        )
    with context.write_session() as s:
        now = context.now()
        moderation.label(context.site(), s, asset_id, given, by, now, _remark())


def _control(error: errors.RecordsError) -> str:
    field = error.field if isinstance(error, errors.FieldError) else ""
    return field if field in ("reason", "until") else "labels"


def _remark() -> Remark:
    """Why, and until when, as the form has it.

    :raises FieldError: the day cannot be read
    """
    text = request.form.get("until", "").strip()
    try:
        until = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        sentence = gettext("Write a day such as 2027-06-30.")
        raise errors.FieldError("until", sentence) from None
    return Remark(request.form.get("reason", ""), until)


def _onwards(before: Desk) -> Response:
    with context.read_session() as s:
        desk = desk_for(s, before.record.id, before.asset.id)
    following = desk.next_unlabelled
    flash(_saved(desk, left=0 if following is None else _left(desk)))
    if following is None:
        return redirect(url_for("moderation.record", record_id=desk.record.id), 303)
    address = url_for("moderation.record", record_id=desk.record.id, asset=following.id)
    return redirect(address, 303)


def _left(desk: Desk) -> int:
    mine = (a for a in desk.assets if not a.labelled and a.id not in desk.answered)
    return sum(1 for _ in mine)


def _saved(desk: Desk, *, left: int) -> str:
    if desk.place.state is State.DISPUTED:
        said = gettext("Saved. The answers differ; a third moderator decides.")
    elif desk.has_answered:
        said = gettext("Saved. It waits for the answer of another moderator.")
    elif not left:
        said = gettext("Saved. Every file of this record is labelled.")
    else:
        said = ngettext(
            "Saved. One file is left to label.",
            "Saved. %(num)d files are left to label.",
            left,
        )
    return str(said)
