"""Descriptions side by side: sign one, change one's own, accept what waits."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.findings import accounts
from archive.findings import words as lists
from archive.findings.accounts import Account
from archive.findings.book import Version
from archive.records import store
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT
from archive.records.errors import Conflict, FieldError, RecordsError
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    heading,
    looked_at,
)
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing import findings
from auth.policy import Action

SIGNERS = (("person", _("a person")), ("institution", _("an institution")))


class AccountForm(fields.Form):
    """One account, with who signs it."""

    text = fields.TextAreaField(
        _("The account"),
        [fields.filled(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "In your own words: what this shows, and how you know. Name claims as"
            " claims. Write no address of the original."
        ),
    )
    language = fields.SelectField(_("Its language"), [fields.chosen()])
    perspective = fields.SelectField(_("Perspective"), [fields.chosen()])
    signer = fields.StringField(
        _("Signed by"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("The name that stands beneath it; everybody reads it."),
    )
    signer_kind = fields.RadioField(
        _("That is"),
        [fields.chosen()],
        choices=fields.choices_of(SIGNERS),
        default="person",
    )
    date = fields.StringField(
        _("Date of the account"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )


@bp.get("/records/<record_id>/accounts")
@needs(Action.GIVE_ACCOUNT)
def account_desk(record_id: str) -> str:
    """The accounts there are, and the form for another or for a change of one's own.

    :raises NotFound: the account to change is not one's own
    """
    thread = request.args.get("account", "")
    if not thread:
        return _page(record_id, _form(data={"language": language()}), "", 0)
    own = _own(record_id, thread)
    return _page(record_id, _form(data=dict(own.said)), thread, own.version)


@bp.post("/records/<record_id>/accounts")
@needs(Action.GIVE_ACCOUNT)
def give_account(record_id: str) -> Response | tuple[str, int]:
    """Sign an account, or a new version of one's own."""
    form, thread = _form(request.form), request.form.get("account", "")
    if not form.validate():
        return _page(record_id, form, thread, looked_at()), UNPROCESSABLE
    try:
        with context.write_session() as s:
            item = store.item_of(store.require(s, record_id))
            decides = context.may_at_once(Action.RELATE, item)
            accounts.give(
                context.site(),
                s,
                record_id,
                Account(**{**form.data, "date": form.date.data or ""}),
                thread=thread,
                version=looked_at() if thread else 0,
                by=account_id(),
                now=context.now(),
                is_accepted=decides,
            )
    except RecordsError as error:
        status = complain(form, error, "text")
        is_late = isinstance(error, Conflict)
        seen = _own(record_id, thread).version if is_late else looked_at()
        return _page(record_id, form, thread, seen), status
    if decides:
        flash(gettext("Signed. It stands beside the others now."))
    else:
        flash(gettext("Signed. A moderator reads it before others meet it."))
    return _back(record_id)


@bp.post("/records/<record_id>/accounts/withdraw")
@needs(Action.GIVE_ACCOUNT)
def withdraw_account(record_id: str) -> Response:
    """Take one's own account back."""
    with context.write_session() as s:
        accounts.take_back(
            context.site(),
            s,
            record_id,
            request.form.get("account", ""),
            version=looked_at(),
            by=account_id(),
            now=context.now(),
        )
    flash(gettext("Your account is taken back. Nobody meets it any more."))
    return _back(record_id)


@bp.post("/records/<record_id>/accounts/accept")
@needs(Action.RELATE)
def accept_account(record_id: str) -> Response:
    """Let everybody meet the version that was read.

    :raises Conflict: its author changed it since
    """
    site, now = context.site(), context.now()
    with context.write_session() as s:
        thread = request.form.get("account", "")
        standing = accounts.require(s, site.sealing, record_id, thread)
        if standing.version != looked_at():
            raise Conflict(
                "Somebody changed this in the meantime; look at it again first."
            )
        accounts.accept(site, s, standing, by=account_id(), now=now)
    flash(gettext("Everybody who knows of the record meets it now."))
    return _back(record_id)


def _own(record_id: str, thread: str) -> Version:
    with context.read_session() as s:
        try:
            found = accounts.require(s, context.site().sealing, record_id, thread)
        except FieldError:
            raise NotFound from None
    if found.author != account_id():
        raise NotFound
    return found


def _form(given: object = None, **more: object) -> AccountForm:
    form = AccountForm(given, **more)
    form.language.choices = fields.choices_of(LANGUAGES.items())
    form.perspective.choices = fields.choices_of(
        [
            (code, lists.word("perspectives", code, language()))
            for code in lists.codes("perspectives")
        ],
        _("Choose one"),
    )
    return form


def _page(record_id: str, form: AccountForm, thread: str, version: int) -> str:
    with context.read_session() as s:
        record, text = heading(s, record_id)
        return render_template(
            "findings/accounts.html",
            record=record,
            text=text,
            form=form,
            thread=thread,
            version=version,
            findings=findings.of_record(s, record),
            may_accept=context.may(Action.RELATE, store.item_of(record)),
        )


def _back(record_id: str) -> Response:
    return redirect(
        url_for("records.show", record_id=record_id, _anchor="accounts"), 303
    )
