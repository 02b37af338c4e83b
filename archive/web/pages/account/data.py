"""Everything the archive holds about an account, to look at and to take away."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, render_template
from sqlalchemy.orm import Session

from archive.records import store
from archive.reports import finding
from archive.reports.tables import Report
from archive.searches import saved
from archive.web.pages.account.blueprint import bp, own_account
from archive.web.request import context
from archive.web.request.guard import needs
from auth import accounts, notices, seconding, terms
from auth.access import consents, exposure
from auth.credentials import passkeys, second_factor, sessions, tokens
from auth.entry import institutions
from auth.policy import Action
from auth.tables import Account, Base
from auth.vetting import applications, evidence, lapses, remarks
from auth.vetting.facts import facts_of

LIMIT = 10_000
KEPT_BACK = ("_sealed", "_hash", "_index", "data", "held_by")


@bp.get("/data")
@needs(Action.MANAGE_OWN_ACCOUNT)
def data() -> str:
    """What is kept, in words, and the way to take it away."""
    return render_template("account/data.html")


@bp.get("/data/export")
@needs(Action.EXPORT_OWN_DATA)
def export() -> Response:
    """All of it as one JSON document."""
    with context.read_session() as s:
        document = everything(s, own_account(s))
    answer = jsonify(document)
    answer.headers["Content-Disposition"] = 'attachment; filename="vigil-account.json"'
    return answer


def everything(s: Session, own: Account) -> dict[str, Any]:
    """One's own data; no secret, no digest of a secret, nobody else's data."""
    site, now = context.site(), context.now()
    sealing = site.sealing
    return {
        "exported_at": now,
        "account": {
            **_columns(own),
            "email": accounts.email_of(sealing, own),
            "name": accounts.name_of(sealing, own),
            "vetting_on_paper": accounts.vetting_of(sealing, own),
            "second_factor": second_factor.is_enrolled(s, own.id),
            "institution": institutions.is_linked(s, own.id),
        },
        "passkeys": [
            {"name": key.name, "added": key.created_at, "last_used": key.used_at}
            for key in passkeys.list_for(s, own.id)
        ],
        "changes": _rows(accounts.changes(s, own.id)),
        "applications": [
            {
                **_columns(application),
                "facts": vars(facts_of(sealing, application)),
                "decisions": _rows(applications.decisions_on(s, application.id)),
                "files": [
                    {**_columns(row), "name": evidence.name_of(sealing, row)}
                    for row in evidence.of(s, application)
                ],
            }
            for application in applications.for_account(s, own.id)
        ],
        "remarks": [
            {**_columns(row), "text": remarks.text_of(sealing, row)}
            for application in applications.for_account(s, own.id)[:1]
            for row in remarks.about(s, application)
        ],
        "lapses": _rows(lapses.for_account(s, own.id)),
        "terms": _rows(terms.history(s, own.id)),
        "sessions": _rows(sessions.list_live(s, own.id, now)),
        "tokens": _rows(tokens.list_for(s, own.id)),
        "consents": _rows(consents.for_account(s, own.id, limit=LIMIT)),
        "openings": _rows(exposure.for_account(s, own.id, limit=LIMIT)),
        "notices": _rows(notices.for_account(s, own.id, limit=LIMIT)),
        "preferences": dict(own.preferences),
        "saved_searches": [
            {**_columns(each.row), "name": each.name, "search": each.pairs}
            for each in saved.list_for(s, sealing, own.id)
        ],
        "reports": [_report(s, row) for row in finding.of_account(s, own.id)],
        "asked_of_a_second": [
            {
                "kind": row.kind,
                "asked_at": row.asked_at,
                "reason": seconding.reason_of(sealing, row),
                "state": seconding.state_of(row, now).value,
            }
            for row in seconding.of_account(s, own.id, LIMIT)
        ],
        "deposits": [r.id for r in store.deposited_by(s, own.id, LIMIT)],
        "ledger": [
            {"seq": line.seq, "at": line.at, "event": line.event, "digest": line.digest}
            for line in site.ledger.entries(s, actor=own.id, limit=LIMIT)
        ],
    }


def _report(s: Session, row: Report) -> dict[str, Any]:
    """What one reported and was told, with the appeal; not who decided, nor notes."""
    appeal = finding.appeal_of(s, row)
    told = {
        name: finding.opened(context.site().sealing, row, name)
        for name in ("words", "contact", "reason")
    }
    return {
        "record": row.record_id,
        "kind": row.kind.value,
        "state": row.state.value,
        "made_at": row.made_at,
        "decided_at": row.decided_at,
        **told,
        "appeal": _report(s, appeal) if appeal else None,
    }


def _rows(rows: list[Any]) -> list[dict[str, Any]]:
    return [_columns(row) for row in rows]


def _columns(row: Base) -> dict[str, Any]:
    """The plain columns of a row: nothing sealed, no digest, no session contents."""
    return {
        column.key: getattr(row, column.key)
        for column in row.__table__.columns
        if not column.key.endswith(KEPT_BACK)
    }
