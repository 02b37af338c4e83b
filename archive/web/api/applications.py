"""Applications, for administrators: what waits, what was said, deciding by stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from flask import jsonify, request
from sqlalchemy.orm import Session

from archive.web import vetting
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors
from archive.web.request.body import BodyError, Fields
from archive.web.showing.represent import iso
from auth.vetting import applications as kept
from auth.vetting.applications import Stage
from auth.vetting.facts import facts_of
from auth.vetting.review import Outcome
from auth.vetting.tables import Application, Decision

DECIDING = frozenset({"outcome", "stage", "reason", "until"})


class Group(StrEnum):
    """Which applications are listed."""

    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    DECIDED = "decided"


_FOUND: dict[Group, Callable[[Session], list[Application]]] = {
    Group.WAITING: kept.pending,
    Group.UNCONFIRMED: kept.unconfirmed,
    Group.HELD: kept.held,
    Group.DECIDED: lambda s: kept.decided(s, limit=None),
}


def listing() -> Answer:
    """Those of one group as a walk, the earliest handed in first."""
    group, walk = Group(request.args.get("group") or Group.WAITING), cursors.begun()
    with context.read_session() as s:
        found = _FOUND[group](s)
    shown, links = cursors.page(walk, found, _key)
    items = [_summary(row) for row in shown]
    return jsonify(items=items, total=len(found)), 200, links


def read(application_id: str) -> Answer:
    """One application: the facts, and every decision with its reason."""
    with context.read_session() as s:
        return jsonify(_told(s, kept.get(s, application_id))), 200


def change(application_id: str) -> Answer:
    """Decide on the stage that you have read: pass it, send it back, or reject."""
    sent = body.fields(known=DECIDING)
    if "outcome" not in sent:
        known = ", ".join(Outcome)
        raise BodyError(f"outcome must be one of: {known}.", field="outcome")
    outcome = sent.word("outcome", Outcome, Outcome.RETURN)
    reason = sent.text("reason").strip()
    if not reason:
        raise BodyError("Please write down why.", field="reason")
    until = sent.moment("until", None)
    if until is not None and until <= context.now():
        raise BodyError("until must be a time to come.", field="until")
    with context.write_session() as s:
        row = kept.get(s, application_id)
        vetting.decide(s, row, outcome, reason, until=until, stage=_stage(sent))
        return jsonify(_told(s, row)), 200


def _stage(sent: Fields) -> Stage | None:
    return sent.word("stage", Stage, Stage.IDENTITY) if "stage" in sent else None


def _summary(row: Application) -> dict[str, Any]:
    facts = facts_of(context.site().sealing, row)
    return {
        "id": row.id,
        "account": row.account_id,
        "name": facts.legal_name,
        "institution": facts.institution,
        "state": row.state,
        "stage": row.stage,
        "held": row.held_by is not None,
        "renews": row.renews_id,
        "submitted_at": iso(row.submitted_at),
        "confirmed_at": iso(row.confirmed_at),
        "decided_at": iso(row.decided_at),
    }


def _told(s: Session, row: Application) -> dict[str, Any]:
    return {
        **_summary(row),
        "facts": asdict(facts_of(context.site().sealing, row)),
        "decisions": [_decision(each) for each in kept.decisions_on(s, row.id)],
    }


def _decision(made: Decision) -> dict[str, Any]:
    return {
        "stage": made.stage,
        "outcome": made.outcome,
        "reason": made.reason,
        "by": made.by,
        "at": iso(made.at),
        "vetted_until": iso(made.vetted_until),
    }


def _key(row: Application) -> cursors.Key:
    return (row.submitted_at.isoformat(), row.id)
