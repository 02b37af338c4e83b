"""What the tests of the working pages share: passwords, and forms as a browser sends
them."""

from __future__ import annotations

import re
from html import unescape

from auth.credentials.passwords import Hasher
from auth.tables import Account

from .conftest import csrf

PASSWORD = "otter lantern quarry nineteen"
QUICK = Hasher(memory_kib=64, passes=1)


def give_password(site, account_id: str, password: str = PASSWORD) -> None:
    """Let somebody sign in; cheaply hashed, and renewed by the first sign-in."""
    with site.db.write() as s:
        s.get_one(Account, account_id).password_hash = QUICK.hash(password)


def post(client, address: str, page: str | None = None, **fields: object):
    """Send a form as the page that holds it would."""
    token = csrf(client, page or "/help/")
    return client.post(address, data={"csrf_token": token, **fields})


def text(answer) -> str:
    """The words of a page, without its tags."""
    html = answer.get_data(as_text=True)
    bare = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def events(site, **filters: str) -> list[str]:
    """The ledger's events, newest first."""
    with site.db.read() as s:
        return [line.event for line in site.ledger.entries(s, **filters)]
