"""Giving and withdrawing consent, as the record page and the API both do it.

Each is one transaction: the consent (or its end) and the ledger line that tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Record
from archive.web.request import context, guard, i18n
from archive.web.request.body import BodyError
from archive.web.showing import warnings
from auth.access import consents
from auth.errors import LabelsChanged
from auth.policy import Action
from auth.viewer import LABELLING, Consent, Role


@dataclass(frozen=True)
class Willingness:
    """What somebody says: which labels they acknowledge, what for, how long.

    `text_version` is None where the caller (a script) does not say which words it
    read; `minutes` None asks for the longest that the tier allows.
    """

    acknowledged: Sequence[str]
    purpose: str
    reason: str = ""
    minutes: int | None = None
    text_version: str | None = None


def give(record_id: str, said: Willingness) -> Consent:
    """Record a consent of this viewer to see this record as it is labelled now.

    :raises RefusedRequestError: the policy does not let this viewer consent
    :raises LabelsChanged: other labels or words are shown now than were acknowledged
    :raises AuthError: a purpose or a typed reason is missing
    """
    with context.write_session() as s:
        record = store.require(s, record_id)
        guard.require(Action.GIVE_CONSENT, store.item_of(record))
        _check(record, said)
        given = _give(s, record, said)
        _tell(
            s,
            "consent",
            record_id,
            consent=given.id,
            labels=sorted(record.codes),
            labels_version=given.labels_version,
            purpose=given.purpose,
            reason=given.reason,
            expires=given.expires.isoformat(),
        )
    return given


def withdraw(consent_id: str) -> None:
    """End one of this viewer's own consents.

    :raises NotThere: this viewer gave no such consent
    """
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        row = consents.withdraw(s, account_id, consent_id, context.now())
        _tell(s, "consent withdrawn", row.record_id, consent=row.id)


def withdraw_for_record(record_id: str) -> None:
    """End this viewer's live consents for one record, in whichever session."""
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        for consent_id in consents.withdraw_for_record(
            s, account_id, record_id, context.now()
        ):
            _tell(s, "consent withdrawn", record_id, consent=consent_id)


def _give(s: Session, record: Record, said: Willingness) -> Consent:
    longest = warnings.longest(record.tier)
    return consents.give(
        s,
        context.viewer(),
        store.item_of(record),
        list(said.acknowledged),
        warnings.text_version(record),
        i18n.language(),
        said.purpose,
        said.reason,
        longest if said.minutes is None else said.minutes,
        context.now(),
        rules=context.rules(),
    )


def _check(record: Record, said: Willingness) -> None:
    current = warnings.text_version(record)
    if said.text_version is not None and said.text_version != current:
        raise LabelsChanged("The warnings have changed; read them again.")
    if said.purpose == LABELLING and context.viewer().role is not Role.MODERATOR:
        raise BodyError("Only moderators look for labelling.", field="purpose")
    if said.minutes is not None and said.minutes < 1:
        raise BodyError("minutes must be 1 or more.", field="minutes")


def _tell(s: Session, event: str, record_id: str, **detail: Any) -> None:  # noqa: ANN401 - JSON
    account_id = context.viewer().account_id
    context.site().ledger.append(
        s,
        event,
        actor=account_id or "",
        account=account_id,
        record=record_id,
        now=context.now(),
        detail=detail,
    )
