"""What each reason of the gate says to a person, and where they can mend it.

One table for the pages' reveal panel and refusal page, and for the API's problem
documents; a test holds it complete against `auth.viewer.ReasonCode`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from auth.viewer import ReasonCode


@dataclass(frozen=True)
class Remedy:
    """A sentence, and the endpoint (if any) where something can be done about it."""

    message: str
    endpoint: str | None = None
    action: str | None = None


REMEDIES: dict[ReasonCode, Remedy] = {
    ReasonCode.NOT_FOUND: Remedy(
        _("There is nothing here under this address."),
        "search.results",
        _("Search the archive"),
    ),
    ReasonCode.SIGN_IN: Remedy(_("Sign in to go on."), "login.form", _("Sign in")),
    ReasonCode.ACCOUNT_PENDING: Remedy(
        _(
            "Your account is not complete yet: the application must be approved, "
            "the current terms signed and the induction passed."
        ),
        "account.index",
        _("See what is missing"),
    ),
    ReasonCode.ACCOUNT_SUSPENDED: Remedy(
        _("Your account is suspended. An administrator can tell you why."),
        "help.index",
        _("Read how accounts work"),
    ),
    ReasonCode.VETTING_EXPIRED: Remedy(
        _("Your vetting or your induction has run out and must be renewed."),
        "account.index",
        _("Renew it"),
    ),
    ReasonCode.SECOND_FACTOR: Remedy(
        _("This needs a second factor: sign in with a code from your authenticator."),
        "account.security",
        _("Set up an authenticator"),
    ),
    ReasonCode.ROLE: Remedy(
        _("Your role, or the scope of your access token, does not include this."),
        "apply.form",
        _("Apply for access"),
    ),
    ReasonCode.ACCESS_REQUEST: Remedy(
        _("The originals of this record are opened by a grant, on request."),
        "help.index",
        _("Read how access works"),
    ),
    ReasonCode.EMBARGO: Remedy(
        _("The originals of this record are under an embargo that has not ended.")
    ),
    ReasonCode.CLOSED: Remedy(
        _("This record has been withdrawn, or its originals are closed to everybody.")
    ),
    ReasonCode.NOT_LABELLED: Remedy(
        _("Nobody has labelled what can be seen here yet, so nobody may open it.")
    ),
    ReasonCode.CONSENT: Remedy(
        _("You have not consented to see what this record shows."),
        "records.show",
        _("Read the warnings and decide"),
    ),
    ReasonCode.CONSENT_STALE: Remedy(
        _("The warnings have changed since you consented. Please read them again."),
        "records.show",
        _("Read the warnings and decide"),
    ),
    ReasonCode.EXPOSURE_LIMIT: Remedy(
        _("You have reached today's limit of originals. It starts afresh tomorrow."),
        "account.exposure",
        _("See your exposure"),
    ),
    ReasonCode.MAINTENANCE: Remedy(
        _("The archive is under maintenance; originals are closed for the moment.")
    ),
}


def describe(
    codes: Iterable[ReasonCode], record_id: str | None = None
) -> list[dict[str, str | None]]:
    """Each reason as `code`, `message`, `remedy_url` and `remedy_label`."""
    return [
        {
            "code": code.value,
            "message": str(REMEDIES[code].message),
            "remedy_url": remedy_url(code, record_id),
            "remedy_label": _label(code),
        }
        for code in codes
    ]


def remedy_url(code: ReasonCode, record_id: str | None) -> str | None:
    """Where the viewer can do something about it, as a path of this site."""
    endpoint = REMEDIES[code].endpoint
    if endpoint is None:
        return None
    if endpoint == "records.show":
        return url_for(endpoint, record_id=record_id) if record_id else None
    return url_for(endpoint)


def _label(code: ReasonCode) -> str | None:
    action = REMEDIES[code].action
    return None if action is None else gettext(str(action))
