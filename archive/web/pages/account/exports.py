"""Exports of many: asked for here, confirmed by an administrator, taken once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.exchange.lists import FORMS
from archive.exports import desk
from archive.requests import seconding as asking
from archive.web.pages import search
from archive.web.pages.account.blueprint import bp, own_id
from archive.web.pages.admin import ledger
from archive.web.pages.admin.access import overview
from archive.web.request import context, fields, guard
from archive.web.request.guard import needs
from archive.web.showing import massexport
from archive.web.showing.massexport import Pairs, Taking
from auth import seconding
from auth.policy import Action
from auth.seconding import State

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Takeable:
    """One thing to take away: what it asks, its forms, how many, and the giving."""

    action: Action
    forms: Collection[str]
    count: Callable[[Pairs], int]
    give: Callable[[str, Pairs, Taking | None, str | None], Response]


TAKEABLE: Mapping[str, Takeable] = {
    "descriptions": Takeable(
        Action.EXPORT_METADATA, FORMS, search.count_export, search.give_export
    ),
    "ledger": Takeable(
        Action.EXPORT_LEDGER, ledger.WRITERS, ledger.count_export, ledger.give_export
    ),
    "access requests": Takeable(
        Action.DECIDE_REQUESTS,
        overview.WRITERS,
        overview.count_export,
        overview.give_export,
    ),
}


class WhyForm(fields.Form):
    """Why so much is needed."""

    reason = fields.TextAreaField(
        _("What you need it for"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("Read by the administrator who confirms; kept in the ledger."),
    )


@bp.get("/exports")
@needs(Action.MANAGE_OWN_ACCOUNT)
def exports() -> str:
    """What one has asked for, and where it stands."""
    site, now = context.site(), context.now()
    with context.read_session() as s:
        found: list[dict[str, Any]] = []
        for row in seconding.of_account(s, own_id(), kind=seconding.Kind.EXPORT):
            state = seconding.state_of(row, now)
            found.append(
                {
                    "row": row,
                    "state": state.value,
                    "wanted": massexport.read(seconding.detail_of(site.sealing, row)),
                    "reason": seconding.reason_of(site.sealing, row),
                    "is_waiting": state is State.WAITING,
                    "is_ready": state is State.CONFIRMED,
                }
            )
        made = desk.of_author(s, own_id())
    return render_template("account/exports.html", found=found, made=made)


@bp.post("/exports")
@needs(Action.MANAGE_OWN_ACCOUNT)
def ask_export() -> Response | tuple[str, int]:
    """Ask a second person, with a reason."""
    given, wanted = WhyForm(request.form), _asked()
    if not given.validate():
        return massexport.page(wanted, given)[0], UNPROCESSABLE
    with context.write_session() as s:
        massexport.ask(s, wanted, given.reason.data)
    flash(gettext("Asked for. Now an administrator confirms it, within a week."))
    return redirect(url_for("account.exports"), 303)


@bp.post("/exports/<proposal_id>/take")
@needs(Action.MANAGE_OWN_ACCOUNT)
def take_export(proposal_id: str) -> Response:
    """What was confirmed, once.

    :raises NotThere: there is no such export of one's own
    """
    with context.read_session() as s:
        row = massexport.own(s, proposal_id)
    detail = seconding.detail_of(context.site().sealing, row)
    wanted = massexport.read(detail)
    kind = TAKEABLE[wanted.what]
    guard.require(kind.action)
    return kind.give(wanted.form, wanted.pairs, wanted, proposal_id)


@bp.post("/exports/<proposal_id>/withdraw")
@needs(Action.MANAGE_OWN_ACCOUNT)
def withdraw_export(proposal_id: str) -> Response:
    """Take back what nobody has confirmed yet.

    :raises NotThere: there is no such export of one's own
    """
    with context.write_session() as s:
        row = massexport.own(s, proposal_id)
        asking.withdraw(context.site(), s, row, own_id(), context.now())
    flash(gettext("Withdrawn. Nothing was taken."))
    return redirect(url_for("account.exports"), 303)


def _asked() -> Taking:
    """What the form asks for, counted anew.

    :raises BadRequest: there is nothing of that kind, or no such form
    :raises RefusedRequestError: it is not this person's to take at all
    """
    kind = TAKEABLE.get(request.form.get("what", ""))
    form = request.form.get("format", "")
    if kind is None or form not in kind.forms:
        raise BadRequest
    guard.require(kind.action)
    pairs = parse_qsl(
        request.form.get("narrowed", "")[: massexport.LONGEST], keep_blank_values=True
    )
    return Taking(request.form["what"], form, pairs, kind.count(pairs))
