"""One's passkeys: made, named, removed.

The browser makes a key by a question that belongs to this session; without JavaScript
there are no passkeys, and the authenticator does instead.
"""

from __future__ import annotations

import json

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.pages.account.security import page
from archive.web.request import context, origin, session
from archive.web.request.guard import needs
from auth import accounts
from auth.credentials import passkeys, second_factor
from auth.errors import AuthError
from auth.policy import Action

UNPROCESSABLE = 422


@bp.post("/security/passkeys/options")
@needs(Action.CHANGE_CREDENTIALS)
def passkey_options() -> dict[str, object]:
    """What the browser needs to make a key.

    :raises NotFound: no passkeys can be made for this address
    """
    here = origin.passkey_site()
    if here is None:
        raise NotFound
    session_id, now, sealing = session.begin(), context.now(), context.site().sealing
    with context.write_session() as s:
        label = accounts.email_of(sealing, own_account(s))
        options = passkeys.begin_registration(s, here, session_id, own_id(), label, now)
    return {
        "options": json.loads(options),
        "csrf_token": generate_csrf(),
        "make": True,
    }


@bp.post("/security/passkeys")
@needs(Action.CHANGE_CREDENTIALS)
def add_passkey() -> Response | str | tuple[str, int]:
    """Keep the key that the browser made; the first brings recovery codes."""
    codes = journal.counted(_add)
    if isinstance(codes, AuthError):
        return page(refused=codes), UNPROCESSABLE
    session.step_up(second_factor=True, passkey=True)
    if codes:
        return render_template("account/codes.html", codes=codes, is_new=True)
    flash(gettext("The passkey is set up."))
    return redirect(url_for("account.security"), 303)


@bp.post("/security/passkeys/<passkey_id>/name")
@needs(Action.CHANGE_CREDENTIALS)
def rename_passkey(passkey_id: str) -> Response:
    """Call a key something else."""
    with context.write_session() as s:
        passkeys.rename(s, own_id(), passkey_id, request.form.get("name", ""))
    flash(gettext("Saved."))
    return redirect(url_for("account.security"), 303)


@bp.post("/security/passkeys/<passkey_id>/remove")
@needs(Action.CHANGE_CREDENTIALS)
def remove_passkey(passkey_id: str) -> Response:
    """Forget a key; it opens nothing any more."""
    with context.write_session() as s:
        passkeys.remove(s, own_id(), passkey_id, context.now())
        second_factor.drop_idle_codes(s, own_id())
        detail = {"kind": "passkey", "passkey": passkey_id}
        journal.tell(s, "second factor removed", detail=detail)
    flash(gettext("The passkey is removed."))
    return redirect(url_for("account.security"), 303)


def _add(s: Session) -> list[str]:
    here, session_id = origin.passkey_site(), session.current().id
    if here is None or session_id is None:
        raise NotFound
    now, sealing = context.now(), context.site().sealing
    answer, name = request.form.get("answer", ""), request.form.get("name", "")
    row = passkeys.register(s, here, session_id, own_id(), answer, name, now)
    detail = {"kind": "passkey", "passkey": row.id}
    journal.tell(s, "second factor added", detail=detail)
    codes = second_factor.first_codes(s, sealing, own_id(), now)
    if codes:
        journal.tell(s, "recovery codes made", detail={"count": len(codes)})
    return codes
