"""Visas: one's standing here for another archive, and one's standing there for here.

A visa that is presented is read strictly, and its issuer asked whether it stands,
before it is kept; then it is evidence beside the application, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive import issuers
from archive.issuers import IssuerAway
from archive.vault import signing
from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.request import context, fields, limits
from archive.web.request.guard import needs
from auth import accounts
from auth.errors import AuthError
from auth.policy import Action
from auth.visas import accepting, issuing, tokens
from auth.visas.tokens import Visa, VisaRefused

UNPROCESSABLE = 422


class VisaForm(fields.Form):
    """Which archive a visa is for."""

    audience = fields.StringField(
        _("Address of the other archive"),
        [fields.filled(), fields.at_most(200)],
        filters=[fields.tidied],
        description=_("As its pages begin, for example https://archive.example.org"),
    )


class PresentForm(fields.Form):
    """A visa that was made elsewhere, pasted whole."""

    visa = fields.TextAreaField(
        _("The visa"),
        [fields.filled(), fields.at_most(tokens.MOST_LETTERS)],
        filters=[fields.tidied],
        description=_("One long word in three parts. Present each one by itself."),
    )


@bp.get("/visas")
@needs(Action.MANAGE_OWN_ACCOUNT)
def visas() -> str:
    """What is carried elsewhere, what was brought here, and a form for each."""
    return _page()


@bp.post("/visas")
@needs(Action.ISSUE_VISA)
def issue_visa() -> str | tuple[str, int]:
    """Sign what this archive knows of whoever asks; it is shown once."""
    given = VisaForm(request.form)
    if not given.validate():
        return _page(issuing_form=given), UNPROCESSABLE
    limits.spend("visas", limits.VISAS)
    site, now = context.site(), context.now()
    try:
        audience = _address(given.audience.data)
        with context.write_session() as s:
            account = own_account(s)
            email = accounts.email_of(site.sealing, account)
            key = signing.visa_key(site.keyring)
            issuer = site.config.base_url
            made = issuing.issue(s, account, email, issuer, audience, key, now)
            journal.tell(s, "visa issued", detail={"for": audience, "visas": len(made)})
    except AuthError as refused:
        fields.complain(given.audience, refused)
        return _page(issuing_form=given), UNPROCESSABLE
    return _page(made=made)


@bp.post("/visas/<visa_id>/revoke")
@needs(Action.MANAGE_OWN_ACCOUNT)
def revoke_visa(visa_id: str) -> Response:
    """End one visa; whoever asks about it from then on is told so."""
    with context.write_session() as s:
        issuing.revoke(s, own_id(), visa_id, "revoked_by_owner", context.now())
        journal.tell(s, "visa revoked", detail={"visa": visa_id})
    flash(gettext("That visa no longer stands."))
    return redirect(url_for("account.visas"), 303)


@bp.post("/visas/present")
@needs(Action.MANAGE_OWN_ACCOUNT)
def present_visa() -> Response | tuple[str, int]:
    """Take a visa of another archive as evidence."""
    given = PresentForm(request.form)
    if not given.validate():
        return _page(presenting_form=given), UNPROCESSABLE
    limits.spend("visas", limits.VISAS)
    try:
        visa = _read(given.visa.data.strip())
        with context.write_session() as s:
            account = own_account(s)
            email = accounts.email_of(context.site().sealing, account)
            row = accepting.present(s, account.id, email, visa, context.now())
            detail = {"issuer": row.issuer, "visa": row.visa_id, "kind": row.kind}
            journal.tell(s, "visa presented", detail=detail)
    except AuthError as refused:
        fields.complain(given.visa, refused)
        return _page(presenting_form=given), UNPROCESSABLE
    flash(gettext("The visa holds. Whoever reviews your application sees it."))
    return redirect(url_for("account.visas"), 303)


def _read(token: str) -> Visa:
    """The visa, checked against its issuer's keys and word.

    :raises VisaRefused: it is not to be taken, or its issuer does not answer
    """
    config = context.site().config
    issuer = issuers.trusted(tokens.untrusted_issuer(token), config.trusted_issuers)
    if issuer is None:
        raise VisaRefused(gettext("This archive does not read visas of that issuer."))
    try:
        visa = tokens.read(
            token, issuers.keys_of(issuer), issuer, config.base_url, context.now()
        )
        stands = issuers.stands(issuer, visa.id)
    except IssuerAway as error:
        raise VisaRefused(
            gettext(
                "The issuer does not answer now; nothing was kept. Try again later."
            )
        ) from error
    if not stands:
        raise VisaRefused(gettext("Its issuer says that this visa no longer stands."))
    return visa


def _address(text: str) -> str:
    """The other archive's address, as it writes itself.

    :raises VisaRefused: it is no address, or this archive's own
    """
    address = text.rstrip("/")
    if not address.startswith(("https://", "http://")) or " " in address:
        raise VisaRefused(gettext("Write the address with https:// in front."))
    if address == context.site().config.base_url:
        raise VisaRefused(gettext("That is this archive."))
    return address


def _page(
    *,
    issuing_form: VisaForm | None = None,
    presenting_form: PresentForm | None = None,
    made: Sequence[str] = (),
) -> str:
    now = context.now()
    with context.read_session() as s:
        carried = issuing.list_for(s, own_id())
        brought = accepting.list_for(s, own_id(), now)
    return render_template(
        "account/visas.html",
        issuing=issuing_form or VisaForm(),
        presenting=presenting_form or PresentForm(),
        form=presenting_form or issuing_form,
        made=made,
        carried=carried,
        brought=brought,
        issuers=context.site().config.trusted_issuers,
        now=now,
    )
