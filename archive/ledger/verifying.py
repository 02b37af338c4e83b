"""One walk over all lines, in which every claim of every line is computed anew.

What is read is the bare rows, since an object for each line would cost more than all
that is verified about it. What is checked of a line: that none is missing before it,
that it follows the one before, its digest, its mac, and its detail, which is opened and
digested. At the end, that the head is the archive's and names the last line.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from archive.ledger.tables import LedgerEntry, LedgerHead
from auth.sealing import Sealing

GENESIS = "0" * 64
_BATCH = 1_000
_DIGEST = re.compile("[0-9a-f]{64}")
_LINES = text(
    "SELECT seq, at, event, actor, record_id, asset_id, account_id,"
    " detail_sealed, detail_digest, previous, digest, mac"
    " FROM ledger WHERE seq > :after ORDER BY seq LIMIT :batch"
)

Row = Sequence[Any]


@dataclass(frozen=True)
class Finding:
    """What is wrong with one line of the chain, or with its end."""

    seq: int
    what: str


@dataclass
class Findings:
    """What a walk over the whole chain found."""

    checked: int = 0
    found: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.found


class Verifying:
    """Walks one chain with the key it was written under."""

    def __init__(self, audit_key: bytes, sealing: Sealing) -> None:
        self._sealing = sealing
        # HMAC's two beginnings are the same for each line (RFC 2104).
        self._mac = hmac.new(audit_key, digestmod="sha256")

    def walk(
        self,
        session: Session,
        progress: Callable[[int, int], None] | None = None,
        passing: Callable[[str], None] | None = None,
    ) -> Findings:
        """Walk from the first line; `passing` gets each digest, `progress` counts."""
        findings, previous, expected = Findings(), GENESIS, 1
        total = session.scalar(select(func.count()).select_from(LedgerEntry)) or 0
        for row in _in_order(session):
            seq, digest = row[0], row[10]
            for what in self._faults(row, previous, expected):
                findings.found.append(Finding(seq, what))
            previous, expected = digest, seq + 1
            findings.checked += 1
            if passing is not None:
                passing(digest if _is_digest(digest) else GENESIS)
            if progress is not None:
                progress(findings.checked, total)
        findings.found.extend(self._faults_of_the_end(session, previous, expected - 1))
        return findings

    def _faults(self, row: Row, previous: str, expected: int) -> list[str]:
        seq, before, faults = row[0], row[9], []
        if seq != expected:
            faults.append(f"lines {expected} to {seq - 1} are missing")
        if before != previous:
            faults.append("it does not follow the line before it")
        try:
            faults += self._faults_of_one(row)
        except (TypeError, ValueError, AttributeError):
            faults.append("it cannot be read as a line")
        return faults

    def _faults_of_one(self, row: Row) -> Iterator[str]:
        seq, at, event, actor, record, asset, account = row[:7]
        sealed, detail, before, digest, mac = row[7:]
        line = (
            f'{{"account":{_name(account)},"actor":{_name(actor)},'
            f'"asset":{_name(asset)},"at":"{_moment(at)}","detail":{_name(detail)},'
            f'"event":{_name(event)},"previous":{_name(before)},'
            f'"record":{_name(record)},"seq":{seq}}}'
        )
        if hashlib.sha256(line.encode()).hexdigest() != digest:
            yield "it was changed after it was written"
        if not hmac.compare_digest(self._mac_of(digest), mac):
            yield "it was not written by this archive"
        if not self._is_of_detail(seq, sealed, detail):
            yield "its detail was changed"

    def _is_of_detail(self, seq: int, sealed: bytes, digest: str) -> bool:
        try:
            document = self._sealing.open(sealed, f"ledger.detail/v1:{seq}")
        except Exception:  # noqa: BLE001 - any failure to open is the finding itself
            return False
        return hashlib.sha256(document).hexdigest() == digest

    def _faults_of_the_end(
        self, session: Session, digest: str, seq: int
    ) -> list[Finding]:
        head = session.get(LedgerHead, 1, populate_existing=True)
        if head is None:
            return [Finding(0, "the head of the chain is missing")] if seq else []
        if not hmac.compare_digest(self._mac_of(f"{head.seq} {head.digest}"), head.mac):
            return [Finding(head.seq, "the head was not written by this archive")]
        if (head.seq, head.digest) != (seq, digest):
            return [Finding(head.seq, f"the chain ends at line {seq}, not at the head")]
        return []

    def _mac_of(self, words: str) -> bytes:
        mac = self._mac.copy()
        mac.update(words.encode())
        return mac.digest()


def _is_digest(word: object) -> bool:
    return isinstance(word, str) and _DIGEST.fullmatch(word) is not None


def _name(word: str | None) -> str:
    return "null" if word is None else quoted(word)


def _moment(at: str | datetime) -> str:
    """A time as the line has it; SQLite keeps it as text, in UTC and to the same digit.

    Text that is no such time gives a line that was never written, which is the finding.
    """
    if isinstance(at, str):
        return quoted(f"{at.replace(' ', 'T', 1)}+00:00")[1:-1]
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _in_order(session: Session) -> Iterator[Row]:
    connection, after = session.connection(), 0
    while batch := connection.execute(
        _LINES, {"after": after, "batch": _BATCH}
    ).fetchall():
        yield from batch
        after = batch[-1][0]
