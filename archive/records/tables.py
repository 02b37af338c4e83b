"""The tables of the catalogue.

| table | one row is |
|---|---|
| collections | a shelf of records, with a title and a text per language |
| records | a catalogue entry; its descriptive document is sealed |
| assets | one file of a record; name, digest and measures are sealed |
| labels | a moderator's statement, or with `negates` its removal; never deleted |
| segments | a stretch of film or sound, with labels; kept and negated like these |
| regions | a part of a picture that may move, with a label; kept and negated too |
| redactions | what is to be removed from a file, and the copy without it |
| label_opinions | one moderator's answer to "what is in it?", as a digest of the set |

`tier`, `codes`, `labelled` and `labels_version` of assets and records are derived from
the current labels, segments and regions by `archive.records.labels` and by nothing
else. Nobody's label means tier G5. Columns that end in `_sealed` hold ciphertext,
`_index` a keyed digest.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import TierNumber, Word
from auth.tables import Base, Document
from auth.viewer import UNLABELLED, Access, RecordState, Tier, Visibility


class AssetState(StrEnum):
    """How far an asset's preview is."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"


class RedactionState(StrEnum):
    """How far a redacted copy is; only a confirmed one is given to anybody."""

    ASKED = "asked"
    MADE = "made"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    ENDED = "ended"


class Collection(Base):
    """A shelf of records; `titles` and `texts` are keyed by language.

    `visibility` and `access` are what a new record on it begins with; `receiver` is the
    administrator whose desk its requests come to; `label_opinions` how many moderators
    must agree on what its files show, where that is more than anywhere. `questions` and
    `conditions` are as `auth.access.questions` and `auth.access.useconditions` write.
    """

    __tablename__ = "collections"

    id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    titles: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]]
    visibility: Mapped[Visibility] = mapped_column(
        Word(Visibility), default=Visibility.STAFF
    )
    access: Mapped[Access] = mapped_column(Word(Access), default=Access.VETTED)
    receiver: Mapped[str | None]
    label_opinions: Mapped[int | None]
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Document, default=list)
    questions_version: Mapped[int] = mapped_column(default=0)
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(Document, default=list)
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class Record(Base):
    """A catalogue entry with its assets; the description is in `document_sealed`.

    `embargo_told` says whether anybody may read until when an embargo lasts.
    """

    __tablename__ = "records"

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[RecordState] = mapped_column(Word(RecordState))
    visibility: Mapped[Visibility] = mapped_column(Word(Visibility))
    access: Mapped[Access] = mapped_column(Word(Access))
    embargo_until: Mapped[datetime | None]
    embargo_told: Mapped[bool] = mapped_column(default=True)
    embargo_reason_sealed: Mapped[bytes | None]
    collection_id: Mapped[str | None] = mapped_column(
        ForeignKey("collections.id"), index=True
    )
    document_sealed: Mapped[bytes]
    event_from: Mapped[date | None] = mapped_column(Date, index=True)
    event_to: Mapped[date | None] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(default=1)
    labelled: Mapped[bool] = mapped_column(default=False)
    tier: Mapped[Tier] = mapped_column(TierNumber, default=UNLABELLED)
    codes: Mapped[list[str]] = mapped_column(default=list)
    labels_version: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    published_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    tombstone: Mapped[dict[str, Any] | None]

    # All that `store.within` asks for, so that a list or a count for the front page
    # reads no row: each holds a sealed description that is passed by.
    __table_args__ = (
        Index(
            "ix_records_listed",
            "state",
            "published_at",
            "visibility",
            "tier",
            "event_from",
        ),
        # The oldest of each state that waits, without sorting all that do.
        Index("ix_records_waiting", "state", "created_at", "id"),
    )


