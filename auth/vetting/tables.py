"""The tables of vetting.

| table | one row is |
|---|---|
| applications, decisions | evidence handed in for vetting; what was decided about it |
| application_links | a link by mail that works once: to confirm, to vouch |
| reference_answers | what a referee said about an applicant |
| application_remarks | one remark about an application, for both sides or staff alone |
| application_files | one file that an applicant added as evidence |
| denials | a person, an address or a domain from which nothing is accepted |
| lapses | a link of somebody's access that ended, and what ended with it |
| reminders | that somebody was told how soon a link of their access ends |

What people wrote is sealed; what the deny list names is kept as a keyed digest alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base

_APPLICATION = "applications.id"


class Application(Base):
    """Evidence handed in for vetting; the facts are sealed.

    `confirmed_at` is when its address proved to be the applicant's; `held_by` the rule
    of the deny list that keeps it from review; `renews_id` what it repeats unchanged.
    """

    __tablename__ = "applications"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    stage: Mapped[str] = mapped_column(default="identity")
    facts_sealed: Mapped[bytes]
    submitted_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    renews_id: Mapped[str | None]
    held_by: Mapped[str | None]


class Decision(Base):
    """One decision about an application; they add up, none replaces another."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey(_APPLICATION), index=True)
    stage: Mapped[str] = mapped_column(default="final")
    outcome: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    vetted_until: Mapped[datetime | None]


class ApplicationLink(Base):
    """A link that works once; only the digest of its secret is kept."""

    __tablename__ = "application_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey(_APPLICATION), index=True)
    purpose: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ReferenceAnswer(Base):
    """What a referee said; the words are sealed, the time is not."""

    __tablename__ = "reference_answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey(_APPLICATION), index=True)
    link_id: Mapped[str] = mapped_column(unique=True)
    answer_sealed: Mapped[bytes]
    at: Mapped[datetime]


class Remark(Base):
    """One remark about an application."""

    __tablename__ = "application_remarks"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey(_APPLICATION), index=True)
    by: Mapped[str]
    staff_only: Mapped[bool]
    text_sealed: Mapped[bytes]
    at: Mapped[datetime]


class EvidenceFile(Base):
    """One file of evidence; name and content are sealed."""

    __tablename__ = "application_files"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey(_APPLICATION), index=True)
    name_sealed: Mapped[bytes]
    media_type: Mapped[str]
    size: Mapped[int]
    content_sealed: Mapped[bytes] = mapped_column(deferred=True)
    added_at: Mapped[datetime]


class Denial(Base):
    """One rule of the deny list; whom it names is a keyed digest."""

    __tablename__ = "denials"
    __table_args__ = (UniqueConstraint("kind", "value_index"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value_index: Mapped[bytes]
    reason_sealed: Mapped[bytes]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    hits: Mapped[int]
    last_hit_at: Mapped[datetime | None]


class Lapse(Base):
    """A link of somebody's access that ended, and what ended with it."""

    __tablename__ = "lapses"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    link: Mapped[str]
    since: Mapped[datetime]
    ended: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Reminder(Base):
    """That somebody was told, so many days before, that something of theirs ends."""

    __tablename__ = "reminders"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    link: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
