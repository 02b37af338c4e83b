"""One's own requests: the list, and one with its timeline, which both sides see."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records.tables import Collection
from archive.requests import asking
from archive.web.pages.requests.blueprint import bp, own_request
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.showing import asked
from auth.access import requests
from auth.access.requests import OPEN, State
from auth.access.requesttables import AccessRequestRow
from auth.policy import Action
from auth.viewer import Tier

UNPROCESSABLE = 422
RENEWABLE = (State.EXPIRING, State.EXPIRED)


class CommentForm(fields.Form):
    """Something to the other side."""

    text = fields.TextAreaField(
        _("Write to the archive"),
        [fields.filled(_("Please write something.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


@bp.get("/account/requests")
@needs(Action.MANAGE_OWN_ACCOUNT)
def listing() -> str:
    """What one has asked for, newest first."""
    with context.read_session() as s:
        rows = requests.for_account(s, context.viewer().account_id or "")
        return render_template("requests/list.html", found=asked.shown(s, rows))


@bp.get("/account/requests/<request_id>")
@needs(Action.MANAGE_OWN_ACCOUNT)
def show(request_id: str) -> str:
    """One request: how it stands, what was told, what was said since.

    :raises NotThere: there is no such request of one's own
    """
    return _page(request_id, CommentForm())


@bp.post("/account/requests/<request_id>/comment")
@needs(Action.MANAGE_OWN_ACCOUNT)
def comment(request_id: str) -> Response | tuple[str, int]:
    """Write to the other side.

    :raises NotThere: there is no such request of one's own
    :raises NotPossible: it is over
    """
    given = CommentForm(request.form)
    if not given.validate():
        return _page(request_id, given), UNPROCESSABLE
    with context.write_session() as s:
        row, own = own_request(s, request_id), context.viewer().account_id or ""
        sealing, now = context.site().sealing, context.now()
        requests.comment(s, sealing, row, own, given.text.data, now)
    return redirect(url_for("requests.show", request_id=request_id), 303)


@bp.post("/account/requests/<request_id>/withdraw")
@needs(Action.MANAGE_OWN_ACCOUNT)
def withdraw(request_id: str) -> Response:
    """Take one's own request back.

    :raises NotThere: there is no such request of one's own
    :raises NotPossible: it is over already
    """
    with context.write_session() as s:
        row = own_request(s, request_id)
        asking.withdraw(context.site(), s, row, context.now())
    flash(gettext("The request is withdrawn."))
    return redirect(url_for("requests.listing"), 303)


def _page(request_id: str, given: CommentForm) -> str:
    with context.read_session() as s:
        row = own_request(s, request_id)
        told = requests.told_of(context.site().sealing, row)
        grant = requests.grants_of(s, [row]).get(row.grant_id or "")
        (found,) = asked.shown(s, [row])
        return render_template(
            "requests/show.html",
            found=found,
            facts=asked.facts(told),
            lines=asked.lines(s, row),
            grant=grant,
            tier=Tier(grant.highest_tier) if grant else None,
            form=given,
            is_open=found.state in OPEN,
            is_returned=found.state is State.RETURNED,
            may_comment=found.state in (*OPEN, State.GRANTED, State.EXPIRING),
            renew_url=_renew_url(s, row) if found.state in RENEWABLE else None,
        )


def _renew_url(s: Session, row: AccessRequestRow) -> str | None:
    if row.record_id is not None:
        return url_for("requests.ask_record", record_id=row.record_id, renews=row.id)
    shelf = s.get(Collection, row.collection_id)
    if shelf is None:
        return None
    return url_for("requests.ask_collection", slug=shelf.slug, renews=row.id)
