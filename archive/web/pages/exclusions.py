"""The labels that a reader does not want to meet in lists: chosen once, remembered.

A visitor's choice is in a cookie of this browser, others' with their account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.records import vocabulary
from archive.records.vocabulary import Term
from archive.web.request import context, forms
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import exclusions
from archive.web.showing.labelgroups import GROUPS
from auth import accounts
from auth.access import preferences
from auth.policy import Action

bp = Blueprint("exclusions", __name__, url_prefix="/search/labels")
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Choice:
    """One label that can be left out."""

    code: str
    name: str
    definition: str
    is_chosen: bool


@bp.get("")
@needs(Action.SEARCH)
def choose() -> str:
    """Every label, with a box before it."""
    return render_template(
        "search/labels.html",
        groups=list(_groups()),
        back=forms.own_path(request.args.get("next") or "/search"),
    )


@bp.post("")
@needs(Action.SEARCH)
def remember() -> Response:
    """Leave these labels out from now on, and go back."""
    codes = exclusions.known(request.form.getlist("label"))
    answer = redirect(forms.own_path(request.form.get("next") or "/search"), 303)
    account_id = context.viewer().account_id
    if account_id is None:
        _keep_here(answer, codes)
    else:
        with context.write_session() as s:
            preferences.hide_labels(accounts.get(s, account_id), codes)
    flash(gettext("Saved."))
    return answer


def _keep_here(answer: Response, codes: tuple[str, ...]) -> None:
    name = current_app.config[exclusions.COOKIE]
    answer.set_cookie(
        name,
        exclusions.SEPARATOR.join(codes),
        max_age=A_YEAR if codes else 0,
        path="/",
        secure=name.startswith("__Host-"),
        httponly=True,
        samesite="Lax",
    )


def _groups() -> Iterator[tuple[Any, list[Choice]]]:
    chosen = exclusions.of_viewer()
    for group, title in GROUPS.items():
        terms = [t for t in context.vocabulary().terms.values() if t.group == group]
        choices = [_choice(t, chosen) for t in terms if _can_be_met(t)]
        if choices:
            yield title, choices


def _choice(term: Term, chosen: tuple[str, ...]) -> Choice:
    here = language()
    return Choice(
        term.code, term.name(here), term.definition(here), term.code in chosen
    )


def _can_be_met(term: Term) -> bool:
    return term.code != vocabulary.NOTHING_GRAPHIC
