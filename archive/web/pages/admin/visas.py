"""What other archives say of an applicant, beside the application; and asked anew.

Nothing here decides: a visa that holds spares a question, not the answer. One that does
not hold any more ends what was granted with it.
"""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive import issuers
from archive.issuers import IssuerAway
from archive.requests import visas
from archive.web import journal
from archive.web.pages.admin.blueprint import bp
from archive.web.request import context, forms, limits
from archive.web.request.guard import needs
from auth.errors import NotThere
from auth.policy import Action
from auth.visas import accepting
from auth.visas.accepting import Standing


@bp.context_processor
def brought() -> dict[str, object]:
    """`visas_of(account_id)`, for the page of an application."""
    return {"visas_of": _visas_of}


@bp.post("/visas/<presented_id>")
@needs(Action.REVIEW_APPLICATIONS)
def check_visa(presented_id: str) -> Response:
    """Ask its issuer once more whether a visa stands, and note the answer.

    :raises NotThere: nobody brought such a visa
    """
    limits.spend("visas", limits.VISAS)
    with context.read_session() as s:
        shown = accepting.get(s, presented_id)
    if shown is None:
        raise NotThere("There is no such visa.")
    try:
        known = context.site().config.trusted_issuers
        stands = issuers.vouches(shown.issuer, shown.visa_id, known)
    except IssuerAway:
        flash(gettext("The issuer does not answer now. Try again later."), "attention")
    else:
        with context.write_session() as s:
            row = accepting.get(s, presented_id)
            if row is not None:
                visas.note(context.site(), s, row, context.now(), stands=stands)
            detail = {"visa": shown.visa_id, "stands": stands}
            journal.tell(s, "visa checked", account=shown.account_id, detail=detail)
        flash(gettext("It stands.") if stands else gettext("It no longer stands."))
    back = url_for("admin.account", account_id=shown.account_id)
    return redirect(forms.own_path(request.form.get("next") or back), 303)


def _visas_of(account_id: str) -> list[Standing]:
    with context.read_session() as s:
        return accepting.list_for(s, account_id, context.now())
