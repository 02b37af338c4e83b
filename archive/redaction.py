"""What moderators do about redacted copies: draw, confirm, withdraw.

    draw       what is removed, and what the copy still shows -> a job makes it
    confirm    another moderator has looked at the copy; from now on it is given
    withdraw   it is given to nobody any more, and its key is forgotten

To say that the copy is less graphic than its original is to lower a tier: where two
opinions are asked for, whoever drew it does not confirm it. Each act is the caller's
transaction and has its line in the ledger. Whether somebody may do it was decided
before, by the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from archive import jobs
from archive.jobs import OPEN_STATES
from archive.ledger import Ledger
from archive.records import opinions, redactions, store
from archive.records.labels import LabelInput
from archive.records.redactions import NotReady
from archive.records.tables import Redaction, RedactionState
from archive.vault import keytable
from auth.sealing import Sealing
from blur.regions import Removal

JOB = "redact"
SECOND_OPINION = 2
REPLACED = "Another copy took its place."


class Premises(Protocol):
    """What redaction needs of a running archive."""

    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


@dataclass(frozen=True)
class Drawn:
    """What somebody wants removed, and what the copy will still show."""

    removal: Removal
    labels: Sequence[LabelInput]
    note: str = ""


def draw(
    premises: Premises,
    session: Session,
    asset_id: str,
    drawn: Drawn,
    by: str,
    now: datetime,
) -> Redaction:
    """Have a copy made without what was drawn; what was drawn before and waits, ends.

    :raises NoSuchRecord: there is no such asset
    :raises RecordsError: it cannot be redacted so
    """
    asset = store.require_asset(session, asset_id)
    for waiting in redactions.of_asset(session, asset_id):
        if waiting.state in (*redactions.OPEN, RedactionState.FAILED):
            _give_up(session, waiting, by, REPLACED, now)
    sealing, note = premises.sealing, drawn.note
    row = redactions.draw(
        session, sealing, asset, drawn.removal, drawn.labels, note, by, now
    )
    job = jobs.enqueue(
        session,
        JOB,
        {"redaction": row.id},
        now=now,
        subject=asset.record_id,
        owner=by,
    )
    row.job_id = job.id
    _tell(
        premises,
        session,
        "redaction drawn",
        row,
        by,
        now,
        regions=len(drawn.removal.regions),
        cuts=len(drawn.removal.cuts),
        labels=sorted(row.codes),
        tier=[str(asset.tier), str(row.tier)],
    )
    return row


def confirm(
    premises: Premises, session: Session, redaction_id: str, by: str, now: datetime
) -> Redaction:
    """Give the copy from now on, in the place of any before.

    :raises NoSuchRecord: there is no such redaction
    :raises NotReady: it is not made yet, is confirmed, or is one's own
    """
    row = redactions.require(session, redaction_id)
    _require_made(row)
    own = row.drawn_by == by
    if own and needs_another(premises, session, row):
        raise NotReady("Somebody else must look at the copy and confirm it.")
    for before in redactions.of_asset(session, row.asset_id):
        if before.state is RedactionState.CONFIRMED:
            _give_up(session, before, by, REPLACED, now)
    row.state = RedactionState.CONFIRMED
    row.confirmed_by, row.confirmed_at = by, now
    session.flush()
    waived = {"second_opinion": f"waived by {by}"} if own else {}
    _tell(
        premises,
        session,
        "redaction confirmed",
        row,
        by,
        now,
        tier=str(row.tier),
        labels=sorted(row.codes),
        object=str(row.object_id),
        **waived,
    )
    return row


def needs_another(premises: Premises, session: Session, row: Redaction) -> bool:
    """Whether somebody else than who drew it must confirm it."""
    asset = store.require_asset(session, row.asset_id)
    asked = opinions.asked(session, premises.label_opinions, asset)
    return asked >= SECOND_OPINION


def withdraw(
    premises: Premises,
    session: Session,
    redaction_id: str,
    why: str,
    by: str,
    now: datetime,
) -> Redaction:
    """Give the copy to nobody any more; what is being made is stopped.

    :raises NoSuchRecord: there is no such redaction
    :raises NotReady: it was given up before
    """
    row = redactions.require(session, redaction_id)
    _give_up(session, row, by, why, now)
    _tell(premises, session, "redaction withdrawn", row, by, now, why=why)
    return row


def _give_up(
    session: Session, row: Redaction, by: str, why: str, now: datetime
) -> None:
    job = jobs.get(session, row.job_id) if row.job_id else None
    if job is not None and job.state in OPEN_STATES:
        jobs.cancel(session, job.id, now=now)
    made = row.object_id
    redactions.end(row, by, why, now)
    session.flush()
    if made is not None:
        keytable.forget(session, made)


def _require_made(row: Redaction) -> None:
    refusals = {
        RedactionState.ASKED: NotReady("The copy is not made yet."),
        RedactionState.CONFIRMED: NotReady("This copy is confirmed already."),
        RedactionState.FAILED: NotReady("This copy could not be made; draw it anew."),
        RedactionState.ENDED: NotReady("This copy was given up before."),
    }
    if row.state in refusals:
        raise refusals[row.state]


def _tell(
    premises: Premises,
    session: Session,
    event: str,
    row: Redaction,
    by: str,
    now: datetime,
    **detail: Any,  # noqa: ANN401 - JSON
) -> None:
    asset = store.require_asset(session, row.asset_id)
    premises.ledger.append(
        session,
        event,
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={"redaction": row.id, **detail},
    )
