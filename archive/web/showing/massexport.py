"""Exports and their lines: how many at once one person takes, and from where on two.

An export tells the ledger by `tell` before its first byte. From as many records or
lines on as the setting says, it is refused unless it is one that another administrator
confirmed; then it gives at most what was confirmed, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import render_template
from sqlalchemy.orm import Session

from archive.requests import seconding as asking
from archive.requests import taking
from archive.web import journal
from archive.web.request import context
from archive.web.request.guard import RefusedRequestError
from auth import seconding
from auth.errors import NotThere
from auth.policy import Action, Refusal, decide
from auth.seconding import ProposalRow

FORBIDDEN = 403
LONGEST = 8_000
Pairs = Sequence[tuple[str, str]]


class NeedsSecond(Exception):
    """So much at once takes a second person; `wanted` says what was asked for."""

    def __init__(self, wanted: Taking) -> None:
        super().__init__("A second person has to confirm an export of this size.")
        self.wanted = wanted


@dataclass(frozen=True)
class Taking:
    """One export: of what, in which form, narrowed how, and of how many."""

    what: str
    form: str
    pairs: Pairs
    count: int

    @property
    def encoded(self) -> str:
        return urlencode(list(self.pairs))

    def as_detail(self) -> dict[str, Any]:
        """As the proposal and the ledger keep it."""
        kept = {"what": self.what, "format": self.form, "narrowed": self.encoded}
        return {**kept, "count": self.count}


def read(detail: Mapping[str, Any]) -> Taking:
    """What a proposal was made for."""
    pairs = parse_qsl(str(detail["narrowed"]), keep_blank_values=True)
    return Taking(detail["what"], detail["format"], pairs, int(detail["count"]))


def tell(
    event: str, wanted: Taking, detail: Mapping[str, Any], leave: str | None
) -> None:
    """Write the line of an export; `leave` is the proposal by which it is done.

    :raises NeedsSecond: it is of so many that another one must confirm it first
    :raises RefusedRequestError: nobody confirmed it, or not any more
    :raises AuthError: it was done before
    """
    with context.write_session() as s:
        tell_in(s, event, wanted, detail, leave)


def tell_in(
    s: Session, event: str, wanted: Taking, detail: Mapping[str, Any], leave: str | None
) -> None:
    """The same, in a transaction of which nothing is kept when it raises."""
    by, now = context.viewer().account_id or "", context.now()
    if leave is not None:
        journal.tell(s, event, detail={**detail, **_used(s, leave)})
        return
    journal.tell(s, event, detail=dict(detail))
    if taking.is_mass(context.site(), s, by, now):
        raise NeedsSecond(wanted)  # and the line is not kept


def refuse() -> None:
    """Say by the policy's own refusal that a second person is missing.

    :raises RefusedRequestError: always, for whoever nobody stands behind
    """
    _require_second(context.viewer().seconded)


def ask(s: Session, wanted: Taking, reason: str) -> ProposalRow:
    """Ask a second person for an export.

    :raises AuthError: nothing says why
    """
    return asking.ask_export(
        context.site(),
        s,
        wanted.as_detail(),
        reason,
        context.viewer().account_id or "",
        context.now(),
    )


def own(s: Session, proposal_id: str) -> ProposalRow:
    """An export that whoever asks has asked for.

    :raises NotThere: there is none, or it is somebody else's
    """
    row = seconding.get(s, proposal_id)
    mine = row.asked_by == context.viewer().account_id
    if not mine or row.kind != seconding.Kind.EXPORT.value:
        raise NotThere("Nothing of that kind waits for a second person.")
    return row


def page(wanted: Taking, form: object | None = None) -> tuple[str, int]:
    """The page that says why not, and asks for the reason."""
    told = render_template(
        "account/export_ask.html",
        wanted=wanted,
        most=context.site().config.mass_export,
        form=form,
    )
    return told, FORBIDDEN


def _used(s: Session, proposal_id: str) -> dict[str, Any]:
    row = own(s, proposal_id)
    _require_second(seconding.is_seconded(s, row, context.now()))
    seconding.use(s, row, context.now())
    return {"proposal": row.id, "confirmed_by": row.confirmed_by}


def _require_second(stands: bool) -> None:  # noqa: FBT001 - what the policy is told
    viewer = replace(context.viewer(), seconded=stands)
    rules, now = context.rules(), context.now()
    outcome = decide(Action.EXPORT_IN_MASS, viewer, None, rules, now)
    if isinstance(outcome, Refusal):
        raise RefusedRequestError(outcome, None)
