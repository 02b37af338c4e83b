"""The tables of the ledger: the chain, and its head.

`digest` is SHA-256 over the line (see `archive.ledger.chain`), `mac` is HMAC-SHA-256
over the digest under the audit key. A migration forbids UPDATE and DELETE on the chain.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


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
