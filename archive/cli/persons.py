"""For whom a command reads: a visitor, somebody by name, or somebody who proves it."""

from __future__ import annotations

import os

from archive.cli.output import Failure
from archive.site import Site
from auth import accounts
from auth.credentials import tokens
from auth.entry import entrances
from auth.viewer import ANONYMOUS, Viewer

TOKEN = "VIGIL_TOKEN"  # noqa: S105 - the name of a variable


def reading_as(site: Site, email: str | None) -> Viewer:
    """Who reads as far as this person does; without an address a visitor.

    :raises Failure: there is no such account
    """
    if email is None:
        return ANONYMOUS
    with site.db.read() as session:
        found = accounts.find_by_email(session, site.sealing, email)
        if found is None:
            raise Failure(f"There is no account of {email}.", "no_account")
        return accounts.load_viewer(
            session,
            found.id,
            session_id=None,
            second_factor=False,
            scopes=None,
            now=site.clock(),
        )


def proved(site: Site, email: str) -> Viewer:
    """Who the token in the environment says they are, and nobody else.

    :raises Failure: there is no such account, or the token is not theirs
    """
    now = site.clock()
    with site.db.read() as s:
        account = accounts.find_by_email(s, site.sealing, email)
        token = tokens.find(s, os.environ.get(TOKEN, ""), now)
        if account is None or token is None or token.account_id != account.id:
            raise Failure(
                f"{TOKEN} must hold a live access token of {email}, with the scopes "
                "read and reveal; they make one under Account, Access tokens.",
                "token",
            )
        return entrances.viewer_through(s, account.id, token.id, now)
