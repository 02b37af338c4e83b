"""What is asked of whoever wants a record or a collection, and handing it in.

A record is asked for on the terms of the collection it stands in. Where the purpose
stated does not meet a condition of use, the applicant must have been shown that: it is
handed in with the codes that were shown, and any other set is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.records.tables import Collection, Record
from archive.requests.telling import Premises, mail
from auth import staff
from auth.access import questions, requests, useconditions
from auth.access.purposes import StatedPurpose
from auth.access.questions import Answer, Question
from auth.access.requests import Scope, Told, Wish
from auth.access.requesttables import AccessRequestRow
from auth.access.useconditions import Condition, Mismatch
from auth.errors import FactsRefused, NotPossible
from auth.notices import Kind, tell
from auth.viewer import Access
from auth.visas import accepting


@dataclass(frozen=True)
class Terms:
    """On which terms something is asked for."""

    scope: Scope
    record: Record | None
    collection: Collection | None
    questions: tuple[Question, ...]
    conditions: tuple[Condition, ...]

    @property
    def version(self) -> int:
        return self.collection.questions_version if self.collection else 0

    @property
    def receiver(self) -> str | None:
        return self.collection.receiver if self.collection else None


@dataclass(frozen=True)
class Statement:
    """What was typed; `seen` are the codes of the mismatches that were shown.

    `visa` is one of another archive's grant, by its id here, that is shown with it.
    """

    purpose: StatedPurpose
    answers: Mapping[str, str]
    seen: frozenset[str] = frozenset()
    language: str = "en"
    renews: str | None = None
    visa: str | None = None


class UnreadMismatch(NotPossible):
    """The purpose does not meet conditions that the applicant was not shown."""

    code = "use_conditions"

    def __init__(self, mismatches: Iterable[Mismatch]) -> None:
        super().__init__(
            "What you state does not meet every condition of use; read where, and"
            " change it or send it as it is."
        )
        self.mismatches = tuple(mismatches)


def terms_of(s: Session, scope: Scope) -> Terms:
    """The terms on which this is asked for.

    :raises NoSuchRecord: there is no such record or collection
    """
    record = store.require(s, scope.record_id) if scope.record_id else None
    shelf_id = record.collection_id if record else scope.collection_id
    shelf = s.get(Collection, shelf_id) if shelf_id else None
    if record is None and shelf is None:
        raise NoSuchRecord("There is no such collection.")
    return Terms(
        scope,
        record,
        shelf,
        tuple(Question.from_json(each) for each in shelf.questions) if shelf else (),
        useconditions.from_json(shelf.conditions) if shelf else (),
    )


def hand_in(
    premises: Premises,
    s: Session,
    account_id: str,
    scope: Scope,
    said: Statement,
    now: datetime,
) -> AccessRequestRow:
    """Ask for a record or a collection.

    :raises NoSuchRecord: there is no such thing
    :raises FactsRefused: an answer is missing or will not do
    :raises UnreadMismatch: a condition is not met, and that was not shown
    :raises NotPossible: it is closed to everybody, asked for already, or the visa ended
    """
    terms = terms_of(s, scope)
    if said.visa and accepting.grant_of(s, account_id, said.visa, now) is None:
        raise NotPossible("That visa does not stand any more: ask without it.")
    if terms.record is None and terms.collection is not None:
        _require_open(terms.collection)
    wish = _wish(terms, account_id, said, now)
    row = requests.submit(s, premises.sealing, account_id, wish, now)
    _tell_receivers(premises, s, row, now)
    shown = {"visa": row.visa_id} if row.visa_id else {}
    tell_ledger(premises, s, "access requested", row, account_id, now, **shown)
    return row


def hand_in_again(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    said: Statement,
    now: datetime,
) -> None:
    """Answer anew what was returned, on the terms of now.

    :raises FactsRefused: an answer is missing or will not do
    :raises UnreadMismatch: a condition is not met, and that was not shown
    :raises NotPossible: it was not returned
    """
    terms = terms_of(s, requests.scope_of(row))
    wish = _wish(terms, row.account_id, said, now)
    requests.resubmit(s, premises.sealing, row, wish, now)
    _tell_receivers(premises, s, row, now)
    tell_ledger(premises, s, "access request answered", row, row.account_id, now)


def withdraw(
    premises: Premises, s: Session, row: AccessRequestRow, now: datetime
) -> None:
    """Take one's own request back.

    :raises NotPossible: it is over already
    """
    requests.withdraw(s, row, now)
    tell_ledger(premises, s, "access request withdrawn", row, row.account_id, now)


def mismatches_now(
    premises: Premises, s: Session, row: AccessRequestRow, now: datetime
) -> tuple[Mismatch, ...]:
    """Where it does not meet the conditions of now; for those who decide."""
    terms = terms_of(s, requests.scope_of(row))
    told = requests.told_of(premises.sealing, row)
    conditions = {each.code: each for each in (*told.conditions, *terms.conditions)}
    return useconditions.compare(
        tuple(conditions.values()), told.purpose, row.account_id, now.date()
    )


def tell_ledger(
    premises: Premises,
    s: Session,
    event: str,
    row: AccessRequestRow,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    """Write the line of an act on a request."""
    premises.ledger.append(
        s,
        event,
        actor=by,
        account=row.account_id,
        record=row.record_id,
        now=now,
        detail={"request": row.id, "collection": row.collection_id, **more},
    )


def _wish(terms: Terms, account_id: str, said: Statement, now: datetime) -> Wish:
    problems: dict[str, str] = {}
    purpose = said.purpose
    answers: tuple[Answer, ...] = ()
    try:
        purpose = said.purpose.checked(now.date())
    except FactsRefused as refused:
        problems |= refused.fields
    try:
        answers = questions.answered(terms.questions, said.answers)
    except FactsRefused as refused:
        problems |= refused.fields
    if problems:
        raise FactsRefused(problems)
    found = useconditions.compare(terms.conditions, purpose, account_id, now.date())
    if {each.code for each in found} != said.seen:
        raise UnreadMismatch(found)
    return Wish(
        terms.scope,
        Told(purpose, answers, terms.conditions),
        terms.version,
        said.language,
        terms.receiver,
        said.renews,
        said.visa,
    )


def _require_open(shelf: Collection) -> None:
    if shelf.access is Access.CLOSED:
        raise NotPossible("The originals of this collection are closed to everybody.")


def _tell_receivers(
    premises: Premises, s: Session, row: AccessRequestRow, now: datetime
) -> None:
    whom = receivers(s, row)
    for account_id in whom:
        tell(s, account_id, Kind.REQUEST_ARRIVED, now, request=row.id)
    path = f"/admin/requests/{row.id}"
    mail(premises, s, whom, Kind.REQUEST_ARRIVED, path, now)


def receivers(s: Session, row: AccessRequestRow) -> list[str]:
    """Whose desk it is on: the named receiver's, else that of all; never one's own."""
    able = [each for each in staff.administrators(s) if each != row.account_id]
    return [row.receiver] if row.receiver in able else able
