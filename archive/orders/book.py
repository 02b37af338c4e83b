"""The book of orders: who asked, who confirmed, what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from archive import jobs, shredding
from archive.orders.tables import ShredOrder
from archive.records import store
from archive.records.errors import Conflict, Gone, NoSuchRecord
from archive.shredding import Approved, NotApproved, Premises, Proof
from archive.vault import signing
from auth import accounts
from auth.identifiers import new_id
from auth.sealing import Sealing
from auth.viewer import AccountStatus, RecordState, Role

LASTS = timedelta(days=7)
"""How long an order waits for the second person."""
JOB = "shred"
UNSIGNED = frozenset({"traces"})


class State(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class NoSuchOrder(NoSuchRecord):
    """There is no order of that id."""


class NotNow(Conflict):
    """The order is not in a state for this."""


def ask(
    premises: Premises, record_id: str, reason: str, proof: Proof, source: str
) -> ShredOrder:
    """Ask that a record be shredded; nothing happens before another one confirms.

    :raises NoSuchRecord: there is no such record
    :raises FieldError: the reason is missing
    :raises Gone: it was shredded before
    :raises NotNow: there is such an order already
    :raises NotApproved: they did not prove who they are, by both factors
    """
    text, now = shredding.checked_reason(reason), premises.clock()
    with premises.db.read() as session:
        _require_living(session, record_id, now)
    account_id = shredding.sign_off(premises, proof, source)
    with premises.db.write() as session:
        _require_living(session, record_id, now)
        return _add(premises, session, record_id, text, account_id, now)


def ask_and_confirm(
    premises: Premises, record_id: str, reason: str, proofs: Sequence[Proof]
) -> ShredOrder:
    """Both persons at one keyboard: all of it, or nothing.

    :raises NoSuchRecord: there is no such record
    :raises FieldError: the reason is missing
    :raises Gone: it was shredded before
    :raises NotNow: there is such an order already
    :raises NotApproved: not two, or they did not prove who they are
    """
    text, now = shredding.checked_reason(reason), premises.clock()
    with premises.db.read() as session:
        _require_living(session, record_id, now)
    one, other = shredding.approve(premises, proofs).accounts
    with premises.db.write() as session:
        _require_living(session, record_id, now)
        order = _add(premises, session, record_id, text, one, now)
        _confirm(premises, session, order, other, now)
        return order


def confirm(premises: Premises, order_id: str, proof: Proof, source: str) -> ShredOrder:
    """Confirm an order of somebody else; from now on it will be carried out.

    :raises NoSuchOrder: there is none
    :raises NotNow: it is not waiting any more
    :raises NotApproved: the same person, or they did not prove who they are
    """
    now = premises.clock()
    with premises.db.read() as session:
        require(session, order_id, State.WAITING, now)
    account_id = shredding.sign_off(premises, proof, source)
    with premises.db.write() as session:
        order = require(session, order_id, State.WAITING, now)
        if order.asked_by == account_id:
            raise NotApproved("Another administrator than the one who asked confirms.")
        _require_standing(session, order.asked_by)
        _confirm(premises, session, order, account_id, now)
    return order


def withdraw(premises: Premises, order_id: str, account_id: str) -> None:
    """Take an order back that still waits.

    :raises NoSuchOrder: there is none
    :raises NotNow: it is not waiting any more
    """
    now = premises.clock()
    with premises.db.write() as session:
        order = require(session, order_id, State.WAITING, now)
        order.withdrawn_by, order.withdrawn_at = account_id, now
        _tell(premises, session, order, "deletion withdrawn", account_id)


def carry_out(premises: Premises, order_id: str) -> dict[str, Any]:
    """Shred what two have signed, and return the signed receipt; once.

    :raises NoSuchOrder: there is none
    :raises NotNow: two have not signed it
    :raises KeyUnavailable: this process may not; nothing was destroyed
    """
    now = premises.clock()
    with premises.db.read() as session:
        order = find(session, order_id)
        if order.receipt_sealed is not None:
            return receipt_of(premises.sealing, order) or {}
        require(session, order_id, State.CONFIRMED, now)
    approved = Approved((order.asked_by, order.confirmed_by or ""))
    reason = reason_of(premises.sealing, order)
    try:
        told = shredding.shred(premises, order.record_id, reason, approved)
    except Gone:
        # Killed between the shredding and this line, or done by another hand before.
        told = shredding.told_again(premises, order.record_id)
    receipt = signing.signed(premises.vault.keyring, told, UNSIGNED)
    sealed = premises.sealing.seal(
        json.dumps(receipt).encode(), _context(order, "receipt")
    )
    with premises.db.write() as session:
        session.execute(
            update(ShredOrder)
            .where(ShredOrder.id == order_id, ShredOrder.done_at.is_(None))
            .values(done_at=now, receipt_sealed=sealed)
        )
    return receipt


def find(session: Session, order_id: str) -> ShredOrder:
    """One order.

    :raises NoSuchOrder: there is none of that id
    """
    order = session.get(ShredOrder, order_id, populate_existing=True)
    if order is None:
        raise NoSuchOrder("There is no such order.")
    return order


def require(session: Session, order_id: str, state: State, now: datetime) -> ShredOrder:
    """One order, which must be in this state.

    :raises NoSuchOrder: there is none of that id
    :raises NotNow: it is in another state
    """
    order = find(session, order_id)
    found = state_of(order, now)
    if found is not state:
        raise NotNow("This order has moved on in the meantime; look at it again.")
    return order


def listing(session: Session, limit: int = 100) -> Sequence[ShredOrder]:
    """The latest orders, newest first."""
    newest = select(ShredOrder).order_by(ShredOrder.asked_at.desc(), ShredOrder.id)
    return session.scalars(newest.limit(limit)).all()


def state_of(order: ShredOrder, now: datetime) -> State:
    """Where the order stands now."""
    if order.done_at is not None:
        return State.DONE
    if order.withdrawn_at is not None:
        return State.WITHDRAWN
    if order.confirmed_at is not None:
        return State.CONFIRMED
    return State.WAITING if now < order.asked_at + LASTS else State.EXPIRED


def reason_of(sealing: Sealing, order: ShredOrder) -> str:
    """Why it was asked for."""
    return sealing.open(order.reason_sealed, _context(order, "why")).decode()


def receipt_of(sealing: Sealing, order: ShredOrder) -> dict[str, Any] | None:
    """The signed receipt; None before it is done."""
    if order.receipt_sealed is None:
        return None
    opened = sealing.open(order.receipt_sealed, _context(order, "receipt"))
    receipt: dict[str, Any] = json.loads(opened)
    return receipt


def is_own(receipt: Mapping[str, Any], public_key: str) -> bool:
    """Whether the archive of this public key signed the receipt as it stands."""
    if "document" in receipt:
        return False  # signed by the same key, but something else
    return signing.holds(receipt, public_key, UNSIGNED)


def _add(
    premises: Premises,
    session: Session,
    record_id: str,
    reason: str,
    by: str,
    now: datetime,
) -> ShredOrder:
    order = ShredOrder(id=new_id(), record_id=record_id, asked_by=by, asked_at=now)
    sealed = premises.sealing.seal(reason.encode(), _context(order, "why"))
    order.reason_sealed = sealed
    session.add(order)
    session.flush()
    _tell(premises, session, order, "deletion asked for", by)
    return order


def _confirm(
    premises: Premises, session: Session, order: ShredOrder, by: str, now: datetime
) -> None:
    order.confirmed_by, order.confirmed_at = by, now
    # Without a subject: shredding ends every job of the record.
    jobs.enqueue(session, JOB, {"order": order.id}, now=now)
    _tell(premises, session, order, "deletion confirmed", by)


def _require_living(session: Session, record_id: str, now: datetime) -> None:
    record = store.require(session, record_id)
    if record.state is RecordState.SHREDDED:
        raise Gone("This record was shredded before.")
    same = select(ShredOrder).where(ShredOrder.record_id == record_id)
    for order in session.scalars(same):
        if state_of(order, now) in (State.WAITING, State.CONFIRMED):
            raise NotNow("There is an order for this record already.")


def _require_standing(session: Session, account_id: str) -> None:
    account = accounts.get(session, account_id)
    is_active = AccountStatus(account.status) is AccountStatus.APPROVED
    if not is_active or Role(account.role) is not Role.ADMINISTRATOR:
        raise NotApproved(
            "Whoever asked is no administrator in good standing any more: ask anew."
        )


def _tell(
    premises: Premises, session: Session, order: ShredOrder, event: str, by: str
) -> None:
    detail = {"order": order.id, "reason": reason_of(premises.sealing, order)}
    now = premises.clock()
    premises.ledger.append(
        session, event, actor=by, record=order.record_id, now=now, detail=detail
    )


def _context(order: ShredOrder, what: str) -> str:
    return f"shred_orders.{what}/v1:{order.id}"
