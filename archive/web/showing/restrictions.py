"""What a record's page says of its restrictions: how to ask, how one's request stands.

Whoever may read the page may read that a grant is needed and how it is asked for; until
when an embargo lasts only where that was allowed to be told, or to staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Collection, Record
from archive.web.request import context
from auth.access import requests
from auth.access.requests import OPEN, Scope, State
from auth.conditions import approvals_needed
from auth.policy import Action
from auth.viewer import Access

HELD = (State.GRANTED, State.EXPIRING)


@dataclass(frozen=True)
class Restriction:
    """What the page says; the addresses are None where there is nothing to do.

    `state` and `request_url` are of the viewer's own newest request for it.
    """

    needs_grant: bool
    needs_two: bool
    embargo_until: datetime | None
    is_embargoed: bool
    state: State | None
    request_url: str | None
    ask_url: str | None
    ask_collection_url: str | None
    is_signed_in: bool


def restriction_of(s: Session, record: Record) -> Restriction | None:
    """What is to be said of this record; None where nothing restricts it."""
    item, now, viewer = store.item_of(record), context.now(), context.viewer()
    needed = 0 if item.access is Access.CLOSED else approvals_needed(item)
    is_embargoed = record.embargo_until is not None and now < record.embargo_until
    if not needed and not is_embargoed:
        return None
    state, request_url, is_settled = _own(s, record, now)
    may_ask = bool(needed) and not is_settled
    return Restriction(
        needs_grant=bool(needed),
        needs_two=needed > 1,
        embargo_until=told_embargo(record) if is_embargoed else None,
        is_embargoed=is_embargoed,
        state=state,
        request_url=request_url,
        ask_url=_ask_url(record) if may_ask else None,
        ask_collection_url=_collection_url(s, record) if may_ask else None,
        is_signed_in=viewer.account_id is not None,
    )


def told_embargo(record: Record) -> datetime | None:
    """Until when an embargo lasts, as far as this viewer may read it."""
    is_told = record.embargo_told or context.viewer().is_staff
    return record.embargo_until if is_told else None


def _own(
    s: Session, record: Record, now: datetime
) -> tuple[State | None, str | None, bool]:
    """State and address of one's own request; whether asking anew is out of place."""
    account_id = context.viewer().account_id
    if account_id is None:
        return None, None, False
    scopes = [Scope(record_id=record.id)]
    if record.collection_id is not None:
        scopes.append(Scope(collection_id=record.collection_id))
    row = requests.latest(s, account_id, scopes)
    if row is None:
        return None, None, False
    grant = requests.grants_of(s, [row]).get(row.grant_id or "")
    state = requests.state_of(row, grant, now)
    url = url_for("requests.show", request_id=row.id)
    return state, url, state in (*OPEN, *HELD)


def _ask_url(record: Record) -> str | None:
    if not context.may(Action.REQUEST_ACCESS, store.item_of(record)):
        return None
    return url_for("requests.ask_record", record_id=record.id)


def _collection_url(s: Session, record: Record) -> str | None:
    shelf = s.get(Collection, record.collection_id) if record.collection_id else None
    if shelf is None or shelf.access is Access.CLOSED:
        return None
    if not context.may(Action.REQUEST_COLLECTION):
        return None
    return url_for("requests.ask_collection", slug=shelf.slug)
