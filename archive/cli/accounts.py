"""`vigil account`: people and their vetting, from a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from archive.cli import output
from archive.cli.deciding import decide
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.requests import seconding
from archive.site import Site
from auth import accounts
from auth.credentials import passwords
from auth.entry import invitations
from auth.tables import Account
from auth.vetting import applications
from auth.vetting.facts import ApplicationFacts
from auth.vetting.review import Outcome
from auth.viewer import AccountStatus, Role

VETTED_FOR = timedelta(days=365)
ROLES = [role.value for role in Role if role is not Role.VISITOR]
UNTIL = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
Change = Callable[[Session, Account, str, str, datetime], None]

reason_option = click.option("--reason", default="decided by the operator")
email_argument = click.argument("email")


@click.group()
def account() -> None:
    """Add, list, approve, suspend and otherwise look after accounts."""


@account.command()
@email_argument
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password's one line.")
@click.option(
    "--vetted-offline",
    "evidence",
    default=None,
    help="The evidence, and who checked it: vetting, terms and induction on paper.",
)
@click.option("--until", type=UNTIL, help="The end of the vetting; a year if unsaid.")
@output.json_option
def add(
    email: str,
    role: str,
    name: str,
    evidence: str | None,
    until: datetime | None,
    **given: Any,  # noqa: ANN401 - the flags, as click hands them over
) -> None:
    """Add an account; a researcher who is not vetted offline is an applicant.

    Example: vigil account add r@uni.example --role researcher --vetted-offline
    "passport and letter of 2 May, seen by A. B." --until 2027-06-30
    """
    as_json = bool(given["as_json"])
    with output.failing_as_json(as_json), opened() as site:
        typed = sys.stdin.readline().rstrip("\n") if given["password_stdin"] else None
        password = typed or passwords.generate()
        now = site.clock()
        end = until.replace(tzinfo=UTC) if until else None
        wanted = Role(role)
        if evidence is None and wanted is Role.RESEARCHER:
            wanted = Role.APPLICANT
        facts = add_account(site, email, name, wanted, password, evidence, end, now)
        if typed is None:
            facts["password"] = password
        output.answer(facts, as_json, lambda: _lines(facts))


def add_account(  # noqa: PLR0913, PLR0917 - each is a fact of the account
    site: Site,
    email: str,
    name: str,
    role: Role,
    password: str,
    evidence: str | None,
    until: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """Add an account, vetted on paper where there is evidence, and say so.

    :raises AuthError: the address, the password or the evidence will not do
    """
    with site.db.write() as session:
        added = accounts.add(
            session, site.sealing, email, name or email, role, password, now
        )
        _tell(site, session, "account created", added, now, role=role.value)
        if role is Role.ADMINISTRATOR:
            seconding.tell_made_by_operator(site, session, added, OPERATOR, now)
        if evidence is not None:
            end = until or now + VETTED_FOR
            accounts.vet_offline(
                session, site.sealing, added, evidence, end, OPERATOR, now
            )
            _tell(site, session, "vetting recorded", added, now, until=end.isoformat())
        return _facts(site, added)


def sign_up(site: Site, email: str, name: str, password: str, now: datetime) -> None:
    """Hand in the demonstration's application."""
    facts = ApplicationFacts(
        legal_name=name,
        email=email,
        institution="Institute for Contemporary History (demonstration)",
        role="doctoral researcher",
        country="Armenia",
        project="How announcements and outcomes compare",
        purpose="To compare what was promised in November 2020 with what followed.",
        ethics_approval="IRB-2026-014 (demonstration)",
        referee_name="Prof. Leyla M. (demonstration)",
        referee_email="referee@demo.example",
        statement="I keep to the code of conduct.",
    )
    with site.db.write() as session:
        made = applications.submit(session, site.sealing, facts, now, password=password)
        if made is not None:
            applications.confirm(session, made, now)
            applicant = accounts.get(session, made.account_id)
            _tell(site, session, "application submitted", applicant, now)


