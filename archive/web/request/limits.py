"""How fast one viewer may go, counted in the database for all processes together.

| what | how often |
|---|---|
| calls of the API that change something | 120 a minute; of an account 240 |
| requests of resumable uploads, besides | 1,200 a minute; of an account 2,400 |
| openings of originals; ranges of the next minute go on with one | 600 a minute |
| levels drawn in the viewer | 60 a minute |
| tiles of the lens | 120 a minute |
| copies to be made | 20 an hour |
| visas to be made, presented or asked about again | 20 an hour |
| reports about records | 10 an hour; of all visitors together 300 an hour |
| references of reports looked up | 120 an hour |
| contributions and files added | 6 an hour from one address; of all 120 an hour |
| references of contributions looked up | 120 an hour |
| questions of harvesters, and manifests, each | 120 a minute |
| pages of the feed of labels | 600 a minute |
| reports of a broken policy | 30 a minute, of everybody together 600 an hour |

Who is signed in is counted by account, others by address. Of two numbers the first is
for one token or session, so that a script that runs wild leaves its owner's others
half; the second is for all of them together. Signing in and applying have limits of
their own, where they are decided. A refused one answers 429 with `Retry-After`.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, request

from archive.web.request import context
from archive.web.request.forms import SAFE_METHODS
from auth import limits
from auth.errors import TooFast
from auth.limits import Allowance

CHANGES = Allowance(120, timedelta(minutes=1))
ALL_CHANGES = Allowance(240, timedelta(minutes=1))
UPLOADS = Allowance(1200, timedelta(minutes=1))
ALL_UPLOADS = Allowance(2400, timedelta(minutes=1))
"""Of all tokens and sessions of one account."""
UPLOADS_PATH = "/api/v1/uploads"
ORIGINALS = Allowance(600, timedelta(minutes=1))
LEVELS = Allowance(60, timedelta(minutes=1))
TILES = Allowance(120, timedelta(minutes=1))
COPIES = Allowance(20, timedelta(hours=1))
PACKAGES = Allowance(20, timedelta(hours=1))
VISAS = Allowance(20, timedelta(hours=1))
REPORTS = Allowance(10, timedelta(hours=1))
ALL_REPORTS = Allowance(300, timedelta(hours=1))
"""Of all visitors: many addresses must not bury what the others report."""
CONTRIBUTIONS = Allowance(6, timedelta(hours=1))
ALL_CONTRIBUTIONS = Allowance(120, timedelta(hours=1))
CODES = Allowance(120, timedelta(hours=1))


def install(app: Flask) -> None:
    """Hold the API's callers to their allowance."""

    @app.before_request
    def hold_back() -> None:
        if request.method in SAFE_METHODS:
            return
        if request.path.startswith(UPLOADS_PATH):
            _spend_both("uploads", UPLOADS, ALL_UPLOADS)
        elif request.path.startswith("/api/"):
            _spend_both("api", CHANGES, ALL_CHANGES)


def spend(what: str, allowance: Allowance) -> None:
    """Count one try of this viewer.

    :raises TooFast: it was one too many
    """
    who = context.viewer().account_id or f"address:{request.remote_addr}"
    _spend(f"{what}:{who}", allowance)


def spend_together(what: str, allowance: Allowance) -> None:
    """Count one try of everybody's.

    :raises TooFast: it was one too many
    """
    _spend(f"{what}:everybody", allowance)


def spend_report() -> None:
    """Count one report; those of accounts are counted by account alone.

    :raises TooFast: it was one too many, of this viewer or of all visitors
    """
    spend("reports", REPORTS)
    if context.viewer().account_id is None:
        spend_together("reports", ALL_REPORTS)


def spend_contribution() -> None:
    """Count one contribution of this address, and of everybody's.

    :raises TooFast: it was one too many
    """
    _spend(f"contributions:{_contributor()}", CONTRIBUTIONS)
    spend_together("contributions", ALL_CONTRIBUTIONS)


def spend_contribution_code() -> None:
    """Count one look by a contribution's reference.

    :raises TooFast: it was one too many
    """
    _spend(f"contribution code:{_contributor()}", CODES)


def _contributor() -> str:
    """Whose tries are counted: an account, or an address that no row gives away.

    A plain digest of an address is found by trying every address; this one needs the
    archive's key.
    """
    if account_id := context.viewer().account_id:
        return account_id
    address = request.remote_addr or ""
    return context.site().sealing.blind(address, "limits.contributors").hex()


def _spend_both(what: str, one: Allowance, every: Allowance) -> None:
    """Count a try of this token or session, and of its account; or of an address.

    What one is refused costs the account nothing.

    :raises TooFast: it was one too many of either
    """
    who = context.viewer()
    if who.account_id is None or who.session_id is None:
        spend(what, one)
        return
    _spend(f"{what}:way in:{who.session_id}", one)
    _spend(f"{what}:{who.account_id}", every)


def _spend(key: str, allowance: Allowance) -> None:
    with context.write_session() as s:
        wait = limits.spend(s, key, allowance, context.now())
    if wait is not None:
        raise TooFast(wait)
