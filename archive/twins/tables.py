"""The tables of near duplicates.

| table | one row is |
|---|---|
| likenesses | one file's fingerprint, sealed for that file; `mark` changes with it |
| twins | two files that are near each other; `one_id` < `other_id` |

`closeness` is `same`, `sure` or `similar`. A pair begins `open`; a moderator makes it
`confirmed` or `rejected`, and what was rejected is not found again.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base
from blur.likeness.form import Closeness


class TwinState(StrEnum):
    """What moderators made of a pair."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Likeness(Base):
    """The sealed fingerprint of one file."""

    __tablename__ = "likenesses"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    sealed: Mapped[bytes]
    mark: Mapped[str]


class Twin(Base):
    """Two files that are near each other, each named once."""

    __tablename__ = "twins"
    __table_args__ = (CheckConstraint("one_id < other_id", name="ordered"),)

    one_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(
        ForeignKey("assets.id"), primary_key=True, index=True
    )
    closeness: Mapped[Closeness] = mapped_column(Word(Closeness))
    state: Mapped[TwinState] = mapped_column(Word(TwinState), default=TwinState.OPEN)
    found_at: Mapped[datetime] = mapped_column(index=True)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]

    def beside(self, asset_id: str) -> str:
        """The id of the other one."""
        return self.other_id if asset_id == self.one_id else self.one_id

    @property
    def binds(self) -> bool:
        """Whether the stricter's labels hold for both until somebody says otherwise."""
        near = self.closeness is not Closeness.SIMILAR
        held = self.state is TwinState.CONFIRMED
        return held or (near and self.state is TwinState.OPEN)

    def reaches(self, *, labelled: bool) -> bool:
        """Whether the labels of one hold for the other, of which this is said.

        What people have labelled waits for a moderator's word on the pair.
        """
        return self.state is TwinState.CONFIRMED or (self.binds and not labelled)
