"""What waits for a second person: a new administrator, an export of many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.requests import seconding as asking
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import massexport
from auth import seconding
from auth.policy import Action
from auth.seconding import Kind, ProposalRow, State


@bp.get("/confirmations")
@needs(Action.MANAGE_ACCOUNTS)
def confirmations() -> str:
    """What waits, then what there was."""
    with context.read_session() as s:
        rows = seconding.listing(s)
        told = [_told(row) for row in rows]
        return render_template(
            "admin/confirmations.html",
            waiting=[each for each in told if each["is_waiting"]][::-1],
            others=[each for each in told if not each["is_waiting"]],
            names=names(s, _people(rows)),
            is_alone=not seconding.has_other(s, own_id()),
            most=context.site().config.mass_export,
        )


@bp.post("/confirmations/<proposal_id>/confirm")
@needs(Action.CONFIRM)
def confirm_proposal(proposal_id: str) -> Response:
    """Confirm what somebody else asked for.

    :raises AuthError: it is one's own, or it is too late
    """
    with context.write_session() as s:
        row = seconding.get(s, proposal_id)
        asking.confirm(context.site(), s, row, context.viewer(), context.now())
        is_made = row.kind == Kind.ADMINISTRATOR.value
    flash(
        gettext("Two have agreed. The account administers from now on.")
        if is_made
        else gettext("Confirmed. It can be taken once, within a day.")
    )
    return redirect(url_for("admin.confirmations"), 303)


@bp.post("/confirmations/<proposal_id>/withdraw")
@needs(Action.MANAGE_ACCOUNTS)
def withdraw_proposal(proposal_id: str) -> Response:
    """Take back one's own, or refuse somebody else's.

    :raises AuthError: it is too late
    """
    with context.write_session() as s:
        row = seconding.get(s, proposal_id)
        asking.withdraw(context.site(), s, row, own_id(), context.now())
    flash(gettext("It is off. Nothing was changed."))
    return redirect(url_for("admin.confirmations"), 303)


def waiting_for(s: Session, account_id: str) -> int:
    """How many wait that this administrator may decide on."""
    rows = seconding.waiting(s, context.now())
    return sum(row.asked_by != account_id for row in rows)


def _told(row: ProposalRow) -> dict[str, Any]:
    sealing, state = context.site().sealing, seconding.state_of(row, context.now())
    is_export = row.kind == Kind.EXPORT.value
    detail = seconding.detail_of(sealing, row)
    return {
        "row": row,
        "state": state.value,
        "reason": seconding.reason_of(sealing, row),
        "wanted": massexport.read(detail) if is_export else None,
        "is_waiting": state is State.WAITING,
        "is_own": row.asked_by == own_id(),
        "is_about_me": row.account_id == own_id(),
        "until": row.asked_at + seconding.LASTS,
    }


def _people(rows: Iterable[ProposalRow]) -> list[str | None]:
    return [
        who
        for row in rows
        for who in (row.asked_by, row.account_id, row.confirmed_by, row.withdrawn_by)
    ]
