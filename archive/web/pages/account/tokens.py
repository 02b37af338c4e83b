"""Personal access tokens: the secret is in one answer and nowhere else."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import NumberRange

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_id
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth.credentials import tokens as kept
from auth.errors import NotPossible
from auth.policy import Action
from auth.viewer import Role, TokenScope

UNPROCESSABLE = 422
SCOPES = {
    TokenScope.READ: _("read: search and read what I may read"),
    TokenScope.DEPOSIT: _("deposit: hand in records"),
    TokenScope.LABEL: _("label: say what is in a record"),
    TokenScope.WRITE: _("write: deposit and label"),
    TokenScope.REVEAL: _("reveal: open originals, each with a live consent"),
    TokenScope.ADMIN: _("admin: applications, accounts, ledger, jobs"),
}
BEYOND = {
    Role.RESEARCHER: {TokenScope.LABEL, TokenScope.WRITE, TokenScope.ADMIN},
    Role.MODERATOR: {TokenScope.ADMIN},
}


class TokenForm(fields.Form):
    """What a token is for, and for how long."""

    name = fields.StringField(
        _("What it is for"),
        [fields.filled(), fields.at_most(100)],
        filters=[fields.tidied],
        description=_("So that you know it again in the list."),
    )
    scopes = fields.MultiCheckboxField(
        _("What it may do"),
        [fields.filled(_("Please choose at least one."))],
        choices=fields.choices_of(SCOPES.items()),
    )
    days = IntegerField(
        _("Days until it ends"),
        [
            fields.filled(_("Write a number of days.")),
            NumberRange(1, kept.LONGEST_DAYS, _("Write a number from 1 to 365.")),
        ],
        default=30,
    )


@bp.get("/tokens")
@needs(Action.MANAGE_OWN_ACCOUNT)
def tokens() -> str:
    """The tokens there are, and the form for another."""
    return _page(_form())


@bp.post("/tokens")
@needs(Action.CHANGE_CREDENTIALS)
def add_token() -> str | tuple[str, int]:
    """Make a token and show its secret, once."""
    given = _form()
    if not given.validate():
        return _page(given), UNPROCESSABLE
    scopes = [TokenScope(word) for word in given.scopes.data]
    try:
        with context.write_session() as s:
            secret, token = kept.add(
                s,
                own_id(),
                scopes,
                given.days.data,
                context.now(),
                name=given.name.data,
            )
            detail = {"token": token.id, "scopes": token.scopes}
            journal.tell(s, "token made", detail=detail)
    except NotPossible as refused:
        fields.complain(given.scopes, refused)
        return _page(given), UNPROCESSABLE
    return render_template("account/token.html", secret=secret, token=token)


@bp.post("/tokens/<token_id>/revoke")
@needs(Action.MANAGE_OWN_ACCOUNT)
def revoke_token(token_id: str) -> Response:
    """End one token, and the consents given with it."""
    with context.write_session() as s:
        token = kept.get(s, own_id(), token_id)
        kept.revoke(s, token, "revoked_by_owner", context.now())
        journal.tell(s, "token revoked", detail={"token": token_id})
    flash(gettext("That token no longer works."))
    return redirect(url_for("account.tokens"), 303)


def _form() -> TokenForm:
    given = TokenForm(request.form if request.method == "POST" else None)
    beyond = BEYOND.get(context.viewer().role, set())
    offered = [(s, name) for s, name in SCOPES.items() if s not in beyond]
    given.scopes.choices = fields.choices_of(offered)
    return given


def _page(given: TokenForm) -> str:
    with context.read_session() as s:
        held = kept.list_for(s, own_id())
    return render_template(
        "account/tokens.html", form=given, held=held, now=context.now()
    )
