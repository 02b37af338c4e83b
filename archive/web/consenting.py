"""Giving and withdrawing consent, as the record page and the API both do it.

Each is one transaction: the consent (or its end) and the ledger line that tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import g
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.records import redactions, store
from archive.records.tables import Record
from archive.web.request import context, guard, i18n
from archive.web.request.body import BodyError
from archive.web.request.guard import RefusedRequestError
from archive.web.showing import consentforms, warnings
from auth.access import consents
from auth.access.consents import Act
from auth.errors import LabelsChanged
from auth.identifiers import new_id
from auth.policy import Action, Permit, decide
from auth.scope import scope
from auth.viewer import LABELLING, Consent, Item, Role


@dataclass(frozen=True)
class Willingness:
    """What somebody says: which labels they acknowledge, what for, how long.

    `text_version` is None where the caller (a script) does not say which words it
    read, and `form` (the mark of the form that was shown) may be missing then, too;
    `minutes` None asks for the longest that the tier allows. `identity` is why they
    need to see who it is, if they do; `redacted` asks for the redacted copies alone.
    """

    acknowledged: Sequence[str]
    purpose: str
    reason: str = ""
    minutes: int | None = None
    text_version: str | None = None
    form: str | None = None
    identity: str = ""
    redacted: bool = False


class BatchRefused(LabelsChanged):
    """Nothing of a batch was consented to; `records` says because of which."""

    def __init__(self, message: str, records: Sequence[str]) -> None:
        super().__init__(message)
        self.records = tuple(records)


def give(record_id: str, said: Willingness) -> Consent:
    """Record a consent of this viewer to see this record as it is labelled now.

    :raises RefusedRequestError: the policy does not let this viewer consent
    :raises LabelsChanged: other labels or words are shown now than were acknowledged
    :raises AuthError: a purpose or a typed reason is missing
    """
    with context.write_session() as s:
        record = store.require(s, record_id)
        asked = _asked(s, record, said)
        guard.require(Action.GIVE_CONSENT, asked)
        _check(asked, said)
        form_id = _form_shown(said.form, [asked])
        given = _give(s, asked, said, Act(warnings.text(asked), form_id))
    return given


def require_any(record_id: str) -> None:
    """Make sure that this viewer may consent to the record, or to its redacted copies.

    :raises RefusedRequestError: neither
    """
    with context.read_session() as s:
        record = store.require(s, record_id)
        if given := redactions.given(s, record):
            copies = redactions.item_of(record, given)
            who, rules, now = context.viewer(), context.rules(), context.now()
            if isinstance(decide(Action.GIVE_CONSENT, who, copies, rules, now), Permit):
                return
        guard.require(Action.GIVE_CONSENT, store.item_of(record))


def give_batch(
    said: Mapping[str, Willingness], form: str | None, name: str = ""
) -> tuple[str, list[Consent]]:
    """Consent to several records in one act: to all of them, or to none.

    :returns: the batch's id, and the consents in the order of `said`
    :raises BatchRefused: some are labelled otherwise now, or may not be consented to
    :raises FormSpent: the page was not shown to this session, or was sent before
    :raises AuthError: a purpose or a typed reason is missing
    """
    batch_id = new_id()
    with context.write_session() as s:
        reach = scope(context.viewer(), context.now())
        records = store.list_by_ids(s, list(said), reach)
        _check_batch(records, said)
        form_id = _form_shown(form, [store.item_of(record) for record in records])
        given = [
            _give(
                s,
                store.item_of(record),
                said[record.id],
                Act(warnings.text(record), form_id, batch_id, name.strip() or None),
            )
            for record in records
        ]
    return batch_id, given


def withdraw(consent_id: str) -> None:
    """End one of this viewer's own consents.

    :raises NotThere: this viewer gave no such consent
    """
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        row = consents.withdraw(s, account_id, consent_id, context.now())
        _tell(s, "consent withdrawn", row.record_id, consent=row.id)


def withdraw_batch(batch_id: str) -> None:
    """End what is live of one of this viewer's own batches.

    :raises NotThere: this viewer has no such batch
    """
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        for row in consents.withdraw_batch(s, account_id, batch_id, context.now()):
            _tell(s, "consent withdrawn", row.record_id, consent=row.id)


def withdraw_for_record(record_id: str) -> None:
    """End this viewer's live consents for one record, in whichever session."""
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        for consent_id in consents.withdraw_for_record(
            s, account_id, record_id, context.now()
        ):
            _tell(s, "consent withdrawn", record_id, consent=consent_id)


def _asked(s: Session, record: Record, said: Willingness) -> Item:
    """What they are willing to see: the record, or its redacted copies.

    :raises NoSuchRecord: it has none
    """
    if not said.redacted:
        return store.item_of(record)
    return redactions.item_of(record, redactions.given(s, record))


def _give(s: Session, asked: Item, said: Willingness, act: Act) -> Consent:
    longest = warnings.longest(asked.tier)
    identity = said.identity.strip() if asked.identifies else ""
    given = consents.give(
        s,
        context.viewer(),
        asked,
        list(said.acknowledged),
        warnings.text_version(asked),
        i18n.language(),
        said.purpose,
        said.reason,
        longest if said.minutes is None else said.minutes,
        context.now(),
        rules=context.rules(),
        act=replace(act, identity=identity),
    )
    _tell(
        s,
        "consent",
        asked.record_id,
        consent=given.id,
        labels=sorted(asked.codes),
        labels_version=given.labels_version,
        purpose=given.purpose,
        reason=given.reason,
        expires=given.expires.isoformat(),
        **({"batch": act.batch_id} if act.batch_id else {}),
        **({"identity": identity} if identity else {}),
        **({"redacted": True} if asked.redacted_version else {}),
    )
    return given


def _form_shown(mark: str | None, asked: Sequence[Item]) -> str | None:
    """The id of the form that was shown; an access token stands without one.

    :raises FormSpent: a page's consent comes without a form that was shown
    :raises LabelsChanged: the form showed other words
    """
    if mark is None and g.get("by_token"):
        return None
    shown = {item.record_id: warnings.text_version(item) for item in asked}
    return consentforms.redeem(mark or "", shown)


def _check_batch(records: Sequence[Record], said: Mapping[str, Willingness]) -> None:
    missing = [key for key in said if key not in {record.id for record in records}]
    changed = [
        record.id
        for record in records
        if said[record.id].text_version != warnings.text_version(record)
        or set(said[record.id].acknowledged) != set(record.codes)
    ]
    if missing or changed:
        told = gettext("The warnings of some records have changed; read them again.")
        raise BatchRefused(told, [*missing, *changed])
    for record in records:
        try:
            guard.require(Action.GIVE_CONSENT, store.item_of(record))
        except RefusedRequestError:
            told = gettext("One of the records cannot be consented to any more.")
            raise BatchRefused(told, [record.id]) from None
        _check(store.item_of(record), said[record.id])


def _check(asked: Item, said: Willingness) -> None:
    current = warnings.text_version(asked)
    if said.text_version is not None and said.text_version != current:
        raise LabelsChanged(gettext("The warnings have changed; read them again."))
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
