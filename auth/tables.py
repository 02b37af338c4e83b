"""The tables of `auth`, and the base that every table of the program stands on.

| table | one row is |
|---|---|
| accounts, account_changes | a person known to the archive; who changed what, and why |
| applications, decisions | evidence handed in for vetting; what was decided about it |
| terms_signatures, induction_passes | a version somebody signed; an induction passed |
| sessions, tokens | a way in: a browser, a script. Only digests of the secrets |
| second_factors, recovery_codes | an authenticator, sealed; its spare keys, hashed |
| grants, consents, reveals | may open; wants to see this now; has opened |
| invitations | a link that works once: first administrator, invitation, new password |
| limits | how often something was tried within a window |
| notices | what somebody must be told about the own account |

Columns that end in `_sealed` hold ciphertext, `_index` and `_hash` keyed or plain
digests. States, roles and tiers are the values of the enums in `auth.viewer`. Times are
aware UTC.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
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


class Application(Base):
    """Evidence handed in for vetting; the facts are sealed."""

    __tablename__ = "applications"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    facts_sealed: Mapped[bytes]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Decision(Base):
    """One decision about an application; they add up, none replaces another."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id"), index=True
    )
    outcome: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    vetted_until: Mapped[datetime | None]


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


class ServerSession(Base):
    """A browser session, kept here and not in the cookie, so that it can be ended."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    user_agent: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    authenticated_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(
        MutableDict.as_mutable(ChangingDocument), default=dict
    )


class Token(Base):
    """A personal access token for scripts."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None]


class SecondFactor(Base):
    """An authenticator; it counts from the moment it is confirmed."""

    __tablename__ = "second_factors"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    seed_sealed: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in for the authenticator, once."""

    __tablename__ = "recovery_codes"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class GrantRow(Base):
    """Leave to open restricted originals: whose, of what, how graphic, how long."""

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


class ConsentRow(Base):
    """Somebody's willingness to see one record, with what was shown to them."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    session_id: Mapped[str | None] = mapped_column(index=True)
    record_id: Mapped[str] = mapped_column(index=True)
    tier: Mapped[int]
    labels: Mapped[list[str]]
    labels_version: Mapped[str]
    text_hash: Mapped[str]
    language: Mapped[str]
    purpose: Mapped[str]
    reason: Mapped[str]
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


class Invitation(Base):
    """A link that works once; without an account it makes the first administrator."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    purpose: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Limit(Base):
    """How often one thing was tried in one window of time."""

    __tablename__ = "limits"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
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
