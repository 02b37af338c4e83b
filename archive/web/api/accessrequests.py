"""Access requests: ask for restricted originals, follow, decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import jsonify, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from archive.requests import asking, deciding, overview, shelves
from archive.requests.asking import Statement
from archive.requests.overview import Wanted
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors, guard
from archive.web.request.body import BodyError, Fields
from archive.web.request.i18n import language
from archive.web.showing.represent import iso
from auth.access import requests, timeline, useconditions
from auth.access.deciding import Offer
from auth.access.purposes import StatedPurpose, Use
from auth.access.requests import Scope, State
from auth.access.requesttables import AccessRequestRow
from auth.errors import NotThere
from auth.policy import Action
from auth.viewer import Tier

ASKING = frozenset({"purpose", "answers", "acknowledged", "renews", "visa"})
PURPOSE = frozenset(
    {
        "text",
        "project",
        "institution",
        "country",
        "until",
        "ethics_approval",
        "for_profit",
        "uses",
    }
)
CHANGING = frozenset(
    {"action", "reason", "highest_tier", "starts", "ends", "excluded_labels"}
)
Act = Callable[[Session, AccessRequestRow, Fields], object]


def terms_of_record(record_id: str) -> Answer:
    """On which terms a record's originals are asked for."""
    return _terms(Scope(record_id=record_id))


def ask_for_record(record_id: str) -> Answer:
    """Ask for a record's originals; `acknowledged` are the conditions not met."""
    return _ask(Scope(record_id=record_id))


def ask_for_collection(slug: str) -> Answer:
    """Ask for a collection's originals; `acknowledged` are the conditions not met."""
    with context.read_session() as s:
        shelf_id = shelves.require(s, slug).id
    return _ask(Scope(collection_id=shelf_id))


def listing() -> Answer:
    """Your own access requests, newest first."""
    with context.read_session() as s:
        rows = requests.for_account(s, context.viewer().account_id or "")
        items = [_json(s, row) for row in rows]
    shown, links = cursors.part(items)
    return jsonify(items=shown, total=len(items)), 200, links


def table() -> Answer:
    """Every request of every collection, as administrators filter it."""
    given = request.args
    word, sort = given.get("state", "waiting"), given.get("sort", "age")
    if word not in overview.GROUPS and word not in set(State):
        raise BadRequest("state is a group or a state that there is not.")
    if sort not in overview.SORTS:
        raise BadRequest(f"sort must be one of: {', '.join(overview.SORTS)}.")
    older_than = given.get("older_than", "0")
    if not (older_than.isascii() and older_than.isdigit() and len(older_than) <= 4):
        raise BadRequest("older_than is a number of whole days.")
    wanted = Wanted(
        states=overview.GROUPS.get(word) or _one(word),
        collection=given.get("collection", ""),
        older_than=int(older_than),
        sort=sort,
    )
    with context.read_session() as s:
        lines = overview.table(s, wanted, context.now())
    shown, links = cursors.part([line.as_json() for line in lines])
    return jsonify(items=shown, total=len(lines)), 200, links


def _one(word: str) -> frozenset[State]:
    """One state by its name; of `all` none is left out."""
    return frozenset() if word in overview.GROUPS else frozenset({State(word)})


def read(request_id: str) -> Answer:
    """One access request, your own or for those who decide, with its timeline."""
    with context.read_session() as s:
        return jsonify(_json(s, _found(s, request_id))), 200


def change(request_id: str) -> Answer:
    """Withdraw your own, or decide on somebody else's; `action` says what."""
    sent = body.fields(known=CHANGING)
    word = sent.text("action")
    if word not in ACTS:
        known = ", ".join(ACTS)
        raise BodyError(f"action must be one of: {known}.", field="action")
    with context.write_session() as s:
        row = _found(s, request_id)
        if word not in OWN:
            guard.require(Action.DECIDE_REQUESTS)
        ACTS[word](s, row, sent)
    return read(request_id)


def _withdraw(s: Session, row: AccessRequestRow, _sent: Fields) -> None:
    if row.account_id != context.viewer().account_id:
        raise NotThere("There is no such request.")
    asking.withdraw(context.site(), s, row, context.now())


def _comment(s: Session, row: AccessRequestRow, sent: Fields) -> None:
    sealing, now = context.site().sealing, context.now()
    requests.comment(s, sealing, row, _own(), sent.text("reason"), now)


def _take_up(s: Session, row: AccessRequestRow, _sent: Fields) -> None:
    deciding.take_up(context.site(), s, row, _own(), context.now())


def _approve(s: Session, row: AccessRequestRow, sent: Fields) -> None:
    now, ends = context.now(), sent.moment("ends", None)
    if ends is None:
        raise BodyError("Say until when.", field="ends")
    offer = Offer(
        highest_tier=_tier(sent),
        starts=max(now, sent.moment("starts", None) or now),
        ends=ends,
        reason=sent.text("reason"),
        excluded_labels=frozenset(sent.texts("excluded_labels")),
    )
    deciding.approve(context.site(), s, row, offer, _own(), now)


def _with_reason(act: Callable[..., object]) -> Act:
    def acting(s: Session, row: AccessRequestRow, sent: Fields) -> None:
        act(context.site(), s, row, _own(), sent.text("reason"), context.now())

    return acting


