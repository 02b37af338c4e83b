"""The tables of the ledger: the chain, and its head.

`digest` is SHA-256 over the line (see `archive.ledger.chain`), `mac` is HMAC-SHA-256
over the digest under the audit key. A migration forbids UPDATE and DELETE on the chain.
Checkpoints are documents signed by the archive; `stamp` is an authority's answer
(RFC 3161) about one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class Saying(Protocol):
    """A line as it was read, whole row or object."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def event(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def record_id(self) -> str | None: ...
    @property
    def asset_id(self) -> str | None: ...
    @property
    def account_id(self) -> str | None: ...
    @property
    def detail_sealed(self) -> bytes: ...
    @property
    def detail_digest(self) -> str: ...
    @property
    def previous(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def mac(self) -> bytes: ...


def line_of(entry: Saying) -> dict[str, Any]:
    """What the digest of a line is of, as plain JSON."""
    return {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": entry.event,
        "actor": entry.actor,
        "record": entry.record_id,
        "asset": entry.asset_id,
        "account": entry.account_id,
        "detail": entry.detail_digest,
        "previous": entry.previous,
    }


class LedgerEntry(Base):
    """One thing that happened to material or to access."""

    __tablename__ = "ledger"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    record_id: Mapped[str | None] = mapped_column(index=True)
    asset_id: Mapped[str | None] = mapped_column(index=True)
    account_id: Mapped[str | None] = mapped_column(index=True)
    detail_sealed: Mapped[bytes]
    detail_digest: Mapped[str]
    previous: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(unique=True)
    mac: Mapped[bytes]


class LedgerHead(Base):
    """Where the chain ends, so that a shortened chain shows; one row, id 1."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    mac: Mapped[bytes]


class LedgerNode(Base):
    """The digest of a complete subtree of 256 ** level lines."""

    __tablename__ = "ledger_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False
    )
    digest: Mapped[bytes]


class LedgerCheckpoint(Base):
    """A root of the tree over the first `size` lines, signed, and perhaps stamped."""

    __tablename__ = "ledger_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    stamp: Mapped[bytes | None]
    stamped_at: Mapped[datetime | None]
