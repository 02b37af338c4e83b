"""The page to hand something in, and the files as they arrive.

The description stands before the files in the form, so that it is read and checked
before the first byte of a file. A browser without scripts gets pages back. The script
has the description checked first (`check`: 204), sends the files as resumable uploads,
and names them in `uploads`: 201 with `location`, or a problem with `errors` by field.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import intake
from archive.intake import Deposit
from archive.intake import uploads as resumable
from archive.records import store
from archive.records.errors import FieldError
from archive.records.store import RecordDraft
from archive.web.answer import errors
from archive.web.pages.deposit.blueprint import bp
from archive.web.pages.deposit.description import DescriptionForm, languages_in_order
from archive.web.request import context, fields, i18n, uploads
from archive.web.request.drafts import upload_ids
from archive.web.request.guard import needs
from auth.policy import Action
from auth.scope import scope

UNPROCESSABLE = 422


@bp.get("")
@needs(Action.DEPOSIT)
def form() -> str:
    """The empty form, and what this account has handed in before."""
    return _page(_form(), {})


@bp.post("")
@needs(Action.DEPOSIT)
@uploads.takes_files
def hand_in() -> Response | tuple[Response | str, int]:
    """Take the description and the files, as one record or not at all."""
    described = _form()
    try:
        if not described.validate():
            return _again(described, {}, UNPROCESSABLE)
        draft = described.draft()
        if request.form.get("check"):
            return Response(status=204)
        deposit = receive(draft)
    except FieldError as error:
        described.complain(error)
        return _again(described, {}, UNPROCESSABLE)
    except intake.Refused as error:
        status = errors.UPLOAD_STATUS.get(error.code, UNPROCESSABLE)
        return _again(described, {"files": errors.refused_file(error)}, status)
    return _taken(deposit)


def receive(draft: RecordDraft) -> Deposit:
    """Seal the files as they come, finished uploads first, and make the record.

    :raises Refused: a file cannot be taken; nothing is left of any but the uploads
    """
    by, site = context.viewer().account_id or "", context.site()
    uploaded = upload_ids(request.form.getlist("uploads"))
    with intake.begin(site) as arrival:
        for upload_id in uploaded:
            resumable.take(site, arrival, upload_id, by, context.now())
        for file in uploads.submission().files():
            arrival.take(file, file.filename)
        return arrival.deposit(draft, by, context.now())


def _taken(deposit: Deposit) -> Response | tuple[Response, int]:
    address = url_for("deposit.status", record_id=deposit.record.id)
    _tell_of_twins(twin.record_id for twin in deposit.duplicates)
    if errors.for_program():
        return jsonify(id=deposit.record.id, location=address), 201
    return redirect(address, 303)


def _tell_of_twins(record_ids: Iterable[str]) -> None:
    """Say which known records hold the same bytes; others are not to be told of."""
    wanted = list(dict.fromkeys(record_ids))
    with context.read_session() as s:
        reach = scope(context.viewer(), context.now())
        known = store.list_by_ids(s, wanted, reach)
    if known:
        held = ", ".join(record.id for record in known)
        flash(
            gettext("The archive already holds the same file in: %(ids)s", ids=held),
            "attention",
        )


def _again(
    described: DescriptionForm, wrong: dict[str, str], status: int
) -> tuple[Response | str, int]:
    if errors.for_program():
        told = {
            control.name: str(said[0])
            for control in described
            if (said := control.errors)
        }
        return jsonify(status=status, errors={**told, **wrong}), status
    return _page(described, wrong), status


def _form() -> DescriptionForm:
    described = DescriptionForm(request.form if request.method == "POST" else None)
    with context.read_session() as s:
        described.collection.choices = fields.choices_of(
            _collections(s), gettext("none")
        )
    return described


def _page(described: DescriptionForm, wrong: dict[str, str]) -> str:
    account_id = context.viewer().account_id or ""
    site = context.site()
    with context.read_session() as s:
        earlier = [
            (record, store.document_of(site.sealing, record).title(i18n.language()))
            for record in store.deposited_by(s, account_id, 10)
        ]
    return render_template(
        "deposit/form.html",
        form=described,
        wrong=wrong,
        languages_in_order=languages_in_order(),
        earlier=earlier,
        limits=site.upload_limits,
        upload_hours=site.config.upload_hours,
    )


def _collections(s: Session) -> list[tuple[str, str]]:
    shelves = store.collections(s)
    language = i18n.language()
    return [
        (c.id, c.titles.get(language) or c.titles.get("en", c.slug)) for c in shelves
    ]
