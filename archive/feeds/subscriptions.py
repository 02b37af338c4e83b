"""Whom the archive listens to: an address, the key it must sign with, and how far."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.config import is_loopback
from archive.feeds.adopting import forget, unread
from archive.feeds.entries import BEGINNING
from archive.feeds.errors import FeedError
from archive.feeds.tables import FeedSubscription, ForeignLabel
from archive.ledger import Ledger
from archive.records import inherited
from archive.vault import signing
from archive.vault.keyrings import Keyring
from auth.identifiers import new_id
from auth.sealing import Sealing

PATH = "/api/v1/label-feed"
LONGEST = 500
_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", re.ASCII)


class Premises(Protocol):
    """What it needs of a running archive."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def label_opinions(self) -> int: ...


@dataclass(frozen=True)
class Listed:
    """One subscription: what it says of files anywhere, and labels of own files."""

    row: FeedSubscription
    labels: int
    adopted: int
    unread: Sequence[str]
    """Codes that this vocabulary does not have."""


def subscribe(  # noqa: PLR0913 - whom, by which key, called what, by whom, when
    premises: Premises,
    session: Session,
    *,
    address: str,
    public_key: str,
    name: str | None,
    by: str,
    now: datetime,
) -> FeedSubscription:
    """Listen to an archive from its first entry on; nothing is asked of it yet.

    :raises FeedError: the address, key or name cannot be taken, or is there already
    """
    url, key = _address(address), public_key.strip().lower()
    if not _KEY.fullmatch(key):
        raise FeedError(
            "The key is 64 hexadecimal digits, as its archive hands it out."
        )
    if key == signing.public_key(premises.keyring):
        raise FeedError("That is this archive's own key.")
    called = name or urlsplit(url).hostname or ""
    if not _NAME.fullmatch(called):
        raise FeedError("A name has up to 60 letters, digits, dots and hyphens.")
    for column, value, what in (
        (FeedSubscription.name, called, "name"),
        (FeedSubscription.address, url, "address"),
        (FeedSubscription.public_key, key, "key"),
    ):
        if session.scalar(select(FeedSubscription.id).where(column == value)):
            raise FeedError(f"There is a subscription of that {what} already.")
    row = FeedSubscription(
        id=new_id(),
        name=called,
        address=url,
        public_key=key,
        seq=0,
        digest=BEGINNING,
        created_by=by,
        created_at=now,
    )
    session.add(row)
    detail = {"feed": called, "address": url, "public_key": key}
    premises.ledger.append(session, "feed subscribed", actor=by, now=now, detail=detail)
    return row


def unsubscribe(
    premises: Premises, session: Session, name: str, *, by: str, now: datetime
) -> int:
    """Listen no more, and take back what came from there; from how many files.

    :raises FeedError: there is no subscription of that name
    """
    row = find(session, name)
    files = forget(premises, session, row, by=by, now=now)
    detail = {"feed": row.name, "public_key": row.public_key, "files": files}
    session.delete(row)
    premises.ledger.append(
        session, "feed unsubscribed", actor=by, now=now, detail=detail
    )
    return files


def find(session: Session, name: str) -> FeedSubscription:
    """:raises FeedError: there is no subscription of that name"""
    query = select(FeedSubscription).where(FeedSubscription.name == name)
    row = session.scalar(query)
    if row is None:
        raise FeedError(f"There is no subscription called {name}.")
    return row


def listing(session: Session) -> Sequence[Listed]:
    """Every subscription by name, with how much came from it."""
    rows = session.scalars(select(FeedSubscription).order_by(FeedSubscription.name))
    return [
        Listed(
            row,
            labels=_labels(session, row),
            adopted=inherited.count_standing(session, inherited.foreign(row.id)),
            unread=unread(session, _codes(session, row)),
        )
        for row in rows
    ]


def _labels(session: Session, row: FeedSubscription) -> int:
    held = ForeignLabel.subscription_id == row.id
    query = select(func.count()).select_from(ForeignLabel).where(held)
    return session.scalar(query) or 0


def _codes(session: Session, row: FeedSubscription) -> Sequence[str]:
    held = ForeignLabel.subscription_id == row.id
    return session.scalars(select(ForeignLabel.code).where(held).distinct()).all()


def _address(text: str) -> str:
    """Where to ask: the feed's address, or its archive's.

    Plain HTTP would tell everybody on the way what is listened to; only this machine
    is asked so.
    """
    wrong = FeedError("The address is that of an archive, such as https://example.org.")
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 - reading it is what finds a wrong one
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong
    if parts.username or parts.password or parts.query or parts.fragment:
        raise wrong
    if (
        len(text) > LONGEST
        or not text.isascii()
        or any(c.isspace() for c in parts.path)
    ):
        raise wrong
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise FeedError("The address must be https://; only this machine needs none.")
    path = parts.path.rstrip("/")
    path = path if path.endswith(PATH) else path + PATH
    return parts._replace(path=path).geturl()
