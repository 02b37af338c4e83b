"""Consent: somebody's recorded willingness to see one record, as labelled now.

It names the labels and the text that were shown, is bound to one session (or token),
lasts minutes, and ends when withdrawn, replaced, when its session ends, or when the
account is cut off. A label added since makes it stale: the policy compares
`labels_version`. Whether somebody may consent at all is asked of the policy before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.access.tables import ConsentRow
from auth.conditions import consent_minutes, needs_typed_reason
from auth.errors import FormSpent, LabelsChanged, NotPossible, NotThere, ReasonMissing
from auth.identifiers import new_id
from auth.viewer import Consent, Item, Rules, Tier, Viewer


class Ending(StrEnum):
    """Why a consent ended before its time."""

    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    SESSION_ENDED = "session_ended"
    ACCOUNT_CHANGED = "account_changed"
    RECORD_CLOSED = "record_closed"


@dataclass(frozen=True)
class Act:
    """How it was done: the words shown, the form they stood on, the batch it is of.

    `identity` is why they need to see who it is, in their own words, if they do.
    """

    words: str | None = None
    form_id: str | None = None
    batch_id: str | None = None
    batch_name: str | None = None
    identity: str = ""


def give(  # noqa: PLR0913, PLR0917 - each is a fact that the receipt must show
    s: Session,
    viewer: Viewer,
    item: Item,
    labels: Sequence[str],
    text_hash: str,
    language: str,
    purpose: str,
    reason: str,
    minutes: int,
    now: datetime,
    *,
    rules: Rules | None = None,
    act: Act = Act(),
) -> Consent:
    """Record a consent; it lasts `minutes`, at most what the tier and rules allow.

    Of an item that is redacted copies it is a consent to these, and to nothing clear.

    :raises LabelsChanged: the labels acknowledged are not exactly the record's own
    :raises ReasonMissing: no purpose, or no typed reason where the tier asks for one
    :raises NotPossible: nobody is signed in, or no length of time is allowed
    :raises FormSpent: that form was sent before
    """
    if viewer.account_id is None:
        raise NotPossible("Sign in before you consent.")
    if set(labels) != item.codes:
        raise LabelsChanged("The labels of this record changed; read them again.")
    _require_words(purpose, reason, item.tier)
    length = min(minutes, consent_minutes(item.tier, rules or Rules()))
    if length < 1:
        raise NotPossible("This record cannot be shown for that long.")
    _end(s, _of(viewer, item), Ending.REPLACED, now)
    row = ConsentRow(
        id=new_id(),
        account_id=viewer.account_id,
        session_id=viewer.session_id,
        record_id=item.record_id,
        tier=int(item.tier),
        labels=sorted(item.codes),
        labels_version=item.redacted_version or item.labels_version,
        text_hash=text_hash,
        words=act.words,
        form_id=act.form_id,
        batch_id=act.batch_id,
        batch_name=act.batch_name,
        language=language,
        purpose=purpose.strip(),
        reason=reason.strip(),
        identity=act.identity.strip() or None,
        given_at=now,
        expires_at=now + timedelta(minutes=length),
    )
    _insert(s, row)
    return consent_of(row)


def withdraw(s: Session, account_id: str, consent_id: str, now: datetime) -> ConsentRow:
    """End one's own consent at once; ending it again changes nothing.

    :raises NotThere: this account gave no such consent
    """
    row = s.get(ConsentRow, consent_id)
    if row is None or row.account_id != account_id:
        raise NotThere("There is no such consent.")
    _end(s, (ConsentRow.id == consent_id,), Ending.WITHDRAWN, now)
    return row


def withdraw_all(s: Session, account_id: str, now: datetime) -> list[str]:
    """End every live consent of one's own; return the ids that ended."""
    return _end(s, (ConsentRow.account_id == account_id,), Ending.WITHDRAWN, now)


def withdraw_for_record(
    s: Session, account_id: str, record_id: str, now: datetime
) -> list[str]:
    """End one's own live consents for one record, in whichever session."""
    own = (ConsentRow.account_id == account_id, ConsentRow.record_id == record_id)
    return _end(s, own, Ending.WITHDRAWN, now)


