"""The tables of access: leave to open, consent to see, and what was opened.

| table | one row is |
|---|---|
| grants, consents, reveals | may open; wants to see this now; has opened |
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class GrantRow(Base):
    """Leave to open restricted originals: whose, of what, how graphic, how long.

    `warned_days` is the last of the warnings before its end that was given.
    """

    __tablename__ = "grants"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    record_id: Mapped[str | None] = mapped_column(index=True)
    collection_id: Mapped[str | None] = mapped_column(index=True)
    highest_tier: Mapped[int]
    excluded_labels: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    origin: Mapped[str]
    reason: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    seconded_by: Mapped[str | None]
    seconded_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoked_why: Mapped[str | None]
    warned_days: Mapped[int | None]


class ConsentRow(Base):
    """Somebody's willingness to see one record, with what was shown to them.

    `words` are those that were shown and `text_hash` their SHA-256; `form_id` names the
    form they stood on, which counts once; a batch is what was consented to in one act.
    `identity` is why they need to see who it is; None where they did not ask to.
    """

    __tablename__ = "consents"
    __table_args__ = (Index(None, "form_id", "record_id", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    session_id: Mapped[str | None] = mapped_column(index=True)
    record_id: Mapped[str] = mapped_column(index=True)
    tier: Mapped[int]
    labels: Mapped[list[str]]
    labels_version: Mapped[str]
    text_hash: Mapped[str]
    words: Mapped[str | None]
    form_id: Mapped[str | None]
    batch_id: Mapped[str | None] = mapped_column(index=True)
    batch_name: Mapped[str | None]
    language: Mapped[str]
    purpose: Mapped[str]
    reason: Mapped[str]
    identity: Mapped[str | None]
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]


class Reveal(Base):
    """One asset opened under one consent, however many ranges that took."""

    __tablename__ = "reveals"
    __table_args__ = (
        UniqueConstraint("consent_id", "asset_id"),
        Index(None, "account_id", "last_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    record_id: Mapped[str]
    asset_id: Mapped[str]
    tier: Mapped[int]
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