@account.command("list")
@click.option("--role", type=click.Choice(ROLES))
@click.option("--status", type=output.word_of(AccountStatus))
@output.json_option
def list_accounts(role: str | None, status: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """List accounts. Example: vigil account list --status applied"""
    with opened() as site, site.db.read() as session:
        found = accounts.list_accounts(
            session,
            roles=[Role(role)] if role else list(Role),
            statuses=[AccountStatus(status)] if status else list(AccountStatus),
            limit=10_000,
        )
        facts = [_facts(site, each) for each in found]
        output.answer({"accounts": facts}, as_json, lambda: _table(facts))


@account.command()
@email_argument
@output.json_option
def show(email: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Show one account. Example: vigil account show r@uni.example"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as session:
            facts = _facts(site, _required(site, session, email))
        output.answer(facts, as_json, lambda: _lines(facts))


@account.command()
@email_argument
@click.option("--until", type=UNTIL, help="The end of the vetting; a year if unsaid.")
@reason_option
def approve(email: str, until: datetime | None, reason: str) -> None:
    """Approve an applicant until a date. Example: vigil account approve a@b.example"""
    with opened() as site:
        end = until.replace(tzinfo=UTC) if until else site.clock() + VETTED_FOR

        def grant(
            session: Session, found: Account, by: str, why: str, now: datetime
        ) -> None:
            if not decide(session, found, Outcome.APPROVE, why, end, now):
                accounts.approve(session, found, end, by, why, now)

        _change(site, email, grant, "application decided", reason)


@account.command()
@email_argument
@reason_option
def reject(email: str, reason: str) -> None:
    """Reject an applicant. Example: vigil account reject a@b.example --reason "…" """
    with opened() as site:

        def turn_away(
            session: Session, found: Account, by: str, why: str, now: datetime
        ) -> None:
            if not decide(session, found, Outcome.REJECT, why, None, now):
                accounts.reject(session, found, by, why, now)

        _change(site, email, turn_away, "application decided", reason)


@account.command()
@email_argument
@reason_option
def suspend(email: str, reason: str) -> None:
    """End all access at once. Example: vigil account suspend a@b.example"""
    with opened() as site:
        _change(site, email, accounts.suspend, "account suspended", reason)


@account.command()
@email_argument
@reason_option
def reinstate(email: str, reason: str) -> None:
    """Lift a suspension. Example: vigil account reinstate a@b.example"""
    with opened() as site:
        _change(site, email, accounts.reinstate, "account reinstated", reason)


@account.command()
@email_argument
@reason_option
def expire(email: str, reason: str) -> None:
    """End the vetting now. Example: vigil account expire a@b.example"""
    with opened() as site:
        _change(site, email, accounts.expire, "account expired", reason)


@account.command()
@email_argument
@click.argument("role", type=click.Choice(ROLES))
@reason_option
def role(email: str, role: str, reason: str) -> None:
    """Give another role; every administrator is told of a new one.

    Example: vigil account role a@b.example moderator
    """
    with opened() as site:

        def move(
            session: Session, found: Account, by: str, why: str, now: datetime
        ) -> None:
            accounts.set_role(session, found, Role(role), by, why, now)

        _change(site, email, move, "role changed", reason)


@account.command("reset-password")
@email_argument
@output.json_option
def reset_password(email: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Print a link for a new password, good once, for one hour.

    Example: vigil account reset-password r@uni.example
    """
    with output.failing_as_json(as_json), opened() as site:
        now = site.clock()
        with site.db.write() as session:
            found = _required(site, session, email)
            purpose = invitations.Purpose.RESET
            secret, _ = invitations.make(session, purpose, found.id, OPERATOR, now)
            _tell(site, session, "invitation made", found, now, purpose=purpose.value)
        link = f"{site.config.base_url}/setup/{secret}"
        output.answer({"reset_url": link}, as_json, lambda: link)


def _change(site: Site, email: str, change: Change, event: str, reason: str) -> None:
    now = site.clock()
    with site.db.write() as session:
        found = _required(site, session, email)
        administered = _administers(found)
        change(session, found, OPERATOR, reason, now)
        _tell(site, session, event, found, now, status=found.status, role=found.role)
        if _administers(found) and not administered:
            seconding.tell_made_by_operator(site, session, found, OPERATOR, now)
        facts = _facts(site, found)
    output.say(_lines(facts))


def _administers(found: Account) -> bool:
    is_one = Role(found.role) is Role.ADMINISTRATOR
    return is_one and AccountStatus(found.status) is AccountStatus.APPROVED


def _required(site: Site, session: Session, email: str) -> Account:
    found = accounts.find_by_email(session, site.sealing, email)
    if found is None:
        raise Failure(f"There is no account of {email}.", "no_account")
    return found


def _tell(
    site: Site,
    session: Session,
    event: str,
    about: Account,
    now: datetime,
    **detail: object,
) -> None:
    site.ledger.append(
        session, event, actor=OPERATOR, account=about.id, now=now, detail=detail
    )


def _facts(site: Site, found: Account) -> dict[str, Any]:
    until = found.vetted_until
    return {
        "email": accounts.email_of(site.sealing, found),
        "name": accounts.name_of(site.sealing, found),
        "role": found.role,
        "status": found.status,
        "vetted_until": until.isoformat() if until else None,
    }


def _lines(facts: dict[str, Any]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in facts.items())


def _table(facts: list[dict[str, Any]]) -> str:
    head = ("email", "role", "status", "vetted_until")
    rows = [[each[key] or "" for key in head] for each in facts]
    return output.table(("e-mail", "role", "status", "vetted until"), rows)
