"""What is handed in from outside: hand in, follow it; for reviewers, list and decide.

The reference comes and goes in a body, never in an address.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask import jsonify
from sqlalchemy.orm import Session

from archive.contributions import (
    deciding,
    describing,
    desk,
    finding,
    handing,
    words,
)
from archive.contributions.deciding import Decision
from archive.contributions.kinds import State, Wish
from archive.contributions.tables import Contribution
from archive.intake import Incoming
from archive.records import store
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors, limits, uploads
from archive.web.request.body import BodyError, Fields
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing import contributed
from archive.web.showing.contributed import Shown
from archive.web.showing.represent import iso

TYPED = frozenset(
    {"title", "body", "event_date", "place", "source_url", "source_note", "rights"}
    | {"people", "danger", "about_wish", "contact"}
)
KNOWN = TYPED | {"language", "wish", "until", "agreed"}


class Act(StrEnum):
    """What a reviewer does."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    ASK = "ask"
    ACCEPT = "accept"
    DECLINE = "decline"


_OUTCOMES = {Act.ACCEPT: State.ACCEPTED, Act.DECLINE: State.DECLINED}


def hand_in() -> Answer:
    """Hand in words and files; the reference by which it is followed comes back once.

    :raises TooFast: too many came from there, or altogether
    """
    incoming = uploads.submission()
    sent = Fields({name: text.strip() for name, text in incoming.fields.items()})
    body.check_known(sent, KNOWN)
    if sent.text("agreed") != "yes":
        sentence = "agreed must be yes: you may hand it in, and know of the reference."
        raise BodyError(sentence, field="agreed")
    given = describing.given(sent.text, _wish(sent), _until(sent), _language(sent))
    limits.spend_contribution()
    files = (Incoming(each, each.filename) for each in incoming.files())
    account_id, now = context.viewer().account_id, context.now()
    row, code = handing.hand_in(context.site(), given, files, account_id, now)
    with context.read_session() as s:
        told = _followed(contributed.shown(s, finding.require(s, row.id)))
    return jsonify({"code": code, **told}), 201


def follow() -> Answer:
    """How the contribution of this reference stands, and what was asked.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried from there
    """
    limits.spend_contribution_code()
    code = body.fields(known=frozenset({"code"})).text("code")
    with context.read_session() as s:
        return jsonify(_followed(contributed.shown(s, finding.by_code(s, code)))), 200


def listing() -> Answer:
    """What is open, the oldest first; for those who review."""
    with context.read_session() as s:
        items = [_reviewed(s, row) for row in desk.table(s)]
    shown, links = cursors.part(items)
    return jsonify({"items": shown}), 200, links


def read(contribution_id: str) -> Answer:
    """One contribution with all that was written; for those who review."""
    with context.read_session() as s:
        return jsonify(_whole(s, finding.require(s, contribution_id))), 200


def change(contribution_id: str) -> Answer:
    """Take it up, give it back, ask something, accept or decline it."""
    sent = body.fields(known=frozenset({"action", "words", "reason", "note"}))
    if "action" not in sent:
        known = ", ".join(Act)
        raise BodyError(f"action must be one of: {known}.", field="action")
    act = sent.word("action", Act, Act.TAKE)
    with context.write_session() as s:
        row = finding.require(s, contribution_id)
        _do(s, row, act, sent)
        return jsonify(_whole(s, row)), 200


def _do(s: Session, row: Contribution, act: Act, sent: Fields) -> None:
    site, now, by = context.site(), context.now(), context.viewer().account_id or ""
    if act in _OUTCOMES:
        made = Decision(_OUTCOMES[act], sent.text("reason"), sent.text("note"))
        deciding.decide(site, s, row, made, by, now)
    elif act is Act.ASK:
        desk.ask(site, s, row, sent.text("words"), by, now)
    elif act is Act.TAKE:
        desk.take(site, s, row, by, now)
    else:
        desk.give_back(s, row, by)


def _followed(found: Shown) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "received_at": iso(found.made_at),
        "files": found.files,
        "decided_at": iso(found.decided_at),
        "reason": found.reason or None,
        "destroyed_at": iso(found.shredded_at),
        "lines": [
            {
                "by": "reviewer" if line.is_question else "contributor",
                "words": line.words,
            }
            for line in found.lines
        ],
    }


def _reviewed(s: Session, row: Contribution) -> dict[str, Any]:
    sealing = context.site().sealing
    record = store.require(s, row.record_id)
    return {
        "id": row.id,
        "title": store.document_of(sealing, record).title(language()),
        "held": desk.holder(row, context.now()) is not None,
        **_followed(contributed.shown(s, row)),
    }


def _whole(s: Session, row: Contribution) -> dict[str, Any]:
    sealing = context.site().sealing
    record = store.require(s, row.record_id)
    document, told = (
        store.document_of(sealing, record),
        words.told_of(sealing, row),
    )
    return {
        **_reviewed(s, row),
        "texts": {code: text.body for code, text in document.descriptions.items()},
        "event_date": document.event_date,
        "places": [place.name for place in document.places],
        "source": {"url": document.source.url, "note": document.source.note},
        "rights": document.rights,
        "people": told.people,
        "danger": told.danger,
        "wish": told.wish.value,
        "about_wish": told.about_wish,
        "contact": words.opened(sealing, row, "contact"),
        "note": words.opened(sealing, row, "note"),
        "assets": [asset.id for asset in store.assets_of(s, record.id)],
        "record": record.id if row.state is State.ACCEPTED else None,
    }


def _wish(sent: Fields) -> Wish:
    return sent.word("wish", Wish, Wish.ASK_FIRST)


def _until(sent: Fields) -> Any:  # noqa: ANN401 - a date, or none
    moment = sent.moment("until", None)
    return moment.date() if moment else None


def _language(sent: Fields) -> str:
    chosen = sent.text("language") or language()
    if chosen not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise BodyError(f"language must be one of: {known}.", field="language")
    return chosen
