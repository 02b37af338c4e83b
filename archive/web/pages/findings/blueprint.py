"""The blueprint of these pages, and what all of their forms do alike."""

from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.errors import Conflict, FieldError, RecordsError
from archive.records.tables import Record
from archive.web.request import context, fields
from archive.web.showing.titles import ShownText, shown_text

bp = Blueprint("findings", __name__)

UNPROCESSABLE = 422
CONFLICT = 409


def looked_at(name: str = "version") -> int:
    """Which version the form was drawn over; one that never is, where none is said."""
    return request.form.get(name, -1, int)


def account_id() -> str:
    return context.viewer().account_id or ""


def lines(text: str | None) -> tuple[str, ...]:
    """What was typed, a line each."""
    return tuple(line for line in (text or "").splitlines() if line.strip())


def heading(s: Session, record_id: str) -> tuple[Record, ShownText]:
    """A record and the words that head its pages."""
    record = store.require(s, record_id)
    document = store.document_of(context.site().sealing, record)
    return record, shown_text(document, store.item_of(record))


def complain(form: fields.Form, error: RecordsError, otherwise: str) -> int:
    """Put the sentence beside its field; the status that goes with it."""
    name = error.field if isinstance(error, FieldError) else otherwise
    fields.complain(form[name if name in form else otherwise], error)
    return CONFLICT if isinstance(error, Conflict) else UNPROCESSABLE
