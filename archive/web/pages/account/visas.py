"""Visas: one's standing here for another archive, and one's standing there for here.

A visa that is presented is read strictly, and its issuer asked whether it stands,
before it is kept; then it is evidence beside the application, and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from archive import issuers
from archive.issuers import IssuerAway
from archive.requests import deciding
from archive.vault import signing
from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.request import context, fields, limits
from archive.web.request.guard import needs
from archive.web.showing import asked
from archive.web.showing.asked import Subject
from auth import accounts
from auth.access import grants
from auth.access.requests import Scope
from auth.access.tables import GrantRow
from auth.errors import AuthError, NotThere
from auth.policy import Action
from auth.viewer import Tier
from auth.visas import accepting, issuing, tokens
from auth.visas.issuing import Carried
from auth.visas.tokens import Visa, VisaRefused

UNPROCESSABLE = 422
_THING = re.compile(
    r"(?:^|/)(?:collections/(?P<slug>[a-z0-9-]+)|(?:records/)?(?P<record>[\w-]+))/?$"
)


class VisaForm(fields.Form):
    """Which archive visas are for, and which grants they also tell of."""

    audience = fields.StringField(
        _("Address of the other archive"),
        [fields.filled(), fields.at_most(200)],
        filters=[fields.tidied],
        description=_("As its pages begin, for example https://archive.example.org"),
    )
    grants = fields.MultiCheckboxField(
        _("Tell it also of these grants"),
        [fields.optional()],
        choices=[],
        description=_(
            "Each becomes a visa of its own: of what, up to which severity, until"
            " when. Nothing is told that you do not tick."
        ),
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
    given = _visa_form(request.form)
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
            carried = _carried(s, given.grants.data or ())
            made = issuing.issue(s, account, email, issuer, audience, key, now, carried)
            told = [each.grant.id for each in carried]
            detail = {"for": audience, "visas": len(made), "grants": told}
            journal.tell(s, "visa issued", detail=detail)
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
    flash(gettext("The visa holds. Whoever decides about your access here sees it."))
    return redirect(url_for("account.visas"), 303)


@bp.get("/visas/<presented_id>/ask")
@needs(Action.MANAGE_OWN_ACCOUNT)
def ask_with_visa(presented_id: str) -> Response | tuple[str, int]:
    """Go to the form by which something here is asked for, with a visa of a grant.

    :raises NotThere: there is no such visa of one's own, or it does not stand
    """
    with context.read_session() as s:
        if accepting.grant_of(s, own_id(), presented_id, context.now()) is None:
            raise NotThere("There is no such visa.")
    given = request.args.get("of", "")
    found = _THING.search(given.strip())
    if found is None:
        flash(
            gettext("Give the address of a record or a collection of this archive."),
            "attention",
        )
        return redirect(url_for("account.visas", _anchor="brought"), 303)
    if slug := found["slug"]:
        where = url_for("requests.ask_collection", slug=slug, visa=presented_id)
    else:
        record_id = found["record"]
        where = url_for("requests.ask_record", record_id=record_id, visa=presented_id)
    return redirect(where, 303)


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


def _visa_form(sent: MultiDict[str, str] | None = None) -> VisaForm:
    form, now = VisaForm(sent), context.now()
    with context.read_session() as s:
        offered = [
            (row.id, _words_of(asked.subject_of(s, _scope(row)), row))
            for row in _portable(s, now)
        ]
    form.grants.choices = fields.choices_of(offered)
    return form


def _portable(s: Session, now: datetime) -> list[GrantRow]:
    """Grants that open something here: of a thing that is there, with enough behind."""
    return [
        row
        for row in issuing.portable(s, own_id(), now)
        if asked.subject_of(s, _scope(row)).url is not None
        and deciding.approvals_for(s, _scope(row)) <= grants.grant_of(row).approvals
    ]


def _carried(s: Session, wanted: Sequence[str]) -> list[Carried]:
    """The grants that were ticked, each with its thing's address."""
    base = context.site().config.base_url
    return [
        Carried(row, f"{base}{asked.subject_of(s, _scope(row)).url}")
        for row in _portable(s, context.now())
        if row.id in wanted
    ]


def _scope(row: GrantRow) -> Scope:
    return Scope(row.record_id, row.collection_id)


def _words_of(subject: Subject, row: GrantRow) -> str:
    words: str = gettext(
        "%(thing)s, up to %(tier)s, until %(day)s",
        thing=subject.title,
        tier=Tier(row.highest_tier).name,
        day=format_date(row.ends_at, "medium"),
    )
    return words


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
        issuing=issuing_form or _visa_form(),
        presenting=presenting_form or PresentForm(),
        form=presenting_form or issuing_form,
        made=made,
        carried=carried,
        brought=brought,
        issuers=context.site().config.trusted_issuers,
        now=now,
    )
