"""What of a record stands open for this viewer now: which files clear, which redacted.

Asked of the policy for each file, as the gate will; it opens nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from archive.records import redactions, store
from archive.records.tables import Record
from archive.web.request import context, guard
from auth.policy import Action, Permit, decide
from auth.viewer import Item


@dataclass(frozen=True)
class Openings:
    """The ids of the files that open as they are, and of those that open redacted."""

    clear: frozenset[str]
    redacted: frozenset[str]


def of_record(s: Session, record: Record) -> Openings:
    """What opens of a record.

    :raises RefusedRequestError: nothing; with what an original of it would need
    """
    assets = store.assets_of(s, record.id)
    given = redactions.given(s, record)
    clear = {
        each.id
        for each in assets
        if _may(Action.OPEN_ORIGINAL, store.item_of(record, each))
    }
    redacted = {
        each.id
        for each in assets
        if each.id in given
        and _may(Action.OPEN_REDACTED, redactions.item_of(record, given, each))
    }
    if not clear | redacted:
        guard.require(Action.OPEN_ORIGINAL, store.item_of(record))
    return Openings(frozenset(clear), frozenset(redacted))


def _may(action: Action, item: Item) -> bool:
    viewer, rules, now = context.viewer(), context.rules(), context.now()
    return isinstance(decide(action, viewer, item, rules, now), Permit)
