"""The court package of a record: what is in it, and the button that gives it.

    GET  /records/<id>/package    what it is, and the choices
    POST /records/<id>/package    the ZIP, streamed; of large originals an export

With the originals every one of them goes through the gate, for a live consent given for
legal proceedings.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive.exchange import court
from archive.exchange.court import Wish
from archive.records import store
from archive.web import exporting
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import recordpage
from auth.policy import Action

bp = Blueprint("packages", __name__, url_prefix="/records")


@bp.get("/<record_id>/package")
@needs(Action.PACKAGE)
def choose(record_id: str) -> str:
    """What a package holds, and what may be added to it."""
    with context.read_session() as s:
        record = store.require(s, record_id)
        return render_template(
            "records/package.html",
            page=recordpage.page_of(s, record),
            is_gone=bool(record.tombstone),
            is_agreed=_agreed(record_id),
            may_name=context.may(Action.EXPORT_LEDGER),
        )


@bp.post("/<record_id>/package")
@needs(Action.PACKAGE)
def give(record_id: str) -> Response:
    """The package, once the ledger has a line that tells of it."""
    given = exporting.package(
        Wish(
            record_id,
            original="original" in request.form,
            people="people" in request.form,
            up_to_now="up_to_now" in request.form,
        )
    )
    if isinstance(given, str):
        return redirect(url_for("account.made_export", export_id=given), 303)
    return given


def _agreed(record_id: str) -> bool:
    now = context.now()
    return any(
        each.record_id == record_id
        and each.purpose == court.PURPOSE
        and each.is_live(now)
        for each in context.viewer().consents
    )
