"""The table of reports.

| table | one row is |
|---|---|
| reports | what somebody says is wrong with a record, or an appeal; what was decided |

What people wrote and whom to write to is sealed, the reference is kept as a digest.
`once_for` is empty but for what may stand only once: the same said again by the same
account while it is open, and an appeal. `not_by` is who may not decide, since they
decided before; the database holds that, and that nobody decides on their own report.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from archive.reports.kinds import Kind, Remedy, State
from auth.tables import Base


class Report(Base):
    """One report; with `about_id`, or of the kind `restore`, it is an appeal."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("decided_by <> account_id", name="not_by_the_reporter"),
        CheckConstraint("decided_by <> not_by", name="not_by_the_first"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    asset_id: Mapped[str | None]
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    state: Mapped[State] = mapped_column(Word(State), index=True)
    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    code_hash: Mapped[bytes | None] = mapped_column(unique=True)
    about_id: Mapped[str | None] = mapped_column(ForeignKey("reports.id"), index=True)
    once_for: Mapped[str | None] = mapped_column(unique=True)
    not_by: Mapped[str | None]
    language: Mapped[str]
    words_sealed: Mapped[bytes]
    contact_sealed: Mapped[bytes | None]
    made_at: Mapped[datetime]
    holder: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    remedy: Mapped[Remedy | None] = mapped_column(Word(Remedy))
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None]
    note_sealed: Mapped[bytes | None]

    @property
    def is_appeal(self) -> bool:
        return self.about_id is not None or self.kind is Kind.RESTORE
