"""Lines, each bound to the one before.

    line    = canonical JSON of seq, at, event, actor, record, asset, account,
              detail (digest), previous (digest of the line before; 64 zeros at first)
    digest  = SHA-256(line)                     anybody can check it, without a key
    mac     = HMAC-SHA-256(audit key, digest)   only the archive could have written it
    detail  = canonical JSON with a random `nonce`, sealed; its SHA-256 is in the line

So a line can be shown, exported and checked without telling its detail, and nobody can
guess a detail from the digest. The head repeats where the chain ends, under the same
key, so that cutting lines off the end is found too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from archive.ledger.events import EVENTS, UnknownEvent
from archive.ledger.joining import Recent, Told
from archive.ledger.tables import LedgerEntry, LedgerHead, Saying, line_of
from archive.ledger.verifying import GENESIS, Findings, Verifying
from auth.sealing import Sealing

APPEND_LOCK = 0x6C_65_64_67_65_72  # "ledger"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True)
class Line:
    """One line as it is read, with its detail opened."""

    seq: int
    at: datetime
    event: str
    actor: str
    record_id: str | None
    asset_id: str | None
    account_id: str | None
    detail: Mapping[str, Any]
    previous: str
    digest: str


class Ledger:
    """Appends to, reads and verifies the chain."""

    def __init__(self, audit_key: bytes, sealing: Sealing) -> None:
        self._key = audit_key
        self._sealing = sealing
        self.recent = Recent()
        """What this process told a moment ago."""

    def append(  # noqa: PLR0913 - each is a column of the line
        self,
        session: Session,
        event: str,
        *,
        actor: str,
        now: datetime,
        record: str | None = None,
        asset: str | None = None,
        account: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> LedgerEntry:
        """Add one line in the caller's write transaction, and flush it.

        `actor` is an account id, `system:NAME` or `operator`. `detail` must be plain
        JSON and must never hold content, passwords or keys.

        :raises UnknownEvent: the word is not on the list
        """
        if event not in EVENTS:
            raise UnknownEvent(f"{event!r} is not an event of the ledger")
        stand_in_line(session)
        head = session.get(LedgerHead, 1, populate_existing=True)
        seq = 1 if head is None else head.seq + 1
        document = _canonical({**(detail or {}), "nonce": secrets.token_hex(16)})
        entry = LedgerEntry(
            seq=seq,
            at=now.astimezone(UTC),
            event=event,
            actor=actor,
            record_id=record,
            asset_id=asset,
            account_id=account,
            detail_sealed=self._sealing.seal(document, _detail_context(seq)),
            detail_digest=hashlib.sha256(document).hexdigest(),
            previous=GENESIS if head is None else head.digest,
        )
        entry.digest = line_digest(entry)
        entry.mac = self._mac(entry.digest)
        session.add(entry)
        self._move_head(session, head, entry)
        session.flush()
        return entry

    def end(self, session: Session) -> tuple[int, str]:
        """Number and digest of the last line; 0 and 64 zeros before the first."""
        head = session.get(LedgerHead, 1)
        return (0, GENESIS) if head is None else (head.seq, head.digest)

    def digest_of(self, session: Session, seq: int) -> str | None:
        """The digest of what this line says now; None where there is no such line."""
        entry = session.get(LedgerEntry, seq)
        return None if entry is None else line_digest(entry)

    def entries(  # noqa: PLR0913 - each is one filter of the page and the API
        self,
        session: Session,
        *,
        record: str | None = None,
        asset: str | None = None,
        account: str | None = None,
        actor: str | None = None,
        event: str | None = None,
        events: Collection[str] | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Line]:
        """List lines, newest first; `before` is the `seq` to go on from.

        `event` is one kind of event, `events` several.
        """
        query = select(LedgerEntry).order_by(LedgerEntry.seq.desc()).limit(limit)
        wanted = {
            LedgerEntry.record_id: record,
            LedgerEntry.asset_id: asset,
            LedgerEntry.account_id: account,
            LedgerEntry.actor: actor,
            LedgerEntry.event: event,
        }
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if events is not None:
            query = query.where(LedgerEntry.event.in_(sorted(events)))
        if before is not None:
            query = query.where(LedgerEntry.seq < before)
        return [self._line(entry) for entry in session.scalars(query)]

    def line(self, session: Session, seq: int) -> Line | None:
        """One line, if there is such a one."""
        entry = session.get(LedgerEntry, seq)
        return None if entry is None else self._line(entry)

    def told_at(self, session: Session, seq: int) -> Told | None:
        """The number and seal of one line, if there is such a one."""
        entry = session.get(LedgerEntry, seq)
        return None if entry is None else Told(entry.seq, entry.mac)

    def told(
        self, session: Session, event: str, *, record: str | None = None
    ) -> Iterator[Told]:
        """The lines of one kind of event, newest first, by number and seal alone."""
        query = select(LedgerEntry.seq, LedgerEntry.mac).where(
            LedgerEntry.event == event
        )
        if record is not None:
            query = query.where(LedgerEntry.record_id == record)
        for seq, mac in session.execute(query.order_by(LedgerEntry.seq.desc())):
            yield Told(seq, mac)

    def detail(self, entry: LedgerEntry) -> dict[str, Any]:
        """What the line says in detail, with the nonce that its digest is also of."""
        opened = self._sealing.open(entry.detail_sealed, _detail_context(entry.seq))
        return dict(json.loads(opened))

    def verify(
        self,
        session: Session,
        progress: Callable[[int, int], None] | None = None,
        passing: Callable[[str], None] | None = None,
    ) -> Findings:
        """Walk the chain from its first line; `progress` gets (done, total).

        `passing` sees the digest of each line go by, faulty or not.
        """
        return Verifying(self._key, self._sealing).walk(session, progress, passing)

    def _move_head(
        self, session: Session, head: LedgerHead | None, entry: LedgerEntry
    ) -> None:
        if head is None:
            head = LedgerHead(id=1)
            session.add(head)
        head.seq, head.digest = entry.seq, entry.digest
        head.mac = self._mac(f"{entry.seq} {entry.digest}")

    def _line(self, entry: LedgerEntry) -> Line:
        detail = self.detail(entry)
        detail.pop("nonce", None)
        return Line(
            seq=entry.seq,
            at=entry.at,
            event=entry.event,
            actor=entry.actor,
            record_id=entry.record_id,
            asset_id=entry.asset_id,
            account_id=entry.account_id,
            detail=detail,
            previous=entry.previous,
            digest=entry.digest,
        )

    def _mac(self, digest: str) -> bytes:
        return hmac.digest(self._key, digest.encode(), "sha256")


def line_digest(entry: Saying) -> str:
    """The digest a line must have, from what it says; needs no key."""
    return hashlib.sha256(_canonical(line_of(entry))).hexdigest()


def _canonical(document: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(document).encode()


def _detail_context(seq: int) -> str:
    return f"ledger.detail/v1:{seq}"


def stand_in_line(session: Session) -> None:
    """Let nobody else append until the caller's transaction is over."""
    # On SQLite the write transaction is the queue; on PostgreSQL two would fork.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": APPEND_LOCK})
