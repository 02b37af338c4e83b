"""The blueprint that the pages of one's own account hang on, and whose it is."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.web.request import context
from auth import accounts
from auth.policy import Action
from auth.tables import Account

bp = Blueprint("account", __name__, url_prefix="/account")

SECTIONS = (
    ("account.index", _("Overview"), "user", Action.MANAGE_OWN_ACCOUNT),
    ("account.security", _("Security"), "shield", Action.MANAGE_OWN_ACCOUNT),
    ("account.sessions", _("Sessions"), "monitor", Action.MANAGE_OWN_ACCOUNT),
    ("requests.listing", _("Access requests"), "folder", Action.MANAGE_OWN_ACCOUNT),
    ("reporting.listing", _("Reports"), "flag", Action.MANAGE_OWN_ACCOUNT),
    ("account.consents", _("Consents"), "scroll-text", Action.MANAGE_OWN_ACCOUNT),
    ("account.searches", _("Saved searches"), "bookmark", Action.SAVE_SEARCHES),
    ("account.exposure", _("Exposure"), "activity", Action.MANAGE_OWN_ACCOUNT),
    ("account.preferences", _("What you meet"), "eye-off", Action.MANAGE_OWN_ACCOUNT),
    ("account.terms", _("Terms"), "scale", Action.MANAGE_OWN_ACCOUNT),
    ("account.induction", _("Induction"), "book-open", Action.MANAGE_OWN_ACCOUNT),
    ("account.tokens", _("Access tokens"), "key-round", Action.MANAGE_OWN_ACCOUNT),
    ("account.visas", _("Visas"), "landmark", Action.MANAGE_OWN_ACCOUNT),
    ("account.exports", _("Exports"), "archive", Action.EXPORT_METADATA),
    ("account.data", _("Your data"), "download", Action.MANAGE_OWN_ACCOUNT),
)


@bp.app_context_processor
def sections() -> dict[str, object]:
    """The sections of the account, for the navigation beside each of its pages."""
    return {"account_sections": SECTIONS}


def own_id() -> str:
    """The id of whoever asks.

    :raises LookupError: nobody is signed in; the guard lets nobody come this far
    """
    account_id = context.viewer().account_id
    if account_id is None:
        raise LookupError("nobody is signed in")
    return account_id


def own_account(s: Session) -> Account:
    """The account of whoever asks.

    :raises NotThere: it is gone
    """
    return accounts.get(s, own_id())
