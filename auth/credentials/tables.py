"""The tables of credentials; of secrets they hold digests, of seeds ciphertext.

| table | one row is |
|---|---|
| sessions, tokens | a way in: a browser, a script. Only digests of the secrets |
| second_factors, recovery_codes | an authenticator, sealed; its spare keys, hashed |
| passkeys, passkey_challenges | a public key of somebody's device; a question to one |
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base, ChangingDocument


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
    passkey_at: Mapped[datetime | None]
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


class Passkey(Base):
    """A public key whose other half a device of its owner holds; no secret is here."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A question that one session may answer once, for one purpose, for a while."""

    __tablename__ = "passkey_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[str]
    ceremony: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
