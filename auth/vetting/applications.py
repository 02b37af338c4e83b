"""Applications for access: handed in, confirmed, renewed, and found again.

    submitted → confirmed → reviewed in stages → approved | rejected | returned

The facts are sealed. Without an account, handing in makes one that may sign in, see how
the application stands, and nothing else. Nobody reviews it before its address proved to
be the applicant's, by a link. Who is on the deny list is told what everybody is told;
their application is held back. A returned one is handed in anew; who is vetted already
may ask for a renewal on the facts they gave before. `auth.vetting.review` decides.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from auth import accounts
from auth.credentials.passwords import STANDARD, Hasher, check, context_words
from auth.credentials.sessions import MAY_SIGN_IN
from auth.errors import EmailRefused, NotPossible, NotThere
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing
from auth.tables import Account
from auth.vetting import denials
from auth.vetting.facts import ApplicationFacts, facts_of, sealed
from auth.vetting.tables import Application, Decision
from auth.viewer import AccountStatus, Role

RENEWED_WITHIN = timedelta(days=60)
"""How long before its end a vetting can be renewed on the facts given before."""


class State(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"


class Stage(StrEnum):
    """What is looked at, in this order."""

    IDENTITY = "identity"
    REFERENCE = "reference"
    FINAL = "final"


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
    if AccountStatus(account.status) is AccountStatus.RETURNED:
        account.status = AccountStatus.APPLIED.value
    return _hand_in(s, sealing, account, plain, now)


def renewable(s: Session, account: Account, now: datetime) -> Application | None:
    """What somebody may ask to renew now: the approved application they had last."""
    ends = account.vetted_until
    if ends is None or now < ends - RENEWED_WITHIN:
        return None
    if AccountStatus(account.status) not in _RENEWABLE or _is_waiting(s, account.id):
        return None
    held = for_account(s, account.id)
    return next((each for each in held if each.state == State.APPROVED), None)


def renew(s: Session, sealing: Sealing, account: Account, now: datetime) -> Application:
    """Ask for a renewal on the facts given before; only the final stage is left.

    :raises NotPossible: it is too early, nothing can be renewed, or one is waiting
    """
    earlier = renewable(s, account, now)
    if earlier is None:
        raise NotPossible("There is nothing to renew now; apply with the form instead.")
    return _hand_in(
        s, sealing, account, facts_of(sealing, earlier), now, renews=earlier.id
    )


def confirm(s: Session, application: Application, now: datetime) -> None:
    """Note that its address is the applicant's; again changes nothing."""
    application.confirmed_at = application.confirmed_at or now
    s.flush()


def unconfirmed_of(s: Session, account_id: str) -> Application | None:
    """The application of somebody whose address is not confirmed, held back or not."""
    unproved = (_IS_SUBMITTED, Application.confirmed_at.is_(None))
    own = _newest(Application.account_id == account_id, *unproved)
    return s.scalars(own).first()


def get(s: Session, application_id: str) -> Application:
    """One application.

    :raises NotThere: no such application
    """
    application = s.get(Application, application_id)
    if application is None:
        raise NotThere("There is no such application.")
    return application


def pending(s: Session) -> list[Application]:
    """What waits for a decision, the longest waiting first."""
    waiting = select(Application).where(
        *_SUBMITTED, Application.confirmed_at.is_not(None)
    )
    return list(s.scalars(waiting.order_by(Application.submitted_at, Application.id)))


def unconfirmed(s: Session) -> list[Application]:
    """What nobody reviews yet: its address is not confirmed."""
    return list(s.scalars(_newest(*_UNCONFIRMED)))


def held(s: Session) -> list[Application]:
    """What the deny list keeps from review, newest first."""
    by_rule = (_IS_SUBMITTED, Application.held_by.is_not(None))
    return list(s.scalars(_newest(*by_rule)))


def let_go(s: Session, denial_id: str) -> list[str]:
    """Let what a lifted rule held back be reviewed; return the ids."""
    free = update(Application).where(Application.held_by == denial_id)
    return list(s.scalars(free.values(held_by=None).returning(Application.id)))


def for_account(s: Session, account_id: str) -> list[Application]:
    """One person's applications, newest first."""
    return list(s.scalars(_newest(Application.account_id == account_id)))


def decided(s: Session, *, limit: int | None = 100) -> list[Application]:
    """What was decided, the latest first; all of it where no limit is given."""
    done = select(Application).where(Application.decided_at.is_not(None))
    return list(s.scalars(done.order_by(Application.decided_at.desc()).limit(limit)))


def decisions_on(s: Session, application_id: str) -> list[Decision]:
    """Every decision about one application, oldest first."""
    made = select(Decision).where(Decision.application_id == application_id)
    return list(s.scalars(made.order_by(Decision.at, Decision.id)))


def _hand_in(
    s: Session,
    sealing: Sealing,
    account: Account,
    facts: ApplicationFacts,
    now: datetime,
    *,
    renews: str | None = None,
) -> Application:
    denial = denials.find(
        s,
        sealing,
        facts.legal_name,
        facts.email,
        accounts.email_of(sealing, account),
    )
    if denial is not None:
        denials.count_hit(s, denial, now)
    application_id = new_id()
    application = Application(
        id=application_id,
        account_id=account.id,
        state=State.SUBMITTED.value,
        stage=(Stage.FINAL if renews else Stage.IDENTITY).value,
        facts_sealed=sealed(sealing, facts, application_id),
        submitted_at=now,
        confirmed_at=now if _is_proved(s, account) else None,
        renews_id=renews,
        held_by=denial.id if denial else None,
    )
    s.add(application)
    s.flush()
    return application


def _is_proved(s: Session, account: Account) -> bool:
    """Whether the address was proved before: by a link, or by a vetting."""
    if account.vetted_until is not None:
        return True
    confirmed = select(Application.id).where(
        Application.account_id == account.id, Application.confirmed_at.is_not(None)
    )
    return s.scalars(confirmed).first() is not None


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
    if _is_waiting(s, account.id):
        raise NotPossible("Your application is waiting for a decision already.")


def _is_waiting(s: Session, account_id: str) -> bool:
    waiting = select(Application.id).where(
        Application.account_id == account_id, _IS_SUBMITTED
    )
    return s.scalars(waiting).first() is not None


def _newest(*which: ColumnElement[bool]) -> Select[Application]:
    found = select(Application).where(*which)
    return found.order_by(Application.submitted_at.desc(), Application.id)


_RENEWABLE = frozenset({AccountStatus.APPROVED, AccountStatus.EXPIRED})
_IS_SUBMITTED = Application.state == State.SUBMITTED.value
_SUBMITTED = (_IS_SUBMITTED, Application.held_by.is_(None))
_UNCONFIRMED = (*_SUBMITTED, Application.confirmed_at.is_(None))
