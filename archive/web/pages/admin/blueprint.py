"""The blueprint that the administration's pages hang on, and what they share."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.web.request import context
from archive.web.showing import housewords, ledgerlines
from auth import accounts
from auth.policy import Action
from auth.tables import Account

bp = Blueprint("admin", __name__, url_prefix="/admin")

SECTIONS = (
    ("admin.index", _("Overview"), "layout-grid", Action.REVIEW_APPLICATIONS),
    (
        "admin.applications",
        _("Applications"),
        "clipboard-list",
        Action.REVIEW_APPLICATIONS,
    ),
    ("admin.denials", _("Deny list"), "ban", Action.MANAGE_DENIALS),
    ("admin.requests", _("Access requests"), "folder", Action.DECIDE_REQUESTS),
    ("admin.collections", _("Collections"), "archive", Action.MANAGE_COLLECTIONS),
    ("admin.emergencies", _("Emergencies"), "life-buoy", Action.DECIDE_REQUESTS),
    ("admin.terms", _("Terms"), "scale", Action.PUBLISH_TERMS),
    ("admin.accounts", _("Accounts"), "users", Action.MANAGE_ACCOUNTS),
    ("admin.confirmations", _("Second person"), "users", Action.MANAGE_ACCOUNTS),
    ("admin.alarms", _("Alarms"), "triangle-alert", Action.MANAGE_ALARMS),
    ("admin.mode", _("Mode"), "shield-alert", Action.SET_MODE),
    ("admin.gazetteer", _("Names"), "languages", Action.MANAGE_GAZETTEER),
    ("admin.vocabulary_list", _("Labels"), "tag", Action.MANAGE_VOCABULARY),
    ("admin.ledger", _("Ledger"), "scroll-text", Action.READ_LEDGER),
    ("admin.shredding", _("Shredding"), "trash-2", Action.READ_LEDGER),
    ("admin.fixity", _("Fixity"), "shield-check", Action.READ_OPERATIONS),
    ("admin.upkeep", _("Upkeep"), "refresh-cw", Action.MANAGE_JOBS),
    ("admin.jobs", _("Jobs"), "server", Action.READ_JOBS),
)


@bp.app_context_processor
def sections() -> dict[str, object]:
    """For the navigation beside each page, and for the ledger's lines on them."""
    return {
        "admin_sections": SECTIONS,
        "event_names": housewords.EVENTS,
        "told": ledgerlines.told,
    }


def own_id() -> str:
    """The administrator's account id, or the empty text for nobody."""
    return context.viewer().account_id or ""


def names(s: Session, actors: Iterable[str | None]) -> dict[str, str]:
    """The names behind account ids; `operator`, `system:…` have none and stay out."""
    wanted = {actor for actor in actors if actor}
    found = s.scalars(select(Account).where(Account.id.in_(wanted)))
    sealing = context.site().sealing
    return {account.id: accounts.name_of(sealing, account) for account in found}
