"""The tables of label feeds.

| table | one row is |
|---|---|
| feed_entries | an entry of the archive's own feed; never changed, never deleted |
| feed_subscriptions | an archive listened to, its key, and how far it was read |
| foreign_labels | what such an archive says of one file now, one label |

`file_index` is the keyed digest of the file's SHA-256, as in `assets.sha256_index`; the
signed entries themselves, which name the file, are sealed. No foreign keys to records
and files: what was offered outlives them, and what others say comes before them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class FeedEntry(Base):
    """One entry as it was signed; `digest` is what the next one names as `previous`."""

    __tablename__ = "feed_entries"
    __table_args__ = (Index("ix_feed_entries_file_index", "file_index", "seq"),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_index: Mapped[bytes]
    record_id: Mapped[str] = mapped_column(index=True)
    code: Mapped[str]
    negated: Mapped[bool]
    digest: Mapped[str]
    entry_sealed: Mapped[bytes]


class FeedSubscription(Base):
    """One archive listened to: `seq` and `digest` are of the last entry taken in.

    `error` is the sentence why the last try failed; none where it did not.
    """

    __tablename__ = "feed_subscriptions"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str] = mapped_column(unique=True)
    seq: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str]
    error: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]


class ForeignLabel(Base):
    """What one archive says of one file; a row goes when it is taken back or ends."""

    __tablename__ = "foreign_labels"
    __table_args__ = (UniqueConstraint("subscription_id", "seq"),)

    subscription_id: Mapped[str] = mapped_column(
        ForeignKey("feed_subscriptions.id"), primary_key=True
    )
    file_index: Mapped[bytes] = mapped_column(primary_key=True, index=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    entry_sealed: Mapped[bytes]