class Asset(Base):
    """One file of a record; its original is the object `object_id` of the vault.

    `copy_object_id` is what browsers show where they cannot show the original,
    `muted_object_id` a film small, grey and without its sound.

    `noise_shared_with` is no foreign key: the draw outlives the asset it began with.
    `cluster` is the id of the asset whose preview is drawn for all of its cluster, and
    `clustered_from` the preview this one had then; `archive.previewing` reads them.
    """

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint("record_id", "position"),
        # How much was taken in when, without looking at the files.
        Index("ix_assets_taken_in", "created_at", "size"),
        # The few that wait for a moderator among all that ever did.
        Index(
            "ix_assets_unlabelled",
            "created_at",
            "id",
            sqlite_where=text("labelled IS 0"),
            postgresql_where=text("labelled IS false"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    position: Mapped[int]
    kind: Mapped[str]
    format: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    object_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    preview_object_id: Mapped[UUID | None] = mapped_column(Uuid)
    clip_object_id: Mapped[UUID | None] = mapped_column(Uuid)
    copy_object_id: Mapped[UUID | None] = mapped_column(Uuid)
    muted_object_id: Mapped[UUID | None] = mapped_column(Uuid)
    state: Mapped[AssetState] = mapped_column(
        Word(AssetState), default=AssetState.QUEUED, index=True
    )
    failure: Mapped[str | None]
    details_sealed: Mapped[bytes]
    sha256_index: Mapped[bytes] = mapped_column(index=True)
    noise_shared_with: Mapped[str | None] = mapped_column(index=True)
    cluster: Mapped[str | None] = mapped_column(index=True)
    clustered_from: Mapped[UUID | None] = mapped_column(Uuid)
    labelled: Mapped[bool] = mapped_column(default=False)
    tier: Mapped[Tier] = mapped_column(TierNumber, default=UNLABELLED)
    codes: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]

    @property
    def noise_item(self) -> str:
        """What its preview's noise is drawn for: itself, or what it is nearly like."""
        return self.noise_shared_with or self.id


class LabelRow(Base):
    """What can be seen or heard in one version of one asset, said by one moderator.

    `inherited_from` is the row in which it was said first, of a file that shows the
    same; no foreign key, since `archive.records.inherited` alone reads it.
    """

    __tablename__ = "labels"
    __table_args__ = (
        CheckConstraint(
            "from_s IS NULL OR to_s IS NULL OR from_s <= to_s", name="span"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    object_id: Mapped[UUID] = mapped_column(Uuid)
    code: Mapped[str] = mapped_column(index=True)
    tier: Mapped[Tier | None] = mapped_column(TierNumber)
    from_s: Mapped[float | None]
    to_s: Mapped[float | None]
    region: Mapped[list[float] | None] = mapped_column(Document)
    note: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    negates: Mapped[str | None] = mapped_column(ForeignKey("labels.id"), unique=True)
    reason: Mapped[str | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    inherited_from: Mapped[str | None] = mapped_column(index=True)


class SegmentRow(Base):
    """What can be seen or heard from `start_ms` until before `end_ms` of a file.

    `labels` are pairs of a code and a tier (or none). `removal_asked_by` is whoever
    wants it gone where a second moderator has to agree.
    """

    __tablename__ = "segments"
    NEGATION_REPEATS: ClassVar = ("start_ms", "end_ms", "labels")
    __table_args__ = (
        CheckConstraint("start_ms >= 0 AND start_ms < end_ms", name="span"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    object_id: Mapped[UUID] = mapped_column(Uuid)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    labels: Mapped[list[Any]] = mapped_column(Document)
    words_sealed: Mapped[bytes | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    removal_asked_by: Mapped[str | None]
    negates: Mapped[str | None] = mapped_column(ForeignKey("segments.id"), unique=True)


class RegionRow(Base):
    """A part of a picture, and why it is marked; its place and a note are sealed."""

    __tablename__ = "regions"
    NEGATION_REPEATS: ClassVar = ("code", "tier")

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    object_id: Mapped[UUID] = mapped_column(Uuid)
    code: Mapped[str]
    tier: Mapped[Tier | None] = mapped_column(TierNumber)
    content_sealed: Mapped[bytes | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    removal_asked_by: Mapped[str | None]
    negates: Mapped[str | None] = mapped_column(ForeignKey("regions.id"), unique=True)


class Redaction(Base):
    """A redacted copy of one asset: what is removed (sealed), and what it still shows.

    `labels` are pairs of a code and a tier (or none), said of the copy; `tier` is what
    follows from them. `flags` are the labels for which the original identifies somebody
    that it was drawn for: where a later one says more, the copy is not given.
    """

    __tablename__ = "redactions"

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    state: Mapped[RedactionState] = mapped_column(Word(RedactionState))
    removal_sealed: Mapped[bytes]
    labels: Mapped[list[Any]] = mapped_column(Document)
    flags: Mapped[list[str]]
    tier: Mapped[Tier] = mapped_column(TierNumber)
    note: Mapped[str]
    object_id: Mapped[UUID | None] = mapped_column(Uuid)
    job_id: Mapped[str | None]
    failure: Mapped[str | None]
    drawn_by: Mapped[str]
    drawn_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]

    @property
    def codes(self) -> frozenset[str]:
        """What can still be seen or heard in the copy."""
        return frozenset(code for code, _tier in self.labels)


class LabelOpinion(Base):
    """One moderator's last whole answer for one asset, as the digest of the set."""

    __tablename__ = "label_opinions"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    author: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    given_at: Mapped[datetime]