def withdraw_batch(
    s: Session, account_id: str, batch_id: str, now: datetime
) -> list[ConsentRow]:
    """End what is live of one's own batch; return the consents that ended.

    :raises NotThere: this account has no such batch
    """
    own = (ConsentRow.account_id == account_id, ConsentRow.batch_id == batch_id)
    if s.scalars(select(ConsentRow.id).where(*own).limit(1)).first() is None:
        raise NotThere("There is no such batch of consents.")
    ended = _end(s, own, Ending.WITHDRAWN, now)
    return list(s.scalars(select(ConsentRow).where(ConsentRow.id.in_(ended))))


def end_for_session(s: Session, session_id: str, now: datetime) -> list[str]:
    """End what was given in one session or with one token."""
    return _end(s, (ConsentRow.session_id == session_id,), Ending.SESSION_ENDED, now)


def end_for_account(s: Session, account_id: str, now: datetime) -> list[str]:
    """End everything an account has, because of a change to the account."""
    return _end(s, (ConsentRow.account_id == account_id,), Ending.ACCOUNT_CHANGED, now)


def end_for_record(s: Session, record_id: str, now: datetime) -> list[str]:
    """End everything about one record, because it was closed."""
    return _end(s, (ConsentRow.record_id == record_id,), Ending.RECORD_CLOSED, now)


def live_for(
    s: Session, account_id: str, session_id: str | None, now: datetime
) -> tuple[Consent, ...]:
    """What holds now in this session; a consent of another session does not."""
    live = (
        select(ConsentRow)
        .where(
            ConsentRow.account_id == account_id,
            ConsentRow.session_id.is_not_distinct_from(session_id),
            ConsentRow.ended_at.is_(None),
            ConsentRow.expires_at > now,
        )
        .order_by(ConsentRow.given_at.desc(), ConsentRow.id)
    )
    return tuple(consent_of(row) for row in s.scalars(live))


def count_live(s: Session, record_ids: Collection[str], now: datetime) -> int:
    """How many consents to any of these records hold now, whoever gave them."""
    live = (ConsentRow.ended_at.is_(None), ConsentRow.expires_at > now)
    about = ConsentRow.record_id.in_(record_ids)
    return s.scalar(select(func.count()).where(about, *live)) or 0


def for_account(s: Session, account_id: str, *, limit: int = 200) -> list[ConsentRow]:
    """Every consent of one account, live or not, newest first."""
    own = select(ConsentRow).where(ConsentRow.account_id == account_id)
    newest = own.order_by(ConsentRow.given_at.desc(), ConsentRow.id).limit(limit)
    return list(s.scalars(newest))


def consent_of(row: ConsentRow) -> Consent:
    """The frozen copy on which the policy decides."""
    return Consent(
        id=row.id,
        record_id=row.record_id,
        labels_version=row.labels_version,
        purpose=row.purpose,
        reason=row.reason,
        starts=row.given_at,
        expires=row.expires_at,
        ended_at=row.ended_at,
        identity=row.identity or "",
    )


def state_of(row: ConsentRow, now: datetime) -> str:
    """`given`, `expired`, or why it ended."""
    if row.ended_at is not None:
        return row.ended_why or Ending.WITHDRAWN.value
    return "given" if now < row.expires_at else "expired"


def _insert(s: Session, row: ConsentRow) -> None:
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        raise FormSpent("This form was sent before; read the warnings again.") from None


def _require_words(purpose: str, reason: str, tier: Tier) -> None:
    if not purpose.strip():
        raise ReasonMissing("Say for which purpose you need to see this.")
    if needs_typed_reason(tier) and not reason.strip():
        raise ReasonMissing("Say in your own words why you need to see this.")


def _of(viewer: Viewer, item: Item) -> tuple[Any, ...]:
    return (
        ConsentRow.account_id == viewer.account_id,
        ConsentRow.session_id.is_not_distinct_from(viewer.session_id),
        ConsentRow.record_id == item.record_id,
    )


def _end(s: Session, which: tuple[Any, ...], why: Ending, now: datetime) -> list[str]:
    still_open = (ConsentRow.ended_at.is_(None), ConsentRow.expires_at > now)
    ending = (
        update(ConsentRow)
        .where(*which, *still_open)
        .values(ended_at=now, ended_why=why.value)
        .returning(ConsentRow.id)
    )
    return list(s.scalars(ending))
