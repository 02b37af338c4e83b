"""Applications for access: the facts somebody gives, and what is decided about them.

    submitted → approved | rejected | returned        a returned one is handed in anew

The facts are sealed. Without an account, handing in makes one that may sign in, see how
the application stands, and nothing else. Each decision is kept with its reason; of two
made at once the first counts; nobody decides about their own.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import accounts
from auth.credentials.passwords import STANDARD, Hasher, check, context_words
from auth.credentials.sessions import MAY_SIGN_IN
from auth.errors import EmailRefused, FactsRefused, NotPossible, NotThere
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing, open_text, seal_text
from auth.tables import Account
from auth.vetting.tables import Application, Decision
from auth.viewer import AccountStatus, Role

LONGEST = 5000
OPTIONAL = frozenset({"ethics_approval", "statement"})


class State(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"


class Outcome(StrEnum):
    """What may be decided."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"


_STATE_AFTER = {
    Outcome.APPROVE: State.APPROVED,
    Outcome.REJECT: State.REJECTED,
    Outcome.RETURN: State.RETURNED,
}


@dataclass(frozen=True)
class ApplicationFacts:
    """What somebody says about themselves and their work; all is text."""

    legal_name: str
    email: str
    institution: str
    role: str
    country: str
    project: str
    purpose: str
    ethics_approval: str
    referee_name: str
    referee_email: str
    statement: str

    def checked(self) -> "ApplicationFacts":
        """The facts without blanks around them.

        :raises FactsRefused: with a sentence for each field that will not do
        """
        plain = ApplicationFacts(**{k: v.strip() for k, v in asdict(self).items()})
        if problems := plain._problems():
            raise FactsRefused(problems)
        return plain

    def _problems(self) -> dict[str, str]:
        answers = {field.name: getattr(self, field.name) for field in fields(self)}
        problems = {
            name: "This answer is needed."
            for name, answer in answers.items()
            if not answer and name not in OPTIONAL
        }
        problems |= {
            name: f"Use at most {LONGEST} characters."
            for name, answer in answers.items()
            if len(answer) > LONGEST
        }
        for name in ("email", "referee_email"):
            if name not in problems and (fault := _address_fault(answers[name])):
                problems[name] = fault
        if self.email and self.email.casefold() == self.referee_email.casefold():
            problems["referee_email"] = "Name somebody other than yourself."
        return problems


def submit(  # noqa: PLR0913 - a stranger brings a password, others an account
    s: Session,
    sealing: Sealing,
    facts: ApplicationFacts,
    now: datetime,
    *,
    account: Account | None = None,
    password: str | None = None,
    hasher: Hasher = STANDARD,
) -> Application | None:
    """Hand in an application, for an account or, with a password, for a new one.

    None when a stranger gives an address that has an account: its holder gets a notice,
    and the page says to the stranger what it says to everybody.

    :raises FactsRefused: answers are missing
    :raises PasswordRefused: the password for the new account breaks a rule
    :raises NotPossible: one is waiting already, or neither account nor password came
    """
    plain = facts.checked()
    if account is None:
        account = _new_account(s, sealing, plain, password, now, hasher=hasher)
        if account is None:
            return None
    _require_may_apply(s, account)
    application_id = new_id()
    sealed = seal_text(sealing, json.dumps(asdict(plain)), _context(application_id))
    application = Application(
        id=application_id,
        account_id=account.id,
        state=State.SUBMITTED.value,
        facts_sealed=sealed,
        submitted_at=now,
    )
    s.add(application)
    if AccountStatus(account.status) is AccountStatus.RETURNED:
        account.status = AccountStatus.APPLIED.value
    s.flush()
    return application


def get(s: Session, application_id: str) -> Application:
    """One application.

    :raises NotThere: no such application
    """
    application = s.get(Application, application_id)
    if application is None:
        raise NotThere("There is no such application.")
    return application


def facts_of(sealing: Sealing, application: Application) -> ApplicationFacts:
    """The facts, opened."""
    opened = open_text(sealing, application.facts_sealed, _context(application.id))
    return ApplicationFacts(**json.loads(opened))


def pending(s: Session) -> list[Application]:
    """What waits for a decision, the longest waiting first."""
    waiting = select(Application).where(Application.state == State.SUBMITTED.value)
    return list(s.scalars(waiting.order_by(Application.submitted_at, Application.id)))


