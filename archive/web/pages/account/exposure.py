"""What one has opened, counted for one's own eyes; and one's own measure of it.

Minutes are those for which a consent stood open after something was opened under it,
so they are an upper bound of the time spent looking.
"""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.request import context, forms
from archive.web.request.guard import needs
from archive.web.showing import exposurechart
from auth.access import budget as kept_budget
from auth.access import exposure as kept
from auth.access.budget import Budget
from auth.access.exposure import Period
from auth.policy import Action

DAYS, WEEKS = 14, 8
SPANS = {"day": (1, DAYS), "week": (7, 7 * WEEKS)}
FIELDS = ("day_reveals", "day_minutes", "break_reveals", "break_minutes")


@bp.get("/exposure")
@needs(Action.MANAGE_OWN_ACCOUNT)
def exposure() -> str:
    """The last two weeks by day, or the last two months by week."""
    return _page({}, {})


@bp.post("/exposure")
@needs(Action.MANAGE_OWN_ACCOUNT)
def save_budget() -> Response | tuple[str, int]:
    """Remember one's own measure."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    wrong = {
        name: gettext("Give a whole number from 0 to 1,440; 0 is no measure.")
        for name, text in typed.items()
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= kept_budget.MOST)
    }
    if wrong:
        return _page(typed, wrong), 422
    with context.write_session() as s:
        measure = Budget(**{name: int(text) for name, text in typed.items()})
        kept_budget.keep(own_account(s), measure)
    flash(gettext("Saved."))
    return redirect(url_for("account.exposure"), 303)


@bp.get("/break")
@needs(Action.MANAGE_OWN_ACCOUNT)
def pause() -> str:
    """Calm words, where to find help, and easier things to go on with."""
    return render_template("account/break.html", back=_back())


@bp.post("/break")
@needs(Action.MANAGE_OWN_ACCOUNT)
def take_break() -> Response:
    """Count anew from here, and go back."""
    with context.write_session() as s:
        kept_budget.take_break(own_account(s), context.now())
    return redirect(_back(), 303)


@bp.app_context_processor
def rests() -> dict[str, object]:
    """Lets any page ask whether the reader's own measure says that a break is due."""
    return {"rest_is_due": _is_due}


def _is_due() -> bool:
    if context.viewer().account_id is None:
        return False
    with context.read_session() as s:
        own = own_account(s)
        tally = kept_budget.tally(s, own, context.now())
        return kept_budget.is_due(kept_budget.budget_of(own), tally)


def _back() -> str:
    return forms.own_path(
        request.form.get("next")
        or request.args.get("next")
        or url_for("account.exposure")
    )


def _page(typed: dict[str, str], wrong: dict[str, str]) -> str:
    now, by = context.now(), request.args.get("by", "day")
    span = by if by in SPANS else "day"
    with context.read_session() as s:
        own = own_account(s)
        measure = kept_budget.budget_of(own)
        tally = kept_budget.tally(s, own, now)
        told = _periods(s, span)
        session = kept.in_session(s, own_id(), context.viewer().session_id)
    return render_template(
        "account/exposure.html",
        chart=exposurechart.chart_of(told),
        span=span,
        tally=tally,
        session=session,
        rules=context.rules(),
        measure={name: typed.get(name, str(getattr(measure, name))) for name in FIELDS},
        spent=kept_budget.is_spent(measure, tally),
        wrong=wrong,
    )


def _periods(s: Session, span: str) -> list[Period]:
    length, days = SPANS[span]
    now = context.now()
    today = now.date()
    last = today - timedelta(days=today.weekday()) if span == "week" else today
    first = last - timedelta(days=days - length)
    return kept.periods(s, own_id(), first, length, now)
