"""The first page of an account: the chain to a first original, notices, the name."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.showing import standing
from auth import accounts, notices
from auth.credentials import second_factor
from auth.policy import Action
from auth.vetting import lapses

UNPROCESSABLE = 422
NOTICES = 20
LAPSES = 5


class ProfileForm(fields.Form):
    """What others on the staff see of somebody."""

    name = fields.StringField(
        _("Name"), [fields.filled(), fields.at_most(200)], filters=[fields.tidied]
    )


@bp.get("/")
@needs(Action.MANAGE_OWN_ACCOUNT)
def index() -> str:
    """What is missing, what happened, who one is."""
    with context.read_session() as s:
        name = accounts.name_of(context.site().sealing, own_account(s))
    return _page(ProfileForm(data={"name": name}))


@bp.post("/profile")
@needs(Action.MANAGE_OWN_ACCOUNT)
def save_profile() -> Response | tuple[str, int]:
    """Change the name."""
    given = ProfileForm(request.form)
    if not given.validate():
        return _page(given), UNPROCESSABLE
    with context.write_session() as s:
        own, sealing = own_account(s), context.site().sealing
        accounts.rename(s, sealing, own, given.name.data, context.now())
        journal.tell(s, "details changed", detail={"what": ["name"]})
    flash(gettext("Saved."))
    return redirect(url_for("account.index"), 303)


@bp.post("/notices")
@needs(Action.MANAGE_OWN_ACCOUNT)
def read_notices() -> Response:
    """Put away the notices that have been read."""
    with context.write_session() as s:
        notices.mark_seen(s, own_id(), context.now())
    return redirect(url_for("account.index"), 303)


def _page(given: ProfileForm) -> str:
    viewer, sealing = context.viewer(), context.site().sealing
    with context.read_session() as s:
        own = own_account(s)
        enrolled = second_factor.is_asked(s, own.id)
        heard = notices.for_account(s, own.id, limit=NOTICES)
        lapsed = lapses.for_account(s, own.id, limit=LAPSES)
    chain = standing.steps(viewer, context.rules(), context.now(), enrolled=enrolled)
    return render_template(
        "account/index.html",
        form=given,
        email=accounts.email_of(sealing, own),
        account=own,
        steps=chain,
        following=standing.next_step(chain),
        heard=heard,
        lapses=lapsed,
    )
