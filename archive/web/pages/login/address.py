"""Confirming a new e-mail address by the link that was sent to it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.mail import Mail, queueing, security
from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.request import context
from archive.web.request.guard import public
from auth.entry import addresses, invitations
from auth.entry.invitations import Purpose
from auth.errors import LinkSpent
from auth.notices import Kind

GONE = 410


@bp.get("/address/<secret>")
@public
def address(secret: str) -> str | tuple[str, int]:
    """What the link is for; looking at it does not use it up."""
    with context.read_session() as s:
        link = invitations.find(s, secret, context.now())
    if link is None or link.purpose != Purpose.ADDRESS:
        return render_template("login/spent.html"), GONE
    return render_template("login/address.html")


@bp.post("/address/<secret>")
@public
def confirm_address(secret: str) -> Response | tuple[str, int]:
    """Change the address, and tell the old one."""
    site, now = context.site(), context.now()
    try:
        with context.write_session() as s:
            account, old = addresses.confirm(s, site.sealing, secret, now)
            words = security.changed(
                Kind.EMAIL_CHANGED,
                account.locale or "en",
                site.config.base_url + url_for("account.security"),
            )
            letter = Mail(old, *words, now.isoformat())
            queueing.queue(s, site.sealing, letter, now)
            journal.tell(s, "address changed", account=account.id, by=account.id)
    except LinkSpent:
        return render_template("login/spent.html"), GONE
    flash(gettext("The address is changed. Sign in with it from now on."))
    signed_in = context.viewer().account_id is not None
    return redirect(url_for("account.security" if signed_in else "login.form"), 303)
