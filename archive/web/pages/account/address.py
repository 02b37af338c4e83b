"""Asking for another e-mail address; it counts once its link was followed."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import get_locale, gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.mail import Mail, queueing, security
from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account
from archive.web.pages.account.security import AddressForm, page
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth.entry import addresses
from auth.errors import AuthError, TooFast
from auth.policy import Action

TOO_MANY = 429
UNPROCESSABLE = 422


@bp.post("/security/address")
@needs(Action.CHANGE_CREDENTIALS)
def change_address() -> Response | tuple[str, int]:
    """Send a link to the new address; the old one counts until it is followed."""
    given = AddressForm(request.form)
    if not given.validate():
        return page(address=given), UNPROCESSABLE
    refused = journal.counted(lambda s: _ask(s, given.email.data))
    if isinstance(refused, AuthError):
        fields.complain(given.email, refused)
        status = TOO_MANY if isinstance(refused, TooFast) else UNPROCESSABLE
        return page(address=given), status
    flash(gettext("A link is on its way to the new address. It works for 24 hours."))
    return redirect(url_for("account.security"), 303)


def _ask(s: Session, email: str) -> None:
    site, now, own = context.site(), context.now(), own_account(s)
    secret = addresses.ask(s, site.sealing, own, email, now)
    link = site.config.base_url + url_for("login.address", secret=secret)
    words = security.address(str(get_locale() or "en"), link)
    queueing.queue(s, site.sealing, Mail(email, *words, now.isoformat()), now)
    journal.tell(s, "address change asked for")
