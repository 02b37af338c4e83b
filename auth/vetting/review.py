"""Deciding about an application, stage by stage: identity, reference, final.

Each decision names its stage, who decided, when and why. To pass a stage leads to the
next; to pass the last one vets until a date. At any stage the application can be sent
back with a question, or rejected. Of two who decide at once exactly one does; nobody
decides about their own; and what is not confirmed, or held back, waits.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth import accounts
from auth.errors import NotPossible
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing
from auth.tables import Account
from auth.vetting import denials
from auth.vetting.applications import Stage, State
from auth.vetting.facts import facts_of
from auth.vetting.tables import Application, Decision


class Outcome(StrEnum):
    """What may be decided at a stage; to approve is to pass it."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"


NEXT = {Stage.IDENTITY: Stage.REFERENCE, Stage.REFERENCE: Stage.FINAL}
_STATE_AFTER = {
    Outcome.APPROVE: State.APPROVED,
    Outcome.REJECT: State.REJECTED,
    Outcome.RETURN: State.RETURNED,
}


def decide(  # noqa: PLR0913, PLR0917 - one column each
    s: Session,
    application: Application,
    decision: Outcome,
    reason: str,
    by: str,
    vetted_until: datetime | None,
    now: datetime,
    *,
    stage: Stage | None = None,
) -> Decision:
    """Decide on the stage the decider saw, by default the one it is in, with a reason.

    The last approval vets until the date, or for 365 days.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is not confirmed or held back, this stage was decided
        before, or the account or date forbids it
    """
    account = accounts.get(s, application.account_id)
    accounts.require_leave(account, by, reason)
    _require_reviewable(application)
    seen = stage or Stage(application.stage)
    _take(s, application, seen, decision, now)
    is_last = decision is not Outcome.APPROVE or seen is Stage.FINAL
    until = vetted_until or now + accounts.VETTED_FOR
    made = Decision(
        id=new_id(),
        application_id=application.id,
        stage=seen.value,
        outcome=decision.value,
        reason=reason.strip(),
        by=by,
        at=now,
        vetted_until=until if decision is Outcome.APPROVE and is_last else None,
    )
    s.add(made)
    if is_last:
        _move_account(s, account, made, until)
        tell(s, account.id, Kind.APPLICATION_DECIDED, now, outcome=decision.value)
    else:
        tell(s, account.id, Kind.APPLICATION_STAGE_PASSED, now, stage=seen.value)
    s.flush()
    return made


def require_not_denied(s: Session, sealing: Sealing, application: Application) -> None:
    """Make sure that no rule made since the application came names the applicant.

    :raises NotPossible: with the id of the rule, for administrators alone
    """
    facts = facts_of(sealing, application)
    account = accounts.get(s, application.account_id)
    own = accounts.email_of(sealing, account)
    if rule := denials.find(s, sealing, facts.legal_name, facts.email, own):
        raise NotPossible(f"The deny list names this person, in rule {rule.id}.")


def months_later(moment: datetime, months: int) -> datetime:
    """The same time so many calendar months later, at the latest on the 28th."""
    years, month = divmod(moment.month - 1 + months, 12)
    return moment.replace(
        year=moment.year + years, month=month + 1, day=min(moment.day, 28)
    )


def _require_reviewable(application: Application) -> None:
    if application.state == State.SUBMITTED and application.confirmed_at is None:
        raise NotPossible(
            "The applicant has not confirmed the address; nothing is decided before."
        )
    if application.held_by is not None:
        raise NotPossible("The deny list holds this back; lift its rule first.")


def _take(
    s: Session, application: Application, seen: Stage, decision: Outcome, now: datetime
) -> None:
    # One statement: of two administrators at the same moment, one finds it decided.
    values: dict[str, Any] = {
        "state": _STATE_AFTER[decision].value,
        "decided_at": now,
    }
    if decision is Outcome.APPROVE and seen is not Stage.FINAL:
        values = {"stage": NEXT[seen].value}
    taking = (
        update(Application)
        .where(
            Application.id == application.id,
            Application.state == State.SUBMITTED.value,
            Application.stage == seen.value,
        )
        .values(**values)
        .returning(Application.id)
    )
    if s.scalar(taking) is None:
        raise NotPossible("This application has been decided already.")
    s.refresh(application)


def _move_account(
    s: Session, account: Account, made: Decision, until: datetime
) -> None:
    if made.outcome == Outcome.APPROVE:
        accounts.approve(s, account, until, made.by, made.reason, made.at)
    elif made.outcome == Outcome.REJECT:
        accounts.reject(s, account, made.by, made.reason, made.at)
    else:
        accounts.send_back(s, account, made.by, made.reason, made.at)
