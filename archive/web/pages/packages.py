"""The court package of a record: what is in it, and the button that gives it.

    GET  /records/<id>/package    what it is, and the choices
    POST /records/<id>/package    the ZIP, streamed; nothing of it is ever on a disk

With the originals every one of them goes through the gate, for a live consent given for
legal proceedings. Whatever ends on the way (the consent, a file that is damaged) breaks
the connection: a ZIP without its end opens nowhere.
"""

from __future__ import annotations

import contextlib
import itertools

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy.orm import Session

from archive import jobs
from archive.exchange import court
from archive.exchange.court import Wish
from archive.records import store
from archive.web.answer import streams
from archive.web.request import context, limits
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
    wish = Wish(
        record_id,
        original="original" in request.form,
        people="people" in request.form,
        up_to_now="up_to_now" in request.form,
    )
    limits.spend("packages", limits.PACKAGES)
    open_things = contextlib.ExitStack()
    try:
        response = _streamed(wish, open_things)
    except BaseException:
        open_things.close()
        raise
    response.call_on_close(open_things.close)
    return response


def _streamed(wish: Wish, open_things: contextlib.ExitStack) -> Response:
    site, who, now = context.site(), context.viewer(), context.now()
    slot = streams.of(current_app).take(who.account_id or "")
    open_things.callback(slot.give_back)
    prepared = court.prepare(site, wish, who, now)
    if site.config.checkpoint_folder or site.config.tsa_url:
        with context.write_session() as s:
            _have_it_witnessed(s)
    handed = court.hand_over(site, prepared, who, now)
    open_things.callback(handed.close)
    pieces = court.zipped(handed.bag)
    # The first before the headers leave: damage found there is an error, not a cut.
    first = next(pieces, b"")
    response = Response(itertools.chain((first,), pieces), mimetype="application/zip")
    response.headers["Cache-Control"] = "no-store"
    name = f"{handed.bag.folder}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _have_it_witnessed(s: Session) -> None:
    """A worker keeps and stamps the checkpoint; the next package has its stamp."""
    jobs.enqueue(s, "checkpoint", {}, now=context.now())


def _agreed(record_id: str) -> bool:
    now = context.now()
    return any(
        each.record_id == record_id
        and each.purpose == court.PURPOSE
        and each.is_live(now)
        for each in context.viewer().consents
    )
