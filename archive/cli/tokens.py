"""`vigil token`: access for scripts; never enough alone for an original."""

from __future__ import annotations

from typing import Any

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from auth import accounts
from auth.credentials import tokens
from auth.credentials.tables import Token
from auth.viewer import TokenScope


@click.group()
def token() -> None:
    """Make, list and revoke personal access tokens for the API."""


@token.command()
@click.argument("email")
@click.option("--scope", "scopes", multiple=True, type=output.word_of(TokenScope))
@click.option("--days", default=30, show_default=True)
@click.option("--name", default="")
@output.json_option
def add(
    email: str,
    scopes: tuple[str, ...],
    days: int,
    name: str,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Make a token; it is printed once and stored hashed.

    Example: vigil token add r@uni.example --scope read --scope reveal --days 7
    """
    wanted = [TokenScope(scope) for scope in scopes or ("read",)]
    with output.failing_as_json(as_json), opened() as site:
        now = site.clock()
        with site.db.write() as session:
            owner = accounts.find_by_email(session, site.sealing, email)
            if owner is None:
                raise Failure(f"There is no account of {email}.", "no_account")
            secret, made = tokens.add(session, owner.id, wanted, days, now, name=name)
            site.ledger.append(
                session,
                "token made",
                actor=OPERATOR,
                account=owner.id,
                now=now,
                detail={"token": made.id, "scopes": made.scopes},
            )
            facts = {"token": secret, **_facts(made)}
        output.answer(facts, as_json, lambda: f"{secret}\n(shown this once)")


@token.command("list")
@click.argument("email")
@output.json_option
def list_tokens(email: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """List somebody's tokens. Example: vigil token list r@uni.example"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as session:
            owner = accounts.find_by_email(session, site.sealing, email)
            if owner is None:
                raise Failure(f"There is no account of {email}.", "no_account")
            facts = [_facts(each) for each in tokens.list_for(session, owner.id)]
        output.answer({"tokens": facts}, as_json, lambda: _table(facts))


@token.command()
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """Revoke a token by its id. Example: vigil token revoke 7f3c"""
    with opened() as site:
        now = site.clock()
        with site.db.write() as session:
            found = session.get(Token, token_id)
            if found is None:
                raise Failure(f"There is no token {token_id}.", "no_token")
            tokens.revoke(session, found, "revoked by the operator", now)
            site.ledger.append(
                session,
                "token revoked",
                actor=OPERATOR,
                account=found.account_id,
                now=now,
                detail={"token": token_id},
            )
        output.say(f"Token {token_id} is revoked.")


def _facts(made: Token) -> dict[str, Any]:
    return {
        "id": made.id,
        "name": made.name,
        "scopes": made.scopes,
        "expires_at": made.expires_at.isoformat(),
        "revoked": made.revoked_at is not None,
    }


def _table(facts: list[dict[str, Any]]) -> str:
    rows = [
        (
            each["id"],
            " ".join(each["scopes"]),
            each["expires_at"],
            "revoked" if each["revoked"] else "",
        )
        for each in facts
    ]
    return output.table(("token", "scopes", "until", ""), rows)
