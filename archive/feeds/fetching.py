"""Asks other archives for what they say now, and keeps it once it is believed.

A page is kept whole, with how far that is and with what it does to the archive's own
files, in one transaction: who is killed between two pages goes on with the next. What
was refused changes nothing but the sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import outward
from archive.config import Config
from archive.db import Database
from archive.feeds import reading
from archive.feeds.adopting import (
    firsts_of,
    relearn,
    sealed_for,
    settle_files,
    unread,
)
from archive.feeds.entries import Place
from archive.feeds.errors import FeedAway, FeedError, FeedRefused
from archive.feeds.reading import Page, Said
from archive.feeds.subscriptions import find
from archive.feeds.tables import FeedSubscription, ForeignLabel
from archive.ledger import Ledger
from archive.outward import Away, Bounds, Inside, Network
from archive.records.store import SHA256_PURPOSE
from archive.vault import signing
from auth import notices
from auth.notices import Kind
from auth.sealing import Sealing
from auth.staff import administrators

BOUNDS = Bounds(seconds=20, most_bytes=1 << 20)
PAGES = 50
"""So many pages are taken at one go."""
_TOLD_OF = 300
_ASKING = {"Accept": "application/json", "User-Agent": "vigil"}


class Premises(Protocol):
    """What asking needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def db(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def label_opinions(self) -> int: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Fetched:
    """How many entries came from an archive, and how many own files they changed."""

    name: str
    entries: int
    files: int
    error: str | None = None


def fetch_all(premises: Premises, *, by: str) -> list[Fetched]:
    """Ask every archive; what one answers does not hinder another."""
    with premises.db.read() as s:
        query = select(FeedSubscription.name).order_by(FeedSubscription.name)
        names = s.scalars(query).all()
    done = []
    for name in names:
        try:
            done.append(fetch(premises, name, by=by))
        except FeedError as error:
            done.append(Fetched(name, 0, 0, str(error)))
    return done


def fetch(premises: Premises, name: str, *, by: str) -> Fetched:
    """Ask one archive for all that came since the last time.

    :raises FeedError: there is no such subscription
    :raises FeedAway: it does not answer
    :raises FeedRefused: what it answers is not believed
    """
    entries = files = 0
    for _ in range(PAGES):
        with premises.db.read() as s:
            row = find(s, name)
        try:
            page = _asked(row, premises.config.inner_networks)
        except (FeedAway, FeedRefused) as error:
            _note(premises, row.id, str(error))
            raise
        files += _keep(premises, row, page, by)
        entries += len(page.said)
        if page.is_last:
            break
    return Fetched(name, entries, files)


def lapse(premises: Premises, session: Session, *, by: str, now: datetime) -> int:
    """End what has run out by its own date; how many own files that changed.

    And follow what the vocabulary has learnt a word for meanwhile.
    """
    ended = session.scalars(
        select(ForeignLabel).where(ForeignLabel.expires_at <= now)
    ).all()
    firsts = [first for row in ended for first in firsts_of(row)]
    indexes = {row.file_index for row in ended}
    for row in ended:
        session.delete(row)
    session.flush()
    lapsed = settle_files(premises, session, indexes, firsts, by=by, now=now)
    return lapsed + relearn(premises, session, by=by, now=now)


def _asked(row: FeedSubscription, inner: Sequence[Network]) -> Page:
    address = f"{row.address}?after={row.seq}"
    reach = outward.typed(address, inner)
    try:
        answer = outward.ask(address, BOUNDS, reach=reach, headers=_ASKING)
    except Inside as error:
        raise FeedAway(
            f"{row.name} leads into a closed network; VIGIL_INNER_NETWORKS has not "
            "opened it."
        ) from error
    except Away as error:
        raise FeedAway(f"{row.name} does not answer ({error}).") from error
    if not answer.is_good:
        raise FeedAway(f"{row.name} answers with {answer.status} and no feed.")
    return reading.read(answer.body, row.public_key, Place(row.seq, row.digest))


def _keep(premises: Premises, read: FeedSubscription, page: Page, by: str) -> int:
    """Keep a page where nobody else did meanwhile; how many own files it changed."""
    with premises.db.write() as s:
        now = premises.clock()
        row = s.get(FeedSubscription, read.id)
        if row is None or (row.seq, row.digest) != (read.seq, read.digest):
            return 0
        _tell_of_unread(s, row, page, now)
        indexes: set[bytes] = set()
        ended: list[str] = []
        for said in page.said:
            index = premises.sealing.blind(said.sha256, SHA256_PURPOSE)
            indexes.add(index)
            ended += _take(premises, s, row.id, index, said, now)
        row.seq, row.digest = page.reached.seq, page.reached.digest
        row.error, row.tried_at, row.fetched_at = None, now, now
        s.flush()
        return settle_files(premises, s, indexes, ended, by=by, now=now)


def _tell_of_unread(
    session: Session, row: FeedSubscription, page: Page, now: datetime
) -> None:
    """Tell administrators of codes without a word here, when they come first."""
    came = unread(session, (said.code for said in page.said if not said.negated))
    heard = select(ForeignLabel.code).where(ForeignLabel.code.in_(came)).distinct()
    new = sorted(set(came) - set(session.scalars(heard)))
    for account_id in administrators(session) if new else []:
        detail = {"feed": row.name, "labels": ", ".join(new)[:_TOLD_OF]}
        notices.tell(session, account_id, Kind.FOREIGN_LABEL, now, **detail)


def _take(
    premises: Premises,
    session: Session,
    subscription_id: str,
    index: bytes,
    said: Said,
    now: datetime,
) -> list[str]:
    """Put what is said in the place of what was said before; the label that ended."""
    before = session.get(ForeignLabel, (subscription_id, index, said.code))
    ended = [] if before is None else firsts_of(before)
    if before is not None:
        session.delete(before)
        session.flush()
    if not said.negated and (said.expires_at is None or said.expires_at > now):
        written = signing.canonical(said.entry)
        context = sealed_for(subscription_id, said.seq)
        session.add(
            ForeignLabel(
                subscription_id=subscription_id,
                file_index=index,
                code=said.code,
                seq=said.seq,
                expires_at=said.expires_at,
                entry_sealed=premises.sealing.seal(written, context),
            )
        )
        session.flush()
    return ended


def _note(premises: Premises, subscription_id: str, sentence: str) -> None:
    with premises.db.write() as s:
        row = s.get(FeedSubscription, subscription_id)
        if row is not None:
            row.error, row.tried_at = sentence, premises.clock()
