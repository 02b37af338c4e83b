"""The tables of accounts, and the base that every table of the program stands on.

| table | one row is |
|---|---|
| accounts, account_changes | a person known to the archive; who changed what, and why |
| terms_signatures, induction_passes | a version somebody signed; an induction passed |
| limits | how often something was tried within a window |
| repeats | a call that may be sent again, and what it was answered |
| notices | what somebody must be told about the own account |
| terms_texts | one text of a version of the terms that an administrator published |
| modes | the mode that the whole archive is in |

Columns that end in `_sealed` hold ciphertext, `_index` and `_hash` keyed or plain
digests. States, roles and tiers are the values of the enums in `auth.viewer`. Times are
aware UTC.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC whatever the database; refuses a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Turn an aware time into what the database keeps.

        :raises ValueError: the time does not say its zone
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = value.astimezone(UTC)
        # SQLite has no zones: it keeps text, which sorts rightly only without one.
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Turn what the database kept into an aware time in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


Document = JSON().with_variant(JSONB(), "postgresql")
# A type object of its own: `as_mutable` takes hold of every column that shares one.
ChangingDocument = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """What all tables share: constraint names, text without a length, aware times."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text(),
        bytes: LargeBinary(),
        datetime: UtcDateTime(),
        dict[str, Any]: Document,
        list[str]: Document,
    }


class Account(Base):
    """A person known to the archive; never deleted, only closed."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    role: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(index=True)
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    vetted_until: Mapped[datetime | None]
    vetted_by: Mapped[str | None]
    vetting_sealed: Mapped[bytes | None]
    terms_version: Mapped[int | None]
    terms_signed_at: Mapped[datetime | None]
    induction_until: Mapped[datetime | None]
    locale: Mapped[str | None]
    theme: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(
        MutableDict.as_mutable(ChangingDocument), default=dict
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AccountChange(Base):
    """One change of an account: who made it, when, and why."""

    __tablename__ = "account_changes"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    what: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class TermsSignature(Base):
    """A version of the terms somebody signed, with the digest of the text shown."""

    __tablename__ = "terms_signatures"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    version: Mapped[int]
    language: Mapped[str]
    text_hash: Mapped[str]
    signed_at: Mapped[datetime]


class InductionPass(Base):
    """An induction that somebody passed, and until when it holds."""

    __tablename__ = "induction_passes"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    version: Mapped[int]
    passed_at: Mapped[datetime]
    valid_until: Mapped[datetime]


class Limit(Base):
    """How often one thing was tried in one window of time."""

    __tablename__ = "limits"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Repeat(Base):
    """A key that a call was made with, and what came of it; kept for a day."""

    __tablename__ = "repeats"

    key_index: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    holder: Mapped[str]
    leased_until: Mapped[datetime]
    made: Mapped[str | None]
    body_digest: Mapped[bytes | None]
    answer_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Notice(Base):
    """Something that happened to an account and that its owner must be told."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class ModeRow(Base):
    """The mode that the whole archive is in: one row, and what is said about it."""

    __tablename__ = "modes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str]
    messages: Mapped[dict[str, Any]] = mapped_column(default=dict)
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class TermsText(Base):
    """One text of one version of the terms, as an administrator published it."""

    __tablename__ = "terms_texts"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime]
