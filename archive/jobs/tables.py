"""The table of background jobs.

| state | means |
|---|---|
| queued | waits until `due_at` |
| running | held by `worker` until `leased_until`; after that anybody may take it up |
| done, failed, cancelled | over; `result` or `error` says how it ended |
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


class Job(Base):
    """One piece of background work. `args` hold ids only, never content."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "owner", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    args: Mapped[dict[str, Any]]
    owner: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[JobState] = mapped_column(Word(JobState), default=JobState.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    due_at: Mapped[datetime]
    worker: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
