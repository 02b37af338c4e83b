"""What one has agreed to see: live and past, each with its receipt."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response as JsonResponse
from flask import abort, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.records import store
from archive.vault import signing
from archive.web import consenting, journal
from archive.web.pages.account.blueprint import bp, own_id
from archive.web.request import context, i18n
from archive.web.request.guard import needs
from archive.web.showing.titles import shown_text
from auth.access import consents as kept
from auth.access import receipts
from auth.access.receipts import Parties
from auth.access.tables import ConsentRow
from auth.policy import Action
from auth.scope import scope


@bp.get("/consents")
@needs(Action.MANAGE_OWN_ACCOUNT)
def consents() -> str:
    """Every consent, the live ones first."""
    now = context.now()
    with context.read_session() as s:
        rows = kept.for_account(s, own_id())
        titles = _titles(s, rows)
    live = [row for row in rows if kept.state_of(row, now) == "given"]
    return render_template(
        "account/consents.html",
        live=live,
        batches=_batches(live),
        past=[row for row in rows if kept.state_of(row, now) != "given"],
        titles=titles,
        state_of=lambda row: kept.state_of(row, now),
        label_name=lambda code: context.vocabulary().term(code).name(i18n.language()),
    )


@bp.post("/consents/<consent_id>/withdraw")
@needs(Action.MANAGE_OWN_ACCOUNT)
def withdraw_consent(consent_id: str) -> Response:
    """End one consent; what it showed closes at once."""
    consenting.withdraw(consent_id)
    flash(gettext("That consent has ended. What it showed is closed again."))
    return redirect(url_for("account.consents"), 303)


@bp.post("/consents/withdraw-all")
@needs(Action.MANAGE_OWN_ACCOUNT)
def withdraw_all_consents() -> Response:
    """End every live consent."""
    with context.write_session() as s:
        ended = kept.withdraw_all(s, own_id(), context.now())
        if ended:
            journal.tell(s, "consent withdrawn", detail={"consents": ended})
    flash(gettext("Every consent has ended."))
    return redirect(url_for("account.consents"), 303)


@bp.post("/consents/batches/<batch_id>/withdraw")
@needs(Action.MANAGE_OWN_ACCOUNT)
def withdraw_batch(batch_id: str) -> Response:
    """End what is live of a batch."""
    consenting.withdraw_batch(batch_id)
    flash(gettext("That batch has ended. What it showed is closed again."))
    return redirect(url_for("account.consents"), 303)


@bp.get("/consents/<consent_id>/receipt")
@needs(Action.MANAGE_OWN_ACCOUNT)
def receipt(consent_id: str) -> JsonResponse:
    """What one takes away: the consent as a signed document."""
    with context.read_session() as s:
        row = s.get(ConsentRow, consent_id)
    if row is None or row.account_id != own_id():
        abort(404)
    answer = jsonify(_signed(row))
    name = f"vigil-consent-{row.id}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _signed(row: ConsentRow) -> dict[str, Any]:
    site = context.site()
    parties = Parties(
        principal=site.sealing.blind(row.account_id, "consents.principal").hex()[:32],
        controller=site.config.base_url,
        withdrawal_url=site.config.base_url + url_for("account.consents"),
    )
    document = receipts.receipt(row, parties, context.now())
    return signing.signed(site.keyring, document, frozenset())


def _batches(live: list[ConsentRow]) -> list[tuple[str, str, int]]:
    """The batches with something live: id, name, how many."""
    held = Counter((row.batch_id, row.batch_name) for row in live if row.batch_id)
    return [(str(key), name or str(key)[:6], n) for (key, name), n in held.items()]


def _titles(s: Session, rows: list[ConsentRow]) -> dict[str, str]:
    """Titles of the records that one may still know of."""
    reach = scope(context.viewer(), context.now())
    known = store.list_by_ids(s, [row.record_id for row in rows], reach)
    sealing = context.site().sealing
    return {
        record.id: shown_text(
            store.document_of(sealing, record), store.item_of(record)
        ).title
        for record in known
    }
