"""Whether somebody may have an export: when it is made, given, and while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from archive.exports.tables import Export, What
from archive.gate import RefusedError
from archive.records import store
from auth.entry import entrances
from auth.policy import Action, Refusal, decide
from auth.viewer import Rules, Viewer


class Premises(Protocol):
    """What deciding needs of a running archive."""

    @property
    def rules(self) -> Rules: ...


def require(
    premises: Premises,
    s: Session,
    row: Export,
    wish: dict[str, Any],
    viewer: Viewer,
    now: datetime,
) -> None:
    """Ask the policy for every part of what it is.

    :raises NoSuchRecord: its record is not there
    :raises RefusedError: the policy says no
    """
    item = None
    if row.record_id is not None:
        item = store.item_of(store.require(s, row.record_id))
    for action in _actions(row, wish):
        outcome = decide(action, viewer, item, premises.rules, now)
        if isinstance(outcome, Refusal):
            raise RefusedError(outcome, item)


def afresh(s: Session, viewer: Viewer, now: datetime) -> Viewer:
    """The same person as they stand now; that they proved who they are was asked."""
    account, entrance = viewer.account_id or "", viewer.session_id
    return as_proved(entrances.viewer_through(s, account, entrance, now), now)


def as_proved(viewer: Viewer, now: datetime) -> Viewer:
    """As if they had just proved who they are: they had when they asked for it."""
    return viewer if viewer.account_id is None else replace(viewer, proved_at=now)


def _actions(row: Export, wish: dict[str, Any]) -> Iterator[Action]:
    if row.what is What.LIST:
        yield Action.EXPORT_METADATA
        return
    yield Action.PACKAGE
    if wish["people"]:
        yield Action.EXPORT_LEDGER
