"""The tables of moderation.

| table | one row is |
|---|---|
| label_sets | one moderator's whole answer for one file; kept for ever |
| moderation_places | who works on a file now and until when; how urgent; reopened |
| moderation_rungs | how far up the ladder of exposure somebody went for a file |
| label_batches | labels that somebody wants to give many files in one act |
| label_batch_items | one file of such an act: what was foreseen, and what came of it |

Where a file stands in the queue is no column: it follows from its sets and its labels
(`archive.moderation.standing`), so that it can neither be lost nor counted twice.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import TierNumber, Word
from auth.tables import Base, Document
from auth.viewer import Tier


class Rung(StrEnum):
    """How much of a file was looked at, from least to most."""

    WORDS = "words"
    BLURRED = "blurred"
    STILLS = "stills"
    CLIP = "clip"
    FULL = "full"


class Outcome(StrEnum):
    """What became of one answer when its file was closed."""

    AGREED = "agreed"
    OVERRULED = "overruled"
    ALONE = "alone"
    RAISED = "raised"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class BatchState(StrEnum):
    """How far labelling in bulk has come; nothing is changed while it is planned."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


class Fate(StrEnum):
    """What becomes of one file: the first three are done, all others left alone."""

    STANDS = "stands"
    WAITS = "waits"
    COMPARED = "compared"
    SAME = "same"
    ANSWERED = "answered"
    HELD = "held"
    DISPUTED = "disputed"
    LOWERS = "lowers"
    GONE = "gone"
    IMPOSSIBLE = "impossible"
    CHANGED = "changed"
    REFUSED = "refused"


class ItemState(StrEnum):
    """How far one file of it has come; `kept` is one whose undoing was not possible."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"
    KEPT = "kept"


class Hindrance(StrEnum):
    """Why one file was not set back."""

    AGREED = "agreed"
    CHANGED = "changed"
    HELD = "held"
    PUBLISHED = "published"
    GONE = "gone"
    REFUSED = "refused"


class LabelSet(Base):
    """One moderator's whole answer to "what is in it?", as it was given.

    `statements` are labels as `archive.moderation.answers` writes them; `key` is the
    digest of their codes and severities, by which two answers agree. `reason` and
    `expires_at` go with the labels it becomes, `batch_id` names the act on many files
    that it is part of. `settled_at` is when the question was closed with it or without
    it, or its author gave another.
    """

    __tablename__ = "label_sets"
    __table_args__ = (
        Index(None, "asset_id", "settled_at"),
        # The few that are open among all that ever were.
        Index(
            "ix_label_sets_open",
            "settled_at",
            "asset_id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"))
    object_id: Mapped[UUID] = mapped_column(Uuid)
    author: Mapped[str] = mapped_column(index=True)
    statements: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    key: Mapped[str]
    tier: Mapped[Tier] = mapped_column(TierNumber)
    rung: Mapped[Rung] = mapped_column(Word(Rung))
    is_blind: Mapped[bool]
    reason: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    batch_id: Mapped[str | None]
    given_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))


class Place(Base):
    """A file's place in the queue; without a holder it may be taken by anybody."""

    __tablename__ = "moderation_places"
    __table_args__ = (
        Index(
            "ix_moderation_places_reopened",
            "reopened_at",
            "asset_id",
            sqlite_where=text("reopened_at IS NOT NULL"),
            postgresql_where=text("reopened_at IS NOT NULL"),
        ),
        Index(
            "ix_moderation_places_urgent",
            "asset_id",
            sqlite_where=text("is_urgent IS 1"),
            postgresql_where=text("is_urgent IS true"),
        ),
    )

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    holder: Mapped[str | None] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    is_urgent: Mapped[bool] = mapped_column(default=False)
    reopened_at: Mapped[datetime | None]
    reopened_by: Mapped[str | None]
    reopened_why: Mapped[str | None]


class RungNote(Base):
    """That somebody looked so far, when last."""

    __tablename__ = "moderation_rungs"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    rung: Mapped[Rung] = mapped_column(Word(Rung), primary_key=True)
    at: Mapped[datetime]


class LabelBatch(Base):
    """Labels that one moderator gives to, or takes from, many files in one act.

    `entrance` is the session or token through which it was confirmed: what runs after
    the request is decided for whoever is still behind it.
    """

    __tablename__ = "label_batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(index=True)
    entrance: Mapped[str | None]
    adding: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    taking: Mapped[list[str]] = mapped_column(Document)
    reason: Mapped[str]
    state: Mapped[BatchState] = mapped_column(Word(BatchState))
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    job_id: Mapped[str | None]


class LabelBatchItem(Base):
    """One file of a batch. `stood` are its labels before, `stands` those after."""

    __tablename__ = "label_batch_items"

    batch_id: Mapped[str] = mapped_column(
        ForeignKey("label_batches.id"), primary_key=True
    )
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    position: Mapped[int]
    state: Mapped[ItemState] = mapped_column(Word(ItemState))
    fate: Mapped[Fate] = mapped_column(Word(Fate))
    sentence: Mapped[str]
    was_labelled: Mapped[bool]
    stood: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    stands: Mapped[list[dict[str, Any]] | None] = mapped_column(Document)
    tier_before: Mapped[Tier] = mapped_column(TierNumber)
    tier_after: Mapped[Tier | None] = mapped_column(TierNumber)
    answer_id: Mapped[str | None]
    hindrance: Mapped[Hindrance | None] = mapped_column(Word(Hindrance))
