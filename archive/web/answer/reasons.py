"""What each reason of the gate says to a person, and where they can mend it.

One table for the pages' reveal panel and refusal page, and for the API's problem
documents; a test holds it complete against `auth.viewer.ReasonCode`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from auth.conditions import Condition
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
        _("This needs a second factor: sign in with an authenticator or a passkey."),
        "account.security",
        _("Set up a second factor"),
    ),
    ReasonCode.ROLE: Remedy(
        _("Your role, or the scope of your access token, does not include this."),
        "apply.form",
        _("Apply for access"),
    ),
    ReasonCode.ACCESS_REQUEST: Remedy(
        _("The originals of this record are opened by a grant, on request."),
        "requests.ask_record",
        _("Ask for access"),
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
    ReasonCode.IDENTITY: Remedy(
        _(
            "Somebody can be recognised here. The clear file opens only for a consent "
            "that says why you need to see who it is."
        ),
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
    ReasonCode.SECOND_PERSON: Remedy(
        _("So much at once takes a second person. Say why, and one is asked."),
        "account.exports",
        _("Large exports"),
    ),
}


OF_MODES = {
    Condition.SHOWING: _(
        "The archive is closed at the moment; nothing of it is shown."
    ),
    Condition.CHANGES: _("Nothing can be added or changed at the moment."),
}
"""What the archive's mode closes, while nothing else is wrong."""
PROVE_AGAIN = Remedy(
    _("This needs you to prove again that it is you; that holds for five minutes."),
    "login.again",
    _("Prove that it is you"),
)
"""For whoever has a second factor and has shown it, but too long ago."""
OF_A_RECORD = frozenset({"records.show", "requests.ask_record"})


def describe(
    codes: Iterable[ReasonCode],
    record_id: str | None = None,
    conditions: Collection[Condition] = (),
) -> list[dict[str, str | None]]:
    """Each reason as `code`, `message`, `remedy_url` and `remedy_label`.

    `conditions` are those that fail, where the same code has more than one remedy.
    """
    return [_described(code, record_id, conditions) for code in codes]


def _described(
    code: ReasonCode, record_id: str | None, conditions: Collection[Condition]
) -> dict[str, str | None]:
    remedy = REMEDIES[code]
    if code is ReasonCode.SECOND_FACTOR and only_proof_is_missing(conditions):
        remedy = PROVE_AGAIN
    closed = [OF_MODES[each] for each in conditions if each in OF_MODES]
    if code is ReasonCode.MAINTENANCE and closed:
        remedy = Remedy(closed[-1])
    return {
        "code": code.value,
        "message": str(remedy.message),
        "remedy_url": _url(remedy, record_id),
        "remedy_label": None if remedy.action is None else gettext(str(remedy.action)),
    }


def only_proof_is_missing(conditions: Collection[Condition]) -> bool:
    """Whether a second factor was shown, but must be shown again."""
    return Condition.PROVED in conditions and Condition.SECOND_FACTOR not in conditions


def _url(remedy: Remedy, record_id: str | None) -> str | None:
    """Where the viewer can do something about it, as a path of this site."""
    if remedy.endpoint is None:
        return None
    if remedy.endpoint in OF_A_RECORD:
        return url_for(remedy.endpoint, record_id=record_id) if record_id else None
    if remedy is PROVE_AGAIN and record_id:
        place = url_for("records.show", record_id=record_id)
        return url_for(remedy.endpoint, next=place)
    return url_for(remedy.endpoint)