OWN = frozenset({"withdraw", "comment"})
"""What an applicant may do; the others are for those who decide."""
ACTS: Mapping[str, Act] = {
    "withdraw": _withdraw,
    "comment": _comment,
    "take_up": _take_up,
    "return": _with_reason(deciding.send_back),
    "decline": _with_reason(deciding.decline),
    "approve": _approve,
    "confirm": _with_reason(deciding.confirm),
    "revoke": _with_reason(deciding.revoke),
}


def _ask(scope: Scope) -> Answer:
    said = _statement(body.fields(known=ASKING))
    with context.write_session() as s:
        row = asking.hand_in(context.site(), s, _own(), scope, said, context.now())
        made = row.id
    return made_already(made)


def made_already(made: str) -> Answer:
    """The answer to whoever asked."""
    with context.read_session() as s:
        told = _json(s, _found(s, made))
    where = url_for("api.accessrequests_read", request_id=made)
    return jsonify(told), 201, {"Location": where}


def _terms(scope: Scope) -> Answer:
    with context.read_session() as s:
        terms = asking.terms_of(s, scope)
    told = {
        "questions": [each.as_json() for each in terms.questions],
        "conditions": _conditions(terms.conditions),
    }
    return jsonify(told), 200


def _statement(sent: Fields) -> Statement:
    told = Fields(sent.table("purpose"))
    body.check_known(told, PURPOSE)
    answers = {
        name: Fields(sent.table("answers")).text(name) for name in sent.table("answers")
    }
    profit = told.get("for_profit", False)
    if not isinstance(profit, bool):
        raise BodyError("for_profit must be true or false.", field="for_profit")
    purpose = StatedPurpose(
        text=told.text("text"),
        project=told.text("project"),
        institution=told.text("institution"),
        country=told.text("country"),
        until=_day(told),
        ethics_approval=told.text("ethics_approval"),
        for_profit=profit,
        uses=_uses(told),
    )
    seen = frozenset(sent.texts("acknowledged"))
    renews, visa = sent.text("renews") or None, sent.text("visa") or None
    return Statement(purpose, answers, seen, language(), renews, visa)


def _day(told: Fields) -> date:
    try:
        return date.fromisoformat(told.text("until"))
    except ValueError:
        raise BodyError("until must be a day, YYYY-MM-DD.", field="until") from None


def _uses(told: Fields) -> frozenset[Use]:
    try:
        return frozenset(Use(word) for word in told.texts("uses"))
    except ValueError:
        known = ", ".join(use.value for use in Use)
        raise BodyError(f"uses must be some of: {known}.", field="uses") from None


def _tier(sent: Fields) -> Tier:
    try:
        return Tier.parse(sent.text("highest_tier"))
    except ValueError as wrong:
        raise BodyError(str(wrong), field="highest_tier") from None


def _found(s: Session, request_id: str) -> AccessRequestRow:
    row = requests.get(s, request_id)
    if row.account_id != _own() and not context.may(Action.DECIDE_REQUESTS):
        raise NotThere("There is no such request.")
    return row


def _own() -> str:
    return context.viewer().account_id or ""


def _json(s: Session, row: AccessRequestRow) -> dict[str, Any]:
    sealing, now = context.site().sealing, context.now()
    grant = requests.grants_of(s, [row]).get(row.grant_id or "")
    told = requests.told_of(sealing, row)
    unmet = asking.mismatches_now(context.site(), s, row, now)
    return {
        "id": row.id,
        "account": row.account_id,
        "record": row.record_id,
        "collection": row.collection_id,
        "state": requests.state_of(row, grant, now).value,
        "purpose": told.purpose.as_json(),
        "answers": [
            {"question": each.question.as_json(), "said": each.said}
            for each in told.answers
        ],
        "questions_version": row.questions_version,
        "mismatches": [{"code": each.code, "fit": each.fit.value} for each in unmet],
        "timeline": [_entry(each) for each in timeline.of(s, sealing, row.id)],
        "renews": row.renews,
        "visa": row.visa_id,
        "approvals_needed": deciding.approvals_for(s, requests.scope_of(row)),
        "approved_by": row.approved_by,
        "submitted_at": iso(row.submitted_at),
        "decided_at": iso(row.decided_at),
        "grant": {
            "id": grant.id,
            "highest_tier": str(Tier(grant.highest_tier)),
            "excluded_labels": grant.excluded_labels,
            "starts_at": iso(grant.starts_at),
            "ends_at": iso(grant.ends_at),
        }
        if grant
        else None,
    }


def _entry(entry: timeline.Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "what": entry.what.value,
        "by": entry.by,
        "at": iso(entry.at),
        "text": entry.text or entry.note,
    }


def _conditions(given: tuple[useconditions.Condition, ...]) -> list[dict[str, Any]]:
    told = []
    for each in given:
        term = useconditions.terms()[each.code]
        is_secret = term.parameter is useconditions.Parameter.ACCOUNTS
        told.append(
            {
                "code": each.code,
                "term": term.term,
                "name": term.name(language()),
                "meaning": term.meaning(language()),
                "values": [] if is_secret else list(each.values),
            }
        )
    return told