def for_account(s: Session, account_id: str) -> list[Application]:
    """One person's applications, newest first."""
    own = select(Application).where(Application.account_id == account_id)
    newest = own.order_by(Application.submitted_at.desc(), Application.id)
    return list(s.scalars(newest))


def decided(s: Session, *, limit: int = 100) -> list[Application]:
    """What was decided, the latest first."""
    done = select(Application).where(Application.decided_at.is_not(None))
    return list(s.scalars(done.order_by(Application.decided_at.desc()).limit(limit)))


def decisions_on(s: Session, application_id: str) -> list[Decision]:
    """Every decision about one application, oldest first."""
    made = select(Decision).where(Decision.application_id == application_id)
    return list(s.scalars(made.order_by(Decision.at, Decision.id)))


def decide(  # noqa: PLR0913, PLR0917 - one column each
    s: Session,
    application: Application,
    decision: Outcome,
    reason: str,
    by: str,
    vetted_until: datetime | None,
    now: datetime,
) -> Decision:
    """Decide, with a reason; an approval vets until a date, or for 365 days.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it was decided before, or the account or date forbids it
    """
    account = accounts.get(s, application.account_id)
    accounts.require_leave(account, by, reason)
    _close(s, application, decision, now)
    until = vetted_until or now + accounts.VETTED_FOR
    if decision is Outcome.APPROVE:
        accounts.approve(s, account, until, by, reason, now)
    elif decision is Outcome.REJECT:
        accounts.reject(s, account, by, reason, now)
    else:
        accounts.send_back(s, account, by, reason, now)
    made = Decision(
        id=new_id(),
        application_id=application.id,
        outcome=decision.value,
        reason=reason.strip(),
        by=by,
        at=now,
        vetted_until=until if decision is Outcome.APPROVE else None,
    )
    s.add(made)
    tell(s, account.id, Kind.APPLICATION_DECIDED, now, outcome=decision.value)
    return made


def _new_account(
    s: Session,
    sealing: Sealing,
    facts: ApplicationFacts,
    password: str | None,
    now: datetime,
    *,
    hasher: Hasher,
) -> Account | None:
    if password is None:
        raise NotPossible("Choose a password, with which you can come back.")
    if accounts.find_by_email(s, sealing, facts.email) is None:
        # Should somebody else be a moment faster, it is known from here on.
        with suppress(EmailRefused):
            return accounts.add(
                s,
                sealing,
                facts.email,
                facts.legal_name,
                Role.APPLICANT,
                password,
                now,
                institution=facts.institution,
                hasher=hasher,
            )
    # The same rules and the same work, or the answer would tell that it is known.
    check(password, context_words(facts.email, facts.legal_name, facts.institution))
    hasher.hash(password)
    _tell_the_holder(s, sealing, facts, now)
    return None


def _tell_the_holder(
    s: Session, sealing: Sealing, facts: ApplicationFacts, now: datetime
) -> None:
    if holder := accounts.find_by_email(s, sealing, facts.email):
        tell(s, holder.id, Kind.APPLIED_AGAIN, now)


def _require_may_apply(s: Session, account: Account) -> None:
    if AccountStatus(account.status) not in MAY_SIGN_IN:
        raise NotPossible("This account cannot apply.")
    waiting = select(Application.id).where(
        Application.account_id == account.id,
        Application.state == State.SUBMITTED.value,
    )
    if s.scalars(waiting).first() is not None:
        raise NotPossible("Your application is waiting for a decision already.")


def _close(
    s: Session, application: Application, decision: Outcome, now: datetime
) -> None:
    # One statement: of two administrators at the same moment, one finds it decided.
    closing = (
        update(Application)
        .where(
            Application.id == application.id,
            Application.state == State.SUBMITTED.value,
        )
        .values(state=_STATE_AFTER[decision].value, decided_at=now)
        .returning(Application.id)
    )
    if s.scalar(closing) is None:
        raise NotPossible("This application has been decided already.")


def _address_fault(address: str) -> str | None:
    try:
        accounts.checked_email(address)
    except EmailRefused as refused:
        return refused.message
    return None


def _context(application_id: str) -> str:
    return f"applications.facts:{application_id}"
