"""Asking somebody to prove again who they are, without losing what they filled in.

Where nothing else is missing, the refusal itself asks. What was sent goes into the page
as hidden fields and comes back from there: it is kept nowhere else, and it is sent on
only when the person presses the button that says so. Passwords and codes are left out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import request

from archive.web.request import context, forms, origin
from archive.web.request.session import CSRF
from auth.conditions import Condition
from auth.credentials import passkeys, second_factor

KEPT_BYTES = 100_000
SECRETS = frozenset(
    {CSRF, "password", "password_again", "current", "new", "new_again", "code",
     "answer"}
)  # fmt: skip
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """Where somebody was going: a page, or a form with what was filled into it."""

    path: str
    is_form: bool = False
    kept: Pairs = ()

    @property
    def as_text(self) -> str:
        return json.dumps(list(self.kept))


@dataclass(frozen=True)
class Asked:
    """What the page that asks needs to know of whoever is asked."""

    place: Place
    has_code: bool
    has_passkey: bool


def asked_here(conditions: Collection[Condition]) -> Asked | None:
    """The question, where a proof is all that this request lacks."""
    if set(conditions) != {Condition.PROVED}:
        return None
    if request.method == "GET":
        return asked(Place(request.full_path.rstrip("?")))
    if request.method == "POST" and not request.is_json:
        return asked(Place(request.path, is_form=True, kept=_filled_in()))
    return None


def asked(place: Place) -> Asked:
    """The question to whoever is signed in, on the way to a place."""
    account_id = context.viewer().account_id or ""
    with context.read_session() as s:
        has_passkey = passkeys.is_enrolled(s, account_id)
        has_code = second_factor.is_asked(s, account_id)
    return Asked(place, has_code, has_passkey and origin.passkey_site() is not None)


def place_of_form() -> Place:
    """Where whoever answers the question was going."""
    sent = request.form
    if "to" in sent:
        return Place(forms.own_path(sent["to"]), is_form=True, kept=_returned())
    return Place(forms.own_path(sent.get("next")))


def _filled_in() -> Pairs:
    pairs = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in SECRETS
    ]
    return pairs if len(json.dumps(pairs)) <= KEPT_BYTES else ()


def _returned() -> Pairs:
    try:
        told = json.loads(request.form.get("kept", ""))
        return [(str(name), str(value)) for name, value in told if name not in SECRETS]
    except (ValueError, TypeError):
        return ()
